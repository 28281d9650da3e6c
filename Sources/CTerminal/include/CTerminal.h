// What Swift cannot say to a line editor and to the terminal by itself: the editors' functions are variadic, signal
// handlers may only touch async-signal-safe functions, and `stdin` is a mutable global.
//
// icot lets a library edit and paints by itself: libedit (libedit.c), or GNU Readline (readline.c) where the package is
// built with the trait Readline. The library keeps the buffer, the emacs and vi key maps, repeat counts and the user's
// ~/.editrc or ~/.inputrc, and switches the terminal to raw mode and back; its own drawing goes to /dev/null.
// `LineEditor` gives it an input function, which it calls before each key, when the buffer is settled: that is where
// the screen is painted and where bytes become keys.
#ifndef CTERMINAL_H
#define CTERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: The editor

typedef struct line_editor line_editor;

/// The library that edits, as people call it.
const char *line_editor_library(void);
/// The file of the user's that it reads.
const char *line_editor_settings(void);
/// Whether it is under the GPL, and with it the program that it is linked into.
bool line_editor_is_gpl(void);

typedef struct {
    /// Reads the next key: 1 with a character in `*key`, or LINE_EDITOR_OWN; 0 at the end of input, -1 on error.
    int (*read)(void *data, uint32_t *key);
    /// A key that was bound to this: returns whether the line is done.
    bool (*perform)(void *data, uint32_t key);
    /// The keys that were bound to this want $EDITOR.
    void (*edit_externally)(void *data);
} line_editor_calls;

/// Stands for a key that has no character, a C1 control, which no key sends. It is always bound to `perform`.
#define LINE_EDITOR_OWN 0x80

typedef enum {
    /// In the map that a line begins with.
    line_editor_first_map,
    /// In vi's command mode.
    line_editor_command_map,
} line_editor_map;

/// Starts the library on file descriptors 0 and 1, or returns NULL. `data` comes back in each call.
line_editor *line_editor_start(line_editor_calls calls, void *data);
void line_editor_end(line_editor *editor);
/// Whether the user's settings chose vi's key map.
bool line_editor_is_vi(line_editor *editor);
/// Binds a key, a character of ASCII, to `perform`.
void line_editor_bind(line_editor *editor, uint8_t key, line_editor_map map);
/// Binds one key or two in a row to `edit_externally`.
void line_editor_bind_external(line_editor *editor, const char *keys, line_editor_map map);
/// Edits a line until a call says that it is done, or there is no more input.
void line_editor_read(line_editor *editor);
/// Raw mode on or off in the middle of a line.
void line_editor_raw_mode(line_editor *editor, bool on);

/// The text as UTF-32 and the cursor as an index into it; good until the next call.
const uint32_t *line_editor_text(line_editor *editor, size_t *count, size_t *cursor);
void line_editor_set_text(line_editor *editor, const uint32_t *scalars, size_t count, size_t cursor);

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
