// Products of bf16 on the tile unit of x86 processors (AMX). f32 operands are rounded on the way in, sums are f32.
// Each element of C is added up in the order of k: its bits depend neither on the other rows nor on threads.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

bool has_amx();  // the processor has the unit and the system lets us use it
// alpha must be 1, beta 0 or 1.
void amx_product(const ProductCall& call);

}  // namespace stemma
