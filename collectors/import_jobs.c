/* import_jobs: the writer's side of files: opening, splitting large ones into parts, and what their ends add up to. */
#include "collectors/import_impl.h"
#include <unistd.h>

enum { OPENING_MS = 10 }; /* files on a slow disk may take long to open, and the ledger is locked meanwhile */

void import_file_failed(Import *m, const char *why) {
    m->sum->failed_files++;
    if (!m->sum->first_failed[0]) snprintf(m->sum->first_failed, sizeof m->sum->first_failed, "%s", why);
}

/* ---- giving out ---- */

static ImportFile *file_new(Import *m, const LogFile *f) {
    ImportFile *file = xcalloc(1, sizeof *file);
    snprintf(file->path, sizeof file->path, "%s", f->path);
    file->next = m->files;
    m->files = file;
    return file;
}

static void file_done(Import *m, ImportFile *file) {
    ImportFile **at = &m->files;
    while (*at != file) at = &(*at)->next;
    *at = file->next;
    logfile_close(file->log);
    free(file);
}

static void give(Import *m, Job job) {
    Job *own = xmalloc(sizeof *own);
    *own = job;
    ring_push(m->jobs, own);
}

/* Behind the first end of line at or after `at`; 0 = there is none. */
static uint64_t behind_line(int fd, uint64_t at) {
    char piece[16384];
    for (ssize_t n; (n = pread(fd, piece, sizeof piece, (off_t)at)) > 0; at += (uint64_t)n) {
        const char *nl = memchr(piece, '\n', (size_t)n);
        if (nl) return at + (uint64_t)(nl - piece) + 1;
    }
    return 0;
}

static void give_part(Import *m, ImportFile *file) {
    uint64_t size = (uint64_t)file->log->size_seen, until = 0;
    if (size > file->from + 2 * PART_BYTES) until = behind_line(reader_fd(file->log->reader), file->from + PART_BYTES);
    give(m, (Job){.file = file, .part = file->given++, .from = file->from, .until = until});
    file->from = until;
    file->all_given = until == 0;
    if (file->all_given) m->splitting = NULL;
}

/* A large file is started here, to see from where on it is to be read; its parts are started by who reads them. */
static int split(Import *m, ImportFile *file, LogFile *f, Err *e) {
    file->log = f;
    if (logfile_start(f, &m->loan, e) != 0) return -1;
    file->mark = f->mark;
    file->mark.set = true;
    file->from = reader_offset(f->reader);
    m->splitting = file;
    return 0;
}

/* Opens the next file and gives it out as a whole, or has it split. */
static void open_next(Import *m) {
    const char *path = m->paths.path[m->next_path++];
    LogFile *f = NULL;
    Err e = {0};
    m->sum->files++;
    if (logfile_open(&f, path, &m->setup, m->ledger, &e) != 0) import_file_failed(m, e.text);
    if (!f) return;
    ImportFile *file = file_new(m, f);
    if (!logfile_may_split(f) || (uint64_t)f->size_seen < 2 * PART_BYTES) {
        file->given = 1, file->all_given = true;
        give(m, (Job){.file = file, .log = f});
    } else if (split(m, file, f, &e) != 0) {
        import_file_failed(m, e.text);
        file_done(m, file);
    }
}

static void give_parts(Import *m) {
    const ImportFile *file = m->splitting;
    while (file && m->splitting && file->given - file->stored < PARTS_AHEAD && ring_room(m->jobs)) give_part(m, m->splitting);
}

static int open_some(Import *m, Err *e) {
    if (ring_room(m->jobs) < JOBS_AT_ONCE) return 0;
    if (ledger_files_begin(m->ledger, e) != 0) return -1;
    const int64_t until_ms = clock_monotonic_ms() + OPENING_MS;
    do open_next(m);
    while (!m->splitting && m->next_path < m->paths.count && ring_room(m->jobs) && clock_monotonic_ms() < until_ms && !stop_is_set(m->stop));
    return ledger_files_end(m->ledger, e);
}

int import_give_jobs(Import *m, Err *e) {
    give_parts(m);
    do { /* when no file is open, those just tried have failed: the parsers have nothing, and the writer would wait for them */
        if (!m->splitting && m->next_path < m->paths.count && open_some(m, e) != 0) return -1;
    } while (!m->files && m->next_path < m->paths.count && !stop_is_set(m->stop));
    give_parts(m); /* of a large one that was just opened */
    m->given_all = !m->splitting && m->next_path == m->paths.count;
    if (m->given_all && m->jobs_open) ring_close(m->jobs), m->jobs_open = false;
    return 0;
}

/* ---- taking back ---- */

static void count(ImportSummary *s, const Totals *t) {
    s->lines += t->lines;
    s->records += t->records;
    s->bad_lines += t->bad_lines;
    s->skipped_lines += t->skipped_lines;
    s->bytes += t->bytes;
    s->unpriced += t->unpriced;
    s->time_borrowed += t->borrowed;
}

static void note_bad(ImportFile *file, const Part *p) {
    uint64_t before = file->mark.lines; /* a part counts its lines from 1 */
    if (p->last_bad.line)
        snprintf(file->mark.last_error, sizeof file->mark.last_error, "line %llu: %s",
                 (unsigned long long)(before + p->last_bad.line), p->last_bad.what);
    if (file->first_bad.line || !p->first_bad.line) return;
    file->first_bad = p->first_bad;
    file->first_bad.line += before;
}

/* Moves the file's mark over all parts that are there without a gap. */
static void advance(ImportFile *file) {
    FileMark *mark = &file->mark;
    while (!file->broken && file->stored < file->given) {
        Part *p = &file->part[file->stored % PARTS_AHEAD];
        if (!p->ended) return;
        note_bad(file, p);
        mark->lines += p->totals.lines;
        mark->records += p->totals.records;
        mark->bad_lines += p->totals.bad_lines;
        mark->skipped_lines += p->totals.skipped_lines;
        mark->offset = p->mark.offset, mark->tail_hash = p->mark.tail_hash;
        p->ended = false;
        bool last = ++file->stored == file->given && file->all_given;
        mark->size = last ? p->mark.size : 0, mark->mtime_ms = p->mark.mtime_ms;
    }
}

static void take_part(Import *m, ImportFile *file, Filling *b) {
    if (b->failed) {
        file->broken = file->all_given = true;
        if (m->splitting == file) m->splitting = NULL;
    }
    if (b->ends) file->part[b->part % PARTS_AHEAD] = b->end;
    advance(file);
    *batch_mark(b->batch) = file->mark;
}

static void file_ends(Import *m, ImportFile *file) {
    ImportSummary *s = m->sum;
    if (file->first_bad.line && !s->first_bad[0])
        snprintf(s->first_bad, sizeof s->first_bad, "%.250s:%llu: %s", file->path, (unsigned long long)file->first_bad.line,
                 file->first_bad.what);
    file_done(m, file);
}

void import_take(Import *m, Filling *b) {
    ImportFile *file = b->file;
    m->raw_done += b->raw;
    if (b->failed) import_file_failed(m, b->error.text);
    if (file->log) take_part(m, file, b);
    else if (b->ends) file->first_bad = b->end.first_bad;
    if (!b->ends) return;
    count(m->sum, &b->end.totals);
    if (++file->ended == file->given && file->all_given) file_ends(m, file);
}

void import_drop_jobs(Import *m) {
    for (Job *job; (job = ring_pop(m->jobs)); free(job)) logfile_close(job->log);
    while (m->files) file_done(m, m->files);
}
