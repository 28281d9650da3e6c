// The attention of `Attention.cu` by tensor cores, for precisions in which products read rounded factors. All products
// read them in TF32; their sums, softmax and log Σ exp are float32, and so is D.
//
// A warp has 16 rows of its own, queries or keys, and 64 columns of their vectors at most: wider heads have several
// warps for the same rows (`PARTS`), which add up their parts of q·kᵀ. Own rows are kept in registers. The rows that
// they meet come through shared memory, which all warps of a block read, and are multiplied 16 at a time.
//
// Thread 4g + t of a warp has, of a 16 × 8 tile of results, columns 2t and 2t + 1 of rows g and g + 8 (PTX ISA,
// mma.m16n8k8). Which column of the factors is the first of a sum is free if both factors agree on it. So
//   · in a product of rows with rows a thread reads four neighbouring columns at once: the factors of two steps,
//   · in a product of probabilities with rows the results of the first product are the factors of the second as they
//     are: row 2t of the tile takes the place of t, and row 2t + 1 that of t + 4.

// The tests have definitions of their own.
#ifndef TENSOR_CORES
#define TENSOR_CORES

/// x with 10 bits of fraction, to the nearest: TF32.
__device__ __forceinline__ u32 to_tf32(float x) {
    u32 bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
}

/// c (16, 8) += a (16, 8) · b (8, 8), by a whole warp. Thread 4g + t has of a the cells (g, t), (g + 8, t), (g, t + 4)
/// and (g + 8, t + 4), of b (t, g) and (t + 4, g), and of c (g, 2t), (g, 2t + 1), (g + 8, 2t) and (g + 8, 2t + 1).
__device__ __forceinline__ void multiply_add(float *c, const u32 *a, u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Begins to copy one float or four into shared memory, zeros if there is nothing to be copied.
__device__ __forceinline__ void begin_copy_of_one(float *to, const float *from, bool is_there) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
                 :: "r"((u32)__cvta_generic_to_shared(to)), "l"(from), "r"(is_there ? 4 : 0) : "memory");
}
__device__ __forceinline__ void begin_copy_of_four(float *to, const float *from, bool is_there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :: "r"((u32)__cvta_generic_to_shared(to)), "l"(from), "r"(is_there ? 16 : 0) : "memory");
}

/// 2 to the power of x, within 2 units of the last place; 0 where x is −∞.
__device__ __forceinline__ float power_of_two(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

/// Waits for what this thread has begun to copy.
__device__ __forceinline__ void finish_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#endif

/// Powers are of 2 where the formulas have e.
#define LOG2_E 1.4426950408889634f

/// Whether query i sees key j, with a window that is as long as the sequence where there is none.
__device__ __forceinline__ bool looks_at(int i, int j, int window) { return j <= i && j + window > i; }

/// Rows that a warp has, and rows that they meet at once.
#define WARP_ROWS 16

/// How attention is cut for heads of up to that width.
template <int WIDTH> struct Tiling {
    /// Warps for the same rows.
    static constexpr int parts = WIDTH % 64 == 0 ? WIDTH / 64 : WIDTH / 32;
    /// Columns of each.
    static constexpr int columns = WIDTH / parts;
    /// Rows in shared memory at a time, of each of two matrices, which have room for 48 KB with what else is there.
    static constexpr int rows = WIDTH <= 64 ? 80 : WIDTH <= 128 ? 32 : 16;
    /// Tiles of 16 rows of a block at most (`Attention+CUDA.swift`): forwards, and backwards of queries and of keys. A
    /// scheduler has room for so many warps as use its registers, which blocks should fill: two of 255 for keys.
    static constexpr int tiles = 5, query_tiles = parts == 1 ? 4 : 2, key_tiles = WIDTH == 32 ? 4 : 2;
};

/// Which groups of four columns change places in a row in shared memory, so that the 32 threads that read four columns
/// of 8 rows, or one column of 8 in every second row, read from all banks alike.
__device__ __forceinline__ int swapped(int row) { return (row & 6) ^ (row & 1) << 2; }

/// Where in 16 rows in shared memory a thread finds what it reads of them.
template <int WIDTH> struct Reading {
    /// Row g, columns 4t to 4t + 3, of a warp whose first column is a multiple of 32.
    int row;
    /// Row 2t, column g.
    int column;

    __device__ __forceinline__ Reading(int first) {
        int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
        row = g * WIDTH + first + (4 * t ^ swapped(g) << 2);
        column = 2 * t * WIDTH + first + g + (swapped(2 * t) << 2);
    }
};

/// Begins to copy `count` rows of a head's vectors, from row `first` of the sequence on; zeros beyond the sequence and
/// the width.
template <int WIDTH>
__device__ __forceinline__ void begin_copy(
    float *rows, const float *__restrict__ base, int stride, int first, int count, int length, int width, bool wide) {
#pragma unroll 1
    for (int i = threadIdx.x; i < count * (WIDTH / 4); i += blockDim.x) {
        int row = i / (WIDTH / 4), column = (i % (WIDTH / 4) ^ swapped(row)) * 4;
        const float *from = base;
        int there = first + row < length ? width - column : 0;
        if (there > 0) from += (long long)(first + row) * stride + column;
        if (wide) begin_copy_of_four(rows + 4 * i, from, there > 0);
        else
            for (int c = 0; c < 4; c++) begin_copy_of_one(rows + 4 * i + c, c < there ? from + c : base, c < there);
    }
}

/// Rounds to TF32 what this thread has copied, once for all warps that read it.
template <int WIDTH> __device__ __forceinline__ void round_copies(float *rows, int count) {
#pragma unroll 1
    for (int i = threadIdx.x; i < count * (WIDTH / 4); i += blockDim.x) {
        float4 x = *(float4 *)(rows + 4 * i);
        *(uint4 *)(rows + 4 * i) = uint4{to_tf32(x.x), to_tf32(x.y), to_tf32(x.z), to_tf32(x.w)};
    }
}

/// Begins to copy what is in shared memory at a time of two matrices, from row `first` on, to row `end` at most.
/// Returns the number of rows, in tiles of 16.
template <int WIDTH>
__device__ __forceinline__ int begin_copies(
    float *a, const float *__restrict__ a_base, int a_stride, float *b, const float *__restrict__ b_base, int b_stride,
    int first, int end, int length, int width, bool wide) {
    int count = (end - first + WARP_ROWS - 1) / WARP_ROWS * WARP_ROWS;
    count = count < Tiling<WIDTH>::rows ? count : Tiling<WIDTH>::rows;
    begin_copy<WIDTH>(a, a_base, a_stride, first, count, length, width, wide);
    begin_copy<WIDTH>(b, b_base, b_stride, first, count, length, width, wide);
    return count;
}

template <int WIDTH> __device__ __forceinline__ void finish_copies(float *a, float *b, int count) {
    finish_copies();
    round_copies<WIDTH>(a, count);
    round_copies<WIDTH>(b, count);
    __syncthreads();
}

/// A warp's own rows of a matrix, as a thread has them: of rows g and g + 8 four columns in sixteen, from 4t on. All
/// are read before the first is used.
template <int COLUMNS> struct OwnRows {
    float x[COLUMNS / 16][2][4];

    /// - Parameters:
    ///   - row: the thread's first, counted from the start of the sequence, whose first vector of the head is `base`.
    ///   - column: the thread's first.
    __device__ __forceinline__ void read(
        const float *__restrict__ base, int stride, int row, int column, int length, int width, bool wide) {
        if (wide) {
#pragma unroll
            for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
                for (int e = 0; e < 2; e++) {
                    bool is_there = row + 8 * e < length && column + 16 * m < width;
                    long long at = is_there ? (long long)(row + 8 * e) * stride + column + 16 * m : 0;
                    float4 four = *(const float4 *)(base + at);
                    x[m][e][0] = four.x, x[m][e][1] = four.y, x[m][e][2] = four.z, x[m][e][3] = four.w;
                }
        } else {
#pragma unroll
            for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
                for (int e = 0; e < 2; e++)
#pragma unroll
                    for (int c = 0; c < 4; c++) {
                        bool is_there = row + 8 * e < length && column + 16 * m + c < width;
                        x[m][e][c] = is_there ? base[(long long)(row + 8 * e) * stride + column + 16 * m + c] : 0;
                    }
        }
    }

    /// Puts zeros where there is no row or no column.
    __device__ __forceinline__ void clear(int row, int column, int length, int width) {
#pragma unroll
        for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
            for (int e = 0; e < 2; e++)
#pragma unroll
                for (int c = 0; c < 4; c++)
                    if (row + 8 * e >= length || column + 16 * m >= width) x[m][e][c] = 0;
    }

    __device__ __forceinline__ void round(u32 (*a)[4]) const {
#pragma unroll
        for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
            for (int i = 0; i < 8; i++) a[2 * m + i / 4][i % 4] = to_tf32(x[m][i % 2][i / 2]);
    }
};

/// c (16, 16) = the own rows · 16 rows in shared memory, transposed, over a warp's columns.
template <int WIDTH, int COLUMNS>
__device__ __forceinline__ void multiply_rows(
    float (*c)[4], const u32 (*a)[4], const float *rows, const Reading<WIDTH> &reading) {
#pragma unroll
    for (int n = 0; n < 2; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) c[n][e] = 0;
#pragma unroll
    for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
        for (int n = 0; n < 2; n++) {
            float4 b = *(const float4 *)(rows + (reading.row ^ m % 2 * 16) + 8 * n * WIDTH + m / 2 * 32);
            multiply_add(c[n], a[2 * m], __float_as_uint(b.x), __float_as_uint(b.y));
            multiply_add(c[n], a[2 * m + 1], __float_as_uint(b.z), __float_as_uint(b.w));
        }
}

/// sum (16, COLUMNS) += x (16, 16) · 16 rows in shared memory, of which a warp has these columns.
template <int WIDTH, int COLUMNS>
__device__ __forceinline__ void add_product(
    float (*sum)[4], const float (*x)[4], const float *rows, const Reading<WIDTH> &reading) {
#pragma unroll
    for (int k = 0; k < 2; k++) {
        u32 a[4] = {to_tf32(x[k][0]), to_tf32(x[k][2]), to_tf32(x[k][1]), to_tf32(x[k][3])};
#pragma unroll
        for (int n = 0; n < COLUMNS / 8; n++) {
            const float *b = rows + 8 * k * WIDTH + n / 4 * 32;
            float b0 = b[reading.column ^ n % 4 * 8], b1 = b[WIDTH + (reading.column ^ n % 4 * 8 ^ 16)];
            multiply_add(sum[n], a, __float_as_uint(b0), __float_as_uint(b1));
        }
    }
}

/// Where the warps of a block exchange what each has of the same results: COUNT numbers of each thread. They are put, a
/// barrier follows, and they are added; another barrier, before any are put again.
template <int PARTS, int COUNT> struct Exchange {
    float *own, *first;

    __device__ __forceinline__ Exchange(float *slots) {
        int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
        own = slots + warp * COUNT * 32 + lane;
        first = own - warp % PARTS * COUNT * 32;
    }

    /// Puts eight numbers, from number `at` on.
    __device__ __forceinline__ void put(const float (*x)[4], int at) const {
#pragma unroll
        for (int i = 0; i < 8; i++) own[(at + i) * 32] = x[i / 4][i % 4];
    }

    /// Eight sums over the warps of the same rows, in their order.
    __device__ __forceinline__ void add(float (*x)[4], int at) const {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            float sum = 0;
#pragma unroll
            for (int part = 0; part < PARTS; part++) sum += first[(part * COUNT + at + i) * 32];
            x[i / 4][i % 4] = sum;
        }
    }
};

/// Where a query of the 16 from `i` on does not see a key of those from `j` on, the score becomes −∞. Rows are queries,
/// or keys where `is_transposed`.
template <bool is_transposed>
__device__ __forceinline__ void hide(float (*x)[4], int i, int j, int length, int window) {
    if (j + WARP_ROWS - 1 <= i && i + WARP_ROWS <= length && j + window > i + WARP_ROWS - 1) return;
    int row = (threadIdx.x & 31) >> 2, column = 2 * (threadIdx.x & 3);
    i += is_transposed ? column : row;
    j += is_transposed ? row : column;
#pragma unroll
    for (int n = 0; n < 2; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int down = e / 2 * 8, right = 8 * n + e % 2;
            int query = i + (is_transposed ? right : down), key = j + (is_transposed ? down : right);
            if (query >= length || !looks_at(query, key, window)) x[n][e] = -INFINITE;
        }
}

/// The largest and the sum over the four threads of a row.
__device__ __forceinline__ float largest_of_four(float x) {
    x = fmaxf(x, __shfl_xor_sync(WHOLE_WARP, x, 1));
    return fmaxf(x, __shfl_xor_sync(WHOLE_WARP, x, 2));
}
__device__ __forceinline__ float sum_of_four(float x) {
    x += __shfl_xor_sync(WHOLE_WARP, x, 1);
    return x + __shfl_xor_sync(WHOLE_WARP, x, 2);
}

/// Writes row g (e = 0) or g + 8 (e = 1) of results times a factor, with its twin if there is one; `column` is this
/// thread's first.
template <int COLUMNS>
__device__ __forceinline__ void write_row(
    float *row, u16 *twin, const float (*x)[4], int e, float factor, int column, int width, bool wide) {
#pragma unroll
    for (int n = 0; n < COLUMNS / 8; n++) {
        int c = column + 8 * n;
        float2 two = {x[n][2 * e] * factor, x[n][2 * e + 1] * factor};
        if (wide) {
            if (c < width) {
                *(float2 *)(row + c) = two;
                if (twin) *(u32 *)(twin + c) = to_bf16(two.x) | (u32)to_bf16(two.y) << 16;
            }
        } else {
            if (c < width) row[c] = two.x;
            if (c + 1 < width) row[c + 1] = two.y;
            if (twin && c < width) twin[c] = to_bf16(two.x);
            if (twin && c + 1 < width) twin[c + 1] = to_bf16(two.y);
        }
    }
}

template <int WIDTH>
__device__ __forceinline__ void attend_by_tiles(
    float *out, u16 *twin, float *log_sums, const float *__restrict__ query, const float *__restrict__ key,
    const float *__restrict__ value, ATTENTION_SHAPE) {
    constexpr int PARTS = Tiling<WIDTH>::parts, COLUMNS = Tiling<WIDTH>::columns, ROWS = Tiling<WIDTH>::rows;
    __shared__ __align__(16) float k[ROWS * WIDTH], v[ROWS * WIDTH];
    __shared__ float slots[PARTS == 1 ? 1 : PARTS * Tiling<WIDTH>::tiles * 8 * 32];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start;
    int warp = threadIdx.x >> 5, part = warp % PARTS, g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    int block_rows = blockDim.x / (32 * PARTS) * WARP_ROWS, first = blockIdx.x * block_rows;
    if (first >= length) return;
    if (window == 0) window = length;  // which no query looks beyond
    int own = first + warp / PARTS * WARP_ROWS, end = first + block_rows < length ? first + block_rows : length;
    int head = blockIdx.y, key_head = head / (heads / key_heads), column = part * COLUMNS;
    Reading<WIDTH> reading(column);
    Exchange<PARTS, 8> exchange(slots);
    scale *= LOG2_E;
    bool wide = width % 4 == 0 && is_wide(query, query_stride) && is_wide(key, key_stride)
        && is_wide(value, value_stride) && is_wide(out, 0) && is_wide(twin, 0);
    const float *queries = query + (long long)start * query_stride + head * width;
    const float *keys = key + (long long)start * key_stride + key_head * width;
    const float *values = value + (long long)start * value_stride + key_head * width;
    u32 q[COLUMNS / 8][4];
    float o[COLUMNS / 8][4], top[2] = {-INFINITE, -INFINITE}, sum[2] = {0, 0};
#pragma unroll
    for (int n = 0; n < COLUMNS / 8; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) o[n][e] = 0;
    int begin = first + 1 > window ? (first + 1 - window) / WARP_ROWS * WARP_ROWS : 0;
    int count = begin_copies<WIDTH>(
        k, keys, key_stride, v, values, value_stride, begin, end, length, width, wide);
    OwnRows<COLUMNS> own_q;
    own_q.read(queries, query_stride, own + g, column + 4 * t, length, width, wide);
    own_q.clear(own + g, column + 4 * t, length, width);
    own_q.round(q);
#pragma unroll 1
    for (int tile = begin;;) {
        finish_copies<WIDTH>(k, v, count);
#pragma unroll 1
        for (int j0 = 0; j0 < count; j0 += WARP_ROWS) {
            // The same for all warps of the same rows.
            bool counts = tile + j0 <= own + WARP_ROWS - 1 && tile + j0 + WARP_ROWS - 1 + window > own;
            float s[2][4];
            if (PARTS > 1 && j0 > 0) __syncthreads();  // the parts before have been read
            if (counts) {
                multiply_rows<WIDTH, COLUMNS>(s, q, k + j0 * WIDTH, reading);
                if (PARTS > 1) exchange.put(s, 0);
            }
            if (PARTS > 1) __syncthreads();
            if (!counts) continue;
            if (PARTS > 1) exchange.add(s, 0);
            hide<false>(s, own, tile + j0, length, window);
#pragma unroll
            for (int e = 0; e < 2; e++) {
                float *x = s[0] + 2 * e, *y = s[1] + 2 * e;
                float next = largest_of_four(fmaxf(fmaxf(x[0], x[1]), fmaxf(y[0], y[1]))) * scale;
                next = fmaxf(top[e], next);
                // A row that has seen nothing yet, before its window begins, has no largest score.
                float shift = next == -INFINITE ? 0 : next, keep = power_of_two(top[e] - shift);
                top[e] = next;
                sum[e] *= keep;
#pragma unroll
                for (int u = 0; u < 2; u++) {
                    x[u] = power_of_two(x[u] * scale - shift), y[u] = power_of_two(y[u] * scale - shift);
                    sum[e] += x[u] + y[u];
                }
#pragma unroll
                for (int n = 0; n < COLUMNS / 8; n++) o[n][2 * e] *= keep, o[n][2 * e + 1] *= keep;
            }
            if (threshold) {
#pragma unroll
                for (int e = 0; e < 2; e++) {
                    u64 element = ((u64)head * rows + start + own + g + 8 * e) * longest + tile + j0 + 2 * t;
#pragma unroll
                    for (int n = 0; n < 2; n++)
#pragma unroll
                        for (int u = 0; u < 2; u++)
                            s[n][2 * e + u] *= survivor(key_of_mask, element + 8 * n + u, threshold, survivor_scale);
                }
            }
            add_product<WIDTH, COLUMNS>(o, s, v + j0 * WIDTH, reading);
        }
        tile += ROWS;
        if (tile >= end) break;
        __syncthreads();  // the rows have been read
        count = begin_copies<WIDTH>(k, keys, key_stride, v, values, value_stride, tile, end, length, width, wide);
    }
#pragma unroll
    for (int e = 0; e < 2; e++) {
        int i = own + g + 8 * e;
        float total = sum_of_four(sum[e]);
        if (i >= length) continue;
        long long at = (long long)(start + i) * heads * width + head * width;
        write_row<COLUMNS>(out + at, twin ? twin + at : twin, o, e, 1 / total, column + 2 * t, width, wide);
        if (part == 0 && t == 0) log_sums[(long long)head * rows + start + i] = (top[e] + log2f(total)) / LOG2_E;
    }
}

/// dq and D, which the gradients of keys and values need.
template <int WIDTH>
__device__ __forceinline__ void queries_by_tiles(
    float *dquery, u16 *twin, float *dots, const float *__restrict__ dout, const float *__restrict__ out,
    const float *__restrict__ log_sums, const float *__restrict__ query, const float *__restrict__ key,
    const float *__restrict__ value, ATTENTION_SHAPE) {
    constexpr int PARTS = Tiling<WIDTH>::parts, COLUMNS = Tiling<WIDTH>::columns, ROWS = Tiling<WIDTH>::rows;
    __shared__ __align__(16) float k[ROWS * WIDTH], v[ROWS * WIDTH];
    __shared__ float slots[PARTS == 1 ? 1 : PARTS * Tiling<WIDTH>::query_tiles * 16 * 32];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start;
    int warp = threadIdx.x >> 5, part = warp % PARTS, g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    int block_rows = blockDim.x / (32 * PARTS) * WARP_ROWS, first = blockIdx.x * block_rows;
    if (first >= length) return;
    if (window == 0) window = length;  // which no query looks beyond
    int own = first + warp / PARTS * WARP_ROWS, end = first + block_rows < length ? first + block_rows : length;
    int head = blockIdx.y, key_head = head / (heads / key_heads), column = part * COLUMNS;
    Reading<WIDTH> reading(column);
    Exchange<PARTS, 16> exchange(slots);
    float log2_scale = scale * LOG2_E;
    bool wide = width % 4 == 0 && is_wide(query, query_stride) && is_wide(key, key_stride)
        && is_wide(value, value_stride) && is_wide(dout, 0) && is_wide(out, 0) && is_wide(dquery, 0)
        && is_wide(twin, 0);
    const float *queries = query + (long long)start * query_stride + head * width;
    const float *keys = key + (long long)start * key_stride + key_head * width;
    const float *values = value + (long long)start * value_stride + key_head * width;
    const float *gradients = dout + (long long)start * heads * width + head * width;
    const float *outputs = out + (long long)start * heads * width + head * width;
    u32 q[COLUMNS / 8][4], d[COLUMNS / 8][4];
    float dq[COLUMNS / 8][4], log_sum[2] = {0, 0}, total[2] = {0, 0};
#pragma unroll
    for (int n = 0; n < COLUMNS / 8; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) dq[n][e] = 0;
    int begin = first + 1 > window ? (first + 1 - window) / WARP_ROWS * WARP_ROWS : 0;
    int count = begin_copies<WIDTH>(
        k, keys, key_stride, v, values, value_stride, begin, end, length, width, wide);
    OwnRows<COLUMNS> own_q, own_d, own_o;
    own_q.read(queries, query_stride, own + g, column + 4 * t, length, width, wide);
    own_d.read(gradients, heads * width, own + g, column + 4 * t, length, width, wide);
    own_o.read(outputs, heads * width, own + g, column + 4 * t, length, width, wide);
#pragma unroll
    for (int e = 0; e < 2; e++)
        if (own + g + 8 * e < length) log_sum[e] = log_sums[(long long)head * rows + start + own + g + 8 * e] * LOG2_E;
    own_q.clear(own + g, column + 4 * t, length, width);
    own_q.round(q);
    own_d.clear(own + g, column + 4 * t, length, width);
    own_d.round(d);
    own_o.clear(own + g, column + 4 * t, length, width);
#pragma unroll
    for (int e = 0; e < 2; e++) {
#pragma unroll
        for (int m = 0; m < COLUMNS / 16; m++)
#pragma unroll
            for (int c = 0; c < 4; c++) total[e] += own_d.x[m][e][c] * own_o.x[m][e][c];
        total[e] = sum_of_four(total[e]);
    }
    if (PARTS > 1) {
        float x[2][4] = {{total[0], total[1], 0, 0}, {0, 0, 0, 0}};
        exchange.put(x, 0);
        __syncthreads();
        exchange.add(x, 0);
        total[0] = x[0][0], total[1] = x[0][1];
    }
#pragma unroll
    for (int e = 0; e < 2; e++) {
        int i = own + g + 8 * e;
        if (part == 0 && t == 0 && i < length) dots[(long long)head * rows + start + i] = total[e];
    }
#pragma unroll 1
    for (int tile = begin;;) {
        finish_copies<WIDTH>(k, v, count);
#pragma unroll 1
        for (int j0 = 0; j0 < count; j0 += WARP_ROWS) {
            bool counts = tile + j0 <= own + WARP_ROWS - 1 && tile + j0 + WARP_ROWS - 1 + window > own;
            // q·kᵀ, then do·vᵀ
            float x[4][4];
            if (PARTS > 1 && j0 > 0) __syncthreads();  // the parts before have been read
            if (counts) multiply_rows<WIDTH, COLUMNS>(x, q, k + j0 * WIDTH, reading);
            if (PARTS > 1) {
                if (counts) {
                    exchange.put(x, 0);
                    multiply_rows<WIDTH, COLUMNS>(x + 2, d, v + j0 * WIDTH, reading);
                    exchange.put(x + 2, 8);
                }
                __syncthreads();
                if (counts) exchange.add(x, 0);
            }
            if (!counts) continue;
            hide<false>(x, own, tile + j0, length, window);
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int e = 0; e < 4; e++) x[n][e] = power_of_two(x[n][e] * log2_scale - log_sum[e / 2]);
            if (PARTS > 1) exchange.add(x + 2, 8);
            else multiply_rows<WIDTH, COLUMNS>(x + 2, d, v + j0 * WIDTH, reading);
            if (threshold) {
#pragma unroll
                for (int e = 0; e < 2; e++) {
                    u64 element = ((u64)head * rows + start + own + g + 8 * e) * longest + tile + j0 + 2 * t;
#pragma unroll
                    for (int n = 0; n < 2; n++)
#pragma unroll
                        for (int u = 0; u < 2; u++)
                            x[2 + n][2 * e + u] *=
                                survivor(key_of_mask, element + 8 * n + u, threshold, survivor_scale);
                }
            }
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int e = 0; e < 4; e++) x[n][e] *= x[2 + n][e] - total[e / 2];
            add_product<WIDTH, COLUMNS>(dq, x, k + j0 * WIDTH, reading);
        }
        tile += ROWS;
        if (tile >= end) break;
        __syncthreads();  // the rows have been read
        count = begin_copies<WIDTH>(k, keys, key_stride, v, values, value_stride, tile, end, length, width, wide);
    }
#pragma unroll
    for (int e = 0; e < 2; e++) {
        int i = own + g + 8 * e;
        if (i >= length) continue;
        long long at = (long long)(start + i) * query_stride + head * width;
        write_row<COLUMNS>(dquery + at, twin ? twin + at : twin, dq, e, scale, column + 2 * t, width, wide);
    }
}

/// dk and dv. The query heads that share the keys come one after the other.
template <int WIDTH>
__device__ __forceinline__ void keys_by_tiles(
    float *dkey, u16 *key_twin, float *dvalue, u16 *value_twin, const float *__restrict__ dout,
    const float *__restrict__ log_sums, const float *__restrict__ dots, const float *__restrict__ query,
    const float *__restrict__ key, const float *__restrict__ value, ATTENTION_SHAPE) {
    constexpr int PARTS = Tiling<WIDTH>::parts, COLUMNS = Tiling<WIDTH>::columns, ROWS = Tiling<WIDTH>::rows;
    __shared__ __align__(16) float q[ROWS * WIDTH], d[ROWS * WIDTH];
    __shared__ float log_sum[ROWS], total[ROWS];
    __shared__ float slots[PARTS == 1 ? 1 : PARTS * Tiling<WIDTH>::key_tiles * 16 * 32];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start;
    int warp = threadIdx.x >> 5, part = warp % PARTS, g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    int block_rows = blockDim.x / (32 * PARTS) * WARP_ROWS, first = blockIdx.x * block_rows;
    if (first >= length) return;
    if (window == 0) window = length;  // which no query looks beyond
    int own = first + warp / PARTS * WARP_ROWS;
    int key_head = blockIdx.y, group = heads / key_heads, column = part * COLUMNS;
    Reading<WIDTH> reading(column);
    Exchange<PARTS, 16> exchange(slots);
    float log2_scale = scale * LOG2_E;
    bool wide = width % 4 == 0 && is_wide(query, query_stride) && is_wide(key, key_stride)
        && is_wide(value, value_stride) && is_wide(dout, 0) && is_wide(dkey, 0) && is_wide(key_twin, 0)
        && is_wide(dvalue, 0) && is_wide(value_twin, 0);
    u32 k[COLUMNS / 8][4], v[COLUMNS / 8][4];
    float dk[COLUMNS / 8][4], dv[COLUMNS / 8][4];
    // The last query that sees the block's last key is window − 1 further.
    int end = first + block_rows - 1 + window < length ? first + block_rows - 1 + window : length;
    int head = key_head * group, tile = first;
    auto begin = [&] {
        long long at = (long long)head * rows + start + tile;
        int count = begin_copies<WIDTH>(
            q, query + (long long)start * query_stride + head * width, query_stride,
            d, dout + (long long)start * heads * width + head * width, heads * width, tile, end, length, width, wide);
        for (int i = threadIdx.x; i < count; i += blockDim.x) {
            bool is_there = tile + i < length;
            begin_copy_of_one(log_sum + i, is_there ? log_sums + at + i : log_sums, is_there);
            begin_copy_of_one(total + i, is_there ? dots + at + i : dots, is_there);
        }
        return count;
    };
    int count = begin();
    OwnRows<COLUMNS> own_k, own_v;
    own_k.read(
        key + (long long)start * key_stride + key_head * width, key_stride, own + g, column + 4 * t, length, width,
        wide);
    own_v.read(
        value + (long long)start * value_stride + key_head * width, value_stride, own + g, column + 4 * t, length,
        width, wide);
    own_k.clear(own + g, column + 4 * t, length, width);
    own_k.round(k);
    own_v.clear(own + g, column + 4 * t, length, width);
    own_v.round(v);
#pragma unroll
    for (int n = 0; n < COLUMNS / 8; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) dk[n][e] = dv[n][e] = 0;
#pragma unroll 1
    for (;;) {
        finish_copies<WIDTH>(q, d, count);
#pragma unroll 1
        for (int i0 = 0; i0 < count; i0 += WARP_ROWS) {
            bool counts = tile + i0 + WARP_ROWS - 1 >= own && own + WARP_ROWS - 1 + window > tile + i0;
            // k·qᵀ, then v·doᵀ
            float x[4][4];
            if (PARTS > 1 && i0 > 0) __syncthreads();  // the parts before have been read
            if (counts) multiply_rows<WIDTH, COLUMNS>(x, k, q + i0 * WIDTH, reading);
            if (PARTS > 1) {
                if (counts) {
                    exchange.put(x, 0);
                    multiply_rows<WIDTH, COLUMNS>(x + 2, v, d + i0 * WIDTH, reading);
                    exchange.put(x + 2, 8);
                }
                __syncthreads();
                if (counts) exchange.add(x, 0);
            }
            if (!counts) continue;
            hide<true>(x, tile + i0, own, length, window);
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    x[n][e] = power_of_two(x[n][e] * log2_scale - log_sum[i0 + 8 * n + 2 * t + e % 2] * LOG2_E);
            if (PARTS > 1) exchange.add(x + 2, 8);
            else multiply_rows<WIDTH, COLUMNS>(x + 2, v, d + i0 * WIDTH, reading);
#pragma unroll
            for (int n = 0; n < 2; n++)
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    float p = x[n][e], lives = 1;
                    int at = i0 + 8 * n + 2 * t + e % 2;
                    if (threshold) {
                        u64 element =
                            ((u64)head * rows + start + tile + at) * longest + own + g + 8 * (e / 2);
                        lives = survivor(key_of_mask, element, threshold, survivor_scale);
                    }
                    x[n][e] = p * (x[2 + n][e] * lives - total[at]);
                    x[2 + n][e] = p * lives;
                }
            add_product<WIDTH, COLUMNS>(dk, x, q + i0 * WIDTH, reading);
            add_product<WIDTH, COLUMNS>(dv, x + 2, d + i0 * WIDTH, reading);
        }
        tile += ROWS;
        if (tile >= end) {
            tile = first;
            if (++head == (key_head + 1) * group) break;
        }
        __syncthreads();  // the rows have been read
        count = begin();
    }
#pragma unroll
    for (int e = 0; e < 2; e++) {
        int j = own + g + 8 * e;
        if (j >= length) continue;
        long long at = (long long)(start + j) * key_stride + key_head * width;
        write_row<COLUMNS>(dkey + at, key_twin ? key_twin + at : key_twin, dk, e, scale, column + 2 * t, width, wide);
        at = (long long)(start + j) * value_stride + key_head * width;
        write_row<COLUMNS>(
            dvalue + at, value_twin ? value_twin + at : value_twin, dv, e, 1, column + 2 * t, width, wide);
    }
}

/// As many blocks at a time on a multiprocessor as leave each thread that many registers.
#define TILED_KERNEL(WIDTH, TILES, REGISTERS)                                                                          \
    KERNEL __launch_bounds__(                                                                                          \
        32 * Tiling<WIDTH>::parts * Tiling<WIDTH>::TILES,                                                              \
        2048 / REGISTERS / (Tiling<WIDTH>::parts * Tiling<WIDTH>::TILES))

#define TILED_ATTENTION(WIDTH)                                                                                         \
    TILED_KERNEL(WIDTH, tiles, 128) tiled_attention_##WIDTH(                                                           \
        float *out, u16 *twin, float *log_sums, const float *__restrict__ query, const float *__restrict__ key,        \
        const float *__restrict__ value, ATTENTION_SHAPE) {                                                            \
        attend_by_tiles<WIDTH>(out, twin, log_sums, query, key, value, SHAPE);                                         \
    }                                                                                                                  \
    TILED_KERNEL(WIDTH, query_tiles, 168) tiled_attention_queries_##WIDTH(                                             \
        float *dquery, u16 *twin, float *dots, const float *__restrict__ dout, const float *__restrict__ out,          \
        const float *__restrict__ log_sums, const float *__restrict__ query, const float *__restrict__ key,            \
        const float *__restrict__ value, ATTENTION_SHAPE) {                                                            \
        queries_by_tiles<WIDTH>(dquery, twin, dots, dout, out, log_sums, query, key, value, SHAPE);                    \
    }                                                                                                                  \
    TILED_KERNEL(WIDTH, key_tiles, 255) tiled_attention_keys_##WIDTH(                                                  \
        float *dkey, u16 *key_twin, float *dvalue, u16 *value_twin, const float *__restrict__ dout,                    \
        const float *__restrict__ log_sums, const float *__restrict__ dots, const float *__restrict__ query,           \
        const float *__restrict__ key, const float *__restrict__ value, ATTENTION_SHAPE) {                             \
        keys_by_tiles<WIDTH>(                                                                                          \
            dkey, key_twin, dvalue, value_twin, dout, log_sums, dots, query, key, value, SHAPE);                       \
    }
#define TILED_ATTENTION_OF(WIDTH) TILED_ATTENTION(WIDTH)

// One width at a time, as in `Attention.cu`.
#ifdef HEAD_WIDTH
TILED_ATTENTION_OF(HEAD_WIDTH)
#else
TILED_ATTENTION(32)
TILED_ATTENTION(64)
TILED_ATTENTION(96)
TILED_ATTENTION(128)
TILED_ATTENTION(192)
#endif
