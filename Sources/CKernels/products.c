#include "CKernels.h"
#include "vector.h"

// The micro-kernel keeps a tile of 4 rows × 16 columns of C in registers over the whole inner length: 8 AVX2
// accumulators, two loads of B and four broadcasts of A for eight fused multiply-adds.

#define TILE_ROWS 4
#define TILE_COLUMNS 16

/// One full tile; A's element (row r, inner p) is a[r * rs + p * ps].
INLINE void tile(
    float *restrict c, size_t ldc, const float *restrict a, size_t rs, size_t ps, const float *restrict b, size_t ldb, size_t inner,
    int accumulate) {
    float acc[TILE_ROWS][TILE_COLUMNS];
    for (int r = 0; r < TILE_ROWS; r++)
        for (int j = 0; j < TILE_COLUMNS; j++) acc[r][j] = accumulate ? c[r * ldc + j] : 0.0f;
    for (size_t p = 0; p < inner; p++) {
        const float *restrict row = b + p * ldb;
        float a0 = a[p * ps], a1 = a[rs + p * ps], a2 = a[2 * rs + p * ps], a3 = a[3 * rs + p * ps];
        for (int j = 0; j < TILE_COLUMNS; j++) {
            float v = row[j];
            acc[0][j] += a0 * v;
            acc[1][j] += a1 * v;
            acc[2][j] += a2 * v;
            acc[3][j] += a3 * v;
        }
    }
    for (int r = 0; r < TILE_ROWS; r++)
        for (int j = 0; j < TILE_COLUMNS; j++) c[r * ldc + j] = acc[r][j];
}

/// What is left at the right and bottom edges.
INLINE void edge(
    float *restrict c, size_t ldc, const float *restrict a, size_t rs, size_t ps, const float *restrict b, size_t ldb, size_t rows,
    size_t columns, size_t inner, int accumulate) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict out = c + r * ldc;
        if (!accumulate) memset(out, 0, columns * sizeof(float));
        for (size_t p = 0; p < inner; p++) {
            float v = a[r * rs + p * ps];
            const float *restrict row = b + p * ldb;
            for (size_t j = 0; j < columns; j++) out[j] += v * row[j];
        }
    }
}

CLONES void ck_product(
    float *restrict c, size_t ldc, const float *restrict a, size_t lda, const float *restrict b, size_t ldb, size_t m, size_t n, size_t k,
    enum ck_triangle triangle, int accumulate) {
    for (size_t i = 0; i < m; i += TILE_ROWS) {
        size_t rows = m - i < TILE_ROWS ? m - i : TILE_ROWS;
        // The rows of a tile share the length of the longest.
        size_t reach = i + rows;
        size_t inner = triangle == CK_LOWER_FACTOR && reach < k ? reach : k;
        size_t columns = triangle == CK_LOWER_RESULT && reach < n ? reach : n;
        size_t j = 0;
        if (rows == TILE_ROWS)
            for (; j < columns && j + TILE_COLUMNS <= n; j += TILE_COLUMNS)
                tile(c + i * ldc + j, ldc, a + i * lda, lda, 1, b + j, ldb, inner, accumulate);
        if (j < columns) edge(c + i * ldc + j, ldc, a + i * lda, lda, 1, b + j, ldb, rows, columns - j, inner, accumulate);
    }
}

CLONES void ck_product_transposed(
    float *restrict c, size_t ldc, const float *restrict a, size_t lda, const float *restrict b, size_t ldb, size_t m, size_t n, size_t k,
    int lower, int accumulate) {
    for (size_t i = 0; i < m; i += TILE_ROWS) {
        size_t rows = m - i < TILE_ROWS ? m - i : TILE_ROWS;
        size_t first = lower ? (i < k ? i : k) : 0;
        size_t inner = k - first;
        const float *restrict left = a + first * lda + i;
        const float *restrict right = b + first * ldb;
        size_t j = 0;
        if (rows == TILE_ROWS)
            for (; j + TILE_COLUMNS <= n; j += TILE_COLUMNS)
                tile(c + i * ldc + j, ldc, left, 1, lda, right + j, ldb, inner, accumulate);
        if (j < n) edge(c + i * ldc + j, ldc, left, 1, lda, right + j, ldb, rows, n - j, inner, accumulate);
    }
}

CLONES void ck_transpose(float *restrict t, size_t ldt, const float *restrict x, size_t ldx, size_t rows, size_t columns) {
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < rows; r++) t[c * ldt + r] = x[r * ldx + c];
}

CLONES void ck_row_product(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t ldw, size_t begin, size_t end,
    int accumulate) {
    // Four rows of w at a time, so that y is read and written once for four multiply-adds.
    if (!accumulate) memset(y + begin, 0, (end - begin) * sizeof(float));
    size_t i = 0;
    for (; i + 4 <= inputs; i += 4) {
        const float *restrict w0 = w + i * ldw, *restrict w1 = w0 + ldw, *restrict w2 = w1 + ldw, *restrict w3 = w2 + ldw;
        float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
        for (size_t o = begin; o < end; o++) y[o] += x0 * w0[o] + x1 * w1[o] + x2 * w2[o] + x3 * w3[o];
    }
    for (; i < inputs; i++)
        for (size_t o = begin; o < end; o++) y[o] += x[i] * w[i * ldw + o];
}

CLONES void ck_row_dots(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t begin, size_t end, int accumulate) {
    for (size_t o = begin; o < end; o++) {
        const float *restrict row = w + o * inputs;
        float sum = 0;
        {
            REDUCTION for (size_t i = 0; i < inputs; i++) sum += x[i] * row[i];
        }
        y[o] = accumulate ? y[o] + sum : sum;
    }
}

CLONES void ck_attend_row(
    float *restrict out, float *restrict scores, const float *restrict q, const float *restrict k, const float *restrict v, size_t ldk,
    size_t count, size_t width, float scale) {
    for (size_t j = 0; j < count; j++) {
        const float *restrict row = k + j * ldk;
        float sum = 0;
        {
            REDUCTION for (size_t d = 0; d < width; d++) sum += q[d] * row[d];
        }
        scores[j] = sum;
    }
    ck_softmax(scores, scale, count);
    for (size_t d = 0; d < width; d++) out[d] = 0;
    for (size_t j = 0; j < count; j++) {
        const float *restrict row = v + j * ldk;
        float p = scores[j];
        for (size_t d = 0; d < width; d++) out[d] += p * row[d];
    }
}
