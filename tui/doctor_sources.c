/* doctor_sources: whether sources can be read: their files are there, readable, and of a format that we know. See doctor.h. */
#include "collectors/collect.h"
#include "collectors/paths.h"
#include "collectors/recognise.h"
#include "tui/doctor.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DISCOVERED_MAX = 64 };

/* The file that was written last: its format is the one that matters. NULL if none can be read; `unreadable` names one. */
static const char *newest_file(const Paths *p, const char **unreadable) {
    const char *newest = NULL;
    time_t newest_s = 0;
    *unreadable = NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct stat st;
        if (stat(p->path[i], &st) != 0) continue; /* gone meanwhile */
        if (access(p->path[i], R_OK) != 0) *unreadable = p->path[i];
        else if (!newest || st.st_mtime > newest_s) newest = p->path[i], newest_s = st.st_mtime;
    }
    return newest;
}

/* What the head of a file says its format is; NULL with e empty: no complete line yet. */
static const Format *format_of(const Formats *f, const char *path, Err *e) {
    Reader *r;
    Str head = {0};
    const Format *of_table = NULL;
    if (rows_is_database(path)) {
        Rows *rows = NULL;
        int rc = rows_open(&rows, path, f, "", &of_table, e);
        rows_close(rows);
        return rc == 0 ? of_table : NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return fail(e, "open %s: %s", path, strerror(errno)), NULL;
    if (reader_open_fd(&r, fd, path, FRAME_LINES, e) != 0) return NULL;
    int got = reader_head(r, &head, e);
    const Format *format = NULL;
    if (got == 1 && recognise(f, r, path, &head, &format, e) != 0) return reader_close(r), NULL;
    const char *refusal = got == 1 ? refusal_of(format, path, head) : NULL;
    if (refusal) format = NULL, fail(e, "%s: %s", path, refusal);
    else if (got == 1 && !format)
        fail(e, "%s: no known format fits its first lines; set format =, or add a file to formats/ (README)", path);
    reader_close(r);
    return format;
}

static void check_format(Doctor *d, const char *about, const SourceConfig *s, const Paths *p, const char *newest) {
    Err e = {0};
    const Format *known = s->format[0] ? formats_find(d->formats, s->format) : format_of(d->formats, newest, &e);
    if (s->format[0] && !known)
        found(d, LEVEL_MEND, about, "there is no format \"%s\"; take one of those above", s->format);
    else if (e.text[0])
        found(d, LEVEL_MEND, about, "%s", e.text);
    else
        found(d, LEVEL_OK, about, "%s: %zu file%s, format %s", s->path, p->count, p->count == 1 ? "" : "s",
              known ? format_name(known) : "not yet known: no line");
}

static void check_path(Doctor *d, const char *about, const SourceConfig *s) {
    char path[1024];
    const char *unreadable;
    Paths p = {0};
    Err e = {0};
    if (place_expand(path, sizeof path, s->path, &e) != 0 || paths_add(&p, path, &e) != 0) {
        found(d, LEVEL_MEND, about, "%s; correct path =, or wait until something is written there", e.text);
    } else if (p.count == 0) {
        found(d, LEVEL_MEND, about, "%s: no log file in it; correct path =, or wait until one is written there", path);
    } else {
        const char *newest = newest_file(&p, &unreadable);
        if (unreadable)
            found(d, LEVEL_MEND, about, "%s may not be read by this user; add the collector's user to the file's group", unreadable);
        if (newest) check_format(d, about, s, &p, newest);
    }
    paths_free(&p);
}

/* The program at the start of a command; running the command itself would be more than a look. */
static void check_command(Doctor *d, const char *about, const SourceConfig *s) {
    char program[256], path[1024];
    const char *dirs = getenv("PATH");
    snprintf(program, sizeof program, "%.*s", (int)strcspn(s->command, " \t"), s->command);
    bool there = strchr(program, '/') && access(program, X_OK) == 0;
    for (const char *p = dirs ? dirs : ""; *p && !there && !strchr(program, '/');) {
        size_t len = strcspn(p, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)len, p, program);
        there = access(path, X_OK) == 0;
        p += len + (p[len] == ':');
    }
    if (there) found(d, LEVEL_OK, about, "%s", s->command);
    else found(d, LEVEL_NOTE, about, "%s: no program %s in PATH; if it is no word of the shell, install it", s->command, program);
    if (s->format[0] && !formats_find(d->formats, s->format))
        found(d, LEVEL_MEND, about, "there is no format \"%s\"; take one of those above", s->format);
}

/* Without a configured source, logs are looked for where their programs usually write them. */
static void check_known_places(Doctor *d) {
    SourceConfig *s = xcalloc(DISCOVERED_MAX, sizeof *s);
    char looked[DISCOVERED_MAX][160];
    size_t count = discover_sources(d->formats, s, DISCOVERED_MAX);
    for (size_t i = 0; i < count; i++) check_path(d, "source at a usual place", &s[i]);
    free(s);
    if (count) return;
    count = discover_places(d->formats, looked, DISCOVERED_MAX);
    for (size_t i = 0; i < count; i++) found(d, LEVEL_NOTE, "usual place", "%s", looked[i]);
    found(d, LEVEL_MEND, "sources", "no log at the usual places; add [source NAME] with path = to the configuration");
}

void check_sources(Doctor *d) {
    const Config *c = d->app->config;
    if (!d->formats) return; /* said already */
    if (c->source_count == 0) check_known_places(d);
    for (size_t i = 0; i < c->source_count; i++) {
        char about[96];
        snprintf(about, sizeof about, "source %s", c->sources[i].name);
        if (c->sources[i].command[0]) check_command(d, about, &c->sources[i]);
        else check_path(d, about, &c->sources[i]);
    }
}
