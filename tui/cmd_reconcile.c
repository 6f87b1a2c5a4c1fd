/* cmd_reconcile: `tollwatch reconcile`: metered and reported against billed, and the likely causes. */
#include "store/reconcile.h"
#include "tui/commands.h"
#include "tui/recon_out.h"

enum { OPT_SINCE, OPT_UNTIL, OPT_ACCOUNT, OPT_FORMAT, OPT_COUNT };
static const Option options[] = {
    [OPT_SINCE] = {"--since", "T", NULL, "from that UTC day on (default 7d)"},
    [OPT_UNTIL] = {"--until", "T", NULL, "up to that UTC day (default now)"},
    [OPT_ACCOUNT] = {"--account", "NAME", NULL, "one account"},
    [OPT_FORMAT] = {"--format", "FORMAT", "table json csv md", "table (the default), json, csv or md"},
    {0},
};

static const struct Format { const char *name; ReconWriter *write; } formats[] = {
    {"table", recon_out_table}, {"json", recon_out_json}, {"csv", recon_out_csv}, {"md", recon_out_md}};

static ReconWriter *writer_of(const char *name) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) return formats[i].write;
    return NULL;
}

static void keep_account(ReconReport *r, const char *account) {
    size_t kept = 0;
    for (size_t i = 0; i < r->left_count; i++)
        if (!account || strcmp(r->left[i].account, account) == 0) r->left[kept++] = r->left[i];
    r->left_count = kept;
}

static int show(App *a, const char *account, int64_t since, int64_t until, ReconWriter *write, Err *e) {
    const ReconAsk ask = {.account = account, .since_ms = since, .until_ms = until, .now_ms = app_now(a), .book = a->book,
                          .config_dir = a->config->dir};
    Db *db = NULL;
    ReconReport *r = xcalloc(1, sizeof *r);
    int rc = db_open(&db, a->db_path, DB_READ, e);
    if (rc == 0) rc = reconcile_load(db, &ask, &r->recon, e);
    if (rc == 0) rc = reconcile_findings(db, &r->recon, r->finding, RECON_FINDINGS_MAX, &r->finding_count, e);
    if (rc == 0) rc = reconcile_foreign(db, &r->recon, r->foreign, RECON_FOREIGN_MAX, &r->foreign_count, e);
    if (rc == 0) rc = query_balances(db, ask.now_ms, r->left, RECON_LEFT_MAX, &r->left_count, e);
    if (rc == 0) {
        if (r->recon.warning[0]) fprintf(stderr, "tollwatch: %s; until then only our own table of products counts\n", r->recon.warning);
        keep_account(r, account);
        r->part_count = reconcile_parts(&r->recon, &r->parts);
        write(r, stdout);
    }
    reconcile_free(&r->recon);
    free(r->parts);
    free(r);
    db_close(db);
    return rc;
}

static int run(App *a, int argc, char **argv) {
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    int64_t since, until;
    Err e = {0};
    int code = options_parse(&cmd_reconcile, argc, argv, value, args, &count);
    free(args);
    if (code != EXIT_DONE) return code;
    if (count) return usage_fail("reconcile takes no argument; see `tollwatch reconcile --help`");
    const char *format = value[OPT_FORMAT] ? value[OPT_FORMAT] : "table";
    if (!writer_of(format)) return usage_fail("reconcile: --format is table, json, csv or md, not %.40s", format);
    if (app_book(a, &e) != 0) return app_fail(&e);
    until = app_now(a);
    if (time_parse_arg(NULL, until, value[OPT_SINCE] ? value[OPT_SINCE] : "7d", &since, &e) != 0) return usage_fail("reconcile: --since %s", e.text);
    if (value[OPT_UNTIL] && time_parse_arg(NULL, until, value[OPT_UNTIL], &until, &e) != 0) return usage_fail("reconcile: --until %s", e.text);
    if (since >= until) return usage_fail("reconcile: --since is not before --until");
    return show(a, value[OPT_ACCOUNT], since, until, writer_of(format), &e) == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_reconcile = {
    .name = "reconcile", .args = "", .summary = "metered and reported against billed, and why they differ", .options = options, .run = run,
    .details = "drift = (reported - billed) / billed: are our prices right? coverage = metered / reported, or / billed where nothing\n"
               "is reported: did every call pass a gateway? Sums hold only the days of accounts that can be compared: days that are\n"
               "over in UTC and read to their end, in US dollars. unmetered = reported (else billed) - metered. spend is what a day\n"
               "costs by all that is known: its models and one line (not in logs) or (over-metered) are its sum. Other currencies and\n"
               "what is left of credit, with the days it lasts, stand below. Needs an [account NAME] with a key.",
};
