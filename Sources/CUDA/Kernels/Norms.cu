// Normalisations: a block is a row, its threads share the columns. Sums over rows (gradients of gains and biases) are
// in `Sums.cu`.

/// y = (x − μ)/√(σ² + ε) · gain + bias; keeps μ and 1/√(σ² + ε) of each row.
KERNEL layer_norm(
    float *y, float *mean, float *rstd, const float *__restrict__ x, const float *__restrict__ gain,
    const float *__restrict__ bias, float epsilon, int columns) {
    __shared__ float slots[32];
    const float *row = x + (long long)blockIdx.x * columns;
    float *out = y + (long long)blockIdx.x * columns;
    float total = 0, squares = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) total += row[c];
    float mu = block_sum(total, slots) / columns;
    // From the mean and not from the mean of squares, which would lose the digits of a row far from zero.
    for (int c = threadIdx.x; c < columns; c += blockDim.x) squares += (row[c] - mu) * (row[c] - mu);
    float inverse = 1 / sqrtf(block_sum(squares, slots) / columns + epsilon);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) out[c] = (row[c] - mu) * inverse * gain[c] + bias[c];
    if (threadIdx.x == 0) {
        mean[blockIdx.x] = mu;
        rstd[blockIdx.x] = inverse;
    }
}

/// dx = (d̂ − mean(d̂) − x̂ · mean(d̂ · x̂)) / √(σ² + ε) with d̂ = dy · gain, or dx += that.
KERNEL layer_norm_backward(
    float *dx, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ mean,
    const float *__restrict__ rstd, const float *__restrict__ gain, int columns, int accumulate) {
    __shared__ float slots[32];
    long long at = (long long)blockIdx.x * columns;
    float mu = mean[blockIdx.x], inverse = rstd[blockIdx.x], total = 0, dot = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        float d = dy[at + c] * gain[c];
        total += d;
        dot += d * (x[at + c] - mu) * inverse;
    }
    total = block_sum(total, slots) / columns;
    dot = block_sum(dot, slots) / columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        float hat = (x[at + c] - mu) * inverse, d = (dy[at + c] * gain[c] - total - hat * dot) * inverse;
        dx[at + c] = accumulate ? dx[at + c] + d : d;
    }
}

/// y = x / ρ · gain with ρ = √(mean(x²) + ε); keeps 1/ρ of each row.
KERNEL rms_norm(
    float *y, float *rrms, const float *__restrict__ x, const float *__restrict__ gain, float epsilon, int columns) {
    __shared__ float slots[32];
    const float *row = x + (long long)blockIdx.x * columns;
    float *out = y + (long long)blockIdx.x * columns;
    float squares = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) squares += row[c] * row[c];
    float inverse = 1 / sqrtf(block_sum(squares, slots) / columns + epsilon);
    for (int c = threadIdx.x; c < columns; c += blockDim.x) out[c] = row[c] * inverse * gain[c];
    if (threadIdx.x == 0) rrms[blockIdx.x] = inverse;
}

/// dx = (d̂ − x̂ · mean(d̂ · x̂)) / ρ with d̂ = dy · gain, or dx += that.
KERNEL rms_norm_backward(
    float *dx, const float *__restrict__ dy, const float *__restrict__ x, const float *__restrict__ rrms,
    const float *__restrict__ gain, int columns, int accumulate) {
    __shared__ float slots[32];
    long long at = (long long)blockIdx.x * columns;
    float inverse = rrms[blockIdx.x], dot = 0;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) dot += dy[at + c] * gain[c] * x[at + c] * inverse;
    dot = block_sum(dot, slots) / columns;
    for (int c = threadIdx.x; c < columns; c += blockDim.x) {
        float d = (dy[at + c] * gain[c] - x[at + c] * inverse * dot) * inverse;
        dx[at + c] = accumulate ? dx[at + c] + d : d;
    }
}
