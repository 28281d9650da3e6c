// What the system offers and Swift cannot call: fork, prctl, the sets of sched_setaffinity, renameat2.

#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/// Between fork and exec only what is safe in a signal handler may be called: another thread may hold any lock.
static void become(
    const char *program, char *const arguments[], char *const environment[], int log, int report, int core,
    pid_t parent) {
    // Asked for first, then looked at: a parent that died in between would be missed the other way round.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    // The keys of the terminal are for the one that started it.
    setpgid(0, 0);
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(core, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    // Out of the way of 0 to 3, wherever they are.
    int empty = open("/dev/null", O_RDONLY);
    empty = fcntl(empty, F_DUPFD_CLOEXEC, 10);
    log = fcntl(log, F_DUPFD_CLOEXEC, 10);
    report = fcntl(report, F_DUPFD_CLOEXEC, 10);
    if (dup2(empty, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(report, 3) < 0) _exit(127);
    // What a shell or this program chose for itself.
    int defaults[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
    for (unsigned i = 0; i < sizeof defaults / sizeof *defaults; i++) signal(defaults[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program, arguments, environment);
    const char *reason = strerror(errno);
    (void)!write(2, reason, strlen(reason));
    _exit(127);
}

int process_start(
    const char *program, char *const arguments[], char *const environment[], int log, int report, int core) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(program, arguments, environment, log, report, core, parent);
    return child;
}

int process_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }

int process_cores(int *cores, int most) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    int count = 0;
    for (int core = 0; core < CPU_SETSIZE && count < most; core++)
        if (CPU_ISSET(core, &set)) cores[count++] = core;
    return count;
}

int process_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

int process_map_blocks(int bytes) {
    return mallopt(M_MMAP_THRESHOLD, bytes);
}

int process_trim(void) {
    return malloc_trim(0);
}
