/* savings_dialogs: see savings_dialogs.h. What they need stands in their fields. */
#include "tui/savings_dialogs.h"
#include "tui/number.h"
#include "tui/policy_dialogs.h"
#include "tui/savings_pane.h"
#include "tui/view.h"

enum { RULE, REASON };

/* The pane stands first in the screen's self (screen_savings.c), so that the figures it shows can be said again. */
static const SavingsPane *pane_of(const View *v) {
    return v->shown && strcmp(v->shown->name, "savings") == 0 ? v->shown_self : NULL;
}

static void text_open(Dialog *d, View *v) {
    (void)v;
    dialog_text(d, "rule", "", true);
    dialog_text(d, "reason", "", true);
    snprintf(d->field[REASON].hint, sizeof d->field[REASON].hint, "required, for the audit trail");
    d->at = REASON;
}

/* ---- what happens, in its order: the file, publishing, the gateways ---- */
static void note_publish(Dialog *d, const View *v) {
    if (!v->app->config->publish[0]) return;
    if (v->collecting[0]) dialog_note(d, ROLE_TEXT, "then published: %.90s", v->app->config->publish);
    else dialog_note(d, ROLE_WATCH, "▲ not published: nobody collects; `tollwatch collect` will");
}

static void add_name(char out[80], const PolicyAck *a) {
    size_t used = strlen(out);
    if (used < 60) snprintf(out + used, 80 - used, "%s%.20s", used ? " " : "", a->id);
    else if (!strstr(out, "…")) snprintf(out + used, 80 - used, " …");
}

static void note_gateways(Dialog *d, const View *v) {
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0;
    Err none = {0};
    char heard[80] = "", silent[80] = "";
    if (policy_act_acks(v->app, v->policy.generation, v->now_ms, acks, &count, &none) != 0) count = 0;
    for (size_t i = 0; i < count; i++) add_name(acks[i].state == ACK_UNKNOWN ? silent : heard, &acks[i]);
    if (heard[0]) dialog_note(d, ROLE_PROOF, "within a second these obey: %s", heard);
    if (silent[0]) dialog_note(d, ROLE_WATCH, "▲ silent, whether they obey is not known: %s", silent);
    if (count == 0) dialog_note(d, ROLE_WATCH, "▲ No gateway has ever said that it obeys: this may change nothing.");
    free(acks);
}

static void note_steps(Dialog *d, const View *v, const char *what, const char *at) {
    dialog_note(d, ROLE_TEXT, "%s %.70s: generation %lld", what, at, (long long)v->policy.generation + 1);
    note_publish(d, v);
    note_gateways(d, v);
}

/* ---- write ---- */
static void note_expected(Dialog *d, const View *v, const SaveRule *r) {
    const SavingsPane *p = pane_of(v);
    char *here = save_rule_text(r, true), *shown = p && p->parsed.json ? save_rule_text(&p->parsed, true) : NULL;
    if (shown && strcmp(here, shown) == 0) {
        RuleShare share = save_rule_share(&p->f, p->percent);
        char day[48], spread[64] = "";
        snprintf(day, sizeof day, "%s", number_usd(per_day(share.saved_nano, p->f.since_ms, p->f.until_ms), 0, BASIS_PROJECTED).text);
        if (share.spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(per_day(share.spread_nano, p->f.since_ms, p->f.until_ms), 0, BASIS_NONE).text);
        dialog_note(d, ROLE_TEXT, "expected: %s%s a day, of %s calls of yesterday", day, spread, number_count(share.calls, 0).text);
    } else dialog_note(d, ROLE_TEXT, "expected: tried on yesterday's calls when it is written, and held against what it saves");
    free(here);
    free(shown);
}

static void write_changed(Dialog *d, View *v) {
    SaveRule r;
    Err e = {0};
    if (save_rule_parse(&r, d->field[RULE].line.text, &e) != 0) {
        dialog_note(d, ROLE_WATCH, "▲ %.110s", e.text);
        return;
    }
    note_expected(d, v, &r);
    note_steps(d, v, "writes", r.at);
    save_rule_free(&r);
}

static int write_confirm(Dialog *d, View *v, Err *e) {
    SaveRule rule;
    RuleEffect *f = xcalloc(1, sizeof *f);
    PolicyAct act;
    PolicyDone done = {0};
    const Query q = savings_yesterday(v->db, v->app->day_zone, v->now_ms);
    int rc = save_rule_parse(&rule, d->field[RULE].line.text, e);
    if (rc == 0) rc = savings_try(v->app, v->db, &rule, &q, PANE_CALLS, f, e);
    policy_act_begin(&act, v->app);
    act.writer.seen_generation = v->policy.generation;
    if (rc == 0) rc = savings_write(&act, &rule, f, d->field[REASON].line.text, &done, e);
    policy_act_end(&act);
    if (rc == 0)
        snprintf(v->answer, sizeof v->answer, done.result == POLICY_UNCHANGED ? "%.80s stood so already" : "written: %.80s, generation %lld; u undoes it", rule.id, (long long)done.generation);
    save_rule_free(&rule);
    free(f);
    return rc == 0 ? policy_dialog_told(v, &done, "tollwatch collect", e) : -1;
}

/* ---- undo ---- */
static void name_others(const SavingsPane *p, const char *id, char out[90]) {
    size_t used = 0;
    for (size_t i = 0; i < p->count && used < 60; i++)
        if (!p->saved[i].ended_ms && strcmp(p->saved[i].id, id) != 0) used += (size_t)snprintf(out + used, 90 - used, " %.28s", p->saved[i].id);
}

static void note_measured(Dialog *d, const SavingsPane *p, const SavedRule *r) {
    size_t i = (size_t)(r - p->saved);
    char expected[48];
    if (i >= p->shown) return;
    snprintf(expected, sizeof expected, "%s", number_usd(r->expected_nano, 0, BASIS_PROJECTED).text);
    dialog_note(d, ROLE_TEXT, "expected %s a day; since then %s%s on %s calls", expected, p->m[i].exact ? "" : "±",
                number_usd(p->m[i].saved_nano, 0, BASIS_METERED).text, number_count(p->m[i].changed, 0).text);
}

static void undo_changed(Dialog *d, View *v) {
    const SavingsPane *p = pane_of(v);
    const SavedRule *r = p ? savings_pane_runs(p, d->field[RULE].line.text) : NULL;
    char since[40], at[120], others[90] = "";
    if (!r) {
        dialog_note(d, ROLE_WATCH, "▲ no rule of that name runs");
        return;
    }
    time_format(v->zone, r->written_ms, "%d %b %H:%M", since, sizeof since);
    snprintf(at, sizeof at, "%s.%s", rule_sections[r->kind], r->id);
    dialog_note(d, ROLE_TEXT, "%.110s", r->entry);
    dialog_note(d, ROLE_TEXT, "written %s by %.30s: %.50s", since, r->user, r->reason);
    note_measured(d, p, r);
    note_steps(d, v, "takes out", at);
    name_others(p, r->id, others);
    if (others[0]) dialog_note(d, ROLE_DIM, "these run too:%s", others);
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
    act.writer.seen_generation = v->policy.generation;
    if (rc == 0) rc = savings_undo(&act, &list[i], d->field[REASON].line.text, &done, e);
    policy_act_end(&act);
    if (rc == 0) snprintf(v->answer, sizeof v->answer, "taken out: %.80s, generation %lld", list[i].id, (long long)done.generation);
    saving_book_free(list, count);
    free(list);
    return rc == 0 ? policy_dialog_told(v, &done, "tollwatch collect", e) : -1;
}

static const DialogType write_dialog = {.title = "Write a rule that saves", .confirm_words = "write it", .open = text_open, .changed = write_changed, .confirm = write_confirm};
static const DialogType undo_dialog = {.title = "Undo a rule that saves", .confirm_words = "take it out", .open = text_open, .changed = undo_changed, .confirm = undo_confirm};

static bool ask(View *v, const DialogType *type, const char *rule) {
    policy_dialog(v, type);
    if (v->dialog.type != type) return false;
    prompt_set(&v->dialog.field[RULE].line, rule);
    return true;
}

void savings_ask_write(View *v, const char *rule_words) {
    if (ask(v, &write_dialog, rule_words)) view_refresh_dialog(v);
}

/* One key and Enter: why is said already, and may be said better. */
void savings_ask_undo(View *v, const char *id) {
    if (!ask(v, &undo_dialog, id)) return;
    prompt_set(&v->dialog.field[REASON].line, "taken back");
    view_refresh_dialog(v);
}
