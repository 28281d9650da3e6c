#include "CPseudoTerminal.h"
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

// The threads of a test runner block signals, and a child would inherit that.
static void unblock_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t pseudo_terminal_spawn(int *fd, int rows, int columns, const char *path, char *const argv[], char *const envp[]) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    pid_t child = forkpty(fd, NULL, NULL, &size);
    if (child == 0) {
        unblock_signals();
        execve(path, argv, envp);
        _exit(127);
    }
    return child;
}

int pseudo_terminal_resize(int fd, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(fd, TIOCSWINSZ, &size);
}

pid_t shell_spawn(const char *line, const char *folder, char *const envp[]) {
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        unblock_signals();
        int in = open("/dev/null", O_RDONLY);
        if (chdir(folder) != 0 || in < 0) _exit(126);
        int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(in, 0);
        dup2(out, 1);
        dup2(err, 2);
        char *const argv[] = {"bash", "-c", (char *)line, NULL};
        execve("/bin/bash", argv, envp);
        _exit(127);
    }
    return child;
}
