/* alert_book: what was told when, and what people said to it: tables alert, alert_silence, alert_live.
 *
 * Owns: once per (rule, scope, period), waiting before the first word, resolving, cool-down, telling again. Does not: judge
 * (alert.h) or send. What is to be sent goes into the outbox in the same transaction as the alert's change, so that a crash
 * loses neither. Thread: the caller's Db (DB_WRITE, but for the questions).
 *
 * Invariants (each has a test that cites it):
 *  B1  One (rule, scope, period) is told once, and once more for each higher step; restarts change nothing.
 *  B2  An alert is told when it has held for the rule's time without a pause, and resolved when it was quiet for the rule's.
 *  B3  Who was told of an alert is told when it is resolved; nobody else.
 *  B4  Acknowledged and silenced alerts are not told again; what is silenced is not told at all.
 *  B5  Stopping calls acknowledges the burn that was there.
 */
#ifndef STORE_ALERT_BOOK_H
#define STORE_ALERT_BOOK_H
#include "store/alert.h"

typedef enum AlertState { ALERT_BEGUN, ALERT_FIRING, ALERT_RESOLVED } AlertState;
typedef enum TellKind { TELL_FIRED, TELL_AGAIN, TELL_RESOLVED } TellKind;

typedef struct TellTo { /* a configured channel */
    const char *name;
    Weight least;
} TellTo;
typedef struct BookOptions {
    int64_t now_ms;
    const TellTo *to;
    size_t to_count;
    const RuleConfig *rules;
    size_t rule_count;
    const char *stopped_by;  /* a person who stopped calls has seen what burns; NULL = nobody did */
    int64_t stopped_ms;
} BookOptions;
/* One transaction. Alerts of before `now_ms - 90 days` are forgotten. */
int book_update(Db *db, const Findings *found, const BookOptions *o, Err *e);

typedef struct AlertView {
    int64_t id, period_ms, began_ms, fired_ms, told_ms, seen_ms, resolved_ms, nano_per_hour, acked_ms, silenced_until_ms;
    char rule[16], scope[ALERT_SCOPE_MAX], title[ALERT_TITLE_MAX], detail[ALERT_DETAIL_MAX], acked_by[128];
    Weight severity;
    AlertState state;
} AlertView;
/* Firing ones, the worst and newest first; with `history` those that are resolved after them. */
int book_list(Db *db, int64_t now_ms, bool history, AlertView *out, size_t max, size_t *count, Err *e);
typedef struct BookCounts { int act, watch; /* firing, neither acknowledged nor silenced */ bool newest_act; char newest[ALERT_TITLE_MAX];
    char leak[ALERT_TITLE_MAX]; /* the newest of the rule of that name; "" = none */ } BookCounts;
int book_counts(Db *db, int64_t now_ms, BookCounts *out, Err *e);
/* As they were at an instant, as far as that is kept: what fired by then, resolved and acknowledged if that had happened, in the
 * words that were told by then. When a silence began is not kept: nothing counts as silenced. */
int book_list_asof(Db *db, int64_t at_ms, AlertView *out, size_t max, size_t *count, Err *e);
/* What fired, was acknowledged or resolved in [since, until), by id: a page of those behind the id `after`, 0 = the first. */
int book_list_between(Db *db, int64_t since_ms, int64_t until_ms, int64_t after, AlertView *out, size_t max, size_t *count, Err *e);
int book_counts_asof(Db *db, int64_t at_ms, BookCounts *out, Err *e);

/* What people say; the same again takes it back. until_ms 0: no longer silenced. */
int book_ack(Db *db, int64_t alert, const char *by, int64_t now_ms, Err *e);
int book_silence(Db *db, const char *rule, const char *scope, int64_t until_ms, const char *by, Err *e);

/* When a source's newest record was last seen to be younger than 15 minutes. */
int book_live(Db *db, const char *source, int64_t live_ms, Err *e);
int book_live_list(Db *db, FactSource *out, size_t max, size_t *count, Err *e);
#endif
