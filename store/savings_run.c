/* savings_run: the analysis of all calls of a range, in slices; and its older half for another thread. See savings.h.
 * Owns: where it is, the survey before it. Does not: hold a read transaction between two slices, or touch a thread.
 * Why a survey: what a limit or a route is must be known before the first call is priced with it. */
#include "store/clock.h"
#include "store/each_row.h"
#include "store/query_scan.h"
#include "store/savings_parts.h"
#include <stdlib.h>
#include <time.h>

enum { SLOTS = 4096, SLOT_CALLS = SAVE_SURVEY / SLOTS, LOOK_EVERY = 64 };

struct SaveRun {
    Db *db;
    const Book *book;
    const SaveAsk *ask;
    Query q;
    int64_t since_ms, until_ms;  /* that are read, of q's range */
    int64_t next_key, end_key;   /* [next, end) is left */
    int64_t first_key;
    SaveSample survey;           /* its calls are dropped when the facts are made */
    Intake *survey_in, *in;
    int slot;                    /* of the survey that comes next; SLOTS = done */
    int64_t marked_ms[2];        /* the range that the mark is of */
    uint64_t mark;               /* of what the ledger held when it was begun */
    bool all;                    /* there are no more calls than a survey has: it takes them all */
    SaveFacts *facts;
    SaveRun *whole;              /* whose facts a part uses; NULL = its own */
    SaveRoom room;
    SaveSample examples;
    Intake *added;               /* of the part that was added: its texts */
};

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static SaveRun *run_new(Db *db, const Book *b, const SaveAsk *ask, const Query *q) {
    SaveRun *r = xcalloc(1, sizeof *r);
    *r = (SaveRun){.db = db, .book = b, .ask = ask, .q = *q};
    r->in = intake_new(db, q);
    return r;
}

static void set_range(SaveRun *r, int64_t since_ms, int64_t until_ms) {
    r->since_ms = since_ms;
    r->until_ms = until_ms;
    r->first_key = r->next_key = row_key_at(since_ms);
    r->end_key = row_key_at(until_ms);
}

/* Whether the range has more calls than a survey looks at. */
static int is_small(SaveRun *r, Err *e) {
    sqlite3_stmt *st = db_prepare(r->db, "SELECT key FROM request WHERE key >= ?1 AND key < ?2 LIMIT 1 OFFSET ?3", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, r->next_key);
    sqlite3_bind_int64(st, 2, r->end_key);
    sqlite3_bind_int64(st, 3, SAVE_SURVEY);
    int rc = db_step(r->db, st, "read requests", e);
    sqlite3_reset(st);
    r->all = rc == 0;
    return rc < 0 ? -1 : 0;
}

/* S7, of calls that are there: those to come are no change. */
static int mark(SaveRun *r, Err *e) {
    int64_t newest_ms = query_newest_ms(r->db);
    r->marked_ms[0] = r->since_ms;
    r->marked_ms[1] = r->until_ms < newest_ms ? r->until_ms : newest_ms;
    return save_mark(r->db, r->marked_ms[0], r->marked_ms[1], &r->mark, e);
}

int savings_open(SaveRun **out, Db *db, const Book *b, const SaveAsk *ask, const Query *q, Err *e) {
    int64_t until = q->until_ms < ROW_MS_MAX ? q->until_ms : ROW_MS_MAX, since = q->since_ms > 0 ? q->since_ms : 0;
    SaveRun *r = *out = run_new(db, b, ask, q);
    set_range(r, since < until ? since : until, until > 0 ? until : 0);
    r->survey_in = intake_new(db, q);
    if (is_small(r, e) == 0 && mark(r, e) == 0) return 0;
    savings_close(r);
    *out = NULL;
    return -1;
}

/* ---- the survey ---- */
static void end_survey(SaveRun *r) {
    r->facts = save_facts_new(r->book, r->ask, &r->survey);
    free(r->survey.call);
    r->survey.call = NULL;
    r->survey.count = 0;
    save_room_init(&r->room, r->book, r->ask, r->facts, r->q.since_ms, r->q.until_ms);
}

/* From somewhere in the slot on, so that what happens on the full hour does not stand for the hour. */
static int look_at_slot(SaveRun *r, Err *e) {
    int64_t span = r->until_ms - r->since_ms, from = r->since_ms + span / SLOTS * r->slot, to = r->slot + 1 < SLOTS ? from + span / SLOTS : r->until_ms;
    int64_t at = r->slot, offset = to > from ? (int64_t)(hash64(&at, sizeof at, 0) % (uint64_t)(to - from)) / 2 : 0;
    if (r->all) offset = 0;
    return survey_step(&r->survey, r->survey_in, r->db, from + offset, to, r->all ? SAVE_SURVEY : SLOT_CALLS, e);
}

static int survey(SaveRun *r, int64_t deadline_us, Err *e) {
    while (r->slot < SLOTS) {
        if (look_at_slot(r, e) != 0) return -1;
        if (++r->slot == SLOTS) end_survey(r);
        else if (now_us() >= deadline_us || (r->q.interrupt && r->q.interrupt(r->q.ctx))) break;
    }
    return 0;
}

bool savings_surveyed(const SaveRun *r) { return r->slot == SLOTS; }

/* ---- the calls ---- */
typedef struct Slice { SaveRun *r; int64_t deadline_us; unsigned rows; int rc; Err *e; } Slice;

static int take_row(SaveRun *r, int64_t key, const void *body, size_t len, Err *e) {
    IntakeRow row;
    IntakeKind kind;
    bool is_new;
    int rc = intake_take(r->in, key, body, len, &row, e);
    r->next_key = key + 1;
    if (rc != 1) return rc;
    if (intake_kind(r->in, &row, &row.call.kind, &is_new, &kind, e) != 0) return -1;
    if (is_new) save_kind_add(&r->room, &kind.text, kind.id, row.call.ts_ms);
    save_see(&r->room, &row.call);
    return 0;
}

static bool is_time(Slice *s) {
    const Query *q = &s->r->q;
    if (++s->rows % LOOK_EVERY != 0) return false;
    return now_us() >= s->deadline_us || (s->rows % (LOOK_EVERY * 16) == 0 && q->interrupt && q->interrupt(q->ctx));
}

static bool see_row(void *ctx, int64_t key, const void *body, size_t len) {
    Slice *s = ctx;
    s->rc = take_row(s->r, key, body, len, s->e);
    return s->rc != 0 || is_time(s);
}

static int see_rows(SaveRun *r, int64_t deadline_us, Err *e) {
    Slice s = {.r = r, .deadline_us = deadline_us, .e = e};
    bool stopped;
    if (each_row(r->db, r->next_key, r->end_key, see_row, &s, &stopped, e) != 0 || s.rc != 0) return -1;
    if (!stopped) r->next_key = r->end_key;
    return 0;
}

int savings_step(SaveRun *r, int64_t deadline_us, bool *more, Err *e) {
    bool surveyed = r->slot == SLOTS;
    int rc = surveyed ? 0 : survey(r, deadline_us, e);
    if (rc == 0 && (surveyed || (r->slot == SLOTS && now_us() < deadline_us))) rc = see_rows(r, deadline_us, e);
    *more = r->slot < SLOTS || r->next_key < r->end_key;
    return rc;
}

int savings_permille(const SaveRun *r) {
    int64_t done = row_key_ms(r->next_key - r->first_key), all = row_key_ms(r->end_key - r->first_key);
    return all > 0 ? (int)(done * 1000 / all) : 1000;
}

/* ---- the answer ---- */
static int by_falling_key(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

static int collect_examples(SaveRun *r, Err *e) {
    int64_t key[2 * (SAVE_COUNT + 1) * SAVE_EXAMPLES];
    size_t n = 0;
    savings_free(&r->examples);
    Intake *in = r->examples.memory = intake_new(r->db, &r->q);
    for (int i = 0; i <= ALL; i++) {
        const Tally *t = &r->room.tally[i];
        for (size_t k = 0; k < t->examples.count; k++) key[n++] = t->examples.at[k].key;
        for (size_t k = 0; k < t->saved_examples.count; k++) key[n++] = t->saved_examples.at[k].key;
    }
    qsort(key, n, sizeof *key, by_falling_key);
    for (size_t i = 0; i < n; i++)
        if ((i == 0 || key[i] != key[i - 1]) && sample_key(&r->examples, in, r->db, key[i], e) != 0) return -1;
    return 0;
}

int savings_result(SaveRun *r, Savings *out, SaveSample *examples, Err *e) {
    uint64_t now;
    save_result(&r->room, out);
    if (collect_examples(r, e) != 0 || save_mark(r->db, r->marked_ms[0], r->marked_ms[1], &now, e) != 0) return -1;
    if (save_say_purged(r->db, r->marked_ms[0], r->marked_ms[1], out, e) != 0) return -1;
    if (now != r->mark) save_say_changed(out);
    *examples = r->examples;
    examples->since_ms = r->q.since_ms;
    examples->until_ms = r->q.until_ms;
    return 0;
}

void savings_close(SaveRun *r) {
    if (!r) return;
    save_room_free(&r->room);
    intake_free(r->in);
    intake_free(r->added);
    intake_free(r->survey_in);
    free(r->survey.call);
    free(r->survey.kind);
    if (!r->whole) save_facts_free(r->facts);
    savings_free(&r->examples);
    free(r);
}

/* ---- two halves ---- */
SaveRun *savings_part(SaveRun *r, Db *db) {
    int64_t middle_ms = row_key_ms(r->next_key) + (r->until_ms - row_key_ms(r->next_key)) / 2;
    int64_t day_ms = (middle_ms + MS_PER_DAY / 2) / MS_PER_DAY * MS_PER_DAY;
    bool early = r->slot < SLOTS || r->next_key != r->first_key || r->added;
    if (early || r->all || day_ms <= r->since_ms || day_ms >= r->until_ms) return NULL;
    SaveRun *part = run_new(db, r->book, r->ask, &r->q);
    part->whole = r;
    part->facts = r->facts;
    part->q.interrupt = NULL; /* its thread's own */
    part->q.ctx = NULL;
    part->slot = SLOTS;
    set_range(part, r->since_ms, day_ms);
    save_room_init(&part->room, r->book, r->ask, r->facts, r->q.since_ms, r->q.until_ms);
    set_range(r, day_ms, r->until_ms);
    return part;
}

void savings_rejoin(SaveRun *r, SaveRun *part) {
    set_range(r, part->since_ms, r->until_ms);
    savings_close(part);
}

void savings_add(SaveRun *r, SaveRun *part) {
    save_end_day(&part->room);
    save_end_day(&r->room);
    save_room_add(&r->room, &part->room);
    r->added = part->in;
    part->in = NULL;
    savings_close(part);
}
