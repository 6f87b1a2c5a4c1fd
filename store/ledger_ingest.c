/* ledger_ingest: a batch of requests into rows, sums and the file's offset, in one transaction.
 *
 * First the records of one id inside a batch are merged in memory: a streamed answer is three lines of one message, and
 * writing it once is three times cheaper. The merge is the same total order as against stored rows, so nothing changes.
 */
#include "store/ledger_parts.h"


/* ---- the batch: what is late goes, what is one message becomes one item ---- */
static void items_reserve(Items *it, size_t count) {
    size_t slots = 64;
    while (slots < count * 2) slots *= 2;
    if (count > it->cap) {
        it->cap = count;
        it->at = xrealloc(it->at, count * sizeof *it->at);
    }
    if (slots > it->slot_count) {
        it->slot_count = slots;
        it->slots = xrealloc(it->slots, slots * sizeof *it->slots);
    }
    memset(it->slots, 0, it->slot_count * sizeof *it->slots);
    it->count = 0;
}

void items_free(Items *it) {
    free(it->at);
    free(it->slots);
    *it = (Items){0};
}

static int64_t held_ms(int64_t ts_ms) {
    return ts_ms < 0 ? 0 : ts_ms > ROW_MS_MAX ? ROW_MS_MAX : ts_ms;
}

/* The item of the same id, or NULL after making a new one. */
static Item *same_item(Items *it, const Request *r) {
    size_t mask = it->slot_count - 1, i = (size_t)(r->id * 0x9E3779B97F4A7C15u >> 32) & mask;
    for (; it->slots[i]; i = (i + 1) & mask)
        if (it->at[it->slots[i] - 1].r->id == r->id) return &it->at[it->slots[i] - 1];
    it->slots[i] = (uint32_t)it->count + 1;
    return NULL;
}

static void merge_item(Item *item, const Request *r, IngestCounts *n) {
    int64_t own_ms = held_ms(r->ts_ms);
    const Contender new = {.r = r, .own_ms = own_ms}, old = {.r = item->r, .own_ms = held_ms(item->r->ts_ms)};
    bool wins = merge_order(&new, &old) < 0, earlier = own_ms < item->ts_ms;
    if (wins) item->r = r;
    if (earlier) item->ts_ms = own_ms;
    *(wins || earlier ? &n->merged : &n->duplicate) += 1;
}

static int gather(Ledger *l, const Batch *b, IngestCounts *n, Err *e) {
    Items *it = &l->items;
    items_reserve(it, batch_count(b));
    for (size_t i = 0; i < batch_count(b); i++) {
        const Request *r = batch_at(b, i);
        int64_t ts_ms = held_ms(r->ts_ms);
        bool sealed;
        if (days_sealed(l->days, ts_ms, &sealed, e)) return -1;
        if (sealed) {
            if (days_late(l->days, ts_ms, e)) return -1;
            n->late++;
            continue;
        }
        Item *same = r->replay == REPLAY_ANY_TIME ? same_item(it, r) : NULL;
        if (same)
            merge_item(same, r, n);
        else
            it->at[it->count++] = (Item){.r = r, .ts_ms = ts_ms};
    }
    return 0;
}

/* ---- one record ---- */
static void hold_counters(Request *r) {
    for (int i = 0; i < TOK_COUNT; i++) {
        if (r->tokens[i] < 0) r->tokens[i] = 0;
        if (r->tokens[i] > REQUEST_TOKENS_MAX) r->tokens[i] = REQUEST_TOKENS_MAX;
    }
    if (r->id == 0) r->id = 1; /* 0 means none everywhere else */
    r->flags &= ~(uint32_t)REQ_LINKED;
}

static int make_row(Ledger *l, const Item *item, uint32_t file, Row *row, Err *e) {
    *row = (Row){.file = file, .own_ms = held_ms(item->r->ts_ms), .r = *item->r};
    row->r.ts_ms = item->ts_ms;
    hold_counters(&row->r);
    return tuples_intern(l->tuples, &row->r, row, e);
}

static void note_age(Ledger *l, const Row *row) {
    l->old_stored |= row->r.ts_ms < l->now_ms - MS_PER_DAY;
}

static int put_new(Ledger *l, Row *row, IngestCounts *n, Err *e) {
    note_age(l, row);
    if (links_added(l->links, row, e) || cells_count(l->cells, row, 1, e)) return -1;
    if (!(row->r.flags & REQ_LINKED)) n->added++;
    else n->linked++;
    return 0;
}

/* Only records of which each may have another time move, and those are found by their identity. */
static int move_row(Ledger *l, const Row *old, Row *next, Err *e) {
    Row other;
    bool taken;
    if (rows_delete(l, old->key, e) || rows_insert(l, next, &other, &taken, e)) return -1;
    return identity_set(l, next->r.id, next->key, e);
}

static int replace_row(Ledger *l, const Row *old, Row *next, Err *e) {
    bool moves = next->r.ts_ms != old->r.ts_ms, same = !moves && links_same(old, next);
    next->key = old->key;
    next->r.flags &= ~(uint32_t)REQ_LINKED;
    if (same) next->r.flags |= old->r.flags & REQ_LINKED;
    if (cells_count(l->cells, old, -1, e) || (!same && links_removed(l->links, old, e))) return -1;
    if (moves ? move_row(l, old, next, e) : rows_update(l, next, e)) return -1;
    if (!same && links_added(l->links, next, e)) return -1;
    return cells_count(l->cells, next, 1, e);
}

/* A row that found its millisecond full stands a little later than its record's own time. */
static int64_t earliest_ms(const Row *row) {
    return row->own_ms < row->r.ts_ms ? row->own_ms : row->r.ts_ms;
}

static int merge_row(Ledger *l, const Row *old, const Row *row, IngestCounts *n, Err *e) {
    FileFacts new_file, old_file;
    if (files_facts(l->files, row->file, &new_file, e) || files_facts(l->files, old->file, &old_file, e)) return -1;
    const Contender a = {&row->r, row->own_ms, new_file.fingerprint}, b = {&old->r, old->own_ms, old_file.fingerprint};
    bool wins = merge_order(&a, &b) < 0, earlier = row->r.ts_ms < earliest_ms(old);
    if (!wins && !earlier) {
        n->duplicate++;
        return 0;
    }
    Row next = wins ? *row : *old;
    next.r.ts_ms = earlier ? row->r.ts_ms : old->r.ts_ms;
    n->merged++;
    note_age(l, row);
    return replace_row(l, old, &next, e);
}

/* A known record whose row is gone was purged with its day: it is late, unless that day was opened again. */
static int find_known(Ledger *l, const Row *row, Row *old, bool *found, bool *late, Err *e) {
    int64_t key = 0;
    *late = false;
    if (identity_get(l, row->r.id, &key, found, e)) return -1;
    if (!*found) return 0;
    if (rows_get(l, key, old, found, e)) return -1;
    if (*found) return 0;
    if (days_sealed(l->days, row_key_ms(key), late, e)) return -1;
    return *late ? days_late(l->days, row_key_ms(key), e) : 0;
}

/* Where it should stand another row stands: the same one, or its neighbour. */
static int put_beside(Ledger *l, Row *row, IngestCounts *n, Err *e) {
    Row old;
    bool taken;
    const int64_t likely = row->key;
    if (rows_insert(l, row, &old, &taken, e)) return -1;
    bool moved = row->r.replay == REPLAY_ANY_TIME && row->key != likely;
    if (moved && identity_set(l, row->r.id, row->key, e)) return -1;
    return taken ? merge_row(l, &old, row, n, e) : put_new(l, row, n, e);
}

/* They are stored before the first of them is counted; one of them may well be found by what the first is linked with.
 * Behind a taken key more of them are likely (a file that is read again): then one by one. */
static int put_queued(Ledger *l, IngestCounts *n, Err *e) {
    Queue *q = &l->queue;
    size_t count = q->count, at = 0, stored;
    q->count = 0;
    for (size_t most = count; at < count; most = 1) {
        size_t end = at + most;
        if (rows_insert_first(l, q->at + at, most, &stored, e)) return -1;
        for (size_t i = 0; i < stored; i++) {
            links_wait(l->links, &q->at[at + i + 1], stored - i - 1);
            if (put_new(l, &q->at[at + i], n, e)) return -1;
        }
        at += stored;
        if (at < end && put_beside(l, &q->at[at++], n, e)) return -1;
    }
    return 0;
}

static int put_known(Ledger *l, Row *row, IngestCounts *n, Err *e) {
    Row old;
    bool found, late;
    if (put_queued(l, n, e) || find_known(l, row, &old, &found, &late, e)) return -1;
    if (found) return merge_row(l, &old, row, n, e);
    if (late) {
        n->late++;
        return 0;
    }
    row->key = 0; /* wherever it stands now, its identity says so */
    return put_beside(l, row, n, e);
}

/* Most records are new: their identity is stored at once, with the key that the row will most likely get. */
static int put_row(Ledger *l, Row *row, IngestCounts *n, Err *e) {
    bool is_new = true;
    const int64_t likely = row_key_try(row->r.ts_ms, row->r.id, row->r.replay, 0);
    if (row->r.replay == REPLAY_ANY_TIME && identity_add(l, row->r.id, likely, &is_new, e)) return -1;
    if (!is_new) return put_known(l, row, n, e);
    l->queue.at[l->queue.count++] = *row;
    return l->queue.count == QUEUE_ROWS ? put_queued(l, n, e) : 0;
}

/* ---- batches ---- */
int ledger_history(Ledger *l, int64_t *count, Err *e) {
    return meta_get(l, "history", 0, count, e);
}

static int note_history(Ledger *l, Err *e) {
    int64_t count;
    return ledger_history(l, &count, e) || meta_set_int(l, "history", count + 1, e) ? -1 : 0;
}

static int put_batch(Ledger *l, Batch *b, IngestCounts *n, Err *e) {
    const FileMark *mark = batch_mark(b);
    uint32_t file = mark->set ? (uint32_t)mark->file_id : 0;
    uint64_t late = n->late;
    names_batch(l->names, b);
    tuples_batch(l->tuples);
    if (gather(l, b, n, e)) return -1;
    l->old_stored = false;
    l->queue.count = 0;
    for (size_t i = 0; i < l->items.count; i++) {
        Row row;
        if (make_row(l, &l->items.at[i], file, &row, e) || put_row(l, &row, n, e)) return -1;
    }
    if (put_queued(l, n, e) || (l->old_stored && note_history(l, e))) return -1;
    n->other += names_lost(l->names);
    return files_mark(l->files, mark, n->late - late, e);
}

static void add_counts(IngestCounts *to, const IngestCounts *n) {
    to->added += n->added;
    to->merged += n->merged;
    to->duplicate += n->duplicate;
    to->linked += n->linked;
    to->late += n->late;
    to->other += n->other;
}

int ledger_ingest_some(Ledger *l, Batch *const *batches, size_t count, size_t *stored, IngestCounts *counts, Err *e) {
    IngestCounts n = {0};
    size_t i = 0;
    *stored = 0;
    if (ledger_start(l, e)) return -1;
    const int64_t until_ms = clock_monotonic_ms() + l->group_ms;
    bool reopened;
    int rc = reopen_for(l, batches, count, &reopened, e);
    while (rc == 0 && i < count && (i == 0 || clock_monotonic_ms() < until_ms)) rc = put_batch(l, batches[i++], &n, e);
    n.linked += links_flipped(l->links);
    if (ledger_end(l, rc, e)) return -1;
    if (reopened) l->reopen_waits = false;
    *stored = i;
    add_counts(counts, &n);
    return 0;
}

int ledger_ingest(Ledger *l, Batch *b, IngestCounts *counts, Err *e) {
    size_t stored;
    return ledger_ingest_some(l, &b, 1, &stored, counts, e);
}
