/* savings_mark: whether what a run has read is still what the ledger holds. See savings.h, S7.
 * Owns: a hash of the sums and the purged days of the range. Does not: hold a transaction open while a run lasts: a reader
 * that does keeps the whole WAL. Why sums: they equal the calls of every day, always, and are few. */
#include "store/clock.h"
#include "store/rollup.h"
#include "store/savings_parts.h"

/* Calls are booked when they end and at the time they began: what is younger than this is still coming in, and is no change. */
enum { SETTLED_MS = 3600000 };

static int mark_cells(Db *db, Rollup rollup, int64_t from_ms, int64_t to_ms, uint64_t *mark, Err *e) {
    RollupCursor c;
    int rc;
    if (from_ms >= to_ms) return 0;
    if (rollup_open(&c, db, rollup, from_ms, to_ms, e) != 0) return -1;
    while ((rc = rollup_next(&c, e)) == 1) {
        *mark = hash64(&c.now.cell, sizeof c.now.cell, *mark);
        *mark = hash64(&c.now.sums, sizeof c.now.sums, *mark);
    }
    rollup_close(&c);
    return rc;
}

static int mark_purged(Db *db, int64_t from_ms, int64_t to_ms, uint64_t *mark, Err *e) {
    sqlite3_stmt *st = db_prepare(db, "SELECT day, reopened_ms FROM sealed_day WHERE day >= ?1 AND day <= ?2 ORDER BY day", e);
    int rc;
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, from_ms / MS_PER_DAY);
    sqlite3_bind_int64(st, 2, to_ms / MS_PER_DAY);
    while ((rc = db_step(db, st, "read the purged days", e)) == 1) {
        const int64_t day[2] = {sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        *mark = hash64(day, sizeof day, *mark);
    }
    return rc;
}

int save_mark(Db *db, int64_t since_ms, int64_t until_ms, uint64_t *mark, Err *e) {
    int64_t settled_ms = until_ms - SETTLED_MS, today_ms = settled_ms / MS_PER_DAY * MS_PER_DAY;
    int64_t quarter_ms = (since_ms > today_ms ? since_ms : today_ms) / SLOT_QUARTER_MS * SLOT_QUARTER_MS;
    *mark = 0;
    if (settled_ms <= since_ms) return 0;
    if (mark_cells(db, ROLLUP_COMBO_DAY, since_ms / MS_PER_DAY * MS_PER_DAY, today_ms, mark, e) != 0) return -1;
    if (mark_cells(db, ROLLUP_COMBO, quarter_ms, settled_ms / SLOT_QUARTER_MS * SLOT_QUARTER_MS, mark, e) != 0) return -1;
    return mark_purged(db, since_ms, settled_ms, mark, e);
}

static SaveNote *first_note(Savings *out, const char *name) {
    if (out->notes < SAVE_NOTES) out->notes++;
    memmove(&out->note[1], &out->note[0], (out->notes - 1) * sizeof *out->note);
    out->note[0] = (SaveNote){.name = name, .finding = true};
    return &out->note[0];
}

void save_say_changed(Savings *out) {
    SaveNote *n = first_note(out, "changed meanwhile");
    snprintf(n->text, sizeof n->text, "calls came late, were repriced or purged while these were read: some are in the figures as they were before; look again");
}

int save_say_purged(Db *db, int64_t since_ms, int64_t until_ms, Savings *out, Err *e) {
    sqlite3_stmt *st = db_prepare(db, "SELECT count(*), max(day) FROM sealed_day WHERE day >= ?1 AND day <= ?2 AND reopened_ms = 0", e);
    char day[40];
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, since_ms / MS_PER_DAY);
    sqlite3_bind_int64(st, 2, until_ms / MS_PER_DAY);
    if (db_step(db, st, "read the purged days", e) < 0) return -1;
    int64_t days = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    if (days == 0) return 0;
    time_format(NULL, last * MS_PER_DAY, "%Y-%m-%d", day, sizeof day);
    SaveNote *n = first_note(out, "purged days");
    snprintf(n->text, sizeof n->text, "the single calls of %lld day%s of the range, up to %s, are kept no longer ([general] raw_days): they are in no figure here", (long long)days,
             days == 1 ? "" : "s", day);
    return 0;
}
