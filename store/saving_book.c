/* saving_book: the book of rules that are to save money, and the writing and undoing of them. See saving_book.h. */
#include "store/policy_parts.h"
#include "store/saving_book.h"

/* ---- the table ---- */
static void copy_column(char *to, size_t size, sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(to, size, "%s", text ? text : "");
}

static void read_rule(sqlite3_stmt *s, SavedRule *out) {
    const struct { char *to; size_t size; } texts[] = {{out->id, sizeof out->id}, {out->user, sizeof out->user}, {out->reason, sizeof out->reason},
                                                       {out->from_model, sizeof out->from_model}, {out->to_model, sizeof out->to_model}};
    int64_t *numbers[] = {&out->written_ms, &out->generation, &out->expected_nano, &out->spread_nano, &out->expected_calls, &out->ended_ms, &out->ended_generation,
                          &out->window_nano, &out->window_calls, &out->window_ms};
    const char *entry = (const char *)sqlite3_column_text(s, 2);
    int kind = sqlite3_column_int(s, 1);
    out->row = sqlite3_column_int64(s, 0);
    out->kind = kind >= 0 && kind < RULE_KINDS ? (RuleKind)kind : RULE_ROUTE;
    out->entry = xstrdup(entry ? entry : "{}");
    for (int i = 0; i < 5; i++) copy_column(texts[i].to, texts[i].size, s, 3 + i);
    for (int i = 0; i < 10; i++) *numbers[i] = sqlite3_column_int64(s, 8 + i);
}

int saving_book_list(Db *db, SavedRule *out, size_t max, size_t *count, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT id, kind, entry, rule, user, reason, from_model, to_model, written_ms, generation, expected_nano, spread_nano, "
                                     "expected_calls, ended_ms, ended_generation, window_nano, window_calls, window_ms FROM saving_rule WHERE generation > 0 "
                                     "ORDER BY ended_ms > 0, written_ms DESC, id DESC", e);
    int rc = 0;
    *count = 0;
    if (!s) return -1;
    while (*count < max && (rc = db_step(db, s, "read the rules that save", e)) == 1) {
        out[*count] = (SavedRule){0};
        read_rule(s, &out[(*count)++]);
    }
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

void saving_book_free(SavedRule *list, size_t count) {
    for (size_t i = 0; list && i < count; i++) {
        free(list[i].entry);
        list[i].entry = NULL;
    }
}

static int insert(Db *db, const PolicyWriter *w, const SaveRule *r, const RuleEffect *f, const char *reason, int64_t *row, Err *e) {
    RuleShare share = save_rule_share(f, save_rule_percent(r));
    char *entry = save_rule_text(r, true);
    const char *texts[] = {r->id, entry, w->by->user, reason, f->from_model, f->to_model};
    const int64_t numbers[] = {r->kind, w->now_ms, per_day(share.saved_nano, f->since_ms, f->until_ms), per_day(share.spread_nano, f->since_ms, f->until_ms),
                               per_day(share.calls, f->since_ms, f->until_ms), share.saved_nano, share.calls, f->until_ms - f->since_ms};
    sqlite3_stmt *s = db_prepare(db, "INSERT INTO saving_rule(rule, entry, user, reason, from_model, to_model, kind, written_ms, expected_nano, spread_nano, "
                                     "expected_calls, window_nano, window_calls, window_ms, generation, ended_ms, ended_generation) "
                                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, 0, 0)", e);
    int rc = -1;
    for (int i = 0; s && i < 6; i++) sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_TRANSIENT);
    for (int i = 0; s && i < 8; i++) sqlite3_bind_int64(s, i + 7, numbers[i]);
    if (s) rc = db_step(db, s, "note a rule that is to save", e);
    *row = sqlite3_last_insert_rowid(db_handle(db));
    free(entry);
    return rc < 0 ? -1 : 0;
}

static int mark(Db *db, sqlite3_stmt *s, int64_t row, int64_t a, int64_t b, Err *e) {
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row);
    sqlite3_bind_int64(s, 2, a);
    sqlite3_bind_int64(s, 3, b);
    return db_step(db, s, "note what became of a rule", e) < 0 ? -1 : 0;
}

static int mark_written(Db *db, int64_t row, int64_t generation, int64_t now_ms, Err *e) {
    return mark(db, db_prepare(db, "UPDATE saving_rule SET generation = ?2, written_ms = ?3 WHERE id = ?1", e), row, generation, now_ms, e);
}

static int mark_ended(Db *db, int64_t row, int64_t generation, int64_t now_ms, Err *e) {
    return mark(db, db_prepare(db, "UPDATE saving_rule SET ended_generation = ?2, ended_ms = ?3 WHERE id = ?1", e), row, generation, now_ms, e);
}

/* ---- through the door ---- */
static const char *section_of(RuleKind kind) { return kind == RULE_ROUTE ? "routing" : rule_sections[kind]; }

static int put_rule(void *ctx, json_t *policy, Err *e) {
    const SaveRule *r = ctx;
    const json_t *old = save_rule_find(policy, r->kind, r->id);
    if (old && json_equal(old, r->json)) return 0;
    if (old) return fail(e, "the policy has a rule %.80s already; undo it first, or change it with `tollwatch policy set %.120s`", r->id, r->at);
    save_rule_put(r, policy);
    return policy_validate(policy, e) == 0 ? 1 : -1;
}

static void make_reason(const char *what, const char *id, const char *reason, char out[256]) {
    snprintf(out, 256, "%s %.80s: %.150s", what, id, reason);
    out[utf8_cut(out, strlen(out), 255)] = '\0';
}

int saving_write(Db *db, const PolicyWriter *w, const SaveRule *r, const RuleEffect *f, const char *reason, PolicyDone *done, Err *e) {
    char text[256];
    int64_t row;
    SaveRule copy = *r;
    PolicyEdit edit = {.action = "set", .section = section_of(r->kind), .reason = text, .edit = put_rule, .ctx = &copy};
    *done = (PolicyDone){0};
    make_reason("to save,", r->id, reason, text);
    if (insert(db, w, r, f, reason, &row, e) != 0) return -1; /* B1 */
    if (policy_change(w, &edit, done, e) != 0) return -1;
    return done->result == POLICY_WRITTEN ? mark_written(db, row, done->generation, w->now_ms, e) : 0;
}

static int take_rule(void *ctx, json_t *policy, Err *e) {
    const SavedRule *r = ctx;
    json_t *list = r->kind == RULE_ROUTE ? json_object_get(json_object_get(policy, "routing"), "rules") : json_object_get(policy, rule_sections[r->kind]);
    json_t *there = policy_by_id(list, r->id), *written = json_loads(r->entry, JSON_REJECT_DUPLICATES, NULL);
    bool same = there && json_equal(there, written);
    json_decref(written);
    if (!there) return 0; /* gone already: the book only notes it */
    if (!same) return fail(e, "%.80s was changed since it was written, so it stays; take it out with `tollwatch policy set %s.%.80s null`",
                           r->id, rule_sections[r->kind], r->id);
    size_t at = 0;
    while (json_array_get(list, at) != there) at++;
    json_array_remove(list, at);
    return policy_validate(policy, e) == 0 ? 1 : -1;
}

int saving_undo(Db *db, const PolicyWriter *w, const SavedRule *r, const char *reason, PolicyDone *done, Err *e) {
    char text[256];
    SavedRule copy = *r;
    PolicyEdit edit = {.action = "set", .section = section_of(r->kind), .reason = text, .edit = take_rule, .ctx = &copy};
    *done = (PolicyDone){0};
    if (r->ended_ms) return fail(e, "%.80s was undone before", r->id);
    make_reason("undone,", r->id, reason, text);
    if (policy_change(w, &edit, done, e) != 0) return -1;
    return done->result == POLICY_CONFLICT ? 0 : mark_ended(db, r->row, done->generation, w->now_ms, e);
}
