// What Swift cannot say to libedit and to the terminal by itself: libedit's functions are variadic, signal handlers may
// only touch async-signal-safe functions, and `stdin` is a mutable global.
//
// icot lets libedit edit and paints by itself. libedit keeps the buffer, the emacs and vi key maps, repeat counts and
// the user's ~/.editrc, and switches the terminal to raw mode and back; its own drawing goes to /dev/null. `LineEditor`
// gives it an input function (EL_GETCFN), which libedit calls before each key, when the buffer is settled: that is
// where the screen is painted and where bytes become keys.
#ifndef CLIBEDIT_H
#define CLIBEDIT_H

#include <histedit.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: The editor (the wide-character side of libedit: buffers are UTF-32)

/// Reads the next key for libedit: 1 with the key in `*key`, 0 at the end of input, -1 on error.
typedef int (*libedit_reader)(EditLine *editor, wchar_t *key);
/// A key function: returns one of libedit's CC_… codes.
typedef unsigned char (*libedit_function)(EditLine *editor, wint_t key);

/// Starts libedit on file descriptors 0 and 1, or returns NULL. `data` comes back from `libedit_data`.
EditLine *libedit_start(libedit_reader reader, void *data);
void *libedit_data(EditLine *editor);
/// Makes `function` known as `name` and binds it to `key` (libedit's notation, such as "^X^E"); with `key` NULL only
/// names it.
int libedit_add(EditLine *editor, const char *name, libedit_function function);
int libedit_bind(EditLine *editor, const char *key, const char *name);
/// The same in vi's command mode.
int libedit_bind_command_mode(EditLine *editor, const char *key, const char *name);
/// Whether ~/.editrc chose vi's key map.
bool libedit_is_vi(EditLine *editor);
/// Raw mode on or off in the middle of a line.
void libedit_raw_mode(EditLine *editor, bool on);

// MARK: Text

/// Sets LC_CTYPE to the user's locale, or to C.UTF-8 where that is not UTF-8. True if the user's own locale is UTF-8.
bool terminal_prepare_locale(void);

// MARK: The terminal

/// Rows and columns of the terminal behind the descriptor; false if there is none.
bool terminal_size(int descriptor, int *rows, int *columns);

/// From now on a fatal signal, SIGTERM, SIGHUP or `exit` puts the terminal back as it was at this call.
void terminal_guard(int descriptor);

/// Whether the alternate screen is shown, which a fatal signal then leaves too.
void terminal_alternate_screen(bool shown);

/// From now on a waiting `poll` returns with EINTR where the size changes (SIGWINCH).
void terminal_watch_size(void);

/// Counts interrupts (SIGINT), and writes a byte, the signal's number, to a pipe for each of them and for each SIGTERM,
/// SIGHUP and SIGUSR1.
/// Returns the reading end of the pipe, or -1.
int terminal_watch_interrupts(void);
uint32_t terminal_interrupts(void);

/// Suspends this job as Ctrl-Z does and returns when it goes on.
void terminal_suspend(void);

// MARK: Programs

/// Runs `arguments` (NULL-terminated, found on PATH) in the foreground with the given standard input, or our own where
/// it is -1, and waits. Returns its exit status, or -1 if it could not be started.
int terminal_run(char *const arguments[], int standard_input);

#endif
