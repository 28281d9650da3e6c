// What every kernel file shares: run-time dispatch and the vectorisable exponential.
#ifndef CKERNELS_VECTOR_H
#define CKERNELS_VECTOR_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))
/// Lets the compiler reorder the sum that follows, which is what makes a reduction vectorisable. The order is then fixed
/// by the instruction set, so equal machines give equal bits.
#define REDUCTION _Pragma("clang fp reassociate(on)")

#pragma clang fp contract(fast)

/// exp(x) for all finite x: Cody–Waite reduction and a degree-6 polynomial (Cephes expf), 1 ulp; clamped to [−87.3, 88].
INLINE float exp_f(float x) {
    x = x < -87.3f ? -87.3f : (x > 88.0f ? 88.0f : x);
    float n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t k = ((int32_t)n + 127) << 23;
    float s;
    memcpy(&s, &k, 4);
    return p * s;
}

#endif
