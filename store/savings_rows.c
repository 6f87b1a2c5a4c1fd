/* savings_rows: the calls on which a rule is tried and measured, one by one with their names, oldest first, so that a cache
 * or a rate can be played through. See savings_rule.h. Nothing is kept but the names. */
#include "store/query_scan.h"
#include "store/savings_rule.h"

enum { LOOK_EVERY = 256 };
typedef struct Walk {
    Scan scan;
    RuleRowFn *each;
    void *ctx;
} Walk;

static int fill(Walk *w, const Row *row, const Member *combo, const Member *context, RuleRow *out, Err *e) {
    const struct { uint32_t id; const char **to; } more[] = {{row->geo, &out->geo}, {row->speed, &out->speed}, {row->asked, &out->asked}};
    Texts *texts = &w->scan.texts;
    *out = (RuleRow){.row = row};
    for (int i = 0; i < DIM_COUNT; i++)
        if (texts_name(texts, w->scan.db, combo->name[i] ? combo->name[i] : context->name[i], &out->name[i], e) != 0) return -1;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (texts_name(texts, w->scan.db, more[i].id, more[i].to, e) != 0) return -1;
    if (!*out->asked) out->asked = out->name[DIM_MODEL];
    snprintf(out->id, sizeof out->id, "%016llx", (unsigned long long)row->r.id);
    return 0;
}

static int take(Walk *w, const Row *row, Err *e) {
    Scan *s = &w->scan;
    Member *combo, *context;
    FilterRow view;
    RuleRow out;
    if (row->r.flags & REQ_LINKED) return 0;
    if (query_scan_member(s, MEMBER_COMBO, row->combo, &combo, e) != 0) return -1;
    if (!combo->pass) return 0;
    const Member known = *combo; /* the next look-up may move it */
    if (query_scan_member(s, MEMBER_CONTEXT, row->context, &context, e) != 0) return -1;
    if (s->filter) {
        if (query_scan_filter_row(s, &known, context, &row->r, &view, e) != 0) return -1;
        if (!context->pass || !filter_matches(s->filter, &view)) return 0;
    }
    if (fill(w, row, &known, context, &out, e) != 0) return -1;
    return w->each(w->ctx, &out, e);
}

/* The key from which on there are `max` rows in the range, at most; 0 = all of it. */
static int first_key(Db *db, int64_t from, int64_t to, int64_t max, bool *cut, int64_t *key, Err *e) {
    *cut = false;
    *key = from;
    if (max == 0) return 0;
    sqlite3_stmt *st = db_prepare(db, "SELECT key FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT 1 OFFSET ?3", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, from);
    sqlite3_bind_int64(st, 2, to);
    sqlite3_bind_int64(st, 3, max);
    int rc = db_step(db, st, "read requests", e);
    *cut = rc == 1;
    *key = rc == 1 ? sqlite3_column_int64(st, 0) + 1 : from;
    sqlite3_reset(st);
    return rc < 0 ? -1 : 0;
}

static int walk_rows(Walk *w, RulePlace *at, int64_t to, Err *e) {
    Db *db = w->scan.db;
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key", e);
    int rc = 0;
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, at->next_key);
    sqlite3_bind_int64(st, 2, to);
    while (!at->more && (rc = db_step(db, st, "read requests", e)) == 1) {
        Row row;
        int64_t key = sqlite3_column_int64(st, 0);
        const void *body = sqlite3_column_blob(st, 1);
        if (!row_unpack(key, body, (size_t)sqlite3_column_bytes(st, 1), &row))
            rc = fail(e, "request %lld of the ledger is damaged; run tollwatch doctor", (long long)key);
        if (rc < 0 || (rc = take(w, &row, e)) < 0) break;
        at->next_key = key + 1;
        at->more = w->scan.interrupt && ++w->scan.steps % LOOK_EVERY == 0 && w->scan.interrupt(w->scan.interrupt_ctx);
    }
    sqlite3_reset(st);
    return rc < 0 ? -1 : 0;
}

int rule_rows_on(Db *db, const Query *q, int64_t max_calls, RulePlace *at, RuleRowFn *each, void *ctx, Err *e) {
    Walk w = {.scan = {.db = db, .filter = q->filter, .origins = 1u << ORIGIN_METERED, .interrupt = q->interrupt, .interrupt_ctx = q->ctx},
              .each = each, .ctx = ctx};
    int64_t until = q->until_ms < ROW_MS_MAX ? q->until_ms : ROW_MS_MAX, since = q->since_ms > 0 ? q->since_ms : 0;
    if (since > until) since = until;
    if (!at->begun && first_key(db, row_key_at(since), row_key_at(until), max_calls, &at->cut, &at->next_key, e) != 0) return -1;
    if (!at->begun) at->since_ms = at->cut ? row_key_ms(at->next_key) : q->since_ms;
    at->begun = true;
    at->more = false;
    int rc = walk_rows(&w, at, row_key_at(until), e);
    query_scan_free(&w.scan);
    return rc;
}

int rule_rows(Db *db, const Query *q, int64_t max_calls, bool *cut, int64_t *since_ms, RuleRowFn *each, void *ctx, Err *e) {
    RulePlace at = {.begun = false};
    int rc = rule_rows_on(db, q, max_calls, &at, each, ctx, e);
    *cut = at.cut;
    *since_ms = at.since_ms;
    return rc == 0 && at.more ? fail(e, "trying the rule was ended by a key; come back to go on") : rc;
}

static const char *known_text(const char *text) { return *text ? text : NULL; }

PolicyCall rule_call(const RuleRow *r) {
    const Request *q = &r->row->r;
    return (PolicyCall){.feature = known_text(r->name[DIM_FEATURE]), .model = known_text(r->asked), .team = known_text(r->name[DIM_TEAM]),
                        .user = known_text(r->name[DIM_USER]), .key = known_text(r->name[DIM_KEY]), .provider = known_text(r->name[DIM_PROVIDER]),
                        .account = known_text(r->name[DIM_ACCOUNT]), .endpoint = known_text(r->name[DIM_ENDPOINT]), .request_id = r->id,
                        .max_tokens = q->max_tokens, .prompt_bytes = q->prompt_bytes, .tools = q->tools < 0 ? -1 : q->tools > 0};
}

bool rule_price(Pricer *p, const RuleRow *r, const char *model, const int64_t tokens[TOK_COUNT], int64_t *nano) {
    const Request *q = &r->row->r;
    const char *tier = r->name[DIM_TIER];
    bool named_batch = strcmp(tier, "batch") == 0;
    uint32_t flags;
    Usage u = {.provider = str_of(r->name[DIM_PROVIDER]), .model = str_of(model), .ts_ms = q->ts_ms, .batch = q->flags & REQ_BATCH || named_batch,
               .tier = str_of(named_batch ? "" : tier), .geo = str_of(r->geo), .speed = str_of(r->speed),
               .web_searches = q->web_searches, .more_calls = q->more_calls};
    memcpy(u.tokens, tokens, sizeof u.tokens);
    return pricer_usage(p, &u, nano, &flags);
}
