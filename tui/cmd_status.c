/* cmd_status: `tollwatch status`: one line for people, panes and monitoring. Reads the ledger and the policy file; starts
 * nothing, waits for no network and for no lock longer than a blink. */
#include "tui/cmd_status.h"
#include "tui/commands.h"
#include "tui/number.h"
#include "tui/text_width.h"

enum { OPT_TMUX, OPT_JSON, OPT_TEMPLATE, OPT_COUNT };
enum { PATIENCE_MS = 200, STALE_MS = 60000, TOP_MS = 600000 };
#define BURN_FLOOR_NANO INT64_C(2000000000) /* $2 a minute: below it many times usual is still no burn */

static const Option options[] = {
    [OPT_TMUX] = {"--tmux", NULL, NULL, "a short line for a tmux status bar, in the theme's colours what is not ok"},
    [OPT_JSON] = {"--json", NULL, NULL, "one JSON object"},
    [OPT_TEMPLATE] = {"--template", "STR", NULL, "your own line, of the words named above"},
    {0},
};

const char *const severity_names[] = {"ok", "warning", "critical", "unknown"};

/* ---- judging ---- */
static void reason(Status *s, Severity severity, const char *fmt, ...) TW_PRINTF(3, 4);
static void reason(Status *s, Severity severity, const char *fmt, ...) {
    va_list ap;
    if (severity > s->severity) s->severity = severity;
    if (s->reasons == REASONS_MAX) return;
    va_start(ap, fmt);
    vsnprintf(s->reason[s->reasons++], sizeof s->reason[0], fmt, ap);
    va_end(ap);
}

static void judge_collector(Status *s) {
    int64_t age = s->now_ms - s->heartbeat_ms;
    if (s->heartbeat_ms == 0) reason(s, SEVERITY_UNKNOWN, "nobody has collected yet");
    else if (age > STALE_MS) reason(s, SEVERITY_CRITICAL, "nobody is collecting since %s", number_age(age).text);
    s->untold = s->reasons;
}

static void judge_budget(Status *s, StatusBudget *b) {
    int warn = 0;
    for (int i = 0; i < 4 && b->budget->warn_permille[i]; i++)
        if (b->view.spent_permille >= b->budget->warn_permille[i]) warn = b->budget->warn_permille[i];
    b->severity = b->view.spent_permille >= 1000 ? SEVERITY_CRITICAL : warn ? SEVERITY_WARNING : SEVERITY_OK;
    if (b->severity == SEVERITY_CRITICAL)
        reason(s, SEVERITY_CRITICAL, "%s is spent: %d%%", b->budget->id, b->view.spent_permille / 10);
    else if (warn)
        reason(s, SEVERITY_WARNING, "%s is %d%% spent", b->budget->id, b->view.spent_permille / 10);
    if (b->severity > s->budgets[0].severity && !s->untold) s->untold = s->reasons; /* the fullest is shown */
}

Severity status_switch_severity(const Status *s) {
    bool stops = s->policy.state == SWITCH_ALL || s->policy.state == SWITCH_NON_CRITICAL;
    return stops ? SEVERITY_WARNING : SEVERITY_OK;
}

static void judge_burn(Status *s) {
    const Now *n = &s->now;
    if (n->usual_nano_per_min < 0 || n->rate_nano_per_min <= BURN_FLOOR_NANO || n->rate_nano_per_min / 3 <= n->usual_nano_per_min) return;
    if (n->usual_nano_per_min > 0) {
        reason(s, SEVERITY_WARNING, "spending %s usual", number_ratio(n->rate_nano_per_min, n->usual_nano_per_min).text);
        return;
    }
    reason(s, SEVERITY_WARNING, "usually nothing is spent now");
    if (!s->untold) s->untold = s->reasons;
}

static void judge_switch(Status *s) {
    if (s->policy.state == SWITCH_ALL) reason(s, SEVERITY_WARNING, "all calls are stopped");
    if (s->policy.state == SWITCH_NON_CRITICAL) reason(s, SEVERITY_WARNING, "non-critical calls are stopped");
}

void status_judge(Status *s) {
    if (!s->known) {
        s->severity = SEVERITY_UNKNOWN;
        s->untold = s->reasons;
        return;
    }
    judge_collector(s);
    for (size_t i = 0; i < s->budget_count; i++) judge_budget(s, &s->budgets[i]);
    judge_burn(s);
    judge_switch(s);
}

/* ---- loading ---- */
static int load_top_by(Db *db, int by, Status *s, Err *e) {
    Query q = {.since_ms = s->now_ms - TOP_MS, .until_ms = s->now_ms, .by = {by}, .by_count = 1};
    Result r;
    if (query_run(db, &q, &r, e) != 0) return -1;
    int rc = result_sort(&r, &q, "cost_usd", false, e);
    if (rc == 0 && r.count && r.total.cost_nano > 0) {
        snprintf(s->top, sizeof s->top, "%s", r.groups[0].name[0]);
        s->top_percent = (int)(r.groups[0].t.cost_nano / (r.total.cost_nano / 100 + 1));
    }
    result_free(&r);
    return rc;
}

/* By feature; where the logs name none, by model. */
static int load_top(Db *db, Status *s, Err *e) {
    if (load_top_by(db, DIM_FEATURE, s, e) != 0) return -1;
    return s->top[0] ? 0 : load_top_by(db, DIM_MODEL, s, e);
}

static int fullest_first(const void *pa, const void *pb) {
    const StatusBudget *a = pa, *b = pb;
    int x = a->view.spent_permille, y = b->view.spent_permille;
    return x != y ? (x < y) - (x > y) : strcmp(a->budget->id, b->budget->id);
}

static int load_budgets(const App *a, Db *db, Status *s, Err *e) {
    s->budgets = xcalloc(a->config->budget_count, sizeof *s->budgets);
    for (size_t i = 0; i < a->config->budget_count; i++) {
        StatusBudget *b = &s->budgets[i];
        b->budget = &a->config->budgets[i];
        if (query_budget(db, b->budget, a->day_zone, s->now_ms, &b->view, e) != 0) return -1;
    }
    s->budget_count = a->config->budget_count;
    if (s->budget_count) qsort(s->budgets, s->budget_count, sizeof *s->budgets, fullest_first);
    return 0;
}

static int load_figures(const App *a, Status *s, Err *e) {
    Db *db;
    if (db_open(&db, a->db_path, DB_READ, e) != 0) return -1;
    db_patience(db, PATIENCE_MS);
    int rc = query_now(db, a->day_zone, s->now_ms, &s->now, e);
    if (rc == 0) rc = load_top(db, s, e);
    if (rc == 0) rc = load_budgets(a, db, s, e);
    if (rc == 0) s->heartbeat_ms = query_heartbeat_ms(db);
    db_close(db);
    return rc;
}

/* Never fails: what cannot be read is unknown, and says why. */
static void load(App *a, Status *s) {
    Err e = {0};
    *s = (Status){.now_ms = app_now(a)};
    s->known = app_config(a, &e) == 0 && load_figures(a, s, &e) == 0;
    s->zone = a->zone;
    if (a->config) policy_view(a->policy_path, s->now_ms, &s->policy);
    if (a->config && a->config->gateway_count > 0) s->policy.never = false; /* one that should obey has nothing to obey */
    if (!s->known) reason(s, SEVERITY_UNKNOWN, "%s", e.text);
    status_judge(s);
}

/* A theme that cannot be read costs the colours, never the line. */
static void tmux_line(const App *a, const Status *s, bool ascii) {
    Theme theme;
    const char *name = a->theme_option ? a->theme_option : a->config ? a->config->theme : NULL;
    bool coloured = !a->no_color && name && theme_load(&theme, name, a->config ? a->config->dir : NULL, NULL) == 0;
    status_tmux(s, ascii, coloured ? &theme : NULL, stdout);
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    Status s;
    int code = options_parse(&cmd_status, argc, argv, value, args, &count);
    if (code == EXIT_DONE && (count || (value[OPT_TMUX] != NULL) + (value[OPT_JSON] != NULL) + (value[OPT_TEMPLATE] != NULL) > 1))
        code = usage_fail("status takes one of --tmux, --json, --template STR");
    free(args);
    if (code != EXIT_DONE) return code;
    load(a, &s);
    bool ascii = !locale_is_utf8() || a->ascii;
    if (value[OPT_TEMPLATE]) code = status_template(&s, value[OPT_TEMPLATE], ascii, stdout);
    else if (value[OPT_JSON]) status_json(&s, stdout);
    else if (value[OPT_TMUX]) tmux_line(a, &s, ascii);
    else status_line(&s, ascii, stdout);
    free(s.budgets);
    return code == EXIT_DONE ? (int)s.severity : code;
}

const Command cmd_status = {
    .name = "status", .args = "", .summary = "one line: what is spent, and is all well", .options = options, .run = run,
    .details = "Exit codes: 0 ok, 1 warning (a budget's warning, more than 3 times usual, calls\n"
               "stopped), 2 critical or stale (a budget is spent, nobody has collected for a\n"
               "minute), 3 unknown (no ledger, or nobody ever collected).\n"
               "\n"
               "Words of a template; one with nothing to say is empty, any other is refused:\n"
               "  {rate} {usual} {ratio}   spent a minute now, usually, and how many times that\n"
               "  {today} {today_short}    spent today; in five cells\n"
               "  {end_of_day} {end_short} at the present rate until the day ends\n"
               "  {month} {notional}       spent this month; list value of flat-rate use today\n"
               "  {calls} {errors}         calls today, and how many of them failed\n"
               "  {top}                    what spends most in the last 10 minutes\n"
               "  {budget}                 the fullest budget, and when it breaks\n"
               "  {switch} {age}           are calls stopped; how old the last record is\n"
               "  {glyph} {state} {reason} is all well, as a mark, a word, a sentence\n"
               "  {untold}                 the reason that no other word of --tmux shows\n"
               "\n"
               "In tmux: set -g status-right '#(tollwatch status --tmux)'",
};
