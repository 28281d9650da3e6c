// Norms and AdamW. A block sums its own elements in double precision and leaves one number; one block adds these in
// their order. Norms stay on the device: norms[0] = ‖g‖ of all networks, [1] = what gradients are multiplied by,
// [2] = ‖Δw‖.

/// parts[block] = Σ x² over the block's elements.
KERNEL sum_of_squares(double *parts, const float *__restrict__ x, long long count) {
    __shared__ double slots[32];
    double own = 0;
    EACH(i, count) own += (double)x[i] * x[i];
    own = block_sum(own, slots);
    if (threadIdx.x == 0) parts[blockIdx.x] = own;
}

/// result = Σ parts, or its root.
KERNEL add_parts(double *result, const double *__restrict__ parts, int count, int takes_root) {
    __shared__ double slots[32];
    double own = 0;
    for (int i = threadIdx.x; i < count; i += blockDim.x) own += parts[i];
    own = block_sum(own, slots);
    if (threadIdx.x == 0) *result = takes_root ? sqrt(own) : own;
}

/// norms[1] = min(1, clip / (‖g‖ + 1e-6)) in single precision; clip 0 for none.
KERNEL clip_factor(double *norms, float clip) {
    double factor = clip > 0 ? clip / (norms[0] + 1e-6) : 1;
    norms[1] = (float)(factor < 1 ? factor : 1);
}

/// One update; parts[block] = Σ (Δw)². Where ‖g‖ is not finite nothing is changed.
KERNEL adamw(
    float *w, u16 *twin, float *m, float *v, double *parts, const float *__restrict__ g, const double *__restrict__ norms,
    float learning_rate, float beta1, float beta2, float epsilon, float decay, float first_correction,
    float second_correction, long long count) {
    __shared__ double slots[32];
    double own = 0;
    if (norms[0] - norms[0] == 0) {
        float factor = (float)norms[1], keep = 1 - learning_rate * decay, rate = learning_rate / first_correction,
              root = 1 / sqrtf(second_correction);
        EACH(i, count) {
            float gradient = g[i] * factor, old = w[i];
            float first = m[i] + (gradient - m[i]) * (1 - beta1);
            float second = v[i] * beta2 + gradient * gradient * (1 - beta2);
            float changed = old * keep - rate * first / (sqrtf(second) * root + epsilon);
            m[i] = first;
            v[i] = second;
            w[i] = changed;
            if (twin) twin[i] = to_bf16(changed);
            own += (double)(changed - old) * (changed - old);
        }
    }
    own = block_sum(own, slots);
    if (threadIdx.x == 0) parts[blockIdx.x] = own;
}
