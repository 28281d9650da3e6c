// Normalisations: a block is a row. A thread has four columns side by side, which it reads once; what a row has beyond
// those of all its threads is read again. Sums over rows (gradients of gains and biases) are in `Sums.cu`.

#define NORM_KERNEL KERNEL __launch_bounds__(512)

/// What a thread reads of a row of x: from memory, but the first four.
struct Row {
    const float *row;
    int columns;
    bool wide;
    float first[4];

    __device__ __forceinline__ Row(const float *x, int columns)
        : row(x + (long long)blockIdx.x * columns), columns(columns), wide(is_wide(x, columns)) {
        read_four(first, row, 4 * threadIdx.x, columns, wide);
    }
    __device__ __forceinline__ void read(float (&x)[4], int c) const {
        if (c >= 4 * (int)blockDim.x)
            read_four(x, row, c, columns, wide);
        else
            for (int j = 0; j < 4; j++) x[j] = first[j];
    }
};

/// y = (x − μ)/√(σ² + ε) · gain + bias; keeps μ and 1/√(σ² + ε) of each row.
NORM_KERNEL layer_norm(
    float *y, u16 *twin, float *mean, float *rstd, const float *__restrict__ x, const float *__restrict__ gain,
    const float *__restrict__ bias, float epsilon, int columns) {
    __shared__ float slots[32];
    Row row(x, columns);
    bool wide = is_wide(y, columns), wide_gain = is_wide(gain, columns), wide_bias = is_wide(bias, columns);
    long long start = (long long)blockIdx.x * columns;
    float v[4], g[4], b[4], total = 0, squares = 0;
    EACH_FOUR(c) {
        row.read(v, c);
        for (int j = 0; j < 4; j++) total += v[j];
    }
    float mu = block_sum(total, slots) / columns;
    // From the mean and not from the mean of squares, which would lose the digits of a row far from zero.
    EACH_FOUR(c) {
        row.read(v, c);
        for (int j = 0; j < 4; j++) squares += c + j < columns ? (v[j] - mu) * (v[j] - mu) : 0;
    }
    float inverse = 1 / sqrtf(block_sum(squares, slots) / columns + epsilon);
    EACH_FOUR(c) {
        row.read(v, c);
        read_four(g, gain, c, columns, wide_gain);
        read_four(b, bias, c, columns, wide_bias);
        for (int j = 0; j < 4; j++) v[j] = (v[j] - mu) * inverse * g[j] + b[j];
        write_four(y + start, c, columns, wide, v);
        if (twin) write_four(twin + start, c, columns, wide, v);
    }
    if (threadIdx.x == 0) {
        mean[blockIdx.x] = mu;
        rstd[blockIdx.x] = inverse;
    }
}

/// y = x / ρ · gain with ρ = √(mean(x²) + ε); keeps 1/ρ of each row.
NORM_KERNEL rms_norm(
    float *y, u16 *twin, float *rrms, const float *__restrict__ x, const float *__restrict__ gain, float epsilon,
    int columns) {
    __shared__ float slots[32];
    Row row(x, columns);
    bool wide = is_wide(y, columns), wide_gain = is_wide(gain, columns);
    long long start = (long long)blockIdx.x * columns;
    float v[4], g[4], squares = 0;
    EACH_FOUR(c) {
        row.read(v, c);
        for (int j = 0; j < 4; j++) squares += v[j] * v[j];
    }
    float inverse = 1 / sqrtf(block_sum(squares, slots) / columns + epsilon);
    EACH_FOUR(c) {
        row.read(v, c);
        read_four(g, gain, c, columns, wide_gain);
        for (int j = 0; j < 4; j++) v[j] = v[j] * inverse * g[j];
        write_four(y + start, c, columns, wide, v);
        if (twin) write_four(twin + start, c, columns, wide, v);
    }
    if (threadIdx.x == 0) rrms[blockIdx.x] = inverse;
}

/// dx = (d̂ − mean(d̂) − x̂ · mean(d̂ · x̂)) · rstd with d̂ = dy · gain and x̂ = (x − mean) · rstd, or dx += that.
/// Where there is no mean (null), neither is that of d̂.
__device__ __forceinline__ void norm_backward(
    float *dx, u16 *twin, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, const float *__restrict__ gain, int columns, int accumulate) {
    __shared__ float2 slots[32];
    Row row(x, columns), gradient(dy, columns);
    bool wide = is_wide(dx, columns), wide_gain = is_wide(gain, columns);
    long long start = (long long)blockIdx.x * columns;
    float mu = mean ? mean[blockIdx.x] : 0, inverse = rstd[blockIdx.x], v[4], d[4], g[4];
    float2 sums = {0, 0};  // of d̂ and of d̂ · x̂; beyond the row d̂ is 0
    EACH_FOUR(c) {
        row.read(v, c);
        gradient.read(d, c);
        read_four(g, gain, c, columns, wide_gain);
        for (int j = 0; j < 4; j++) {
            sums.x += d[j] * g[j];
            sums.y += d[j] * g[j] * (v[j] - mu) * inverse;
        }
    }
    sums = block_sum(sums, slots);
    float total = mean ? sums.x / columns : 0, dot = sums.y / columns;
    EACH_FOUR(c) {
        row.read(v, c);
        gradient.read(d, c);
        read_four(g, gain, c, columns, wide_gain);
        for (int j = 0; j < 4; j++) d[j] = (d[j] * g[j] - total - (v[j] - mu) * inverse * dot) * inverse;
        if (accumulate) {
            read_four(v, dx + start, c, columns, wide);
            for (int j = 0; j < 4; j++) d[j] += v[j];
        }
        write_four(dx + start, c, columns, wide, d);
        if (twin) write_four(twin + start, c, columns, wide, d);
    }
}

NORM_KERNEL layer_norm_backward(
    float *dx, u16 *twin, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, const float *__restrict__ gain, int columns, int accumulate) {
    norm_backward(dx, twin, dy, x, mean, rstd, gain, columns, accumulate);
}

NORM_KERNEL rms_norm_backward(
    float *dx, u16 *twin, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ rrms,
    const float *__restrict__ gain, int columns, int accumulate) {
    norm_backward(dx, twin, dy, x, nullptr, rrms, gain, columns, accumulate);
}
