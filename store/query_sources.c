/* query_sources: where records come from and how fresh they are; what has no price; the collector's heartbeat. */
#include "store/query_scan.h"

int64_t query_heartbeat_ms(Db *db) {
    int64_t ms;
    int64_t beat_ms = role_beat_ms(db_path(db));
    if (meta_int(db, "heartbeat_ms", 0, &ms, NULL) != 0) ms = 0;
    return beat_ms > ms ? beat_ms : ms;
}

int64_t query_newest_ms(Db *db) {
    int64_t key = 0;
    sqlite3_stmt *s = db_prepare(db, "SELECT max(key) FROM request", NULL);
    if (s && db_step(db, s, "read the newest request", NULL) == 1) key = sqlite3_column_int64(s, 0);
    if (s) sqlite3_reset(s); /* no read transaction is left open */
    return row_key_ms(key);
}

static bool has_row(Db *db, const char *select) {
    sqlite3_stmt *s = db_prepare(db, select, NULL);
    bool found = !s || db_step(db, s, "look whether anything was read", NULL) != 0; /* what cannot be read is not called empty */
    if (s) sqlite3_reset(s);
    return found;
}

bool query_is_empty(Db *db) {
    return !has_row(db, "SELECT 1 FROM request LIMIT 1") && !has_row(db, "SELECT 1 FROM rollup_lane LIMIT 1") &&
           !has_row(db, "SELECT 1 FROM rollup_lane_day LIMIT 1") && !has_row(db, "SELECT 1 FROM bill LIMIT 1");
}

bool query_has_sources(Db *db) {
    return has_row(db, "SELECT 1 FROM source LIMIT 1");
}

static void copy_text(char *to, size_t size, sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(to, size, "%s", text ? text : "");
}

static void read_source(sqlite3_stmt *s, SourceView *v) {
    *v = (SourceView){0};
    copy_text(v->source, sizeof v->source, s, 1);
    copy_text(v->kind, sizeof v->kind, s, 2);
    copy_text(v->state, sizeof v->state, s, 3);
    copy_text(v->last_word, sizeof v->last_word, s, 4);
    v->seen_ms = sqlite3_column_int64(s, 5);
    v->lag_ms = sqlite3_column_int64(s, 6);
    v->notional = sqlite3_column_int(s, 7) != 0;
    v->files = sqlite3_column_int64(s, 8);
    v->lines = sqlite3_column_int64(s, 9);
    v->records = sqlite3_column_int64(s, 10);
    v->bad_lines = sqlite3_column_int64(s, 11);
    v->skipped_lines = sqlite3_column_int64(s, 12);
    v->late = sqlite3_column_int64(s, 13);
    copy_text(v->path, sizeof v->path, s, 14); /* of the newest file: a bare column beside max() is that row's */
}

/* Which of the views a file belongs to. */
typedef struct Owners {
    KeyTable sources, files;
    size_t *of_file;
    size_t cap;
} Owners;

static int read_files(Db *db, Owners *o, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT id, source FROM file", e);
    int rc = s ? 1 : -1;
    while (rc >= 0 && (rc = db_step(db, s, "read the files", e)) == 1) {
        int64_t id = sqlite3_column_int64(s, 0), source = sqlite3_column_int64(s, 1);
        bool is_new;
        uint32_t i = keytable_index(&o->files, &id, &is_new);
        if (i >= o->cap) o->of_file = xrealloc(o->of_file, (o->cap = o->cap ? o->cap * 2 : 64) * sizeof *o->of_file);
        o->of_file[i] = keytable_find(&o->sources, &source);
    }
    return rc;
}

static void count_calls(const Owners *o, int64_t file, int64_t calls, SourceView *out, size_t max) {
    uint32_t i = keytable_find(&o->files, &file);
    if (i != UINT32_MAX && o->of_file[i] < max) out[o->of_file[i]].today_requests += calls;
}

/* Whole quarters, from the rollup of files. */
static int count_cells(Db *db, int64_t from, int64_t to, const Owners *o, SourceView *out, size_t max, Err *e) {
    RollupCursor c;
    int rc;
    if (rollup_open(&c, db, ROLLUP_FILE, from, to, e)) return -1;
    while ((rc = rollup_next(&c, e)) == 1) count_calls(o, cell_id(c.now.cell), c.now.sums.v[SUM_REQUESTS], out, max);
    rollup_close(&c);
    return rc;
}

static int count_rows(Db *db, int64_t from, int64_t to, const Owners *o, SourceView *out, size_t max, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row_key_at(from));
    sqlite3_bind_int64(s, 2, row_key_at(to));
    int rc;
    while ((rc = db_step(db, s, "read requests", e)) == 1) {
        Row row;
        const void *blob = sqlite3_column_blob(s, 1);
        if (!row_unpack(sqlite3_column_int64(s, 0), blob, (size_t)sqlite3_column_bytes(s, 1), &row)) continue;
        if (!(row.r.flags & REQ_LINKED)) count_calls(o, row.file, 1 + row.r.more_calls, out, max);
    }
    return rc;
}

/* Whole quarters from the rollup, the cut one from rows; what is too old for the rollup is unknown. */
static int count_today(Db *db, int64_t day, int64_t now, const Owners *o, SourceView *out, size_t max, Err *e) {
    int64_t known, newest, cut = now - now % SLOT_QUARTER_MS;
    if (meta_int(db, "minute_from_ms", INT64_MAX, &known, e) != 0 || ledger_newest_ms(db, &newest, e) != 0) return -1;
    for (size_t i = 0; i < max && day < known; i++) out[i].today_requests = -1;
    if (day < known) return 0;
    if (now > newest) cut += SLOT_QUARTER_MS; /* nothing comes behind */
    if (count_cells(db, day, cut, o, out, max, e) != 0) return -1;
    return cut < now ? count_rows(db, cut, now, o, out, max, e) : 0;
}

static int read_sources(Db *db, Owners *o, SourceView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db,
        "SELECT s.id, s.name, s.kind, s.state, s.last_word, s.seen_ms, s.lag_ms, s.notional, count(f.id), sum(f.lines), "
        "sum(f.records), sum(f.bad_lines), sum(f.skipped_lines), sum(f.late), f.path, max(f.mtime_ms) "
        "FROM source s LEFT JOIN file f ON f.source = s.id GROUP BY s.id ORDER BY s.name", e);
    int rc = s ? 1 : -1;
    while (rc >= 0 && *count < max && (rc = db_step(db, s, "read the sources", e)) == 1) {
        int64_t id = sqlite3_column_int64(s, 0);
        bool is_new;
        keytable_index(&o->sources, &id, &is_new);
        read_source(s, &out[(*count)++]);
    }
    if (s) sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

/* The zone of days and budgets, as the collector stored it; UTC before it did, or when this machine lacks it. */
static int stored_zone(Db *db, Zone **out, Err *e) {
    char name[64] = "";
    *out = NULL;
    sqlite3_stmt *s = db_prepare(db, "SELECT value FROM meta WHERE key = 'zone'", e);
    if (!s) return -1;
    int rc = db_step(db, s, "read the zone", e);
    if (rc == 1) copy_text(name, sizeof name, s, 0);
    sqlite3_reset(s);
    if (rc == 1 && zone_open(out, name, NULL) != 0) *out = NULL;
    return rc < 0 ? -1 : 0;
}

bool source_is_fine(const SourceView *v) {
    return strcmp(v->state, "ok") == 0 || strcmp(v->state, "waiting") == 0;
}

int query_sources(Db *db, int64_t now_ms, SourceView *out, size_t max, size_t *count, Err *e) {
    *count = 0;
    Owners o = {.sources.width = 1, .files.width = 1};
    Zone *zone = NULL;
    bool mine;
    if (read_begin(db, &mine, e) != 0) return -1;
    int rc = read_sources(db, &o, out, max, count, e);
    if (rc == 0) rc = stored_zone(db, &zone, e);
    if (rc == 0) rc = read_files(db, &o, e);
    if (rc == 0) rc = count_today(db, time_floor(zone, now_ms, UNIT_DAY), now_ms, &o, out, *count, e);
    read_end(db, mine);
    zone_free(zone);
    keytable_free(&o.sources);
    keytable_free(&o.files);
    free(o.of_file);
    return rc;
}

int query_unpriced(Db *db, int64_t since_ms, int64_t until_ms, Result *out, Err *e) {
    Query q = {.since_ms = since_ms, .until_ms = until_ms, .by = {DIM_PROVIDER, DIM_MODEL}, .by_count = 2};
    if (query_run(db, &q, out, e) != 0) return -1;
    size_t kept = 0;
    out->total = (Totals){0};
    for (size_t i = 0; i < out->count; i++) {
        if (!out->groups[i].t.unpriced_requests) continue;
        totals_add(&out->total, &out->groups[i].t);
        out->groups[kept++] = out->groups[i];
    }
    out->count = kept;
    return 0;
}
