/* test_query: totals by group. The oracle is a plain loop over the requests that were handed in: whatever the range, the
 * dimensions and the filter, rollups and rows together must say the same to the last token and nano-dollar. */
#include "tests/query_fixture.h"

enum { FACTS = 6000 };
#define NOW "2026-11-24T09:20:46.847Z"

static Spec facts[FACTS];

static uint64_t seed = 20261124;
static uint32_t roll(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static const char *pick(const char *const *list) {
    uint32_t n = 0;
    while (list[n]) n++;
    return list[roll(n)];
}

/* Five days, a cluster in the last minutes, and many times that are the edge of a slot. */
static int64_t some_time(int64_t now) {
    int64_t back = roll(3) ? (int64_t)roll(5 * 86400) * 1000 + roll(1000) : (int64_t)roll(1800 * 1000);
    int64_t ms = now - back;
    if (roll(6) == 0) ms -= ms % MS_PER_MINUTE;
    if (roll(12) == 0) ms -= ms % SLOT_QUARTER_MS;
    return ms - (roll(20) == 0);
}

static void make_usage(Spec *s) {
    for (int i = 0; i < TOK_COUNT; i++) s->tokens[i] = roll(3) ? roll(50000) : 0;
    s->cost_nano = roll(900000000);
    s->saved_cache_nano = (int64_t)roll(2000000) - 1000000;
    if (roll(15) == 0) { /* no price row */
        s->flags |= REQ_UNPRICED;
        s->cost_nano = s->saved_cache_nano = 0;
    }
    if (roll(12) == 0) { /* response-cache hit */
        s->flags |= REQ_CACHE_HIT;
        s->saved_response_nano = s->cost_nano;
        s->cost_nano = s->saved_cache_nano = 0;
    }
}

static void make_fact(Spec *s, int64_t now, uint64_t id) {
    *s = (Spec){.ts_ms = some_time(now), .id = id};
    s->name[DIM_PROVIDER] = pick((const char *const[]){"anthropic", "openai", NULL});
    s->name[DIM_ACCOUNT] = s->name[DIM_PROVIDER];
    s->name[DIM_MODEL] = pick((const char *const[]){"claude-opus-5-5", "claude-haiku-5-5", "gpt-5.6-luna", "mistral-next", NULL});
    s->name[DIM_TIER] = pick((const char *const[]){"", "", "batch", NULL});
    s->name[DIM_FEATURE] = pick((const char *const[]){"search", "doc-agent", "checkout", "", NULL});
    s->name[DIM_TEAM] = pick((const char *const[]){"docs", "web", NULL});
    s->name[DIM_USER] = pick((const char *const[]){"ann", "bob", "cy", "", NULL});
    s->name[DIM_KEY] = pick((const char *const[]){"k1", "k2", NULL});
    s->name[DIM_SESSION] = pick((const char *const[]){"s1", "s2", "s3", "s4", NULL});
    s->name[DIM_ENDPOINT] = pick((const char *const[]){"/v1/messages", "/v1/responses", NULL});
    s->name[DIM_GATEWAY] = pick((const char *const[]){"edge-1", "edge-2", NULL});
    s->origin = roll(5) ? ORIGIN_METERED : ORIGIN_NOTIONAL;
    s->outcome = roll(6) ? OUTCOME_OK : (Outcome)roll(OUTCOME_COUNT);
    s->flags = roll(2) ? REQ_STREAM : 0;
    s->latency_ms = roll(4) ? (int32_t)roll(30000) + 1 : 0;
    if (s->outcome != OUTCOME_REFUSED) make_usage(s);
}

/* ---- the oracle ---- */
static void plain_add(Totals *t, const Spec *s) {
    t->requests++;
    t->errors += s->outcome == OUTCOME_ERROR;
    t->refused += s->outcome == OUTCOME_REFUSED;
    t->incomplete += s->outcome == OUTCOME_INCOMPLETE;
    bool hit = (s->flags & REQ_CACHE_HIT) != 0, unpriced = (s->flags & REQ_UNPRICED) && !hit;
    int64_t all = 0;
    for (int i = 0; i < TOK_COUNT && !hit; i++) {
        t->tokens[i] += s->tokens[i];
        all += s->tokens[i];
        *(i == TOK_OUTPUT || i == TOK_REASONING ? &t->output_all : &t->input_all) += s->tokens[i];
    }
    t->response_cache_hits += hit;
    t->unpriced_requests += unpriced;
    t->unpriced_tokens += unpriced ? all : 0;
    t->unpriced_notional += unpriced && s->origin == ORIGIN_NOTIONAL;
    t->basis |= 1u << s->origin;
    if (s->origin == ORIGIN_NOTIONAL) {
        t->notional_nano += s->cost_nano;
        return;
    }
    t->cost_nano += s->cost_nano;
    t->saved_cache_nano += s->saved_cache_nano;
    t->saved_response_nano += s->saved_response_nano;
}

static void value_of(const Spec *s, int by, const Zone *zone, char *out, size_t size) {
    static const Unit units[] = {UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH};
    const char *text = by < DIM_COUNT ? s->name[by] : by == BY_ORIGIN ? origin_names[s->origin]
                       : by == BY_OUTCOME ? outcome_names[s->outcome] : s->flags & REQ_STREAM ? "yes" : "no";
    snprintf(out, size, "%s", text ? text : "");
    if (by < BY_MINUTE) return;
    int64_t begin = time_floor(zone, s->ts_ms, units[by - BY_MINUTE]);
    time_format(zone, begin, by >= BY_DAY ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", out, size);
    int offset = zone_offset_s(zone, begin) / 3600;
    if (by < BY_DAY && offset == 0) snprintf(out + strlen(out), size - strlen(out), "Z");
    if (by < BY_DAY && offset != 0) snprintf(out + strlen(out), size - strlen(out), "+%02d:00", offset);
}

/* Index of the fact's group among groups sorted by name; r->count when there is none. */
static size_t group_at(const Spec *s, const Query *q, const Result *r) {
    char text[QUERY_BY_MAX][160];
    for (size_t i = 0; i < q->by_count; i++) value_of(s, q->by[i], q->zone, text[i], sizeof text[i]);
    size_t lo = 0, hi = r->count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = 0;
        for (size_t i = 0; i < q->by_count && c == 0; i++) c = strcmp(text[i], r->groups[mid].name[i]);
        if (c == 0) return mid;
        if (c < 0) hi = mid;
        else lo = mid + 1;
    }
    return r->count;
}

/* What a filter must see of a fact, said independently of the scan. */
static bool wanted(const Spec *s, const Query *q) {
    if (s->ts_ms < q->since_ms || s->ts_ms >= q->until_ms) return false;
    FilterRow row = {.origin = s->origin, .outcome = s->outcome, .stream = (s->flags & REQ_STREAM) != 0,
                     .latency_ms = s->latency_ms ? s->latency_ms : -1, .ttft_ms = -1,
                     .cost_nano = s->flags & REQ_UNPRICED ? -1 : s->cost_nano};
    for (int i = 0; i < DIM_COUNT; i++) row.name[i] = str_of(s->name[i]);
    return filter_matches(q->filter, &row);
}

static void check(const Query *q, Result *r, const char *what) {
    Totals total = {0}, *groups = calloc(r->count + 1, sizeof *groups);
    must(result_sort(r, q, NULL, false, NULL), &(Err){"sort"});
    for (size_t f = 0; f < FACTS; f++) {
        if (!wanted(&facts[f], q)) continue;
        plain_add(&total, &facts[f]);
        if (q->by_count) plain_add(&groups[group_at(&facts[f], q, r)], &facts[f]);
    }
    if (memcmp(&total, &r->total, sizeof total) != 0)
        fail_msg("%s: total of %lld requests, %lld expected", what, (long long)r->total.requests, (long long)total.requests);
    if (groups[r->count].requests) fail_msg("%s: %lld requests without a group", what, (long long)groups[r->count].requests);
    for (size_t i = 0; i < r->count; i++)
        if (memcmp(&groups[i], &r->groups[i].t, sizeof total) != 0)
            fail_msg("%s: group %s: %lld requests, %lld expected", what, r->groups[i].name[0],
                     (long long)r->groups[i].t.requests, (long long)groups[i].requests);
    free(groups);
}

/* ---- tests ---- */
static Fixture all;
static Zone *berlin;

static int setup(void **state) {
    (void)state;
    Err e = {""};
    int64_t now = utc(NOW);
    fixture_open(&all, "Europe/Berlin", now);
    must(zone_open(&berlin, "Europe/Berlin", &e), &e);
    for (size_t i = 0; i < FACTS; i++) {
        make_fact(&facts[i], now, 1000 + i * 7919);
        fixture_add(&all, &facts[i]);
    }
    fixture_flush(&all);
    must(ledger_verify(all.ledger, &e), &e);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    zone_free(berlin);
    fixture_close(&all);
    return 0;
}

static void random_range(Query *q, int64_t now) {
    q->until_ms = roll(3) ? some_time(now) : now + (int64_t)roll(100000);
    q->since_ms = roll(8) ? some_time(now) : 0;
    if (q->since_ms > q->until_ms) {
        int64_t t = q->since_ms;
        q->since_ms = q->until_ms;
        q->until_ms = t;
    }
}

static void rollups_and_rows_say_what_the_facts_say(void **state) {
    (void)state;
    static const char *const filters[] = {"", "", "model:claude*", "origin:metered", "origin:notional feature:search", "-team:docs",
        "status:error,refused", "user:ann", "cost>0.4", "opus", "feature: gateway:edge-1", "stream:yes", "latency<5000 key:k1",
        "session:s1,s2 model:gpt*", "model:none", "-bob tier:batch", NULL};
    Err e = {""};
    for (int n = 0; n < 400; n++) {
        Query q = {.zone = roll(2) ? berlin : NULL};
        const char *text = pick(filters);
        Filter *filter;
        must(filter_parse(&filter, text, &e), &e);
        q.filter = filter;
        random_range(&q, utc(NOW));
        q.by_count = roll(4);
        for (size_t i = 0; i < q.by_count; i++) q.by[i] = (int)((roll(BY_COUNT) + i) % BY_COUNT);
        Result r;
        must(query_run(all.db, &q, &r, &e), &e);
        char what[200];
        snprintf(what, sizeof what, "query %d, \"%s\" by %s %s %s, %lld to %lld", n, text, q.by_count > 0 ? by_name(q.by[0]) : "nothing",
                 q.by_count > 1 ? by_name(q.by[1]) : "", q.by_count > 2 ? by_name(q.by[2]) : "", (long long)q.since_ms, (long long)q.until_ms);
        check(&q, &r, what);
        result_free(&r);
        filter_free(filter);
    }
}

/* Only questions that rollups cannot answer go to the rows, and the answer says so. */
static void an_answer_says_when_it_came_from_rows(void **state) {
    (void)state;
    static const struct { const char *by, *filter; bool rows; } cases[] = {
        {"", "", false}, {"model", "", false}, {"model,day", "", false}, {"feature,key,outcome", "team:docs", false},
        {"hour", "gateway:edge*", false}, {"user", "", true}, {"model", "session:s1", true}, {"stream", "", true},
        {"", "cost>1", true}, {"", "text", true}, {"minute,feature", "", true}, {"host", "", true}};
    Err e = {""};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Filter *filter;
        must(filter_parse(&filter, cases[i].filter, &e), &e);
        Query q = {.since_ms = utc(NOW) - 3 * MS_PER_DAY, .until_ms = utc(NOW), .filter = filter};
        must(by_parse(cases[i].by, q.by, QUERY_BY_MAX, &q.by_count, &e), &e);
        Result r;
        must(query_run(all.db, &q, &r, &e), &e);
        if (r.from_rows != cases[i].rows) fail_msg("by %s, filter %s: rows %d", cases[i].by, cases[i].filter, r.from_rows);
        result_free(&r);
        filter_free(filter);
    }
}

static int stop_at_once(void *ctx) {
    ++*(int *)ctx;
    return 1;
}

static void an_interrupt_ends_a_load_with_what_there_is(void **state) {
    (void)state;
    Err e = {""};
    int calls = 0;
    Query q = {.since_ms = utc(NOW) - MS_PER_HOUR, .until_ms = utc(NOW) + 1, .by = {DIM_USER}, .by_count = 1,
               .interrupt = stop_at_once, .ctx = &calls};
    Result r;
    must(query_run(all.db, &q, &r, &e), &e);
    assert_true(r.aborted);
    assert_int_equal(calls, 1);
    assert_true(r.total.requests > 0 && r.total.requests < FACTS);
    assert_in_range(r.progress_permille, 1, 999);
    result_free(&r);
}

static int stop_after(void *ctx) {
    int *left = ctx;
    return (*left)-- <= 0;
}

/* Whatever the size of the slices: each adds to the one before, no transaction stays open between them, and the last makes
 * the same answer as one shot. */
static void slices_add_up_to_one_shot(void **state) {
    (void)state;
    static const char *const filters[] = {"user:ann,bob", "session:s1,s2 model:gpt*", "cost>0.4", "", "-ann", NULL};
    Err e = {""};
    for (int n = 0; n < 120; n++) {
        Filter *filter;
        must(filter_parse(&filter, pick(filters), &e), &e);
        int left = 0, size = n % 4, permille = 0;
        Query q = {.zone = berlin, .filter = filter, .by_count = roll(3)};
        for (size_t i = 0; i < q.by_count; i++) q.by[i] = (int)((roll(BY_COUNT) + i) % BY_COUNT);
        random_range(&q, utc(NOW));
        Result whole, part;
        must(query_run(all.db, &q, &whole, &e), &e);
        QueryRun *r;
        q.interrupt = stop_after;
        q.ctx = &left;
        must(query_open(all.db, &q, &r, &e), &e);
        int64_t requests = 0;
        for (bool more = true; more;) {
            left = size;
            must(query_go_on(r, &more, &e), &e);
            assert_true(sqlite3_get_autocommit(db_handle(all.db)));
            query_so_far(r, &part);
            assert_true(part.total.requests >= requests && part.progress_permille >= permille && part.aborted == more);
            requests = part.total.requests;
            permille = part.progress_permille;
            result_free(&part);
        }
        query_take(r, &part);
        same_groups(&q, &whole, &part);
        result_free(&whole);
        result_free(&part);
        filter_free(filter);
    }
}

static void sorting_is_by_number_then_by_name(void **state) {
    (void)state;
    Err e = {""};
    Query q = {.until_ms = utc(NOW) + 1, .by = {DIM_MODEL, DIM_FEATURE}, .by_count = 2};
    Result r;
    must(query_run(all.db, &q, &r, &e), &e);
    assert_int_equal(r.count, 16);
    must(result_sort(&r, &q, "requests", false, &e), &e);
    for (size_t i = 1; i < r.count; i++) assert_true(r.groups[i - 1].t.requests >= r.groups[i].t.requests);
    must(result_sort(&r, &q, "cost", true, &e), &e); /* a beginning that is unique will do */
    for (size_t i = 1; i < r.count; i++) assert_true(r.groups[i - 1].t.cost_nano <= r.groups[i].t.cost_nano);
    must(result_sort(&r, &q, NULL, false, &e), &e);
    for (size_t i = 1; i < r.count; i++) {
        int c = strcmp(r.groups[i - 1].name[0], r.groups[i].name[0]);
        assert_true(c < 0 || (c == 0 && strcmp(r.groups[i - 1].name[1], r.groups[i].name[1]) < 0));
    }
    assert_int_equal(result_sort(&r, &q, "cache", false, &e), -1); /* of several columns */
    result_free(&r);
}

/* The hour that comes twice when summer time ends: as text the second one would stand before the first. */
static void hours_are_sorted_by_time(void **state) {
    (void)state;
    Err e = {""};
    Query q = {.by = {BY_HOUR}, .by_count = 1};
    Group g[] = {{.name = {"2026-10-25T03:00:00+01:00"}}, {.name = {"2026-10-25T02:00:00+01:00"}}, {.name = {"2026-10-25T02:00:00+02:00"}}};
    must(result_sort(&(Result){.groups = g, .count = 3}, &q, NULL, false, &e), &e);
    assert_string_equal(g[0].name[0], "2026-10-25T02:00:00+02:00");
    assert_string_equal(g[1].name[0], "2026-10-25T02:00:00+01:00");
    must(result_sort(&(Result){.groups = g, .count = 3}, &q, "hour", true, &e), &e);
    assert_string_equal(g[2].name[0], "2026-10-25T02:00:00+02:00");
}

static void dimensions_are_parsed_or_refused(void **state) {
    (void)state;
    int by[QUERY_BY_MAX];
    size_t n;
    static const char *const bad[] = {"modl", "model,", "model,model", "model,team,key,tier,user", ",", "model,,team"};
    assert_int_equal(by_parse("model,day", by, QUERY_BY_MAX, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(by[0], DIM_MODEL);
    assert_int_equal(by[1], BY_DAY);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(by_parse(bad[i], by, QUERY_BY_MAX, &n, NULL), -1);
}

/* Rows page by key, newest first, each once; an interrupted page can be gone on with. */
static void rows_page_through_all_that_match(void **state) {
    (void)state;
    Err e = {""};
    Filter *filter;
    must(filter_parse(&filter, "user:ann model:claude*", &e), &e);
    int64_t resume = INT64_MAX, last = INT64_MAX;
    int calls = 0;
    Query q = {.since_ms = utc(NOW) - 3 * MS_PER_DAY, .until_ms = utc(NOW), .filter = filter, .resume_key = &resume,
               .interrupt = stop_at_once, .ctx = &calls};
    static RowView page[50];
    size_t seen = 0, count, expected = 0;
    for (bool more = true; more;) {
        must(query_rows(all.db, &q, resume, page, 50, &count, &more, &e), &e);
        for (size_t i = 0; i < count; i++) {
            assert_true(page[i].key < last);
            last = page[i].key;
            assert_string_equal(page[i].name[DIM_USER], "ann");
        }
        seen += count;
    }
    for (size_t f = 0; f < FACTS; f++) expected += wanted(&facts[f], &q);
    assert_int_equal(seen, expected);
    RowView one;
    must(query_row(all.db, last, &one, &e), &e);
    assert_int_equal(one.key, last);
    assert_string_equal(one.name[DIM_USER], "ann");
    assert_int_equal(query_row(all.db, 12345, &one, &e), -1);
    filter_free(filter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollups_and_rows_say_what_the_facts_say), cmocka_unit_test(an_answer_says_when_it_came_from_rows),
        cmocka_unit_test(an_interrupt_ends_a_load_with_what_there_is),
        cmocka_unit_test(slices_add_up_to_one_shot), cmocka_unit_test(sorting_is_by_number_then_by_name),
        cmocka_unit_test(hours_are_sorted_by_time),
        cmocka_unit_test(dimensions_are_parsed_or_refused), cmocka_unit_test(rows_page_through_all_that_match),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
