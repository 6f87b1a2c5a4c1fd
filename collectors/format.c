/* format: the set of formats: the ones compiled in and the user's, finding by name, recognising by the first lines. */
#include "collectors/format_parts.h"
#include "store/data.h"
#include <dirent.h>

static int by_name(const void *a, const void *b) {
    return strcmp((*(Format *const *)a)->name, (*(Format *const *)b)->name);
}

/* A format of the same name takes the place of an earlier one: the user's file wins over ours. */
static void put(Formats *s, Format *f) {
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->at[i]->name, f->name) != 0) continue;
        format_free(s->at[i]);
        s->at[i] = f;
        return;
    }
    s->at = xrealloc(s->at, (s->count + 1) * sizeof(Format *));
    s->at[s->count++] = f;
}

static int add_text(Formats *s, const char *text, size_t len, const char *name, Err *e) {
    Format *f;
    if (format_compile(&f, text, len, name, e) != 0) return -1;
    put(s, f);
    return 0;
}

static int add_users(Formats *s, const char *config_dir, Err *e) {
    char dir[1100], path[1400];
    snprintf(dir, sizeof dir, "%s/formats", config_dir);
    struct dirent **entry;
    int n = scandir(dir, &entry, NULL, alphasort), rc = 0;
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entry[i]->d_name);
        if (rc == 0 && len > 5 && strcmp(entry[i]->d_name + len - 5, ".json") == 0) {
            Buf b = {.max = 1 << 20};
            snprintf(path, sizeof path, "%s/%s", dir, entry[i]->d_name);
            rc = file_read(path, &b, e) == 0 ? add_text(s, b.at ? b.at : "", b.len, path, e) : -1;
            buf_free(&b);
        }
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    return rc;
}

int formats_load(Formats **out, const char *config_dir, Err *e) {
    Formats *s = xcalloc(1, sizeof *s);
    int rc = 0;
    *out = NULL;
    for (const DataFile *d = data_files; d->path && rc == 0; d++)
        if (strncmp(d->path, "collectors/formats/", 19) == 0) rc = add_text(s, d->at, d->len, d->path, e);
    if (rc == 0 && config_dir && *config_dir) rc = add_users(s, config_dir, e);
    if (rc != 0) return formats_free(s), -1;
    qsort(s->at, s->count, sizeof(Format *), by_name);
    *out = s;
    return 0;
}

void formats_free(Formats *s) {
    if (!s) return;
    for (size_t i = 0; i < s->count; i++) format_free(s->at[i]);
    free(s->at);
    free(s);
}

const Format *formats_at(const Formats *s, size_t i) {
    return i < s->count ? s->at[i] : NULL;
}

const Format *formats_find(const Formats *s, const char *name) {
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->at[i]->name, name) == 0) return s->at[i];
    return NULL;
}

/* ---- recognising ---- */

bool format_fits(const Format *f, const ScanValue *v) {
    for (size_t i = 0; i < f->has_count; i++)
        if (v[f->has[i]].type == SCAN_MISSING) return false;
    return f->has_count > 0;
}

typedef struct Trial { const Format *f; size_t fits; } Trial;

static int try_values(void *ctx, const ScanValue *v) {
    Trial *t = ctx;
    t->fits += format_fits(t->f, v);
    return 0;
}

/* Copies a line to where SCAN_PAD bytes may be read behind it. */
static size_t lines_that_fit(const Format *f, const char *head, size_t len) {
    Trial t = {.f = f};
    Scan *s = scan_new(f->plan);
    char *copy = xcalloc(1, len + SCAN_PAD);
    for (size_t at = 0, lines = 0; at < len && lines < 50; lines++) {
        const char *nl = memchr(head + at, '\n', len - at);
        size_t n = nl ? (size_t)(nl - head) - at : len - at;
        if (f->framing != FRAME_LINES) n = len - at;
        memcpy(copy, head + at, n);
        memset(copy + n, 0, SCAN_PAD);
        Err ignored = {0};
        scan_line(s, copy, n, try_values, &t, &ignored);
        at += n + 1;
    }
    free(copy);
    scan_free(s);
    return t.fits;
}

/* The format whose marks are in some line; of several the one with more marks, which is the more particular one. */
const Format *formats_guess(const Formats *s, const char *path, const char *head, size_t len) {
    const Format *best = NULL;
    (void)path;
    for (size_t i = 0; i < s->count; i++) {
        const Format *f = s->at[i];
        if (best && f->has_count <= best->has_count) continue;
        if (lines_that_fit(f, head, len < 262144 ? len : 262144) > 0) best = f;
    }
    return best;
}

/* ---- reading a format ---- */

const char *format_name(const Format *f) {
    return f->name;
}

const char *format_help(const Format *f) {
    return f->help;
}

Framing format_framing(const Format *f) {
    return f->framing;
}

Replay format_replay(const Format *f) {
    return f->replay;
}

bool format_is_agent(const Format *f) {
    return f->agent;
}

const char *const *format_known_places(const Format *f) {
    return (const char *const *)f->places;
}
