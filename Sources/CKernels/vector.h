// What every kernel file shares: run-time dispatch, vectors of sixteen floats, and the exponential.
#ifndef CKERNELS_VECTOR_H
#define CKERNELS_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// What chooses a clone runs before the sanitizer of threads has begun, and would be the first that it looks at.
#define CLONES
#endif
#endif
#ifndef CLONES
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")
/// Lets the compiler reorder the sum that follows, which is what makes a reduction vectorisable. The order is then
/// fixed by the instruction set, so equal machines give equal bits.
#define REDUCTION _Pragma("clang fp reassociate(on)")

#pragma clang fp contract(fast)
// Helpers with vector arguments are always inlined, so there is no call whose convention could depend on the
// instruction set.
#pragma clang diagnostic ignored "-Wpsabi"

/// Sixteen floats: one AVX-512 register, two of AVX2, four of NEON or SSE.
typedef float floats __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t integers __attribute__((ext_vector_type(16), aligned(4)));
#define LANES 16

INLINE floats load(const float *p) {
    floats v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, floats v) { memcpy(p, &v, sizeof v); }

INLINE floats all(float x) { return (floats){0} + x; }

INLINE integers lane_numbers(void) { return (integers){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

/// x where the mask's lanes are −1, y where they are 0.
INLINE floats choose(integers mask, floats x, floats y) { return mask ? x : y; }

#define HALVES(v, combine)                                                                                             \
    float __attribute__((ext_vector_type(8))) h8 = combine(                                                            \
        __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),                                                         \
        __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));                                                  \
    float __attribute__((ext_vector_type(4))) h4 =                                                                     \
        combine(__builtin_shufflevector(h8, h8, 0, 1, 2, 3), __builtin_shufflevector(h8, h8, 4, 5, 6, 7));             \
    float __attribute__((ext_vector_type(2))) h2 = combine(__builtin_shufflevector(h4, h4, 0, 1),                      \
        __builtin_shufflevector(h4, h4, 2, 3));
#define PLUS(a, b) ((a) + (b))

/// The sum of the lanes, in an order that is the same everywhere.
INLINE float sum_of(floats v) {
    HALVES(v, PLUS)
    return h2[0] + h2[1];
}

INLINE float largest_of(floats v) {
    HALVES(v, __builtin_elementwise_max)
    return h2[0] > h2[1] ? h2[0] : h2[1];
}

// exp(x) for all finite x: Cody–Waite reduction and a degree-6 polynomial (Cephes expf), 1 ulp; clamped to [−87.3, 88].
#define EXP_POLYNOMIAL(p, r)                                                                                           \
    p = p * r + 1.3981999507e-3f;                                                                                      \
    p = p * r + 8.3334519073e-3f;                                                                                      \
    p = p * r + 4.1665795894e-2f;                                                                                      \
    p = p * r + 1.6666665459e-1f;                                                                                      \
    p = p * r + 5.0000001201e-1f;                                                                                      \
    p = p * r * r + r + 1.0f;

INLINE float exp_f(float x) {
    x = x < -87.3f ? -87.3f : (x > 88.0f ? 88.0f : x);
    float n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    EXP_POLYNOMIAL(p, r)
    int32_t k = ((int32_t)n + 127) << 23;
    float s;
    memcpy(&s, &k, 4);
    return p * s;
}

INLINE floats exp_v(floats x) {
    // Comparisons, so that NaN stays NaN.
    x = choose(x < -87.3f, all(-87.3f), x);
    x = choose(x > 88.0f, all(88.0f), x);
    floats n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    floats r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    floats p = all(1.9875691500e-4f);
    EXP_POLYNOMIAL(p, r)
    integers k = (__builtin_convertvector(n, integers) + 127) << 23;
    floats s;
    memcpy(&s, &k, sizeof s);
    return p * s;
}

#endif
