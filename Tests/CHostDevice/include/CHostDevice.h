#ifndef CHOSTDEVICE_H
#define CHOSTDEVICE_H

#ifdef __cplusplus
extern "C" {
#endif

// The kernels of `Sources/CUDA/Kernels` on the processor, for tests: see `Fibers.h`.

/// The types of a kernel's parameters, a letter each: p a pointer, i int, u unsigned, l long long, q unsigned long
/// long, f float; null if there is no kernel of that name.
const char *host_device_signature(const char *kernel);

enum host_device_fault { HOST_DEVICE_NO_FAULT, HOST_DEVICE_MISSING_BARRIER, HOST_DEVICE_WRONG_LANE };

/// Runs a kernel; each argument is where its value is, as for cuLaunchKernel. `seed` 0: threads and blocks take turns
/// in ascending order, 1: descending, else in an order drawn from it. Returns null, or what went wrong.
/// The fault, if any, is in the barrier or exchange of that number that each thread comes to.
const char *host_device_launch(
    const char *kernel, const unsigned grid[3], unsigned threads, void *const *arguments, unsigned seed,
    enum host_device_fault fault, int fault_number);

/// Fills memory with a word, and says whether it is still full of it.
void host_device_fill(void *memory, unsigned word, unsigned long words);
int host_device_is_full(const void *memory, unsigned word, unsigned long words);

#ifdef __cplusplus
}
#endif

#endif
