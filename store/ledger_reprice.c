/* ledger_reprice: prices every row of the open days again, a few thousand in a transaction.
 *
 * Does not: know prices; the caller's function does. The rows go through it as a batch that holds their names.
 */
#include "store/ledger_parts.h"
#include "store/memo.h"

enum { CHUNK = 2048, COMBO_NAMES = 8 };
static const Dim dims[COMBO_NAMES] = {DIM_ACCOUNT, DIM_PROVIDER, DIM_MODEL, DIM_TIER, DIM_FEATURE, DIM_TEAM, DIM_KEY, DIM_GATEWAY};

typedef struct Repricing {
    Ledger *l;
    LedgerPriceFn *price;
    void *ctx;
    Batch *batch;
    Row *rows;
    size_t count;
    Memo *combos;                     /* combo -> index + 1 into names; of one chunk, as batch is */
    uint32_t (*names)[COMBO_NAMES];
    size_t name_count;
    uint64_t changed;
} Repricing;

static int read_chunk(Repricing *p, int64_t *after_key, Err *e) {
    Db *db = p->l->db;
    sqlite3_stmt *s = db_prepare(db, "SELECT key, body FROM request WHERE key > ?1 ORDER BY key LIMIT 2048", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, *after_key);
    p->count = 0;
    int got;
    while ((got = db_step(db, s, "read requests", e)) == 1) {
        *after_key = sqlite3_column_int64(s, 0);
        if (row_unpack(*after_key, sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), &p->rows[p->count]))
            p->count++;
    }
    return got;
}

static int name_index(Repricing *p, uint32_t id, uint32_t *out, Err *e) {
    char text[NAME_MAX_BYTES + 1];
    if (names_text(p->l->names, id, text, e)) return -1;
    *out = batch_name(p->batch, text, strlen(text));
    return 0;
}

static int combo_names(Repricing *p, uint32_t id, const uint32_t **out, Err *e) {
    const Combo *c;
    uint32_t *known = memo_at(p->combos, &id);
    if (!*known) {
        if (tuples_combo(p->l->tuples, id, &c, e)) return -1;
        const uint32_t ids[COMBO_NAMES] = {c->account, c->provider, c->model, c->tier, c->feature, c->team, c->key, c->gateway};
        for (int i = 0; i < COMBO_NAMES; i++)
            if (name_index(p, ids[i], &p->names[p->name_count][i], e)) return -1;
        *known = (uint32_t)++p->name_count;
    }
    *out = p->names[*known - 1];
    return 0;
}

static bool same_price(const Row *a, const Row *b) {
    return a->r.cost_nano == b->r.cost_nano && a->r.saved_cache_nano == b->r.saved_cache_nano &&
           a->r.saved_response_nano == b->r.saved_response_nano && a->price == b->price && a->r.flags == b->r.flags;
}

static int store_price(Repricing *p, const Row *old, const Row *row, Err *e) {
    if (same_price(old, row)) return 0;
    p->changed += old->r.cost_nano != row->r.cost_nano || (old->r.flags ^ row->r.flags) & REQ_UNPRICED;
    if (cells_count(p->l->cells, old, -1, e) || cells_count(p->l->cells, row, 1, e)) return -1;
    return rows_update(p->l, row, e);
}

static int row_names(Repricing *p, const Row *old, Request *r, Err *e) {
    const uint32_t *names;
    *r = old->r;
    if (combo_names(p, old->combo, &names, e)) return -1;
    for (int i = 0; i < COMBO_NAMES; i++) r->name[dims[i]] = names[i];
    return name_index(p, old->geo, &r->geo, e) || name_index(p, old->speed, &r->speed, e) ? -1 : 0;
}

/* What a price hangs on came beyond the day's limit of new names and is not known any more; when it came, it was. */
static bool price_lost(const Repricing *p, const Request *r) {
    const uint32_t asked[] = {r->name[DIM_PROVIDER], r->name[DIM_MODEL], r->name[DIM_TIER], r->geo, r->speed};
    bool lost = false;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) lost |= str_is(batch_name_at(p->batch, asked[i]), names_other);
    return lost;
}

static int price_row(Repricing *p, const Row *old, Request *r, Err *e) {
    if (row_names(p, old, r, e)) return -1;
    if (price_lost(p, r)) return 0;
    p->price(p->ctx, p->batch, r);
    Row row = *old;
    const uint32_t mask = REQ_UNPRICED | REQ_PRICE_APPROX;
    row.r.cost_nano = r->cost_nano;
    row.r.saved_cache_nano = r->saved_cache_nano;
    row.r.saved_response_nano = r->saved_response_nano;
    row.r.flags = (old->r.flags & ~mask) | (r->flags & mask);
    if (tuples_price(p->l->tuples, r->price_row, &row.price, e)) return -1;
    return store_price(p, old, &row, e);
}

static int price_chunk(Repricing *p, int64_t *after_key, Err *e) {
    if (read_chunk(p, after_key, e)) return -1;
    batch_clear(p->batch);
    memo_clear(p->combos);
    p->name_count = 0;
    for (size_t i = 0; i < p->count; i++) {
        bool sealed;
        if (days_sealed(p->l->days, p->rows[i].r.ts_ms, &sealed, e)) return -1;
        if (sealed) continue;
        Request *r = batch_add(p->batch);
        if (!r) { /* very many names: the rest is for the next chunk */
            *after_key = p->rows[i - 1].key;
            return 0;
        }
        if (price_row(p, &p->rows[i], r, e)) return -1;
    }
    return 0;
}

static int price_all(Repricing *p, Err *e) {
    int64_t after_key = -1, before;
    do {
        before = after_key;
        if (ledger_start(p->l, e)) return -1;
        if (ledger_end(p->l, price_chunk(p, &after_key, e), e)) return -1;
    } while (after_key != before);
    return 0;
}

int ledger_reprice(Ledger *l, LedgerPriceFn *price, void *ctx, uint64_t *changed, Err *e) {
    Repricing p = {.l = l, .price = price, .ctx = ctx};
    p.batch = batch_new(CHUNK);
    p.rows = xcalloc(CHUNK, sizeof *p.rows);
    p.names = xcalloc(CHUNK, sizeof *p.names);
    p.combos = memo_new(1, CHUNK * 2);
    int rc = price_all(&p, e);
    *changed = p.changed;
    batch_free(p.batch);
    memo_free(p.combos);
    free(p.rows);
    free(p.names);
    return rc;
}
