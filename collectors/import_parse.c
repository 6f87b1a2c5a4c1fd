/* import_parse: what a parser thread of bulk import does: a job in, filled batches out. See import_impl.h. */
#include "collectors/import_impl.h"

static Totals totals_since(const LogFile *f, const FileMark *before) {
    return (Totals){.lines = f->mark.lines - before->lines, .records = f->mark.records - before->records,
                    .bad_lines = f->mark.bad_lines - before->bad_lines,
                    .skipped_lines = f->mark.skipped_lines - before->skipped_lines, .bytes = f->bytes, .unpriced = f->unpriced, .borrowed = f->borrowed};
}

/* The file goes on with its state while the batch waits: the batch takes its own copy. */
static void keep_state(Filling *b) {
    FileMark *mark = batch_mark(b->batch);
    if (mark->state_len == 0 || !mark->state) return;
    memcpy(b->state, mark->state, mark->state_len);
    mark->state = b->state;
}

static void describe(Filling *b, const Job *job, const LogFile *f, const FileMark *before) {
    b->file = job->file;
    b->part = job->part;
    if (!f) return;
    keep_state(b);
    if (b->ends)
        b->end = (Part){.ended = true, .mark = f->mark, .totals = totals_since(f, before), .first_bad = f->first_bad,
                        .last_bad = f->last_bad};
}

/* False: the writer takes no more. */
static bool parse_file(Import *m, const Job *job, LogFile *f) {
    const FileMark before = f->mark;
    uint64_t raw = job->from;
    for (;;) {
        Filling *b = ring_pop(m->empty);
        if (!b) return false;
        Filled got = logfile_fill(f, b->batch, job->until == 0, &b->error);
        b->failed = got == FILLED_FAILED;
        b->ends = got != FILLED_BATCH;
        b->raw = reader_raw_position(f->reader) - raw;
        raw += b->raw;
        describe(b, job, f, &before);
        bool ends = b->ends;
        ring_push(m->full, b);
        if (ends) return true;
    }
}

static bool cannot_open(Import *m, const Job *job, const Err *e) {
    Filling *b = ring_pop(m->empty);
    if (!b) return false;
    b->error = *e;
    b->failed = b->ends = true;
    describe(b, job, NULL, NULL);
    ring_push(m->full, b);
    return true;
}

static bool parse(Import *m, const Job *job, const LogLoan *loan) {
    Err e = {0};
    LogFile *f = job->log;
    int rc = f ? logfile_start(f, loan, &e) : logfile_part(&f, job->file->log, job->from, job->until, loan, &e);
    bool go_on = rc == 0 ? parse_file(m, job, f) : cannot_open(m, job, &e);
    logfile_close(f);
    return go_on;
}

void *import_parser(void *import) {
    Import *m = import;
    const LogLoan loan = {.pricer = pricer_new(m->book), .buffer = xmalloc(READER_LOAN)};
    bool go_on = true;
    for (Job *job; go_on && (job = ring_pop(m->jobs)); free(job)) go_on = parse(m, job, &loan);
    pricer_free(loan.pricer);
    free(loan.buffer);
    ring_close(m->full);
    return NULL;
}
