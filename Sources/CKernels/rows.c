#include <math.h>

#include "CKernels.h"
#include "vector.h"

CLONES void ck_add_bias(float *restrict y, const float *restrict bias, size_t rows, size_t columns, size_t ldy) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) y[r * ldy + c] += bias[c];
}

CLONES void ck_column_sums(float *restrict sums, const float *restrict x, size_t rows, size_t columns, size_t ldx) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) sums[c] += x[r * ldx + c];
}

CLONES void ck_layer_norm(
    float *restrict y, float *restrict mean, float *restrict rstd, const float *restrict x, const float *restrict gain,
    const float *restrict bias, float epsilon, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        const float *restrict row = x + r * columns;
        float *restrict out = y + r * columns;
        float sum = 0, squares = 0;
        {
            REDUCTION for (size_t c = 0; c < columns; c++) sum += row[c];
        }
        float mu = sum / (float)columns;
        {
            REDUCTION for (size_t c = 0; c < columns; c++) squares += (row[c] - mu) * (row[c] - mu);
        }
        float inverse = 1.0f / __builtin_sqrtf(squares / (float)columns + epsilon);
        for (size_t c = 0; c < columns; c++) out[c] = (row[c] - mu) * inverse * gain[c] + bias[c];
        mean[r] = mu;
        rstd[r] = inverse;
    }
}

CLONES void ck_layer_norm_backward(
    float *restrict dx, float *restrict dgain, float *restrict dbias, const float *restrict dy, const float *restrict x,
    const float *restrict mean, const float *restrict rstd, const float *restrict gain, size_t rows, size_t columns,
    int accumulate) {
    // With x̂ = (x − μ)/σ and d̂ = dy · gain: dx = (d̂ − mean(d̂) − x̂ · mean(d̂ · x̂)) / σ.
    for (size_t r = 0; r < rows; r++) {
        const float *restrict d = dy + r * columns;
        const float *restrict row = x + r * columns;
        float *restrict out = dx + r * columns;
        float mu = mean[r], inverse = rstd[r], sum = 0, dot = 0;
        {
            REDUCTION for (size_t c = 0; c < columns; c++) {
                float hat = (row[c] - mu) * inverse, dhat = d[c] * gain[c];
                sum += dhat;
                dot += dhat * hat;
            }
        }
        sum /= (float)columns;
        dot /= (float)columns;
        if (accumulate) {
            for (size_t c = 0; c < columns; c++) {
                float hat = (row[c] - mu) * inverse;
                dgain[c] += d[c] * hat;
                dbias[c] += d[c];
                out[c] += (d[c] * gain[c] - sum - hat * dot) * inverse;
            }
        } else {
            for (size_t c = 0; c < columns; c++) {
                float hat = (row[c] - mu) * inverse;
                dgain[c] += d[c] * hat;
                dbias[c] += d[c];
                out[c] = (d[c] * gain[c] - sum - hat * dot) * inverse;
            }
        }
    }
}

CLONES void ck_rms_norm(
    float *restrict y, float *restrict rrms, const float *restrict x, const float *restrict gain, float epsilon,
    size_t rows,
    size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        const float *restrict row = x + r * columns;
        float squares = 0;
        {
            REDUCTION for (size_t c = 0; c < columns; c++) squares += row[c] * row[c];
        }
        float inverse = 1.0f / __builtin_sqrtf(squares / (float)columns + epsilon);
        for (size_t c = 0; c < columns; c++) y[r * columns + c] = row[c] * inverse * gain[c];
        rrms[r] = inverse;
    }
}

CLONES void ck_rms_norm_backward(
    float *restrict dx, float *restrict dgain, const float *restrict dy, const float *restrict x,
    const float *restrict rrms,
    const float *restrict gain, size_t rows, size_t columns, int accumulate) {
    // With x̂ = x/ρ and d̂ = dy · gain: dx = (d̂ − x̂ · mean(d̂ · x̂)) / ρ.
    for (size_t r = 0; r < rows; r++) {
        const float *restrict d = dy + r * columns;
        const float *restrict row = x + r * columns;
        float *restrict out = dx + r * columns;
        float inverse = rrms[r], dot = 0, keep = accumulate ? 1.0f : 0.0f;
        {
            REDUCTION for (size_t c = 0; c < columns; c++) dot += d[c] * gain[c] * row[c] * inverse;
        }
        dot /= (float)columns;
        if (!accumulate) memset(out, 0, columns * sizeof(float));
        for (size_t c = 0; c < columns; c++) {
            float hat = row[c] * inverse;
            dgain[c] += d[c] * hat;
            out[c] = keep * out[c] + (d[c] * gain[c] - hat * dot) * inverse;
        }
    }
}

INLINE float maximum(const float *restrict x, size_t n) {
    float best = -INFINITY;
    for (size_t i = 0; i < n; i++) best = x[i] > best ? x[i] : best;
    return best;
}

CLONES float ck_softmax(float *restrict x, float scale, size_t n) {
    float top = -INFINITY, sum = 0;
    {
        REDUCTION for (size_t i = 0; i < n; i++) top = x[i] > top ? x[i] : top;
    }
    {
        REDUCTION for (size_t i = 0; i < n; i++) {
            float e = exp_f((x[i] - top) * scale);
            x[i] = e;
            sum += e;
        }
    }
    float inverse = 1.0f / sum;
    for (size_t i = 0; i < n; i++) x[i] *= inverse;
    return top * scale + logf(sum);
}

CLONES size_t ck_argmax(const float *restrict x, size_t n) {
    float top = maximum(x, n);
    for (size_t i = 0; i < n; i++)
        if (x[i] == top) return i;
    return 0;
}

CLONES float ck_cross_entropy(float *restrict logits, size_t n, int32_t label, float scale, int32_t *restrict best) {
    float top = -INFINITY;
    {
        REDUCTION for (size_t i = 0; i < n; i++) top = logits[i] > top ? logits[i] : top;
    }
    *best = 0;
    for (size_t i = 0; i < n; i++) {
        if (logits[i] == top) {
            *best = (int32_t)i;
            break;
        }
    }
    float target = logits[label], sum = 0;
    if (scale == 0) {
        REDUCTION for (size_t i = 0; i < n; i++) sum += exp_f(logits[i] - top);
    } else {
        {
            REDUCTION for (size_t i = 0; i < n; i++) {
                float e = exp_f(logits[i] - top);
                logits[i] = e;
                sum += e;
            }
        }
        float inverse = scale / sum;
        for (size_t i = 0; i < n; i++) logits[i] *= inverse;
        logits[label] -= scale;
    }
    return logf(sum) + top - target;
}

// Here the vectors are written out, because rows are short and their ends would cost more than their middles. The
// bodies are apart from the functions with clones, since only functions for one instruction set may hand each other
// vectors.

/// The lanes j … j + 15 of a causal row: −1 within first … i, else 0.
INLINE integers seen(size_t j, size_t first, size_t i) {
    integers column = lane_numbers() + (int32_t)j;
    return (column >= (int32_t)first) & (column <= (int32_t)i);
}

INLINE size_t first_seen(size_t i, size_t window) { return window > 0 && i + 1 > window ? i + 1 - window : 0; }

/// Zeros before and after the vectors that hold a causal row's values.
INLINE void clear_rest(float *row, size_t begin, size_t end, size_t ld) {
    for (size_t j = 0; j < begin; j += LANES) store(row + j, all(0));
    for (size_t j = end; j < ld; j += LANES) store(row + j, all(0));
}

INLINE void causal_softmax(float *restrict s, size_t ld, size_t count, size_t window, float scale,
    float *restrict logSumExp) {
    for (size_t i = 0; i < count; i++) {
        float *restrict row = s + i * ld;
        size_t first = first_seen(i, window), begin = first & ~(size_t)(LANES - 1),
            end = (i + LANES) & ~(size_t)(LANES - 1);
        floats tops = all(-INFINITY), sums = all(0);
        for (size_t j = begin; j < end; j += LANES)
            tops = __builtin_elementwise_max(tops, choose(seen(j, first, i), load(row + j), all(-INFINITY)));
        float top = largest_of(tops);
        for (size_t j = begin; j < end; j += LANES) {
            floats e = choose(seen(j, first, i), exp_v((load(row + j) - top) * scale), all(0));
            store(row + j, e);
            sums += e;
        }
        float sum = sum_of(sums), inverse = 1.0f / sum;
        for (size_t j = begin; j < end; j += LANES) store(row + j, load(row + j) * inverse);
        clear_rest(row, begin, end, ld);
        logSumExp[i] = top * scale + logf(sum);
    }
}

CLONES void ck_causal_softmax(float *restrict s, size_t ld, size_t count, size_t window, float scale,
    float *restrict logSumExp) {
    causal_softmax(s, ld, count, window, scale, logSumExp);
}

INLINE void causal_softmax_known(
    float *restrict s, size_t ld, size_t count, size_t window, float scale, const float *restrict logSumExp) {
    for (size_t i = 0; i < count; i++) {
        float *restrict row = s + i * ld;
        size_t first = first_seen(i, window), begin = first & ~(size_t)(LANES - 1),
            end = (i + LANES) & ~(size_t)(LANES - 1);
        for (size_t j = begin; j < end; j += LANES)
            store(row + j, choose(seen(j, first, i), exp_v(load(row + j) * scale - logSumExp[i]), all(0)));
        clear_rest(row, begin, end, ld);
    }
}

CLONES void ck_causal_softmax_known(
    float *restrict s, size_t ld, size_t count, size_t window, float scale, const float *restrict logSumExp) {
    causal_softmax_known(s, ld, count, window, scale, logSumExp);
}

INLINE void causal_softmax_backward(
    float *restrict dp, const float *restrict p, size_t ld, size_t count, size_t window, float scale) {
    for (size_t i = 0; i < count; i++) {
        float *restrict row = dp + i * ld;
        const float *restrict probabilities = p + i * ld;
        size_t first = first_seen(i, window), begin = first & ~(size_t)(LANES - 1),
            end = (i + LANES) & ~(size_t)(LANES - 1);
        floats dots = all(0);
        // What lies beyond the row's own columns may be anything, also NaN, so it is chosen away and not multiplied by
        // 0.
        for (size_t j = begin; j < end; j += LANES)
            dots += load(probabilities + j) * choose(seen(j, first, i), load(row + j), all(0));
        float dot = sum_of(dots);
        for (size_t j = begin; j < end; j += LANES)
            store(row + j, choose(seen(j, first, i), load(probabilities + j) * (load(row + j) - dot) * scale, all(0)));
        clear_rest(row, begin, end, ld);
    }
}

CLONES void ck_causal_softmax_backward(
    float *restrict dp, const float *restrict p, size_t ld, size_t count, size_t window, float scale) {
    causal_softmax_backward(dp, p, ld, count, window, scale);
}
