// The line editor as GNU Readline does it.
//
// Readline reads bytes and has one line at a time, in UTF-8. Keys that are ours never reach its maps: when it asks for
// the first byte of a key that is bound to us it gets the byte 0xFF, which is in no UTF-8, is bound to us in every map,
// and stands for the key that was read last. In the middle of a sequence, such as after Ctrl-X, it gets what was read.
#include "CTerminal.h"

#ifdef ICOT_READLINE
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <readline/readline.h>

struct line_editor {
    line_editor_calls calls;
    void *data;
    /// For each map which keys are ours.
    bool owned[2][128];
    /// The text as it was last asked for.
    uint32_t *scalars;
    size_t capacity;
};

/// The editor whose line is read; Readline's functions know no other than theirs.
static line_editor *current;

enum { own_byte = 0xFF };
/// The key that `own_byte` stands for.
static uint32_t own_key;
/// The rest of a character whose first byte was read.
static unsigned char waiting[4];
static size_t waiting_count;
static bool is_at_end;

const char *line_editor_library(void) {
    static char name[40];
    snprintf(name, sizeof name, "GNU Readline %s", rl_library_version);
    return name;
}
const char *line_editor_settings(void) { return "~/.inputrc"; }
bool line_editor_is_gpl(void) { return true; }

// MARK: Text

static size_t encoded(uint32_t scalar, unsigned char bytes[4]) {
    if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar < 0xE000)) scalar = 0xFFFD;
    if (scalar < 0x80) {
        bytes[0] = (unsigned char)scalar;
        return 1;
    }
    size_t count = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, scalar >>= 6) bytes[i] = 0x80 | (scalar & 0x3F);
    bytes[0] = (unsigned char)((0xF00 >> count) & 0xFF) | (unsigned char)scalar;
    return count;
}

/// Takes one character from the bytes; what is no UTF-8 is U+FFFD, byte by byte.
static size_t decoded(const unsigned char *bytes, size_t count, uint32_t *scalar) {
    *scalar = bytes[0];
    if (bytes[0] < 0x80) return 1;
    size_t length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : bytes[0] >= 0xC2 ? 2 : 1;
    *scalar = 0xFFFD;
    if (length == 1 || length > count) return 1;
    uint32_t value = bytes[0] & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return 1;
        value = value << 6 | (bytes[i] & 0x3F);
    }
    *scalar = value;
    return length;
}

const uint32_t *line_editor_text(line_editor *editor, size_t *count, size_t *cursor) {
    *count = *cursor = 0;
    size_t bytes = rl_end > 0 ? (size_t)rl_end : 0;
    if (bytes + 1 > editor->capacity) {
        uint32_t *larger = realloc(editor->scalars, 2 * (bytes + 1) * sizeof *larger);
        if (!larger) return editor->scalars;
        editor->scalars = larger;
        editor->capacity = 2 * (bytes + 1);
    }
    const unsigned char *text = (const unsigned char *)rl_line_buffer;
    for (size_t place = 0; place < bytes;) {
        if (place < (size_t)rl_point) *cursor = *count + 1;
        place += decoded(text + place, bytes - place, &editor->scalars[*count]);
        *count += 1;
    }
    return editor->scalars;
}

void line_editor_set_text(line_editor *editor, const uint32_t *scalars, size_t count, size_t cursor) {
    (void)editor;
    char *text = malloc(4 * count + 1);
    if (!text) return;
    size_t end = 0, point = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == cursor) point = end;
        end += encoded(scalars[i], (unsigned char *)text + end);
    }
    if (cursor >= count) point = end;
    text[end] = 0;
    // As something that its own undo takes back.
    rl_begin_undo_group();
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    rl_end_undo_group();
    rl_point = (int)point;
    free(text);
}

// MARK: Keys

static bool is_ours(uint32_t key) {
    if (key == LINE_EDITOR_OWN) return true;
    line_editor_map map = rl_get_keymap() == vi_movement_keymap ? line_editor_command_map : line_editor_first_map;
    return key < 128 && current->owned[map][key];
}

static int read_byte(FILE *stream) {
    (void)stream;
    if (waiting_count > 0) {
        int next = waiting[0];
        memmove(waiting, waiting + 1, --waiting_count);
        return next;
    }
    uint32_t key = 0;
    if (current->calls.read(current->data, &key) != 1) {
        // With a text in the line it would take the end of input for Enter; asked once more, that ends the line without
        // it.
        int next = is_at_end ? EOF : own_byte;
        is_at_end = true;
        return next;
    }
    bool isWithinKey = RL_ISSTATE(RL_STATE_MOREINPUT) && !RL_ISSTATE(RL_STATE_NUMERICARG);
    if (key == LINE_EDITOR_OWN || (!isWithinKey && is_ours(key))) {
        own_key = key;
        return own_byte;
    }
    unsigned char bytes[4];
    waiting_count = encoded(key, bytes) - 1;
    memcpy(waiting, bytes + 1, waiting_count);
    return bytes[0];
}

static int perform(int count, int key) {
    (void)count;
    if (is_at_end || current->calls.perform(current->data, key == own_byte ? own_key : (uint32_t)key)) rl_done = 1;
    return 0;
}

static int edit_externally(int count, int key) {
    (void)count;
    (void)key;
    current->calls.edit_externally(current->data);
    return 0;
}

void line_editor_bind(line_editor *editor, uint8_t key, line_editor_map map) {
    if (key < 128) editor->owned[map][key] = true;
}

void line_editor_bind_external(line_editor *editor, const char *keys, line_editor_map map) {
    Keymap first = line_editor_is_vi(editor) ? vi_insertion_keymap : emacs_standard_keymap;
    char notation[4 * 8 + 1] = "";
    for (size_t i = 0; keys[i] && i < 8; i++) sprintf(notation + 4 * i, "\\%03o", (unsigned char)keys[i]);
    rl_bind_keyseq_in_map(notation, edit_externally, map == line_editor_command_map ? vi_movement_keymap : first);
}

// MARK: The terminal

static struct termios cooked;
static bool isRaw;

/// As libedit has it: no echo, each byte at once, Ctrl-C, Ctrl-Z and Ctrl-\ as keys, and Ctrl-S free for searching.
static void prepare(int meta) {
    (void)meta;
    if (isRaw || tcgetattr(STDIN_FILENO, &cooked) != 0) return;
    struct termios raw = cooked;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHOE | ECHOK | ECHONL | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | IXOFF | INLCR | IGNCR);
    raw.c_iflag |= ICRNL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    isRaw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void put_back(void) {
    if (isRaw) tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
    isRaw = false;
}

void line_editor_raw_mode(line_editor *editor, bool on) {
    (void)editor;
    if (on) prepare(0);
    else put_back();
}

// MARK: Starting and reading

static void draw_nothing(void) {}
static char *complete_nothing(const char *text, int state) {
    (void)text;
    (void)state;
    return NULL;
}

// Readline asks the environment which locale there is, at each line. Where that has no UTF-8 we have taken another
// (terminal_prepare_locale), and tell it so.

/// The locale that Readline would not find by itself.
static char *untold_locale;
static char *told_before;

static void find_locale(void) {
    char *ours = strdup(setlocale(LC_CTYPE, NULL));
    const char *theirs = setlocale(LC_CTYPE, "");
    if (theirs && strcmp(ours, theirs) == 0) {
        free(ours);
        return;
    }
    setlocale(LC_CTYPE, ours);
    untold_locale = ours;
}

static void tell_locale(void) {
    if (!untold_locale) return;
    const char *before = getenv("LC_ALL");
    told_before = before ? strdup(before) : NULL;
    setenv("LC_ALL", untold_locale, 1);
}

static void forget_locale(void) {
    if (!untold_locale) return;
    if (told_before) setenv("LC_ALL", told_before, 1);
    else unsetenv("LC_ALL");
    free(told_before);
    setlocale(LC_CTYPE, untold_locale);
}

line_editor *line_editor_start(line_editor_calls calls, void *data) {
    static bool isInitialized;
    line_editor *editor = calloc(1, sizeof *editor);
    FILE *nowhere = isInitialized ? rl_outstream : fopen("/dev/null", "w");
    if (!editor || !nowhere) {
        free(editor);
        return NULL;
    }
    editor->calls = calls;
    editor->data = data;
    if (isInitialized) return editor;
    isInitialized = true;
    rl_readline_name = "icot";
    rl_instream = stdin;
    rl_outstream = nowhere;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_getc_function = read_byte;
    rl_redisplay_function = draw_nothing;
    rl_prep_term_function = prepare;
    rl_deprep_term_function = put_back;
    rl_completion_entry_function = complete_nothing;
    find_locale();
    tell_locale();
    rl_initialize();
    forget_locale();
    // What the settings may not change: bytes are UTF-8, pastes are ours to read, a lone ESC is one at once.
    rl_variable_bind("convert-meta", "off");
    rl_variable_bind("input-meta", "on");
    rl_variable_bind("output-meta", "on");
    rl_variable_bind("enable-bracketed-paste", "off");
    rl_variable_bind("keyseq-timeout", "0");
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        rl_bind_key_in_map(own_byte, perform, maps[i]);
        // A line of a macro is ended by us too.
        rl_bind_key_in_map('\r', perform, maps[i]);
        rl_bind_key_in_map('\n', perform, maps[i]);
    }
    return editor;
}

void line_editor_end(line_editor *editor) {
    free(editor->scalars);
    free(editor);
}

bool line_editor_is_vi(line_editor *editor) {
    (void)editor;
    return rl_editing_mode == 0;
}

void line_editor_read(line_editor *editor) {
    current = editor;
    waiting_count = 0;
    is_at_end = false;
    tell_locale();
    free(readline(""));
    forget_locale();
}
#endif
