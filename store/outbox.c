/* outbox: see outbox.h. */
#include "store/outbox.h"

static void text_at(sqlite3_stmt *s, int column, char *out, size_t size) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    size_t len = text ? utf8_cut(text, strlen(text), size - 1) : 0;
    if (len) memcpy(out, text, len);
    out[len] = '\0';
}

int outbox_put(Db *db, int64_t alert, const char *channel, TellKind kind, const char *title, const char *detail, int64_t now_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "INSERT INTO outbox(alert, channel, kind, made_ms, title, detail, due_ms) "
                                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?4) ON CONFLICT DO NOTHING", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, alert);
    sqlite3_bind_text(s, 2, channel, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 3, (int)kind);
    sqlite3_bind_int64(s, 4, now_ms);
    sqlite3_bind_text(s, 5, title, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 6, detail, -1, SQLITE_STATIC);
    return db_step(db, s, "store a notice", e);
}

int outbox_was_told(Db *db, int64_t alert, const char *channel, bool *told, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT 1 FROM outbox WHERE alert = ?1 AND channel = ?2 LIMIT 1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, alert);
    sqlite3_bind_text(s, 2, channel, -1, SQLITE_STATIC);
    int got = db_step(db, s, "look up a notice", e);
    sqlite3_reset(s);
    *told = got == 1;
    return got < 0 ? -1 : 0;
}

/* Periods are told apart, and no receiver's limit (255 bytes) is reached whatever the scope is. */
static void make_key(Notice *n, int64_t period_ms) {
    uint64_t scope = hash64(n->scope, strlen(n->scope), (uint64_t)period_ms);
    snprintf(n->key, sizeof n->key, "tollwatch-%s-%016llx", n->rule, (unsigned long long)scope);
}

int outbox_next(Db *db, const char *channel, Notice *n, bool *found, Err *e) {
    *n = (Notice){0};
    sqlite3_stmt *s = db_prepare(db, "SELECT o.id, alert, made_ms, due_ms, tries, kind, severity, began_ms, nano_per_hour, rule, scope, "
                                     "o.title, o.detail, period_ms FROM outbox o JOIN alert a ON a.id = o.alert "
                                     "WHERE o.channel = ?1 AND o.state = 0 AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.channel = ?1 AND "
                                     "b.state = 0 AND b.alert = o.alert AND b.id < o.id) ORDER BY o.due_ms, o.id LIMIT 1", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, channel, -1, SQLITE_STATIC);
    int got = db_step(db, s, "read the outbox", e);
    *found = got == 1;
    if (*found) {
        n->id = sqlite3_column_int64(s, 0);
        n->alert = sqlite3_column_int64(s, 1);
        n->made_ms = sqlite3_column_int64(s, 2);
        n->due_ms = sqlite3_column_int64(s, 3);
        n->tries = sqlite3_column_int(s, 4);
        n->kind = (TellKind)sqlite3_column_int(s, 5);
        n->severity = (Weight)sqlite3_column_int(s, 6);
        n->began_ms = sqlite3_column_int64(s, 7);
        n->nano_per_hour = sqlite3_column_int64(s, 8);
        text_at(s, 9, n->rule, sizeof n->rule);
        text_at(s, 10, n->scope, sizeof n->scope);
        text_at(s, 11, n->title, sizeof n->title);
        text_at(s, 12, n->detail, sizeof n->detail);
        make_key(n, sqlite3_column_int64(s, 13));
    }
    sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}

int outbox_end(Db *db, const Notice *n, OutboxEnd end, const char *word, int64_t now_ms, int64_t due_ms, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "UPDATE outbox SET state = ?2, word = ?3, done_ms = ?4, due_ms = ?5, tries = tries + 1 "
                                     "WHERE id = ?1 AND state = 0", e);
    if (!s) return -1;
    bool over = end == OUTBOX_LATER && now_ms - n->made_ms >= OUTBOX_GIVE_UP_MS;
    int state = end == OUTBOX_DELIVERED ? 1 : end == OUTBOX_GIVEN_UP || over ? 2 : 0;
    sqlite3_bind_int64(s, 1, n->id);
    sqlite3_bind_int(s, 2, state);
    sqlite3_bind_text(s, 3, word, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, state ? now_ms : 0);
    sqlite3_bind_int64(s, 5, due_ms);
    return db_step(db, s, "note what was told", e);
}

int outbox_told(Db *db, int64_t alert, Told *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT channel, word, kind, state, tries, made_ms, done_ms, due_ms FROM outbox WHERE alert = ?1 "
                                     "ORDER BY id DESC", e);
    int got = s ? 0 : -1;
    *count = 0;
    if (s) sqlite3_bind_int64(s, 1, alert);
    while (s && *count < max && (got = db_step(db, s, "read what was told", e)) == 1) {
        Told *t = &out[(*count)++];
        text_at(s, 0, t->channel, sizeof t->channel);
        text_at(s, 1, t->word, sizeof t->word);
        t->kind = (TellKind)sqlite3_column_int(s, 2);
        t->state = sqlite3_column_int(s, 3);
        t->tries = sqlite3_column_int(s, 4);
        t->made_ms = sqlite3_column_int64(s, 5);
        t->done_ms = sqlite3_column_int64(s, 6);
        t->due_ms = sqlite3_column_int64(s, 7);
    }
    if (s) sqlite3_reset(s);
    return got < 0 ? -1 : 0;
}
