#include "CTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

extern char **environ;

// MARK: Text

bool terminal_prepare_locale(void) {
    static int state = 0;  // 1: the user's locale is not UTF-8, 2: it is
    if (state == 0) {
        bool own = setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        if (!own && !setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "en_US.UTF-8");
        state = own ? 2 : 1;
    }
    return state == 2;
}

// MARK: The terminal

bool terminal_size(int descriptor, int *rows, int *columns) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return true;
}

static int guarded = -1;
static struct termios untouched;

static volatile sig_atomic_t alternate;
void terminal_alternate_screen(bool shown) { alternate = shown; }

static void put_back(void) {
    if (guarded < 0) return;
    if (alternate) {
        static const char leave[] = "\033[?1049l";
        ssize_t ignored = write(guarded, leave, sizeof leave - 1);
        (void)ignored;
    }
    struct termios now;
    bool changed = tcgetattr(guarded, &now) == 0
        && (now.c_lflag != untouched.c_lflag || now.c_iflag != untouched.c_iflag || now.c_oflag != untouched.c_oflag);
    if (changed) {
        tcsetattr(guarded, TCSANOW, &untouched);
        // Bracketed paste off, cursor shown, colours off.
        static const char quiet[] = "\033[?2004l\033[?25h\033[0m\r\n";
        ssize_t ignored = write(guarded, quiet, sizeof quiet - 1);
        (void)ignored;
    }
}

static void put_back_and_die(int number) {
    put_back();
    raise(number);  // SA_RESETHAND: the default action follows
}

void terminal_guard(int descriptor) {
    if (guarded >= 0 || tcgetattr(descriptor, &untouched) != 0) return;
    guarded = descriptor;
    atexit(put_back);
    struct sigaction action = {.sa_handler = put_back_and_die, .sa_flags = SA_RESETHAND | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    static const int fatal[] = {SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        // What is watched for, or ignored, stays so.
        struct sigaction present;
        if (sigaction(fatal[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL)
            sigaction(fatal[i], &action, NULL);
    }
}

static void note_size_change(int number) { (void)number; }

void terminal_watch_size(void) {
    struct sigaction action = {.sa_handler = note_size_change};  // no SA_RESTART: a waiting poll must return
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, NULL);
}

static _Atomic uint32_t interrupts;
static int interrupt_pipe[2] = {-1, -1};
static void note_interrupt(int number) {
    int saved = errno;
    if (number == SIGINT) atomic_fetch_add(&interrupts, 1);
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(interrupt_pipe[1], &byte, 1);
    (void)ignored;
    errno = saved;
}

int terminal_watch_interrupts(void) {
    if (interrupt_pipe[0] >= 0) return interrupt_pipe[0];
    if (pipe2(interrupt_pipe, O_CLOEXEC) != 0) return -1;
    fcntl(interrupt_pipe[1], F_SETFL, O_NONBLOCK);
    // No SA_RESTART: whoever waits for a key or a child looks up.
    struct sigaction action = {.sa_handler = note_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    // Some programs start others from threads in which signals are blocked, which is inherited.
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    static const int departures[] = {SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof departures / sizeof departures[0]; i++) {
        // `nohup` and the like have a signal ignored, and mean it.
        struct sigaction present;
        if (sigaction(departures[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(departures[i], &action, NULL);
        sigaddset(&watched, departures[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &watched, NULL);
    return interrupt_pipe[0];
}

uint32_t terminal_interrupts(void) { return atomic_load(&interrupts); }

void terminal_suspend(void) { kill(0, SIGTSTP); }

// MARK: Programs

int terminal_run(char *const arguments[], int standard_input) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    if (standard_input >= 0) posix_spawn_file_actions_adddup2(&files, standard_input, STDIN_FILENO);
    // The program gets the signals that we keep for ourselves.
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGQUIT);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child;
    int failed = posix_spawnp(&child, arguments[0], &files, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failed) return -1;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
