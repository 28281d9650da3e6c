// What becomes of logits; a block is a row of V, which it reads twice at most.

/// Fours of columns that a thread has asked for before it looks at the first of them.
#define LOGITS_AHEAD 4
/// The least finite number: what is taken from logits before the exponential is never less, so that −∞ counts as 0.
#define LEAST (-3.402823466e38f)
#define LOSS_KERNEL KERNEL __launch_bounds__(1024)

/// x[u] = columns start + u · step to start + u · step + 3; −∞ beyond the row.
__device__ __forceinline__ void read_logits(
    float (&x)[LOGITS_AHEAD][4], const float *row, int start, int step, int count, bool wide) {
#pragma unroll
    for (int u = 0; u < LOGITS_AHEAD; u++) read_four(x[u], row, start + u * step, count, wide, -INFINITE);
}

/// The largest logit of a row and where it is first, of all threads of a block together; they begin with their own.
__device__ __forceinline__ void share_largest(float &top, int &best) {
    __shared__ float tops[32];
    __shared__ int places[32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    for (int step = 0; step < 2; step++) {
        for (int other = 16; other > 0; other >>= 1) {
            float their_top = __shfl_xor_sync(WHOLE_WARP, top, other);
            int their_best = __shfl_xor_sync(WHOLE_WARP, best, other);
            if (their_top > top || (their_top == top && their_best < best)) {
                top = their_top;
                best = their_best;
            }
        }
        if (step == 1) break;
        __syncthreads();
        if (lane == 0) {
            tops[warp] = top;
            places[warp] = best;
        }
        __syncthreads();
        top = lane < warps ? tops[lane] : -INFINITE;
        best = lane < warps ? places[lane] : 0x7fffffff;
    }
    if (best == 0x7fffffff) best = 0;
}

/// The largest logit of a row, where it is first, and Σ exp(logits − largest). Each thread sums from the largest that
/// it has met so far, and changes the sum when a larger one comes.
__device__ __forceinline__ void look_at_row(
    const float *row, int count, float &top, int &best, float &total) {
    bool wide = is_wide(row, 4);
    __shared__ float slots[32];
    float x[LOGITS_AHEAD][4];
    top = -INFINITE;
    best = 0x7fffffff;
    total = 0;
    int step = 4 * blockDim.x;
    for (int start = 4 * threadIdx.x; start < count; start += LOGITS_AHEAD * step) {
        read_logits(x, row, start, step, count, wide);
#pragma unroll
        for (int u = 0; u < LOGITS_AHEAD; u++) {
            // What is not a number is never the largest.
            float high = fmaxf(fmaxf(x[u][0], x[u][1]), fmaxf(x[u][2], x[u][3]));
            if (high > top) {
                int first = x[u][0] == high ? 0 : x[u][1] == high ? 1 : x[u][2] == high ? 2 : 3;
                total *= expf(fmaxf(top, LEAST) - high);
                top = high;
                best = start + u * step + first;
            }
            for (int j = 0; j < 4; j++) total += expf(x[u][j] - fmaxf(top, LEAST));
        }
    }
    float own = fmaxf(top, LEAST);
    share_largest(top, best);
    total = block_sum(total * expf(own - fmaxf(top, LEAST)), slots);
}

/// loss = log Σ exp(logits) − logits[label] and the largest logit's place, of rows of V that lie `stride` apart. If
/// `scale` is not 0 the gradient scale · (softmax − onehot) takes the row's place, or is written to `gradient` in
/// bfloat16; its columns from V to the stride are 0, whatever is there before.
LOSS_KERNEL cross_entropy(
    float *logits, u16 *gradient, float *losses, int *predictions, const int *__restrict__ labels, float scale,
    int vocabulary, int stride) {
    long long at = (long long)blockIdx.x * stride;
    float *row = logits + at, x[LOGITS_AHEAD][4], top, total;
    bool wide = is_wide(row, 4);  // the gradient lies as the row does
    int label = labels[blockIdx.x], best;
    float target = row[label];
    look_at_row(row, vocabulary, top, best, total);
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = logf(total) + top - target;
        predictions[blockIdx.x] = best;
    }
    if (scale == 0) return;
    float rate = scale / total, least = fmaxf(top, LEAST);
    // From the end, of which most is still in the caches.
    int step = 4 * blockDim.x, all = LOGITS_AHEAD * step;
    for (int start = (stride - 1) / all * all + 4 * threadIdx.x; start >= 0; start -= all) {
        read_logits(x, row, start, step, vocabulary, wide);
#pragma unroll
        for (int u = 0; u < LOGITS_AHEAD; u++) {
            int c = start + u * step;
            for (int j = 0; j < 4; j++) x[u][j] = expf(x[u][j] - least) * rate;
            if (c <= label && label < c + 4)
                for (int j = 0; j < 4; j++) x[u][j] -= c + j == label ? scale : 0;
            if (c + 4 > vocabulary)
                for (int j = 0; j < 4; j++) x[u][j] = c + j < vocabulary ? x[u][j] : 0;
            if (gradient)
                write_four(gradient + at, c, stride, wide, x[u]);
            else
                write_four(row, c, stride, wide, x[u]);
        }
    }
}

/// The most probable token of each row, the lowest at a tie, and its probability.
LOSS_KERNEL most_probable(int *tokens, float *probabilities, const float *__restrict__ logits, int vocabulary) {
    const float *row = logits + (long long)blockIdx.x * vocabulary;
    float top, total;
    int best;
    look_at_row(row, vocabulary, top, best, total);
    if (threadIdx.x == 0) {
        tokens[blockIdx.x] = best;
        probabilities[blockIdx.x] = expf(row[best] - top) / total;
    }
}

/// The probability of each row's token.
LOSS_KERNEL probability_of(
    float *probabilities, const float *__restrict__ logits, const int *__restrict__ tokens, int vocabulary) {
    const float *row = logits + (long long)blockIdx.x * vocabulary;
    float top, total;
    int best;
    look_at_row(row, vocabulary, top, best, total);
    if (threadIdx.x == 0) probabilities[blockIdx.x] = expf(row[tokens[blockIdx.x]] - top) / total;
}

/// The first columns of rows that lie `stride` apart; a block is a row.
KERNEL drop_padding(float *__restrict__ y, const float *__restrict__ x, int columns, int stride) {
    const float *from = x + (long long)blockIdx.x * stride;
    float *to = y + (long long)blockIdx.x * columns;
#pragma unroll 4
    for (int c = threadIdx.x; c < columns; c += blockDim.x) to[c] = from[c];
}
