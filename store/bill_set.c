/* bill_set: the rows of one read: added one by one, or merged when a source tells single calls. See bill.h. */
#include "store/bill.h"

void bill_set_init(BillSet *s) { *s = (BillSet){.names = batch_new(1)}; }

void bill_set_free(BillSet *s) {
    batch_free(s->names);
    free(s->at);
    free(s->seen);
    free(s->merged);
    *s = (BillSet){0};
}

BillRow *bill_set_add(BillSet *s) {
    if (s->count == BILL_ROWS_MAX) return s->full = true, NULL;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->at = xrealloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->count] = (BillRow){0};
    return &s->at[s->count++];
}

uint32_t bill_set_name(BillSet *s, const char *text) {
    if (!text || !*text) return 0;
    uint32_t i = batch_name(s->names, text, strlen(text));
    if (i == 0) s->full = true;
    return i;
}

/* ---- what was there already ---- */
static void seen_put(uint64_t *table, size_t cap, uint64_t hash) {
    size_t i = hash & (cap - 1);
    while (table[i]) i = (i + 1) & (cap - 1);
    table[i] = hash;
}

static void seen_grow(BillSet *s) {
    size_t cap = s->seen_cap ? s->seen_cap * 2 : 1024;
    uint64_t *table = xcalloc(cap, sizeof *table);
    for (size_t i = 0; i < s->seen_cap; i++)
        if (s->seen[i]) seen_put(table, cap, s->seen[i]);
    free(s->seen);
    s->seen = table;
    s->seen_cap = cap;
}

bool bill_set_first(BillSet *s, const char *id) {
    uint64_t hash = hash64(id, strlen(id), 0) | 1;
    if (s->seen_count * 2 >= s->seen_cap) {
        if (s->seen_count >= BILL_ROWS_MAX) return s->full = true, false;
        seen_grow(s);
    }
    for (size_t i = hash & (s->seen_cap - 1); s->seen[i]; i = (i + 1) & (s->seen_cap - 1))
        if (s->seen[i] == hash) return false;
    seen_put(s->seen, s->seen_cap, hash);
    s->seen_count++;
    return true;
}

static uint64_t content_hash(const BillRow *r, uint64_t seed) {
    const int64_t of[] = {r->start_ms, r->end_ms, r->model, r->tier, r->project, r->key, r->item, r->currency, r->requests, r->searches, r->nano, r->batch, r->money, r->long_prompts};
    return hash64(r->tokens, sizeof r->tokens, hash64(of, sizeof of, seed));
}

void bill_set_page(BillSet *s, size_t from) {
    char id[32];
    uint64_t hash = 0;
    if (s->merged_cap || from >= s->count) return;
    for (size_t i = from; i < s->count; i++) hash = content_hash(&s->at[i], hash);
    snprintf(id, sizeof id, "page %016llx", (unsigned long long)hash);
    if (!bill_set_first(s, id) && !s->full) s->count = from;
}

static bool alike(const BillRow *a, const BillRow *b) {
    return a->start_ms == b->start_ms && a->end_ms == b->end_ms && a->model == b->model && a->tier == b->tier && a->project == b->project &&
           a->key == b->key && a->item == b->item && a->currency == b->currency && a->batch == b->batch && a->money == b->money;
}

static uint64_t row_hash(const BillRow *r) {
    const int64_t of[] = {r->start_ms, r->model, r->tier, r->project, r->key, r->item, r->batch};
    return hash64(of, sizeof of, 0);
}

static void merged_put(BillSet *s, size_t row) {
    size_t i = row_hash(&s->at[row]) & (s->merged_cap - 1);
    while (s->merged[i]) i = (i + 1) & (s->merged_cap - 1);
    s->merged[i] = (uint32_t)row + 1;
}

static void merged_grow(BillSet *s) {
    free(s->merged);
    s->merged_cap = s->merged_cap ? s->merged_cap * 2 : 256;
    s->merged = xcalloc(s->merged_cap, sizeof *s->merged);
    for (size_t i = 0; i < s->count; i++) merged_put(s, i);
}

BillRow *bill_set_merge(BillSet *s, const BillRow *like) {
    if (s->count * 2 >= s->merged_cap) merged_grow(s);
    for (size_t i = row_hash(like) & (s->merged_cap - 1); s->merged[i]; i = (i + 1) & (s->merged_cap - 1))
        if (alike(&s->at[s->merged[i] - 1], like)) return &s->at[s->merged[i] - 1];
    BillRow *row = bill_set_add(s);
    if (!row) return NULL;
    *row = *like;
    merged_put(s, s->count - 1);
    return row;
}

/* ---- days read in part ---- */
int bill_parts(Db *db, int64_t since_ms, BillPart out[BILL_PARTS_MAX], size_t *count, Err *e) {
    /* lane 0 is in no sum, so what it lacks is no matter */
    static const char sql[] = "SELECT DISTINCT f.account, b.start_ms / 86400000 * 86400000 FROM bill_feed f JOIN bill b ON b.feed = f.id "
                              "AND b.start_ms >= max(f.until_ms - 86400000, ?1) WHERE b.end_ms > f.until_ms AND b.lane <> 0";
    sqlite3_stmt *s = db_prepare(db, sql, e);
    int got = s ? 0 : -1;
    *count = 0;
    if (s) sqlite3_bind_int64(s, 1, since_ms);
    while (s && *count < BILL_PARTS_MAX && (got = db_step(db, s, "look for days that are read in part", e)) == 1) {
        BillPart *p = &out[(*count)++];
        snprintf(p->account, sizeof p->account, "%s", (const char *)sqlite3_column_text(s, 0));
        p->day_ms = sqlite3_column_int64(s, 1);
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

bool bill_is_part(const BillPart *parts, size_t count, const char *account, int64_t day_ms) {
    for (size_t i = 0; i < count; i++)
        if (parts[i].day_ms == day_ms && strcmp(parts[i].account, account) == 0) return true;
    return false;
}
