/* test_reconcile: three measurements of the same days: drift, coverage, and why they differ, each figure written out. */
#include "store/data.h"
#include "store/effective.h"
#include "store/recon_names.h"
#include "tests/bill_lab.h"

/* gpt-4o-mini is $0.15 and $0.60 a million: 20 M in and 5 M out are $6. */
static void three_measurements_of_a_leaked_key(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 5 * USD);
    meter(d, LAB_NOW + MS_PER_HOUR, "gpt-4o-mini", "web", USD); /* today: not comparable */
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "key_web", .input = 20000000, .output = 4000000}, {.model = "gpt-4o-mini", .key = "key_leaked", .input = 10000000, .output = 7500000}};
    const Said costs[] = {{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .nano = 11 * USD}, {.item = "web search tool calls", .currency = "usd", .nano = 2 * USD}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, bill_name_set(d->lab.l, "main", "key", "key_web", "web", &e));
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW + MS_PER_DAY, .now_ms = LAB_NOW + MS_PER_HOUR}, &r, &e));
    const ReconLine *l = line_of(&r, 0, "gpt-4o-mini");
    assert_int_equal(l->metered.cost_nano, 5 * USD);
    assert_int_equal(l->reported.cost_nano, 11400000000); /* 3.0 + 2.4 and 1.5 + 4.5 */
    assert_int_equal(l->billed_nano, 11 * USD);
    assert_int_equal(recon_drift_ppm(l), 36363);           /* 0.4 / 11 */
    assert_int_equal(recon_coverage_ppm(l), 438596);       /* 5 / 11.4 */
    assert_int_equal(recon_unmetered_nano(l), 6400000000);
    assert_true(line_of(&r, 3, "gpt-4o-mini")->open);
    assert_true(recon_coverage_ppm(line_of(&r, 3, "gpt-4o-mini")) == INT64_MIN);
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    const ReconFinding *leak = finding(f, count, CAUSE_OUTSIDE);
    assert_string_equal(leak->what, "key_leaked"); /* key_web is known by its name */
    assert_int_equal(leak->nano, 6 * USD);
    assert_ptr_equal(leak, &f[0]);
    assert_string_equal(finding(f, count, CAUSE_ITEMS)->what, "web search tool calls");
    assert_non_null(strstr(finding(f, count, CAUSE_PRICE)->evidence, "billed implies $"));
    reconcile_free(&r);
}

static void days_that_agree_have_no_findings(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}};
    const Said costs[] = {{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .nano = 6 * USD}, {.model = "gpt-4o-mini", .item = "x", .currency = "EUR", .nano = 99 * USD}};
    say(d, "usage", ORIGIN_REPORTED, usage, 1);
    say(d, "costs", ORIGIN_BILLED, costs, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .account = "main", .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    assert_int_equal(recon_drift_ppm(line_of(&r, 0, "gpt-4o-mini")), 0); /* euros are not compared */
    assert_int_equal(recon_coverage_ppm(line_of(&r, 0, "gpt-4o-mini")), 1000000);
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    if (count) fail_msg("%s: %s", cause_names[f[0].cause], f[0].evidence);
    reconcile_free(&r);
}

/* Each finding knows the day on which it shows most, which is not the day on which logs and provider differ most. */
static void a_finding_knows_its_day(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    for (int day = 0; day < 2; day++) meter(d, DAY0 + day * MS_PER_DAY, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED,
        (const Said[]){{.model = "gpt-4o-mini", .key = "web", .input = 100000000, .output = 5000000}, /* day 0: $12 more, with no other cause */
                       {.model = "gpt-4o-mini", .key = "web", .day = 1, .input = 20000000, .output = 5000000},
                       {.model = "gpt-4o-mini", .key = "leak", .day = 1, .input = 20000000},             /* $3, and $1.50 the day after */
                       {.model = "gpt-4o-mini", .key = "leak", .day = 2, .input = 10000000}}, 4);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .nano = 18 * USD}, {.model = "gpt-4o-mini", .day = 1, .nano = 9 * USD},
                                                  {.model = "gpt-4o-mini", .day = 2, .nano = 9 * USD}, {.item = "web search tool calls", .day = 1, .nano = USD},
                                                  {.item = "web search tool calls", .day = 2, .nano = 2 * USD}}, 5);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_OUTSIDE)->day_ms, DAY0 + MS_PER_DAY);
    assert_int_equal(finding(f, count, CAUSE_OUTSIDE)->nano, 4500000000); /* of both days */
    assert_non_null(strstr(finding(f, count, CAUSE_OUTSIDE)->evidence, "last on 2026-11-23"));
    assert_int_equal(finding(f, count, CAUSE_PRICE)->day_ms, DAY0 + 2 * MS_PER_DAY);
    assert_string_equal(finding(f, count, CAUSE_PRICE)->model, "gpt-4o-mini");
    assert_int_equal(finding(f, count, CAUSE_ITEMS)->day_ms, DAY0 + 2 * MS_PER_DAY);
    reconcile_free(&r);
}

static void a_call_at_midnight_is_a_day_boundary(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    meter(d, DAY0, "gpt-4o-mini", "web", 12 * USD); /* all on the first day */
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}, {.model = "gpt-4o-mini", .key = "web", .day = 1, .input = 20000000, .output = 5000000}};
    say(d, "usage", ORIGIN_REPORTED, usage, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_DAY_EDGE)->nano, 6 * USD);
    reconcile_free(&r);
}

/* Everything that is said of days 0 to 2, with the figures of one cause. */
static const ReconFinding *only_cause(Desk *d, Cause cause, ReconFinding *room) {
    Err e = {0};
    Recon r;
    size_t count;
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_findings(d->lab.db, &r, room, RECON_FINDINGS_MAX, &count, &e));
    reconcile_free(&r);
    return finding(room, count, cause);
}

static void an_unpriced_model_is_named_with_its_tokens(void **state) {
    Desk *d = *state;
    ReconFinding room[RECON_FINDINGS_MAX];
    Request *r = meter_begin(d, DAY0, "gpt-9-secret", "web", 0);
    r->flags |= REQ_UNPRICED;
    lab_ingest(&d->lab);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-9-secret", .item = "gpt-9-secret, input", .currency = "usd", .nano = 7 * USD}}, 1);
    const ReconFinding *f = only_cause(d, CAUSE_UNPRICED, room);
    assert_string_equal(f->what, "gpt-9-secret");
    assert_int_equal(f->nano, 7 * USD);
    assert_string_equal(f->evidence, "1,100 metered tokens of it have no price; add a row to prices.csv");
}

/* claude-opus-4-8: 1 M tokens written to the cache for 5 minutes are $6.25, 1 M of input $5. */
static void cache_writes_that_the_logs_lack_are_counted(void **state) {
    Desk *d = *state;
    ReconFinding room[RECON_FINDINGS_MAX];
    Request *r = meter_begin(d, DAY0, "claude-opus-4-8", "web", 5 * USD);
    r->tokens[TOK_INPUT] = 1000000, r->tokens[TOK_OUTPUT] = 0;
    lab_ingest(&d->lab);
    say_of(d, "main", "anthropic", "usage", ORIGIN_REPORTED,
           (const Said[]){{.model = "claude-opus-4-8", .key = "web", .input = 1000000, .write_5m = 1000000}}, 1);
    const ReconFinding *f = only_cause(d, CAUSE_CACHE_WRITES, room);
    assert_int_equal(f->nano, 6250000000);
    assert_string_equal(f->evidence, "1.00M tokens written to the cache by the provider's count, 0 in the logs");
}

/* Batch is half of $6, the logs priced it as any other call. */
static void a_batch_that_the_logs_call_standard_is_a_mismatch(void **state) {
    Desk *d = *state;
    ReconFinding room[RECON_FINDINGS_MAX];
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000, .batch = true}}, 1);
    const ReconFinding *f = only_cause(d, CAUSE_TIER, room);
    assert_string_equal(f->what, "batch");
    assert_int_equal(f->nano, -3 * USD); /* the logs have so much too much */
    assert_string_equal(f->evidence, "1 calls reported on a tier that the logs never name; their prices differ");
}

static void what_is_no_tokens_is_a_line_of_the_bill(void **state) {
    Desk *d = *state;
    ReconFinding room[RECON_FINDINGS_MAX];
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.item = "web search tool calls", .currency = "usd", .nano = 313 * USD / 100}}, 1);
    const ReconFinding *f = only_cause(d, CAUSE_ITEMS, room);
    assert_string_equal(f->what, "web search tool calls");
    assert_int_equal(f->nano, 3130000000);
}

static void what_has_no_key_is_outside_by_its_project(void **state) {
    Desk *d = *state;
    Err e = {0};
    ReconFinding room[RECON_FINDINGS_MAX];
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .project = "proj_77", .input = 20000000, .output = 5000000},
                                                    {.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}}, 2);
    OK(e, bill_name_set(d->lab.l, "main", "project", "proj_77", "sandbox", &e));
    const ReconFinding *f = only_cause(d, CAUSE_OUTSIDE, room);
    assert_string_equal(f->what, "sandbox");
    assert_int_equal(f->nano, 6 * USD);
    assert_string_equal(f->evidence, "$6.00 with project sandbox (proj_77), last on 2026-11-21; no gateway ever logged it. Leaked?");
}

static void an_outdated_price_row_says_both_prices(void **state) {
    Desk *d = *state;
    ReconFinding room[RECON_FINDINGS_MAX];
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}}, 1);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .item = "gpt-4o-mini, input", .currency = "usd", .nano = 9 * USD}}, 1);
    const ReconFinding *f = only_cause(d, CAUSE_PRICE, room);
    assert_int_equal(f->nano, 3 * USD);
    assert_string_equal(f->evidence, "billed implies $0.3600 per million tokens of that mix, our rows say $0.2400; see `prices explain`");
}

/* ---- names ---- */
static void names_of_one_model_meet_in_one_line(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    meter(d, DAY0, "us.anthropic.claude-sonnet-5", "web", 6 * USD);
    say_of(d, "main", "bedrock", "costs", ORIGIN_BILLED,
           (const Said[]){{.model = "claude-sonnet-5", .item = "USE1-MP:USE1_InputTokenCount-Units", .nano = 5 * USD},
                          {.model = "some-new-thing", .item = "USE1-SomeNewThing-input-tokens", .nano = 2 * USD}}, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    assert_int_equal(line_of(&r, 0, "anthropic.claude-sonnet-5")->metered.cost_nano, 6 * USD);
    assert_int_equal(line_of(&r, 0, "anthropic.claude-sonnet-5")->billed_nano, 5 * USD);
    assert_int_equal(line_of(&r, 0, "some-new-thing")->billed_nano, 2 * USD); /* in no table: it stays, and counts */
    reconcile_free(&r);
    Str openai = STR("openai");
    assert_string_equal(book_model(d->book, openai, "gpt-5.4-2026-03-05", DAY0), "gpt-5.4");
    assert_string_equal(book_model(d->book, openai, "gpt-4o-2024-05-13", DAY0), "gpt-4o-2024-05-13"); /* a price of its own */
    assert_string_equal(book_model(d->book, openai, "gpt-5.2-codex", DAY0), "gpt-5.2-codex");         /* the same price, another model */
    assert_string_equal(book_model(d->book, openai, "no-such-model", DAY0), "no-such-model");
}

static const char *name_with(Desk *d, const char *dir, const char *table, char *error) {
    static char shown[NAME_MAX_BYTES + 1];
    char path[256];
    ReconNames *n;
    Err e = {0};
    snprintf(path, sizeof path, "%s/products.csv", dir);
    assert_int_equal(file_write(path, table, strlen(table), &e), 0);
    if (recon_names_open(&n, d->lab.db, d->book, dir, &e) != 0) return snprintf(error, ERR_MAX, "%s", e.text), unlink(path), NULL;
    snprintf(shown, sizeof shown, "%s", recon_name(n, "main", "nova-pro", true, DAY0));
    assert_string_equal(recon_name(n, "main", "nova-pro", false, DAY0), "nova-pro"); /* logs name models, not products */
    recon_names_free(n);
    unlink(path);
    return shown;
}

static void a_person_changes_the_table_of_products(void **state) {
    Desk *d = *state;
    char error[ERR_MAX];
    say_of(d, "main", "bedrock", "costs", ORIGIN_BILLED, (const Said[]){{.model = "nova-pro", .nano = USD}}, 1);
    assert_string_equal(name_with(d, d->lab.dir, "provider,billed as,model\nazure,nova-pro,x\n", error), "amazon.nova-pro-v1:0");
    assert_string_equal(name_with(d, d->lab.dir, "provider,billed as,model\n# ours\nbedrock,nova-pro,my-nova\n", error), "my-nova");
    assert_null(name_with(d, d->lab.dir, "provider,billed as,model\nbedrock;nova\n", error));
    assert_non_null(strstr(error, "products.csv:2: is not PROVIDER,BILLED AS,MODEL"));
}

/* A wrong line must not hide a bill: the file is left out and named, our own table counts. */
static void a_wrong_table_of_products_is_left_out(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    char path[256], want[300];
    const char *const wrong = "provider,billed as,model\nbedrock,nova-pro,my-nova\nbedrock;nova\n";
    snprintf(path, sizeof path, "%s/products.csv", d->lab.dir);
    assert_int_equal(file_write(path, wrong, strlen(wrong), &e), 0);
    say_of(d, "main", "bedrock", "costs", ORIGIN_BILLED, (const Said[]){{.model = "nova-pro", .nano = USD}}, 1);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW, .config_dir = d->lab.dir}, &r, &e));
    assert_int_equal(line_of(&r, 0, "amazon.nova-pro-v1:0")->billed_nano, USD);
    snprintf(want, sizeof want, "%s:3: is not PROVIDER,BILLED AS,MODEL", path);
    if (strncmp(r.warning, want, strlen(want)) != 0) fail_msg("%s", r.warning);
    unlink(path);
    reconcile_free(&r);
}

/* Our own table tests itself: every model in it has a price. */
static void every_product_has_a_price(void **state) {
    Desk *d = *state;
    char *text = xstrdup(data_find("store/products.csv")->at), *rest = text, *line;
    for (strsep(&rest, "\n"); (line = strsep(&rest, "\n")) != NULL && *line;) {
        const char *provider = strsep(&line, ","), *billed = strsep(&line, ",");
        const Usage u = {.provider = str_of(provider), .model = str_of(line), .ts_ms = LAB_NOW, .tokens = {[TOK_INPUT] = 1000000}};
        Cost cost;
        cost_of(d->book, &u, &cost);
        if (!cost.priced) fail_msg("%s %s: no price of %s", provider, billed, line);
    }
    free(text);
}

/* ---- parts ---- */
static void parts_are_the_total_exactly(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconPart *parts;
    Effective effective;
    int64_t sum = 0;
    bool more = false, less = false;
    meter(d, DAY0, "gpt-4o-mini", "web", 6 * USD + 1);
    meter(d, DAY0 + MS_PER_DAY, "gpt-4o-mini", "web", 6 * USD + 7);
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 6 * USD + 9);
    say(d, "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .key = "web", .day = 2, .input = 40000001, .output = 10000003}}, 1);
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .currency = "usd", .nano = 8 * USD + 123456789},
                                                  {.model = "gpt-4o-mini", .currency = "usd", .day = 1, .nano = 4 * USD + 987654321}}, 2);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    size_t count = reconcile_parts(&r, &parts);
    for (size_t i = 0; i + 1 < count; i++) {
        sum += parts[i].spend_nano;
        more |= strcmp(parts[i].line.model, "(not in logs)") == 0 && parts[i].spend_nano > 0;
        less |= strcmp(parts[i].line.model, "(over-metered)") == 0 && parts[i].spend_nano < 0;
    }
    assert_true(more && less);
    assert_int_equal(parts[count - 1].kind, RECON_TOTAL);
    assert_int_equal(parts[count - 1].spend_nano, sum);
    OK(e, effective_spend(d->lab.db, NULL, DAY0, LAB_NOW, LAB_NOW, &effective, &e));
    assert_int_equal(effective.nano, sum); /* the figure of budgets and of the Overview */
    free(parts);
    reconcile_free(&r);
}

static void other_currencies_stand_apart(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ForeignView f[4];
    size_t count;
    say(d, "costs", ORIGIN_BILLED, (const Said[]){{.model = "m", .currency = "eur", .nano = 2 * USD}, {.model = "m", .currency = "EUR", .day = 1, .nano = 3 * USD},
                                                  {.model = "m", .currency = "usd", .nano = USD}}, 3);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    OK(e, reconcile_foreign(d->lab.db, &r, f, 4, &count, &e));
    assert_int_equal(count, 1);
    assert_string_equal(f[0].currency, "EUR");
    assert_int_equal(f[0].nano, 5 * USD);
    assert_int_equal(f[0].days, 2);
    reconcile_free(&r);
}

/* Four accounts: one whole, one billed in euros, one that only logs know, one whose bill is late. Each is compared with itself: a sum
 * has the drift and coverage of what can be compared, and a bill that is not there yet is no other price. */
static void sums_compare_only_what_can_be(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconPart *parts;
    ReconFinding f[RECON_FINDINGS_MAX];
    size_t count;
    const Said six[] = {{.model = "gpt-4o-mini", .key = "web", .input = 20000000, .output = 5000000}, {.model = "gpt-4o-mini", .key = "web", .day = 1, .input = 20000000, .output = 5000000}};
    meter(d, DAY0, "gpt-4o-mini", "web", 3 * USD); /* half of it */
    Request *q = meter_begin(d, DAY0, "gpt-4o-mini", "web", 500 * USD);
    q->name[DIM_ACCOUNT] = lab_name(&d->lab, "logs-only");
    lab_ingest(&d->lab);
    say_of(d, "main", "openai", "usage", ORIGIN_REPORTED, six, 1);
    say_of(d, "main", "openai", "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .nano = 6 * USD}}, 1);
    say_of(d, "euros", "openai", "usage", ORIGIN_REPORTED, six, 1);
    say_of(d, "euros", "openai", "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .nano = 6 * USD, .currency = "EUR"}}, 1);
    say_of(d, "late", "openai", "usage", ORIGIN_REPORTED, six, 2);
    say_of(d, "late", "openai", "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .nano = 6 * USD}}, 1);
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    count = reconcile_parts(&r, &parts);
    const ReconLine *total = &parts[count - 1].line;
    assert_int_equal(recon_drift_ppm(total), 0);
    assert_int_equal(recon_coverage_ppm(total), 125000);               /* 3 of 24: logs that no provider speaks of cover nothing */
    assert_int_equal(recon_unmetered_nano(total), 21 * USD);
    assert_int_equal(total->metered.cost_nano, 503 * USD);
    OK(e, reconcile_findings(d->lab.db, &r, f, RECON_FINDINGS_MAX, &count, &e));
    for (size_t i = 0; i < count; i++) assert_int_not_equal(f[i].cause, CAUSE_PRICE);
    free(parts);
    reconcile_free(&r);
}

/* C5: after a change of API the old feed's rows are set aside: they are no other currency, and no finding counts them again. */
static void what_is_set_aside_is_said_once(void **state) {
    Desk *d = *state;
    Err e = {0};
    Recon r;
    ReconFinding f[16];
    ForeignView foreign[4];
    size_t count;
    const Said usage[] = {{.model = "gpt-4o-mini", .key = "ci-legacy", .tier = "flex", .input = 40000000, .output = 10000000}};
    const Said bill[] = {{.model = "gpt-4o-mini", .currency = "usd", .nano = 12 * USD}};
    for (int i = 0; i < 2; i++) {
        say_over(d, "main", "openai", i ? "usage, new" : "usage", i ? "usage" : NULL, ORIGIN_REPORTED, usage, 1);
        say_over(d, "main", "openai", i ? "costs, new" : "costs", i ? "costs" : NULL, ORIGIN_BILLED, bill, 1);
    }
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM bill WHERE lane = 0"), 2);
    OK(e, db_exec(d->lab.db, "UPDATE bill_feed SET until_ms = until_ms - 4 * 86400000 WHERE feed IN ('usage', 'costs')", &e)); /* read last in the middle of it */
    OK(e, reconcile_load(d->lab.db, &(ReconAsk){.book = d->book, .since_ms = DAY0, .until_ms = LAB_NOW, .now_ms = LAB_NOW}, &r, &e));
    const ReconLine *l = line_of(&r, 0, "gpt-4o-mini");
    assert_false(l->open); /* the new feeds tell the whole day */
    OK(e, reconcile_foreign(d->lab.db, &r, foreign, 4, &count, &e));
    assert_int_equal(count, 0);
    OK(e, reconcile_findings(d->lab.db, &r, f, 16, &count, &e));
    assert_int_equal(finding(f, count, CAUSE_OUTSIDE)->nano, l->reported.cost_nano);
    assert_int_equal(finding(f, count, CAUSE_TIER)->nano, l->reported.cost_nano);
    assert_int_equal(l->billed_nano, 12 * USD);
    reconcile_free(&r);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_setup, desk_teardown)
    const struct CMUnitTest tests[] = {
        CASE(three_measurements_of_a_leaked_key), CASE(days_that_agree_have_no_findings), CASE(a_finding_knows_its_day), CASE(a_call_at_midnight_is_a_day_boundary),
        CASE(an_unpriced_model_is_named_with_its_tokens), CASE(cache_writes_that_the_logs_lack_are_counted),
        CASE(a_batch_that_the_logs_call_standard_is_a_mismatch), CASE(what_is_no_tokens_is_a_line_of_the_bill),
        CASE(what_has_no_key_is_outside_by_its_project), CASE(an_outdated_price_row_says_both_prices), CASE(names_of_one_model_meet_in_one_line),
        CASE(a_person_changes_the_table_of_products), CASE(a_wrong_table_of_products_is_left_out), CASE(every_product_has_a_price), CASE(parts_are_the_total_exactly),
        CASE(other_currencies_stand_apart), CASE(sums_compare_only_what_can_be), CASE(what_is_set_aside_is_said_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
