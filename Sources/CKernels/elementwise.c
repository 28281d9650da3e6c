#include "CKernels.h"
#include "vector.h"

#include <math.h>

CLONES void ck_add(float *restrict y, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

CLONES void ck_scale(float *restrict y, float a, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] *= a;
}

CLONES double ck_sum_of_squares(const float *restrict x, size_t n) {
    double total = 0;
    for (size_t start = 0; start < n; start += 4096) {
        size_t end = start + 4096 < n ? start + 4096 : n;
        float sum = 0;
        {
            REDUCTION for (size_t i = start; i < end; i++) sum += x[i] * x[i];
        }
        total += sum;
    }
    return total;
}

CLONES int ck_all_finite(const float *restrict x, size_t n) {
    // A float is not finite if its exponent bits are all set.
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        bad |= (uint32_t)((bits & 0x7f800000u) == 0x7f800000u);
    }
    return !bad;
}

// GELU by the logistic function: 1/2 (1 + tanh(u)) = sigmoid(2u), so one exponential.
#define GELU_A 1.5957691216057308f /* 2 √(2/π) */
#define GELU_B 0.044715f

INLINE float gelu_sigmoid(float x) { return 1.0f / (1.0f + exp_f(-GELU_A * (x + GELU_B * x * x * x))); }

CLONES void ck_gelu(float *y, const float *x, size_t n) {
#pragma clang loop vectorize(assume_safety)
    for (size_t i = 0; i < n; i++) y[i] = x[i] * gelu_sigmoid(x[i]);
}

CLONES void ck_gelu_backward(float *dx, const float *dy, const float *restrict x, size_t n) {
#pragma clang loop vectorize(assume_safety)
    for (size_t i = 0; i < n; i++) {
        float s = gelu_sigmoid(x[i]);
        float slope = s + x[i] * s * (1.0f - s) * GELU_A * (1.0f + 3.0f * GELU_B * x[i] * x[i]);
        dx[i] = dy[i] * slope;
    }
}

CLONES void ck_gelu_again(float *restrict dx, float *restrict y, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = gelu_sigmoid(x[i]);
        float slope = s + x[i] * s * (1.0f - s) * GELU_A * (1.0f + 3.0f * GELU_B * x[i] * x[i]);
        dx[i] *= slope;
        y[i] = x[i] * s;
    }
}

// The exact GELU: x · Φ(x), and its slope Φ(x) + x · φ(x).
INLINE float normal_below(float x) { return 0.5f * (1.0f + erff(x * 0.70710678118654752f)); }
INLINE float normal_density(float x) { return 0.39894228040143268f * exp_f(-0.5f * x * x); }

CLONES void ck_gelu_exact(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * normal_below(x[i]);
}

CLONES void ck_gelu_exact_backward(float *dx, const float *dy, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] * (normal_below(x[i]) + x[i] * normal_density(x[i]));
}

CLONES void ck_gelu_exact_again(float *restrict dx, float *restrict y, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float below = normal_below(x[i]);
        dx[i] *= below + x[i] * normal_density(x[i]);
        y[i] = x[i] * below;
    }
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp_f(-x)); }

CLONES void ck_swiglu(float *restrict y, const float *restrict gate, const float *restrict up, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

CLONES void ck_swiglu_backward(
    float *restrict dgate, float *restrict dup, const float *restrict dy, const float *restrict gate,
    const float *restrict up, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = sigmoid(gate[i]);
        float d = dy[i];
        dup[i] = d * gate[i] * s;
        dgate[i] = d * up[i] * s * (1.0f + gate[i] * (1.0f - s));
    }
}

/// A 32-bit mix with full avalanche (two multiply-xorshift rounds), cheap in vector registers.
INLINE uint32_t mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    h ^= h >> 16;
    return h;
}

CLONES void ck_dropout(float *restrict x, uint64_t key, uint64_t first, uint32_t threshold, float scale, size_t n) {
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32), base = (uint32_t)first;
    for (size_t i = 0; i < n; i++) {
        uint32_t h = mix(mix((base + (uint32_t)i) ^ low) + high);
        x[i] = h < threshold ? 0.0f : x[i] * scale;
    }
}

CLONES double ck_adamw(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, float gscale, float lr,
    float beta1, float beta2,
    float epsilon, float decay, float c1, float c2, size_t n) {
    // torch.optim.AdamW, its order of operations: decay first, then the step lr/c1 · m / (√v / √c2 + ε).
    float keep = 1.0f - lr * decay, rate = lr / c1, root = 1.0f / __builtin_sqrtf(c2);
    double total = 0;
    for (size_t start = 0; start < n; start += 4096) {
        size_t end = start + 4096 < n ? start + 4096 : n;
        float sum = 0;
        {
            REDUCTION for (size_t i = start; i < end; i++) {
                float gi = g[i] * gscale;
                float mi = m[i] + (gi - m[i]) * (1.0f - beta1);
                float vi = v[i] * beta2 + gi * gi * (1.0f - beta2);
                float old = w[i];
                float new = old * keep - rate * mi / (__builtin_elementwise_sqrt(vi) * root + epsilon);
                m[i] = mi;
                v[i] = vi;
                w[i] = new;
                sum += (new - old) * (new - old);
            }
        }
        total += sum;
    }
    return total;
}

CLONES void ck_rotate(float *restrict x, const float *restrict cosine, const float *restrict sine, size_t half,
    int inverse) {
    float sign = inverse ? -1.0f : 1.0f;
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half], c = cosine[i], s = sign * sine[i];
        x[i] = a * c - b * s;
        x[i + half] = b * c + a * s;
    }
}
