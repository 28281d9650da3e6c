#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// The inner loops of the engine: plain C that the compiler vectorises, one clone each for AVX-512, AVX2+FMA and the
// baseline, chosen at run time (on arm64 there is one version). Nothing here allocates, locks or knows a tensor's meaning.
// Matrices are row-major; `ld…` is the distance in floats between the starts of two rows. Outputs never overlap inputs
// unless a comment says "in place". Sums over rows run in a fixed order, so equal inputs give equal bits.

/// One spin of a busy wait.
void ck_pause(void);

// Elementwise

/// y += x
void ck_add(float *restrict y, const float *restrict x, size_t n);
/// y *= a, in place
void ck_scale(float *restrict y, float a, size_t n);
/// The sum of squares, accumulated in double per 4096 elements.
double ck_sum_of_squares(const float *restrict x, size_t n);
/// Whether every value is finite.
int ck_all_finite(const float *restrict x, size_t n);
/// The tanh form of GELU: y = x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))); y may be x.
void ck_gelu(float *y, const float *x, size_t n);
/// dx = dy · GELU'(x); dx may be dy.
void ck_gelu_backward(float *dx, const float *dy, const float *restrict x, size_t n);
/// y = SiLU(gate) · up, where SiLU(x) = x · sigmoid(x).
void ck_swiglu(float *restrict y, const float *restrict gate, const float *restrict up, size_t n);
/// The gradients of `ck_swiglu`, overwritten.
void ck_swiglu_backward(
    float *restrict dgate, float *restrict dup, const float *restrict dy, const float *restrict gate, const float *restrict up, size_t n);
/// x = 0 with probability `threshold` / 2³², else x · scale, in place. Element i's fate is a hash of (key, first + i) alone.
void ck_dropout(float *restrict x, uint64_t key, uint64_t first, uint32_t threshold, float scale, size_t n);

// Rows

/// y[r] += bias for each of the rows.
void ck_add_bias(float *restrict y, const float *restrict bias, size_t rows, size_t columns, size_t ldy);
/// sums += the sum of the rows.
void ck_column_sums(float *restrict sums, const float *restrict x, size_t rows, size_t columns, size_t ldx);
/// Layer normalisation with gain and bias; keeps each row's mean and 1/deviation.
void ck_layer_norm(
    float *restrict y, float *restrict mean, float *restrict rstd, const float *restrict x, const float *restrict gain,
    const float *restrict bias, float epsilon, size_t rows, size_t columns);
/// Adds to dgain, dbias; dx is overwritten, or added to if `accumulate`.
void ck_layer_norm_backward(
    float *restrict dx, float *restrict dgain, float *restrict dbias, const float *restrict dy, const float *restrict x,
    const float *restrict mean, const float *restrict rstd, const float *restrict gain, size_t rows, size_t columns, int accumulate);
/// Root-mean-square normalisation: y = x · gain / √(mean(x²) + ε).
void ck_rms_norm(
    float *restrict y, float *restrict rrms, const float *restrict x, const float *restrict gain, float epsilon, size_t rows,
    size_t columns);
void ck_rms_norm_backward(
    float *restrict dx, float *restrict dgain, const float *restrict dy, const float *restrict x, const float *restrict rrms,
    const float *restrict gain, size_t rows, size_t columns, int accumulate);
/// In place: x becomes softmax(x · scale); returns log Σ exp(x · scale).
float ck_softmax(float *restrict x, float scale, size_t n);
/// In place: x becomes exp(x · scale − logSumExp), the softmax whose normaliser is known.
void ck_softmax_known(float *restrict x, float scale, float logSumExp, size_t n);
/// In place on dp: ds = p · (dp − Σ p·dp) · scale.
void ck_softmax_backward(float *restrict dp, const float *restrict p, float scale, size_t n);
/// Cross-entropy of one row of logits against a label: returns −log p(label); *best receives the argmax (the lowest at a tie).
/// If `scale` is not 0 the row is overwritten by its gradient, (softmax − onehot) · scale.
float ck_cross_entropy(float *restrict logits, size_t n, int32_t label, float scale, int32_t *restrict best);
/// The index of the largest value, the lowest at a tie; NaN never wins.
size_t ck_argmax(const float *restrict x, size_t n);

// Small matrix products, for attention: one thread, no call overhead. C is (m, n), k is the inner length.

/// Which part of a causal product is wanted: everything; only columns j ≤ i of the result (the rest is left undefined); or
/// A's row i counts only up to column i, beyond which it must hold zeros.
enum ck_triangle { CK_FULL, CK_LOWER_RESULT, CK_LOWER_FACTOR };
/// C = A·B, or C += A·B.
void ck_product(
    float *restrict c, size_t ldc, const float *restrict a, size_t lda, const float *restrict b, size_t ldb, size_t m, size_t n, size_t k,
    enum ck_triangle triangle, int accumulate);
/// C = Aᵀ·B or C += Aᵀ·B where A is (k, m). Rows i of C use only inner indices ≥ i if `lower` (the triangle).
void ck_product_transposed(
    float *restrict c, size_t ldc, const float *restrict a, size_t lda, const float *restrict b, size_t ldb, size_t m, size_t n, size_t k,
    int lower, int accumulate);
/// t (columns, ldt) = the transpose of x (rows, columns).
void ck_transpose(float *restrict t, size_t ldt, const float *restrict x, size_t ldx, size_t rows, size_t columns);

// One row times a matrix, for decoding: memory-bound.

/// y[begin..<end] = Σ_i x[i] · w[i][begin..<end] for w (inputs, ldw), or y += that.
void ck_row_product(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t ldw, size_t begin, size_t end, int accumulate);
/// y[begin..<end] = x · w[o] for w (outputs, inputs), or y += that.
void ck_row_dots(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t begin, size_t end, int accumulate);
/// One query over a cache: scores (count) = scale · q·k[j]; then out = Σ softmax(scores)_j v[j].
void ck_attend_row(
    float *restrict out, float *restrict scores, const float *restrict q, const float *restrict k, const float *restrict v, size_t ldk,
    size_t count, size_t width, float scale);

// AdamW (Loshchilov & Hutter 2019): w −= lr·wd·w, then w −= lr · (m/c1) / (√(v/c2) + ε), with g scaled by `gscale` first.
// Returns the sum of squares of the whole change of w.
double ck_adamw(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, float gscale, float lr, float beta1, float beta2,
    float epsilon, float decay, float c1, float c2, size_t n);

// Rotary embedding, in place, on the halves layout (x[i], x[i + half]): angle tables cosine and sine of `half` values.
void ck_rotate(float *restrict x, const float *restrict cosine, const float *restrict sine, size_t half, int inverse);

#endif
