/* mistral: usage and costs of the Admin API (Enterprise, on request), a month an answer. It holds no amounts, only counts that are
 * paid for and a list of prices, so a cost is their product, joined by metric and group, and by zone and tier where both say
 * them; a count without a price is an error, since half a bill would stand for a whole one. Often in EUR. Its documentation names
 * two ways to send the key: both are sent. Source: Mistral's OpenAPI; the entries as seen live. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"

enum { DEPTH = 6 /* of an answer's groups */ };

typedef struct Reading {
    const FeedCall *c;
    const json_t *prices;
    const char *currency;
    BillSet *set;
    Err *e;
} Reading;

/* ---- a month at a time ---- */
static int64_t month_of(int64_t ms) {
    char text[16];
    time_format(NULL, ms, "%Y%m", text, sizeof text);
    return strtoll(text, NULL, 10);
}

static int request(const FeedCall *c, PageRequest *out, Err *e) {
    Buf url = {.max = PAGE_URL_MAX - 1};
    int64_t month = c->cursor[0] ? strtoll(c->cursor, NULL, 10) : month_of(c->from_ms);
    buf_fmt(&url, "%s/v1/admin/usage?month=%d&year=%d", c->base_url, (int)(month % 100), (int)(month / 100));
    page_header(out, "x-api-key: %s", c->secret);
    page_header(out, "Authorization: Bearer %s", c->secret);
    return page_url(out, &url, e);
}

static void next_month(FeedCall *c) {
    int64_t month = c->cursor[0] ? strtoll(c->cursor, NULL, 10) : month_of(c->from_ms), last = month_of(c->until_ms - 1);
    int64_t next = month % 100 == 12 ? month + 89 : month + 1;
    c->cursor[0] = '\0';
    if (next <= last) snprintf(c->cursor, sizeof c->cursor, "%d", (int)next);
}

/* ---- entries ---- */
/* Where both say it, it must be the same. */
static bool agrees(const json_t *price, const json_t *entry, const char *key) {
    const char *a = json_str(price, key), *b = json_str(entry, key);
    return !*a || !*b || strcmp(a, b) == 0;
}

static const json_t *price_of(const Reading *r, const json_t *entry) {
    static const char *const must[] = {"billing_metric", "billing_group"};
    const json_t *p;
    size_t i;
    json_array_foreach(r->prices, i, p) {
        bool same = agrees(p, entry, "api_zone") && agrees(p, entry, "service_tier") && agrees(p, entry, "event_type");
        for (size_t k = 0; k < 2; k++) same &= strcmp(json_str(p, must[k]), json_str(entry, must[k])) == 0;
        if (same) return p;
    }
    return NULL;
}

/* Prices are fractions of a millionth: in 10^-15, times the count, then rounded once. */
static int paid_nano(const Reading *r, const json_t *entry, int64_t *nano) {
    __extension__ typedef __int128 Wide;
    const json_t *price = json_object_get(price_of(r, entry), "price");
    bool bad = false;
    int64_t each, paid = json_count(entry, "value_paid", &bad);
    char text[32];
    *nano = 0;
    if (bad) return fail(r->e, "a count that is no number; nothing of it is believed");
    if (paid == 0) return 0;
    if (json_is_integer(price)) snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(price));
    else snprintf(text, sizeof text, "%.31s", json_is_string(price) ? json_string_value(price) : "");
    if (decimal_parse(text, strlen(text), 15, &each, NULL) != 0 || each < 0)
        return fail(r->e, "no price for %.60s, %.30s; without it there is no bill", json_str(entry, "billing_metric"), json_str(entry, "billing_group"));
    Wide all = ((Wide)each * paid + 500000) / 1000000;
    if (all > INT64_MAX) return fail(r->e, "an amount beyond all measure; nothing of it is believed");
    *nano = (int64_t)all;
    return 0;
}

static void count_tokens(BillRow *row, const char *group, int64_t n) {
    if (strcmp(group, "input") == 0) row->tokens[TOK_INPUT] += n;
    if (strcmp(group, "output") == 0) row->tokens[TOK_OUTPUT] += n;
    if (strcmp(group, "cached") == 0) row->tokens[TOK_CACHE_READ] += n;
}

static int entry_row(const Reading *r, const json_t *entry) {
    const char *group = json_str(entry, "billing_group"), *metric = json_str(entry, "billing_metric");
    bool money = r->c->arg != NULL, tokens = strcmp(json_str(entry, "event_type"), "api_tokens") == 0, bad = false;
    int64_t day, nano = 0, count = json_count(entry, "value", &bad);
    if (bad || json_time(json_object_get(entry, "timestamp"), &day) != 0) return fail(r->e, "an entry without a day and a count");
    if (day < r->c->from_ms || day >= r->c->until_ms || (!money && !tokens)) return 0;
    if (money && paid_nano(r, entry, &nano) != 0) return -1;
    const BillRow like = {.start_ms = day, .end_ms = day + MS_PER_DAY, .money = money, .model = bill_set_name(r->set, metric),
                          .item = money ? bill_set_name(r->set, group) : 0, .currency = money ? bill_set_name(r->set, r->currency) : 0};
    BillRow *row = bill_set_merge(r->set, &like);
    if (!row) return fail(r->e, "more rows than %d", BILL_ROWS_MAX);
    row->nano = nano_add(row->nano, nano);
    if (!money) count_tokens(row, group, count);
    return 0;
}

/* Whatever the groups are called: lists of entries are at their ends. */
static int walk(const Reading *r, const json_t *v, int depth) {
    const char *key;
    json_t *inner;
    size_t i;
    json_array_foreach(v, i, inner) {
        if (*json_str(inner, "billing_metric") && entry_row(r, inner) != 0) return -1;
    }
    if (depth == 0 || !json_is_object(v)) return 0;
    json_object_foreach((json_t *)v, key, inner) {
        if (strcmp(key, "prices") != 0 && walk(r, inner, depth - 1) != 0) return -1;
    }
    return 0;
}

static int parse(FeedCall *c, const json_t *answer, const FeedSink *out, Err *e) {
    const Reading r = {.c = c, .prices = json_object_get(answer, "prices"), .currency = json_str(answer, "currency"), .set = out->rows, .e = e};
    if (!json_is_object(json_object_get(answer, "completion"))) return fail(e, "the answer has no `completion`");
    if (walk(&r, answer, DEPTH) != 0) return -1;
    next_month(c);
    return 0;
}

#define MONTHLY .bucket_ms = MS_PER_DAY, .history_ms = 62 * MS_PER_DAY, .request = request, .parse = parse
static const Feed feeds[] = {
    {.name = "admin costs", .origin = ORIGIN_BILLED, .every_ms = MS_PER_HOUR, .arg = "money", MONTHLY},
    {.name = "admin usage", .cheap = true, .origin = ORIGIN_REPORTED, .every_ms = MS_PER_HOUR, MONTHLY},
    {.name = NULL},
};

const Provider provider_mistral = {
    .name = "mistral", .base_url = "https://api.mistral.ai", .feeds = feeds,
    .key_help = "an Admin API key of an Enterprise organization, which Mistral opens on request",
};
