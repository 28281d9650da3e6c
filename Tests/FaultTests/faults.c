// Loaded before the system's library (LD_PRELOAD): the n-th call that changes a file below a folder `run` goes wrong.
//
//     FAULT_AT      which call, from 1; 0 for none, to count them
//     FAULT_KIND    kill (the process is gone before the call), power (so is the machine), torn (so is the machine, and
//                   its disk had begun with what nobody had flushed), enospc, eio (the call fails), short (a write
//                   takes half)
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
static int kind;  // k, p, t, e (ENOSPC), i (EIO), s
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

/// The path of a descriptor; 0 where it has none.
static int find_path(int descriptor, char path[512]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, 511);
    if (count < 0) return 0;
    path[count] = 0;
    return 1;
}

static int is_run(int descriptor) {
    char path[512];
    return find_path(descriptor, path) && is_of_run(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// Where the power goes, what nobody has flushed is lost: of a file what was written since its last fsync, of a folder
// the renames since its last one. What was removed is gone all the same, which is the worst order of the two.
//
// A disk that is torn keeps a part: of what was written to a file since its last fsync some whole sectors of 512 bytes,
// then one of zeros (its size came to the disk before its data); of the renames those of some names, whichever came
// first.

enum { MANY = 4096 };
static struct { char path[512]; off_t flushed; } files[MANY];
static struct { char from[512], to[512], old[512], folder[512]; } renames[MANY];
static int file_count, rename_count;

static void note_write(int descriptor, off_t before) {
    char path[512];
    if (!find_path(descriptor, path)) return;
    for (int i = 0; i < file_count; i++)
        if (!strcmp(files[i].path, path)) return;
    if (file_count == MANY) abort();
    strcpy(files[file_count].path, path);
    files[file_count++].flushed = before;
}

static void note_flush(int descriptor) {
    char path[512];
    if (!find_path(descriptor, path)) return;
    for (int i = 0; i < file_count; i++)
        if (!strcmp(files[i].path, path)) files[i--] = files[--file_count];
    for (int i = 0; i < rename_count; i++)
        if (!strcmp(renames[i].folder, path)) {
            if (renames[i].old[0]) REAL(unlink)(renames[i].old);
            memmove(renames + i, renames + i + 1, (--rename_count - i) * sizeof *renames);
            i--;
        }
}

static void note_rename(const char *from, const char *to, int before) {
    static int number;
    if (before) {
        if (rename_count == MANY) abort();
        char whole[4096];
        if (!realpath(from, whole)) return;
        memset(renames + rename_count, 0, sizeof *renames);
        snprintf(renames[rename_count].from, 512, "%s", whole);
        char folder[512];
        snprintf(folder, sizeof folder, "%s", to);
        char *slash = strrchr(folder, '/');
        if (slash) *slash = 0;
        else strcpy(folder, ".");
        if (!realpath(folder, whole)) return;
        snprintf(renames[rename_count].folder, 512, "%s", whole);
        snprintf(renames[rename_count].to, 512, "%s/%s", whole, slash ? slash + 1 : to);
        snprintf(renames[rename_count].old, 512, "%s/.old-%d", whole, number++);
        if (link(renames[rename_count].to, renames[rename_count].old) != 0) renames[rename_count].old[0] = 0;
    } else {
        // A file that moves takes what is not flushed of it along.
        for (int i = 0; i < file_count; i++)
            if (!strcmp(files[i].path, renames[rename_count].from)) strcpy(files[i].path, renames[rename_count].to);
        rename_count++;
    }
}

/// A number that is another for each name and each call that goes wrong, and the same whenever it is asked for.
static unsigned long draw(const char *name) {
    unsigned long number = 1469598103934665603ul ^ (unsigned long)at;
    for (const char *base = strrchr(name, '/'); base && *base; base++)
        number = (number ^ (unsigned char)*base) * 1099511628211ul;
    return number >> 33;
}

static void tear(const char *path, off_t flushed) {
    struct stat status;
    if (stat(path, &status) != 0 || status.st_size <= flushed) return;
    off_t first = flushed / 512, sectors = status.st_size / 512 - first + 1;
    off_t kept = (first + (off_t)(draw(path) % (unsigned long)sectors)) * 512;
    if (kept < flushed) kept = flushed;
    off_t end = kept + 512 < status.st_size ? kept + 512 : status.st_size;
    if (truncate(path, kept) != 0 || truncate(path, end) != 0) abort();
}

static void lose_power(void) {
    for (int i = 0; i < file_count; i++)
        if (kind == 't') tear(files[i].path, files[i].flushed);
        else if (truncate(files[i].path, files[i].flushed) != 0) continue;
    for (int i = rename_count - 1; i >= 0; i--) {
        if (kind == 't' && draw(renames[i].to) % 2) {
            if (renames[i].old[0]) REAL(unlink)(renames[i].old);
            continue;
        }
        REAL(rename)(renames[i].to, renames[i].from);
        if (renames[i].old[0]) REAL(rename)(renames[i].old, renames[i].to);
    }
    raise(SIGKILL);
}

static int is_power(void) { return kind == 'p' || kind == 't'; }

/// Counts a call; 1 where it is the one that goes wrong.
static int is_due(void) {
    if (++calls != at) return 0;
    if (kind == 'k') raise(SIGKILL);
    if (is_power()) lose_power();
    errno = kind == 'i' ? EIO : ENOSPC;
    return 1;
}

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
    if (is_power()) {
        struct stat status;
        note_write(descriptor, fstat(descriptor, &status) == 0 ? status.st_size : 0);
    }
    return REAL(write)(descriptor, data, count);
}

int fsync(int descriptor) {
    if (is_run(descriptor) && is_due()) return -1;
    if (is_power()) note_flush(descriptor);
    return REAL(fsync)(descriptor);
}
int ftruncate(int descriptor, off_t size) {
    return is_run(descriptor) && is_due() ? -1 : REAL(ftruncate)(descriptor, size);
}
int rename(const char *from, const char *to) {
    if (!is_of_run(to)) return REAL(rename)(from, to);
    if (is_due()) return -1;
    if (!is_power()) return REAL(rename)(from, to);
    note_rename(from, to, 1);
    int result = REAL(rename)(from, to);
    if (result == 0) note_rename(from, to, 0);
    return result;
}
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
