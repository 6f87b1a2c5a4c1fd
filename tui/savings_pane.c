/* savings_pane: see savings_pane.h. */
#include "tui/savings_pane.h"
#include "tui/keys.h"
#include "tui/number.h"
#include "tui/policy_dialogs.h"
#include "tui/view.h"

enum { READ_MS = 60000, CALLS = 50000, STEP = 10, FIRST_PERCENT = 20, SIMPLE_BYTES = 8000 };

static void forget_saved(SavingsPane *p) {
    saving_book_free(p->saved, p->count);
    free(p->saved);
    p->saved = NULL;
    p->count = p->shown = 0;
}

void savings_pane_free(SavingsPane *p) {
    forget_saved(p);
    save_rule_free(&p->parsed);
}

/* ---- from a strategy to a rule ---- */
/* Words part at blanks, so that a name with one gets no rule from here. */
static void propose(SavingsPane *p, SaveStrategy by, const SavePart *a) {
    const char *f = a->feature[0] ? a->feature : "unknown";
    const char *none = "no rule of a gateway does this: the caller must mark its prefix or send batches";
    p->rule[0] = '\0';
    if (strpbrk(f, " \t\"")) none = "its name has a blank: write the rule on Policy (8, w)";
    else if (by == SAVE_ROUTING) snprintf(p->rule, sizeof p->rule, "route feature=%s model=%s tools=no max_prompt_bytes=%d set_model=%s", f, a->model, (int)SIMPLE_BYTES, a->to_model);
    else if (by == SAVE_TOKENS) snprintf(p->rule, sizeof p->rule, "limit feature=%s model=%s max_output_tokens=%lld", f, a->model, (long long)a->output);
    else if (by == SAVE_RESPONSE) snprintf(p->rule, sizeof p->rule, "cache feature=%s ttl_seconds=%d", f, SAVE_TTL_MS / 1000);
    snprintf(p->why_none, sizeof p->why_none, "%s", p->rule[0] ? "" : none);
}

static void try_rule(SavingsPane *p, View *v) {
    Err e = {0};
    save_rule_free(&p->parsed);
    p->f = (RuleEffect){0};
    if (!p->rule[0]) return;
    Query q = savings_yesterday(v->db, v->app->day_zone, v->now_ms);
    time_format(v->zone, q.since_ms, "%d %b %H:%M", p->yesterday, sizeof p->yesterday);
    if (save_rule_parse(&p->parsed, p->rule, &e) == 0 && savings_try(v->app, v->db, &p->parsed, &q, CALLS, &p->f, &e) == 0) return;
    save_rule_free(&p->parsed);
    p->rule[0] = '\0';
    snprintf(p->why_none, sizeof p->why_none, "%.150s", e.text);
}

bool savings_pane_open(SavingsPane *p, View *v, SaveStrategy by, const Saving *s) {
    if (!s->possible_known || s->parts == 0 || s->part[0].nano <= 0) {
        snprintf(v->answer, sizeof v->answer, "%s: nothing to gain that is known", s->name);
        return true;
    }
    p->open = true;
    propose(p, by, &s->part[0]);
    p->percent = by == SAVE_ROUTING ? FIRST_PERCENT : 100;
    try_rule(p, v);
    if (p->parsed.json) save_rule_set_percent(&p->parsed, p->percent);
    return true;
}

/* ---- what runs ---- */
/* How many gateways have read the policy that has it. */
static void obeyed_words(const SavedRule *r, const View *v, char out[48]) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0, obeyed = 0;
    Err none = {0};
    out[0] = '\0';
    if (policy_act_acks(v->app, r->generation, v->now_ms, acks, &count, &none) != 0) count = 0;
    for (size_t i = 0; i < count; i++) obeyed += acks[i].generation >= r->generation && acks[i].state != ACK_UNKNOWN;
    if (count) snprintf(out, 48, ", obeyed by %zu of %zu", obeyed, count);
    else snprintf(out, 48, ", no gateway heard");
    free(acks);
}

int savings_pane_load(SavingsPane *p, View *v, Err *e) {
    bool fresh = p->read_ms && v->now_ms >= p->read_ms && v->now_ms - p->read_ms < READ_MS && p->generation == v->policy.generation;
    if (fresh) return 0;
    forget_saved(p);
    p->saved = xcalloc(SAVED_RULES_MAX, sizeof *p->saved);
    if (saving_book_list(v->db, p->saved, SAVED_RULES_MAX, &p->count, e) != 0) return -1;
    for (; p->shown < p->count && p->shown < PANE_RULES && !p->saved[p->shown].ended_ms; p->shown++) {
        if (saving_measure(v->db, v->book, &p->saved[p->shown], v->now_ms, CALLS, &p->m[p->shown], e) != 0) return -1;
        obeyed_words(&p->saved[p->shown], v, p->obeyed[p->shown]);
    }
    p->read_ms = v->now_ms;
    p->generation = v->policy.generation;
    return 0;
}

int savings_pane_running(const SavingsPane *p, const View *v, Canvas *c, Rect r) {
    int y = 0;
    for (size_t i = 0; i < p->shown && y < r.h; i++) {
        const SavedRule *s = &p->saved[i];
        const RuleMeasured *m = &p->m[i];
        char since[40], expected[48];
        time_format(v->zone, s->written_ms, "%d %b %H:%M", since, sizeof since);
        snprintf(expected, sizeof expected, "%s", number_usd(s->expected_nano, 0, BASIS_PROJECTED).text);
        canvas_textf(c, r.x + 1, r.y + y++, r.w - 2, ROLE_TEXT, 0, "running %s since %s: expected %s/day, measured %s%s on %s calls%s", s->id, since, expected,
                     m->exact ? "" : "±", number_usd(m->saved_nano, 0, BASIS_METERED).text, number_count(m->changed, 0).text, p->obeyed[i]);
    }
    return y ? y + 1 : 0;
}

/* ---- drawing ---- */
static int draw_effect(const SavingsPane *p, Canvas *c, Rect r) {
    const RuleEffect *f = &p->f;
    RuleShare share = save_rule_share(f, p->percent);
    char day[48], spread[48];
    snprintf(day, sizeof day, "%s", number_usd(per_day(share.saved_nano, f->since_ms, f->until_ms), 0, BASIS_PROJECTED).text);
    snprintf(spread, sizeof spread, "%s", number_usd(per_day(share.spread_nano, f->since_ms, f->until_ms), 0, BASIS_NONE).text);
    canvas_textf(c, r.x + 1, r.y, r.w - 2, ROLE_TEXT, ATTR_BOLD, "would change %s of %s calls of the day from %s: ~$%s -> ~$%s", number_count(f->changed, 0).text,
                 number_count(f->calls, 0).text, p->yesterday, number_money(f->before_nano, 0, BASIS_NONE).text, number_money(f->after_nano, 0, BASIS_NONE).text);
    if (p->parsed.kind == RULE_ROUTE)
        canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_TEXT, 0, "on %d%% of them %s ±%s a day   ←→ %d…100%%", p->percent, day, spread, STEP);
    else canvas_textf(c, r.x + 1, r.y + 1, r.w - 2, ROLE_TEXT, 0, "%s a day", day);
    if (f->guessed) canvas_textf(c, r.x + 1, r.y + 2, r.w - 2, ROLE_WATCH, 0, "▲ ± %s calls without a size or tools in the log: 4 bytes a token, no tools", number_count(f->guessed, 0).text);
    return f->guessed ? 3 : 2;
}

void savings_pane_draw(const SavingsPane *p, const View *v, Canvas *c, Rect r) {
    char *text;
    int y = 2;
    canvas_fill(c, (Rect){r.x, r.y, r.w, r.h > 0}, ROLE_RULE, 0, "─");
    canvas_textf(c, r.x + 2, r.y, r.w - 4, ROLE_TITLE, 0, " %s ", p->parsed.json ? p->parsed.id : "no rule");
    if (!p->parsed.json) {
        if (r.h > 1) canvas_text(c, r.x + 1, r.y + 1, r.w - 2, ROLE_DIM, 0, p->why_none);
        return;
    }
    text = save_rule_text(&p->parsed, true);
    if (r.h > 1) canvas_text(c, r.x + 1, r.y + 1, r.w - 2, ROLE_TEXT, 0, text);
    free(text);
    if (r.h > 4) y += draw_effect(p, c, (Rect){r.x, r.y + y, r.w, r.h - y});
    for (size_t i = 0; i < p->f.examples && y < r.h; i++, y++) {
        const RuleExample *x = &p->f.example[i];
        char at[40], was[48];
        time_format(v->zone, row_key_ms(x->key), "%d %b %H:%M:%S", at, sizeof at);
        snprintf(was, sizeof was, "%s", number_request_cost(x->before_nano, false).text);
        canvas_textf(c, r.x + 1, r.y + y, r.w - 2, ROLE_DIM, 0, "%s  ~$%s -> ~$%s  %s", at, was, number_request_cost(x->after_nano, false).text, x->model);
    }
}

/* ---- the dialogs: what they need stands in their fields ---- */
enum { RULE, REASON };

static void text_open(Dialog *d, View *v) {
    (void)v;
    dialog_text(d, "rule", "", true);
    dialog_text(d, "reason", "", true);
    d->at = REASON;
}

static int write_confirm(Dialog *d, View *v, Err *e) {
    SaveRule rule;
    RuleEffect *f = xcalloc(1, sizeof *f);
    PolicyAct act;
    PolicyDone done;
    const Query q = savings_yesterday(v->db, v->app->day_zone, v->now_ms);
    int rc = save_rule_parse(&rule, d->field[RULE].line.text, e);
    if (rc == 0) rc = savings_try(v->app, v->db, &rule, &q, CALLS, f, e);
    policy_act_begin(&act, v->app);
    act.writer.seen_generation = v->policy.generation;
    if (rc == 0) rc = savings_write(&act, &rule, f, d->field[REASON].line.text, &done, e);
    policy_act_end(&act);
    save_rule_free(&rule);
    free(f);
    if (rc == 0 && done.result == POLICY_CONFLICT) return fail(e, "%s", done.conflict);
    if (rc == 0) snprintf(v->answer, sizeof v->answer, "written: generation %lld; what it saves is shown here", (long long)done.generation);
    view_tick(v);
    return rc;
}

static int undo_confirm(Dialog *d, View *v, Err *e) {
    SavedRule *list = xcalloc(SAVED_RULES_MAX, sizeof *list);
    PolicyAct act;
    PolicyDone done = {0};
    size_t count = 0, i = 0;
    int rc = saving_book_list(v->db, list, SAVED_RULES_MAX, &count, e);
    while (i < count && (list[i].ended_ms || strcmp(list[i].id, d->field[RULE].line.text) != 0)) i++;
    if (rc == 0 && i == count) rc = fail(e, "no rule of that name runs");
    policy_act_begin(&act, v->app);
    if (rc == 0) rc = savings_undo(&act, &list[i], d->field[REASON].line.text, &done, e);
    policy_act_end(&act);
    saving_book_free(list, count);
    free(list);
    if (rc == 0) snprintf(v->answer, sizeof v->answer, "undone: generation %lld", (long long)done.generation);
    view_tick(v);
    return rc;
}

static const DialogType write_dialog = {.title = "Write a rule that saves", .confirm_words = "write it", .open = text_open, .confirm = write_confirm};
static const DialogType undo_dialog = {.title = "Undo a rule that saves", .confirm_words = "take it out", .open = text_open, .confirm = undo_confirm};

static void ask(View *v, const DialogType *type, const char *rule) {
    policy_dialog(v, type);
    if (v->dialog.type == type) prompt_set(&v->dialog.field[RULE].line, rule);
}

static bool change_share(SavingsPane *p, int by) {
    if (!p->open || !p->parsed.json || p->parsed.kind != RULE_ROUTE) return false;
    p->percent += by;
    if (p->percent < STEP) p->percent = STEP;
    if (p->percent > 100) p->percent = 100;
    save_rule_set_percent(&p->parsed, p->percent);
    return true;
}

static void ask_to_write(const SavingsPane *p, View *v) {
    char text[sizeof p->rule + 24];
    if (!p->open || !p->parsed.json) {
        snprintf(v->answer, sizeof v->answer, "Enter opens the rule of a strategy first");
        return;
    }
    snprintf(text, sizeof text, "%s", p->rule);
    if (p->percent < 100) snprintf(text, sizeof text, "%s percent=%d", p->rule, p->percent);
    ask(v, &write_dialog, text);
}

bool savings_pane_key(SavingsPane *p, View *v, int key) {
    if (key == KEY_LEFT || key == 'h') return change_share(p, -STEP);
    if (key == KEY_RIGHT || key == 'l') return change_share(p, STEP);
    if (key == 'w') return ask_to_write(p, v), true;
    if ((key == KEY_ESC || key == KEY_BACKSPACE) && p->open) return p->open = false, true;
    if (key != 'u') return false;
    if (p->shown == 0) snprintf(v->answer, sizeof v->answer, "no rule that was written here runs");
    else ask(v, &undo_dialog, p->saved[0].id);
    return true;
}
