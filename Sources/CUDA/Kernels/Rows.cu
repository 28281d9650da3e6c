// Rows found by their numbers.

/// y[n] = tokenTable[tokens[n]] + positionTable[positions[n]], the latter where there is one.
KERNEL embed(
    float *y, const int *__restrict__ tokens, const int *__restrict__ positions, const float *__restrict__ token_table,
    const float *__restrict__ position_table, int columns, long long count) {
    EACH(i, count) {
        long long row = i / columns;
        int column = (int)(i % columns);
        float x = token_table[(long long)tokens[row] * columns + column];
        if (position_table) x += position_table[(long long)positions[row] * columns + column];
        y[i] = x;
    }
}

/// y[m] = x[rows[m]]; a thread of block (row, part) has four columns.
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
KERNEL add_to_rows(
    float *y, const float *__restrict__ x, const int *__restrict__ rows, int columns, long long count) {
    EACH(i, count) y[(long long)rows[i / columns] * columns + i % columns] += x[i];
}

/// y[rows[m]] = x[m], for rows that differ from one another.
KERNEL put_rows(
    float *y, const float *__restrict__ x, const int *__restrict__ rows, int columns, long long count) {
    EACH(i, count) y[(long long)rows[i / columns] * columns + i % columns] = x[i];
}

#define SCATTER_THREADS 128

/// table[rows[m]] += d[m] for rows that may be equal, those of one number in their order; the number `frozen` is left
/// out.
///
/// Block m answers for the number of row m if no row before has it, and for 128 columns; so each number has one block a
/// column, whatever the others do.
KERNEL __launch_bounds__(SCATTER_THREADS) scatter_rows(
    float *table, const float *__restrict__ d, const int *__restrict__ rows, int count, int columns, int frozen) {
    __shared__ u32 found[SCATTER_THREADS / 32];
    int own = blockIdx.x, number = rows[own], column = blockIdx.y * SCATTER_THREADS + threadIdx.x;
    if (number == frozen) return;
    float sum = 0;
    for (int start = 0; start < count; start += SCATTER_THREADS) {
        int m = start + threadIdx.x;
        u32 mask = __ballot_sync(WHOLE_WARP, m < count && rows[m] == number);
        __syncthreads();  // whoever still reads the rows before
        if ((threadIdx.x & 31) == 0) found[threadIdx.x >> 5] = mask;
        __syncthreads();
        for (int w = 0; w < SCATTER_THREADS / 32; w++)
            for (u32 rest = found[w]; rest; rest &= rest - 1) {
                int row = start + 32 * w + __ffs(rest) - 1;
                if (row < own) return;  // the whole block: another one answers for this number
                if (column < columns) sum += d[(long long)row * columns + column];
            }
    }
    if (column < columns) table[(long long)number * columns + column] += sum;
}
