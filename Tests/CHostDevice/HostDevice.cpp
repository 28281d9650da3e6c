#include "Fibers.h"

// Attention's kernels have much shared memory, which would take long to fill for the others too.
#define SHARED_MEMORY "shared_memory"
#include "../../Sources/CUDA/Kernels/Common.cu"
#include "../../Sources/CUDA/Kernels/Elementwise.cu"
#include "../../Sources/CUDA/Kernels/Norms.cu"
#include "../../Sources/CUDA/Kernels/Sums.cu"
#include "../../Sources/CUDA/Kernels/Rows.cu"
#include "../../Sources/CUDA/Kernels/Loss.cu"
#include "../../Sources/CUDA/Kernels/Optimizer.cu"
#include "../../Sources/CUDA/Kernels/Decoding.cu"
#undef SHARED_MEMORY
#define SHARED_MEMORY "attention_memory"
#include "../../Sources/CUDA/Kernels/AttentionShape.cu"
#include "../../Sources/CUDA/Kernels/Attention.cu"
#undef SHARED_MEMORY
#define SHARED_MEMORY "tiled_memory"
#include "../../Sources/CUDA/Kernels/TiledAttention.cu"

#include "CHostDevice.h"

// Where a section begins and ends.
#define SECTION(name) extern "C" char __start_##name[], __stop_##name[];
SECTION(shared_memory) SECTION(attention_memory) SECTION(tiled_memory)

namespace {

struct Entry {
    const char *name, *signature;
    void (*body)(void *const *);
    fibers::SharedMemory memory;
};

#define ENTRY_IN(name, kernel) \
    {#kernel, fibers::Call<kernel>::signature, fibers::Call<kernel>::body, {__start_##name, __stop_##name}},
#define ENTRY(kernel) ENTRY_IN(shared_memory, kernel)
#define ATTENTION_ENTRIES(width)                          \
    ENTRY_IN(attention_memory, attention_##width)         \
    ENTRY_IN(attention_memory, attention_queries_##width) \
    ENTRY_IN(attention_memory, attention_keys_##width)
#define TILED_ENTRIES(width)                                \
    ENTRY_IN(tiled_memory, tiled_attention_##width)         \
    ENTRY_IN(tiled_memory, tiled_attention_queries_##width) \
    ENTRY_IN(tiled_memory, tiled_attention_keys_##width)

const Entry entries[] = {
    // Elementwise.cu, Norms.cu, Sums.cu, Rows.cu
    ENTRY(add) ENTRY(sum) ENTRY(round_to_twin) ENTRY(dropout) ENTRY(finish_linear) ENTRY(gelu) ENTRY(rounded_gelu) ENTRY(gelu_backward) ENTRY(swiglu)
    ENTRY(swiglu_backward) ENTRY(rotate) ENTRY(find_not_finite) ENTRY(layer_norm) ENTRY(layer_norm_backward)
    ENTRY(rms_norm) ENTRY(rms_norm_backward) ENTRY(column_sums) ENTRY(gain_sums) ENTRY(add_chunks) ENTRY(embed) ENTRY(gather_rows)
    ENTRY(add_to_rows) ENTRY(put_rows) ENTRY(scatter_rows)
    // Attention.cu
    ENTRY(attention_dots) ATTENTION_ENTRIES(32) ATTENTION_ENTRIES(64) ATTENTION_ENTRIES(96) ATTENTION_ENTRIES(128)
    ATTENTION_ENTRIES(192)
    // TiledAttention.cu
    TILED_ENTRIES(32) TILED_ENTRIES(64) TILED_ENTRIES(96) TILED_ENTRIES(128) TILED_ENTRIES(192)
    // Loss.cu, Optimizer.cu, Decoding.cu
    ENTRY(cross_entropy) ENTRY(most_probable) ENTRY(probability_of) ENTRY(drop_padding) ENTRY(sum_of_squares) ENTRY(add_parts)
    ENTRY(clip_factor) ENTRY(adamw) ENTRY(keep_keys) ENTRY(cached_attention) ENTRY(pattern) ENTRY(apply_pattern)
};

const Entry *find(const char *kernel) {
    for (const Entry &entry : entries)
        if (!strcmp(entry.name, kernel)) return &entry;
    return nullptr;
}

}  // namespace

const char *host_device_signature(const char *kernel) {
    const Entry *entry = find(kernel);
    return entry ? entry->signature : nullptr;
}

const char *host_device_launch(
    const char *kernel, const unsigned grid[3], unsigned threads, void *const *arguments, unsigned seed,
    host_device_fault fault, int fault_number) {
    const Entry *entry = find(kernel);
    if (!entry) return "no kernel of that name";
    return fibers::launch(entry->body, entry->memory, arguments, dim3{grid[0], grid[1], grid[2]}, threads, seed,
        (fibers::Fault)fault, fault_number);
}

void host_device_fill(void *memory, unsigned word, unsigned long words) {
    unsigned *at = (unsigned *)memory;
    for (unsigned long i = 0; i < words; i++) at[i] = word;
}

int host_device_is_full(const void *memory, unsigned word, unsigned long words) {
    const unsigned *at = (const unsigned *)memory;
    unsigned differences = 0;
    for (unsigned long i = 0; i < words; i++) differences |= at[i] ^ word;
    return differences == 0;
}
