// Which instruction sets the vectorised kernels are compiled for. To be included before hwy/foreach_target.h.
//
// Highway picks the best of them when the program runs. Left out: SSSE3, whose machines are older than 2008,
// and SVE, whose vectors have no size at compile time, so that no array can hold a block of accumulators; Arm
// machines take NEON. What remains on x86-64 is a portable fallback, SSE4, AVX2, AVX-512 and AVX-512 with
// VNNI.
#pragma once

#define HWY_WANT_AVX3_DL
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
