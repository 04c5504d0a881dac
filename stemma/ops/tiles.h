// Operands as the tile unit reads them. A tile is 16 lines of 32 elements, 1 KiB of bf16. In a tile of A a line is a
// row of A; in a tile of B a line holds two rows of B, element by element in turn, because the unit adds two products
// at a time. So a line of B is the 32-bit transpose of sixteen lines of its transpose, and one way of reading an
// operand serves both sides. Needs a processor with AMX.
#pragma once
#include "stemma/tensor/tensor.h"

namespace stemma {

constexpr int64_t tile_side = 16, tile_step = 32;          // lines, elements of k in a line
constexpr int64_t tile_panel = 2 * tile_side;              // two tiles side by side
constexpr int64_t tile_bytes = tile_side * tile_step * 2;  // 1 KiB

// A mask of the first n of 32 elements, whatever n is.
constexpr uint32_t first_of_32(int64_t n) { return n >= 32 ? ~0u : n <= 0 ? 0 : (1u << n) - 1; }

// `size` rows of op(A), or columns of op(B), f32 or bf16. `along`: neighbours in k lie side by side.
struct TileOperand {
  const void* data;
  int64_t stride, size;
  Type type;
  bool along, is_b;
};
// `panels` of them from `line` on, `count` of k from `k` on; what is missing are zeros.
struct TilePanels {
  int64_t line, panels, k, count;
};
// out: [panels][steps][2 tiles], a step being 32 of k.
void pack_panels(const TileOperand& x, const TilePanels& which, char* out);

}  // namespace stemma
