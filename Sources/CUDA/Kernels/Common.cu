// What the kernels share. The files of this folder are one source (`KernelSource.swift` says in which order):
// the card's compiler turns them into a module when a card is first used, and the tests compile the same text for the
// processor.
// No header is included, because NVRTC's wheel has none to include.
//
// Matrices are row-major float32; whole numbers are 32 bits. A kernel writes what its first parameters name. Nothing is
// added by atomic operations: every sum has an order of its own, so that equal inputs give equal bits.
// Arrays of a thread have sizes and indices that are known when they are compiled: others would lie in memory.

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// The tests have a definition of their own.
#ifndef KERNEL
#define KERNEL extern "C" __global__ void
#endif

#define WHOLE_WARP 0xffffffffu
#define INFINITE __int_as_float(0x7f800000)

/// The loop over elements that the threads of all blocks share.
#define EACH(i, n) \
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x)

/// Whether four numbers of a row can be read or written at once: rows of so many columns begin where 16 bytes do.
__device__ __forceinline__ bool is_wide(const void *rows, int columns) {
    return columns % 4 == 0 && ((u64)rows & 15) == 0;
}

/// Columns c to c + 3 of a row; `fill` stands for those that it has not.
__device__ __forceinline__ void read_four(
    float (&x)[4], const float *row, int c, int columns, bool wide, float fill = 0) {
    if (wide && c + 4 <= columns) {
        float4 four = *(const float4 *)(row + c);
        x[0] = four.x;
        x[1] = four.y;
        x[2] = four.z;
        x[3] = four.w;
    } else {
        for (int j = 0; j < 4; j++) x[j] = c + j < columns ? row[c + j] : fill;
    }
}

__device__ __forceinline__ void write_four(float *row, int c, int columns, bool wide, const float (&x)[4]) {
    if (wide && c + 4 <= columns) {
        float4 four;
        four.x = x[0];
        four.y = x[1];
        four.z = x[2];
        four.w = x[3];
        *(float4 *)(row + c) = four;
    } else {
        for (int j = 0; j < 4; j++)
            if (c + j < columns) row[c + j] = x[j];
    }
}

/// The loop over elements that the threads of all blocks share four at a time: `some` from i on, which are less than
/// four at the end.
#define EACH_SOME(i, some, n) \
    for (long long i = 4 * ((long long)blockIdx.x * blockDim.x + threadIdx.x), some = n - i < 4 ? n - i : 4; i < n; \
         i += 4 * (long long)gridDim.x * blockDim.x, some = n - i < 4 ? n - i : 4)

/// The columns of a thread of a block that has a row, four at a time.
#define EACH_FOUR(c) for (int c = 4 * threadIdx.x; c < columns; c += 4 * blockDim.x)

__device__ __forceinline__ float warp_sum(float x) {
    for (int other = 16; other > 0; other >>= 1) x += __shfl_xor_sync(WHOLE_WARP, x, other);
    return x;
}

__device__ __forceinline__ double warp_sum(double x) {
    for (int other = 16; other > 0; other >>= 1) x += __shfl_xor_sync(WHOLE_WARP, x, other);
    return x;
}

/// The sum over the threads of a block, given to all of them; `slots` is shared memory for 32 numbers. The number of
/// threads is a multiple of 32.
template <class T> __device__ __forceinline__ T block_sum(T x, T *slots) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    x = warp_sum(x);
    __syncthreads();  // whoever still reads the sum before
    if (lane == 0) slots[warp] = x;
    __syncthreads();
    return warp_sum(lane < warps ? slots[lane] : (T)0);
}

/// Two sums at once, x and y; `slots` has room for 32 of each.
__device__ __forceinline__ float2 block_sum(float2 x, float2 *slots) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    x.x = warp_sum(x.x);
    x.y = warp_sum(x.y);
    __syncthreads();  // whoever still reads the sums before
    if (lane == 0) slots[warp] = x;
    __syncthreads();
    x.x = warp_sum(lane < warps ? slots[lane].x : 0.0f);
    x.y = warp_sum(lane < warps ? slots[lane].y : 0.0f);
    return x;
}

/// x with 7 bits of fraction, to the nearest, to the even one of two: bfloat16. What is not a number stays so.
__device__ __forceinline__ u16 to_bf16(float x) {
    u32 bits = __float_as_uint(x);
    return (u16)(x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : bits >> 16 | 64);
}

/// The twin of four numbers. It lies as its floats do, so that what is wide there is wide here.
__device__ __forceinline__ void write_four(u16 *row, int c, int columns, bool wide, const float (&x)[4]) {
    if (wide && c + 4 <= columns) {
        ushort4 four;
        four.x = to_bf16(x[0]);
        four.y = to_bf16(x[1]);
        four.z = to_bf16(x[2]);
        four.w = to_bf16(x[3]);
        *(ushort4 *)(row + c) = four;
    } else {
        for (int j = 0; j < 4; j++)
            if (c + j < columns) row[c + j] = to_bf16(x[j]);
    }
}

/// A mix of 32 bits in which every bit of the result depends on every bit of h.
__device__ __forceinline__ u32 mix(u32 h) {
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    h ^= h >> 16;
    return h;
}

/// What dropout multiplies an element by: 0 or 1 / (1 − p). `threshold` 0 is no dropout.
__device__ __forceinline__ float survivor(u64 key, u64 element, u32 threshold, float scale) {
    if (threshold == 0) return 1;
    return mix(mix((u32)element ^ (u32)key) + (u32)(key >> 32)) < threshold ? 0 : scale;
}
