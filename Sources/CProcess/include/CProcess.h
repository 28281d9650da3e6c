#ifndef CPROCESS_H
#define CPROCESS_H

/// Starts a program in a process group of its own that dies with this process, whatever this one dies of.
///
/// Its standard input is empty, standard output and error go to `log`, and descriptor 3 is `report`. It runs on `core`
/// alone, or where this process may run if that is negative. To be called from the thread that lives as long as the
/// process: the system ends the child when that thread ends.
///
/// Returns the process, or −1 with errno set. A program that cannot be started ends with status 127.
int process_start(
    const char *program, char *const arguments[], char *const environment[], int log, int report, int core);

/// A pipe whose ends neither block nor pass to other programs: the one to read from, then the one to write to.
/// Returns 0, or −1 with errno set.
int process_pipe(int ends[2]);

/// The cores that this process may run on, in rising order; how many were written.
int process_cores(int *cores, int most);

/// Exchanges what stands under two names of one file system, in one step. Returns 0, or -1 with errno.
int process_exchange(const char *one, const char *other);

/// Gives blocks of at least so many bytes mappings of their own (mallopt's M_MMAP_THRESHOLD). Returns 1, or 0 where the
/// C library does not know of that.
int process_map_blocks(int bytes);

/// Gives whole pages of the heaps that hold nothing back to the system. Returns 1 where there were some.
int process_trim(void);

#endif
