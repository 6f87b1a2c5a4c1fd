/* savings_lab: a made price book and made calls, and the invariants of savings.h that hold of every answer. */
#ifndef TESTS_SAVINGS_LAB_H
#define TESTS_SAVINGS_LAB_H
#include "store/clock.h"
#include "store/money.h"
#include "store/savings.h"
#include "tests/query_fixture.h"

#define T0 INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */
/* Dollars per million tokens: a premium model 5 in, 25 out, 0.50 read, 6.25 write; a small one 1 in, 5 out, 0.10 read. */
static const char prices[] =
    "provider,model,mode,class,input_per_mtok,cached_input_per_mtok,cache_write_5m_per_mtok,output_per_mtok,batch_input_per_mtok,"
    "batch_cached_input_per_mtok,batch_output_per_mtok,min_cacheable_tokens,confidence,source\n"
    "acme,big,chat,premium,5,0.5,6.25,25,2.5,0.25,12.5,1000,high,made\n"
    "acme,small,chat,economy,1,0.1,1.25,5,0.5,0.05,2.5,1000,high,made\n"
    "acme,words,embedding,economy,0.01,,,0,,,,,high,made\n"
    "other,lone,chat,premium,10,,,30,,,,,high,made\n"
    "other,tiny,chat,economy,1,,,3,0.5,,1.5,,high,made\n";

static Book *book;
static Pricer *pricer;
static SaveSample sample;
static SaveKind kinds[8];
static SaveCall calls[4096];

static inline int set_up(void **state) {
    (void)state;
    Err e = {0};
    if (book_load_csv(&book, "made.csv", prices, sizeof prices - 1, &e) != 0) fail_msg("%s", e.text);
    pricer = pricer_new(book);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    pricer_free(pricer);
    book_free(book);
    return 0;
}

static inline uint32_t kind(const char *provider, const char *model, const char *feature) {
    for (uint32_t i = 0; i < sample.kinds; i++)
        if (strcmp(kinds[i].model, model) == 0 && strcmp(kinds[i].feature, feature) == 0) return i;
    kinds[sample.kinds] = (SaveKind){.provider = provider, .model = model, .feature = feature, .tier = "", .geo = "", .speed = ""};
    return (uint32_t)sample.kinds++;
}

static inline void price(SaveCall *c) {
    const SaveKind *k = &kinds[c->kind];
    Usage u = {.provider = str_of(k->provider), .model = str_of(k->model), .ts_ms = c->ts_ms, .batch = c->flags & REQ_BATCH};
    memcpy(u.tokens, c->tokens, sizeof u.tokens);
    Cost cost;
    cost_of(book, &u, &cost);
    if (!cost.priced) c->flags |= REQ_UNPRICED;
    c->cost_nano = c->flags & REQ_CACHE_HIT ? 0 : cost.nano;
    c->saved_response_nano = c->flags & REQ_CACHE_HIT ? cost.nano : 0;
    c->saved_cache_nano = c->flags & REQ_CACHE_HIT ? 0 : cost.saved_cache_nano;
}

static inline void begin(void) { sample = (SaveSample){.call = calls, .kind = kinds}; }

/* Newest first: what is added first is the newest. */
static inline SaveCall *add(int64_t second, uint32_t k, int64_t in, int64_t out) {
    SaveCall *c = &calls[sample.count++];
    *c = (SaveCall){.key = (int64_t)sample.count, .ts_ms = T0 + second * 1000, .kind = k, .tools = 0, .prefix_bytes = -1, .prompt_bytes = -1};
    c->tokens[TOK_INPUT] = in;
    c->tokens[TOK_OUTPUT] = out;
    price(c);
    return c;
}

static inline Savings work_out(const SaveAsk *ask) {
    Savings s;
    savings_work_out(&sample, book, ask, &s);
    assert_int_equal(s.without_nano - s.paid_nano, s.combined.saved_nano); /* S4 */
    int64_t sum = 0;
    for (int i = 0; i < SAVE_COUNT; i++) sum += s.by[i].possible_nano;
    assert_true(s.combined.possible_nano <= sum); /* S3 */
    assert_true(s.combined.possible_nano <= s.paid_nano);
    assert_true(s.combined.possible_nano >= 0);
    for (int i = 0; i <= SAVE_COUNT; i++) { /* blocks, and features where all are told, add up to the whole */
        const Saving *a = i < SAVE_COUNT ? &s.by[i] : &s.combined;
        int64_t blocks = 0, parts = 0;
        for (int k = 0; k < SAVE_BLOCKS; k++) blocks += a->block_nano[k];
        for (size_t k = 0; k < a->parts; k++) parts += a->part[k].nano;
        assert_int_equal(blocks, a->possible_nano);
        if (a->parts < SAVE_PARTS) assert_int_equal(parts, a->possible_nano);
    }
    return s;
}
#endif
