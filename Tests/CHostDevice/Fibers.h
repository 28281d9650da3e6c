// CUDA C++ on the processor. Every thread of a block is a fiber, blocks run one after another. A fiber runs until it
// must wait (a barrier of the block, an exchange within its warp), then the next one goes on, in an order that a seed
// chooses: where a barrier is missing the numbers are wrong under some order, and the same ones each time. With an even
// seed each warp goes as far as it can by itself. Shared memory is filled
// with NaN before each block.
//
// A fault can be planted, to see that tests notice it: one barrier or exchange of every thread, the n-th that it comes
// to, is left out or reads from the lane beside the one that was meant.
//
// Not seen here: races that only real hardware has, memory order, speed.
#pragma once
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#define __device__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __shared__ static __attribute__((section(SHARED_MEMORY)))
#define KERNEL static void

struct dim3 {
    unsigned x, y, z;
};

struct float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) ushort4 {
    unsigned short x, y, z, w;
};

namespace fibers {

#if defined(__x86_64__)
extern "C" void host_device_switch(void **from, void *to);
asm(R"(
.text
.globl host_device_switch
.hidden host_device_switch
host_device_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");
/// Where a fiber was left: its stack pointer, with the registers that a function must keep on top.
struct Context {
    void *stack_pointer;
    void start(char *stack, size_t size, void (*entry)()) {
        void **top = (void **)(stack + size);
        *--top = nullptr;
        *--top = (void *)entry;
        for (int i = 0; i < 6; i++) *--top = nullptr;
        stack_pointer = top;
    }
    static void go(Context &from, Context &to) { host_device_switch(&from.stack_pointer, to.stack_pointer); }
};
#else
struct Context {
    ucontext_t state;
    void start(char *stack, size_t size, void (*entry)()) {
        getcontext(&state);
        state.uc_stack.ss_sp = stack;
        state.uc_stack.ss_size = size;
        state.uc_link = nullptr;
        makecontext(&state, entry, 0);
    }
    static void go(Context &from, Context &to) { swapcontext(&from.state, &to.state); }
};
#endif

// The thread sanitizer wants to know whose stack this is.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TELLS_OF_FIBERS 1
#endif
#endif
#ifdef TELLS_OF_FIBERS
extern "C" void *__tsan_get_current_fiber(void);
extern "C" void *__tsan_create_fiber(unsigned flags);
extern "C" void __tsan_switch_to_fiber(void *fiber, unsigned flags);
static inline void *current_fiber() { return __tsan_get_current_fiber(); }
static inline void *new_fiber() { return __tsan_create_fiber(0); }
static inline void tell(void *fiber) { __tsan_switch_to_fiber(fiber, 0); }
#else
static inline void *current_fiber() { return nullptr; }
static inline void *new_fiber() { return nullptr; }
static inline void tell(void *) {}
#endif

enum { threads_max = 1024, stack_size = 64 << 10 };
enum Waiting { for_nothing, for_block, for_warp };

enum Fault { no_fault, missing_barrier, wrong_lane };

/// What was begun to be copied into shared memory: it is not there before the fiber has waited for it.
struct Copy {
    float *to;
    const float *from;
    int count;
    bool is_there;
};

struct Fiber {
    Context context;
    char *stack;
    void *told;  // what the sanitizer calls it
    bool done;
    int barriers, exchanges;  // so far
    Waiting waiting;
    unsigned generation;  // of the barrier that it waits at
    unsigned turn;        // exchanges so far: two rows of slots are used in turn
    Copy *copies;
    int copy_count, copy_room;
};

struct Warp {
    int arrived, alive;
    unsigned generation;
    uint64_t slots[2][32];
    uint32_t factors[2][32][6];
};

struct Block {
    Fiber fibers[threads_max];
    Warp warps[threads_max / 32];
    int count, alive, arrived, current;
    unsigned generation;
    Context home;
    void *home_told;
    dim3 index, size, grid;
    void (*body)(void *const *);
    void *const *arguments;
    uint32_t random;
    Fault fault;
    int fault_number;

    Fiber &own() { return fibers[current]; }
    Warp &own_warp() { return warps[current >> 5]; }

    uint32_t next_random() {
        random = random * 1664525u + 1013904223u;
        return random >> 8;
    }
};

static Block block;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/// The shared memory of some kernels, which is filled before each of their blocks.
struct SharedMemory {
    char *start, *stop;
};

static inline void wait(Waiting what, unsigned generation) {
    Fiber &fiber = block.own();
    fiber.waiting = what;
    fiber.generation = generation;
    tell(block.home_told);
    Context::go(fiber.context, block.home);
    fiber.waiting = for_nothing;
}

/// The last to arrive lets everybody go on. Whoever has ended counts as arrived.
static inline void sync_block() {
    if (block.own().barriers++ == block.fault_number && block.fault == missing_barrier) return;
    if (++block.arrived == block.alive) {
        block.arrived = 0;
        block.generation++;
    } else {
        wait(for_block, block.generation);
    }
}

static inline void sync_warp() {
    Warp &warp = block.own_warp();
    if (++warp.arrived == warp.alive) {
        warp.arrived = 0;
        warp.generation++;
    } else {
        wait(for_warp, warp.generation);
    }
}

static void enter() {
    block.body(block.arguments);
    block.own().done = true;
    Warp &warp = block.own_warp();
    warp.alive--;
    block.alive--;
    if (warp.alive > 0 && warp.arrived == warp.alive) {
        warp.arrived = 0;
        warp.generation++;
    }
    if (block.alive > 0 && block.arrived == block.alive) {
        block.arrived = 0;
        block.generation++;
    }
    tell(block.home_told);
    Context::go(block.own().context, block.home);
}

/// Puts a value where the other threads of the warp find it; returns all of theirs.
template <class T> static inline const uint64_t *exchange(T value) {
    static_assert(sizeof(T) <= 8, "an exchange is of at most 64 bits");
    uint64_t *slots = block.own_warp().slots[block.own().turn++ & 1];
    slots[block.current & 31] = 0;
    memcpy(slots + (block.current & 31), &value, sizeof value);
    sync_warp();
    return slots;
}

template <class T> static inline T from_lane(T value, int lane) {
    if (block.own().exchanges++ == block.fault_number && block.fault == wrong_lane) lane++;
    const uint64_t *slots = exchange(value);
    T result;
    memcpy(&result, slots + (lane & 31), sizeof result);
    return result;
}

/// x with 10 bits of fraction, to the nearest, away from zero where there are two.
static inline uint32_t rounded_to_tf32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (bits & 0x7f800000) == 0x7f800000 ? bits : (bits + 0x1000) & ~0x1fffu;
}

/// c (16, 8) += a (16, 8) · b (8, 8): each thread finds the factors of its four cells in what the warp's others have,
/// as `TiledAttention.cu` says. Bits beyond TF32 are not read.
static inline void multiply_add(float *c, const uint32_t *a, uint32_t b0, uint32_t b1) {
    int lane = block.current & 31;
    if (block.own().exchanges++ == block.fault_number && block.fault == wrong_lane) lane = (lane + 1) & 31;
    uint32_t(*factors)[6] = block.own_warp().factors[block.own().turn++ & 1], *own = factors[block.current & 31];
    for (int i = 0; i < 4; i++) own[i] = a[i];
    own[4] = b0;
    own[5] = b1;
    sync_warp();
    for (int i = 0; i < 4; i++) {
        int row = (lane >> 2) + 8 * (i >> 1), column = 2 * (lane & 3) + (i & 1);
        for (int k = 0; k < 8; k++) {
            const uint32_t *left = factors[(row & 7) * 4 + (k & 3)], *right = factors[column * 4 + (k & 3)];
            uint32_t bits[2] = {left[(row >> 3) + 2 * (k >> 2)] & ~0x1fffu, right[4 + (k >> 2)] & ~0x1fffu};
            float x[2];
            memcpy(x, bits, sizeof x);
            c[i] += x[0] * x[1];
        }
    }
}

static inline void begin_copy(float *to, const float *from, int count, bool is_there) {
    Fiber &fiber = block.own();
    if (fiber.copy_count == fiber.copy_room) {
        fiber.copy_room = 2 * fiber.copy_room + 16;
        fiber.copies = (Copy *)realloc(fiber.copies, sizeof(Copy) * (size_t)fiber.copy_room);
    }
    fiber.copies[fiber.copy_count++] = Copy{to, from, count, is_there};
}

static inline void finish_copies() {
    Fiber &fiber = block.own();
    for (int i = 0; i < fiber.copy_count; i++) {
        const Copy &copy = fiber.copies[i];
        for (int c = 0; c < copy.count; c++) copy.to[c] = copy.is_there ? copy.from[c] : 0;
    }
    fiber.copy_count = 0;
}

__attribute__((no_sanitize("address"))) static void poison(SharedMemory memory) {
    char *at = memory.start;
    for (; memory.stop - at >= 8; at += 8) *(volatile uint64_t *)at = ~(uint64_t)0;
    for (; at < memory.stop; at++) *(volatile char *)at = (char)0xff;
}

/// Puts 0 ..< count in the order of a seed.
static void arrange(int *order, int count, unsigned seed) {
    if (seed < 2) return;
    for (int i = count - 1; i > 0; i--) {
        int j = (int)(block.next_random() % (unsigned)(i + 1)), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/// Lets a fiber go on until it waits again; whether it could.
static bool advance(int i) {
    Fiber &fiber = block.fibers[i];
    if (fiber.done) return false;
    if (fiber.waiting == for_block && fiber.generation == block.generation) return false;
    if (fiber.waiting == for_warp && fiber.generation == block.warps[i >> 5].generation) return false;
    block.current = i;
    tell(fiber.told);
    Context::go(block.home, fiber.context);
    return true;
}

/// Lets the fibers of a warp go on until each waits for the block: far ahead of the other warps.
static bool advance_warp(int warp) {
    bool moved = false, moves = true;
    while (moves) {
        moves = false;
        for (int i = 32 * warp; i < 32 * warp + 32 && i < block.count; i++)
            if (advance(i)) moved = moves = true;
    }
    return moved;
}

static bool run_block(unsigned seed, SharedMemory memory) {
    block.alive = block.count;
    block.arrived = 0;
    block.generation = 0;
    static int order[threads_max], warps[threads_max / 32];
    int warp_count = (block.count + 31) / 32;
    for (int w = 0; w < warp_count; w++) {
        warps[w] = w;
        int rest = block.count - 32 * w;
        block.warps[w].arrived = 0;
        block.warps[w].generation = 0;
        block.warps[w].alive = rest < 32 ? rest : 32;
    }
    for (int i = 0; i < block.count; i++) {
        Fiber &fiber = block.fibers[i];
        fiber.done = false;
        fiber.waiting = for_nothing;
        fiber.turn = 0;
        fiber.barriers = 0;
        fiber.exchanges = 0;
        fiber.copy_count = 0;
        if (!fiber.stack) {
            fiber.stack = (char *)malloc(stack_size);
            fiber.told = new_fiber();
        }
        fiber.context.start(fiber.stack, stack_size, enter);
        order[i] = seed == 1 ? block.count - 1 - i : i;
    }
    poison(memory);
    while (block.alive > 0) {
        bool moved = false;
        if (seed > 1 && seed % 2 == 0) {
            arrange(warps, warp_count, seed);
            for (int turn = 0; turn < warp_count; turn++) moved |= advance_warp(warps[turn]);
        } else {
            arrange(order, block.count, seed);
            for (int turn = 0; turn < block.count; turn++) moved |= advance(order[turn]);
        }
        if (!moved) return false;
    }
    return true;
}

/// Runs every block of a grid; null, or what went wrong.
static const char *launch(
    void (*body)(void *const *), SharedMemory memory, void *const *arguments, dim3 grid, unsigned threads,
    unsigned seed, Fault fault, int fault_number) {
    if (threads == 0 || threads > threads_max) return "a block has 1 to 1024 threads";
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return "a grid without blocks";
    pthread_mutex_lock(&one_at_a_time);
    block.count = (int)threads;
    block.size = dim3{threads, 1, 1};
    block.grid = grid;
    block.body = body;
    block.arguments = arguments;
    block.random = seed;
    block.home_told = current_fiber();
    block.fault = fault;
    block.fault_number = fault_number;
    const char *problem = nullptr;
    int total = (int)(grid.x * grid.y * grid.z), *order = (int *)malloc(sizeof(int) * (size_t)total);
    for (int i = 0; i < total; i++) order[i] = seed == 1 ? total - 1 - i : i;
    arrange(order, total, seed);
    for (int turn = 0; turn < total && !problem; turn++) {
        unsigned i = (unsigned)order[turn];
        block.index = dim3{i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y};
        if (!run_block(seed, memory)) problem = "a barrier that not every thread reaches";
    }
    free(order);
    pthread_mutex_unlock(&one_at_a_time);
    return problem;
}

// How a kernel is called by its arguments' addresses, and the letters of its signature.

template <class T> struct Letter;
template <class T> struct Letter<T *> {
    enum : char { value = 'p' };
};
#define LETTER(type, letter)              \
    template <> struct Letter<type> {     \
        enum : char { value = letter };   \
    };
LETTER(int, 'i')
LETTER(unsigned, 'u')
LETTER(long long, 'l')
LETTER(unsigned long long, 'q')
LETTER(float, 'f')

template <auto Kernel> struct Call;
template <class... T, void (*Kernel)(T...)> struct Call<Kernel> {
    static constexpr char signature[] = {Letter<T>::value..., 0};

    template <size_t Count, size_t... Index> struct Counted : Counted<Count - 1, Count - 1, Index...> {};
    template <size_t... Index> struct Counted<0, Index...> {
        static void call(void *const *arguments) { Kernel(*(T *)arguments[Index]...); }
    };
    static void body(void *const *arguments) { Counted<sizeof...(T)>::call(arguments); }
};

}  // namespace fibers

#define threadIdx (dim3{(unsigned)fibers::block.current, 0, 0})
#define blockIdx (fibers::block.index)
#define blockDim (fibers::block.size)
#define gridDim (fibers::block.grid)

static inline void __syncthreads() { fibers::sync_block(); }
static inline void __syncwarp() { fibers::sync_warp(); }
template <class T> static inline T __shfl_xor_sync(unsigned, T value, int mask) {
    return fibers::from_lane(value, (fibers::block.current & 31) ^ mask);
}
static inline unsigned __ballot_sync(unsigned, int predicate) {
    const uint64_t *slots = fibers::exchange(predicate);
    unsigned mask = 0;
    for (int lane = 0; lane < 32; lane++)
        if (slots[lane]) mask |= 1u << lane;
    return mask;
}
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
#define TENSOR_CORES
static inline unsigned to_tf32(float x) { return fibers::rounded_to_tf32(x); }
static inline void multiply_add(float *c, const unsigned *a, unsigned b0, unsigned b1) {
    fibers::multiply_add(c, a, b0, b1);
}
static inline void begin_copy_of_one(float *to, const float *from, bool is_there) {
    fibers::begin_copy(to, from, 1, is_there);
}
static inline void begin_copy_of_four(float *to, const float *from, bool is_there) {
    fibers::begin_copy(to, from, 4, is_there);
}
static inline float power_of_two(float x) { return exp2f(x); }
static inline void finish_copies() { fibers::finish_copies(); }
static inline unsigned __float_as_uint(float x) {
    unsigned bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float __int_as_float(int bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}
