/* query_scan: stepping through cells and rows; see query_scan.h. */
#include "store/query_scan.h"

enum { INTERRUPT_EVERY = 32 }; /* cells or rows: some microseconds, some milliseconds when each lies on a page that the disk must bring */

int read_begin(Db *db, bool *mine, Err *e) {
    *mine = sqlite3_get_autocommit(db_handle(db)) != 0;
    if (!*mine || db_exec(db, "BEGIN", e) == 0) return 0;
    *mine = false;
    return -1;
}

void read_end(Db *db, bool mine) {
    if (mine) db_rollback(db); /* nothing was written */
}

static bool interrupted(Scan *s) {
    if (!s->aborted && ++s->steps % INTERRUPT_EVERY == 0 && s->interrupt && s->interrupt(s->interrupt_ctx))
        s->aborted = true;
    return s->aborted;
}

static int damaged(Err *e, const char *what, int64_t key) {
    return fail(e, "%s %lld of the ledger is damaged; run tollwatch doctor", what, (long long)key);
}

/* What the filter refuses is not even unpacked. */
static int scan_cell(Scan *s, const Segment *seg, RollupCursor *c, Err *e) {
    Member *m;
    MemberKind kind = seg->table == TABLE_COMBO || seg->table == TABLE_COMBO_DAY ? MEMBER_COMBO : MEMBER_LANE;
    if (query_scan_member(s, kind, cell_id(c->now.cell), &m, e) != 0) return -1;
    if (!m->pass) return 0;
    if (rollup_read(c, s->sums ? s->sums : SUM_COUNT, e) != 0) return -1;
    s->sink(s->sink_ctx, &(Cell){.ms = cell_slot(c->now.cell) * table_slot_ms(seg->table), .member = m, .sums = &c->now.sums});
    return 0;
}

static int scan_cells(Scan *s, const Segment *seg, Err *e) {
    static const Rollup rollups[TABLE_ROWS] = {
        [TABLE_LANE_DAY] = ROLLUP_LANE_DAY, [TABLE_COMBO_DAY] = ROLLUP_COMBO_DAY, [TABLE_LANE] = ROLLUP_LANE,
        [TABLE_COMBO] = ROLLUP_COMBO,       [TABLE_MINUTE] = ROLLUP_MINUTE};
    RollupCursor c;
    int64_t slot_ms = table_slot_ms(seg->table), left_ms = seg->to_ms, last = -1;
    int rc;
    if (rollup_open(&c, s->db, rollups[seg->table], s->from_ms ? s->from_ms : seg->from_ms, seg->to_ms, e) != 0) return -1;
    while ((rc = rollup_step(&c, e)) == 1) {
        int64_t slot = cell_slot(c.now.cell);
        if (interrupted(s) && !(s->sliced && slot == last)) { /* a slot is taken whole: it may grow until the next slice */
            left_ms = slot * slot_ms;
            break;
        }
        if ((rc = scan_cell(s, seg, &c, e)) != 0) break;
        last = slot;
    }
    rollup_close(&c);
    s->from_ms = left_ms;
    s->part_ms = left_ms - seg->from_ms;
    return rc < 0 ? -1 : 0;
}

/* One row: what is cheapest to refuse by comes first. */
static int scan_row(Scan *s, int64_t key, const Row *row, Err *e) {
    static const Member nobody = {.pass = true};
    if (row->r.flags & REQ_LINKED) return 0;
    Member *combo, *context = NULL;
    if (query_scan_member(s, MEMBER_COMBO, row->combo, &combo, e) != 0) return -1;
    if (!combo->pass) return 0;
    if (s->uses & CONTEXT_DIMS && query_scan_member(s, MEMBER_CONTEXT, row->context, &context, e) != 0) return -1;
    if (context && !context->pass) return 0;
    if (s->by_row) {
        FilterRow view;
        if (query_scan_filter_row(s, combo, context ? context : &nobody, &row->r, &view, e) != 0) return -1;
        if (!filter_matches(s->filter, &view)) return 0;
    }
    Sums sums = {0};
    sums_add_request(&sums, &row->r, 1);
    s->sink(s->sink_ctx, &(Cell){.ms = row_key_ms(key), .member = combo, .context = context ? context : &nobody,
                                 .row = &row->r, .sums = &sums});
    return 0;
}

static int scan_rows(Scan *s, const Segment *seg, Err *e) {
    sqlite3_stmt *st = db_prepare(s->db, "SELECT key, body FROM request WHERE key >= ?1 AND key < ?2 ORDER BY key DESC", e);
    if (!st) return -1;
    if (!s->below_key) s->below_key = row_key_at(seg->to_ms);
    sqlite3_bind_int64(st, 1, row_key_at(seg->from_ms));
    sqlite3_bind_int64(st, 2, s->below_key);
    int rc;
    while ((rc = db_step(s->db, st, "read requests", e)) == 1 && !interrupted(s)) {
        Row row;
        int64_t key = sqlite3_column_int64(st, 0);
        const void *blob = sqlite3_column_blob(st, 1);
        if (!row_unpack(key, blob, (size_t)sqlite3_column_bytes(st, 1), &row)) rc = damaged(e, "request", key);
        if (rc < 0 || (rc = scan_row(s, key, &row, e)) < 0) break;
        s->below_key = key;
    }
    sqlite3_reset(st);
    s->part_ms = seg->to_ms - row_key_ms(s->below_key);
    return rc < 0 ? -1 : 0;
}

static void scan_begin(Scan *s, const Plan *p) {
    s->begun = true;
    s->uses = filter_uses(s->filter) | s->row_names;
    s->by_row = filter_needs_rows(s->filter);
    s->left = p->count;
    for (size_t i = 0; i < p->count; i++) s->all_ms += p->segments[i].to_ms - p->segments[i].from_ms;
}

int query_scan_plan(Scan *s, const Plan *p, Err *e) {
    if (!s->begun) scan_begin(s, p);
    for (s->aborted = false; s->left > 0; s->left--) {
        const Segment *seg = &p->segments[s->left - 1];
        int rc = seg->table == TABLE_ROWS ? scan_rows(s, seg, e) : scan_cells(s, seg, e);
        if (rc != 0) return -1;
        if (s->aborted) return 0;
        s->done_ms += seg->to_ms - seg->from_ms;
        s->part_ms = s->below_key = s->from_ms = 0;
    }
    return 0;
}

int query_scan_permille(const Scan *s) {
    if (!s->aborted) return 1000;
    return s->all_ms ? (int)((s->done_ms + s->part_ms) * 1000 / s->all_ms) : 0;
}

/* Rows are looked at by all riders; the cells of bills are the scan's own. */
static void share_cell(void *ctx, const Cell *c) {
    const Scan *s = ctx;
    for (size_t i = 0; i < (s->bills ? 1 : s->riders); i++) {
        const Rider *r = &s->rider[i];
        if (s->bills || (c->ms >= r->since_ms && c->ms < r->until_ms)) r->sink(r->ctx, c);
    }
}

static void add_rider(Scan *s, const Scan *of, const Segment *range) {
    s->rider[s->riders++] = (Rider){of->sink, of->sink_ctx, range->from_ms, range->to_ms};
}

/* What the lead's origins leave out, the filter refuses as well: it is the same one. */
bool query_scan_join(Scan *lead, Plan *lead_plan, Scan *other, Plan *other_plan) {
    Segment *all = lead_plan->segments, *part = other_plan->segments;
    bool rows = lead_plan->count == 1 && all->table == TABLE_ROWS && other_plan->count == 1 && part->table == TABLE_ROWS;
    if (!rows || lead->filter != other->filter || lead->begun || other->begun || lead->riders == RIDERS_MAX) return false;
    if (lead->riders == 0) {
        add_rider(lead, lead, all);
        lead->sink = share_cell;
        lead->sink_ctx = lead;
    }
    add_rider(lead, other, part);
    lead->row_names |= other->row_names;
    if (part->from_ms < all->from_ms) all->from_ms = part->from_ms;
    if (part->to_ms > all->to_ms) all->to_ms = part->to_ms;
    other_plan->count = 0;
    return true;
}

static int64_t slot_at_or_after(int64_t ms, int64_t slot) {
    return (ms + slot - 1) / slot * slot;
}

static int scan_lanes(Scan *s, Table table, int64_t from_ms, int64_t to_ms, Err *e) {
    s->from_ms = 0;
    return from_ms < to_ms ? scan_cells(s, &(Segment){table, from_ms, to_ms}, e) : 0;
}

int query_scan_bills(Scan *s, unsigned origins, const Ask *ask, Err *e) {
    s->origins = origins & (1u << ORIGIN_REPORTED | 1u << ORIGIN_BILLED);
    if (!s->origins || s->aborted) return 0;
    query_scan_forget(s); /* members were judged for other origins */
    s->bills = true;
    s->interrupt = NULL; /* they are few */
    int64_t from = slot_at_or_after(ask->since_ms, SLOT_QUARTER_MS), to = slot_at_or_after(ask->until_ms, SLOT_QUARTER_MS);
    int64_t day = slot_at_or_after(from, SLOT_DAY_MS), end = to - to % SLOT_DAY_MS;
    if (ask->grain_ms < SLOT_DAY_MS || day >= end) return scan_lanes(s, TABLE_LANE, from, to, e);
    if (scan_lanes(s, TABLE_LANE, from, day, e) != 0 || scan_lanes(s, TABLE_LANE_DAY, day, end, e) != 0) return -1;
    return scan_lanes(s, TABLE_LANE, end, to, e);
}
