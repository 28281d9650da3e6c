#ifndef CPSEUDOTERMINAL_H
#define CPSEUDOTERMINAL_H
#include <sys/types.h>

/// Starts `path` on a new pseudo-terminal of the given size and returns its process id, or -1.
/// `*fd` receives the terminal's controlling side. `fork` cannot be called from Swift, hence this shim.
pid_t pseudo_terminal_spawn(int *fd, int rows, int columns, const char *path, char *const argv[], char *const envp[]);

/// Tells the program that its terminal now has another size (it receives SIGWINCH).
int pseudo_terminal_resize(int fd, int rows, int columns);

/// Runs a line of bash in a process group of its own, in `folder`, where its output goes to the files `out` and `err`.
pid_t shell_spawn(const char *line, const char *folder, char *const envp[]);

#endif
