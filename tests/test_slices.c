/* test_slices: a chart that is read in slices, of whatever size, alone or from the rows that a list reads, ends as the one
 * that was read in one go, whatever is recorded meanwhile outside its range; what falls inside is in it or not. What is
 * kept from one query to the next changes no answer. */
#include "tests/query_fixture.h"

enum { CALLS = 8000, RUNS = 150 };
#define NOW "2026-11-24T09:20:46.847Z"

typedef struct Place {
    Fixture f;
    uint64_t seed, id;
} Place;

static uint32_t roll(Place *p, uint32_t n) {
    p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(p->seed >> 33) % n;
}

static void add_call(Place *p, int64_t ts_ms) {
    static const char *const model[] = {"opus", "haiku", "luna", "next"}, *const user[] = {"ann", "bob", "cy", ""},
                            *const feature[] = {"search", "agent", ""};
    Spec s = {.ts_ms = ts_ms, .id = ++p->id, .cost_nano = roll(p, 900000000), .origin = roll(p, 5) ? ORIGIN_METERED : ORIGIN_NOTIONAL};
    s.name[DIM_MODEL] = model[roll(p, 4)];
    s.name[DIM_USER] = user[roll(p, 4)];
    s.name[DIM_FEATURE] = feature[roll(p, 3)];
    s.name[DIM_ACCOUNT] = s.name[DIM_PROVIDER] = "openai";
    fixture_add(&p->f, &s);
}

static int setup(void **state) {
    static Place p = {.seed = 20261124};
    fixture_open(&p.f, "Europe/Berlin", utc(NOW));
    for (int i = 0; i < CALLS; i++) add_call(&p, utc(NOW) - (int64_t)roll(&p, 12 * 86400) * 1000 - roll(&p, 1000));
    fixture_flush(&p.f);
    *state = &p;
    return 0;
}

static int teardown(void **state) {
    fixture_close(&((Place *)*state)->f);
    return 0;
}

/* ---- a question ---- */
typedef struct Ask {
    Query q;
    Filter *filter;
    int dim;
    size_t stacks;
    int64_t slot_ms;
    int left, size; /* interrupts until a slice ends */
} Ask;

static int stop_after(void *ctx) {
    return ((Ask *)ctx)->left-- <= 0;
}

/* Ends an hour ago at the latest: what is recorded now is outside. */
static void random_ask(Place *p, Ask *a, bool raw) {
    static const char *const raws[] = {"user:ann,bob", "cost>0.4", "-user:ann", "user:cy model:*u*"},
                            *const quick[] = {"", "feature:search", "model:opus,haiku", "origin:metered"};
    static const int64_t slots[] = {MS_PER_MINUTE, 15 * MS_PER_MINUTE, MS_PER_HOUR, MS_PER_DAY, 77777};
    static const int dims[] = {-1, DIM_MODEL, DIM_FEATURE, DIM_USER, DIM_ACCOUNT};
    Err e = {""};
    *a = (Ask){.dim = dims[roll(p, 5)], .stacks = 1 + roll(p, 4), .slot_ms = slots[roll(p, 5)], .size = (int)roll(p, 4)};
    must(filter_parse(&a->filter, (raw ? raws : quick)[roll(p, 4)], &e), &e);
    int64_t longest = a->slot_ms * 300 < 9 * MS_PER_DAY ? a->slot_ms * 300 : 9 * MS_PER_DAY;
    int64_t until = utc(NOW) - MS_PER_HOUR - (int64_t)roll(p, 86400) * 1000, since = until - (int64_t)roll(p, (uint32_t)(longest / 1000)) * 1000 - 1;
    if (roll(p, 3)) since -= since % a->slot_ms;
    a->q = (Query){.since_ms = since, .until_ms = until, .filter = a->filter, .zone = p->f.zone};
}

static void same_series(const Series *a, const Series *b) {
    assert_int_equal(a->slots, b->slots);
    assert_int_equal(a->stacks, b->stacks);
    assert_int_equal(a->rest_values, b->rest_values);
    assert_int_equal(a->from_rows, b->from_rows);
    for (size_t k = 0; k < a->stacks; k++) assert_string_equal(a->stack_name[k], b->stack_name[k]);
    if (a->stacks) assert_memory_equal(a->nano, b->nano, a->stacks * a->slots * sizeof *a->nano);
    assert_memory_equal(a->notional_nano, b->notional_nano, a->slots * sizeof *a->nano);
    assert_memory_equal(a->usual_nano, b->usual_nano, a->slots * sizeof *a->nano);
}

static int64_t spent(const Series *s) {
    int64_t sum = 0;
    for (size_t i = 0; i < s->stacks * s->slots; i++) sum += s->nano[i];
    return sum;
}

static void one_go(Place *p, Ask *a, Series *out) {
    Err e = {""};
    must(query_series(p->f.db, &a->q, a->dim, a->stacks, a->slot_ms, out, &e), &e);
}

static void interruptible(Ask *a) {
    a->q.interrupt = stop_after;
    a->q.ctx = a;
}

/* Between two slices something is recorded; no transaction is open then. */
static void record(Place *p, int64_t ts_ms) {
    assert_true(sqlite3_get_autocommit(db_handle(p->f.db)));
    add_call(p, ts_ms);
    fixture_flush(&p->f);
}

static int read_slices(Place *p, Ask *a, SeriesRun *r, int64_t record_ms) {
    Err e = {""};
    int64_t before = 0;
    int permille = 0, slices = 0;
    for (bool more = true; more; slices++) {
        Series part;
        a->left = a->size;
        must(query_series_go_on(r, &more, &e), &e);
        must(query_series_so_far(r, &part, &e), &e);
        assert_true(spent(&part) >= before && query_series_permille(r) >= permille);
        before = spent(&part);
        permille = query_series_permille(r);
        series_free(&part);
        record(p, record_ms);
    }
    assert_int_equal(permille, 1000);
    return slices;
}

static void a_sliced_chart_ends_as_the_one_read_in_one_go(void **state) {
    Place *p = *state;
    Err e = {""};
    int slices = 0;
    for (int n = 0; n < RUNS; n++) {
        Ask a;
        Series whole, part;
        SeriesRun *r;
        random_ask(p, &a, n % 2);
        one_go(p, &a, &whole);
        interruptible(&a);
        must(query_series_open(p->f.db, &a.q, a.dim, a.stacks, a.slot_ms, &r, &e), &e);
        slices += read_slices(p, &a, r, utc(NOW) + n);
        must(query_series_take(r, &part, &e), &e);
        same_series(&whole, &part);
        series_free(&whole);
        series_free(&part);
        filter_free(a.filter);
    }
    assert_in_range(slices, 2 * RUNS, 1000 * RUNS);
}

/* In the middle of the range: at least what was there before is shown, at most what is there afterwards. */
static void what_is_recorded_inside_meanwhile_is_in_it_or_not(void **state) {
    Place *p = *state;
    Err e = {""};
    for (int n = 0; n < RUNS / 3; n++) {
        Ask a;
        Series before, part, after;
        SeriesRun *r;
        random_ask(p, &a, n % 2);
        one_go(p, &a, &before);
        Query plain = a.q;
        interruptible(&a);
        must(query_series_open(p->f.db, &a.q, a.dim, a.stacks, a.slot_ms, &r, &e), &e);
        read_slices(p, &a, r, a.q.since_ms + (a.q.until_ms - a.q.since_ms) / 2);
        must(query_series_take(r, &part, &e), &e);
        a.q = plain;
        one_go(p, &a, &after);
        assert_true(spent(&part) >= spent(&before) && spent(&part) <= spent(&after));
        series_free(&before);
        series_free(&part);
        series_free(&after);
        filter_free(a.filter);
    }
}

/* Two lists and a chart of another range. */
typedef struct Together {
    Ask chart;
    Query list;
    QueryRun *lead, *other;
    SeriesRun *run;
} Together;

static QueryRun *open_list(Place *p, const Query *q, int dim) {
    Err e = {""};
    QueryRun *r;
    Query one = *q;
    one.by_count = 1;
    one.by[0] = dim;
    must(query_open(p->f.db, &one, &r, &e), &e);
    return r;
}

static void open_together(Place *p, Together *t) {
    Err e = {""};
    interruptible(&t->chart);
    t->list.interrupt = stop_after;
    t->list.ctx = &t->chart;
    t->lead = open_list(p, &t->list, DIM_USER);
    t->other = open_list(p, &t->list, DIM_MODEL);
    must(query_series_open(p->f.db, &t->chart.q, t->chart.dim, t->chart.stacks, t->chart.slot_ms, &t->run, &e), &e);
}

/* The names of what only listens are there after each slice as well. */
static void read_lead(Place *p, Together *t) {
    Err e = {""};
    Result part;
    int64_t requests = 0;
    for (bool more = true; more;) {
        t->chart.left = t->chart.size;
        must(query_go_on(t->lead, &more, &e), &e);
        query_so_far(t->other, &part);
        assert_true(part.total.requests >= requests);
        requests = part.total.requests;
        for (size_t i = 0; i < part.count; i++) assert_non_null(part.groups[i].name[0]);
        result_free(&part);
        record(p, utc(NOW) + 1);
    }
}

/* What has joined reads no row of its own: it is whole at once, however short its slice. */
static void end_together(Together *t, Result *lead, Result *other, Series *chart) {
    Err e = {""};
    bool more;
    t->chart.left = 0;
    must(query_go_on(t->other, &more, &e), &e);
    assert_false(more);
    must(query_series_go_on(t->run, &more, &e), &e);
    assert_false(more);
    must(query_series_take(t->run, chart, &e), &e);
    query_take(t->other, other);
    query_take(t->lead, lead);
}

static void what_is_read_together_is_as_if_read_alone(void **state) {
    Place *p = *state;
    Err e = {""};
    for (int n = 0; n < RUNS / 2; n++) {
        Together t;
        Series chart, chart_alone;
        Result list, list_alone, models, models_alone;
        random_ask(p, &t.chart, true);
        t.list = t.chart.q;
        t.list.since_ms -= (int64_t)roll(p, 7200000) - 3600000;
        if (t.list.since_ms >= t.list.until_ms) t.list.since_ms = t.list.until_ms - 1;
        one_go(p, &t.chart, &chart_alone);
        t.list.by_count = 1;
        t.list.by[0] = DIM_USER;
        must(query_run(p->f.db, &t.list, &list_alone, &e), &e);
        t.list.by[0] = DIM_MODEL;
        must(query_run(p->f.db, &t.list, &models_alone, &e), &e);
        open_together(p, &t);
        assert_true(query_join(t.lead, t.other) && query_join_series(t.lead, t.run));
        read_lead(p, &t);
        end_together(&t, &list, &models, &chart);
        same_groups(&t.list, &list_alone, &list);
        same_groups(&t.list, &models_alone, &models);
        same_series(&chart_alone, &chart);
        Result *const results[] = {&list, &list_alone, &models, &models_alone};
        for (size_t i = 0; i < 4; i++) result_free(results[i]);
        series_free(&chart_alone);
        series_free(&chart);
        filter_free(t.chart.filter);
    }
}

/* The slots of rollups are not the rows of a list by user. */
static void what_rollups_answer_joins_nothing(void **state) {
    Place *p = *state;
    Together t;
    random_ask(p, &t.chart, false);
    t.chart.dim = DIM_MODEL;
    t.chart.slot_ms = MS_PER_HOUR;
    t.chart.q.since_ms -= t.chart.q.since_ms % MS_PER_HOUR + MS_PER_DAY;
    t.list = t.chart.q;
    open_together(p, &t);
    assert_true(query_from_rows(t.lead) && !query_from_rows(t.other));
    assert_false(query_join(t.lead, t.other));
    assert_false(query_join_series(t.lead, t.run));
    query_close(t.lead);
    query_close(t.other);
    query_series_close(t.run);
    filter_free(t.chart.filter);
}

/* ---- what is kept between queries ---- */
/* What ids stand for is kept from one query of a reader to the next; names and tuples that came meanwhile are found. */
static void a_reader_sees_what_a_writer_sees(void **state) {
    (void)state;
    static Fixture f;
    Err e = {""};
    Db *reader;
    char name[32];
    fixture_open(&f, "UTC", utc(NOW));
    must(db_open(&reader, f.path, DB_READ, &e), &e);
    Query q = {.until_ms = utc(NOW) + 1, .by = {DIM_MODEL, DIM_FEATURE}, .by_count = 2};
    for (int n = 1; n <= 30; n++) {
        Result ours, theirs;
        snprintf(name, sizeof name, "f%d", n % 7);
        fixture_add(&f, &(Spec){.ts_ms = utc(NOW) - n * 1000, .name[DIM_FEATURE] = name, .name[DIM_MODEL] = n % 3 ? "a" : name, .cost_nano = n});
        fixture_flush(&f);
        must(query_run(f.db, &q, &ours, &e), &e);
        must(query_run(reader, &q, &theirs, &e), &e);
        same_groups(&q, &ours, &theirs);
        assert_int_equal(theirs.total.cost_nano, n * (n + 1) / 2);
        result_free(&ours);
        result_free(&theirs);
    }
    db_close(reader);
    fixture_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sliced_chart_ends_as_the_one_read_in_one_go),
        cmocka_unit_test(what_is_recorded_inside_meanwhile_is_in_it_or_not),
        cmocka_unit_test(what_is_read_together_is_as_if_read_alone),
        cmocka_unit_test(what_rollups_answer_joins_nothing),
        cmocka_unit_test(a_reader_sees_what_a_writer_sees),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
