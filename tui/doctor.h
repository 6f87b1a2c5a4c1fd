/* doctor: what the parts of `tollwatch doctor` share: findings, and the checks.
 *
 * A check looks and says; it never mends, never writes, and never fails the others. Each finding that is to be mended
 * says how. Private to tui/cmd_doctor.c and tui/doctor_*.c. */
#ifndef TUI_DOCTOR_H
#define TUI_DOCTOR_H
#include "collectors/format.h"
#include "tui/command.h"

typedef enum Level { LEVEL_OK, LEVEL_NOTE /* worth knowing */, LEVEL_MEND } Level;
typedef struct Doctor {
    App *app;         /* config and places are resolved */
    Formats *formats; /* NULL: they could not be loaded */
    int to_mend, notes;
} Doctor;

/* One line: "mend  source litellm: what; how". */
void found(Doctor *d, Level level, const char *about, const char *fmt, ...) TW_PRINTF(4, 5);

/* An existing file that others must not read (or, for folders, write). Says so and how to mend it; true = as it should be. */
bool check_private(Doctor *d, const char *about, const char *path, unsigned forbidden_mode);

void check_config(Doctor *d);
void check_prices(Doctor *d);
void check_products(Doctor *d); /* silent without a file */
void check_formats(Doctor *d); /* loads d->formats */
void check_sources(Doctor *d);
void check_database(Doctor *d);
void check_policy(Doctor *d);
void check_file(Doctor *d, const char *path); /* d->formats are loaded; an unknown log's format goes to standard output alone */
#endif
