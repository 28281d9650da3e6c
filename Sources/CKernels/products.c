#include "CKernels.h"
#include "vector.h"

// C = A·B for the sizes that OpenBLAS is not made for: whole layers up to a width of some hundreds, and the heads of an
// attention. A micro-kernel keeps a tile of C (some rows × one or two vectors) in registers over a block of the inner
// length. The columns of B that it meets are first packed side by side (Goto & van de Geijn 2008), which is also where
// a transposed B is turned; A is mostly read where it lies.

#define INNER_BLOCK 256  /* with one vector a row of the panel: 16 KB, half of a first-level cache */
#define ROW_BLOCK 384    /* rows of A that stay in the second-level cache while the panels go by */
#define PACKED_ROWS 96   /* rows of a transposed A that are laid side by side: with an inner block 96 KB of stack */
#define MOST_ROWS 8
#define MOST_VECTORS 2

/// One tile of `rows` ≤ R rows and `columns` ≤ 16·V columns, all of them if `isWhole`. A's element (row r, inner p) is
/// a[r · rs + p · ps].
INLINE void tile(
    float *c, size_t ldc, const float *add, size_t ldadd, const float *bias, const float *a, size_t rs, size_t ps,
    const float *panel,
    size_t inner, size_t rows, size_t columns, const int R, const int V, const int isWhole) {
    floats acc[MOST_ROWS][MOST_VECTORS];
    const float *row[MOST_ROWS];
    UNROLLED for (int r = 0; r < R; r++) {
        // Rows beyond the edge are computed from the first one and thrown away.
        row[r] = a + (isWhole || (size_t)r < rows ? (size_t)r : 0) * rs;
        UNROLLED for (int v = 0; v < V; v++) acc[r][v] = all(0);
    }
    // A tile's rows of C lie on as many pages, where no hardware looks ahead; asked for now, they are here at the end.
    UNROLLED for (int r = 0; r < R; r++)
        UNROLLED for (int v = 0; v < V; v++)
            __builtin_prefetch(c + (isWhole || (size_t)r < rows ? (size_t)r : 0) * ldc + v * LANES, 1);
    for (size_t p = 0; p < inner; p++) {
        // So do the steps of a transposed A.
        if (ps > MOST_ROWS) __builtin_prefetch(row[0] + (p + 32) * ps);
        floats b[MOST_VECTORS];
        UNROLLED for (int v = 0; v < V; v++) b[v] = load(panel + (p * V + v) * LANES);
        UNROLLED for (int r = 0; r < R; r++) {
            float x = row[r][p * ps];
            UNROLLED for (int v = 0; v < V; v++) acc[r][v] += x * b[v];
        }
    }
    if (isWhole) {
        UNROLLED for (int r = 0; r < R; r++)
            UNROLLED for (int v = 0; v < V; v++) {
                floats sum = acc[r][v];
                if (add) sum += load(add + r * ldadd + v * LANES);
                if (bias) sum += load(bias + v * LANES);
                store(c + r * ldc + v * LANES, sum);
            }
        return;
    }
    float edge[MOST_ROWS][MOST_VECTORS * LANES];
    UNROLLED for (int r = 0; r < R; r++)
        UNROLLED for (int v = 0; v < V; v++) store(edge[r] + v * LANES, acc[r][v]);
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < columns; j++)
            c[r * ldc + j] = edge[r][j] + (add ? add[r * ldadd + j] : 0) + (bias ? bias[j] : 0);
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
INLINE void pack(float *panel, const float *b, size_t ldb, int transposed, size_t inner, size_t columns,
    const size_t width) {
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

/// left[p · R + r] = A's element (i + r, p) for `rows` ≤ R rows of a transposed A.
INLINE void pack_transposed(float *left, const float *a, size_t stride, size_t inner, size_t rows, const int R) {
    for (size_t p = 0; p < inner; p++) {
        __builtin_prefetch(a + (p + 16) * stride);
        if (rows == (size_t)R) memcpy(left + p * R, a + p * stride, R * sizeof(float));
        else for (size_t r = 0; r < rows; r++) left[p * R + r] = a[p * stride + r];
    }
}

/// The whole product with tiles of R rows and V vectors, a tile's inner length at most `block`. If `packsLeft`, A is
/// transposed and its rows are laid side by side too, which pays when many panels meet them: read where they lie, the
/// steps of a matrix as wide as a power of two fall into the same few cache sets.
INLINE void product(
    float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add, size_t ldadd,
    const float *bias,
    enum ck_triangle triangle, const int R, const int V, const size_t block, const int packsLeft) {
    float panel[INNER_BLOCK * LANES] __attribute__((aligned(64)));
    float packed[packsLeft ? PACKED_ROWS * INNER_BLOCK : 1] __attribute__((aligned(64)));
    const size_t width = (size_t)V * LANES, height = packsLeft ? PACKED_ROWS : ROW_BLOCK;
    const size_t rs = a.transposed ? 1 : a.stride, ps = a.transposed ? a.stride : 1;
    size_t p0 = 0;
    do {
        size_t inner = k - p0 < block ? k - p0 : block;
        for (size_t i0 = 0; i0 < m; i0 += height) {
            size_t end = m - i0 < height ? m : i0 + height;
            if (packsLeft)
                for (size_t i = i0; i < end; i += R)
                    pack_transposed(packed + (i - i0) * block, a.values + i + p0 * ps, ps, inner,
                        end - i < (size_t)R ? end - i : (size_t)R, R);
            for (size_t j = 0; j < n; j += width) {
                // No row of this block reaches column j of a triangular result.
                if (triangle == CK_LOWER_RESULT && j >= end) break;
                size_t columns = n - j < width ? n - j : width;
                pack(panel, b.transposed ? b.values + j * b.stride + p0 : b.values + p0 * b.stride + j, b.stride,
                    b.transposed, inner, columns, width);
                for (size_t i = i0; i < end; i += R) {
                    size_t rows = end - i < (size_t)R ? end - i : (size_t)R;
                    // The rows of a tile share the inner range of the longest.
                    size_t first = 0, last = inner;
                    if (triangle == CK_LOWER_RESULT && j >= i + rows) continue;
                    if (triangle == CK_LOWER_FACTOR)
                        last = i + rows <= p0 ? 0 : (i + rows - p0 < inner ? i + rows - p0 : inner);
                    if (triangle == CK_UPPER_FACTOR) first = i <= p0 ? 0 : (i - p0 < inner ? i - p0 : inner);
                    float *out = c + i * ldc + j;
                    const float *right = panel + first * width;
                    const float *sum = p0 > 0 ? out : (add ? add + i * ldadd + j : add),
                                *base = p0 > 0 || !bias ? 0 : bias + j;
                    size_t ldsum = p0 > 0 ? ldc : ldadd;
                    int isWhole = rows == (size_t)R && columns == width;
                    if (packsLeft) {
                        const float *left = packed + (i - i0) * block + first * R;
                        if (isWhole) tile(out, ldc, sum, ldsum, base, left, 1, R, right, last - first, rows, columns,
                            R, V, 1);
                        else tile(out, ldc, sum, ldsum, base, left, 1, R, right, last - first, rows, columns, R, V, 0);
                    } else {
                        const float *left = a.values + i * rs + (p0 + first) * ps;
                        if (isWhole) tile(out, ldc, sum, ldsum, base, left, rs, ps, right, last - first, rows,
                            columns, R, V, 1);
                        else tile(out, ldc, sum, ldsum, base, left, rs, ps, right, last - first, rows, columns, R, V,
                            0);
                    }
                }
            }
        }
        p0 += block;
    } while (p0 < k);
}

/// Whether the rows of a transposed A meet enough panels of this width to be laid side by side first.
INLINE int packs_left(ck_factor a, size_t n, size_t width) { return a.transposed && n > 3 * width; }

#define PARAMETERS                                                                                                     \
    float *c, size_t ldc, ck_factor a, ck_factor b, size_t m, size_t n, size_t k, const float *add, size_t ldadd,      \
    const float *bias,                                                                                                 \
        enum ck_triangle triangle
#define ARGUMENTS c, ldc, a, b, m, n, k, add, ldadd, bias, triangle

#if defined(__x86_64__)
// 32 registers of 16 floats: 8 × 32 tiles; for narrow results 8 × 16.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void product_v4(PARAMETERS) {
    // A transposed A is read where it lies: eight of its numbers are half a cache line, and few steps are under way at
    // once.
    if (n <= LANES || triangle != CK_FULL) product(ARGUMENTS, 8, 1, INNER_BLOCK, 0);
    else product(ARGUMENTS, 8, 2, INNER_BLOCK / 2, 0);
}

// 16 registers of 8 floats: 6 × 16 tiles.
__attribute__((target("arch=x86-64-v3"))) static void product_v3(PARAMETERS) {
    if (packs_left(a, n, LANES)) product(ARGUMENTS, 6, 1, INNER_BLOCK, 1);
    else product(ARGUMENTS, 6, 1, INNER_BLOCK, 0);
}

static void product_baseline(PARAMETERS) { product(ARGUMENTS, 2, 1, INNER_BLOCK, 0); }

int ck_best_level(void) {
    return __builtin_cpu_supports("x86-64-v4") ? 4 : (__builtin_cpu_supports("x86-64-v3") ? 3 : 1);
}

void ck_product_at(int level, PARAMETERS) {
    if (level == 4) product_v4(ARGUMENTS);
    else if (level == 3) product_v3(ARGUMENTS);
    else product_baseline(ARGUMENTS);
}
#else
// arm64: 32 registers of 4 floats, as 6 × 16 tiles.
int ck_best_level(void) { return 1; }

void ck_product_at(int level, PARAMETERS) {
    (void)level;
    if (packs_left(a, n, LANES)) product(ARGUMENTS, 6, 1, INNER_BLOCK, 1);
    else product(ARGUMENTS, 6, 1, INNER_BLOCK, 0);
}
#endif

void ck_product(PARAMETERS) { ck_product_at(ck_best_level(), ARGUMENTS); }
