/* data: the data files compiled into the program, and the user's files that override them.
 *
 * The build embeds collectors/formats/ *.json, store/ *.sql, store/{prices,products}.csv and themes/ *.theme; a new file needs no edit.
 * A user's file of the same base name in <config dir>/{formats,themes}/ or <config dir>/{prices,products}.csv is read beside it;
 * one in <config dir>/schema/ replaces ours, for who wants an index or a view of his own in new ledgers.
 */
#ifndef STORE_DATA_H
#define STORE_DATA_H
#include "store/base.h"

typedef struct DataFile {
    const char *path; /* as in the source tree: "collectors/formats/litellm.json" */
    const char *at;   /* NUL-terminated after len */
    size_t len;
    const char *from; /* the user's file that stands for it; NULL = ours */
} DataFile;

extern DataFile data_files[]; /* ends with path == NULL; generated, sorted by path, constant after start */
const DataFile *data_find(const char *path); /* NULL if there is none */
/* Before there are threads, once. The texts live as long as the program. replaced: how many, NULL = not asked. */
int data_use_schema(const char *config_dir, size_t *replaced, Err *e);

/* A whole small file into out (out->max bounds it); refuses directories, FIFOs and more than max. */
int file_read(const char *path, Buf *out, Err *e);
/* The whole file is there afterwards, or the old one is: temporary file, fsync, rename, fsync of the folder. Makes the
 * folders above it (0700). */
int file_write(const char *path, const char *at, size_t len, Err *e);
int file_write_private(const char *path, const char *at, size_t len, Err *e); /* only its owner may read it (0600) */
int file_write_new(const char *path, const char *at, size_t len, Err *e);     /* that, and never in the place of another */
#endif
