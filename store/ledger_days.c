/* ledger_days: sealed days (L6): which they are, and what came late for them.
 *
 * Owns: table sealed_day, with ledger_purge.c. The memory of which days are sealed lasts one transaction, because another
 * process may seal one.
 */
#include "store/ledger_parts.h"

enum { SLOTS = 64 };

typedef struct Day {
    int64_t day;
    bool known, sealed, reopened;
    int64_t late; /* not written yet */
} Day;

struct Days {
    Ledger *l;
    Day slots[SLOTS];
};

Days *days_new(Ledger *l) {
    Days *d = xcalloc(1, sizeof *d);
    d->l = l;
    return d;
}

void days_free(Days *d) {
    free(d);
}

void days_forget(Days *d) {
    memset(d->slots, 0, sizeof d->slots);
}

static int write_late(Days *d, Day *day, Err *e) {
    if (day->late == 0) return 0;
    sqlite3_stmt *s = db_prepare(d->l->db, "UPDATE sealed_day SET late = late + ?2 WHERE day = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, day->day);
    sqlite3_bind_int64(s, 2, day->late);
    day->late = 0;
    return db_step(d->l->db, s, "count late records", e);
}

static int look_up(Days *d, Day *day, Err *e) {
    sqlite3_stmt *s = db_prepare(d->l->db, "SELECT reopened_ms FROM sealed_day WHERE day = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, day->day);
    int got = db_step(d->l->db, s, "look up a day", e);
    day->reopened = got == 1 && sqlite3_column_int64(s, 0) != 0;
    day->sealed = got == 1 && !day->reopened;
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

static Day *day_at(Days *d, int64_t ms, Err *e) {
    int64_t day = ms / MS_PER_DAY;
    Day *slot = &d->slots[(uint64_t)day % SLOTS];
    if (slot->known && slot->day == day) return slot;
    if (write_late(d, slot, e)) return NULL;
    *slot = (Day){.day = day, .known = true};
    return look_up(d, slot, e) ? NULL : slot;
}

int days_sealed(Days *d, int64_t ms, bool *sealed, Err *e) {
    const Day *day = day_at(d, ms, e);
    if (!day) return -1;
    *sealed = day->sealed;
    return 0;
}

int days_reopened(Days *d, int64_t ms, bool *reopened, Err *e) {
    const Day *day = day_at(d, ms, e);
    if (!day) return -1;
    *reopened = day->reopened;
    return 0;
}

int days_late(Days *d, int64_t ms, Err *e) {
    Day *day = day_at(d, ms, e);
    if (!day) return -1;
    day->late++;
    return 0;
}

int days_finish(Days *d, Err *e) {
    for (int i = 0; i < SLOTS; i++)
        if (write_late(d, &d->slots[i], e)) return -1;
    return 0;
}
