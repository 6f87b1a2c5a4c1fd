/* bill: replacing buckets; names and balances. See bill.h; a read's rows: bill_set.c. */
#include "store/bill.h"
#include "store/ledger_parts.h"
#include <strings.h>

/* ---- one row as a request, for its price and its lane ---- */
typedef struct Reading {
    Ledger *l;
    const BillRead *read;
    BillSet *set;
    Pricer *pricer;
    int64_t feed, rival;        /* rival 0 = none */
    uint32_t account, provider; /* names of the set */
    bool aside;                 /* C5: another feed counts on this day */
    CellSet cells[2];           /* quarters, days: what changes */
} Reading;

static bool in_dollars(const BillSet *s, const BillRow *r) {
    Str name = batch_name_at(s->names, r->currency);
    return r->currency == 0 || (name.len == 3 && strncasecmp(name.at, "USD", 3) == 0);
}

/* A bucket is many calls, so the average prompt decides whether prices of long ones hold. Of unknown calls nobody knows it: then
 * they hold only where the provider says so. */
static int64_t more_calls(const BillRow *row) {
    if (row->long_prompts) return 0;
    return (row->requests > 0 && row->requests < REQUEST_CALLS_MAX ? row->requests : REQUEST_CALLS_MAX) - 1;
}

static Request *as_request(Reading *x, const BillRow *row) {
    batch_undo(x->set->names);
    Request *r = batch_add(x->set->names);
    r->ts_ms = row->start_ms;
    r->id = 1;
    r->origin = (uint8_t)x->read->origin;
    r->outcome = OUTCOME_OK;
    r->name[DIM_ACCOUNT] = x->account;
    r->name[DIM_PROVIDER] = x->provider;
    r->name[DIM_MODEL] = row->model;
    r->name[DIM_TIER] = row->tier;
    r->web_searches = row->searches > INT32_MAX ? INT32_MAX : (int32_t)row->searches;
    if (row->batch) r->flags |= REQ_BATCH;
    r->more_calls = more_calls(row);
    memcpy(r->tokens, row->tokens, sizeof r->tokens);
    return r;
}

static int64_t all_tokens(const BillRow *row) {
    int64_t n = 0;
    for (int t = 0; t < TOK_COUNT; t++) n += row->tokens[t];
    return n;
}

static void sums_of(const BillRow *row, int64_t unpriced_tokens, Sums *out) {
    *out = (Sums){0};
    out->v[SUM_REQUESTS] = row->requests;
    out->v[SUM_COST] = row->nano;
    out->v[SUM_UNPRICED_TOKENS] = unpriced_tokens;
    out->v[SUM_UNPRICED_REQUESTS] = unpriced_tokens ? row->requests : 0;
    for (int t = 0; t < TOK_COUNT; t++) out->v[SUM_TOKENS + t] = row->tokens[t];
}

static void add_cells(CellSet cells[2], int64_t start_ms, uint32_t lane, const Sums *s, int sign) {
    sums_add(cellset_at(&cells[0], cell_of(start_ms / SLOT_QUARTER_MS, lane)), s, sign);
    sums_add(cellset_at(&cells[1], cell_of(start_ms / SLOT_DAY_MS, lane)), s, sign);
}

static int write_cells(Ledger *l, CellSet cells[2], Err *e) {
    static const Rollup rollups[2] = {ROLLUP_LANE, ROLLUP_LANE_DAY};
    for (int i = 0; i < 2; i++) {
        cellset_sort(&cells[i]);
        if (rollup_add(l->db, rollups[i], cells[i].at, cells[i].count, e)) return -1;
        cellset_clear(&cells[i]);
    }
    return 0;
}

/* ---- what is there ---- */
#define COLUMNS "start_ms, lane, requests, nano, unpriced_tokens, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input"

/* Takes (sign -1) or puts back (1) what the stored rows of a statement count for. */
static int count_stored(Ledger *l, sqlite3_stmt *s, CellSet cells[2], int sign, Err *e) {
    int got;
    while ((got = db_step(l->db, s, "read a provider's rows", e)) == 1) {
        Sums sums;
        BillRow row = {.start_ms = sqlite3_column_int64(s, 0), .requests = sqlite3_column_int64(s, 2), .nano = sqlite3_column_int64(s, 3)};
        uint32_t lane = (uint32_t)sqlite3_column_int64(s, 1);
        for (int t = 0; t < TOK_COUNT; t++) row.tokens[t] = sqlite3_column_int64(s, 5 + t);
        sums_of(&row, sqlite3_column_int64(s, 4), &sums);
        if (lane) add_cells(cells, row.start_ms, lane, &sums, sign);
    }
    return got;
}

/* A statement over a feed's rows of a range. */
static sqlite3_stmt *of_feed(Reading *x, const char *sql, int64_t feed, int64_t from_ms, int64_t to_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(x->l->db, sql, e);
    if (!s) return NULL;
    sqlite3_bind_int64(s, 1, feed);
    sqlite3_bind_int64(s, 2, from_ms);
    sqlite3_bind_int64(s, 3, to_ms);
    return s;
}

/* What a feed's rows count for goes out of the sums; `then` says what becomes of the rows. */
static int take_out(Reading *x, int64_t feed, int64_t from_ms, int64_t to_ms, const char *then, Err *e) {
    sqlite3_stmt *s = of_feed(x, "SELECT " COLUMNS " FROM bill WHERE feed = ?1 AND start_ms >= ?2 AND start_ms < ?3", feed, from_ms, to_ms, e);
    if (!s || count_stored(x->l, s, x->cells, -1, e) < 0) return -1;
    s = of_feed(x, then, feed, from_ms, to_ms, e);
    return !s || db_step(x->l->db, s, "replace a provider's rows", e) < 0 ? -1 : 0;
}

/* C5: whether the rival has rows in this range. */
static int has_rows(Reading *x, int64_t from_ms, int64_t to_ms, bool *has, Err *e) {
    sqlite3_stmt *s = of_feed(x, "SELECT 1 FROM bill WHERE feed = ?1 AND start_ms >= ?2 AND start_ms < ?3 LIMIT 1", x->rival, from_ms, to_ms, e);
    int got = s ? db_step(x->l->db, s, "look for another feed's rows", e) : -1;
    if (s) sqlite3_reset(s);
    *has = got == 1;
    return got < 0 ? -1 : 0;
}

static int meet_rival(Reading *x, int64_t from_ms, int64_t to_ms, bool rows, Err *e) {
    static const char aside[] = "UPDATE bill SET lane = 0 WHERE feed = ?1 AND start_ms >= ?2 AND start_ms < ?3";
    x->aside = false;
    if (!x->rival) return 0;
    if (!x->read->wins) return has_rows(x, from_ms, to_ms, &x->aside, e);
    return rows ? take_out(x, x->rival, from_ms, to_ms, aside, e) : 0;
}

int bills_restore(Ledger *l, int64_t from_ms, int64_t to_ms, Err *e) {
    CellSet cells[2] = {{0}};
    sqlite3_stmt *s = db_prepare(l->db, "SELECT " COLUMNS " FROM bill WHERE start_ms >= ?1 AND start_ms < ?2", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, from_ms);
    sqlite3_bind_int64(s, 2, to_ms);
    int rc = count_stored(l, s, cells, 1, e) < 0 ? -1 : write_cells(l, cells, e);
    for (int i = 0; i < 2; i++) cellset_free(&cells[i]);
    return rc;
}

/* ---- what comes ---- */
static void bind_name(sqlite3_stmt *s, int at, const BillSet *set, uint32_t name) {
    Str text = batch_name_at(set->names, name);
    sqlite3_bind_text(s, at, text.len ? text.at : "", (int)text.len, SQLITE_TRANSIENT);
}

static int insert(Reading *x, const BillRow *row, uint32_t lane, int64_t unpriced, Err *e) {
    static const char sql[] = "INSERT INTO bill(feed, start_ms, end_ms, lane, model, tier, project, key, item, currency, requests, searches, "
                              "nano, unpriced_tokens, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input) "
                              "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)";
    const uint32_t names[] = {row->model, row->tier, row->project, row->key, row->item, row->currency};
    sqlite3_stmt *s = db_prepare(x->l->db, sql, e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, x->feed);
    sqlite3_bind_int64(s, 2, row->start_ms);
    sqlite3_bind_int64(s, 3, row->end_ms);
    sqlite3_bind_int64(s, 4, lane);
    for (int i = 0; i < 6; i++) bind_name(s, 5 + i, x->set, names[i]);
    sqlite3_bind_int64(s, 11, row->requests);
    sqlite3_bind_int64(s, 12, row->searches);
    sqlite3_bind_int64(s, 13, row->nano);
    sqlite3_bind_int64(s, 14, unpriced);
    for (int t = 0; t < TOK_COUNT; t++) sqlite3_bind_int64(s, 15 + t, row->tokens[t]);
    return db_step(x->l->db, s, "store a provider's row", e) < 0 ? -1 : 0;
}

static int lane_of(Reading *x, const Request *r, uint32_t *lane, Err *e) {
    Row row = {0};
    const Combo *combo;
    if (tuples_intern(x->l->tuples, r, &row, e) || tuples_combo(x->l->tuples, row.combo, &combo, e)) return -1;
    *lane = combo->lane;
    return 0;
}

static bool is_standard(Str tier) {
    return tier.len == 0 || str_is(tier, "default") || str_is(tier, "standard") || str_is(tier, "auto");
}

/* A batch without a tier of its own is one, so that it can be held against the tiers of the logs. */
static int put_in(Reading *x, BillRow *row, Err *e) {
    uint32_t lane = 0;
    int64_t unpriced = 0;
    Sums sums;
    if (row->batch && is_standard(batch_name_at(x->set->names, row->tier))) row->tier = bill_set_name(x->set, "batch");
    Request *r = as_request(x, row);
    if (!row->money) {
        pricer_price(x->pricer, x->set->names, r);
        row->nano = r->cost_nano;
        unpriced = r->flags & REQ_UNPRICED ? all_tokens(row) : 0;
    }
    bool counts = !x->aside && x->read->origin != ORIGIN_NOTIONAL && in_dollars(x->set, row); /* C4 C5 */
    if (counts && lane_of(x, r, &lane, e)) return -1;
    if (insert(x, row, lane, unpriced, e)) return -1;
    sums_of(row, unpriced, &sums);
    if (lane && !sums_empty(&sums)) add_cells(x->cells, row->start_ms, lane, &sums, 1);
    return 0;
}

/* ---- a day ---- */
static int replace_day(Reading *x, int64_t from_ms, int64_t to_ms, size_t *at, Err *e) {
    static const char gone[] = "DELETE FROM bill WHERE feed = ?1 AND start_ms >= ?2 AND start_ms < ?3";
    names_batch(x->l->names, x->set->names);
    tuples_batch(x->l->tuples);
    bool rows = *at < x->set->count && x->set->at[*at].start_ms < to_ms;
    if (take_out(x, x->feed, from_ms, to_ms, gone, e) || meet_rival(x, from_ms, to_ms, rows, e)) return -1;
    for (; *at < x->set->count && x->set->at[*at].start_ms < to_ms; ++*at)
        if (put_in(x, &x->set->at[*at], e)) return -1;
    return write_cells(x->l, x->cells, e);
}

static int replace_days(Reading *x, Err *e) {
    size_t at = 0;
    const BillRead *r = x->read;
    for (int64_t day = r->from_ms - r->from_ms % MS_PER_DAY; day < r->until_ms; day += MS_PER_DAY) {
        int64_t from = day > r->from_ms ? day : r->from_ms, to = day + MS_PER_DAY < r->until_ms ? day + MS_PER_DAY : r->until_ms;
        if (ledger_start(x->l, e)) return -1;
        if (ledger_end(x->l, replace_day(x, from, to, &at, e), e)) return -1;
    }
    return 0;
}

/* ---- feeds ---- */
static int feed_id(Ledger *l, const BillRead *r, int64_t *id, Err *e) {
    sqlite3_stmt *s = db_prepare(l->db, "INSERT INTO bill_feed(account, provider, feed, origin, until_ms, read_ms) VALUES(?1, ?2, ?3, ?4, 0, 0) "
                                        "ON CONFLICT DO UPDATE SET provider = ?2 RETURNING id", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, r->account, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, r->provider, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, r->feed, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, (int)r->origin);
    int got = db_step(l->db, s, "note a provider's feed", e);
    if (got == 1) *id = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got == 1 ? 0 : -1;
}

/* 0 = it was never read. */
static int feed_number(Db *db, const char *account, const char *feed, int64_t *id, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT id FROM bill_feed WHERE account = ?1 AND feed = ?2", e);
    *id = 0;
    if (!s) return -1;
    sqlite3_bind_text(s, 1, account, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, feed, -1, SQLITE_STATIC);
    int got = db_step(db, s, "look at a provider's feed", e);
    if (got == 1) *id = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static int note_read(Ledger *l, const BillRead *r, int64_t feed, Err *e) {
    int64_t until = r->closed_ms < r->until_ms ? r->closed_ms : r->until_ms;
    sqlite3_stmt *s = db_prepare(l->db, "UPDATE bill_feed SET until_ms = max(until_ms, ?2), read_ms = ?3 WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, feed);
    sqlite3_bind_int64(s, 2, until);
    sqlite3_bind_int64(s, 3, r->now_ms);
    return db_step(l->db, s, "note a provider's feed", e) < 0 ? -1 : 0;
}

static int in_transaction(Ledger *l, const BillRead *r, int64_t *feed, int (*what)(Ledger *, const BillRead *, int64_t *, Err *), Err *e) {
    if (ledger_start(l, e)) return -1;
    return ledger_end(l, what(l, r, feed, e), e);
}

static int finish_read(Ledger *l, const BillRead *r, int64_t *feed, Err *e) { return note_read(l, r, *feed, e); }

int bill_feed_state(Db *db, const char *account, const char *feed, int64_t *until_ms, int64_t *read_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT until_ms, read_ms FROM bill_feed WHERE account = ?1 AND feed = ?2", e);
    *until_ms = *read_ms = 0;
    if (!s) return -1;
    sqlite3_bind_text(s, 1, account, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, feed, -1, SQLITE_STATIC);
    int got = db_step(db, s, "look at a provider's feed", e);
    if (got == 1) *until_ms = sqlite3_column_int64(s, 0), *read_ms = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int bill_payers(Db *db, BillPayer *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT account, max(read_ms) FROM bill_feed GROUP BY account ORDER BY account", e);
    int got = s ? 0 : -1;
    *count = 0;
    while (s && *count < max && (got = db_step(db, s, "look who was read", e)) == 1) {
        BillPayer *p = &out[(*count)++];
        snprintf(p->account, sizeof p->account, "%s", (const char *)sqlite3_column_text(s, 0));
        p->read_ms = sqlite3_column_int64(s, 1);
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static int by_start(const void *a, const void *b) {
    int64_t x = ((const BillRow *)a)->start_ms, y = ((const BillRow *)b)->start_ms;
    return x < y ? -1 : x > y;
}

/* Rows outside of what was asked for would stay when their bucket is replaced. */
static int check_range(const BillRead *r, const BillSet *set, Err *e) {
    if (set->full) return fail(e, "%s %s: more than %d rows in one read; ask for fewer days at a time", r->account, r->feed, BILL_ROWS_MAX);
    for (size_t i = 0; i < set->count; i++)
        if (set->at[i].start_ms < r->from_ms || set->at[i].start_ms >= r->until_ms)
            return fail(e, "%s %s: a bucket outside of the range that was asked for; nothing was stored", r->account, r->feed);
    return 0;
}

int bills_replace(Ledger *l, const BillRead *read, BillSet *set, Pricer *pricer, Err *e) {
    Reading x = {.l = l, .read = read, .set = set, .pricer = pricer};
    if (check_range(read, set, e)) return -1; /* C2 */
    if (set->count) qsort(set->at, set->count, sizeof *set->at, by_start);
    batch_add(set->names);
    x.account = bill_set_name(set, read->account);
    x.provider = bill_set_name(set, read->provider);
    int rc = read->rival ? feed_number(l->db, read->account, read->rival, &x.rival, e) : 0;
    if (rc == 0) rc = in_transaction(l, read, &x.feed, feed_id, e);
    if (rc == 0) rc = replace_days(&x, e);
    for (int i = 0; i < 2; i++) cellset_free(&x.cells[i]);
    return rc == 0 ? in_transaction(l, read, &x.feed, finish_read, e) : -1;
}

/* ---- names and balances ---- */
static int set_texts(Ledger *l, const char *sql, const char *const *texts, int count, const int64_t *numbers, int number_count, Err *e) {
    if (ledger_start(l, e)) return -1;
    sqlite3_stmt *s = db_prepare(l->db, sql, e);
    for (int i = 0; s && i < count; i++) sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_TRANSIENT);
    for (int i = 0; s && i < number_count; i++) sqlite3_bind_int64(s, count + i + 1, numbers[i]);
    return ledger_end(l, s && db_step(l->db, s, "note what a provider says", e) >= 0 ? 0 : -1, e);
}

int bill_name_set(Ledger *l, const char *account, const char *kind, const char *id, const char *name, Err *e) {
    static const char sql[] = "INSERT INTO bill_name VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET name = ?4 WHERE name <> ?4";
    return set_texts(l, sql, (const char *const[]){account, kind, id, name}, 4, NULL, 0, e);
}

int bill_balance_set(Ledger *l, const char *account, const char *kind, const char *currency, int64_t nano, int64_t at_ms, Err *e) {
    static const char sql[] = "INSERT INTO bill_balance VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET nano = ?4, at_ms = ?5";
    return set_texts(l, sql, (const char *const[]){account, kind, currency}, 3, (const int64_t[]){nano, at_ms}, 2, e);
}
