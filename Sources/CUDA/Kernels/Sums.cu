// Sums over rows, added to what is there: a block owns 32 columns, and each of its 16 warps every sixteenth row; the
// warps' sums are added in their order.

#define SUM_WARPS 16

/// What a row adds to each column, by the kind of sum.
struct PlainRows {
    const float *x;
    int columns;
    __device__ float operator()(int row, int column) const { return x[(long long)row * columns + column]; }
};

/// dy · x̂, with x̂ = (x − mean) · rstd, or x · rstd where there is no mean.
struct NormalisedRows {
    const float *dy, *x, *mean, *rstd;
    int columns;
    __device__ float operator()(int row, int column) const {
        long long at = (long long)row * columns + column;
        return dy[at] * (x[at] - (mean ? mean[row] : 0)) * rstd[row];
    }
};

template <class Rows> __device__ __forceinline__ void add_rows_up(float *sums, Rows rows, int count, int columns) {
    __shared__ float part[SUM_WARPS][32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, column = blockIdx.x * 32 + lane;
    float own = 0;
    if (column < columns)
        for (int row = warp; row < count; row += SUM_WARPS) own += rows(row, column);
    part[warp][lane] = own;
    __syncthreads();
    if (warp == 0 && column < columns) {
        float total = 0;
        for (int w = 0; w < SUM_WARPS; w++) total += part[w][lane];
        sums[column] += total;
    }
}

/// sums[c] += Σ_n x[n][c], x (count, columns).
KERNEL column_sums(float *sums, const float *__restrict__ x, int count, int columns) {
    add_rows_up(sums, PlainRows{x, columns}, count, columns);
}

/// sums[c] += Σ_n dy[n][c] · x̂[n][c]; mean 0 for root-mean-square normalisation.
KERNEL gain_sums(
    float *sums, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, int count, int columns) {
    add_rows_up(sums, NormalisedRows{dy, x, mean, rstd, columns}, count, columns);
}
