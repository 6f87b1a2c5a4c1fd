/* savings_load: the calls of a range in memory, as little of each as the strategies look at. See savings.h.
 * Why whole calls: what a strategy would save depends on which calls follow which; sums cannot tell. */
#include "store/query_scan.h"
#include "store/savings.h"

typedef struct Memory { /* kinds by (combo, geo, speed, endpoint), and their texts */
    KeyTable kinds;
    size_t cap;
    Texts texts;
} Memory;

static int name_of(Memory *m, Db *db, uint32_t id, const char **out, Err *e) { return texts_name(&m->texts, db, id, out, e); }

static int fill_kind(Memory *m, Db *db, const Row *row, const Member *combo, uint32_t endpoint, SaveKind *k, Err *e) {
    const struct { uint32_t id; const char **to; } names[] = {
        {combo->name[DIM_PROVIDER], &k->provider}, {combo->name[DIM_MODEL], &k->model}, {combo->name[DIM_TIER], &k->tier},
        {combo->name[DIM_FEATURE], &k->feature}, {row->geo, &k->geo}, {row->speed, &k->speed}, {endpoint, &k->endpoint}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name_of(m, db, names[i].id, names[i].to, e) != 0) return -1;
    return 0;
}

static int kind_of(SaveSample *s, Db *db, const Row *row, const Member *combo, uint32_t endpoint, uint32_t *out, Err *e) {
    Memory *m = s->memory;
    const int64_t key[4] = {row->combo, row->geo, row->speed, endpoint};
    bool is_new;
    *out = keytable_index(&m->kinds, key, &is_new);
    if (!is_new) return 0;
    if (*out >= m->cap) s->kind = xrealloc(s->kind, (m->cap = m->cap ? m->cap * 2 : 64) * sizeof *s->kind);
    s->kinds = m->kinds.count;
    return fill_kind(m, db, row, combo, endpoint, &s->kind[*out], e);
}

static void fill_call(SaveCall *c, const Row *row) {
    const Request *r = &row->r;
    *c = (SaveCall){.key = row->key, .ts_ms = r->ts_ms, .cost_nano = r->cost_nano, .saved_cache_nano = r->saved_cache_nano,
                    .saved_response_nano = r->saved_response_nano, .more_calls = r->more_calls, .prefix_bytes = r->prefix_bytes,
                    .prompt_bytes = r->prompt_bytes, .prompt_hash = r->prompt_hash, .prefix_hash = r->prefix_hash,
                    .web_searches = r->web_searches, .tools = r->tools, .max_tokens = r->max_tokens, .latency_ms = r->latency_ms, .flags = r->flags, .outcome = r->outcome};
    memcpy(c->tokens, r->tokens, sizeof c->tokens);
}

/* 1 = the row is one of those asked for; 0 = not. */
static int passes(Scan *s, const Row *row, Member **combo, Err *e) {
    Member *context;
    FilterRow view;
    if (row->r.flags & REQ_LINKED) return 0;
    if (query_scan_member(s, MEMBER_COMBO, row->combo, combo, e) != 0) return -1;
    if (!(*combo)->pass) return 0;
    if (!s->filter) return 1;
    if (query_scan_member(s, MEMBER_CONTEXT, row->context, &context, e) != 0) return -1;
    if (query_scan_filter_row(s, *combo, context, &row->r, &view, e) != 0) return -1;
    return context->pass && filter_matches(s->filter, &view);
}

static int take_row(SaveSample *out, Scan *s, const Row *row, size_t *cap, Err *e) {
    Member *combo, *context;
    int rc = passes(s, row, &combo, e);
    if (rc != 1) return rc;
    const Member known = *combo; /* the next look-up may move it */
    if (query_scan_member(s, MEMBER_CONTEXT, row->context, &context, e) != 0) return -1;
    if (out->count == *cap) out->call = xrealloc(out->call, (*cap = *cap ? *cap * 2 : 1024) * sizeof *out->call);
    SaveCall *c = &out->call[out->count++];
    fill_call(c, row);
    c->session = context->name[DIM_SESSION];
    return kind_of(out, s->db, row, &known, context->name[DIM_ENDPOINT], &c->kind, e);
}

static int read_calls(Scan *s, sqlite3_stmt *st, size_t max, SaveSample *out, Err *e) {
    size_t cap = 0;
    int rc;
    while ((rc = db_step(s->db, st, "read requests", e)) == 1) {
        Row row;
        int64_t key = sqlite3_column_int64(st, 0);
        const void *blob = sqlite3_column_blob(st, 1);
        if ((out->cut = out->count == max)) break;
        if (s->interrupt && ++s->steps % 2048 == 0 && s->interrupt(s->interrupt_ctx)) return fail(e, "reading calls was ended by a key; come back to go on");
        if (!row_unpack(key, blob, (size_t)sqlite3_column_bytes(st, 1), &row))
            return fail(e, "request %lld of the ledger is damaged; run tollwatch doctor", (long long)key);
        if ((rc = take_row(out, s, &row, &cap, e)) < 0) break;
    }
    return rc < 0 ? -1 : 0;
}

int savings_load(Db *db, const Query *q, size_t max, SaveSample *out, Err *e) {
    Scan s = {.db = db, .filter = q->filter, .origins = 1u << ORIGIN_METERED, .interrupt = q->interrupt, .interrupt_ctx = q->ctx};
    int64_t until = q->until_ms < ROW_MS_MAX ? q->until_ms : ROW_MS_MAX, since = q->since_ms > 0 ? q->since_ms : 0;
    Memory *m = xcalloc(1, sizeof *m);
    m->kinds.width = 4;
    *out = (SaveSample){.since_ms = q->since_ms, .until_ms = q->until_ms, .memory = m};
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key DESC", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, row_key_at(since < until ? since : until));
    sqlite3_bind_int64(st, 2, row_key_at(until));
    int rc = read_calls(&s, st, max, out, e);
    sqlite3_reset(st);
    query_scan_free(&s);
    if (out->cut) out->since_ms = out->call[out->count - 1].ts_ms;
    return rc;
}

void savings_free(SaveSample *s) {
    Memory *m = s->memory;
    if (m) {
        keytable_free(&m->kinds);
        texts_free(&m->texts);
    }
    free(m);
    free(s->call);
    free(s->kind);
    *s = (SaveSample){0};
}
