#include "CKernels.h"
#include "vector.h"
#include <float.h>
#include <math.h>

// C = A·B with both factors rounded to bfloat16 and sums in float32. What a result is, to the last bit:
//
//   round(x)   the nearest bfloat16, at a tie the even one; denormals become zeros, NaN becomes quiet
//   s          add[i, j], or 0
//   for every pair (p, p + 1) of the inner length, in order, zeros in place of what an odd length lacks:
//              s = fl(s + round(A[i, p + 1]) · round(B[p + 1, j])),  s = fl(s + round(A[i, p]) · round(B[p, j]))
//   C[i, j]    s + bias[j], or s where there is no bias
//
// fl rounds once, to nearest even, and makes zeros of results that are denormal; a denormal s counts as zero. This is
// what VDPBF16PS of AVX512-BF16 does with a pair. Where there is none the same is computed with fused multiply-adds.
// No order depends on tiles, threads or neighbouring rows: one row alone has the bits that it has among others.
//
// Layout of factors: A's pairs lie by rows of a block, or, where A is transposed, by twelve rows side by side; B's by
// panels of 32 columns, in each the pairs of the 32 columns side by side for one p after another.

#define PANEL 32        /* columns of a panel of B */
#define HEIGHT 12       /* rows of a tile: 24 sums, 2 vectors of B and one number of A fit 32 registers */
#define DEPTH 384       /* pairs of a block of the inner length: 48 KB of B, 18 KB of a tile of A */
#define ROWS_AT_ONCE 480 /* rows of A that a panel of B meets: 720 KB, in the second-level cache */
#define COLUMNS_AT_ONCE 3072 /* columns of B that wait for the next rows: 4.5 MB, in the third-level cache */

typedef uint32_t pair; /* two bfloat16, the earlier one in the low half */

/// How the parts are computed.
struct ways {
    /// pairs[r · DEPTH + p] of `rows` rows of a stored by rows.
    void (*round_rows)(pair *pairs, const float *a, size_t stride, size_t rows, size_t inner);
    /// pairs[p · width + i] of `count` ≤ width ≤ 32 columns of a matrix (inner, stride); zeros in the others.
    void (*round_columns)(pair *pairs, const float *a, size_t stride, size_t count, size_t inner, size_t width);
    /// panel[p · PANEL + j] of `count` rows of a matrix (rows, stride): its transpose's columns.
    void (*round_transposed)(pair *panel, const float *b, size_t stride, size_t count, size_t inner);
    /// `rows` ≤ HEIGHT rows and `columns` ≤ PANEL columns; A's pair (r, p) is a[r · DEPTH + p], or a[p · HEIGHT + r].
    void (*tile)(float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const pair *a, int by_columns,
        const pair *panel, size_t pairs, size_t rows, size_t columns);
};

// MARK: Anywhere

INLINE uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE uint32_t rounded(float x) {
    uint32_t bits = bits_of(x), size = bits & 0x7fffffff;
    uint32_t near = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return size > 0x7f800000 ? bits >> 16 | 0x40 : size < 0x00800000 ? (bits & 0x80000000) >> 16 : near;
}

CLONES void ck_round_bf16(uint16_t *restrict y, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = (uint16_t)rounded(x[i]);
}

static void round_rows_anywhere(pair *pairs, const float *a, size_t stride, size_t rows, size_t inner) {
    for (size_t r = 0; r < rows; r++)
        for (size_t p = 0; p < inner; p += 2)
            pairs[r * DEPTH + p / 2] =
                rounded(a[r * stride + p]) | (p + 1 < inner ? rounded(a[r * stride + p + 1]) << 16 : 0);
}

static void round_columns_anywhere(pair *pairs, const float *a, size_t stride, size_t count, size_t inner,
    size_t width) {
    for (size_t p = 0; p < inner; p += 2)
        for (size_t i = 0; i < width; i++)
            pairs[p / 2 * width + i] = i >= count ? 0
                : rounded(a[p * stride + i]) | (p + 1 < inner ? rounded(a[(p + 1) * stride + i]) << 16 : 0);
}

static void round_transposed_anywhere(pair *panel, const float *b, size_t stride, size_t count, size_t inner) {
    for (size_t p = 0; p < inner; p += 2)
        for (size_t j = 0; j < PANEL; j++)
            panel[p / 2 * PANEL + j] = j >= count ? 0
                : rounded(b[j * stride + p]) | (p + 1 < inner ? rounded(b[j * stride + p + 1]) << 16 : 0);
}

/// fl(s + x·y), where the fused sum came out as the least normal number: whether it is one, or was rounded up to it
/// from so far below that with the exponent unbounded it would have stayed below.
static float at_the_least(float s, float x, float y, float sum) {
    double beyond = (double)x * y + ((double)s - sum);
    return (sum < 0 ? -beyond : beyond) < -0x1p-151 ? copysignf(0, sum) : sum;
}

INLINE floats flushed(floats x) {
    return choose(__builtin_elementwise_abs(x) < all(FLT_MIN), __builtin_elementwise_copysign(all(0), x), x);
}

INLINE floats fused(floats s, float x, floats y) {
    floats sum = __builtin_elementwise_fma(all(x), y, s);
    integers least = __builtin_elementwise_abs(sum) == all(FLT_MIN);
    if (__builtin_reduce_or(least))
        for (int lane = 0; lane < LANES; lane++)
            if (least[lane]) sum[lane] = at_the_least(s[lane], x, y[lane], sum[lane]);
    return flushed(sum);
}

INLINE floats halves(integers pairs, int is_high) {
    integers bits = is_high ? pairs & (int32_t)0xffff0000 : pairs << 16;
    floats x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE void tile_by_rows(float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const pair *a,
    int by_columns, const pair *panel, size_t pairs, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t first = 0; first < columns; first += LANES) {
            size_t count = columns - first < LANES ? columns - first : LANES;
            float edge[LANES] = {0};
            if (add) memcpy(edge, add + r * ldadd + first, count * sizeof(float));
            floats s = pairs > 0 ? flushed(load(edge)) : load(edge);
            for (size_t p = 0; p < pairs; p++) {
                uint32_t x = by_columns ? a[p * HEIGHT + r] : a[r * DEPTH + p];
                integers y;
                memcpy(&y, panel + p * PANEL + first, sizeof y);
                s = fused(s, of_bits(x & 0xffff0000), halves(y, 1));
                s = fused(s, of_bits(x << 16), halves(y, 0));
            }
            store(edge, s);
            for (size_t j = 0; j < count; j++)
                c[r * ldc + first + j] = bias ? edge[j] + bias[first + j] : edge[j];
        }
}

CLONES static void tile_anywhere(float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const pair *a,
    int by_columns, const pair *panel, size_t pairs, size_t rows, size_t columns) {
    tile_by_rows(c, ldc, add, ldadd, bias, a, by_columns, panel, pairs, rows, columns);
}

static const struct ways anywhere = {
    round_rows_anywhere, round_columns_anywhere, round_transposed_anywhere, tile_anywhere};

// MARK: With AVX512-BF16

#if defined(__x86_64__)
#include <immintrin.h>

#define NATIVE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"), min_vector_width(512)))
#define NATIVE_INLINE static inline NATIVE __attribute__((always_inline))

NATIVE_INLINE __mmask16 first_lanes(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

/// The pairs of sixteen numbers of one row of a matrix and of the next.
NATIVE_INLINE __m512i interleaved(__m512 low, __m512 high) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
        21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

NATIVE static void round_rows_native(pair *pairs, const float *a, size_t stride, size_t rows, size_t inner) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = a + r * stride;
        pair *out = pairs + r * DEPTH;
        size_t p = 0;
        for (; p + 32 <= inner; p += 32)
            _mm512_storeu_si512(out + p / 2,
                (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + p + 16), _mm512_loadu_ps(row + p)));
        if (p < inner) {
            size_t left = inner - p;
            __m512 low = _mm512_maskz_loadu_ps(first_lanes(left), row + p),
                   high = left > 16 ? _mm512_maskz_loadu_ps(first_lanes(left - 16), row + p + 16)
                                    : _mm512_setzero_ps();
            _mm512_mask_storeu_epi32(out + p / 2, first_lanes((left + 1) / 2), (__m512i)_mm512_cvtne2ps_pbh(high, low));
        }
    }
}

NATIVE static void round_columns_native(pair *pairs, const float *a, size_t stride, size_t count, size_t inner,
    size_t width) {
    for (size_t first = 0; first < width; first += 16) {
        // Nothing is read beyond the count: a masked load touches no such memory.
        __mmask16 mine = first_lanes(count > first ? count - first : 0), all = first_lanes(width - first);
        const float *x = a + first;
        for (size_t p = 0; p < inner; p += 2) {
            __m512 low = _mm512_maskz_loadu_ps(mine, x + p * stride),
                   high = p + 1 < inner ? _mm512_maskz_loadu_ps(mine, x + (p + 1) * stride) : _mm512_setzero_ps();
            _mm512_mask_storeu_epi32(pairs + p / 2 * width + first, all, interleaved(low, high));
        }
    }
}

/// Rows of sixteen pairs become columns of a panel.
NATIVE_INLINE void transpose_pairs(pair *panel, __m512i r[16]) {
    __m512i s[16];
    UNROLLED for (int i = 0; i < 16; i += 2) {
        s[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        s[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    UNROLLED for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(s[i], s[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(s[i], s[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(s[i + 1], s[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(s[i + 1], s[i + 3]);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        s[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        s[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        s[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        s[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        _mm512_storeu_si512(panel + i * PANEL, _mm512_shuffle_i32x4(s[i], s[i + 8], 0x88));
        _mm512_storeu_si512(panel + (i + 4) * PANEL, _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0x88));
        _mm512_storeu_si512(panel + (i + 8) * PANEL, _mm512_shuffle_i32x4(s[i], s[i + 8], 0xdd));
        _mm512_storeu_si512(panel + (i + 12) * PANEL, _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0xdd));
    }
}

NATIVE static void round_transposed_native(pair *panel, const float *b, size_t stride, size_t count, size_t inner) {
    size_t whole = inner / 32 * 32;
    for (size_t first = 0; first < PANEL; first += 16) {
        for (size_t p = 0; p < whole; p += 32) {
            __m512i r[16];
            UNROLLED for (int j = 0; j < 16; j++) {
                const float *row = b + (first + j) * stride + p;
                r[j] = first + j < count
                    ? (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + 16), _mm512_loadu_ps(row))
                    : _mm512_setzero_si512();
            }
            transpose_pairs(panel + p / 2 * PANEL + first, r);
        }
    }
    if (whole < inner)
        round_transposed_anywhere(panel + whole / 2 * PANEL, b + whole, stride, count, inner - whole);
}

/// R rows and V vectors of columns, `mine` of the last vector's. A's pair (r, p) is a[r · RS + p · PS].
NATIVE_INLINE void tile_of(float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const pair *a,
    const pair *panel, size_t pairs, __mmask16 mine, const int R, const int V, const int RS, const int PS) {
    __m512 s[HEIGHT][2];
    UNROLLED for (int r = 0; r < R; r++)
        UNROLLED for (int v = 0; v < V; v++)
            s[r][v] = add ? _mm512_maskz_loadu_ps(v == V - 1 ? mine : 0xffff, add + r * ldadd + v * 16)
                          : _mm512_setzero_ps();
    // The next tile's rows of C lie on as many pages, where no hardware looks ahead.
    if (R == HEIGHT)
        UNROLLED for (int r = 0; r < R; r++) UNROLLED for (int v = 0; v < V; v++)
            __builtin_prefetch(c + (r + R) * ldc + v * 16, 1);
    for (size_t p = 0; p < pairs; p++) {
        __m512bh y[2];
        UNROLLED for (int v = 0; v < V; v++) y[v] = (__m512bh)_mm512_loadu_si512(panel + p * PANEL + v * 16);
        UNROLLED for (int r = 0; r < R; r++) {
            __m512bh x = (__m512bh)_mm512_set1_epi32((int)a[r * RS + p * PS]);
            UNROLLED for (int v = 0; v < V; v++) s[r][v] = _mm512_dpbf16_ps(s[r][v], x, y[v]);
        }
    }
    UNROLLED for (int v = 0; v < V; v++) {
        __mmask16 lanes = v == V - 1 ? mine : 0xffff;
        __m512 b = bias ? _mm512_maskz_loadu_ps(lanes, bias + v * 16) : _mm512_setzero_ps();
        UNROLLED for (int r = 0; r < R; r++)
            _mm512_mask_storeu_ps(c + r * ldc + v * 16, lanes, bias ? s[r][v] + b : s[r][v]);
    }
}

#define TILE(R)                                                                                                        \
    case R:                                                                                                            \
        if (columns > 16) {                                                                                            \
            if (by_columns) tile_of(c, ldc, add, ldadd, bias, a, panel, pairs, mine, R, 2, 1, HEIGHT);                 \
            else tile_of(c, ldc, add, ldadd, bias, a, panel, pairs, mine, R, 2, DEPTH, 1);                             \
        } else {                                                                                                       \
            if (by_columns) tile_of(c, ldc, add, ldadd, bias, a, panel, pairs, mine, R, 1, 1, HEIGHT);                 \
            else tile_of(c, ldc, add, ldadd, bias, a, panel, pairs, mine, R, 1, DEPTH, 1);                             \
        }                                                                                                              \
        return;

NATIVE static void tile_native(float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const pair *a,
    int by_columns, const pair *panel, size_t pairs, size_t rows, size_t columns) {
    __mmask16 mine = first_lanes(columns > 16 ? columns - 16 : columns);
    switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
    }
}

static const struct ways native = {round_rows_native, round_columns_native, round_transposed_native, tile_native};

int ck_has_bf16(void) { return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16"); }
#else
static const struct ways native = {
    round_rows_anywhere, round_columns_anywhere, round_transposed_anywhere, tile_anywhere};

int ck_has_bf16(void) { return 0; }
#endif

// MARK: The product

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// One panel of pairs: `columns` columns of B from column j on, rows p … p + inner.
static void round_panel(const struct ways *ways, pair *panel, ck_factor b, size_t j, size_t columns, size_t p,
    size_t inner) {
    if (b.transposed) ways->round_transposed(panel, b.values + j * b.stride + p, b.stride, columns, inner);
    else ways->round_columns(panel, b.values + p * b.stride + j, b.stride, columns, inner, PANEL);
}

static void product(const struct ways *ways, float *c, size_t ldc, ck_factor a, ck_factor b, const pair *rounded_b,
    size_t m, size_t n, size_t k, const float *add, size_t ldadd, const float *bias, void *scratch) {
    pair *left = scratch, *right = left + ROWS_AT_ONCE * DEPTH;
    size_t all_pairs = (k + 1) / 2;
    // Blocks of equal depth: no short one at the end.
    size_t blocks = (all_pairs + DEPTH - 1) / DEPTH, depth = blocks ? (all_pairs + blocks - 1) / blocks : 0;
    // Panels that several blocks of rows meet are rounded before the first of them, others when they are met.
    int rounds_first = !rounded_b && m > ROWS_AT_ONCE;
    for (size_t j0 = 0; j0 < n; j0 += COLUMNS_AT_ONCE) {
        size_t end = smaller(n, j0 + COLUMNS_AT_ONCE), p0 = 0;
        do {
            size_t pairs = smaller(depth, all_pairs - p0), inner = smaller(2 * pairs, k - 2 * p0);
            int is_first = p0 == 0, is_last = p0 + pairs == all_pairs;
            if (rounds_first)
                for (size_t j = j0; j < end; j += PANEL)
                    round_panel(ways, right + (j - j0) * DEPTH, b, j, smaller(PANEL, n - j), 2 * p0, inner);
            for (size_t i0 = 0; i0 < m; i0 += ROWS_AT_ONCE) {
                size_t height = smaller(ROWS_AT_ONCE, m - i0);
                for (size_t i = 0; i < height; i += HEIGHT) {
                    size_t rows = smaller(HEIGHT, height - i);
                    if (a.transposed)
                        ways->round_columns(
                            left + i * DEPTH, a.values + 2 * p0 * a.stride + i0 + i, a.stride, rows, inner, HEIGHT);
                    else
                        ways->round_rows(
                            left + i * DEPTH, a.values + (i0 + i) * a.stride + 2 * p0, a.stride, rows, inner);
                }
                for (size_t j = j0; j < end; j += PANEL) {
                    size_t columns = smaller(PANEL, n - j);
                    const pair *panel = rounded_b ? rounded_b + j * all_pairs + p0 * PANEL
                        : rounds_first ? right + (j - j0) * DEPTH : right;
                    if (!rounded_b && !rounds_first) round_panel(ways, right, b, j, columns, 2 * p0, inner);
                    for (size_t i = 0; i < height; i += HEIGHT) {
                        float *out = c + (i0 + i) * ldc + j;
                        const float *sum = !is_first ? out : add ? add + (i0 + i) * ldadd + j : 0;
                        ways->tile(out, ldc, sum, is_first ? ldadd : ldc, is_last && bias ? bias + j : 0,
                            left + i * DEPTH, a.transposed, panel, pairs, smaller(HEIGHT, height - i), columns);
                    }
                }
            }
            p0 += depth;
        } while (p0 < all_pairs);
    }
}

size_t ck_bf16_scratch(void) { return (ROWS_AT_ONCE + COLUMNS_AT_ONCE) * DEPTH * sizeof(pair); }

size_t ck_bf16_panels(size_t n) { return (n + PANEL - 1) / PANEL; }

size_t ck_bf16_rounded_size(size_t n, size_t k) { return ck_bf16_panels(n) * PANEL * ((k + 1) / 2) * sizeof(pair); }

void ck_bf16_round_factor(uint32_t *to, ck_factor b, size_t n, size_t k, size_t begin, size_t end) {
    const struct ways *ways = ck_has_bf16() ? &native : &anywhere;
    for (size_t panel = begin; panel < end; panel++) {
        size_t j = panel * PANEL;
        round_panel(ways, to + j * ((k + 1) / 2), b, j, smaller(PANEL, n - j), 0, k);
    }
}

void ck_bf16_product_rounded(float *c, size_t ldc, ck_factor a, const uint32_t *b, size_t m, size_t n, size_t k,
    const float *add, size_t ldadd, const float *bias, void *scratch) {
    product(ck_has_bf16() ? &native : &anywhere, c, ldc, a, (ck_factor){0}, b, m, n, k, add, ldadd, bias, scratch);
}

void ck_bf16_product_at(int is_native, float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k,
    const float *add, size_t ldadd, const float *bias, void *scratch) {
    product(is_native ? &native : &anywhere, c, ldc, a, b, 0, m, n, k, add, ldadd, bias, scratch);
}

void ck_bf16_product(float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add,
    size_t ldadd, const float *bias, void *scratch) {
    ck_bf16_product_at(ck_has_bf16(), c, ldc, a, b, m, n, k, add, ldadd, bias, scratch);
}
