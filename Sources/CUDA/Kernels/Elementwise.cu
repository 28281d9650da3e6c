// Element by element. y may be x where a comment says so. A twin is a copy in bfloat16 of what is written, where
// products will read one; it is null elsewhere.

/// y += x
KERNEL add(float *y, const float *__restrict__ x, long long count) {
    bool wide = is_wide(y, 4) && is_wide(x, 4);
    EACH_SOME(i, some, count) {
        float a[4], b[4];
        read_four(a, y + i, 0, some, wide);
        read_four(b, x + i, 0, some, wide);
        for (int j = 0; j < 4; j++) a[j] += b[j];
        write_four(y + i, 0, some, wide, a);
    }
}

/// y = a + b
KERNEL sum(float *y, const float *__restrict__ a, const float *__restrict__ b, long long count) {
    EACH(i, count) y[i] = a[i] + b[i];
}

/// twin = x, rounded.
KERNEL round_to_twin(u16 *twin, const float *__restrict__ x, long long count) {
    bool wide = is_wide(x, 4);
    EACH_SOME(i, some, count) {
        float v[4];
        read_four(v, x + i, 0, some, wide);
        write_four(twin + i, 0, some, wide, v);
    }
}

/// Dropout of x into y, which may be x.
KERNEL dropout(float *y, u16 *twin, const float *x, u64 key, u32 threshold, float scale, long long count) {
    bool wide = is_wide(y, 4) && is_wide(x, 4);
    EACH_SOME(i, some, count) {
        float v[4];
        read_four(v, x + i, 0, some, wide);
        for (int j = 0; j < 4; j++) v[j] *= survivor(key, i + j, threshold, scale);
        write_four(y + i, 0, some, wide, v);
        if (twin) write_four(twin + i, 0, some, wide, v);
    }
}

/// What follows a product: y = dropout(y + bias) + residual, where there is a bias or a residual. A thread of block
/// (row, part) has four columns.
KERNEL finish_linear(
    float *y, const float *__restrict__ bias, const float *__restrict__ residual, int columns, u64 key, u32 threshold,
    float scale) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    long long at = (long long)blockIdx.x * columns;
    bool wide = is_wide(y, columns);
    float x[4], b[4] = {0, 0, 0, 0}, r[4] = {0, 0, 0, 0};
    read_four(x, y + at, c, columns, wide);
    if (bias) read_four(b, bias, c, columns, is_wide(bias, columns));
    if (residual) read_four(r, residual + at, c, columns, is_wide(residual, columns));
    for (int j = 0; j < 4; j++) x[j] = (x[j] + b[j]) * survivor(key, at + c + j, threshold, scale) + r[j];
    write_four(y + at, c, columns, wide, x);
}

// GELU by the logistic function, ½(1 + tanh u) = σ(2u), or exact with the distribution of the normal.

__device__ __forceinline__ float logistic(float x) { return 1 / (1 + expf(-x)); }

__device__ __forceinline__ float gelu_share(float x, int exact) {
    const float a = 1.5957691216057308f, b = 0.044715f;  // 2 √(2/π)
    return exact ? 0.5f * (1 + erff(x * 0.70710678118654752f)) : logistic(a * (x + b * x * x * x));
}

__device__ __forceinline__ float gelu_slope(float x, int exact) {
    const float a = 1.5957691216057308f, b = 0.044715f;
    float share = gelu_share(x, exact);
    return exact ? share + x * 0.39894228040143268f * expf(-0.5f * x * x)
                 : share + x * share * (1 - share) * a * (1 + 3 * b * x * x);
}

template <class Number>
__device__ __forceinline__ void gelu_of(Number *y, const float *__restrict__ x, int exact, long long count) {
    bool wide = is_wide(y, 4) && is_wide(x, 4);
    EACH_SOME(i, some, count) {
        float v[4];
        read_four(v, x + i, 0, some, wide);
        for (int j = 0; j < 4; j++) v[j] *= gelu_share(v[j], exact);
        write_four(y + i, 0, some, wide, v);
    }
}

KERNEL gelu(float *y, const float *__restrict__ x, int exact, long long count) { gelu_of(y, x, exact, count); }

/// The twin of GELU(x) alone.
KERNEL rounded_gelu(u16 *y, const float *__restrict__ x, int exact, long long count) { gelu_of(y, x, exact, count); }

/// d becomes d · GELU′(x).
KERNEL gelu_backward(float *d, u16 *twin, const float *__restrict__ x, int exact, long long count) {
    bool wide = is_wide(d, 4) && is_wide(x, 4);
    EACH_SOME(i, some, count) {
        float changed[4], v[4];
        read_four(changed, d + i, 0, some, wide);
        read_four(v, x + i, 0, some, wide);
        for (int j = 0; j < 4; j++) changed[j] *= gelu_slope(v[j], exact);
        write_four(d + i, 0, some, wide, changed);
        if (twin) write_four(twin + i, 0, some, wide, changed);
    }
}

/// y = gate · logistic(gate) · up, where x (N, 2F) has the gate's columns, then up's, and y (N, F). A thread of block
/// (row, part) has four columns.
KERNEL swiglu(float *y, u16 *twin, const float *__restrict__ x, int width) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    long long at = (long long)blockIdx.x * width;
    bool wide = is_wide(x, width) && is_wide(y, width);
    float gate[4], up[4];
    read_four(gate, x + 2 * at, c, width, wide);
    read_four(up, x + 2 * at + width, c, width, wide);
    for (int j = 0; j < 4; j++) up[j] *= gate[j] * logistic(gate[j]);
    write_four(y + at, c, width, wide, up);
    if (twin) write_four(twin + at, c, width, wide, up);
}

KERNEL swiglu_backward(
    float *dx, u16 *twin, const float *__restrict__ dy, const float *__restrict__ x, int width) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    long long at = (long long)blockIdx.x * width;
    bool wide = is_wide(x, width) && is_wide(dx, width) && is_wide(dy, width);
    float gate[4], up[4], d[4];
    read_four(gate, x + 2 * at, c, width, wide);
    read_four(up, x + 2 * at + width, c, width, wide);
    read_four(d, dy + at, c, width, wide);
    for (int j = 0; j < 4; j++) {
        float s = logistic(gate[j]), share = d[j] * gate[j] * s;
        gate[j] = d[j] * up[j] * s * (1 + gate[j] * (1 - s));
        up[j] = share;
    }
    write_four(dx + 2 * at, c, width, wide, gate);
    write_four(dx + 2 * at + width, c, width, wide, up);
    if (!twin) return;
    write_four(twin + 2 * at, c, width, wide, gate);
    write_four(twin + 2 * at + width, c, width, wide, up);
}

/// Turns the pairs (x[i], x[i + half]) of each head in place; `sign` −1 turns back. A thread of block (row, part) has a
/// pair, of heads · half.
KERNEL rotate(
    float *x, u16 *twin, const int *__restrict__ positions, const float *__restrict__ cosine,
    const float *__restrict__ sine, int stride, int offset, int heads, int width, int half, float sign) {
    int place = blockIdx.y * blockDim.x + threadIdx.x, head = place / half, pair = place % half;
    if (head >= heads) return;
    long long angle = (long long)positions[blockIdx.x] * half + pair;
    long long at = (long long)blockIdx.x * stride + offset + head * width + pair;
    float a = x[at], b = x[at + half], c = cosine[angle], s = sign * sine[angle];
    x[at] = a * c - b * s;
    x[at + half] = b * c + a * s;
    if (!twin) return;
    twin[at] = to_bf16(a * c - b * s);
    twin[at + half] = to_bf16(b * c + a * s);
}

/// flag = 1 if a number is not finite; it is 0 before.
KERNEL find_not_finite(int *flag, const float *__restrict__ x, long long count) {
    EACH(i, count) if (!(x[i] - x[i] == 0)) *flag = 1;
}
