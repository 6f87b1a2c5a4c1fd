/* savings_load: rows of the ledger as calls: as little of each as the strategies look at; a sample of them in memory.
 * See savings.h. Why whole calls: what a strategy would save depends on which calls follow which; sums cannot tell. */
#include "store/query_scan.h"
#include "store/savings_parts.h"

/* Of a combo or context: what is looked up for every row, in eight bytes, because a scan's own are too many for the cache. */
enum { UNKNOWN, REFUSED, NUMBERED, KNOWN_MAX = 1 << 16 };
typedef struct Known { uint32_t number, session; } Known; /* number: NUMBERED + that of `who` or `where` */
typedef struct KnownIds { Known *at; size_t cap; } KnownIds;

struct Intake {
    Scan scan;
    KeyTable kinds, near; /* by all names; by the few numbers below, for most */
    KeyTable who, where;  /* provider, model, tier, feature; endpoint: numbered as they come */
    KnownIds known[MEMBER_KINDS]; /* by id; ids beyond KNOWN_MAX are looked up each time */
    uint32_t *near_kind;
    size_t near_cap, kind_cap, call_cap;
};

Intake *intake_new(Db *db, const Query *q) {
    Intake *in = xcalloc(1, sizeof *in);
    in->scan = (Scan){.db = db, .filter = q->filter, .origins = 1u << ORIGIN_METERED, .interrupt = q->interrupt, .interrupt_ctx = q->ctx};
    in->kinds.width = KIND_IDS;
    in->who.width = 4;
    in->where.width = in->near.width = 1;
    return in;
}

void intake_free(Intake *in) {
    if (!in) return;
    query_scan_free(&in->scan);
    keytable_free(&in->kinds);
    keytable_free(&in->near);
    keytable_free(&in->who);
    keytable_free(&in->where);
    for (int i = 0; i < MEMBER_KINDS; i++) free(in->known[i].at);
    free(in->near_kind);
    free(in);
}

/* ---- one row ---- */
static Known number_of(Intake *in, MemberKind kind, const Member *m) {
    const int64_t who[] = {m->name[DIM_PROVIDER], m->name[DIM_MODEL], m->name[DIM_TIER], m->name[DIM_FEATURE]}, where[] = {m->name[DIM_ENDPOINT]};
    bool is_new;
    if (!m->pass) return (Known){.number = REFUSED};
    return (Known){NUMBERED + (kind == MEMBER_COMBO ? keytable_index(&in->who, who, &is_new) : keytable_index(&in->where, where, &is_new)), m->name[DIM_SESSION]};
}

static Known *known_at(KnownIds *k, uint32_t id) {
    if (id < k->cap) return &k->at[id];
    if (id >= KNOWN_MAX) return NULL;
    size_t cap = k->cap ? k->cap : 1024;
    while (cap <= id) cap *= 2;
    k->at = xrealloc(k->at, cap * sizeof *k->at);
    memset(k->at + k->cap, 0, (cap - k->cap) * sizeof *k->at);
    k->cap = cap;
    return &k->at[id];
}

static int know(Intake *in, MemberKind kind, uint32_t id, Known *out, Err *e) {
    Known *k = known_at(&in->known[kind], id);
    Member *m;
    if (k && k->number != UNKNOWN) return *out = *k, 0;
    if (query_scan_member(&in->scan, kind, id, &m, e) != 0) return -1;
    *out = number_of(in, kind, m);
    if (k) *k = *out;
    return 0;
}

/* A filter asks for more than a call has. */
static int passes(Scan *s, const IntakeRow *in, const void *body, size_t len, Err *e) {
    Member *combo, *context;
    FilterRow view;
    Row row;
    if (query_scan_member(s, MEMBER_COMBO, in->names.combo, &combo, e) != 0 || query_scan_member(s, MEMBER_CONTEXT, in->names.context, &context, e) != 0) return -1;
    if (!row_unpack(in->call.key, body, len, &row) || query_scan_filter_row(s, combo, context, &row.r, &view, e) != 0) return -1;
    return filter_matches(s->filter, &view);
}

int intake_take(Intake *in, int64_t key, const void *body, size_t len, IntakeRow *out, Err *e) {
    Scan *s = &in->scan;
    SaveCall *c = &out->call;
    if (!row_unpack_call(key, body, len, c, &out->names)) return fail(e, "request %lld of the ledger is damaged; run tollwatch doctor", (long long)key);
    if (c->flags & REQ_LINKED) return 0;
    Known combo, context;
    if (know(in, MEMBER_COMBO, out->names.combo, &combo, e) != 0) return -1;
    if (combo.number == REFUSED) return 0;
    if (know(in, MEMBER_CONTEXT, out->names.context, &context, e) != 0) return -1;
    if (context.number == REFUSED) return 0;
    out->who = combo.number - NUMBERED;
    out->where = context.number - NUMBERED;
    c->session = context.session;
    return s->filter ? passes(s, out, body, len, e) : 1;
}

/* ---- its kind ---- */
static int new_kind(Intake *in, const IntakeRow *row, uint32_t *index, bool *is_new, IntakeKind *out, Err *e) {
    Scan *s = &in->scan;
    SaveKind *k = &out->text;
    const int64_t *who = keytable_key(&in->who, row->who), *where = keytable_key(&in->where, row->where);
    const int64_t id[KIND_IDS] = {[ID_PROVIDER] = who[0], [ID_MODEL] = who[1], [ID_TIER] = who[2], [ID_FEATURE] = who[3],
                                  [ID_GEO] = row->names.geo, [ID_SPEED] = row->names.speed, [ID_ENDPOINT] = where[0]};
    const char **to[KIND_IDS] = {[ID_PROVIDER] = &k->provider, [ID_MODEL] = &k->model, [ID_TIER] = &k->tier, [ID_FEATURE] = &k->feature,
                                 [ID_GEO] = &k->geo, [ID_SPEED] = &k->speed, [ID_ENDPOINT] = &k->endpoint};
    *index = keytable_index(&in->kinds, id, is_new);
    memcpy(out->id, id, sizeof id);
    for (int i = 0; i < KIND_IDS && *is_new; i++)
        if (texts_name(&s->texts, s->db, id[i], to[i], e) != 0) return -1;
    return 0;
}

int intake_kind(Intake *in, const IntakeRow *row, uint32_t *index, bool *is_new, IntakeKind *out, Err *e) {
    int64_t near = (int64_t)row->who << 5 | row->where;
    *is_new = false;
    if (row->names.geo || row->names.speed || row->where >> 5) return new_kind(in, row, index, is_new, out, e);
    bool first;
    uint32_t at = keytable_index(&in->near, &near, &first);
    if (at >= in->near_cap) in->near_kind = xrealloc(in->near_kind, (in->near_cap = in->near_cap ? in->near_cap * 2 : 64) * sizeof *in->near_kind);
    if (first && new_kind(in, row, &in->near_kind[at], is_new, out, e) != 0) return -1;
    *index = in->near_kind[at];
    return 0;
}

/* ---- a sample ---- */
static int sample_add(SaveSample *s, Intake *in, IntakeRow *row, Err *e) {
    IntakeKind kind;
    bool is_new;
    if (intake_kind(in, row, &row->call.kind, &is_new, &kind, e) != 0) return -1;
    if (is_new && s->kinds >= in->kind_cap) s->kind = xrealloc(s->kind, (in->kind_cap = in->kind_cap ? in->kind_cap * 2 : 64) * sizeof *s->kind);
    if (is_new) s->kind[s->kinds++] = kind.text;
    if (s->count == in->call_cap) s->call = xrealloc(s->call, (in->call_cap = in->call_cap ? in->call_cap * 2 : 1024) * sizeof *s->call);
    s->call[s->count++] = row->call;
    return 0;
}

static int take_row(SaveSample *s, Intake *in, sqlite3_stmt *st, Err *e) {
    IntakeRow row;
    const void *body = sqlite3_column_blob(st, 1);
    int rc = intake_take(in, sqlite3_column_int64(st, 0), body, (size_t)sqlite3_column_bytes(st, 1), &row, e);
    return rc == 1 ? sample_add(s, in, &row, e) : rc;
}

static int read_calls(Intake *in, sqlite3_stmt *st, size_t max, SaveSample *out, Err *e) {
    Scan *s = &in->scan;
    int rc;
    while ((rc = db_step(s->db, st, "read requests", e)) == 1) {
        if ((out->cut = out->count == max)) break;
        if (s->interrupt && ++s->steps % 2048 == 0 && s->interrupt(s->interrupt_ctx)) return fail(e, "reading calls was ended by a key; come back to go on");
        if (take_row(out, in, st, e) < 0) return -1;
    }
    return rc < 0 ? -1 : 0;
}

int savings_load(Db *db, const Query *q, size_t max, SaveSample *out, Err *e) {
    int64_t until = q->until_ms < ROW_MS_MAX ? q->until_ms : ROW_MS_MAX, since = q->since_ms > 0 ? q->since_ms : 0;
    Intake *in = intake_new(db, q);
    *out = (SaveSample){.since_ms = q->since_ms, .until_ms = q->until_ms, .memory = in};
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key DESC", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, row_key_at(since < until ? since : until));
    sqlite3_bind_int64(st, 2, row_key_at(until));
    int rc = read_calls(in, st, max, out, e);
    sqlite3_reset(st);
    if (out->cut) out->since_ms = out->call[out->count - 1].ts_ms;
    return rc;
}

/* As many stand for the slot as came in the time of the first of it. */
static void weigh(SaveSample *s, size_t from, int64_t from_ms, int64_t to_ms, uint32_t max) {
    int64_t n = (int64_t)(s->count - from), span_ms = n ? s->call[s->count - 1].ts_ms - from_ms + 1 : 1;
    int64_t times = n < max ? 1 : (to_ms - from_ms) / span_ms;
    for (size_t i = from; i < s->count; i++) s->call[i].stands_for = times < 1 ? 1 : times > INT32_MAX ? INT32_MAX : (uint32_t)times;
}

int survey_step(SaveSample *s, Intake *in, Db *db, int64_t from_ms, int64_t to_ms, uint32_t max, Err *e) {
    size_t from = s->count;
    int rc = 0;
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, row_key_at(from_ms));
    sqlite3_bind_int64(st, 2, row_key_at(to_ms));
    for (uint32_t looked = 0; looked < max && rc == 0; looked++) {
        if ((rc = db_step(db, st, "read requests", e)) != 1) break;
        rc = take_row(s, in, st, e);
    }
    sqlite3_reset(st);
    weigh(s, from, from_ms, to_ms, max);
    return rc < 0 ? -1 : 0;
}

int sample_key(SaveSample *s, Intake *in, Db *db, int64_t key, Err *e) {
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key = ?1", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, key);
    int rc = db_step(db, st, "read a request", e);
    if (rc == 1) rc = take_row(s, in, st, e);
    sqlite3_reset(st);
    return rc < 0 ? -1 : 0;
}

void savings_free(SaveSample *s) {
    intake_free(s->memory);
    free(s->call);
    free(s->kind);
    *s = (SaveSample){0};
}
