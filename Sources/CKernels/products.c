#include "CKernels.h"
#include "vector.h"

// C = A·B for the sizes that OpenBLAS is not made for: whole layers up to a width of some hundreds, and the heads of an
// attention. A micro-kernel keeps a tile of C (some rows × one or two vectors) in registers over a block of the inner
// length. The columns of B that it meets are first packed side by side (Goto & van de Geijn 2008), which is also where a
// transposed B is turned; A is small enough to be read where it lies.

#define INNER_BLOCK 256  /* with one vector a row of the panel: 16 KB, half of a first-level cache */
#define ROW_BLOCK 384    /* rows of A that stay in the second-level cache while the panels go by */
#define MOST_ROWS 8
#define MOST_VECTORS 2

/// One tile of `rows` ≤ R rows and `columns` ≤ 16·V columns. A's element (row r, inner p) is a[r · rs + p · ps].
INLINE void tile(
    float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const float *a, size_t rs, size_t ps, const float *panel,
    size_t inner, size_t rows, size_t columns, const int R, const int V) {
    floats acc[MOST_ROWS][MOST_VECTORS];
    const float *row[MOST_ROWS];
    // Rows beyond the edge are computed from the first one and thrown away.
    for (int r = 0; r < R; r++) row[r] = a + ((size_t)r < rows ? (size_t)r : 0) * rs;
    for (int r = 0; r < R; r++)
        for (int v = 0; v < V; v++) acc[r][v] = all(0);
    for (size_t p = 0; p < inner; p++) {
        floats b[MOST_VECTORS];
        for (int v = 0; v < V; v++) b[v] = load(panel + (p * V + v) * LANES);
        for (int r = 0; r < R; r++)
            for (int v = 0; v < V; v++) acc[r][v] += row[r][p * ps] * b[v];
    }
    for (int r = 0; r < R; r++) {
        if ((size_t)r >= rows) break;
        for (int v = 0; v < V; v++) {
            float *out = c + r * ldc + v * LANES;
            if ((size_t)(v + 1) * LANES <= columns) {
                if (add) acc[r][v] += load(add + r * ldadd + v * LANES);
                if (bias) acc[r][v] += load(bias + v * LANES);
                store(out, acc[r][v]);
            } else {
                float lanes[LANES];
                store(lanes, acc[r][v]);
                for (size_t j = 0; v * LANES + j < columns; j++)
                    out[j] = lanes[j] + (add ? add[r * ldadd + v * LANES + j] : 0) + (bias ? bias[v * LANES + j] : 0);
            }
        }
    }
}

typedef float eight __attribute__((ext_vector_type(8), aligned(4)));

INLINE void transpose_eight(float *t, size_t ldt, const float *x, size_t ldx) {
    eight r[8], s[8];
    for (int i = 0; i < 8; i++) memcpy(&r[i], x + i * ldx, sizeof r[i]);
    for (int i = 0; i < 8; i += 2) {
        s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + j] = __builtin_shufflevector(s[i + j], s[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            r[i + j + 2] = __builtin_shufflevector(s[i + j], s[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; i++) {
        eight low = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        eight high = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        memcpy(t + i * ldt, &low, sizeof low);
        memcpy(t + (i + 4) * ldt, &high, sizeof high);
    }
}

/// panel[p][j] = B's element (p, j), zero beyond its columns; `width` floats a row.
INLINE void pack(float *panel, const float *b, size_t ldb, int transposed, size_t inner, size_t columns, const size_t width) {
    if (!transposed) {
        for (size_t p = 0; p < inner; p++) {
            if (columns == width) {
                for (size_t j = 0; j < width; j += LANES) store(panel + p * width + j, load(b + p * ldb + j));
            } else {
                for (size_t j = 0; j < width; j++) panel[p * width + j] = j < columns ? b[p * ldb + j] : 0;
            }
        }
        return;
    }
    size_t j = 0;
    for (; j + 8 <= columns; j += 8) {
        size_t p = 0;
        for (; p + 8 <= inner; p += 8) transpose_eight(panel + p * width + j, width, b + j * ldb + p, ldb);
        for (; p < inner; p++)
            for (size_t q = j; q < j + 8; q++) panel[p * width + q] = b[q * ldb + p];
    }
    for (; j < width; j++)
        for (size_t p = 0; p < inner; p++) panel[p * width + j] = j < columns ? b[j * ldb + p] : 0;
}

/// The whole product with tiles of R rows and V vectors, a tile's inner length at most `block`.
INLINE void product(
    float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add, size_t ldadd, const float *bias,
    enum ck_triangle triangle, const int R, const int V, const size_t block) {
    float panel[INNER_BLOCK * LANES] __attribute__((aligned(64)));
    const size_t width = (size_t)V * LANES;
    const size_t rs = a.transposed ? 1 : a.stride, ps = a.transposed ? a.stride : 1;
    size_t p0 = 0;
    do {
        size_t inner = k - p0 < block ? k - p0 : block;
        for (size_t i0 = 0; i0 < m; i0 += ROW_BLOCK) {
            size_t end = m - i0 < ROW_BLOCK ? m : i0 + ROW_BLOCK;
            for (size_t j = 0; j < n; j += width) {
                // No row of this block reaches column j of a triangular result.
                if (triangle == CK_LOWER_RESULT && j >= end) break;
                size_t columns = n - j < width ? n - j : width;
                pack(panel, b.transposed ? b.values + j * b.stride + p0 : b.values + p0 * b.stride + j, b.stride, b.transposed, inner, columns, width);
                for (size_t i = i0; i < end; i += R) {
                    size_t rows = end - i < (size_t)R ? end - i : (size_t)R;
                    // The rows of a tile share the inner range of the longest.
                    size_t first = 0, last = inner;
                    if (triangle == CK_LOWER_RESULT && j >= i + rows) continue;
                    if (triangle == CK_LOWER_FACTOR) last = i + rows <= p0 ? 0 : (i + rows - p0 < inner ? i + rows - p0 : inner);
                    if (triangle == CK_UPPER_FACTOR) first = i <= p0 ? 0 : (i - p0 < inner ? i - p0 : inner);
                    float *out = c + i * ldc + j;
                    tile(
                        out, ldc, p0 > 0 ? out : (add ? add + i * ldadd + j : add), p0 > 0 ? ldc : ldadd, p0 > 0 || !bias ? 0 : bias + j,
                        a.values + i * rs + (p0 + first) * ps, rs, ps, panel + first * width, last - first, rows, columns, R, V);
                }
            }
        }
        p0 += block;
    } while (p0 < k);
}

#define PARAMETERS                                                                                                                 \
    float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add, size_t ldadd, const float *bias, \
        enum ck_triangle triangle
#define ARGUMENTS c, ldc, a, b, m, n, k, add, ldadd, bias, triangle

#if defined(__x86_64__)
// 32 registers of 16 floats: 8 × 32 tiles; for narrow results 8 × 16.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void product_v4(PARAMETERS) {
    if (n <= LANES || triangle != CK_FULL) product(ARGUMENTS, 8, 1, INNER_BLOCK);
    else product(ARGUMENTS, 8, 2, INNER_BLOCK / 2);
}

// 16 registers of 8 floats: 6 × 16 tiles.
__attribute__((target("arch=x86-64-v3"))) static void product_v3(PARAMETERS) { product(ARGUMENTS, 6, 1, INNER_BLOCK); }

static void product_baseline(PARAMETERS) { product(ARGUMENTS, 2, 1, INNER_BLOCK); }

void ck_product(PARAMETERS) {
    if (__builtin_cpu_supports("x86-64-v4")) product_v4(ARGUMENTS);
    else if (__builtin_cpu_supports("x86-64-v3")) product_v3(ARGUMENTS);
    else product_baseline(ARGUMENTS);
}
#else
// arm64: 32 registers of 4 floats.
void ck_product(PARAMETERS) { product(ARGUMENTS, 6, 1, INNER_BLOCK); }
#endif
