/* cmd_report: `tollwatch report`: totals by any dimension, for people and programs. Reads the ledger, never the network. */
#include "tui/cmd_report.h"
#include "tui/commands.h"
#include "tui/text_width.h"

enum { OPT_SINCE, OPT_UNTIL, OPT_BY, OPT_WHERE, OPT_SORT, OPT_LIMIT, OPT_FORMAT, OPT_COUNT };

static const Option options[] = {
    [OPT_SINCE] = {"--since", "T", "today yesterday month 1h 24h 7d", "begin; today unless given"},
    [OPT_UNTIL] = {"--until", "T", "today yesterday", "end, itself not included; now unless given"},
    [OPT_BY] = {"--by", "DIM,DIM", "account provider model tier feature team user key session project endpoint gateway host origin outcome stream minute hour day week month",
                "group by up to 4 dimensions or time steps"},
    [OPT_WHERE] = {"--where", "EXPR", NULL, "filter: `model:gpt* -team:docs cost>0.1 status:error text`"},
    [OPT_SORT] = {"--sort", "COL", "cost_usd notional_usd requests errors input_tokens output_tokens", "a column or dimension; -COL turns it around"},
    [OPT_LIMIT] = {"--limit", "N", NULL, "at most N rows; the total stays that of all"},
    [OPT_FORMAT] = {"--format", "NAME", "table json csv md", "table (unless given), json, csv or md (Markdown)"},
    {0},
};

typedef void Writer(const Report *r, FILE *out);

typedef struct Job { /* what the options ask for */
    Query query;
    Filter *filter;
    const char *sort;
    bool reverse;
    size_t limit;
    Writer *write;
} Job;

static int read_range(App *a, const char *const *value, Job *j) {
    Err e = {0};
    int64_t now = app_now(a);
    const char *since = value[OPT_SINCE] ? value[OPT_SINCE] : "today";
    if (time_parse_arg(a->zone, now, since, &j->query.since_ms, &e) != 0) return usage_fail("report: --since %s", e.text);
    j->query.until_ms = now;
    if (value[OPT_UNTIL] && time_parse_arg(a->zone, now, value[OPT_UNTIL], &j->query.until_ms, &e) != 0)
        return usage_fail("report: --until %s", e.text);
    if (j->query.since_ms < j->query.until_ms) return EXIT_DONE;
    return usage_fail("report: --since %.40s is not before --until %.40s; give an earlier --since", since,
                      value[OPT_UNTIL] ? value[OPT_UNTIL] : "now");
}

static int read_what(App *a, const char *const *value, Job *j) {
    Err e = {0};
    if (value[OPT_BY] && by_parse(value[OPT_BY], j->query.by, QUERY_BY_MAX, &j->query.by_count, &e) != 0)
        return usage_fail("report: --by: %s", e.text);
    if (value[OPT_WHERE] && filter_parse(&j->filter, value[OPT_WHERE], &e) != 0) return usage_fail("report: --where: %s", e.text);
    j->query.filter = j->filter;
    j->query.zone = a->zone;
    return EXIT_DONE;
}

static int read_form(const char *const *value, Job *j) {
    static const struct { const char *name; Writer *write; } formats[] = {
        {"table", report_table}, {"json", report_json}, {"csv", report_csv}, {"md", report_markdown}};
    const char *name = value[OPT_FORMAT] ? value[OPT_FORMAT] : "table";
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(name, formats[i].name) == 0) j->write = formats[i].write;
    if (!j->write) return usage_fail("report: --format is table, json, csv or md, not %.40s", name);
    j->reverse = value[OPT_SORT] && value[OPT_SORT][0] == '-';
    j->sort = value[OPT_SORT] ? value[OPT_SORT] + j->reverse : NULL;
    int64_t limit;
    int code = option_number("report", "--limit", value[OPT_LIMIT], INT32_MAX, INT32_MAX, &limit);
    j->limit = (size_t)limit;
    return code;
}

/* Without --sort: times in order, else the dearest first. */
static const char *natural_order(const Query *q, const Result *r) {
    for (size_t i = 0; i < q->by_count; i++)
        if (q->by[i] >= BY_MINUTE) return NULL;
    return r->total.cost_nano == 0 && r->total.notional_nano != 0 ? "notional_usd" : "cost_usd";
}

static int write_answer(App *a, const Job *j, Db *db, const Result *r, Err *e) {
    ReportMix mix = {0};
    bool data = j->write == report_json || j->write == report_csv;
    Report report = {.query = &j->query, .result = r, .shown = r->count < j->limit ? r->count : j->limit, .zone = a->zone,
                     .ascii = !locale_is_utf8() || a->ascii};
    ReportEvent *events = xcalloc(REPORT_EVENTS_MAX, sizeof *events);
    int rc = data ? report_mix_load(a, db, &j->query, r, &mix, e) : 0;
    if (data) report.mix = &mix;
    if (rc == 0) rc = report_events_load(db, a->policy_path, j->query.since_ms, j->query.until_ms, events, &report.event_count, &report.events_more, e);
    report.events = events;
    if (rc == 0) j->write(&report, stdout);
    free(mix.row);
    free(events);
    return rc;
}

static int answer(App *a, const Job *j, Db *db, Err *e) {
    Result r;
    if (query_run(db, &j->query, &r, e) != 0) return -1;
    int rc = result_sort(&r, &j->query, j->sort ? j->sort : natural_order(&j->query, &r), j->reverse, e);
    if (rc == 0) rc = write_answer(a, j, db, &r, e);
    if (rc == 0 && r.purged_days)
        fprintf(stderr, "tollwatch: %d days of this range are not in the answer, their rows were purged; "
                "group and filter by other dimensions, or ask for later days\n", r.purged_days);
    result_free(&r);
    return rc;
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    Err e = {0};
    Job j = {0};
    Db *db = NULL;
    int code = options_parse(&cmd_report, argc, argv, value, args, &count);
    if (code == EXIT_DONE && count) code = usage_fail("report takes no argument like %.40s; see `tollwatch report --help`", args[0]);
    if (code == EXIT_DONE && app_config(a, &e) != 0) code = app_fail(&e);
    if (code == EXIT_DONE) code = read_range(a, value, &j);
    if (code == EXIT_DONE) code = read_what(a, value, &j);
    if (code == EXIT_DONE) code = read_form(value, &j);
    if (code == EXIT_DONE && (db_open(&db, a->db_path, DB_READ, &e) != 0 || answer(a, &j, db, &e) != 0)) code = app_fail(&e);
    db_close(db);
    filter_free(j.filter);
    free(args);
    return code;
}

const Command cmd_report = {
    .name = "report", .args = "", .summary = "totals by model, feature, user, day, ...", .options = options, .run = run,
    .details =
        "JSON and CSV have the columns requests (all of them), errors, refused_requests,\n"
        "incomplete_requests, input_tokens (the uncached part), cache_read_tokens,\n"
        "cache_write_5m_tokens, cache_write_1h_tokens, output_tokens (reasoning\n"
        "included), reasoning_tokens, response_cache_hits (their tokens were not used and\n"
        "are in no column), unpriced_requests, and as exact decimals cost_usd (never\n"
        "holds notional value), notional_usd (list value of flat-rate use) and\n"
        "saved_cache_usd; then response_cache_saved_usd, usd_per_request (of calls that were\n"
        "not refused), prompt_cache_hit_permille, response_cache_hit_permille and\n"
        "token_output_permille; output_cost_permille and premium_, standard_ and\n"
        "classifier_cost_permille (tiers of models) are parts of the\n"
        "cost by list prices; null or empty where that is unknown. basis says what the money is: metered, reported, billed,\n"
        "notional or mixed. In tables, `in tok` is all input, caches included, and a cost\n"
        "with calls inside that have no price is at least (>=) what it says.\n\n"
        "Alerts and changes of the policy in the range follow in the order of time, in JSON\n"
        "as `events`: --since the beginning of an incident, --format md tells its story.\n\n"
        "T is RFC 3339, a date, or 15m 1h 24h 7d today yesterday month.\n"
        "EXPR is the dashboard's filter: DIM:GLOB[,GLOB]; a number (cost tokens input\n"
        "output cached latency ttft) with > >= < <= =; or a text. - before a term turns\n"
        "it around; all terms must hold.\n"
        "Users, sessions, projects, endpoints, hosts, streams and numbers are answered\n"
        "from raw rows, which are kept for `raw_days`; everything else from sums.",
};
