/* export: what a list shows as a file: CSV, JSON or Markdown.
 *
 * All rows that were read, in the order shown, in the columns that are chosen whatever the window's width; figures exact,
 * with their unit in the column's name, what is unknown empty; pictures are left out. Does not: ask for a name
 * (export_dialog.c), read more rows. Names come from logs: they are written as they are drawn, and none is a formula.
 */
#ifndef TUI_EXPORT_H
#define TUI_EXPORT_H
#include <stdio.h>
#include "tui/list.h"

typedef enum ExportForm { EXPORT_CSV, EXPORT_JSON, EXPORT_MARKDOWN, EXPORT_FORMS } ExportForm;
extern const char *const export_endings[], *const export_names[]; /* ".csv", "CSV" */
int export_form(const char *path); /* an ExportForm by its ending; -1 = none of them */
size_t export_columns(const Listing *l, const TableState *s);
void export_write(const Listing *l, const TableState *s, const View *v, ExportForm form, FILE *out);

/* Asks for the name and writes it; an answer where nothing is listed. */
void export_ask(View *v);
extern const DialogType export_dialog;
#endif
