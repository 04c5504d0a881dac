// Products of bf16 on the tile unit of x86 processors (AMX). f32 operands are rounded on the way in, sums are f32.
// Each element of C is added up in the order of k: its bits depend neither on the other rows nor on threads.
#pragma once
#include "stemma/ops/product.h"

namespace stemma {

bool has_amx();  // the processor has the unit and the system lets us use it
// alpha must be 1, beta 0 or 1.
void amx_product(const ProductCall& call);

// op(B) [k, n] packed once for many products: a tensor of bf16 whose row is a tile, column by column of 32.
constexpr int64_t amx_tile_cols = 512;
int64_t amx_panel_tiles(const Tensor& B, bool transposed);
void amx_pack(const Tensor& B, bool transposed, const Tensor& panels);
void amx_panel_product(const ProductCall& call);  // alpha 1, beta 0 or 1, A not transposed; of B only the panels

}  // namespace stemma
