/* provider_lab: a provider's parse functions over recorded answers in tests/providers/, and the worker against a server on loopback. */
#ifndef TESTS_PROVIDER_LAB_H
#define TESTS_PROVIDER_LAB_H
#include "collectors/bills.h"
#include "collectors/provider.h"
#include "store/data.h"
#include "store/money.h"
#include "tests/unit.h"

typedef struct Parsed {
    BillSet rows;
    char names[16][2][96]; /* id, name */
    int name_count;
    int64_t balance;
    char balance_kind[16], currency[8];
    FeedCall call;
    Err e;
    int rc;
} Parsed;

static inline void parsed_name(void *ctx, const char *kind, const char *id, const char *name) {
    Parsed *p = ctx;
    (void)kind;
    if (p->name_count == 16) return;
    snprintf(p->names[p->name_count][0], sizeof p->names[0][0], "%s", id);
    snprintf(p->names[p->name_count++][1], sizeof p->names[0][1], "%s", name);
}

static inline void parsed_balance(void *ctx, const char *kind, const char *currency, int64_t nano) {
    Parsed *p = ctx;
    p->balance = nano;
    snprintf(p->balance_kind, sizeof p->balance_kind, "%s", kind);
    snprintf(p->currency, sizeof p->currency, "%s", currency);
}

static inline const Feed *feed_find(const char *provider, const char *name) {
    const Provider *p = provider_find(provider);
    assert_non_null(p);
    for (const Feed *f = p->feeds; f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    fail_msg("%s has no feed %s", provider, name);
    return NULL;
}

static inline void parsed_free(Parsed *p) {
    bill_set_free(&p->rows);
    free(p);
}

/* Feeds the named files of tests/providers/ one after another, as pages of a walk over a range. */
static inline Parsed *parse_range(const char *provider, const char *feed, const char *const *files, int64_t from_ms, int64_t until_ms) {
    Parsed *p = calloc(1, sizeof *p);
    const Feed *f = feed_find(provider, feed);
    const FeedSink sink = {.rows = &p->rows, .name = parsed_name, .balance = parsed_balance, .ctx = p};
    bill_set_init(&p->rows);
    p->call = (FeedCall){.arg = f->arg, .from_ms = from_ms, .until_ms = until_ms};
    for (; *files && p->rc == 0; files++, p->call.page++) {
        char path[256];
        Buf text = {.max = 4 << 20};
        snprintf(path, sizeof path, "tests/providers/%s", *files);
        p->rc = file_read(path, &text, &p->e);
        json_t *v = p->rc == 0 ? provider_json(text.at, text.len, &p->e) : NULL;
        p->rc = v ? f->parse(&p->call, v, &sink, &p->e) : -1;
        json_decref(v);
        buf_free(&text);
    }
    return p;
}

static inline Parsed *parse_files(const char *provider, const char *feed, const char *const *files) {
    return parse_range(provider, feed, files, 0, INT64_C(1798761600000) /* 2027 */);
}

static inline bool row_is(const Parsed *p, const BillRow *r, const char *model) {
    Str m = batch_name_at(p->rows.names, r->model);
    return str_is(m, model);
}

/* Sums over the rows of a model; NULL = all. */
static inline BillRow parsed_sum(const Parsed *p, const char *model) {
    BillRow sum = {0};
    for (size_t i = 0; i < p->rows.count; i++) {
        const BillRow *r = &p->rows.at[i];
        if (model && !row_is(p, r, model)) continue;
        for (int t = 0; t < TOK_COUNT; t++) sum.tokens[t] += r->tokens[t];
        sum.requests += r->requests;
        sum.searches += r->searches;
        sum.nano += r->nano;
    }
    return sum;
}
#endif
