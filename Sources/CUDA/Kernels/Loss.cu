// What becomes of logits; a block is a row of V.

/// The largest logit of a row and where it is first, found by all threads of a block together.
__device__ __forceinline__ void find_largest(const float *__restrict__ row, int count, float &top, int &best) {
    __shared__ float tops[32];
    __shared__ int places[32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    top = -INFINITE;
    best = 0x7fffffff;
    // What is not a number is never larger, nor equal.
    for (int i = threadIdx.x; i < count; i += blockDim.x)
        if (row[i] > top || (row[i] == top && i < best)) {
            top = row[i];
            best = i;
        }
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

/// loss = log Σ exp(logits) − logits[label] and the largest logit's place; if `scale` is not 0 the row becomes
/// scale · (softmax − onehot).
KERNEL cross_entropy(
    float *logits, float *losses, int *predictions, const int *__restrict__ labels, float scale, int vocabulary) {
    __shared__ float slots[32];
    float *row = logits + (long long)blockIdx.x * vocabulary;
    int label = labels[blockIdx.x], best;
    float target = row[label], top, total = 0;
    find_largest(row, vocabulary, top, best);
    for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) {
        float e = expf(row[i] - top);
        if (scale != 0) row[i] = e;
        total += e;
    }
    total = block_sum(total, slots);
    if (scale != 0)
        for (int i = threadIdx.x; i < vocabulary; i += blockDim.x)
            row[i] = row[i] * (scale / total) - (i == label ? scale : 0);
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = logf(total) + top - target;
        predictions[blockIdx.x] = best;
    }
}

/// The most probable token of each row, the lowest at a tie, and its probability.
KERNEL most_probable(int *tokens, float *probabilities, const float *__restrict__ logits, int vocabulary) {
    __shared__ float slots[32];
    const float *row = logits + (long long)blockIdx.x * vocabulary;
    float top, total = 0;
    int best;
    find_largest(row, vocabulary, top, best);
    for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) total += expf(row[i] - top);
    total = block_sum(total, slots);
    if (threadIdx.x == 0) {
        tokens[blockIdx.x] = best;
        probabilities[blockIdx.x] = expf(row[best] - top) / total;
    }
}

/// The probability of each row's token.
KERNEL probability_of(
    float *probabilities, const float *__restrict__ logits, const int *__restrict__ tokens, int vocabulary) {
    __shared__ float slots[32];
    const float *row = logits + (long long)blockIdx.x * vocabulary;
    float top, total = 0;
    int best;
    find_largest(row, vocabulary, top, best);
    for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) total += expf(row[i] - top);
    total = block_sum(total, slots);
    if (threadIdx.x == 0) probabilities[blockIdx.x] = expf(row[tokens[blockIdx.x]] - top) / total;
}
