/* policy_dialogs: see policy_dialogs.h. Publishing is the collector's, so that a slow network never holds the screen. */
#include "tui/policy_dialogs.h"
#include "store/money.h"
#include "tui/number.h"
#include "tui/policy_act.h"
#include "tui/stop_effect.h"
#include "tui/view.h"

static const char *const scopes[] = {"non-critical", "all", NULL};
static const char *const lengths[] = {"15m", "30m", "1h", "2h", "until resumed", NULL};
static const int64_t length_ms[] = {15 * MS_PER_MINUTE, 30 * MS_PER_MINUTE, MS_PER_HOUR, 2 * MS_PER_HOUR, 0};
static const char *const modes[] = {"drain, answers are paid for", "abort, cuts streams", NULL};
enum { SCOPE, LENGTH, MODE, REASON, WORD, STOP_FIELDS };
enum { SCOPE_ALL = 1, LENGTH_30M = 1, MODE_ABORT = 1 };

int policy_dialog_told(View *v, const PolicyDone *done, const char *command, Err *e) {
    if (done->result == POLICY_CONFLICT) return fail(e, "%s", done->conflict);
    if (done->result == POLICY_WRITTEN && v->app->config->publish[0] && !v->collecting[0])
        snprintf(v->answer, sizeof v->answer, "tollwatch: written, but nobody collects, so it was not published; run `%s` for that", command);
    if (done->warning[0]) snprintf(v->answer, sizeof v->answer, "tollwatch: %.240s", done->warning);
    view_tick(v);
    return 0;
}

static int told(View *v, const PolicyDone *done, Err *e) { return policy_dialog_told(v, done, "tollwatch kill", e); }

/* ---- stop ---- */
static bool needs_word(const Dialog *d, const StopEffect *effect) {
    return d->field[SCOPE].chosen == SCOPE_ALL || effect->critical == 0;
}

static void stop_open(Dialog *d, View *v) {
    (void)v;
    dialog_choice(d, "scope", scopes, 0);
    dialog_choice(d, "for", lengths, LENGTH_30M);
    dialog_choice(d, "in flight", modes, 0);
    dialog_text(d, "reason", "", true);
    dialog_word(d, "type", "ALL")->hidden = true;
    d->at = REASON;
}

static void note_part(Dialog *d, const char *what, const EffectPart *p) {
    char name[64] = "";
    if (p->features == 1) snprintf(name, sizeof name, "%.31s", p->most);
    if (p->features > 1) snprintf(name, sizeof name, "%.18s and %d more", p->most, p->features - 1);
    dialog_note(d, ROLE_TEXT, "%-9s %-31s %9s %10s %9s", what, name, number_count(p->calls, 9).text,
                number_money(p->nano, 10, BASIS_NONE).text, number_money(p->nano / 10, 9, BASIS_NONE).text);
}

static void note_gateways(Dialog *d, const StopEffect *s) {
    int64_t all = nano_add(s->refused.nano, s->passes.nano);
    if (s->obeying + s->silent == 0) {
        dialog_note(d, ROLE_WATCH, "▲ No gateway has ever said that it obeys: this stop may stop nothing.");
        return;
    }
    dialog_note(d, s->silent ? ROLE_WATCH : ROLE_PROOF, "%s of %s/min passes the %d gateways that obey%s",
                number_usd(s->obeying_nano / 10, 0, BASIS_METERED).text, number_usd(all / 10, 0, BASIS_METERED).text, s->obeying, s->silent ? "" : " within a second");
    if (s->silent) dialog_note(d, ROLE_WATCH, "▲ %d silent: whether they obey is not known", s->silent);
}

static void note_effect(Dialog *d, const StopEffect *s) {
    dialog_note(d, ROLE_DIM, "%-41s %9s %10s %9s", "the last 10 minutes, had this been on", "calls", "~$", "$/min");
    note_part(d, "refused", &s->refused);
    note_part(d, "passes", &s->passes);
    note_gateways(d, s);
}

static void stop_hints(Dialog *d, View *v, const StopEffect *s) {
    int64_t ms = length_ms[d->field[LENGTH].chosen];
    bool all = d->field[SCOPE].chosen == SCOPE_ALL;
    char at[16];
    time_format(v->zone, v->now_ms + ms, "%H:%M", at, sizeof at);
    snprintf(d->field[SCOPE].hint, sizeof d->field[0].hint, all ? "every call, critical ones too" : s->critical ? "%d critical features still pass" : "no feature is critical: this is every call", s->critical);
    snprintf(d->field[LENGTH].hint, sizeof d->field[0].hint, ms ? "ends %s" : "never by itself", at);
    snprintf(d->field[REASON].hint, sizeof d->field[0].hint, "required, for the audit trail");
    d->field[WORD].hidden = !needs_word(d, s);
}

static void stop_changed(Dialog *d, View *v) {
    StopEffect s;
    Err e = {0};
    if (stop_effect_load(v, d->field[SCOPE].chosen == SCOPE_ALL, &s, &e) != 0) {
        Critical *critical = xcalloc(1, sizeof *critical);
        critical_load(v->app, critical); /* the switch works without a ledger */
        s = (StopEffect){.critical = critical->count};
        free(critical);
        stop_hints(d, v, &s);
        dialog_note(d, ROLE_WATCH, "what it would refuse is not known: %.80s", e.text);
        return;
    }
    stop_hints(d, v, &s);
    note_effect(d, &s);
}

static int stop_confirm(Dialog *d, View *v, Err *e) {
    PolicyAct act;
    PolicyDone done;
    int64_t ms = length_ms[d->field[LENGTH].chosen];
    policy_act_begin(&act, v->app);
    PolicyStop stop = {.all = d->field[SCOPE].chosen == SCOPE_ALL, .abort = d->field[MODE].chosen == MODE_ABORT,
                       .expires_ms = ms ? act.writer.now_ms + ms : 0, .reason = d->field[REASON].line.text,
                       .critical = v->app->config->critical_features};
    int rc = policy_kill(&act.writer, &stop, &done, e);
    policy_act_end(&act);
    if (rc != 0) return -1;
    snprintf(v->answer, sizeof v->answer, "written: generation %lld; 8 shows who obeys", (long long)done.generation);
    return told(v, &done, e);
}

/* ---- resume ---- */
static void resume_open(Dialog *d, View *v) {
    (void)v;
    dialog_text(d, "reason", "", true);
    snprintf(d->field[0].hint, sizeof d->field[0].hint, "required, for the audit trail");
}

static void resume_changed(Dialog *d, View *v) {
    if (v->policy.state != SWITCH_ALL && v->policy.state != SWITCH_NON_CRITICAL) dialog_note(d, ROLE_DIM, "calls are not stopped");
    else dialog_note(d, ROLE_TEXT, "stopped by %s: %s", v->policy.by, v->policy.reason);
    if (strncmp(v->policy.by, "budget:", 7) == 0)
        dialog_note(d, ROLE_WATCH, "▲ that budget will not stop calls again before its period ends");
}

static int resume_confirm(Dialog *d, View *v, Err *e) {
    PolicyAct act;
    PolicyDone done;
    policy_act_begin(&act, v->app);
    act.writer.seen_generation = v->policy.generation;
    int rc = policy_resume(&act.writer, d->field[0].line.text, &done, e);
    policy_act_end(&act);
    if (rc != 0) return -1;
    snprintf(v->answer, sizeof v->answer, done.result == POLICY_UNCHANGED ? "calls were not stopped" : "calls pass again: generation %lld",
             (long long)done.generation);
    return told(v, &done, e);
}

/* ---- a rule ---- */
static void rule_open(Dialog *d, View *v) {
    (void)v;
    dialog_text(d, "what", "limits.NAME", true);
    dialog_text(d, "value", "{\"match\":{\"feature\":\"\"},\"max_output_tokens\":1024}", true);
}

static void rule_changed(Dialog *d, View *v) {
    (void)v;
    dialog_note(d, ROLE_DIM, "limits.NAME         max_output_tokens, on_exceed clamp|reject, timeout_ms");
    dialog_note(d, ROLE_DIM, "rate_limits.NAME    requests_per_minute, tokens_per_minute");
    dialog_note(d, ROLE_DIM, "routing.tiers.NAME  a model      routing.rules.NAME  set_tier, set_model");
    dialog_note(d, ROLE_DIM, "cache.NAME          ttl_seconds  critical.features   names with blanks");
    dialog_note(d, ROLE_DIM, "match: feature model team user key provider endpoint tools percent");
    dialog_note(d, ROLE_DIM, "null takes an entry out; gateways obey within a second");
}

static int rule_confirm(Dialog *d, View *v, Err *e) {
    PolicyAct act;
    PolicyDone done;
    policy_act_begin(&act, v->app);
    act.writer.seen_generation = v->policy.generation;
    int rc = policy_set(&act.writer, d->field[0].line.text, d->field[1].line.text, &done, e);
    policy_act_end(&act);
    if (rc != 0) return -1;
    snprintf(v->answer, sizeof v->answer, done.result == POLICY_UNCHANGED ? "it was so already" : "written: generation %lld", (long long)done.generation);
    return told(v, &done, e);
}

const DialogType stop_dialog = {.title = "Stop calls", .confirm_words = "stop these calls", .open = stop_open, .changed = stop_changed,
                                .confirm = stop_confirm};
const DialogType resume_dialog = {.title = "Let calls pass", .confirm_words = "let them pass", .open = resume_open,
                                  .changed = resume_changed, .confirm = resume_confirm};
const DialogType rule_dialog = {.title = "Set a rule", .confirm_words = "write it", .open = rule_open, .changed = rule_changed,
                                .confirm = rule_confirm};

void policy_dialog(View *v, const DialogType *type) {
    if (v->readonly) snprintf(v->answer, sizeof v->answer, "looking only (--readonly): the policy is not changed from here");
    else view_open_dialog(v, type);
}

void policy_rule_dialog(View *v, const char *at, const char *value) {
    policy_dialog(v, &rule_dialog);
    if (v->dialog.type != &rule_dialog) return;
    prompt_set(&v->dialog.field[0].line, at);
    prompt_set(&v->dialog.field[1].line, value);
}
