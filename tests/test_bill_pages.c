/* test_bill_pages: the recorded answers of every provider as a read may meet them: pages in any order, one of them told twice, the
 * whole read again and again with revised figures between, keys that nobody knows yet: what is stored in the end is what one calm
 * read stores, row for row, and the rollups are its sums (C1 to C3 of store/bill.h). */
#include "tests/bill_lab.h"
#include "tests/provider_lab.h"

#define NOVEMBER_MS INT64_C(1793491200000) /* what was recorded is of that month of 2026 */
#define DECEMBER_MS INT64_C(1796083200000)
enum { PAGES_MAX = 8, ROUNDS = 12 };

typedef struct Walk {
    Desk *d;
    const Provider *provider;
    const Feed *feed;
    json_t *page[PAGES_MAX];
    int pages;
    unsigned seed;
} Walk;

static int random_below(Walk *w, int n) {
    w->seed = w->seed * 1103515245u + 12345u;
    return (int)((w->seed >> 16) % (unsigned)n);
}

static void no_name(void *ctx, const char *kind, const char *id, const char *name) { (void)ctx, (void)kind, (void)id, (void)name; }
static void no_balance(void *ctx, const char *kind, const char *currency, int64_t nano) { (void)ctx, (void)kind, (void)currency, (void)nano; }

/* Reads the pages in this order into the account, with `more` added to each figure: a revision. */
static void read_pages(Walk *w, const char *account, const int *order, int count, int64_t more) {
    BillSet s;
    Err e = {0};
    FeedCall *c = calloc(1, sizeof *c);
    const FeedSink sink = {.rows = &s, .name = no_name, .balance = no_balance};
    const BillRead read = {.account = account, .provider = w->provider->name, .feed = w->feed->name, .origin = w->feed->origin, .from_ms = NOVEMBER_MS,
                           .until_ms = DECEMBER_MS, .closed_ms = DECEMBER_MS, .now_ms = DECEMBER_MS};
    bill_set_init(&s);
    *c = (FeedCall){.arg = w->feed->arg, .from_ms = NOVEMBER_MS, .until_ms = DECEMBER_MS, .now_ms = DECEMBER_MS};
    for (int i = 0; i < count; i++, c->page++) {
        size_t from = s.count;
        if (w->feed->parse(c, w->page[order[i]], &sink, &e) != 0) fail_msg("%s %s: %s", w->provider->name, w->feed->name, e.text);
        bill_set_page(&s, from);
    }
    for (size_t i = 0; i < s.count && more; i++) s.at[i].nano += more, s.at[i].tokens[TOK_INPUT] += more, s.at[i].requests += 1;
    OK(e, bills_replace(w->d->lab.l, &read, &s, w->d->pricer, &e));
    bill_set_free(&s);
    free(c);
}

static void shuffle(Walk *w, int *order) {
    for (int i = 0; i < w->pages; i++) order[i] = i;
    for (int i = w->pages - 1; i > 0; i--) {
        int k = random_below(w, i + 1), was = order[i];
        order[i] = order[k], order[k] = was;
    }
}

#define OF(name) "SELECT start_ms, end_ms, b.model, tier, project, key, item, currency, requests, searches, nano, unpriced_tokens, input, cache_read, " \
    "cache_write_5m, cache_write_1h, output, reasoning, audio_input, count(*) FROM bill b JOIN bill_feed f ON f.id = b.feed WHERE f.account = '" name "' " \
    "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19"
#define SUM_OF(name) "SELECT coalesce(sum(nano), 0) FROM bill b JOIN bill_feed f ON f.id = b.feed WHERE f.account = '" name "'"

static void are_the_same(Walk *w, const char *what) {
    Lab *l = &w->d->lab;
    int64_t rows = lab_number(l, "SELECT count(*) FROM (" OF("calm") ")");
    int64_t missing = lab_number(l, "SELECT count(*) FROM (" OF("calm") " EXCEPT " OF("wild") ")"), extra = lab_number(l, "SELECT count(*) FROM (" OF("wild") " EXCEPT " OF("calm") ")");
    if (rows == 0 || missing || extra) fail_msg("%s %s, %s: of %lld rows %lld are missing, %lld are too many", w->provider->name, w->feed->name, what,
                                                (long long)rows, (long long)missing, (long long)extra);
    assert_int_equal(lab_number(l, SUM_OF("calm")), lab_number(l, SUM_OF("wild")));
    lab_verify(l);
}

/* Pages that we name ourselves, by number or month, come once; LiteLLM's daily activity is no more than sums of a date so far. */
static bool may_be_told_twice(const Walk *w) {
    static const char *const ours[] = {"xai", "mistral"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(w->provider->name, ours[i]) == 0) return false;
    return strcmp(w->feed->name, "daily activity") != 0;
}

static void rounds(Walk *w) {
    int order[PAGES_MAX + 1], calm[PAGES_MAX];
    for (int i = 0; i < w->pages; i++) calm[i] = i;
    read_pages(w, "calm", calm, w->pages, 0);
    for (int round = 0; round < ROUNDS; round++) {
        shuffle(w, order);
        int count = w->pages;
        order[count] = order[random_below(w, count)]; /* told again at the end */
        if (round % 2 && may_be_told_twice(w)) count++;
        if (round + 1 < ROUNDS) read_pages(w, "wild", order, count, 1 + random_below(w, 1000));
        if (round % 3 == 2 || round + 1 == ROUNDS) {
            read_pages(w, "wild", order, count, 0);
            are_the_same(w, "shuffled and revised");
        }
    }
}

/* ---- unknown keys: all vendors add some ---- */
static bool keys_are_data(const Provider *p) { return strcmp(p->name, "mistral") == 0 || strcmp(p->name, "litellm") == 0; }

static void add_unknown(json_t *v) {
    const char *key;
    json_t *inner;
    size_t i;
    if (json_is_array(v)) json_array_foreach(v, i, inner) add_unknown(inner);
    if (!json_is_object(v)) return;
    json_object_foreach(v, key, inner) add_unknown(inner);
    json_object_set_new(v, "zz_added_in_2027", json_pack("{s:[i,s,n],s:f}", "x", 7, "y", "z", 1.5));
}

static void unknown_keys(Walk *w) {
    int order[PAGES_MAX];
    if (keys_are_data(w->provider)) return;
    for (int i = 0; i < w->pages; i++) order[i] = i, add_unknown(w->page[i]);
    read_pages(w, "wild", order, w->pages, 0);
    are_the_same(w, "with unknown keys");
}

static void load_pages(Walk *w, const json_t *files) {
    const json_t *f;
    size_t i;
    json_array_foreach(files, i, f) {
        char path[256];
        Buf text = {.max = 4 << 20};
        Err e = {0};
        snprintf(path, sizeof path, "tests/providers/%s", json_string_value(f));
        if (file_read(path, &text, &e) != 0) fail_msg("%s", e.text);
        w->page[w->pages++] = provider_json(text.at, text.len, &e);
        if (!w->page[w->pages - 1]) fail_msg("%s: %s", path, e.text);
        buf_free(&text);
    }
}

static bool check_case(const json_t *c, unsigned seed) {
    void *desk = NULL;
    const json_t *rows = json_object_get(json_object_get(c, "expect"), "rows"), *more = json_object_get(json_object_get(c, "expect"), "more");
    Walk w = {.provider = provider_find(json_str(c, "provider")), .feed = feed_find(json_str(c, "provider"), json_str(c, "feed")), .seed = seed};
    if (w.feed->no_rows || more || json_integer_value(rows) == 0) return false;
    assert_int_equal(desk_setup(&desk), 0);
    w.d = desk;
    load_pages(&w, json_object_get(c, "files"));
    rounds(&w);
    unknown_keys(&w);
    for (int i = 0; i < w.pages; i++) json_decref(w.page[i]);
    desk_teardown(&desk);
    return true;
}

static void any_way_of_reading_gives_the_same(void **state) {
    (void)state;
    Buf text = {.max = 1 << 20};
    Err e = {0};
    const json_t *c;
    size_t i;
    int checked = 0;
    if (file_read("tests/providers/MANIFEST.json", &text, &e) != 0) fail_msg("%s", e.text);
    json_t *root = json_loadb(text.at, text.len, 0, NULL);
    json_array_foreach(json_object_get(root, "cases"), i, c) checked += check_case(c, (unsigned)i + 1);
    assert_true(checked > 12);
    json_decref(root);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_way_of_reading_gives_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
