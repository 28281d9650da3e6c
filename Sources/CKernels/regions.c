#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

#include "CKernels.h"

#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))

void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int ck_usable_cores(void) {
    cpu_set_t set;
    long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (int)cores;
}

ptrdiff_t ck_take(ptrdiff_t *counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

SWIFT void ck_keep_closure(ck_closure *target, void *function, void *context) {
    target->function = function;
    target->context = context;
}

void ck_call_closure(const ck_closure *closure, ptrdiff_t argument) {
    ((SWIFT void (*)(ptrdiff_t, CONTEXT void *))closure->function)(argument, closure->context);
}
