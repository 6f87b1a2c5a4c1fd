/* test_query_now: figures as of an instant: rates, usual, projections, charts, effective spend, purged days, sources and
 * budgets. Each expected figure is written out or summed by a plain loop here. */
#include "store/effective.h"
#include "store/rollup.h"
#include "tests/now_lab.h"

static void an_empty_ledger_knows_nothing(void **state) {
    Now n = now_at(*state, NOW);
    assert_int_equal(n.today.requests, 0);
    assert_int_equal(n.last_record_ms, 0);
    assert_int_equal(n.latency_p50_ms, -1);
    assert_int_equal(n.usual_nano_per_min, -1);
    assert_int_equal(n.usual_today_nano, -1);
    assert_int_equal(n.eod_at_usual_nano, -1);
    assert_int_equal(n.eod_at_rate_nano, 0);
}

/* [now - 60 s, now): the row at now is not in it, the one 60 s before is. Midnight is Berlin's. */
static void rates_and_days_have_exact_edges(void **state) {
    Fixture *f = *state;
    spend(f, "2026-11-23T22:59:59.999Z", 1);
    spend(f, "2026-11-23T23:00:00.000Z", 20);
    spend(f, "2026-11-24T09:19:46.846Z", 300);
    spend(f, "2026-11-24T09:19:46.847Z", 4000);
    spend(f, "2026-11-24T09:20:46.846Z", 50000);
    spend(f, "2026-11-24T09:20:46.847Z", 600000);
    Now n = now_at(f, NOW);
    assert_int_equal(n.rate_nano_per_min, 54000);
    assert_int_equal(n.today.cost_nano, 54320);
    assert_int_equal(n.today_effective_nano, 54320);
    assert_int_equal(n.month.cost_nano, 54321);
    assert_int_equal(n.last_10m.cost_nano, 54300);
    assert_int_equal(n.last_record_ms, utc("2026-11-24T09:20:46.846Z"));
    Err e = {""};
    for (int64_t ms = utc(NOW); ms < utc(NOW) + 62000; ms += 1500) { /* the rate falls row by row */
        Now whole;
        must(query_now(f->db, f->zone, ms, &whole, &e), &e);
        Now later = whole;
        later.rate_nano_per_min = later.eod_at_rate_nano = -7;
        must(query_now_tick(f->db, f->zone, ms, &later, &e), &e);
        assert_memory_equal(&later, &whole, sizeof whole);
    }
    /* 13 h 39 min 13.153 s are left of Berlin's day */
    assert_int_equal(n.eod_at_rate_nano, 54320 + INT64_C(54000) * 49153153 / 60000);
    assert_int_equal(now_at(f, "2026-11-23T23:00:00.000Z").today.requests, 0); /* as of then */
}

static void latencies_leave_out_what_was_refused(void **state) {
    Fixture *f = *state;
    for (int i = 1; i <= 200; i++)
        fixture_add(f, &(Spec){.ts_ms = utc(NOW) - i * 1000, .latency_ms = i * 10, .ttft_ms = i <= 20 ? i : 0});
    fixture_add(f, &(Spec){.ts_ms = utc(NOW) - 7, .latency_ms = 999999, .outcome = OUTCOME_REFUSED});
    Now n = now_at(f, NOW);
    assert_int_equal(n.latency_sample, 200);
    assert_int_equal(n.latency_p50_ms, 1000);
    assert_int_equal(n.latency_p95_ms, 1900);
    assert_int_equal(n.ttft_p50_ms, 10);
    assert_int_equal(n.ttft_p95_ms, 19);
}

/* Usual from now to midnight is added to what is spent; a cut hour counts in proportion. */
static void projection_at_usual_pace_takes_the_rest_of_the_day(void **state) {
    Fixture *f = *state;
    const int64_t usd = INT64_C(1000000000);
    spend(f, "2026-11-16T00:00:00Z", 1); /* one week of history */
    spend(f, "2026-11-17T09:30:00Z", 60 * usd); /* 10:30 local */
    spend(f, "2026-11-17T20:00:00Z", 5 * usd);  /* 21:00 local */
    spend(f, "2026-11-24T08:00:00Z", 7 * usd);
    Now n = now_at(f, "2026-11-24T09:30:00Z");
    assert_int_equal(n.usual_today_nano, 30 * usd);
    assert_int_equal(n.eod_at_usual_nano, (7 + 30 + 5) * usd);
}

/* ---- charts ---- */
static void a_chart_stacks_the_largest_and_sums_the_rest(void **state) {
    Fixture *f = *state;
    Err e = {""};
    static const char *const features[] = {"a", "b", "c", "d"};
    static const int64_t cost[] = {10, 400, 3000, 20};
    for (int i = 0; i < 96; i++) /* 24 h of quarters, a call of each feature in each */
        for (int k = 0; k < 4; k++)
            fixture_add(f, &(Spec){.ts_ms = utc("2026-11-23T09:00:00Z") + i * SLOT_QUARTER_MS + k + 1, .name[DIM_FEATURE] = features[k],
                                   .cost_nano = cost[k] + i, .origin = k == 3 && i == 0 ? ORIGIN_NOTIONAL : ORIGIN_METERED});
    fixture_flush(f);
    Query q = {.since_ms = utc("2026-11-23T09:00:00Z"), .until_ms = utc("2026-11-24T09:00:00Z"), .zone = f->zone};
    Series s;
    must(query_series(f->db, &q, DIM_FEATURE, 3, MS_PER_HOUR, &s, &e), &e);
    assert_int_equal(s.slots, 24);
    assert_int_equal(s.stacks, 3);
    assert_int_equal(s.rest_values, 2);
    assert_false(s.from_rows);
    assert_string_equal(s.stack_name[0], "c");
    assert_string_equal(s.stack_name[1], "b");
    for (int64_t h = 0; h < 24; h++) {
        int64_t i = 4 * (4 * h) + 6; /* the sum of four quarters' numbers */
        assert_int_equal(s.nano[h], 4 * 3000 + i);
        assert_int_equal(s.nano[24 + h], 4 * 400 + i);
        assert_int_equal(s.nano[48 + h], 4 * 10 + i + 4 * 20 + i - (h == 0 ? 20 : 0));
        assert_int_equal(s.notional_nano[h], h == 0 ? 20 : 0);
        assert_int_equal(s.usual_nano[h], -1);
    }
    series_free(&s);
    q.until_ms = utc("2026-11-24T08:50:00Z"); /* odd slots and ends: from rows, and the same money */
    must(query_series(f->db, &q, -1, 1, 7 * MS_PER_MINUTE + 1, &s, &e), &e);
    assert_true(s.from_rows);
    int64_t sum = 0, expected = 0;
    for (size_t k = 0; k < s.slots; k++) sum += s.nano[k];
    for (int i = 0; i < 96; i++)
        for (int k = 0; k < 4; k++)
            if (utc("2026-11-23T09:00:00Z") + i * SLOT_QUARTER_MS + k + 1 < q.until_ms && !(k == 3 && i == 0)) expected += cost[k] + i;
    assert_int_equal(sum, expected);
    series_free(&s);
    assert_int_equal(query_series(f->db, &q, -1, 1, 1000, &s, &e), -1); /* too many slots */
}

/* ---- money from usage and cost APIs, as their workers will leave it: cells of lanes, without rows ---- */
static void bill(Fixture *f, int64_t lane, Origin origin, const char *account, const char *ts, int64_t nano) {
    Err e = {""};
    CellSum cell = {.cell = cell_of(utc(ts) / SLOT_QUARTER_MS, (uint32_t)lane), .sums.v = {[SUM_REQUESTS] = 1, [SUM_COST] = nano}};
    sqlite3_stmt *s = db_prepare(f->db, "INSERT OR IGNORE INTO lane SELECT ?1, ?2, id, 0, 0, 0 FROM name WHERE dim = 0 AND value = ?3", &e);
    sqlite3_bind_int64(s, 1, lane);
    sqlite3_bind_int(s, 2, (int)origin);
    sqlite3_bind_text(s, 3, account, -1, SQLITE_STATIC);
    must(db_step(f->db, s, "bill", &e), &e);
    must(rollup_add(f->db, ROLLUP_LANE, &cell, 1, &e), &e);
    cell.cell = cell_of(utc(ts) / SLOT_DAY_MS, (uint32_t)lane);
    must(rollup_add(f->db, ROLLUP_LANE_DAY, &cell, 1, &e), &e);
}

static int64_t billed_between(Fixture *f, int64_t since, int64_t until, const char *by) {
    Err e = {""};
    int64_t sum = 0;
    Query q = {.since_ms = since, .until_ms = until};
    Result r;
    must(by_parse(by, q.by, QUERY_BY_MAX, &q.by_count, &e), &e);
    must(query_run(f->db, &q, &r, &e), &e);
    for (size_t i = 0; i < r.count; i++)
        if (r.groups[i].t.basis == 1u << ORIGIN_BILLED) sum += r.groups[i].t.cost_nano;
    result_free(&r);
    return sum;
}

/* Whole days come from the days' sums, the rest from quarters: every bill is in any range once, however it is grouped. */
static void bills_are_the_same_by_day_and_by_quarter(void **state) {
    Fixture *f = *state;
    static const char *const at[] = {"2026-11-20T00:00:00Z", "2026-11-20T23:45:00Z", "2026-11-21T12:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"};
    spend(f, "2026-11-20T12:00:00Z", 7);
    fixture_flush(f);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) bill(f, 1001, ORIGIN_BILLED, "openai", at[i], INT64_C(1) << i);
    for (int64_t since = utc("2026-11-19T22:00:00Z"); since < utc("2026-11-23T01:00:00Z"); since += 37 * MS_PER_MINUTE)
        for (int64_t until = since; until < utc("2026-11-23T02:00:00Z"); until += 163 * MS_PER_MINUTE) {
            int64_t expected = 0;
            for (size_t i = 0; i < sizeof at / sizeof *at; i++)
                if (utc(at[i]) >= since && utc(at[i]) < until) expected += INT64_C(1) << i;
            assert_int_equal(billed_between(f, since, until, "origin"), expected);
            assert_int_equal(billed_between(f, since, until, "origin,day"), expected);
            assert_int_equal(billed_between(f, since, until, "origin,hour"), expected);
        }
}

static void origins_are_never_summed_with_each_other(void **state) {
    Fixture *f = *state;
    Err e = {""};
    spend(f, "2026-11-22T12:00:00Z", 1000);
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-22T12:00:01Z"), .name[DIM_ACCOUNT] = "openai", .cost_nano = 77, .origin = ORIGIN_NOTIONAL});
    fixture_flush(f);
    bill(f, 1000, ORIGIN_REPORTED, "openai", "2026-11-22T12:00:00Z", 1500);
    bill(f, 1001, ORIGIN_BILLED, "openai", "2026-11-22T00:00:00Z", 1400);
    Query q = {.since_ms = utc("2026-11-22T00:00:00Z"), .until_ms = utc("2026-11-23T00:00:00Z")};
    Result r;
    must(query_run(f->db, &q, &r, &e), &e);
    assert_int_equal(r.total.cost_nano, 1000);
    assert_int_equal(r.total.notional_nano, 77);
    assert_string_equal(totals_basis(&r.total), "mixed");
    result_free(&r);
    must(by_parse("origin", q.by, QUERY_BY_MAX, &q.by_count, &e), &e);
    must(query_run(f->db, &q, &r, &e), &e);
    must(result_sort(&r, &q, NULL, false, &e), &e);
    assert_int_equal(r.count, 4);
    assert_int_equal(r.total.cost_nano, 1000);
    assert_string_equal(r.groups[0].name[0], "billed");
    assert_int_equal(r.groups[0].t.cost_nano, 1400);
    assert_int_equal(r.groups[3].t.cost_nano, 1500);
    result_free(&r);
    Filter *billed;
    must(filter_parse(&billed, "origin:billed", &e), &e);
    q = (Query){.since_ms = q.since_ms, .until_ms = q.until_ms, .filter = billed};
    must(query_run(f->db, &q, &r, &e), &e);
    assert_int_equal(r.total.cost_nano, 1400);
    result_free(&r);
    filter_free(billed);
}

/* Per account and UTC day: the bill if the day is closed and it is there, else the larger of metered and reported. */
static void effective_spend_takes_the_best_known_of_each_account_and_day(void **state) {
    Fixture *f = *state;
    Err e = {""};
    Effective got;
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-22T12:00:00Z"), .name[DIM_ACCOUNT] = "anthropic", .cost_nano = 500});
    spend(f, "2026-11-22T12:00:00.5Z", 1000);
    spend(f, "2026-11-23T12:00:00Z", 2000);
    spend(f, "2026-11-24T03:00:00Z", 4000);
    fixture_flush(f);
    bill(f, 1000, ORIGIN_REPORTED, "openai", "2026-11-22T12:00:00Z", 1500);
    bill(f, 1001, ORIGIN_BILLED, "openai", "2026-11-22T00:00:00Z", 1400); /* closed and billed, though less than reported */
    bill(f, 1000, ORIGIN_REPORTED, "openai", "2026-11-23T12:00:00Z", 2600);
    bill(f, 1001, ORIGIN_BILLED, "openai", "2026-11-24T00:00:00Z", 9999); /* today is open */
    must(effective_spend(f->db, NULL, utc("2026-11-22T00:00:00Z"), utc(NOW), utc(NOW), &got, &e), &e);
    assert_int_equal(got.nano, 500 + 1400 + 2600 + 4000);
    assert_int_equal(got.basis, 1u << ORIGIN_METERED | 1u << ORIGIN_REPORTED | 1u << ORIGIN_BILLED);
    Now n = now_at(f, NOW); /* the figures of the Overview and of status are the budgets' */
    assert_int_equal(n.month_effective_nano, got.nano);
    assert_int_equal(n.month_basis, got.basis);
    assert_int_equal(n.month_billed_nano, 1400);
    assert_int_equal(n.today_effective_nano, 4000);
    assert_int_equal(n.today_basis, 1u << ORIGIN_METERED);
    bill(f, 1000, ORIGIN_REPORTED, "openai", "2026-11-24T00:00:00Z", 4100);
    n = now_at(f, NOW);
    assert_int_equal(n.today_effective_nano, 4100);
    assert_int_equal(n.today_basis, 1u << ORIGIN_REPORTED); /* and not what the logs are */
    assert_int_equal(n.month_effective_nano, got.nano + 100);
    /* as of the 22nd itself its bill did not count */
    must(effective_spend(f->db, NULL, utc("2026-11-22T00:00:00Z"), utc("2026-11-22T23:00:00Z"), utc("2026-11-22T23:00:00Z"), &got, &e), &e);
    assert_int_equal(got.nano, 500 + 1500);
}

/* ---- purged days ---- */
static Totals total_between(Fixture *f, const char *since, const char *until, Result *r) {
    Err e = {""};
    Query q = {.since_ms = utc(since), .until_ms = utc(until)};
    must(query_run(f->db, &q, r, &e), &e);
    Totals t = r->total;
    result_free(r);
    return t;
}

static void neighbouring_ranges_add_up_over_purged_days(void **state) {
    Fixture *f = *state;
    Err e = {""};
    Result r;
    spend(f, "2026-10-01T09:05:00Z", 1);
    spend(f, "2026-10-01T09:10:00Z", 20);
    spend(f, "2026-10-01T09:20:00Z", 300);
    spend(f, "2026-11-24T09:00:00Z", 4000);
    fixture_flush(f);
    for (bool more = true; more;) must(ledger_purge(f->ledger, 35, &more, &e), &e);
    assert_int_equal(total_between(f, "2026-10-01T00:00:00Z", NOW, &r).cost_nano, 4321);
    int64_t first = total_between(f, "2026-10-01T00:00:00Z", "2026-10-01T09:07:00Z", &r).cost_nano;
    int64_t rest = total_between(f, "2026-10-01T09:07:00Z", NOW, &r).cost_nano;
    assert_int_equal(first, 21); /* the quarter in which it ends is taken whole */
    assert_int_equal(rest, 4300);
    Query q = {.since_ms = utc("2026-10-01T00:00:00Z"), .until_ms = utc(NOW), .by = {DIM_USER}, .by_count = 1};
    must(query_run(f->db, &q, &r, &e), &e);
    assert_true(r.from_rows);
    assert_int_equal(r.purged_days, 1);
    assert_int_equal(r.total.cost_nano, 4000);
    result_free(&r);
}

/* ---- sources and budgets ---- */
static void a_source_counts_its_files_and_todays_calls(void **state) {
    Fixture *f = *state;
    Err e = {""};
    FileKnown known;
    FileKey key = {.source = "edge-1", .format = "gateway", .path = "/var/log/a.jsonl", .fingerprint = 42};
    must(ledger_file_open(f->ledger, &key, &known, &e), &e);
    *batch_mark(f->batch) = (FileMark){.set = true, .file_id = known.file_id, .lines = 9, .records = 4, .bad_lines = 2, .mtime_ms = 5,
                                       .last_error = "line 3: cut off"};
    spend(f, "2026-11-23T22:59:59Z", 1); /* yesterday in Berlin */
    spend(f, "2026-11-23T23:00:00Z", 1);
    spend(f, "2026-11-24T09:16:00Z", 1);
    spend(f, "2026-11-24T09:20:00Z", 1);
    fixture_flush(f);
    must(ledger_source_health(f->ledger, &(SourceHealth){.source = "edge-1", .kind = "gateway", .state = "ok", .last_word = "fine",
                              .seen_ms = 7, .lag_ms = 4}, &e), &e);
    SourceView v[4];
    size_t n;
    must(query_sources(f->db, utc(NOW), v, 4, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_string_equal(v[0].source, "edge-1");
    assert_string_equal(v[0].path, "/var/log/a.jsonl");
    assert_int_equal(v[0].files, 1);
    assert_int_equal(v[0].bad_lines, 2);
    assert_int_equal(v[0].lag_ms, 4);
    assert_int_equal(v[0].today_requests, 3);
    must(query_sources(f->db, utc("2026-11-24T09:18:00Z"), v, 4, &n, &e), &e); /* as of a moment inside a quarter */
    assert_int_equal(v[0].today_requests, 2);
    must(query_sources(f->db, utc("2026-11-01T09:18:00Z"), v, 4, &n, &e), &e);
    assert_int_equal(v[0].today_requests, -1);
}

static void a_budget_says_how_full_it_is_and_when_it_breaks(void **state) {
    Fixture *f = *state;
    Err e = {""};
    Budget b = {.id = "search-day", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_DAY, .limit_nano = 1000};
    ledger_close(f->ledger);
    must(ledger_open(&f->ledger, f->db, &(LedgerOptions){.zone = f->zone, .budgets = &b, .budget_count = 1, .now_ms = utc(NOW)}, &e), &e);
    spend(f, "2026-11-23T22:00:00Z", 5000);
    spend(f, "2026-11-24T03:00:00Z", 690);
    spend(f, "2026-11-24T09:20:00Z", 10);
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-24T09:20:01Z"), .name[DIM_FEATURE] = "other", .cost_nano = 100000});
    fixture_flush(f);
    BudgetView v;
    must(query_budget(f->db, &b, f->zone, utc(NOW), &v, &e), &e);
    assert_int_equal(v.spent_nano, 700);
    assert_int_equal(v.spent_permille, 700);
    assert_int_equal(v.rate_nano_per_min, 10);
    assert_int_equal(v.breaks_ms, utc(NOW) + 30 * MS_PER_MINUTE);
    must(query_budget_asof(f->db, &b, f->zone, utc("2026-11-24T03:00:30Z"), &v, &e), &e); /* of then: without what came since */
    assert_int_equal(v.spent_nano, 690);
    assert_int_equal(v.rate_nano_per_min, 690);
    must(query_budget_asof(f->db, &b, f->zone, utc(NOW), &v, &e), &e); /* of now: what the ledger kept */
    assert_int_equal(v.spent_nano, 700);
    b.limit_nano = 100000;
    must(query_budget(f->db, &b, f->zone, utc(NOW), &v, &e), &e);
    assert_int_equal(v.breaks_ms, -1); /* not before midnight */
    b.limit_nano = 500;
    must(query_budget(f->db, &b, f->zone, utc(NOW), &v, &e), &e);
    assert_int_equal(v.breaks_ms, utc(NOW));
    assert_int_equal(v.spent_permille, 1400);
}

/* A bill that came counts for the account's budget, and not for a feature's, which no bill knows. */
static void bills_count_for_budgets_of_accounts_only(void **state) {
    Fixture *f = *state;
    Err e = {""};
    const Budget b[] = {{.id = "all", .scope_dim = -1, .period = UNIT_MONTH, .limit_nano = 10000, .warn_permille = {500}},
                        {.id = "a", .scope_dim = DIM_ACCOUNT, .scope_value = "openai", .period = UNIT_MONTH, .limit_nano = 10000},
                        {.id = "f", .scope_dim = DIM_FEATURE, .scope_value = "search", .period = UNIT_MONTH, .limit_nano = 10000}};
    ledger_close(f->ledger);
    must(ledger_open(&f->ledger, f->db, &(LedgerOptions){.zone = f->zone, .budgets = b, .budget_count = 3, .now_ms = utc(NOW)}, &e), &e);
    spend(f, "2026-11-20T12:00:00Z", 1000);
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-20T13:00:00Z"), .name[DIM_ACCOUNT] = "other", .cost_nano = 7});
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-20T00:00:00Z"), .name[DIM_ACCOUNT] = "openai", .cost_nano = 6000,
                           .origin = ORIGIN_BILLED});
    fixture_flush(f);
    static const int64_t spent[] = {6007, 6000, 1000};
    for (int i = 0; i < 3; i++) {
        BudgetView v;
        must(query_budget_spent(f->db, &b[i], f->zone, utc(NOW), &v, &e), &e);
        assert_int_equal(v.spent_nano, spent[i]);
        assert_int_equal(v.level, i == 0 ? 500 : 0);
        assert_int_equal(v.basis >> ORIGIN_BILLED & 1, i < 2);
    }
}

static void models_without_a_price_are_named(void **state) {
    Fixture *f = *state;
    Err e = {""};
    Result r;
    spend(f, "2026-11-24T03:00:00Z", 690);
    fixture_add(f, &(Spec){.ts_ms = utc("2026-11-24T03:00:01Z"), .name[DIM_MODEL] = "mistral-next", .tokens = {100, 0, 0, 0, 5},
                           .flags = REQ_UNPRICED});
    fixture_flush(f);
    must(query_unpriced(f->db, utc("2026-11-24T00:00:00Z"), utc(NOW), &r, &e), &e);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.groups[0].name[1], "mistral-next");
    assert_int_equal(r.total.unpriced_tokens, 105);
    result_free(&r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(an_empty_ledger_knows_nothing), CASE(rates_and_days_have_exact_edges), CASE(latencies_leave_out_what_was_refused),
        CASE(projection_at_usual_pace_takes_the_rest_of_the_day), CASE(a_chart_stacks_the_largest_and_sums_the_rest),
        CASE(origins_are_never_summed_with_each_other), CASE(bills_are_the_same_by_day_and_by_quarter),
        CASE(effective_spend_takes_the_best_known_of_each_account_and_day),
        CASE(neighbouring_ranges_add_up_over_purged_days), CASE(a_source_counts_its_files_and_todays_calls),
        CASE(a_budget_says_how_full_it_is_and_when_it_breaks), CASE(bills_count_for_budgets_of_accounts_only),
        CASE(models_without_a_price_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
