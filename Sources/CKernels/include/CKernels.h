#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// The inner loops of the engine: plain C that the compiler vectorises, one clone each for AVX-512, AVX2+FMA and the
// baseline, chosen at run time (on arm64 there is one version). Nothing here allocates, locks or knows a tensor's
// meaning. Matrices are row-major; `ld…` is the distance in floats between the starts of two rows. Outputs never
// overlap inputs unless a comment says "in place". Sums over rows run in a fixed order, so equal inputs give equal
// bits.

// Threads

/// One spin of a busy wait.
void ck_pause(void);

/// The cores that the process may run on (`taskset` and containers restrict them); at least 1.
int ck_usable_cores(void);

/// Adds 1 to *counter, atomically, and returns what it was.
ptrdiff_t ck_take(ptrdiff_t *counter);

/// A Swift closure of type (Int) -> Void as the two words it consists of (Swift's calling convention: the function
/// takes its context in the context register). Filled by `ck_keep_closure`, which Swift declares with the closure as
/// its second argument, so that another thread can call a closure that does not escape without a copy of it on the
/// heap.
typedef struct {
    void *function;
    void *context;
} ck_closure;

void ck_call_closure(const ck_closure *closure, ptrdiff_t argument);

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
/// dx *= GELU'(x) and y = GELU(x), for a backward pass that did not keep y.
void ck_gelu_again(float *restrict dx, float *restrict y, const float *restrict x, size_t n);
/// The exact GELU, y = x/2 · (1 + erf(x/√2)), in the same three ways.
void ck_gelu_exact(float *y, const float *x, size_t n);
void ck_gelu_exact_backward(float *dx, const float *dy, const float *restrict x, size_t n);
void ck_gelu_exact_again(float *restrict dx, float *restrict y, const float *restrict x, size_t n);
/// y = SiLU(gate) · up, where SiLU(x) = x · sigmoid(x).
void ck_swiglu(float *restrict y, const float *restrict gate, const float *restrict up, size_t n);
/// The gradients of `ck_swiglu`, overwritten.
void ck_swiglu_backward(
    float *restrict dgate, float *restrict dup, const float *restrict dy, const float *restrict gate,
    const float *restrict up, size_t n);
/// x = 0 with probability `threshold` / 2³², else x · scale, in place. Element i's fate is a hash of (key, first + i)
/// alone.
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
    const float *restrict mean, const float *restrict rstd, const float *restrict gain, size_t rows, size_t columns,
    int accumulate);
/// Root-mean-square normalisation: y = x · gain / √(mean(x²) + ε).
void ck_rms_norm(
    float *restrict y, float *restrict rrms, const float *restrict x, const float *restrict gain, float epsilon,
    size_t rows,
    size_t columns);
void ck_rms_norm_backward(
    float *restrict dx, float *restrict dgain, const float *restrict dy, const float *restrict x,
    const float *restrict rrms,
    const float *restrict gain, size_t rows, size_t columns, int accumulate);
/// In place: x becomes softmax(x · scale); returns log Σ exp(x · scale).
float ck_softmax(float *restrict x, float scale, size_t n);
/// Cross-entropy of one row of logits against a label: returns −log p(label); *best receives the argmax (the lowest at
/// a tie). If `scale` is not 0 the row is overwritten by its gradient, (softmax − onehot) · scale.
float ck_cross_entropy(float *restrict logits, size_t n, int32_t label, float scale, int32_t *restrict best);
/// The index of the largest value, the lowest at a tie; NaN never wins.
size_t ck_argmax(const float *restrict x, size_t n);

// Causal attention of one head: s, p and dp are (count, ld), ld a multiple of 16 and at least count; row i sees the
// columns j ≤ i, and of those only the last `window` (0: all). Everything else in a row is overwritten with zeros.

/// In place: s becomes softmax(scale · s) by rows; keeps each row's log Σ exp.
void ck_causal_softmax(float *restrict s, size_t ld, size_t count, size_t window, float scale,
    float *restrict logSumExp);
/// In place: the same, the normalisers being known.
void ck_causal_softmax_known(float *restrict s, size_t ld, size_t count, size_t window, float scale,
    const float *restrict logSumExp);
/// In place: dp becomes scale · p ∘ (dp − rowsum(p ∘ dp)).
void ck_causal_softmax_backward(float *restrict dp, const float *restrict p, size_t ld, size_t count, size_t window,
    float scale);

// Matrix products on one thread.

/// A factor: its element (i, j) is values[i · stride + j], or values[j · stride + i] if transposed.
typedef struct {
    const float *values;
    size_t stride;
    int transposed;
} ck_factor;

/// Which part of a causal product is wanted: everything; only columns j ≤ i of the result (others are not written, or
/// hold something); of A's row i only the columns j ≤ i count, or only those ≥ i. What does not count must be zero.
enum ck_triangle { CK_FULL, CK_LOWER_RESULT, CK_LOWER_FACTOR, CK_UPPER_FACTOR };

/// C (m, n) = A (m, k) · B (k, n) + add (m, n) + bias (n) in every row; `add` and `bias` may be null, `add` may be C
/// itself. At its best up to k · n of some hundred thousand.
void ck_product(
    float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add, size_t ldadd,
    const float *bias,
    enum ck_triangle triangle);

/// The instruction set that this machine's products use: 4, 3 or 1 for x86-64-v4, -v3 and the baseline; 1 elsewhere.
int ck_best_level(void);
/// `ck_product` for a level that is at most the best one, so that the others can be tested and measured.
void ck_product_at(
    int level, float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add,
    size_t ldadd,
    const float *bias, enum ck_triangle triangle);

// Matrix products of bfloat16 with sums in float32, on one thread; what the bits are is told in bfloat16.c.

/// Whether this machine has an instruction for them; where it has none they have the same bits and take far longer.
int ck_has_bf16(void);
/// y = x rounded to the nearest bfloat16, at a tie to the even one; denormals become zeros.
void ck_round_bf16(uint16_t *restrict y, const float *restrict x, size_t n);
/// Bytes of scratch for one product, aligned to 64.
size_t ck_bf16_scratch(void);
/// C (m, n) = A (m, k) · B (k, n) + add (m, n) + bias (n) in every row; `add` and `bias` may be null, `add` may be C
/// itself.
void ck_bf16_product(float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add,
    size_t ldadd, const float *bias, void *scratch);
/// The same with the machine's instruction or without, so that both can be tested.
void ck_bf16_product_at(int is_native, float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k,
    const float *add, size_t ldadd, const float *bias, void *scratch);
/// Bytes of a B (k, n) that is kept rounded, and its panels: columns that belong together.
size_t ck_bf16_rounded_size(size_t n, size_t k);
size_t ck_bf16_panels(size_t n);
/// Rounds the panels begin ..< end of B.
void ck_bf16_round_factor(uint32_t *to, ck_factor b, size_t n, size_t k, size_t begin, size_t end);
/// `ck_bf16_product` with such a B, or with that of its panels from one on.
void ck_bf16_product_rounded(float *c, size_t ldc, ck_factor a, const uint32_t *b, size_t m, size_t n, size_t k,
    const float *add, size_t ldadd, const float *bias, void *scratch);

// One row times a matrix, for decoding: memory-bound.

/// y[begin..<end] = Σ_i x[i] · w[i][begin..<end] for w (inputs, ldw), or y += that.
void ck_row_product(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t ldw, size_t begin,
    size_t end, int accumulate);
/// For r < rows: y[r] (outputs) = Σ x[r][i] · w[i] over begin ≤ i < end, for w (inputs, outputs) that no cache holds.
void ck_rows_stream(
    float *restrict y, size_t ldy, const float *restrict x, size_t ldx, size_t rows, const float *restrict w,
    size_t outputs, size_t begin,
    size_t end);
/// For r < rows: y[r][begin..<end] = x[r] · w[o] for w (outputs, inputs), or y += that.
void ck_row_dots(
    float *restrict y, size_t ldy, const float *restrict x, size_t ldx, size_t rows, const float *restrict w,
    size_t inputs, size_t begin,
    size_t end, int accumulate);
/// One query over a cache: scores (count) = scale · q·k[j]; then out = Σ softmax(scores)_j v[j].
void ck_attend_row(
    float *restrict out, float *restrict scores, const float *restrict q, const float *restrict k,
    const float *restrict v, size_t ldk,
    size_t count, size_t width, float scale);

// AdamW (Loshchilov & Hutter 2019): w −= lr·wd·w, then w −= lr · (m/c1) / (√(v/c2) + ε), with g scaled by `gscale`
// first. Returns the sum of squares of the whole change of w.
double ck_adamw(
    float *restrict w, float *restrict m, float *restrict v, const float *restrict g, float gscale, float lr,
    float beta1, float beta2,
    float epsilon, float decay, float c1, float c2, size_t n);

// Rotary embedding, in place, on the halves layout (x[i], x[i + half]): angle tables cosine and sine of `half` values.
void ck_rotate(float *restrict x, const float *restrict cosine, const float *restrict sine, size_t half, int inverse);

#endif
