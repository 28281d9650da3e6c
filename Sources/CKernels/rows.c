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
    const float *restrict mean, const float *restrict rstd, const float *restrict gain, size_t rows, size_t columns, int accumulate) {
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
    float *restrict y, float *restrict rrms, const float *restrict x, const float *restrict gain, float epsilon, size_t rows,
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
    float *restrict dx, float *restrict dgain, const float *restrict dy, const float *restrict x, const float *restrict rrms,
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

CLONES void ck_softmax_known(float *restrict x, float scale, float logSumExp, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = exp_f(x[i] * scale - logSumExp);
}

CLONES void ck_softmax_backward(float *restrict dp, const float *restrict p, float scale, size_t n) {
    float dot = 0;
    {
        REDUCTION for (size_t i = 0; i < n; i++) dot += p[i] * dp[i];
    }
    for (size_t i = 0; i < n; i++) dp[i] = p[i] * (dp[i] - dot) * scale;
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
