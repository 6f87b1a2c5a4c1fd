/* export_dialog: asks under which name what is shown goes to a file, and writes it: readable by its owner alone, whole or
 * not at all, never over another file unasked. --readonly allows it: it is the user's own file. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/config.h"
#include "store/data.h"
#include "tui/export.h"
#include "tui/number.h"
#include "tui/view.h"

enum { FIELD_FILE, FIELD_REPLACE, PATH_LENGTH = 1024 };
#define SAVED_ENDING "export.ending"

static ExportForm last_form(const View *v) {
    const char *ending = saved_get(v->saved, SAVED_ENDING);
    int form = ending ? export_form(ending) : -1;
    return form < 0 ? EXPORT_CSV : (ExportForm)form;
}

static void export_open(Dialog *d, View *v) {
    char name[128], at[32];
    time_format(v->zone, v->until_ms, "%Y%m%d-%H%M", at, sizeof at);
    snprintf(name, sizeof name, "tollwatch-%s-%s%s", v->shown->name, at, export_endings[last_form(v)]);
    dialog_text(d, "file", name, true);
    dialog_word(d, "it exists", "replace")->hidden = true;
}

/* What is typed as a path from the root, for the note and the answer. */
static void whole_path(const char *typed, char *out, size_t size) {
    char path[PATH_LENGTH], here[PATH_LENGTH];
    if (place_expand(path, sizeof path, typed, NULL) != 0) snprintf(path, sizeof path, "%s", typed);
    bool whole = path[0] == '/' || !getcwd(here, sizeof here);
    snprintf(out, size, "%s%s%s", whole ? "" : here, whole ? "" : "/", path);
}

static bool folder_is_there(const char *path, char *folder, size_t size) {
    struct stat st;
    const char *slash = strrchr(path, '/');
    snprintf(folder, size, "%.*s", slash && slash > path ? (int)(slash - path) : 1, slash ? path : ".");
    return stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
}

static void note_rows(Dialog *d, const View *v, const Listing *l, const TableState *s, ExportForm form) {
    dialog_note(d, ROLE_TEXT, "%s rows%s, %zu columns as %s; all that were read, not only those in view",
                number_count((int64_t)l->table.rows, 0).text, l->table.has_total && form != EXPORT_CSV ? " and the total" : "",
                export_columns(l, s), export_names[form]);
    if (l->table.more) dialog_note(d, ROLE_WATCH, "▲ the range has more; `tollwatch report` sums all of them");
    if (v->reading_permille >= 0) dialog_note(d, ROLE_WATCH, "▲ still being read: this is a part of it");
}

static void export_changed(Dialog *d, View *v) {
    char path[PATH_LENGTH * 2], folder[PATH_LENGTH * 2];
    struct stat st;
    Listing l;
    const char *typed = d->field[FIELD_FILE].line.text;
    int form = export_form(typed);
    whole_path(typed, path, sizeof path);
    bool there = typed[0] && lstat(path, &st) == 0;
    d->field[FIELD_REPLACE].hidden = !there;
    if (!there) d->at = FIELD_FILE;
    if (d->at == FIELD_FILE) prompt_set(&d->field[FIELD_REPLACE].line, ""); /* the word is about this name, no other */
    if (form < 0) dialog_note(d, ROLE_WATCH, "the name ends in .csv, .json or .md");
    else if (list_whole(v, &l)) note_rows(d, v, &l, list_state(v->shown, v->shown_self), (ExportForm)form);
    if (!folder_is_there(path, folder, sizeof folder)) dialog_note(d, ROLE_WATCH, "▲ there is no folder %s", folder);
    else dialog_note(d, ROLE_DIM, "in %s", folder);
}

/* Names of a file that are of no use, in words. */
static int check(const char *typed, const char *path, Err *e) {
    char folder[PATH_LENGTH * 2];
    struct stat st;
    if (export_form(typed) < 0) return fail(e, "end the name in .csv, .json or .md");
    if (!folder_is_there(path, folder, sizeof folder)) return fail(e, "there is no folder %s; name another", folder);
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) return fail(e, "%s is no plain file; choose another name", path);
    return 0;
}

static int export_confirm(Dialog *d, View *v, Err *e) {
    const char *typed = d->field[FIELD_FILE].line.text;
    char path[PATH_LENGTH * 2], *text = NULL;
    size_t len = 0;
    Listing l;
    whole_path(typed, path, sizeof path);
    if (check(typed, path, e) != 0) return -1;
    if (!list_whole(v, &l)) return fail(e, "nothing is listed any more");
    FILE *out = open_memstream(&text, &len);
    if (!out) return fail(e, "write %s: %s", path, strerror(errno));
    ExportForm form = (ExportForm)export_form(typed);
    export_write(&l, list_state(v->shown, v->shown_self), v, form, out);
    int rc = fclose(out) == 0 ? 0 : fail(e, "write %s: %s", path, strerror(errno));
    if (rc == 0) rc = d->field[FIELD_REPLACE].hidden ? file_write_new(path, text, len, e) : file_write_private(path, text, len, e);
    free(text);
    if (rc != 0) return -1;
    saved_set(v->saved, SAVED_ENDING, export_endings[form]);
    snprintf(v->answer, sizeof v->answer, "written: %zu rows to %.220s", l.table.rows, path);
    return 0;
}

const DialogType export_dialog = {.title = "Export what is shown", .confirm_words = "write the file", .open = export_open, .changed = export_changed,
                                  .confirm = export_confirm};

void export_ask(View *v) {
    Listing l;
    if (list_whole(v, &l)) view_open_dialog(v, &export_dialog);
    else snprintf(v->answer, sizeof v->answer, "nothing is listed here that could be written to a file");
}
