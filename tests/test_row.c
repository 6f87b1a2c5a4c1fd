/* test_row: what is packed comes back unchanged, the common request is short, and no bytes whatever crash the unpacking. */
#include "store/rollup.h"
#include "tests/unit.h"

static uint64_t state_of_chance = 42;
static uint64_t chance(void) {
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return state_of_chance;
}

/* Zero, unknown, small, or anything up to max. */
static int64_t some(int64_t unknown, int64_t max) {
    switch (chance() % 4) {
    case 0: return unknown;
    case 1: return (int64_t)(chance() % 3);
    default: return (int64_t)(chance() % (uint64_t)max);
    }
}

static void random_row(Row *row) {
    *row = (Row){.combo = (uint32_t)some(0, 1 << 28), .context = (uint32_t)some(0, UINT32_MAX), .price = (uint32_t)some(0, 900),
                 .file = (uint32_t)some(0, UINT32_MAX), .geo = (uint32_t)some(0, 99), .speed = (uint32_t)some(0, 99)};
    Request *r = &row->r;
    r->id = chance() | 1;
    r->replay = (uint8_t)(chance() % 2);
    row->key = row_key_try((int64_t)(chance() % (uint64_t)ROW_MS_MAX), r->id, r->replay, (int)(chance() % 40));
    r->ts_ms = row_key_ms(row->key);
    row->own_ms = chance() % 2 ? r->ts_ms : (int64_t)(chance() % (uint64_t)ROW_MS_MAX);
    const uint64_t upstreams[] = {0, r->id, transcript_id(r->id), chance()};
    r->upstream = upstreams[chance() % 4];
    r->also = chance() % 2 ? chance() : 0;
    for (int i = 0; i < TOK_COUNT; i++) r->tokens[i] = some(0, REQUEST_TOKENS_MAX);
    r->raw_input = some(-1, INT64_MAX);
    r->raw_output = some(-1, INT64_MAX);
    r->raw_total = some(-1, INT64_MAX);
    r->cost_nano = some(0, INT64_MAX);
    r->saved_cache_nano = -some(0, INT64_MAX);
    r->saved_response_nano = some(0, INT64_MAX);
    r->latency_ms = (int32_t)some(-1, INT32_MAX);
    r->ttft_ms = (int32_t)some(-1, INT32_MAX);
    r->web_searches = (int32_t)some(0, INT32_MAX);
    r->more_calls = some(0, REQUEST_CALLS_MAX);
    r->max_tokens = (int32_t)some(-1, INT32_MAX);
    r->tools = (int32_t)some(-1, INT32_MAX);
    r->prompt_bytes = some(-1, INT64_MAX);
    r->prompt_hash = (uint64_t)some(0, INT64_MAX);
    r->prefix_hash = (uint64_t)some(0, INT64_MAX);
    r->prefix_bytes = some(0, INT64_MAX);
    r->policy_generation = some(0, INT64_MAX);
    r->offset = (uint64_t)some(0, INT64_MAX);
    r->length = (uint32_t)some(0, UINT32_MAX);
    r->flags = (uint32_t)(chance() % 8192);
    r->status = (int16_t)some(0, 600);
    r->origin = (uint8_t)(chance() % ORIGIN_COUNT);
    r->outcome = (uint8_t)(chance() % OUTCOME_COUNT);
    r->source_class = (uint8_t)(chance() % 4);
}

/* All fields, and not what is between them. */
static bool same_row(const Row *a, const Row *b) {
    const Request *x = &a->r, *y = &b->r;
    uint8_t body[2][ROW_BODY_MAX];
    size_t len = row_pack(a, body[0]);
    bool given = memcmp(x->name, y->name, sizeof x->name) == 0 && x->price_row == y->price_row && x->geo == y->geo && x->speed == y->speed && x->asked == y->asked;
    return given && a->key == b->key && x->ts_ms == y->ts_ms && x->replay == y->replay && row_pack(b, body[1]) == len && memcmp(body[0], body[1], len) == 0;
}

/* What savings look at is the same part of the request, and no field is left as it was. */
static void assert_call(const Row *row, const uint8_t *body, size_t len) {
    const Request *r = &row->r;
    SaveNames n;
    SaveCall c, want = {.key = row->key, .ts_ms = r->ts_ms, .cost_nano = r->cost_nano, .saved_cache_nano = r->saved_cache_nano,
                        .saved_response_nano = r->saved_response_nano, .more_calls = r->more_calls, .prefix_bytes = r->prefix_bytes,
                        .prompt_bytes = r->prompt_bytes, .prompt_hash = r->prompt_hash, .prefix_hash = r->prefix_hash, .web_searches = r->web_searches,
                        .tools = r->tools, .max_tokens = r->max_tokens, .latency_ms = r->latency_ms, .flags = r->flags, .outcome = r->outcome};
    memcpy(want.tokens, r->tokens, sizeof want.tokens);
    memset(&c, 0xA5, sizeof c);
    assert_true(row_unpack_call(row->key, body, len, &c, &n));
    assert_memory_equal(&c, &want, offsetof(SaveCall, outcome)); /* no holes before it */
    assert_int_equal(c.outcome, want.outcome);
    assert_true(n.combo == row->combo && n.context == row->context && n.geo == row->geo && n.speed == row->speed);
    assert_false(row_unpack_call(row->key, body, len - 1, &c, &n));
}

static void any_row_comes_back(void **state) {
    (void)state;
    for (int i = 0; i < 20000; i++) {
        Row row, back, dirty;
        uint8_t body[ROW_BODY_MAX];
        random_row(&row);
        size_t len = row_pack(&row, body);
        assert_true(len <= sizeof body);
        memset(&back, 0, sizeof back);
        assert_true(row_unpack(row.key, body, len, &back));
        assert_memory_equal(&row, &back, sizeof row);
        memset(&dirty, 0xA5, sizeof dirty);
        assert_true(row_unpack(row.key, body, len, &dirty)); /* no field is left as it was */
        assert_true(same_row(&row, &dirty));
        assert_call(&row, body, len);
        for (size_t cut = 0; cut < len; cut++) assert_false(row_unpack(row.key, body, cut, &back));
    }
}

/* Raw counters that follow from the buckets and the flags cost nothing. */
static void the_common_request_is_short(void **state) {
    (void)state;
    uint8_t body[ROW_BODY_MAX];
    Row row = {.key = row_key_try(INT64_C(1795478400000), 0xABCDEF0123456789, REPLAY_SAME_TIME, 0), .combo = 300, .context = 900,
               .price = 4, .file = 1};
    Request *r = &row.r;
    r->id = 0xABCDEF0123456789;
    row.own_ms = r->ts_ms = row_key_ms(row.key);
    r->tokens[TOK_INPUT] = 12000;
    r->tokens[TOK_CACHE_READ] = 4000;
    r->tokens[TOK_OUTPUT] = 900;
    r->cost_nano = 53000000;
    r->flags = REQ_INCLUSIVE;
    r->raw_input = 16000;
    r->raw_output = 900;
    r->raw_total = 16900;
    r->latency_ms = 8000;
    r->ttft_ms = r->max_tokens = r->tools = -1;
    r->prompt_bytes = -1;
    r->status = 200;
    r->offset = 700000000;
    r->length = 395;
    size_t derived = row_pack(&row, body);
    assert_in_range(derived, 20, 45);
    r->raw_total = 17000;
    assert_true(row_pack(&row, body) > derived);
}

/* Nobody stores an id twice: a gateway's that is the vendor's, and a transcript's that is made of it. */
static void an_upstream_id_that_follows_takes_no_room(void **state) {
    (void)state;
    for (int class = CLASS_GATEWAY; class <= CLASS_TRANSCRIPT; class++) {
        uint8_t body[ROW_BODY_MAX];
        Row row = {.key = 1, .r = {.id = 0x1234567890abcdef, .source_class = (uint8_t)class, .upstream = 1}}, back;
        size_t other = row_pack(&row, body);
        row.r.upstream = class == CLASS_TRANSCRIPT ? transcript_id(row.r.id) : row.r.id;
        size_t follows = row_pack(&row, body);
        assert_true(follows + 7 <= other); /* less the byte that says so */
        assert_true(row_unpack(row.key, body, follows, &back));
        assert_true(back.r.upstream == row.r.upstream);
    }
}

static void noise_is_never_a_crash(void **state) {
    (void)state;
    uint8_t noise[ROW_BODY_MAX];
    Row row;
    Sums sums;
    for (int i = 0; i < 200000; i++) {
        size_t len = chance() % sizeof noise;
        for (size_t k = 0; k < len; k++) noise[k] = (uint8_t)(i % 2 ? chance() : chance() % 3 * 0x7f);
        row_unpack((int64_t)chance(), noise, len, &row);
        sums_unpack(noise, len, &sums);
        assert_true(sums_length(noise, len) <= len);
        assert_true(sums_unpack_first(noise, len, 2, &sums) <= len);
    }
}

static void sums_come_back_and_can_be_taken_away(void **state) {
    (void)state;
    for (int i = 0; i < 5000; i++) {
        uint8_t packed[SUMS_BYTES_MAX] = {0};
        Row a, b;
        Sums sums = {0}, back;
        random_row(&a);
        random_row(&b);
        sums_add_request(&sums, &a.r, 1);
        sums_add_request(&sums, &b.r, 1);
        const Sums all = sums;
        size_t len = sums_pack(&sums, packed);
        assert_int_equal(sums_unpack(packed, len, &back), len);
        assert_memory_equal(&sums, &back, sizeof sums);
        assert_int_equal(sums_length(packed, sizeof packed), len); /* with others behind it, and at the very end */
        assert_int_equal(sums_length(packed, len), len);
        assert_int_equal(sums_length(packed, len - 1), 0);
        back.v[SUM_TOKENS] = -7;
        assert_true(sums_unpack_first(packed, len, SUM_TOKENS, &back) > 0);
        assert_memory_equal(&sums, &back, SUM_TOKENS * sizeof sums.v[0]);
        assert_int_equal(back.v[SUM_TOKENS], -7);
        sums_add_request(&sums, &a.r, -1);
        assert_int_equal(sums.v[SUM_REQUESTS], 1 + b.r.more_calls);
        sums_add_request(&sums, &b.r, -1);
        for (int k = 0; k < SUM_COUNT; k++) assert_int_equal(sums.v[k], all.v[k] == SUM_FULL ? SUM_FULL : 0);
    }
}

/* Tokens of a response-cache hit were not used; an unpriced call is counted with its tokens; refused is no error. */
static void sums_count_what_they_say(void **state) {
    (void)state;
    Sums s = {0};
    Request r = {.tokens = {[TOK_INPUT] = 10, [TOK_OUTPUT] = 5, [TOK_REASONING] = 2}, .flags = REQ_UNPRICED};
    sums_add_request(&s, &r, 1);
    r.flags = REQ_CACHE_HIT;
    r.saved_response_nano = 9;
    sums_add_request(&s, &r, 1);
    r = (Request){.outcome = OUTCOME_REFUSED};
    sums_add_request(&s, &r, 1);
    r = (Request){.outcome = OUTCOME_INCOMPLETE, .more_calls = 9}; /* a record of ten calls */
    sums_add_request(&s, &r, 1);
    assert_int_equal(s.v[SUM_REQUESTS], 13);
    assert_int_equal(s.v[SUM_INCOMPLETE], 10);
    assert_int_equal(s.v[SUM_TOKENS + TOK_INPUT], 10);
    assert_int_equal(s.v[SUM_TOKENS + TOK_REASONING], 2);
    assert_int_equal(s.v[SUM_UNPRICED_REQUESTS], 1);
    assert_int_equal(s.v[SUM_UNPRICED_TOKENS], 17);
    assert_int_equal(s.v[SUM_CACHE_HITS], 1);
    assert_int_equal(s.v[SUM_SAVED_RESPONSE], 9);
    assert_int_equal(s.v[SUM_REFUSED], 1);
    assert_int_equal(s.v[SUM_ERRORS], 0);
}

/* L5: keys are ordered by time, and the two kinds of replay never meet on one. */
static void keys_are_times(void **state) {
    (void)state;
    assert_true(row_key_try(1000, UINT64_MAX, REPLAY_ANY_TIME, 15) < row_key_try(1001, 0, REPLAY_SAME_TIME, 0));
    for (int try = 0; try < 100; try++) {
        int64_t same = row_key_try(1000, 0x7FFFF, REPLAY_SAME_TIME, try), any = row_key_try(1000, 0x7FFFF, REPLAY_ANY_TIME, try);
        assert_int_equal(row_key_ms(same), 1000 + try / 16);
        assert_int_not_equal(same, any);
        assert_true((same >> (KEY_ID_BITS - 1) & 1) == 0 && (any >> (KEY_ID_BITS - 1) & 1) == 1);
    }
    assert_int_equal(cell_id(cell_of(123456, CELL_ID_MAX)), CELL_ID_MAX);
    assert_int_equal(cell_slot(cell_of(123456, CELL_ID_MAX)), 123456);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_row_comes_back),
        cmocka_unit_test(the_common_request_is_short),
        cmocka_unit_test(an_upstream_id_that_follows_takes_no_room),
        cmocka_unit_test(noise_is_never_a_crash),
        cmocka_unit_test(sums_come_back_and_can_be_taken_away),
        cmocka_unit_test(sums_count_what_they_say),
        cmocka_unit_test(keys_are_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
