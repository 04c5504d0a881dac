// Included before Highway in every file of SIMD kernels: kernels are compiled for three levels (the baseline, AVX2 with
// FMA, AVX-512) and the best that the processor has is chosen at run time.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
