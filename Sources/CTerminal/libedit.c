// The line editor as libedit does it, on its wide-character side.
#include "CTerminal.h"

#if defined(ICOT_LIBEDIT) && defined(ICOT_READLINE)
#error "libedit and GNU Readline define the same names: choose Readline by --traits Readline alone"
#elif !defined(ICOT_LIBEDIT) && !defined(ICOT_READLINE)
#error "nothing edits lines: build with the default traits, or with --traits Readline"
#endif

#ifdef ICOT_LIBEDIT
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

struct line_editor {
    EditLine *library;
    line_editor_calls calls;
    void *data;
};

const char *line_editor_library(void) { return "libedit"; }
const char *line_editor_settings(void) { return "~/.editrc"; }
bool line_editor_is_gpl(void) { return false; }

static line_editor *owner(EditLine *library) {
    void *data = NULL;
    el_wget(library, EL_CLIENTDATA, &data);
    return data;
}

static int read_key(EditLine *library, wchar_t *key) {
    line_editor *editor = owner(library);
    uint32_t scalar = 0;
    int result = editor->calls.read(editor->data, &scalar);
    *key = (wchar_t)scalar;
    return result;
}

static unsigned char perform(EditLine *library, wint_t key) {
    line_editor *editor = owner(library);
    return editor->calls.perform(editor->data, key) ? CC_NEWLINE : CC_REFRESH;
}

static unsigned char edit_externally(EditLine *library, wint_t key) {
    (void)key;
    line_editor *editor = owner(library);
    editor->calls.edit_externally(editor->data);
    return CC_REFRESH;
}

// A key in libedit's own notation: octal, which is right for every byte.
static void bind(line_editor *editor, const char *keys, const char *name, line_editor_map map) {
    char notation[4 * 8 + 1] = "";
    for (size_t i = 0; keys[i] && i < 8; i++) sprintf(notation + 4 * i, "\\%03o", (unsigned char)keys[i]);
    if (map == line_editor_command_map) el_set(editor->library, EL_BIND, "-a", notation, name, NULL);
    else el_set(editor->library, EL_BIND, notation, name, NULL);
}

line_editor *line_editor_start(line_editor_calls calls, void *data) {
    // Its drawing is not wanted: we paint. It still looks at descriptor 1 to see that there is a terminal.
    FILE *nowhere = fopen("/dev/null", "w");
    line_editor *editor = calloc(1, sizeof *editor);
    if (nowhere && editor)
        editor->library = el_init_fd("icot", stdin, nowhere, nowhere, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
    if (!editor || !editor->library) {
        if (nowhere) fclose(nowhere);
        free(editor);
        return NULL;
    }
    editor->calls = calls;
    editor->data = data;
    EditLine *library = editor->library;
    el_wset(library, EL_CLIENTDATA, editor);
    el_wset(library, EL_EDITOR, L"emacs");
    el_wset(library, EL_SIGNAL, 0);
    // It draws to nowhere, so the size of the window does not matter to it; in one of a few rows or columns it would
    // write beyond its own picture of it.
    el_wset(library, EL_SETTC, L"co", L"80", NULL);
    el_wset(library, EL_SETTC, L"li", L"24", NULL);
    el_source(library, NULL);
    el_wset(library, EL_GETCFN, read_key);
    // Ctrl-C, Ctrl-Z and Ctrl-\ are keys while a line is edited, and Ctrl-S is free for searching.
    el_wset(library, EL_SETTY, L"-d", L"-isig", L"-ixon", L"-ixoff", NULL);
    el_set(library, EL_ADDFN, "icot-key", "icot", perform);
    el_set(library, EL_ADDFN, "icot-edit-externally", "icot", edit_externally);
    line_editor_bind(editor, LINE_EDITOR_OWN, line_editor_first_map);
    if (line_editor_is_vi(editor)) line_editor_bind(editor, LINE_EDITOR_OWN, line_editor_command_map);
    return editor;
}

void line_editor_end(line_editor *editor) {
    el_end(editor->library);
    free(editor);
}

bool line_editor_is_vi(line_editor *editor) {
    const wchar_t *name = NULL;
    return el_wget(editor->library, EL_EDITOR, &name) == 0 && name && wcscmp(name, L"vi") == 0;
}

void line_editor_bind(line_editor *editor, uint8_t key, line_editor_map map) {
    bind(editor, (char[]){(char)key, 0}, "icot-key", map);
}

void line_editor_bind_external(line_editor *editor, const char *keys, line_editor_map map) {
    bind(editor, keys, "icot-edit-externally", map);
}

void line_editor_read(line_editor *editor) {
    int count = 0;
    el_wgets(editor->library, &count);
}

void line_editor_raw_mode(line_editor *editor, bool on) { el_wset(editor->library, EL_PREP_TERM, on ? 1 : 0); }

const uint32_t *line_editor_text(line_editor *editor, size_t *count, size_t *cursor) {
    const LineInfoW *line = el_wline(editor->library);
    *count = (size_t)(line->lastchar - line->buffer);
    *cursor = (size_t)(line->cursor - line->buffer);
    return (const uint32_t *)line->buffer;
}

void line_editor_set_text(line_editor *editor, const uint32_t *scalars, size_t count, size_t cursor) {
    EditLine *library = editor->library;
    const LineInfoW *line = el_wline(library);
    if (count == 0) {
        el_cursor(library, (int)(line->lastchar - line->cursor));
        el_deletestr(library, (int)(line->lastchar - line->buffer));
        return;
    }
    wchar_t *wide = malloc((count + 1) * sizeof *wide);
    if (!wide) return;
    memcpy(wide, scalars, count * sizeof *wide);
    wide[count] = 0;
    el_wreplacestr(library, wide);
    free(wide);
    line = el_wline(library);
    el_cursor(library, (int)cursor - (int)(line->cursor - line->buffer));
}
#endif
