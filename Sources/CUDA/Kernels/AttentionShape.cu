// What attention over ragged sequences is told, for `Attention.cu` and `TiledAttention.cu`. The vectors of head h in row
// n begin at base + n · stride + h · width. The element of dropout is number (h · N + n) · longest + j.

/// What all attention kernels are told, in this order.
#define ATTENTION_SHAPE                                                                                                \
    const int *__restrict__ offsets, int rows, int heads, int key_heads, int width, int query_stride, int key_stride,  \
        int value_stride, int window, float scale, int longest, u64 key_of_mask, u32 threshold, float survivor_scale
#define SHAPE                                                                                                          \
    offsets, rows, heads, key_heads, width, query_stride, key_stride, value_stride, window, scale, longest,            \
        key_of_mask, threshold, survivor_scale

/// Whether query i sees key j.
__device__ __forceinline__ bool sees(int i, int j, int window) { return j <= i && (window == 0 || j + window > i); }
