/* alert_book: from what holds now to what is told. See alert_book.h; its questions and what people say are in
 * alert_book_ask.c. Nothing is written in a round that changes nothing. */
#include "store/outbox.h"

enum { SEEN_MS = 10000, PAUSE_MS = 120000 }; /* how exact seen_ms is; what is no longer "without a pause" */
#define FORGOTTEN_MS (90 * MS_PER_DAY)

typedef struct Entry { /* a row of alert, as far as rounds need it */
    int64_t id, period_ms, began_ms, told_ms, seen_ms, resolved_ms, acked_ms;
    int state, step;
    Weight severity;
    char rule[16], scope[ALERT_SCOPE_MAX], title[ALERT_TITLE_MAX], detail[ALERT_DETAIL_MAX];
} Entry;

typedef struct Book {
    Db *db;
    const BookOptions *o;
    bool writing;
    int64_t found[FINDINGS_MAX]; /* alerts of this round's findings */
    size_t found_count;
} Book;

static int write_on(Book *b, Err *e) {
    if (b->writing) return 0;
    if (db_begin(b->db, e) != 0) return -1;
    b->writing = true;
    return 0;
}

/* ---- rows ---- */
static void text_at(sqlite3_stmt *s, int column, char *out, size_t size) {
    snprintf(out, size, "%s", (const char *)sqlite3_column_text(s, column));
}

static void read_entry(sqlite3_stmt *s, Entry *a) {
    a->id = sqlite3_column_int64(s, 0);
    a->period_ms = sqlite3_column_int64(s, 1);
    a->began_ms = sqlite3_column_int64(s, 2);
    a->told_ms = sqlite3_column_int64(s, 3);
    a->seen_ms = sqlite3_column_int64(s, 4);
    a->resolved_ms = sqlite3_column_int64(s, 5);
    a->acked_ms = sqlite3_column_int64(s, 6);
    a->state = sqlite3_column_int(s, 7);
    a->step = sqlite3_column_int(s, 8);
    a->severity = (Weight)sqlite3_column_int(s, 9);
    text_at(s, 10, a->rule, sizeof a->rule);
    text_at(s, 11, a->scope, sizeof a->scope);
    text_at(s, 12, a->title, sizeof a->title);
    text_at(s, 13, a->detail, sizeof a->detail);
}

#define ENTRY "SELECT id, period_ms, began_ms, told_ms, seen_ms, resolved_ms, acked_ms, state, step, severity, rule, scope, title, detail FROM alert "

/* The row of the finding's period, or the last episode. 1 = there is one. */
static int find(Book *b, const Finding *f, Entry *out, Err *e) {
    sqlite3_stmt *s = db_prepare(b->db, ENTRY "WHERE rule = ?1 AND scope = ?2 AND (?3 = 0 OR period_ms = ?3) ORDER BY period_ms DESC LIMIT 1", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, f->rule->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, f->scope, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, f->period_ms);
    int got = db_step(b->db, s, "look up an alert", e);
    if (got == 1) read_entry(s, out);
    sqlite3_reset(s);
    return got;
}

static int add(Book *b, const Finding *f, Entry *a, Err *e) {
    int64_t now = b->o->now_ms;
    *a = (Entry){.period_ms = f->period_ms ? f->period_ms : now, .began_ms = now, .seen_ms = now, .severity = f->severity};
    if (write_on(b, e) != 0) return -1;
    sqlite3_stmt *s = db_prepare(b->db, "INSERT INTO alert(rule, scope, period_ms, severity, state, step, began_ms, fired_ms, told_ms, "
                                        "seen_ms, resolved_ms, nano_per_hour, title, detail) "
                                        "VALUES(?1, ?2, ?3, ?4, 0, 0, ?5, 0, 0, ?5, 0, ?6, ?7, ?8)", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, f->rule->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, f->scope, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, a->period_ms);
    sqlite3_bind_int(s, 4, (int)f->severity);
    sqlite3_bind_int64(s, 5, now);
    sqlite3_bind_int64(s, 6, f->nano_per_hour);
    sqlite3_bind_text(s, 7, f->title, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 8, f->detail, -1, SQLITE_STATIC);
    if (db_step(b->db, s, "store an alert", e) != 0) return -1;
    a->id = sqlite3_last_insert_rowid(db_handle(b->db));
    return 0;
}

/* f NULL: the words stay. fired_ms is the first time it fired. */
static int store(Book *b, const Entry *a, const Finding *f, Err *e) {
    if (write_on(b, e) != 0) return -1;
    sqlite3_stmt *s = db_prepare(b->db, "UPDATE alert SET state = ?2, step = ?3, began_ms = ?4, told_ms = ?5, seen_ms = ?6, "
                                        "resolved_ms = ?7, acked_ms = ?8, severity = ?9, "
                                        "fired_ms = CASE WHEN ?2 = 1 AND fired_ms = 0 THEN ?13 ELSE fired_ms END, "
                                        "nano_per_hour = coalesce(?10, nano_per_hour), title = coalesce(?11, title), "
                                        "detail = coalesce(?12, detail) WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, a->id);
    sqlite3_bind_int(s, 2, a->state);
    sqlite3_bind_int(s, 3, a->step);
    sqlite3_bind_int64(s, 4, a->began_ms);
    sqlite3_bind_int64(s, 5, a->told_ms);
    sqlite3_bind_int64(s, 6, a->seen_ms);
    sqlite3_bind_int64(s, 7, a->resolved_ms);
    sqlite3_bind_int64(s, 8, a->acked_ms);
    sqlite3_bind_int(s, 9, (int)a->severity);
    if (f) {
        sqlite3_bind_int64(s, 10, f->nano_per_hour);
        sqlite3_bind_text(s, 11, f->title, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 12, f->detail, -1, SQLITE_STATIC);
    }
    sqlite3_bind_int64(s, 13, b->o->now_ms);
    return db_step(b->db, s, "store an alert", e);
}

static int forget(Book *b, int64_t id, Err *e) {
    if (write_on(b, e) != 0) return -1;
    sqlite3_stmt *s = db_prepare(b->db, "DELETE FROM alert WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, id);
    return db_step(b->db, s, "forget an alert", e);
}

/* ---- telling ---- */
static int is_silenced(Book *b, const char *rule, const char *scope, bool *silenced, Err *e) {
    sqlite3_stmt *s = db_prepare(b->db, "SELECT 1 FROM alert_silence WHERE rule = ?1 AND scope = ?2 AND until_ms > ?3", e);
    if (!s) return -1;
    sqlite3_bind_text(s, 1, rule, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, scope, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, b->o->now_ms);
    int got = db_step(b->db, s, "look up a silence", e);
    sqlite3_reset(s);
    *silenced = got == 1;
    return got < 0 ? -1 : 0;
}

/* B3 */
static int tell(Book *b, const Entry *a, TellKind kind, const char *title, const char *detail, Err *e) {
    if (write_on(b, e) != 0) return -1;
    for (size_t i = 0; i < b->o->to_count; i++) {
        const TellTo *to = &b->o->to[i];
        bool told = a->severity >= to->least;
        if (kind == TELL_RESOLVED && outbox_was_told(b->db, a->id, to->name, &told, e) != 0) return -1;
        if (told && outbox_put(b->db, a->id, to->name, kind, title, detail, b->o->now_ms, e) != 0) return -1;
    }
    return 0;
}

static int64_t again_of(const Book *b, const AlertRule *r) {
    for (size_t i = 0; i < b->o->rule_count; i++)
        if (strcmp(b->o->rules[i].name, r->name) == 0 && b->o->rules[i].again_ms) return b->o->rules[i].again_ms;
    return r->again_ms;
}

/* ---- a finding ---- */
/* What a round does to an alert that holds: whether to tell, and what is new in it. */
static bool advance(const Book *b, const Finding *f, Entry *a, bool silenced, TellKind *kind) {
    int64_t now = b->o->now_ms, again = again_of(b, f->rule);
    if (a->state == ALERT_BEGUN && now - a->seen_ms > PAUSE_MS) a->began_ms = now; /* B2 */
    if (a->state == ALERT_BEGUN && now - a->began_ms >= f->rule->after_ms) a->state = ALERT_FIRING;
    if (a->state != ALERT_FIRING || silenced) return false; /* B4 */
    bool higher = f->step > a->step;
    bool tells = a->told_ms == 0 || higher || (again && !a->acked_ms && now - a->told_ms >= again);
    *kind = a->told_ms == 0 || higher ? TELL_FIRED : TELL_AGAIN;
    if (!tells) return false;
    if (higher) a->acked_ms = 0; /* it was another state of things that was acknowledged */
    a->told_ms = now;
    if (f->step > a->step) a->step = f->step;
    return true;
}

/* B5; once: who takes it back has the last word. */
static bool is_answered(const Book *b, const Entry *a) {
    const BookOptions *o = b->o;
    return o->stopped_by && a->state == ALERT_FIRING && !a->acked_ms && strcmp(a->rule, "burn") == 0 &&
           a->began_ms <= o->stopped_ms && a->seen_ms <= o->stopped_ms;
}

static int hold(Book *b, const Finding *f, Entry *a, bool news, Err *e) {
    bool silenced;
    TellKind kind = TELL_FIRED;
    Entry before = *a;
    if (is_silenced(b, f->rule->name, f->scope, &silenced, e) != 0) return -1;
    bool tells = advance(b, f, a, silenced, &kind);
    a->severity = f->severity;
    news |= tells || a->state != before.state || a->severity != before.severity;
    bool matters = a->state == ALERT_BEGUN || f->rule->clear_ms > 0 || strcmp(a->title, f->title) != 0;
    if (!news && !(matters && b->o->now_ms - a->seen_ms >= SEEN_MS)) return 0;
    bool answered = is_answered(b, a);
    a->seen_ms = b->o->now_ms;
    if (store(b, a, f, e) != 0) return -1;
    if (answered && book_ack(b->db, a->id, b->o->stopped_by, b->o->now_ms, e) != 0) return -1;
    return tells ? tell(b, a, kind, f->title, f->detail, e) : 0;
}

static int take(Book *b, const Finding *f, Err *e) {
    Entry a;
    int64_t now = b->o->now_ms;
    int got = find(b, f, &a, e);
    if (got < 0) return -1;
    bool over = got == 1 && a.state == ALERT_RESOLVED;
    if (over && !f->period_ms && now - a.resolved_ms < f->rule->cooldown_ms) return 0;
    if (over && f->period_ms) a.state = ALERT_FIRING, a.resolved_ms = 0; /* B1: it was told, it is only shown again */
    if ((got == 0 || (over && !f->period_ms)) && add(b, f, &a, e) != 0) return -1;
    b->found[b->found_count++] = a.id;
    return hold(b, f, &a, over && f->period_ms, e);
}

/* ---- what was not found ---- */
static bool is_found(const Book *b, int64_t id) {
    for (size_t i = 0; i < b->found_count; i++)
        if (b->found[i] == id) return true;
    return false;
}

static int quiet(Book *b, Entry *a, Err *e) {
    const AlertRule *r = alert_rule(a->rule);
    if (r && b->o->now_ms - a->seen_ms < r->clear_ms) return 0;
    if (a->state == ALERT_BEGUN) return forget(b, a->id, e);
    a->state = ALERT_RESOLVED;
    a->resolved_ms = b->o->now_ms;
    if (store(b, a, NULL, e) != 0) return -1;
    return tell(b, a, TELL_RESOLVED, a->title, a->detail, e);
}

/* Read whole before anything is written: a table that is read must not change. */
static int quiet_all(Book *b, Err *e) {
    Entry *open = xcalloc(FINDINGS_MAX, sizeof *open);
    size_t count = 0;
    sqlite3_stmt *s = db_prepare(b->db, ENTRY "WHERE state < 2 ORDER BY seen_ms LIMIT 1000", e);
    int got = s ? 0 : -1;
    while (s && count < FINDINGS_MAX && (got = db_step(b->db, s, "read the alerts", e)) == 1) {
        read_entry(s, &open[count]);
        count += !is_found(b, open[count].id);
    }
    if (s) sqlite3_reset(s);
    int rc = got < 0 ? -1 : 0;
    for (size_t i = 0; rc == 0 && i < count; i++) rc = quiet(b, &open[i], e);
    free(open);
    return rc;
}

static int forget_old(Book *b, Err *e) {
    static const char *const sql[] = {
        "DELETE FROM outbox WHERE alert IN (SELECT id FROM alert WHERE state = 2 AND resolved_ms < ?1)",
        "DELETE FROM alert WHERE state = 2 AND resolved_ms < ?1", "DELETE FROM alert_silence WHERE until_ms < ?1"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *s = db_prepare(b->db, sql[i], e);
        if (!s) return -1;
        sqlite3_bind_int64(s, 1, b->o->now_ms - FORGOTTEN_MS);
        if (db_step(b->db, s, "forget old alerts", e) != 0) return -1;
    }
    return 0;
}

int book_update(Db *db, const Findings *found, const BookOptions *o, Err *e) {
    Book b = {.db = db, .o = o};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < found->count; i++) rc = take(&b, &found->at[i], e);
    if (rc == 0) rc = quiet_all(&b, e);
    if (rc == 0 && b.writing) rc = forget_old(&b, e);
    if (rc == 0 && b.writing) rc = db_commit(db, e);
    if (rc != 0) db_rollback(db);
    return rc;
}
