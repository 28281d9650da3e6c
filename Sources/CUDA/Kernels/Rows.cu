// Rows found by their numbers. Where nothing else is said a thread of block (row, part) has four columns.

/// y[n] = tokenTable[tokens[n]] + positionTable[positions[n]], the latter where there is one.
KERNEL embed(
    float *y, const int *__restrict__ tokens, const int *__restrict__ positions, const float *__restrict__ token_table,
    const float *__restrict__ position_table, int columns) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    float v[4], p[4];
    read_four(v, token_table + (long long)tokens[blockIdx.x] * columns, c, columns, is_wide(token_table, columns));
    if (position_table) {
        const float *row = position_table + (long long)positions[blockIdx.x] * columns;
        read_four(p, row, c, columns, is_wide(position_table, columns));
        for (int j = 0; j < 4; j++) v[j] += p[j];
    }
    write_four(y + (long long)blockIdx.x * columns, c, columns, is_wide(y, columns), v);
}

/// y[m] = x[rows[m]]
KERNEL gather_rows(
    float *y, u16 *twin, const float *__restrict__ x, const int *__restrict__ rows, int columns) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    long long at = (long long)blockIdx.x * columns;
    float v[4];
    read_four(v, x + (long long)rows[blockIdx.x] * columns, c, columns, is_wide(x, columns));
    write_four(y + at, c, columns, is_wide(y, columns), v);
    if (twin) write_four(twin + at, c, columns, is_wide(y, columns), v);
}

/// y[rows[m]] += x[m], for rows that differ from one another.
KERNEL add_to_rows(float *y, const float *__restrict__ x, const int *__restrict__ rows, int columns) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    float *row = y + (long long)rows[blockIdx.x] * columns, v[4], old[4];
    bool wide = is_wide(y, columns);
    read_four(v, x + (long long)blockIdx.x * columns, c, columns, is_wide(x, columns));
    read_four(old, row, c, columns, wide);
    for (int j = 0; j < 4; j++) v[j] += old[j];
    write_four(row, c, columns, wide, v);
}

/// y[rows[m]] = x[m], for rows that differ from one another.
KERNEL put_rows(float *y, const float *__restrict__ x, const int *__restrict__ rows, int columns) {
    int c = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    float v[4];
    read_four(v, x + (long long)blockIdx.x * columns, c, columns, is_wide(x, columns));
    write_four(y + (long long)rows[blockIdx.x] * columns, c, columns, is_wide(y, columns), v);
}

#define SCATTER_THREADS 256
#define SCATTER_WARPS (SCATTER_THREADS / 32)
/// Columns of a block, four to a thread, and its groups of threads that share them.
#define SCATTER_COLUMNS 256
#define SCATTER_GROUPS (4 * SCATTER_THREADS / SCATTER_COLUMNS)
/// Rows that are looked through at one time, and how many of them by each lane.
#define SCATTER_TILE 1024
#define SCATTER_EACH (SCATTER_TILE / SCATTER_THREADS)
/// Rows that a thread has asked for before it adds the first of them.
#define SCATTER_AHEAD 8

/// Writes which rows of a tile have a number, in their order, and returns how many.
__device__ __forceinline__ int list_rows(
    int *found, int *counts, const int *__restrict__ rows, int number, int start, int count) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = start + 32 * SCATTER_EACH * warp, own = 0;
    u32 masks[SCATTER_EACH];
#pragma unroll
    for (int i = 0; i < SCATTER_EACH; i++) {
        int m = first + 32 * i + lane;
        masks[i] = __ballot_sync(WHOLE_WARP, m < count && rows[m] == number);
        own += __popc(masks[i]);
    }
    if (lane == 0) counts[warp] = own;
    __syncthreads();  // here also ends the reading of what was found before
    int total = 0, place = 0;
    for (int w = 0; w < SCATTER_WARPS; w++) {
        if (w == warp) place = total;
        total += counts[w];
    }
#pragma unroll
    for (int i = 0; i < SCATTER_EACH; i++) {
        if (masks[i] >> lane & 1) found[place + __popc(masks[i] & ((1u << lane) - 1))] = first + 32 * i + lane;
        place += __popc(masks[i]);
    }
    __syncthreads();
    return total;
}

/// table[rows[m]] += d[m] for rows that may be equal; the number `frozen` is left out.
///
/// Block m answers for the number of row m if no row before has it, and for 256 columns; so each number has one block a
/// column, whatever the others do. Of the rows of a number in a tile each group of threads adds every fourth, and the
/// groups' sums are added in their order: that depends on nothing but the numbers.
KERNEL __launch_bounds__(SCATTER_THREADS) scatter_rows(
    float *table, const float *__restrict__ d, const int *__restrict__ rows, int count, int columns, int frozen) {
    __shared__ int found[SCATTER_TILE], counts[SCATTER_WARPS];
    __shared__ float parts[SCATTER_GROUPS][SCATTER_COLUMNS];
    int own = blockIdx.x, number = rows[own], group = threadIdx.x / (SCATTER_COLUMNS / 4);
    int place = 4 * (threadIdx.x % (SCATTER_COLUMNS / 4)), c = blockIdx.y * SCATTER_COLUMNS + place;
    if (number == frozen) return;
    bool wide = is_wide(d, columns);
    float sum[4] = {0, 0, 0, 0}, v[SCATTER_AHEAD][4];
    for (int start = 0; start < count; start += SCATTER_TILE) {
        int total = list_rows(found, counts, rows, number, start, count);
        if (total > 0 && found[0] < own) return;  // the whole block: another one answers for this number
        for (int i = group; i < total; i += SCATTER_AHEAD * SCATTER_GROUPS) {
#pragma unroll
            for (int u = 0; u < SCATTER_AHEAD; u++) {
                int k = i + u * SCATTER_GROUPS;
                bool is_there = k < total;
                read_four(v[u], d + (long long)(is_there ? found[k] : 0) * columns, c, is_there ? columns : 0, wide);
            }
#pragma unroll
            for (int u = 0; u < SCATTER_AHEAD; u++)
                for (int j = 0; j < 4; j++) sum[j] += v[u][j];
        }
    }
    for (int j = 0; j < 4; j++) parts[group][place + j] = sum[j];
    __syncthreads();
    if (group != 0) return;
    float *row = table + (long long)number * columns;
    wide = is_wide(table, columns);
    read_four(sum, row, c, columns, wide);
    for (int j = 0; j < 4; j++) {
        float total = 0;
        for (int g = 0; g < SCATTER_GROUPS; g++) total += parts[g][place + j];
        sum[j] += total;
    }
    write_four(row, c, columns, wide, sum);
}
