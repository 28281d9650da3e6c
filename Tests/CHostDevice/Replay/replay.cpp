// replay FILE…: launches of kernels as `KernelRecord.swift` wrote them, each piece of memory by itself and of exactly its
// size, for a build under sanitizers (`.ci/kernels`). A file is one launch:
//
//     KERNEL X Y Z THREADS ARGUMENTS
//     memory OFFSET BYTES        then the bytes; the argument points OFFSET bytes into them
//     value HEX                  the bits of a number, from the low end on; a null pointer is 0
#include <stdio.h>
#include <stdlib.h>

#include "CHostDevice.h"

struct Argument {
    char *memory;
    unsigned long long slot;
};

static int fail(const char *path, const char *what) {
    fprintf(stderr, "%s: %s\n", path, what);
    return 1;
}

static int replay(const char *path) {
    enum { arguments_max = 64 };
    const unsigned seeds[] = {0, 1, 4, 5};
    for (unsigned seed : seeds) {
        FILE *file = fopen(path, "rb");
        if (!file) return fail(path, "cannot be read");
        char kernel[64];
        unsigned grid[3], threads, count;
        if (fscanf(file, "%63s %u %u %u %u %u", kernel, grid, grid + 1, grid + 2, &threads, &count) != 6
            || count > arguments_max)
            return fail(path, "is no launch");
        Argument arguments[arguments_max];
        void *pointers[arguments_max];
        for (unsigned i = 0; i < count; i++) {
            Argument &argument = arguments[i];
            argument.memory = nullptr;
            char kind[8];
            if (fscanf(file, "%7s", kind) != 1) return fail(path, "ends too soon");
            if (kind[0] == 'm') {
                unsigned long offset, bytes;
                if (fscanf(file, "%lu %lu", &offset, &bytes) != 2 || fgetc(file) != '\n')
                    return fail(path, "is no launch");
                argument.memory = (char *)malloc(bytes);
                if (fread(argument.memory, 1, bytes, file) != bytes) return fail(path, "ends too soon");
                argument.slot = (unsigned long long)(argument.memory + offset);
            } else if (fscanf(file, "%llx", &argument.slot) != 1) {
                return fail(path, "is no launch");
            }
            pointers[i] = &argument.slot;
        }
        fclose(file);
        const char *problem =
            host_device_launch(kernel, grid, threads, pointers, seed, HOST_DEVICE_NO_FAULT, -1);
        for (unsigned i = 0; i < count; i++) free(arguments[i].memory);
        if (problem) return fail(path, problem);
    }
    return 0;
}

int main(int count, char **paths) {
    int failures = 0;
    for (int i = 1; i < count; i++) failures += replay(paths[i]);
    printf("%d launches, %d of them wrong\n", count - 1, failures);
    return failures > 0 || count < 2;
}
