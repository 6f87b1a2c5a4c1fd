/* reconcile_parts: what days cost, part by part, and money in other currencies. See reconcile.h. */
#include "store/money.h"
#include "store/reconcile.h"

int64_t recon_spend_nano(const ReconLine *day, int64_t now_ms) {
    if (day->has_billed && !day->open && day->day_ms + MS_PER_DAY <= now_ms) return day->billed_nano;
    return day->reported.cost_nano > day->metered.cost_nano ? day->reported.cost_nano : day->metered.cost_nano;
}

static ReconPart *add(ReconPart **parts, size_t *count, ReconKind kind, const ReconLine *line, int64_t spend_nano) {
    if ((*count & (*count - 1)) == 0) *parts = xrealloc(*parts, (*count ? *count * 2 : 1) * sizeof **parts);
    ReconPart *p = &(*parts)[(*count)++];
    *p = (ReconPart){.kind = kind, .line = *line, .spend_nano = spend_nano};
    return p;
}

static bool same_day(const ReconLine *a, const ReconLine *b) { return a->day_ms == b->day_ms && strcmp(a->account, b->account) == 0; }

size_t reconcile_parts(const Recon *r, ReconPart **out) {
    ReconLine total = {.day_ms = r->since_ms}, day;
    size_t count = 0;
    int64_t spent = 0;
    *out = NULL;
    for (size_t i = 0; i < r->count; i++) {
        const ReconLine *l = &r->at[i];
        if (i == 0 || !same_day(l, l - 1)) {
            day = (ReconLine){.day_ms = l->day_ms, .open = l->open};
            snprintf(day.account, sizeof day.account, "%s", l->account);
        }
        reconcile_add(&day, l);
        add(out, &count, RECON_MODEL, l, l->metered.cost_nano);
        if (i + 1 < r->count && same_day(l, l + 1)) continue;
        if (!day.open) reconcile_sum(&total, &day);
        int64_t spend = recon_spend_nano(&day, r->now_ms), rest = nano_add(spend, -day.metered.cost_nano);
        if (!day.open) spent = nano_add(spent, spend);
        if (rest == 0) continue;
        ReconLine left = {.day_ms = day.day_ms, .open = day.open};
        memcpy(left.account, day.account, sizeof left.account);
        snprintf(left.model, sizeof left.model, "%s", rest > 0 ? "(not in logs)" : "(over-metered)");
        add(out, &count, RECON_REST, &left, rest);
    }
    snprintf(total.account, sizeof total.account, "closed days");
    add(out, &count, RECON_TOTAL, &total, spent);
    return count;
}

static const char *text_at(sqlite3_stmt *s, int column) { return (const char *)sqlite3_column_text(s, column); }

int reconcile_foreign(Db *db, const Recon *r, ForeignView *out, size_t max, size_t *count, Err *e) {
    static const char sql[] = "SELECT f.account, upper(b.currency), b.nano, b.start_ms / 86400000 FROM bill b JOIN bill_feed f "
                              "ON f.id = b.feed WHERE b.start_ms >= ?1 AND b.start_ms < ?2 AND b.lane = 0 AND b.currency <> '' AND f.origin = 2 "
                              "AND upper(b.currency) <> 'USD' AND ?3 IN ('', f.account) ORDER BY 1, 2, 4"; /* dollars without a lane: another feed counts (C5) */
    sqlite3_stmt *s = db_prepare(db, sql, e);
    int got = s ? 0 : -1;
    *count = 0;
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, r->since_ms);
    sqlite3_bind_int64(s, 2, r->until_ms);
    sqlite3_bind_text(s, 3, r->account, -1, SQLITE_STATIC);
    for (int64_t last = -1; (got = db_step(db, s, "read other currencies", e)) == 1; last = sqlite3_column_int64(s, 3)) {
        const char *account = text_at(s, 0), *currency = text_at(s, 1);
        ForeignView *f = *count ? &out[*count - 1] : NULL;
        if (!f || strcmp(f->account, account) != 0 || strncmp(f->currency, currency, sizeof f->currency - 1) != 0) {
            if (*count == max) break;
            f = &out[(*count)++];
            *f = (ForeignView){0};
            snprintf(f->account, sizeof f->account, "%s", account);
            snprintf(f->currency, sizeof f->currency, "%s", currency);
        }
        f->nano = nano_add(f->nano, sqlite3_column_int64(s, 2)); /* of SQLite's own sums one that is too large ends all */
        f->days += f->days == 0 || sqlite3_column_int64(s, 3) != last;
    }
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}
