/* alert_book_ask: what screens ask of the alerts, and what people say to them. See alert_book.h. */
#include "store/alert_book.h"
#include <stdlib.h>

enum { ASOF_MAX = 300 };

static void text_at(sqlite3_stmt *s, int column, char *out, size_t size) {
    snprintf(out, size, "%s", (const char *)sqlite3_column_text(s, column));
}

static void read_view(sqlite3_stmt *s, AlertView *v) {
    *v = (AlertView){.id = sqlite3_column_int64(s, 0), .period_ms = sqlite3_column_int64(s, 1), .began_ms = sqlite3_column_int64(s, 2),
                     .fired_ms = sqlite3_column_int64(s, 3), .told_ms = sqlite3_column_int64(s, 4), .seen_ms = sqlite3_column_int64(s, 5),
                     .resolved_ms = sqlite3_column_int64(s, 6), .nano_per_hour = sqlite3_column_int64(s, 7),
                     .acked_ms = sqlite3_column_int64(s, 8), .silenced_until_ms = sqlite3_column_int64(s, 9),
                     .severity = (Weight)sqlite3_column_int(s, 10), .state = (AlertState)sqlite3_column_int(s, 11)};
    text_at(s, 12, v->rule, sizeof v->rule);
    text_at(s, 13, v->scope, sizeof v->scope);
    text_at(s, 14, v->title, sizeof v->title);
    text_at(s, 15, v->detail, sizeof v->detail);
    text_at(s, 16, v->acked_by, sizeof v->acked_by);
}

/* Alerts that began but do not fire yet are nobody's business. */
#define VIEW "SELECT id, period_ms, began_ms, fired_ms, told_ms, seen_ms, resolved_ms, nano_per_hour, acked_ms, coalesce(until_ms, 0), " \
             "severity, state, rule, scope, title, detail, acked_by FROM alert LEFT JOIN alert_silence s USING(rule, scope) "

int book_list(Db *db, int64_t now_ms, bool history, AlertView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, VIEW "WHERE state = 1 OR (state = 2 AND ?1) "
                                          "ORDER BY state, acked_ms > 0, coalesce(until_ms, 0) > ?2, severity DESC, "
                                          "max(fired_ms, resolved_ms) DESC LIMIT ?3", e);
    int got = s ? 0 : -1;
    *count = 0;
    if (!s) return -1;
    sqlite3_bind_int(s, 1, history);
    sqlite3_bind_int64(s, 2, now_ms);
    sqlite3_bind_int64(s, 3, (int64_t)max);
    while (*count < max && (got = db_step(db, s, "read the alerts", e)) == 1) read_view(s, &out[(*count)++]);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int book_counts(Db *db, int64_t now_ms, BookCounts *out, Err *e) {
    *out = (BookCounts){0};
    sqlite3_stmt *s = db_prepare(db, "SELECT severity, title, rule FROM alert LEFT JOIN alert_silence USING(rule, scope) WHERE state = 1 "
                                     "AND acked_ms = 0 AND coalesce(until_ms, 0) <= ?1 ORDER BY fired_ms DESC LIMIT 1000", e);
    int got = s ? 0 : -1;
    if (s) sqlite3_bind_int64(s, 1, now_ms);
    while (s && (got = db_step(db, s, "count the alerts", e)) == 1) {
        bool act = sqlite3_column_int(s, 0) == WEIGHT_ACT;
        if (!out->newest[0]) out->newest_act = act, text_at(s, 1, out->newest, sizeof out->newest);
        if (!out->leak[0] && strcmp((const char *)sqlite3_column_text(s, 2), "leak") == 0) text_at(s, 1, out->leak, sizeof out->leak);
        *(act ? &out->act : &out->watch) += 1;
    }
    return got;
}

int book_list_asof(Db *db, int64_t at_ms, AlertView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT id, period_ms, began_ms, fired_ms, told_ms, min(seen_ms, ?1), iif(over, resolved_ms, 0), "
        "nano_per_hour, iif(seen, acked_ms, 0), 0, severity, iif(over, 2, 1) AS then_state, rule, scope, "
        "coalesce((SELECT o.title FROM outbox o WHERE o.alert = a.id AND o.made_ms <= ?1 ORDER BY o.made_ms DESC LIMIT 1), title), "
        "coalesce((SELECT o.detail FROM outbox o WHERE o.alert = a.id AND o.made_ms <= ?1 ORDER BY o.made_ms DESC LIMIT 1), detail), "
        "iif(seen, acked_by, '') FROM (SELECT *, resolved_ms > 0 AND resolved_ms <= ?1 AS over, acked_ms > 0 AND acked_ms <= ?1 AS seen "
        "FROM alert WHERE fired_ms > 0 AND fired_ms <= ?1) a "
        "ORDER BY then_state, seen, severity DESC, iif(over, resolved_ms, fired_ms) DESC LIMIT ?2", e);
    int got = s ? 0 : -1;
    *count = 0;
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, at_ms);
    sqlite3_bind_int64(s, 2, (int64_t)max);
    while (*count < max && (got = db_step(db, s, "read the alerts of then", e)) == 1) read_view(s, &out[(*count)++]);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int book_list_between(Db *db, int64_t since_ms, int64_t until_ms, int64_t after, AlertView *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, VIEW "WHERE id > ?1 AND fired_ms > 0 AND (fired_ms >= ?2 AND fired_ms < ?3 OR acked_ms >= ?2 AND acked_ms < ?3 "
                                          "OR resolved_ms >= ?2 AND resolved_ms < ?3) ORDER BY id LIMIT ?4", e);
    int got = s ? 0 : -1;
    *count = 0;
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, after);
    sqlite3_bind_int64(s, 2, since_ms);
    sqlite3_bind_int64(s, 3, until_ms);
    sqlite3_bind_int64(s, 4, (int64_t)max);
    while (*count < max && (got = db_step(db, s, "read the alerts of a range", e)) == 1) read_view(s, &out[(*count)++]);
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int book_counts_asof(Db *db, int64_t at_ms, BookCounts *out, Err *e) {
    size_t count;
    AlertView *all = xcalloc(ASOF_MAX, sizeof *all), *newest = NULL;
    *out = (BookCounts){0};
    int rc = book_list_asof(db, at_ms, all, ASOF_MAX, &count, e);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (all[i].state != ALERT_FIRING || all[i].acked_ms) continue;
        *(all[i].severity == WEIGHT_ACT ? &out->act : &out->watch) += 1;
        if (!newest || all[i].fired_ms > newest->fired_ms) newest = &all[i];
        if (strcmp(all[i].rule, "leak") == 0) snprintf(out->leak, sizeof out->leak, "%s", all[i].title);
    }
    if (newest) {
        out->newest_act = newest->severity == WEIGHT_ACT;
        snprintf(out->newest, sizeof out->newest, "%s", newest->title);
    }
    free(all);
    return rc;
}

int book_ack(Db *db, int64_t alert, const char *by, int64_t now_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "UPDATE alert SET acked_by = CASE WHEN acked_ms THEN '' ELSE ?2 END, "
                                     "acked_ms = CASE WHEN acked_ms THEN 0 ELSE ?3 END WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, alert);
    sqlite3_bind_text(s, 2, by, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, now_ms);
    return db_step(db, s, "acknowledge an alert", e);
}

int book_silence(Db *db, const char *rule, const char *scope, int64_t until_ms, const char *by, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "INSERT INTO alert_silence VALUES(?1, ?2, ?3, ?4) "
                                     "ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms, by = excluded.by", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, rule, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, scope, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, until_ms);
    sqlite3_bind_text(s, 4, by, -1, SQLITE_STATIC);
    return db_step(db, s, "silence an alert", e);
}

int book_live(Db *db, const char *source, int64_t live_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "INSERT INTO alert_live VALUES(?1, ?2) ON CONFLICT DO UPDATE SET live_ms = excluded.live_ms", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, source, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, live_ms);
    return db_step(db, s, "note a live source", e);
}

int book_live_list(Db *db, FactSource *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT source, live_ms FROM alert_live ORDER BY live_ms DESC", e);
    int got = s ? 0 : -1;
    *count = 0;
    while (s && *count < max && (got = db_step(db, s, "read the live sources", e)) == 1) {
        text_at(s, 0, out[*count].name, sizeof out->name);
        out[(*count)++].live_ms = sqlite3_column_int64(s, 1);
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}
