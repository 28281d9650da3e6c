#include "CKernels.h"
#include "vector.h"

// A few rows times a matrix: every weight is used once or a few times, so the memory decides.

CLONES void ck_row_product(
    float *restrict y, const float *restrict x, const float *restrict w, size_t inputs, size_t ldw, size_t begin,
    size_t end,
    int accumulate) {
    // Four rows of w at a time, so that y is read and written once for four multiply-adds.
    if (!accumulate) memset(y + begin, 0, (end - begin) * sizeof(float));
    size_t i = 0;
    for (; i + 4 <= inputs; i += 4) {
        const float *restrict w0 = w + i * ldw, *restrict w1 = w0 + ldw, *restrict w2 = w1 + ldw,
            *restrict w3 = w2 + ldw;
        float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
        for (size_t o = begin; o < end; o++) y[o] += x0 * w0[o] + x1 * w1[o] + x2 * w2[o] + x3 * w3[o];
    }
    for (; i < inputs; i++)
        for (size_t o = begin; o < end; o++) y[o] += x[i] * w[i * ldw + o];
}

CLONES void ck_rows_stream(
    float *restrict y, size_t ldy, const float *restrict x, size_t ldx, size_t rows, const float *restrict w,
    size_t outputs, size_t begin,
    size_t end) {
    for (size_t r = 0; r < rows; r++) memset(y + r * ldy, 0, outputs * sizeof(float));
    // One row of w after another, in the order of the memory: a single stream is read fastest, and y stays in the
    // nearest cache.
    for (size_t i = begin; i < end; i++) {
        const float *restrict row = w + i * outputs;
        switch (rows) {
        case 1: {
            float x0 = x[i];
            for (size_t o = 0; o < outputs; o++) y[o] += x0 * row[o];
            break;
        }
        case 2: {
            float x0 = x[i], x1 = x[ldx + i];
            float *restrict y1 = y + ldy;
            for (size_t o = 0; o < outputs; o++) {
                float v = row[o];
                y[o] += x0 * v;
                y1[o] += x1 * v;
            }
            break;
        }
        default:
            for (size_t r = 0; r < rows; r++) {
                float xr = x[r * ldx + i];
                float *restrict yr = y + r * ldy;
                for (size_t o = 0; o < outputs; o++) yr[o] += xr * row[o];
            }
        }
    }
}

CLONES void ck_row_dots(
    float *restrict y, size_t ldy, const float *restrict x, size_t ldx, size_t rows, const float *restrict w,
    size_t inputs, size_t begin,
    size_t end, int accumulate) {
    for (size_t o = begin; o < end; o++) {
        const float *restrict row = w + o * inputs;
        for (size_t r = 0; r < rows; r++) {
            const float *restrict xr = x + r * ldx;
            float sum = 0;
            {
                REDUCTION for (size_t i = 0; i < inputs; i++) sum += xr[i] * row[i];
            }
            y[r * ldy + o] = accumulate ? y[r * ldy + o] + sum : sum;
        }
    }
}

CLONES void ck_attend_row(
    float *restrict out, float *restrict scores, const float *restrict q, const float *restrict k,
    const float *restrict v, size_t ldk,
    size_t count, size_t width, float scale) {
    for (size_t j = 0; j < count; j++) {
        const float *restrict row = k + j * ldk;
        float sum = 0;
        {
            REDUCTION for (size_t d = 0; d < width; d++) sum += q[d] * row[d];
        }
        scores[j] = sum;
    }
    ck_softmax(scores, scale, count);
    for (size_t d = 0; d < width; d++) out[d] = 0;
    for (size_t j = 0; j < count; j++) {
        const float *restrict row = v + j * ldk;
        float p = scores[j];
        for (size_t d = 0; d < width; d++) out[d] += p * row[d];
    }
}
