// Causal attention over ragged sequences, for each head of width w ≤ WIDTH:
//   S = scale · q·kᵀ for keys j ≤ i, and j > i − window if there is a window;  P = softmax(S);  o = dropout(P)·v
// and backwards, with D = Σ_c do·o = rowsum(P ∘ dP):
//   dv = dropout(P)ᵀ·do,  dP = dropout(do·vᵀ),  dS = scale · P ∘ (dP − D),  dq = dS·k,  dk = dSᵀ·q.
// P is never kept: tiles of 16 × 16 come back from S and the row's log Σ exp (Dao et al. 2022).
//
// A block has 128 threads, eight for each of its 16 rows; a thread has two scores of a tile, and of a vector every
// eighth component.

#define TILE 16
#define ATTENTION_THREADS 128

/// Rows first ..< first + 16 of a head's vectors; zeros beyond the sequence and the width.
template <int WIDTH>
__device__ __forceinline__ void load_tile(
    float (*tile)[WIDTH + 4], const float *__restrict__ base, int stride, int first, int length, int width) {
    for (int i = threadIdx.x; i < TILE * WIDTH; i += ATTENTION_THREADS) {
        int row = i / WIDTH, column = i % WIDTH;
        tile[row][column] =
            first + row < length && column < width ? base[(long long)(first + row) * stride + column] : 0;
    }
}

template <int WIDTH> __device__ __forceinline__ float dot(const float *a, const float *b) {
    float sum = 0;
#pragma unroll 8
    for (int c = 0; c < WIDTH; c++) sum += a[c] * b[c];
    return sum;
}

/// The largest and the sum over the eight threads of a row.
__device__ __forceinline__ float row_largest(float x) {
    for (int other = 4; other > 0; other >>= 1) x = fmaxf(x, __shfl_xor_sync(WHOLE_WARP, x, other));
    return x;
}
__device__ __forceinline__ float row_sum(float x) {
    for (int other = 4; other > 0; other >>= 1) x += __shfl_xor_sync(WHOLE_WARP, x, other);
    return x;
}

template <int WIDTH>
__device__ __forceinline__ void attend(
    float *out, float *log_sums, const float *__restrict__ query, const float *__restrict__ key,
    const float *__restrict__ value, ATTENTION_SHAPE) {
    __shared__ float q[TILE][WIDTH + 4], kv[TILE][WIDTH + 4], p[TILE][TILE + 1];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start, first = blockIdx.x * TILE;
    if (first >= length) return;
    int head = blockIdx.y, key_head = head / (heads / key_heads);
    int row = threadIdx.x >> 3, part = threadIdx.x & 7, i = first + row;
    const float *keys = key + (long long)start * key_stride + key_head * width;
    const float *values = value + (long long)start * value_stride + key_head * width;
    load_tile<WIDTH>(q, query + (long long)start * query_stride + head * width, query_stride, first, length, width);
    float o[WIDTH / 8], top = -INFINITE, sum = 0;
    for (int c = 0; c < WIDTH / 8; c++) o[c] = 0;
    int begin = window > 0 && first + 1 > window ? (first + 1 - window) / TILE * TILE : 0;
    for (int tile = begin; tile <= first; tile += TILE) {
        __syncthreads();  // the values of the tile before have been read
        load_tile<WIDTH>(kv, keys, key_stride, tile, length, width);
        __syncthreads();
        float s[2], largest = -INFINITE, own = 0;
        for (int u = 0; u < 2; u++) {
            int j = part + 8 * u;
            s[u] = sees(i, tile + j, window) ? dot<WIDTH>(q[row], kv[j]) * scale : -INFINITE;
            largest = fmaxf(largest, s[u]);
        }
        // A row that has seen nothing yet, before its window begins, has no largest score.
        float next = fmaxf(top, row_largest(largest)), keep = next == top ? 1 : expf(top - next);
        for (int u = 0; u < 2; u++) {
            int j = part + 8 * u;
            float e = s[u] == -INFINITE ? 0 : expf(s[u] - next);
            own += e;
            u64 element = ((u64)head * rows + start + i) * longest + tile + j;
            p[row][j] = e * survivor(key_of_mask, element, threshold, survivor_scale);
        }
        sum = sum * keep + row_sum(own);
        top = next;
        __syncthreads();  // the keys have been read, and all of p is there
        load_tile<WIDTH>(kv, values, value_stride, tile, length, width);
        __syncthreads();
        for (int c = 0; c < WIDTH / 8; c++) o[c] *= keep;
#pragma unroll 4
        for (int j = 0; j < TILE; j++)
            for (int c = 0; c < WIDTH / 8; c++) o[c] += p[row][j] * kv[j][part + 8 * c];
    }
    if (i >= length) return;
    float *result = out + (long long)(start + i) * heads * width + head * width;
    for (int c = 0; c < WIDTH / 8; c++)
        if (part + 8 * c < width) result[part + 8 * c] = o[c] / sum;
    if (part == 0) log_sums[(long long)head * rows + start + i] = top + logf(sum);
}

/// D[h][n] = Σ_c do · o, a warp for each (n, h).
KERNEL attention_dots(
    float *dots, const float *__restrict__ dout, const float *__restrict__ out, int rows, int heads, int width) {
    int lane = threadIdx.x & 31;
    long long task = (long long)blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
    if (task >= (long long)rows * heads) return;
    long long row = task / heads, head = task % heads, at = task * width;
    float sum = 0;
    for (int c = lane; c < width; c += 32) sum += dout[at + c] * out[at + c];
    sum = warp_sum(sum);
    if (lane == 0) dots[head * rows + row] = sum;
}

template <int WIDTH>
__device__ __forceinline__ void attend_backward_queries(
    float *dquery, const float *__restrict__ dout, const float *__restrict__ log_sums, const float *__restrict__ dots,
    const float *__restrict__ query, const float *__restrict__ key, const float *__restrict__ value, ATTENTION_SHAPE) {
    __shared__ float q[TILE][WIDTH + 4], d[TILE][WIDTH + 4], kv[TILE][WIDTH + 4], ds[TILE][TILE + 1];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start, first = blockIdx.x * TILE;
    if (first >= length) return;
    int head = blockIdx.y, key_head = head / (heads / key_heads);
    int row = threadIdx.x >> 3, part = threadIdx.x & 7, i = first + row;
    const float *keys = key + (long long)start * key_stride + key_head * width;
    const float *values = value + (long long)start * value_stride + key_head * width;
    load_tile<WIDTH>(q, query + (long long)start * query_stride + head * width, query_stride, first, length, width);
    load_tile<WIDTH>(
        d, dout + (long long)start * heads * width + head * width, heads * width, first, length, width);
    float log_sum = i < length ? log_sums[(long long)head * rows + start + i] : 0;
    float total = i < length ? dots[(long long)head * rows + start + i] : 0;
    float dq[WIDTH / 8];
    for (int c = 0; c < WIDTH / 8; c++) dq[c] = 0;
    int begin = window > 0 && first + 1 > window ? (first + 1 - window) / TILE * TILE : 0;
    for (int tile = begin; tile <= first; tile += TILE) {
        float dp[2];
        __syncthreads();
        load_tile<WIDTH>(kv, values, value_stride, tile, length, width);
        __syncthreads();
        for (int u = 0; u < 2; u++) dp[u] = dot<WIDTH>(d[row], kv[part + 8 * u]);
        __syncthreads();  // the values have been read
        load_tile<WIDTH>(kv, keys, key_stride, tile, length, width);
        __syncthreads();
        for (int u = 0; u < 2; u++) {
            int j = part + 8 * u;
            float x = 0;
            if (i < length && sees(i, tile + j, window)) {
                float probability = expf(dot<WIDTH>(q[row], kv[j]) * scale - log_sum);
                u64 element = ((u64)head * rows + start + i) * longest + tile + j;
                x = probability * (dp[u] * survivor(key_of_mask, element, threshold, survivor_scale) - total) * scale;
            }
            ds[row][j] = x;
        }
        __syncwarp();  // the eight threads of a row are of one warp
#pragma unroll 4
        for (int j = 0; j < TILE; j++)
            for (int c = 0; c < WIDTH / 8; c++) dq[c] += ds[row][j] * kv[j][part + 8 * c];
        __syncwarp();
    }
    if (i >= length) return;
    float *result = dquery + (long long)(start + i) * query_stride + head * width;
    for (int c = 0; c < WIDTH / 8; c++)
        if (part + 8 * c < width) result[part + 8 * c] = dq[c];
}

/// A block has 16 keys; the query heads that share them and the queries that see them come one after the other.
template <int WIDTH>
__device__ __forceinline__ void attend_backward_keys(
    float *dkey, float *dvalue, const float *__restrict__ dout, const float *__restrict__ log_sums,
    const float *__restrict__ dots, const float *__restrict__ query, const float *__restrict__ key,
    const float *__restrict__ value, ATTENTION_SHAPE) {
    __shared__ float k[TILE][WIDTH + 4], v[TILE][WIDTH + 4], x[TILE][WIDTH + 4], p[TILE][TILE + 1], ds[TILE][TILE + 1];
    int start = offsets[blockIdx.z], length = offsets[blockIdx.z + 1] - start, first = blockIdx.x * TILE;
    if (first >= length) return;
    int key_head = blockIdx.y, group = heads / key_heads;
    int row = threadIdx.x >> 3, part = threadIdx.x & 7, j = first + row;
    load_tile<WIDTH>(k, key + (long long)start * key_stride + key_head * width, key_stride, first, length, width);
    load_tile<WIDTH>(v, value + (long long)start * value_stride + key_head * width, value_stride, first, length, width);
    float dk[WIDTH / 8], dv[WIDTH / 8];
    for (int c = 0; c < WIDTH / 8; c++) dk[c] = dv[c] = 0;
    // Key first + 15 is the last, and the last query that sees it is window − 1 further.
    int end = window > 0 && first + TILE - 1 + window < length ? first + TILE - 1 + window : length;
    for (int head = key_head * group; head < (key_head + 1) * group; head++) {
        const float *queries = query + (long long)start * query_stride + head * width;
        const float *gradients = dout + (long long)start * heads * width + head * width;
        const float *sums = log_sums + (long long)head * rows + start, *totals = dots + (long long)head * rows + start;
        for (int tile = first; tile < end; tile += TILE) {
            float probability[2];
            __syncthreads();
            load_tile<WIDTH>(x, queries, query_stride, tile, length, width);
            __syncthreads();
            for (int u = 0; u < 2; u++) {
                int i = tile + part + 8 * u;
                bool counts = i < length && sees(i, j, window);
                probability[u] = counts ? expf(dot<WIDTH>(x[part + 8 * u], k[row]) * scale - sums[i]) : 0;
            }
            __syncthreads();  // the queries have been read
            load_tile<WIDTH>(x, gradients, heads * width, tile, length, width);
            __syncthreads();
            for (int u = 0; u < 2; u++) {
                int i = tile + part + 8 * u;
                float lives = survivor(
                    key_of_mask, ((u64)head * rows + start + i) * longest + j, threshold, survivor_scale);
                float total = i < length ? totals[i] : 0;
                p[row][part + 8 * u] = probability[u] * lives;
                ds[row][part + 8 * u] =
                    probability[u] * (dot<WIDTH>(x[part + 8 * u], v[row]) * lives - total) * scale;
            }
            __syncwarp();
#pragma unroll 4
            for (int i = 0; i < TILE; i++)
                for (int c = 0; c < WIDTH / 8; c++) dv[c] += p[row][i] * x[i][part + 8 * c];
            __syncthreads();  // the gradients have been read
            load_tile<WIDTH>(x, queries, query_stride, tile, length, width);
            __syncthreads();
#pragma unroll 4
            for (int i = 0; i < TILE; i++)
                for (int c = 0; c < WIDTH / 8; c++) dk[c] += ds[row][i] * x[i][part + 8 * c];
        }
    }
    if (j >= length) return;
    float *key_result = dkey + (long long)(start + j) * key_stride + key_head * width;
    float *value_result = dvalue + (long long)(start + j) * value_stride + key_head * width;
    for (int c = 0; c < WIDTH / 8; c++)
        if (part + 8 * c < width) {
            key_result[part + 8 * c] = dk[c];
            value_result[part + 8 * c] = dv[c];
        }
}

/// Four blocks at a time on a multiprocessor: with as many registers as that leaves, nothing is put into memory.
#define ATTENTION_KERNEL KERNEL __launch_bounds__(ATTENTION_THREADS, 4)

#define ATTENTION(WIDTH)                                                                                               \
    ATTENTION_KERNEL attention_##WIDTH(                                                                                \
        float *out, float *log_sums, const float *__restrict__ query, const float *__restrict__ key,                   \
        const float *__restrict__ value, ATTENTION_SHAPE) {                                                            \
        attend<WIDTH>(out, log_sums, query, key, value, SHAPE);                                                        \
    }                                                                                                                  \
    ATTENTION_KERNEL attention_queries_##WIDTH(                                                                        \
        float *dquery, const float *__restrict__ dout, const float *__restrict__ log_sums,                             \
        const float *__restrict__ dots, const float *__restrict__ query, const float *__restrict__ key,                \
        const float *__restrict__ value, ATTENTION_SHAPE) {                                                            \
        attend_backward_queries<WIDTH>(dquery, dout, log_sums, dots, query, key, value, SHAPE);                        \
    }                                                                                                                  \
    ATTENTION_KERNEL attention_keys_##WIDTH(                                                                           \
        float *dkey, float *dvalue, const float *__restrict__ dout, const float *__restrict__ log_sums,                \
        const float *__restrict__ dots, const float *__restrict__ query, const float *__restrict__ key,                \
        const float *__restrict__ value, ATTENTION_SHAPE) {                                                            \
        attend_backward_keys<WIDTH>(dkey, dvalue, dout, log_sums, dots, query, key, value, SHAPE);                     \
    }
#define ATTENTION_OF(WIDTH) ATTENTION(WIDTH)

// A head has the kernels of the next wider one of these. They take longer to compile than all others, so that a card is
// given only those of the width that is used.
#ifdef HEAD_WIDTH
ATTENTION_OF(HEAD_WIDTH)
#else
ATTENTION(32)
ATTENTION(64)
ATTENTION(96)
ATTENTION(128)
ATTENTION(192)
#endif
