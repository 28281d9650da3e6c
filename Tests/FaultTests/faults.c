// Loaded before the system's library (LD_PRELOAD): the n-th call that changes a file below a folder `run` goes wrong.
//
//     FAULT_AT      which call, from 1; 0 for none, to count them
//     FAULT_KIND    kill (the process is gone before the call), enospc, eio (the call fails), short (a write takes half)
//     FAULT_BYTES   how many bytes may be written before the disk is full; absent for no limit
//     FAULT_REPORT  a file that is told at the end how many such calls there were

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long calls, at, bytes = -1;
static int kind;  // k, e (ENOSPC), i (EIO), s
static const char *report;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("FAULT_AT");
    at = text ? atol(text) : 0;
    text = getenv("FAULT_KIND");
    kind = !text ? 0 : !strcmp(text, "eio") ? 'i' : text[0];
    text = getenv("FAULT_BYTES");
    if (text) bytes = atol(text);
    report = getenv("FAULT_REPORT");
}

__attribute__((destructor)) static void end(void) {
    if (!report) return;
    FILE *file = fopen(report, "w");
    if (!file) return;
    fprintf(file, "%ld\n", calls);
    fclose(file);
}

static int is_of_run(const char *path) { return path && (strstr(path, "/run/") || !strncmp(path, "run/", 4)); }

static int is_run(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return 0;
    path[count] = 0;
    return is_of_run(path);
}

/// Counts a call; 1 where it is the one that goes wrong.
static int is_due(void) {
    if (++calls != at) return 0;
    if (kind == 'k') raise(SIGKILL);
    errno = kind == 'i' ? EIO : ENOSPC;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *data, size_t count) {
    if (count == 0 || !is_run(descriptor)) return REAL(write)(descriptor, data, count);
    if (is_due()) {
        if (kind != 's' || count < 2) return -1;
        return REAL(write)(descriptor, data, count / 2);
    }
    if (bytes >= 0) {
        if (bytes == 0) { errno = ENOSPC; return -1; }
        if ((long)count > bytes) count = bytes;
        bytes -= count;
    }
    return REAL(write)(descriptor, data, count);
}

int fsync(int descriptor) { return is_run(descriptor) && is_due() ? -1 : REAL(fsync)(descriptor); }
int ftruncate(int descriptor, off_t size) {
    return is_run(descriptor) && is_due() ? -1 : REAL(ftruncate)(descriptor, size);
}
int rename(const char *from, const char *to) { return is_of_run(to) && is_due() ? -1 : REAL(rename)(from, to); }
int mkdir(const char *path, mode_t mode) { return is_of_run(path) && is_due() ? -1 : REAL(mkdir)(path, mode); }
int unlink(const char *path) { return is_of_run(path) && is_due() ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return is_of_run(path) && is_due() ? -1 : REAL(rmdir)(path); }

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (flags & (O_CREAT | O_WRONLY | O_RDWR) && is_of_run(path) && is_due()) return -1;
    return REAL(open)(path, flags, mode);
}
