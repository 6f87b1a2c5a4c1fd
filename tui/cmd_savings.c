/* cmd_savings: `tollwatch savings`: what each strategy saves and could save, as a table, JSON or CSV. */
#include "collectors/savings_half.h"
#include "store/money.h"
#include "store/savings.h"
#include "tui/cmd_savings.h"
#include "tui/commands.h"
#include "tui/json_out.h"
#include "tui/number.h"
#include "tui/signals.h"
#include "tui/canvas.h"
#include <inttypes.h>
#include <jansson.h>
#include <time.h>
#include <unistd.h>

enum { OPT_SINCE, OPT_UNTIL, OPT_WHERE, OPT_TTL, OPT_ROUTE, OPT_BATCH, OPT_CHEAP, OPT_CALLS, OPT_FORMAT, OPT_DRY, OPT_WRITE, OPT_UNDO, OPT_REASON, OPT_COUNT };
static const Option options[] = {
    [OPT_SINCE] = {"--since", "T", NULL, "calls from T on (default 7d)"},
    [OPT_UNTIL] = {"--until", "T", NULL, "calls before T (default now)"},
    [OPT_WHERE] = {"--where", "EXPR", NULL, "a filter, as in report"},
    [OPT_TTL] = {"--ttl", "SECONDS", NULL, "how long a response cache would keep an answer (default 300)"},
    [OPT_ROUTE] = {"--route", "MODEL", NULL, "the model for simple calls (default: route_to in [savings], else the cheaper one in use)"},
    [OPT_BATCH] = {"--batch", "FEATURE,…", NULL, "features that can wait (default: can_wait in [savings], else by their hours)"},
    [OPT_CHEAP] = {"--cheap", "FEATURE,…", NULL, "features that tolerate a cheaper model whatever the size of a call (default: can_be_cheap in [savings])"},
    [OPT_CALLS] = {"--calls", "N", NULL, "look at the newest N calls alone, scaled to the range with a spread (default: all)"},
    [OPT_FORMAT] = {"--format", "FORMAT", "table json csv md", "table (the default), json, csv or md"},
    [OPT_DRY] = {"--dry-run", "RULE", NULL, "which calls of yesterday (or --since T) a rule of the policy would have changed; nothing is written"},
    [OPT_WRITE] = {"--write", "RULE", NULL, "write that rule into the policy file and follow what it saves; needs --reason"},
    [OPT_UNDO] = {"--undo", "ID", NULL, "take a rule out again that --write or the Savings screen wrote; needs --reason"},
    [OPT_REASON] = {"--reason", "TEXT", NULL, "for the audit trail"},
    {0},
};

enum { PARTS_SHOWN = 6 };

typedef struct Wish { /* what the options say */
    SaveAsk ask;
    int64_t since_ms, until_ms, calls; /* calls: 0 = all */
    const char *format;
    Filter *filter;
} Wish;

/* ---- table ---- */
static const char *money(int64_t nano, bool known, char out[48]) {
    snprintf(out, 48, "%s", known ? number_money(nano, 0, BASIS_NONE).text : "unknown");
    return out;
}

static const char *saved_money(const Saving *s, char out[112]) {
    char spread[48] = "", saved[48];
    if (s->saved_known && s->saved_spread_nano) snprintf(spread, sizeof spread, "%s", number_money(s->saved_spread_nano, 0, BASIS_NONE).text);
    snprintf(out, 112, "%s%s%s", money(s->saved_nano, s->saved_known, saved), *spread ? " ±" : "", spread);
    return out;
}

static void print_saving(const Saving *s) {
    char saved[112], possible[48];
    saved_money(s, saved);
    printf("%-18s %*s%s %14s  %-7s %-9s %s\n", s->name, text_columns(saved) < 14 ? 14 - text_columns(saved) : 0, "", saved,
           money(s->possible_nano, s->possible_known, possible), save_sure_names[s->sure], s->guide, s->stands_on);
}

static void print_parts(const Saving *s) {
    for (size_t i = 0; s->possible_known && i < s->parts && i < PARTS_SHOWN && s->part[i].calls; i++)
        printf("  %-24.24s %-30.30s %14s  %s calls\n", i ? "" : s->name, s->part[i].feature[0] ? s->part[i].feature : "(no feature)",
               number_money(s->part[i].nano, 0, BASIS_NONE).text, number_count(s->part[i].calls, 0).text);
}

static void print_table(const Savings *v, const SaveSample *s, const Followed *f, int64_t range_nano) {
    Basis mark = v->unpriced ? BASIS_AT_LEAST : BASIS_NONE;
    char since[40];
    time_format(NULL, s->since_ms, "%Y-%m-%d %H:%M", since, sizeof since);
    printf("%-18s %14s %14s  %-7s %-9s %s\n", "strategy", "saved ~$", "possible ~$", "sure", "guide", "stands on");
    for (int i = 0; i < SAVE_COUNT; i++) print_saving(&v->by[i]);
    print_saving(&v->combined);
    printf("\npaid %s for %s calls since %s UTC; ", number_usd(v->paid_nano, 0, mark).text, number_count(v->calls, 0).text, since);
    printf("with none of it %s\n", number_usd(v->without_nano, 0, mark).text);
    if (s->cut) puts("the range has more calls than that: --calls N looks at more");
    if (s->cut) savings_range_print(v, range_nano);
    if (v->repriced) printf("%s calls are in no estimate, their prices changed since: tollwatch prices reprice\n", number_count(v->repriced, 0).text);
    puts("");
    for (int i = 0; i < SAVE_COUNT; i++) print_parts(&v->by[i]);
    savings_saved_print(v);
    savings_ttls_print(v);
    savings_notes_print(v);
    savings_followed_print(f);
}

/* ---- JSON, CSV ---- */
static void json_money(const char *name, int64_t nano, bool known) {
    printf(",\"%s\":", name);
    if (known) json_out_money(stdout, nano);
    else fputs("null", stdout);
}

static void json_saving(const Saving *s) {
    fputs("{\"strategy\":", stdout);
    json_out_string(stdout, s->name);
    json_money("saved_usd", s->saved_nano, s->saved_known);
    json_money("possible_usd", s->possible_nano, s->possible_known);
    printf(",\"saved_calls\":%" PRId64 ",\"calls\":%" PRId64 ",\"confidence\":", s->saved_calls, s->calls);
    if (s->possible_known && s->sure != SURE_NOT) json_out_string(stdout, save_sure_names[s->sure]);
    else fputs("null", stdout);
    fputs(",\"stands_on\":", stdout);
    json_out_string(stdout, s->stands_on);
    fputs(",\"guide\":", stdout);
    json_out_string(stdout, s->guide);
    fputs(",\"features\":[", stdout);
    for (size_t i = 0; i < s->parts; i++) {
        fputs(i ? ",{\"feature\":" : "{\"feature\":", stdout);
        json_out_string(stdout, s->part[i].feature);
        json_money("possible_usd", s->part[i].nano, true);
        int best = save_best_ttl(s->part[i].ttl);
        printf(",\"calls\":%" PRId64, s->part[i].calls);
        if (best >= 0) printf(",\"best_ttl_seconds\":%" PRId64, save_ttls_ms[best] / 1000);
        putchar('}');
    }
    fputs("],\"example_keys\":", stdout);
    savings_keys_json(s->example, s->examples);
    fputs(",\"saved_spread_usd\":", stdout);
    json_out_money(stdout, s->saved_spread_nano);
    printf(",\"saved_confidence\":");
    if (s->saved_known) json_out_string(stdout, save_sure_names[s->saved_sure]);
    else fputs("null", stdout);
    fputs(",\"saved_stands_on\":", stdout);
    json_out_string(stdout, s->saved_on);
    fputs(",\"saved_example_keys\":", stdout);
    savings_keys_json(s->saved_example, s->saved_examples);
    putchar('}');
}

static void print_json(const Savings *v, const SaveSample *s, const Followed *f, int64_t range_nano) {
    fputs("{\"schema_version\":1,\"since\":", stdout);
    json_out_time(stdout, s->since_ms);
    fputs(",\"until\":", stdout);
    json_out_time(stdout, s->until_ms);
    printf(",\"calls\":%" PRId64 ",\"cut\":%s,\"unpriced_requests\":%" PRId64 ",\"repriced_requests\":%" PRId64, v->calls, s->cut ? "true" : "false",
           v->unpriced, v->repriced);
    json_money("paid_usd", v->paid_nano, true);
    json_money("without_usd", v->without_nano, true);
    fputs(",\"strategies\":[", stdout);
    for (int i = 0; i < SAVE_COUNT; i++) {
        if (i) putchar(',');
        json_saving(&v->by[i]);
    }
    fputs("],\"combined\":", stdout);
    json_saving(&v->combined);
    savings_ttls_json(v);
    if (s->cut) savings_range_json(v, range_nano);
    savings_notes_json(v);
    savings_followed_json(f);
    puts("}");
}

static void csv_money(int64_t nano, bool known) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    printf(",%s", known ? text : "");
}

static void csv_saving(const Saving *s) {
    printf("\"%s\"", s->name);
    csv_money(s->saved_nano, s->saved_known);
    csv_money(s->possible_nano, s->possible_known);
    printf(",%" PRId64 ",%" PRId64 ",%s,%s,", s->saved_calls, s->calls, s->possible_known ? save_sure_names[s->sure] : "", s->guide);
    csv_money(s->saved_spread_nano, s->saved_known);
    printf(",%s\n", s->saved_known ? save_sure_names[s->saved_sure] : "");
}

static void csv_ttl(const Savings *v, int i) {
    const Saving *s = &v->by[SAVE_RESPONSE];
    const int64_t seconds = save_ttls_ms[i] / 1000;
    printf("\"response caching at %" PRId64 " s\",", seconds);
    csv_money(v->ttl[i].nano, true);
    printf(",,%" PRId64 ",%s,%s,%" PRId64 ",,\n", v->ttl[i].calls, save_sure_names[s->sure], s->guide, seconds);
}

static void print_csv(const Savings *v) {
    puts("strategy,saved_usd,possible_usd,saved_calls,calls,confidence,guide,ttl_seconds,saved_spread_usd,saved_confidence");
    for (int i = 0; i < SAVE_COUNT; i++) csv_saving(&v->by[i]);
    csv_saving(&v->combined);
    for (int i = 0; i < SAVE_TTLS && v->by[SAVE_RESPONSE].possible_known; i++) csv_ttl(v, i);
}

/* ---- the command ---- */
static int range_paid(Db *db, const Query *q, int64_t *nano, Err *e) {
    Result r;
    if (query_run(db, q, &r, e) != 0) return -1;
    *nano = r.total.cost_nano;
    result_free(&r);
    return 0;
}

/* ---- all calls of the range: in slices, so that an end is heard and a terminal sees how far it is ---- */
typedef struct Going { SaveRun *run; SavingsHalf *half; Signals *signals; bool bar; } Going;
enum { SLICE_US = 50000 };

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void draw_bar(const Going *g) {
    int permille = savings_permille(g->run);
    if (!g->bar) return;
    if (g->half) permille = (permille + savings_half_permille(g->half)) / 2;
    fprintf(stderr, "\rsavings: %d%% of the range ", permille / 10);
}

static void wipe_bar(const Going *g) {
    if (g->bar && g->run) fprintf(stderr, "\r%30s\r", "");
}

static int go_on(Going *g, const char *db_path, Err *e) {
    bool more = true, surveyed = false;
    while (more || !savings_half_wait(g->half, now_us() + SLICE_US)) {
        if (more && savings_step(g->run, now_us() + SLICE_US, &more, e) != 0) return -1;
        if (!surveyed && (surveyed = savings_surveyed(g->run))) g->half = savings_half_begin(g->run, db_path);
        if (signals_next(g->signals) == SIGNAL_END) return fail(e, "ended before all calls were looked at; nothing was changed");
        draw_bar(g);
    }
    return 0;
}

static int analyse(App *a, Db *db, const Wish *w, const Query *q, Going *g, Savings *v, SaveSample *s, Err *e) {
    int rc = signals_open(&g->signals, e);
    if (rc == 0) rc = savings_open(&g->run, db, a->book, &w->ask, q, e);
    if (rc == 0) rc = go_on(g, a->db_path, e);
    wipe_bar(g);
    if (rc == 0) rc = savings_half_add(g->half, g->run, e);
    else savings_half_drop(g->half);
    g->half = NULL;
    signals_close(g->signals);
    return rc == 0 ? savings_result(g->run, v, s, e) : -1;
}

static void print(const Wish *w, const Savings *v, const SaveSample *s, const Followed *f, int64_t range_nano) {
    if (strcmp(w->format, "json") == 0) print_json(v, s, f, range_nano);
    else if (strcmp(w->format, "csv") == 0) print_csv(v);
    else if (strcmp(w->format, "md") == 0) {
        savings_md(v);
        if (s->cut) savings_range_print(v, range_nano);
    }
    else print_table(v, s, f, range_nano);
}

/* The newest calls alone, as asked for. */
static int sample(App *a, Db *db, const Wish *w, const Query *q, Savings *v, SaveSample *s, int64_t *range_nano, Err *e) {
    int rc = savings_load(db, q, (size_t)w->calls, s, e);
    if (rc == 0 && s->cut) rc = range_paid(db, q, range_nano, e);
    if (rc == 0) savings_work_out(s, a->book, &w->ask, v);
    return rc;
}

static int show(App *a, Wish *w, Err *e) {
    json_t *policy = savings_policy(a);
    Db *db = NULL;
    SaveSample s = {0};
    Savings *v = xcalloc(1, sizeof *v);
    int64_t range_nano = 0;
    const Query q = {.since_ms = w->since_ms, .until_ms = w->until_ms, .filter = w->filter, .zone = a->day_zone};
    Followed *f = xcalloc(1, sizeof *f);
    Going g = {.bar = isatty(STDERR_FILENO)};
    w->ask.policy = policy;
    int rc = db_open(&db, a->db_path, DB_READ, e);
    if (rc == 0) rc = savings_followed(a, db, w->calls, f, e);
    if (rc == 0) rc = w->calls ? sample(a, db, w, &q, v, &s, &range_nano, e) : analyse(a, db, w, &q, &g, v, &s, e);
    if (rc == 0) print(w, v, &s, f, range_nano);
    if (g.run) savings_close(g.run);
    else savings_free(&s);
    savings_followed_free(f);
    free(f);
    free(v);
    json_decref(policy);
    db_close(db);
    return rc;
}

static int take_number(const char *text, const char *option, int64_t most, int64_t *out) {
    if (!text) return EXIT_DONE;
    if (decimal_parse(text, strlen(text), 0, out, NULL) == 0 && *out >= 1 && *out <= most) return EXIT_DONE;
    return usage_fail("savings: %s takes a number from 1 to %" PRId64 ", not %.40s", option, most, text);
}

static int take_times(App *a, Wish *w, const char *const *value) {
    Err e = {0};
    if (app_book(a, &e) != 0) return app_fail(&e);
    w->until_ms = app_now(a);
    const int64_t ttl_ms = w->ask.ttl_ms;
    w->ask = savings_ask(a->config);
    w->ask.ttl_ms = ttl_ms;
    if (value[OPT_ROUTE]) w->ask.route_to = value[OPT_ROUTE];
    if (value[OPT_BATCH]) w->ask.can_wait = value[OPT_BATCH];
    if (value[OPT_CHEAP]) w->ask.can_be_cheap = value[OPT_CHEAP];
    if (time_parse_arg(a->day_zone, w->until_ms, value[OPT_SINCE] ? value[OPT_SINCE] : "7d", &w->since_ms, &e) != 0) return usage_fail("savings: --since %s", e.text);
    if (value[OPT_UNTIL] && time_parse_arg(a->day_zone, w->until_ms, value[OPT_UNTIL], &w->until_ms, &e) != 0) return usage_fail("savings: --until %s", e.text);
    if (w->since_ms >= w->until_ms) return usage_fail("savings: --since is not before --until");
    if (value[OPT_WHERE] && filter_parse(&w->filter, value[OPT_WHERE], &e) != 0) return usage_fail("savings: --where: %s", e.text);
    return EXIT_DONE;
}

static int take_options(App *a, Wish *w, const char *const *value) {
    int64_t ttl_s = SAVE_TTL_MS / 1000;
    w->format = value[OPT_FORMAT] ? value[OPT_FORMAT] : "table";
    if (strcmp(w->format, "table") != 0 && strcmp(w->format, "json") != 0 && strcmp(w->format, "csv") != 0 && strcmp(w->format, "md") != 0)
        return usage_fail("savings: --format is table, json, csv or md, not %.40s", w->format);
    int code = take_number(value[OPT_TTL], "--ttl", 30 * MS_PER_DAY / 1000, &ttl_s);
    if (code == EXIT_DONE) code = take_number(value[OPT_CALLS], "--calls", SAVE_CALLS_MAX, &w->calls);
    w->ask.ttl_ms = ttl_s * 1000;
    return code == EXIT_DONE ? take_times(a, w, value) : code;
}

/* A rule to try, to write or to take out: not the estimates. */
static int run_rule(App *a, const Wish *w, const char *const *value) {
    RuleWish r = {.app = a, .rule = value[OPT_DRY] ? value[OPT_DRY] : value[OPT_WRITE], .undo = value[OPT_UNDO], .reason = value[OPT_REASON], .format = w->format,
                  .write = value[OPT_WRITE] != NULL, .max_calls = w->calls,
                  .q = {.since_ms = value[OPT_SINCE] ? w->since_ms : 0, .until_ms = w->until_ms, .filter = w->filter}};
    int asked = (value[OPT_DRY] != NULL) + (value[OPT_WRITE] != NULL) + (value[OPT_UNDO] != NULL);
    bool changes = value[OPT_WRITE] || value[OPT_UNDO];
    if (asked > 1) return usage_fail("savings: give one of --dry-run, --write and --undo");
    if (changes && a->readonly) return usage_fail("savings %s changes the policy; leave out --readonly", r.write ? "--write" : "--undo");
    if (changes && (!r.reason || !*r.reason)) return usage_fail("savings %s needs --reason TEXT, for the audit trail", r.write ? "--write" : "--undo");
    return savings_rule_run(&r);
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    Wish w = {0};
    Err e = {0};
    int code = options_parse(&cmd_savings, argc, argv, value, args, &count);
    free(args);
    if (code == EXIT_DONE && count) code = usage_fail("savings takes no argument; see `tollwatch savings --help`");
    if (code == EXIT_DONE) code = take_options(a, &w, value);
    bool rule = code == EXIT_DONE && (value[OPT_DRY] || value[OPT_WRITE] || value[OPT_UNDO]);
    if (rule) code = run_rule(a, &w, value);
    if (code == EXIT_DONE && !rule && show(a, &w, &e) != 0) code = app_fail(&e);
    filter_free(w.filter);
    return code;
}

const Command cmd_savings = {
    .name = "savings", .args = "", .summary = "what caching, routing and batching save, and could save", .options = options, .run = run,
    .details = "Each what-if is priced on the same calls by the code that prices bills. What the logs do not tell is unknown,\n"
               "and `stands on` says what to log. Single calls are looked at: days whose raw rows were purged are not in it.\n"
               "RULE is an entry of the policy as JSON, {\"limits\":[{...}]} or {\"match\":{...},\"set_model\":...}, or words:\n"
               "  route feature=faq model=gpt-4o tools=no max_prompt_bytes=8000 percent=20 set_model=gpt-4o-mini\n"
               "  cache feature=faq ttl_seconds=300          limit feature=agent max_output_tokens=2048\n"
               "  rate  feature=eval requests_per_minute=60  (feature=a,b and prefix* as in the policy's match)\n"
               "It is asked of the calls of the ledger by the code that gateways' decisions are held to, beside the rules that stand.",
};
