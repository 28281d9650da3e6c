#include "CPseudoTerminal.h"
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

pid_t pseudo_terminal_spawn(int *fd, int rows, int columns, const char *path, char *const argv[], char *const envp[]) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    pid_t child = forkpty(fd, NULL, NULL, &size);
    if (child == 0) {
        execve(path, argv, envp);
        _exit(127);
    }
    return child;
}

int pseudo_terminal_resize(int fd, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(fd, TIOCSWINSZ, &size);
}
