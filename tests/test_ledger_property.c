/* test_ledger_property: L1, L2, L3 and L4 on made-up streams of records, against a model that is nothing but the rules.
 *
 * Each seed makes a set of records: streams that grow, forks with other times, sidechains, calls that two or three sources
 * saw, ids that want the same key. The set is given to a ledger many times: shuffled, with duplicates, cut into batches
 * anywhere, with commits that fail, processes that die before their commit, and connections closed in between. Each time
 * the rows must be the model's, byte for byte as text, and the rollups must equal the rows.
 */
#include "tests/ledger_lab.h"
#include <sys/wait.h>

enum { IDS = 48, RECORDS_MAX = 320, GIVEN_MAX = 1024, FILES = 8, SEEDS = 10, ORDERS = 4 };

static const struct {
    const char *source, *path;
    SourceClass class;
} files[FILES] = {{"gw", "gw.log", CLASS_GATEWAY},    {"gw", "gw.log.1", CLASS_GATEWAY},   {"gw2", "gw2.log", CLASS_GATEWAY},
                  {"otel", "spans", CLASS_TELEMETRY}, {"claude", "a", CLASS_TRANSCRIPT}, {"claude", "b", CLASS_TRANSCRIPT},
                  {"sums", "m", CLASS_METRICS},       {"sums", "m.1", CLASS_METRICS}};

typedef struct Record {
    Request r; /* name[] hold values of value_of() */
    int file;
} Record;

typedef struct World {
    uint64_t seed;
    Record records[RECORDS_MAX];
    int count;
} World;

static uint64_t chance(World *w, uint64_t below) {
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (w->seed >> 11) % below;
}

/* ---- the records ---- */
static const Dim used_dims[] = {DIM_PROVIDER, DIM_MODEL, DIM_FEATURE, DIM_USER};
enum { USED = sizeof used_dims / sizeof *used_dims };

static void value_of(int dim, uint32_t value, char *out, size_t size) {
    snprintf(out, size, value ? "%s-%u" : "", dim_names[dim], value);
}

/* A transcript's second id is one of those that others show; a service is one of two. */
static uint64_t make_also(World *w, SourceClass class) {
    if (class == CLASS_GATEWAY || chance(w, 4) == 0) return 0;
    return class == CLASS_TRANSCRIPT ? 100 + chance(w, IDS / 3) : 1 + chance(w, 2);
}

static void make_record(World *w, uint64_t id, const Record *first) {
    Record *rec = &w->records[w->count++];
    *rec = *first;
    Request *r = &rec->r;
    r->id = id;
    r->offset = chance(w, 50) * RECORDS_MAX + (uint64_t)w->count;
    r->length = (uint32_t)chance(w, 900);
    if (r->replay == REPLAY_ANY_TIME) {
        r->ts_ms += (int64_t)chance(w, 3) * (int64_t)chance(w, 2 * MS_PER_HOUR);
        rec->file += rec->file % 2 == 0 && chance(w, 3) == 0; /* a fork: another file, perhaps of another source */
        r->source_class = (uint8_t)files[rec->file].class;
    }
    r->also = make_also(w, r->source_class);
    r->tokens[TOK_INPUT] = (int64_t)chance(w, 3) * 1000;
    r->tokens[TOK_CACHE_READ] = (int64_t)chance(w, 2) * 500;
    r->tokens[TOK_OUTPUT] = (int64_t)chance(w, 4) * 10;
    r->tokens[TOK_REASONING] = (int64_t)chance(w, 2) * 5;
    r->cost_nano = r->tokens[TOK_INPUT] * 3 + r->tokens[TOK_OUTPUT] * 15;
    r->saved_cache_nano = -(int64_t)chance(w, 50);
    r->latency_ms = (int32_t)chance(w, 1000) - 1;
    r->outcome = (uint8_t)chance(w, OUTCOME_COUNT);
    if (chance(w, 4) == 0) r->flags |= REQ_SIDECHAIN;
    if (chance(w, 5) == 0) r->flags |= REQ_UNPRICED;
    if (chance(w, 4) == 0) r->flags |= chance(w, 2) ? REQ_USAGE_MISSING : REQ_USAGE_ESTIMATED;
    if (chance(w, 4) == 0) r->origin = ORIGIN_METERED; /* two sources may disagree on what a call costs */
    for (int i = 0; i < USED; i++) r->name[used_dims[i]] = (uint32_t)chance(w, 3);
}

/* Two files of one source show the same record: only where it stands, and what they say beside, differs. */
static void copy_record(World *w) {
    const Record *from = &w->records[w->count - 1];
    if (from->r.replay != REPLAY_ANY_TIME || from->file % 2 || from->file == 2) return;
    Record *copy = &w->records[w->count++];
    *copy = *from;
    copy->file++;
    copy->r.offset = chance(w, 50) * RECORDS_MAX + (uint64_t)w->count;
    copy->r.latency_ms++;
}

static void make_world(World *w, uint64_t seed) {
    *w = (World){.seed = seed * 0x9E3779B97F4A7C15u + 1};
    for (uint64_t i = 1; i <= IDS; i++) {
        Record first = {.file = (int)chance(w, FILES)};
        first.r = (Request){.ts_ms = LAB_NOW - 50 * MS_PER_HOUR + (int64_t)chance(w, 6) * 30 * MS_PER_MINUTE, .raw_input = -1,
                            .raw_output = -1, .raw_total = -1, .ttft_ms = -1, .max_tokens = -1, .tools = -1, .prompt_bytes = -1};
        first.r.source_class = (uint8_t)files[first.file].class;
        first.r.replay = (uint8_t)chance(w, 2);
        first.r.upstream = chance(w, 3) == 0 ? 0 : 100 + chance(w, IDS / 3);
        first.r.origin = chance(w, 4) == 0 ? ORIGIN_NOTIONAL : ORIGIN_METERED;
        if (chance(w, 8) == 0) first.r.flags |= REQ_CACHE_HIT;
        uint64_t id = i << 40 | chance(w, 2); /* many want the same keys */
        for (uint64_t n = 1 + chance(w, 5); n > 0; n--) make_record(w, id, &first);
        copy_record(w);
    }
}

/* ---- the model: rows as the rules say ---- */
typedef struct Expected {
    const Record *winner;
    int64_t ts_ms;
    bool linked;
} Expected;

static void rank(const Record *rec, int64_t out[9]) {
    const Request *r = &rec->r;
    const int64_t *t = r->tokens;
    int64_t total = t[0] + t[1] + t[2] + t[3] + t[4] + t[5] + t[6];
    const int64_t key[9] = {r->source_class, -(t[TOK_OUTPUT] + t[TOK_REASONING]), -total, r->origin != ORIGIN_NOTIONAL, (r->flags & REQ_SIDECHAIN) != 0,
                            r->outcome == OUTCOME_INCOMPLETE, r->ts_ms, rec->file, (int64_t)r->offset};
    memcpy(out, key, sizeof key);
}

static bool wins(const Record *a, const Record *b) {
    int64_t x[9], y[9];
    rank(a, x);
    rank(b, y);
    for (int i = 0; i < 9; i++)
        if (x[i] != y[i]) return x[i] < y[i];
    return false;
}

static int merge_all(const World *w, Expected *rows) {
    int count = 0;
    for (int i = 0; i < w->count; i++) {
        const Record *rec = &w->records[i];
        int k = 0;
        while (k < count && rows[k].winner->r.id != rec->r.id) k++;
        if (k == count) {
            rows[count++] = (Expected){rec, rec->r.ts_ms, false};
            continue;
        }
        if (wins(rec, rows[k].winner)) rows[k].winner = rec;
        if (rec->r.ts_ms < rows[k].ts_ms) rows[k].ts_ms = rec->r.ts_ms;
    }
    return count;
}

static bool near(const Expected *a, const Expected *b) {
    int64_t hours = a->ts_ms / MS_PER_HOUR - b->ts_ms / MS_PER_HOUR;
    return hours >= -1 && hours <= 1;
}

static bool has_id(const Request *r, uint64_t id) {
    return id && (r->upstream == id || (r->source_class == CLASS_TRANSCRIPT && r->also == id));
}

static bool share(const Expected *a, const Expected *b) {
    const Request *x = &a->winner->r, *y = &b->winner->r;
    if ((x->flags | y->flags) & REQ_CACHE_HIT || x->source_class == CLASS_METRICS || y->source_class == CLASS_METRICS) return false;
    return near(a, b) && (has_id(y, x->upstream) || (x->source_class == CLASS_TRANSCRIPT && has_id(y, x->also)));
}

static bool two_sources(const Expected *a, const Expected *b) {
    return strcmp(files[a->winner->file].source, files[b->winner->file].source) != 0;
}

static bool one_call(const Expected *rows, int count, const Expected *a, const Expected *b) {
    if (!two_sources(a, b) || !near(a, b)) return false;
    if (share(a, b)) return true;
    for (const Expected *c = rows; c < rows + count; c++)
        if (two_sources(a, c) && two_sources(b, c) && share(a, c) && share(c, b)) return true;
    return false;
}

static bool beats(const Expected *rows, int count, const Expected *a, const Expected *b) {
    const Request *x = &a->winner->r, *y = &b->winner->r;
    if (y->source_class == CLASS_METRICS) return x->source_class == CLASS_TELEMETRY && x->also && x->also == y->also && near(a, b);
    if (!one_call(rows, count, a, b)) return false;
    if (x->source_class != y->source_class) return x->source_class < y->source_class;
    int guess_a = x->flags & REQ_USAGE_MISSING ? 2 : x->flags & REQ_USAGE_ESTIMATED ? 1 : 0;
    int guess_b = y->flags & REQ_USAGE_MISSING ? 2 : y->flags & REQ_USAGE_ESTIMATED ? 1 : 0;
    return guess_a != guess_b ? guess_a < guess_b : x->id < y->id;
}

static void link_all(Expected *rows, int count) {
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++) rows[i].linked |= beats(rows, count, &rows[k], &rows[i]);
}

/* ---- both as text ---- */
static void print_row(Buf *out, const Request *r, int64_t ts_ms, int64_t own_ms, bool linked, const char *path) {
    buf_fmt(out, "%llx %lld own %lld %s%llu+%u up %llx", (unsigned long long)r->id, (long long)ts_ms, (long long)own_ms, path,
            (unsigned long long)r->offset, r->length, (unsigned long long)r->upstream);
    for (int i = 0; i < TOK_COUNT; i++) buf_fmt(out, " %lld", (long long)r->tokens[i]);
    buf_fmt(out, " cost %lld saved %lld latency %d class %d flags %x %s %s %s", (long long)r->cost_nano,
            (long long)r->saved_cache_nano, r->latency_ms, r->source_class, r->flags & ~(uint32_t)REQ_LINKED,
            origin_names[r->origin], outcome_names[r->outcome], linked ? "linked" : "counts");
}

static int by_id(const void *a, const void *b) {
    uint64_t x = ((const Expected *)a)->winner->r.id, y = ((const Expected *)b)->winner->r.id;
    return x < y ? -1 : x > y;
}

static void print_model(const World *w, Buf *out) {
    Expected rows[RECORDS_MAX];
    int count = merge_all(w, rows);
    link_all(rows, count);
    qsort(rows, (size_t)count, sizeof *rows, by_id);
    for (int i = 0; i < count; i++) {
        const Record *rec = rows[i].winner;
        print_row(out, &rec->r, rows[i].ts_ms, rec->r.ts_ms, rows[i].linked, files[rec->file].path);
        for (int d = 0; d < USED; d++) {
            char text[64];
            value_of((int)used_dims[d], rec->r.name[used_dims[d]], text, sizeof text);
            buf_fmt(out, " %s", text);
        }
        buf_str(out, "\n");
    }
}

static int print_names(Lab *lab, const Row *row, Buf *out) {
    static const char sql[] = "SELECT coalesce(p.value, ''), coalesce(m.value, ''), coalesce(f.value, ''), coalesce(u.value, '') "
                              "FROM combo c JOIN lane l ON l.id = c.lane JOIN context x ON x.id = ?2 "
                              "LEFT JOIN name p ON p.id = l.provider LEFT JOIN name m ON m.id = l.model "
                              "LEFT JOIN name f ON f.id = c.feature LEFT JOIN name u ON u.id = x.user WHERE c.id = ?1";
    sqlite3_stmt *s = db_prepare(lab->db, sql, NULL);
    sqlite3_bind_int64(s, 1, row->combo);
    sqlite3_bind_int64(s, 2, row->context);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    for (int i = 0; i < USED; i++) buf_fmt(out, " %s", (const char *)sqlite3_column_text(s, i));
    return sqlite3_reset(s);
}

static int by_row_id(const void *a, const void *b) {
    uint64_t x = ((const Row *)a)->r.id, y = ((const Row *)b)->r.id;
    return x < y ? -1 : x > y;
}

static void print_ledger(Lab *lab, Buf *out) {
    Row rows[RECORDS_MAX];
    int64_t count = lab_number(lab, "SELECT count(*) FROM request");
    assert_in_range(count, 1, RECORDS_MAX);
    for (int i = 0; i < count; i++) rows[i] = lab_row(lab, i);
    qsort(rows, (size_t)count, sizeof *rows, by_row_id);
    for (int i = 0; i < count; i++) {
        char sql[64], path[64] = "";
        sqlite3_stmt *s;
        snprintf(sql, sizeof sql, "SELECT path FROM file WHERE id = %u", rows[i].file);
        assert_int_equal(sqlite3_prepare_v2(db_handle(lab->db), sql, -1, &s, NULL), SQLITE_OK);
        if (sqlite3_step(s) == SQLITE_ROW) snprintf(path, sizeof path, "%s", (const char *)sqlite3_column_text(s, 0));
        sqlite3_finalize(s);
        print_row(out, &rows[i].r, rows[i].r.ts_ms, rows[i].own_ms, rows[i].r.flags & REQ_LINKED, path);
        print_names(lab, &rows[i], out);
        buf_str(out, "\n");
    }
}

/* ---- giving the records to a ledger, the hard way ---- */
static int stop_commit(void *self) {
    (void)self;
    return 1;
}

static int die(void *self) {
    (void)self;
    _exit(0);
}

/* A process that dies in the moment before its commit. */
static void die_before_commit(Lab *lab) {
    pid_t child = fork();
    if (child == 0) {
        Lab other = *lab; /* SQLite's handles do not survive a fork: it opens its own */
        Err e = {""};
        if (db_open(&other.db, lab->path, DB_WRITE, &e) || ledger_open(&other.l, other.db, &lab->o, &e)) _exit(1);
        sqlite3_commit_hook(db_handle(other.db), (int (*)(void *))die, NULL);
        (void)!ledger_ingest(other.l, other.b, &other.n, &e);
        _exit(2); /* the hook was not asked */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void flush(World *w, Lab *lab) {
    if (batch_count(lab->b) == 0) return;
    uint64_t what = chance(w, 80);
    if (what == 0) die_before_commit(lab);
    if (what == 1) {
        Err e = {""};
        IngestCounts n = {0};
        sqlite3_commit_hook(db_handle(lab->db), stop_commit, NULL);
        assert_int_equal(ledger_ingest(lab->l, lab->b, &n, &e), -1);
        assert_int_equal(n.added + n.merged + n.duplicate + n.linked, 0);
        sqlite3_commit_hook(db_handle(lab->db), NULL, NULL);
    }
    lab_ingest(lab);
    if (what > 77) {
        lab_disconnect(lab);
        lab_connect(lab);
    }
}

static void give(Lab *lab, const Record *rec) {
    Request *r = batch_add(lab->b);
    assert_non_null(r);
    *r = rec->r;
    for (int i = 0; i < USED; i++) {
        char text[64];
        value_of((int)used_dims[i], rec->r.name[used_dims[i]], text, sizeof text);
        r->name[used_dims[i]] = lab_name(lab, text);
    }
}

static void shuffle(World *w, const Record **given, int count) {
    for (int i = count - 1; i > 0; i--) {
        int k = (int)chance(w, (uint64_t)i + 1);
        const Record *t = given[i];
        given[i] = given[k];
        given[k] = t;
    }
}

static void give_all(World *w, Lab *lab) {
    const Record *given[GIVEN_MAX];
    int64_t ids[FILES];
    int count = 0, file = -1;
    uint64_t run = 1 + chance(w, 30); /* records given in a row before a cut */
    for (int i = 0; i < w->count; i++)
        for (uint64_t n = 1 + chance(w, 3); n > 0; n--) given[count++] = &w->records[i];
    shuffle(w, given, count);
    for (int i = 0; i < FILES; i++) ids[i] = lab_file(lab, files[i].source, files[i].path, (uint64_t)i, 10 + i).file_id;
    for (int i = 0; i < count; i++) {
        if (given[i]->file != file || chance(w, run) == 0) flush(w, lab);
        file = given[i]->file;
        give(lab, given[i]);
        lab_mark(lab, ids[file], (uint64_t)i + 1);
    }
    flush(w, lab);
}

static void run_seed(uint64_t seed) {
    World *w = xcalloc(1, sizeof *w);
    Buf expected = {0}, got = {0};
    make_world(w, seed);
    print_model(w, &expected);
    for (int order = 0; order < ORDERS; order++) {
        Lab lab;
        lab_open(&lab, NULL);
        give_all(w, &lab);
        lab_verify(&lab); /* L4 */
        buf_clear(&got);
        print_ledger(&lab, &got);
        if (strcmp(got.at, expected.at) != 0) print_error("seed %llu, order %d\n", (unsigned long long)seed, order);
        assert_string_equal(got.at, expected.at);
        lab_close(&lab);
    }
    buf_free(&expected);
    buf_free(&got);
    free(w);
}

static void any_order_gives_the_models_ledger(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) run_seed(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_gives_the_models_ledger)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
