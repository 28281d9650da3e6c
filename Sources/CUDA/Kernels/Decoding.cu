// Attention of new rows over a cache, (sequences, capacity, K·w) each for keys and values.

/// Puts the keys and values of the rows, which lie after the queries, where they belong; count = N · K·w.
KERNEL keep_keys(
    float *keys, float *values, const float *__restrict__ x, const int *__restrict__ sequences,
    const int *__restrict__ slots, int capacity, int stride, int query_width, int key_width, long long count) {
    EACH(i, count) {
        long long row = i / key_width, column = i % key_width;
        long long at = ((long long)sequences[row] * capacity + slots[row]) * key_width + column;
        keys[at] = x[row * stride + query_width + column];
        values[at] = x[row * stride + query_width + key_width + column];
    }
}

/// Block (row, head): scores (rows, heads, capacity) is room for the scores of its keys.
KERNEL cached_attention(
    float *out, float *scores, const float *__restrict__ x, const float *__restrict__ keys,
    const float *__restrict__ values, const int *__restrict__ sequences, const int *__restrict__ slots, int capacity,
    int stride, int heads, int key_heads, int width, int window, float scale) {
    __shared__ float sums[32];
    __shared__ float tops[32];
    int row = blockIdx.x, head = blockIdx.y, lane = threadIdx.x & 31, warp = threadIdx.x >> 5,
        warps = blockDim.x >> 5;
    int slot = slots[row], first = window > 0 && slot + 1 > window ? slot + 1 - window : 0, count = slot + 1 - first;
    long long key_width = (long long)key_heads * width;
    long long base = ((long long)sequences[row] * capacity + first) * key_width + head / (heads / key_heads) * width;
    const float *query = x + (long long)row * stride + head * width;
    float *own = scores + ((long long)row * heads + head) * capacity, top = -INFINITE, total = 0;
    for (int j = warp; j < count; j += warps) {
        float s = 0;
        for (int c = lane; c < width; c += 32) s += query[c] * keys[base + j * key_width + c];
        s = warp_sum(s) * scale;
        if (lane == 0) own[j] = s;
        top = fmaxf(top, s);
    }
    if (lane == 0) tops[warp] = top;
    __syncthreads();
    for (int w = 0; w < warps; w++) top = fmaxf(top, tops[w]);
    for (int j = threadIdx.x; j < count; j += blockDim.x) {
        own[j] = expf(own[j] - top);
        total += own[j];
    }
    total = block_sum(total, sums);
    for (int c = threadIdx.x; c < width; c += blockDim.x) {
        float o = 0;
        for (int j = 0; j < count; j++) o += own[j] * values[base + j * key_width + c];
        out[((long long)row * heads + head) * width + c] = o / total;
    }
}

// Whole patterns, for those who change or read them: (heads, cells), sequence after sequence, a square each.

/// P of one sequence and head, square (T, T), zeros beyond what a query sees; a block is a query.
KERNEL pattern(
    float *patterns, const float *__restrict__ query, const float *__restrict__ key, int start, int length, int group,
    int width, int query_stride, int key_stride, int window, float scale) {
    __shared__ float sums[32];
    __shared__ float tops[32];
    int i = blockIdx.x, head = blockIdx.y, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    float *row = patterns + ((long long)head * length + i) * length;
    const float *q = query + (long long)(start + i) * query_stride + head * width;
    float top = -INFINITE, total = 0;
    for (int j = warp; j < length; j += warps) {
        const float *k = key + (long long)(start + j) * key_stride + head / group * width;
        float s = 0;
        for (int c = lane; c < width; c += 32) s += q[c] * k[c];
        s = window > 0 && j + window <= i ? -INFINITE : j > i ? -INFINITE : warp_sum(s) * scale;
        if (lane == 0) row[j] = s;
        top = fmaxf(top, s);
    }
    if (lane == 0) tops[warp] = top;
    __syncthreads();
    for (int w = 0; w < warps; w++) top = fmaxf(top, tops[w]);
    for (int j = threadIdx.x; j < length; j += blockDim.x) {
        row[j] = expf(row[j] - top);
        total += row[j];
    }
    total = block_sum(total, sums);
    for (int j = threadIdx.x; j < length; j += blockDim.x) row[j] /= total;
}

/// o = P·v of one sequence, for the patterns of all its heads; a block is a query.
KERNEL apply_pattern(
    float *out, const float *__restrict__ patterns, const float *__restrict__ value, int start, int length, int group,
    int heads, int width, int value_stride) {
    int i = blockIdx.x, head = blockIdx.y;
    const float *row = patterns + ((long long)head * length + i) * length;
    for (int c = threadIdx.x; c < width; c += blockDim.x) {
        float o = 0;
        for (int j = 0; j <= i; j++)
            o += row[j] * value[(long long)(start + j) * value_stride + head / group * width + c];
        out[((long long)(start + i) * heads + head) * width + c] = o;
    }
}
