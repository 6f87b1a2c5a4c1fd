/* cmd_reconcile: `tollwatch reconcile`: metered and reported against billed, and the likely causes. */
#include "store/money.h"
#include "store/reconcile.h"
#include "tui/commands.h"
#include "tui/json_out.h"
#include "tui/number.h"
#include "tui/recon_words.h"
#include <inttypes.h>

enum { OPT_SINCE, OPT_UNTIL, OPT_ACCOUNT, OPT_FORMAT, OPT_COUNT };
static const Option options[] = {
    [OPT_SINCE] = {"--since", "T", NULL, "from that UTC day on (default 7d)"},
    [OPT_UNTIL] = {"--until", "T", NULL, "up to that UTC day (default now)"},
    [OPT_ACCOUNT] = {"--account", "NAME", NULL, "one account"},
    [OPT_FORMAT] = {"--format", "FORMAT", "table json csv", "table (the default), json or csv"},
    {0},
};

static void day_text(int64_t ms, char out[16]) { time_format(NULL, ms, "%Y-%m-%d", out, 16); }

/* ---- table ---- */
static void print_line(const ReconLine *l) {
    char day[16], drift[24], coverage[24];
    day_text(l->day_ms, day);
    recon_ppm_words(recon_drift_ppm(l), true, drift, sizeof drift);
    recon_ppm_words(recon_coverage_ppm(l), false, coverage, sizeof coverage);
    printf("%-10s %-16.16s %-32.32s %14s %14s %14s %9s %9s %12s\n", day, l->account, l->model[0] ? l->model : "(none)",
           l->has_metered ? number_money(l->metered.cost_nano, 0, l->metered.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE).text : "-",
           l->has_reported ? number_money(l->reported.cost_nano, 0, BASIS_NONE).text : "-",
           l->has_billed ? number_money(l->billed_nano, 0, BASIS_NONE).text : "-", l->open ? "open" : drift, coverage,
           l->open ? "" : number_money(recon_unmetered_nano(l), 0, BASIS_NONE).text);
}

static void print_table(const Recon *r, const ReconFinding *f, size_t findings) {
    ReconLine total = {0};
    printf("%-10s %-16s %-32s %14s %14s %14s %9s %9s %12s\n", "UTC day", "account", "model", "metered ~$", "reported ^$", "billed =$", "drift",
           "coverage", "unmetered $");
    for (size_t i = 0; i < r->count; i++) {
        print_line(&r->at[i]);
        reconcile_add(&total, &r->at[i]);
    }
    snprintf(total.account, sizeof total.account, "closed days");
    total.day_ms = r->since_ms;
    print_line(&total);
    for (size_t i = 0; i < findings; i++)
        printf("%s%12s  %s, %s: %s. %s\n", i ? "" : "\n", number_money_signed(f[i].nano, 0).text, f[i].account, f[i].what[0] ? f[i].what : "(none)",
               cause_names[f[i].cause], f[i].evidence);
}

/* ---- JSON, CSV ---- */
static void json_money(const char *name, int64_t nano, bool known) {
    printf(",\"%s\":", name);
    if (known) json_out_money(stdout, nano);
    else fputs("null", stdout);
}

static void json_ppm(const char *name, int64_t ppm) {
    char text[32];
    recon_ppm_words(ppm, true, text, sizeof text);
    if (ppm == INT64_MIN) printf(",\"%s\":null", name);
    else printf(",\"%s\":\"%" PRId64 ".%06" PRId64 "\"", name, ppm / 1000000, (ppm < 0 ? -ppm : ppm) % 1000000);
}

static void print_json(const Recon *r, const ReconFinding *f, size_t findings) {
    char day[16];
    printf("{\"schema_version\":1,\"rows\":[");
    for (size_t i = 0; i < r->count; i++) {
        const ReconLine *l = &r->at[i];
        day_text(l->day_ms, day);
        printf("%s{\"day\":\"%s\",\"account\":", i ? "," : "", day);
        json_out_string(stdout, l->account);
        fputs(",\"model\":", stdout);
        json_out_string(stdout, l->model);
        json_money("metered_usd", l->metered.cost_nano, l->has_metered);
        json_money("reported_usd", l->reported.cost_nano, l->has_reported);
        json_money("billed_usd", l->billed_nano, l->has_billed);
        json_ppm("drift", recon_drift_ppm(l));
        json_ppm("coverage", recon_coverage_ppm(l));
        printf(",\"closed\":%s}", l->open ? "false" : "true");
    }
    fputs("],\"findings\":[", stdout);
    for (size_t i = 0; i < findings; i++) {
        printf("%s{\"cause\":\"%s\",\"account\":", i ? "," : "", cause_names[f[i].cause]);
        json_out_string(stdout, f[i].account);
        fputs(",\"what\":", stdout);
        json_out_string(stdout, f[i].what);
        json_money("usd", f[i].nano, true);
        fputs(",\"evidence\":", stdout);
        json_out_string(stdout, f[i].evidence);
        putchar('}');
    }
    puts("]}");
}

static void csv_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void csv_money(int64_t nano, bool known) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    printf(",%s", known ? text : "");
}

static void print_csv(const Recon *r) {
    char day[16];
    puts("day,account,model,metered_usd,reported_usd,billed_usd,closed");
    for (size_t i = 0; i < r->count; i++) {
        const ReconLine *l = &r->at[i];
        day_text(l->day_ms, day);
        printf("%s,", day);
        csv_text(l->account);
        putchar(',');
        csv_text(l->model);
        csv_money(l->metered.cost_nano, l->has_metered);
        csv_money(l->reported.cost_nano, l->has_reported);
        csv_money(l->billed_nano, l->has_billed);
        puts(l->open ? ",false" : ",true");
    }
}

/* ---- the command ---- */
static int show(App *a, const char *const *value, int64_t since, int64_t until, Err *e) {
    const char *format = value[OPT_FORMAT] ? value[OPT_FORMAT] : "table";
    Db *db = NULL;
    Recon r = {0};
    const ReconAsk ask = {.account = value[OPT_ACCOUNT], .since_ms = since, .until_ms = until, .now_ms = app_now(a), .book = a->book,
                          .config_dir = a->config->dir};
    ReconFinding *f = xcalloc(RECON_FINDINGS_MAX, sizeof *f);
    size_t count = 0;
    int rc = db_open(&db, a->db_path, DB_READ, e);
    if (rc == 0) rc = reconcile_load(db, &ask, &r, e);
    if (rc == 0) rc = reconcile_findings(db, &r, f, RECON_FINDINGS_MAX, &count, e);
    if (rc == 0 && strcmp(format, "json") == 0) print_json(&r, f, count);
    else if (rc == 0 && strcmp(format, "csv") == 0) print_csv(&r);
    else if (rc == 0) print_table(&r, f, count);
    reconcile_free(&r);
    free(f);
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
    if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0)
        return usage_fail("reconcile: --format is table, json or csv, not %.40s", format);
    if (app_book(a, &e) != 0) return app_fail(&e);
    until = app_now(a);
    if (time_parse_arg(NULL, until, value[OPT_SINCE] ? value[OPT_SINCE] : "7d", &since, &e) != 0) return usage_fail("reconcile: --since %s", e.text);
    if (value[OPT_UNTIL] && time_parse_arg(NULL, until, value[OPT_UNTIL], &until, &e) != 0) return usage_fail("reconcile: --until %s", e.text);
    if (since >= until) return usage_fail("reconcile: --since is not before --until");
    return show(a, value, since, until, &e) == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_reconcile = {
    .name = "reconcile", .args = "", .summary = "metered and reported against billed, and why they differ", .options = options, .run = run,
    .details = "drift is reported to billed: are our prices right? coverage is metered to reported: did every call pass\n"
               "a gateway? Days that are not over in UTC are shown and not compared. Needs an [account NAME] with a key.",
};
