// How a vector of an operand's elements is read as f32. Compiled once for each level.
#include "stemma/ops/simd-inl.h"
#include "stemma/tensor/tensor.h"

#if defined(STEMMA_OPS_OPERAND_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef STEMMA_OPS_OPERAND_INL_H
#undef STEMMA_OPS_OPERAND_INL_H
#else
#define STEMMA_OPS_OPERAND_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace stemma {
namespace HWY_NAMESPACE {

constexpr int64_t width = int64_t(hn::MaxLanes(D()));

struct AsIs {
  static constexpr int64_t bytes = 4;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    return hn::LoadU(d, static_cast<const float*>(data) + i);
  }
  static float one(const void* data, int64_t i) { return static_cast<const float*>(data)[i]; }
};
struct Rounded {  // f32 to the nearest bf16
  static constexpr int64_t bytes = 4;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    const hn::RebindToUnsigned<Tag> du;
    const auto v = AsIs::read(d, data, i);
    const auto u = hn::BitCast(du, v);
    const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(du, 1));
    const auto near = hn::And(hn::Add(u, hn::Add(odd, hn::Set(du, 0x7FFF))), hn::Set(du, 0xFFFF0000));
    return hn::IfThenElse(hn::IsNaN(v), v, hn::BitCast(d, near));
  }
  static float one(const void* data, int64_t i) { return float(bf16(AsIs::one(data, i))); }
};
struct Widened {  // bf16
  static constexpr int64_t bytes = 2;
  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> read(Tag d, const void* data, int64_t i) {
    const hn::RebindToUnsigned<Tag> du;
    const auto half = hn::LoadU(hn::Rebind<uint16_t, Tag>(), static_cast<const uint16_t*>(data) + i);
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, half)));
  }
  static float one(const void* data, int64_t i) { return float(static_cast<const bf16*>(data)[i]); }
};

}  // namespace HWY_NAMESPACE
}  // namespace stemma
HWY_AFTER_NAMESPACE();

#endif
