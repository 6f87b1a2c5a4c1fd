/* outbox: what is to be told to whom, until it is told: table outbox.
 *
 * Owns: the order per channel, tries, giving up. Does not: send. Rows are written by book_update() and taken here, one at a
 * time and in order, so that nobody hears of the end before the beginning. Delivered once: a row is done in the transaction
 * after its delivery; a crash between the two sends it again with the same key, which receivers take for the same.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H
#include "store/alert_book.h"

typedef struct Notice { /* what a channel tells */
    int64_t id, alert, made_ms, due_ms;
    int tries;
    TellKind kind;
    Weight severity;
    int64_t began_ms, nano_per_hour;
    char rule[16], scope[ALERT_SCOPE_MAX], title[ALERT_TITLE_MAX], detail[ALERT_DETAIL_MAX];
    char key[64]; /* of the alert, the same for its begin and its end */
} Notice;
/* The channel's next that is not done: *found; it may be due later only. Notices of one alert keep their order; those of others
 * do not wait behind one that a receiver keeps refusing. */
int outbox_next(Db *db, const char *channel, Notice *out, bool *found, Err *e);

#define OUTBOX_GIVE_UP_MS (24 * MS_PER_HOUR)
typedef enum OutboxEnd { OUTBOX_DELIVERED, OUTBOX_LATER, OUTBOX_GIVEN_UP } OutboxEnd;
/* word: the answer, for the screen; LATER: due again at due_ms, or given up when the notice is a day old. */
int outbox_end(Db *db, const Notice *n, OutboxEnd end, const char *word, int64_t now_ms, int64_t due_ms, Err *e);

typedef struct Told { char channel[64], word[200]; TellKind kind; int state; int tries; int64_t made_ms, done_ms, due_ms; } Told;
/* Of an alert, the newest first; state: 0 waiting, 1 delivered, 2 given up. */
int outbox_told(Db *db, int64_t alert, Told *out, size_t max, size_t *count, Err *e);

/* For alert_book.c, inside its transaction. */
int outbox_put(Db *db, int64_t alert, const char *channel, TellKind kind, const char *title, const char *detail, int64_t now_ms, Err *e);
int outbox_was_told(Db *db, int64_t alert, const char *channel, bool *told, Err *e);
#endif
