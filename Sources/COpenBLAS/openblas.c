#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct openblas library;
static int is_open;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/// Every function that is called; a library that lacks one of them is none.
static const struct {
    const char *name;
    size_t offset;
} functions[] = {
    {"openblas_set_num_threads", offsetof(struct openblas, set_num_threads)},
    {"openblas_get_corename", offsetof(struct openblas, get_corename)},
    {"openblas_get_config", offsetof(struct openblas, get_config)},
    {"cblas_sgemm", offsetof(struct openblas, sgemm)},
    {"cblas_dgemm", offsetof(struct openblas, dgemm)},
    {"cblas_dsyrk", offsetof(struct openblas, dsyrk)},
    {"cblas_dtrsm", offsetof(struct openblas, dtrsm)},
    {"cblas_dtrmm", offsetof(struct openblas, dtrmm)},
    {"dpotrf_", offsetof(struct openblas, dpotrf)},
    {"dpotrs_", offsetof(struct openblas, dpotrs)},
    {"dsyevd_", offsetof(struct openblas, dsyevd)},
};

static void open_library(void) {
    const char *choice = getenv("ICOT_BLAS");
    if (choice && strcmp(choice, "own") == 0) return;
    void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) handle = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(handle, functions[i].name);
        if (!function) {
            dlclose(handle);
            return;
        }
        memcpy((char *)&library + functions[i].offset, &function, sizeof function);
    }
    // It starts with a pool of its own, which would fight with the engine's workers.
    library.set_num_threads(1);
    is_open = 1;
}

const struct openblas *openblas_library(void) {
    pthread_once(&once, open_library);
    return is_open ? &library : NULL;
}
