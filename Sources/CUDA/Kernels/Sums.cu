// Sums over rows, added to what is there, in two kernels: one block for each few columns would leave most of a card
// idle. In the first a block has 128 columns and a chunk of the rows: each of its 8 warps takes every eighth row, four
// columns a lane, and the warps' sums are added in their order; that is a part. The second adds the parts in their
// order. How rows are cut depends on their number only, so that equal inputs give equal bits.

#define SUM_WARPS 8
/// Rows that a lane has asked for before it adds the first of them.
#define SUM_AHEAD 4
#define SUM_KERNEL KERNEL __launch_bounds__(32 * SUM_WARPS)

/// The row after the last one of a block's chunk.
__device__ __forceinline__ int chunk_end(int count, int chunk) {
    int end = (blockIdx.y + 1) * chunk;
    return end < count ? end : count;
}

/// parts[chunk][c] = what the warps of a block have found, in their order.
__device__ __forceinline__ void put_part(float *parts, float (*found)[128], const float (&own)[4], int c, int columns) {
    int warp = threadIdx.x >> 5, place = 4 * (threadIdx.x & 31);
    for (int j = 0; j < 4; j++) found[warp][place + j] = own[j];
    __syncthreads();
    if (warp != 0) return;
    float total[4] = {0, 0, 0, 0};
    for (int w = 0; w < SUM_WARPS; w++)
        for (int j = 0; j < 4; j++) total[j] += found[w][place + j];
    write_four(parts + (long long)blockIdx.y * columns, c, columns, is_wide(parts, columns), total);
}

/// parts[chunk][c] = Σ_n x[n][c] over the rows of the chunk, x (count, columns).
SUM_KERNEL column_sums(float *parts, const float *__restrict__ x, int count, int columns, int chunk) {
    __shared__ float found[SUM_WARPS][128];
    int c = blockIdx.x * 128 + 4 * (threadIdx.x & 31), row = blockIdx.y * chunk + (threadIdx.x >> 5);
    int end = chunk_end(count, chunk);
    bool wide = is_wide(x, columns);
    float own[4] = {0, 0, 0, 0}, v[SUM_AHEAD][4];
    for (; row < end; row += SUM_AHEAD * SUM_WARPS) {
#pragma unroll
        for (int u = 0; u < SUM_AHEAD; u++) {
            int r = row + u * SUM_WARPS;
            read_four(v[u], x + (long long)r * columns, c, r < end ? columns : 0, wide);
        }
#pragma unroll
        for (int u = 0; u < SUM_AHEAD; u++)
            for (int j = 0; j < 4; j++) own[j] += v[u][j];
    }
    put_part(parts, found, own, c, columns);
}

/// gain_parts[chunk][c] = Σ_n dy[n][c] · x̂[n][c] with x̂ = (x − mean) · rstd, and bias_parts[chunk][c] = Σ_n dy[n][c],
/// over the rows of the chunk. Root-mean-square normalisation has neither mean nor bias: both are null.
SUM_KERNEL gain_sums(
    float *gain_parts, float *bias_parts, const float *__restrict__ dy, const float *__restrict__ x,
    const float *__restrict__ mean, const float *__restrict__ rstd, int count, int columns, int chunk) {
    __shared__ float gains[SUM_WARPS][128], biases[SUM_WARPS][128];
    int c = blockIdx.x * 128 + 4 * (threadIdx.x & 31), row = blockIdx.y * chunk + (threadIdx.x >> 5);
    int end = chunk_end(count, chunk);
    bool wide = is_wide(x, columns) && is_wide(dy, columns);
    float gain[4] = {0, 0, 0, 0}, bias[4] = {0, 0, 0, 0}, d[SUM_AHEAD][4], v[SUM_AHEAD][4], mu[SUM_AHEAD],
          inverse[SUM_AHEAD];
    for (; row < end; row += SUM_AHEAD * SUM_WARPS) {
#pragma unroll
        for (int u = 0; u < SUM_AHEAD; u++) {
            int r = row + u * SUM_WARPS, own_columns = r < end ? columns : 0;
            read_four(d[u], dy + (long long)r * columns, c, own_columns, wide);
            read_four(v[u], x + (long long)r * columns, c, own_columns, wide);
            mu[u] = mean && r < end ? mean[r] : 0;
            inverse[u] = r < end ? rstd[r] : 0;
        }
#pragma unroll
        for (int u = 0; u < SUM_AHEAD; u++)
            for (int j = 0; j < 4; j++) {
                gain[j] += d[u][j] * (v[u][j] - mu[u]) * inverse[u];
                bias[j] += d[u][j];
            }
    }
    put_part(gain_parts, gains, gain, c, columns);
    if (bias_parts) put_part(bias_parts, biases, bias, c, columns);
}

/// sums[c] += Σ parts[chunk][c]; a second row of blocks does the same with more_sums and more_parts. A block has 32
/// columns, and each of its warps every eighth chunk.
SUM_KERNEL add_chunks(
    float *sums, float *more_sums, const float *__restrict__ parts, const float *__restrict__ more_parts, int chunks,
    int columns) {
    __shared__ float found[SUM_WARPS][32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, c = blockIdx.x * 32 + lane;
    const float *own = blockIdx.y == 0 ? parts : more_parts;
    float *result = blockIdx.y == 0 ? sums : more_sums, total = 0;
    if (c < columns) {
#pragma unroll 4
        for (int k = warp; k < chunks; k += SUM_WARPS) total += own[(long long)k * columns + c];
    }
    found[warp][lane] = total;
    __syncthreads();
    if (warp != 0 || c >= columns) return;
    total = 0;
    for (int w = 0; w < SUM_WARPS; w++) total += found[w][lane];
    result[c] += total;
}
