/* price_memo: pricing requests fast: the plan of a (provider, model, tier, geography, speed, batch) is remembered for as
 * long as it holds. Memory is fixed at birth: a flood of model names only makes the memo miss. One thread. */
#include "store/price_book.h"

enum { MEMO_SLOTS = 1024, KEY_MAX = 216 };

typedef struct Memo {
    uint16_t key_len; /* 0 = empty */
    char key[KEY_MAX];
    Plan plan;
} Memo;

struct Pricer {
    const Book *book;
    Plan spare;  /* for names too long to remember */
    Memo *memos;
};

Pricer *pricer_new(const Book *b) {
    Pricer *p = xcalloc(1, sizeof *p);
    p->book = b;
    p->memos = xcalloc(MEMO_SLOTS, sizeof *p->memos);
    return p;
}

void pricer_free(Pricer *p) {
    if (!p) return;
    free(p->memos);
    free(p);
}

typedef struct Key {
    char at[KEY_MAX];
    size_t len;
    bool fits;
} Key;

static void put(Key *k, Str s) {
    k->fits = k->fits && s.len < 256 && k->len + 1 + s.len <= KEY_MAX;
    if (!k->fits) return;
    k->at[k->len++] = (char)s.len;
    memcpy(k->at + k->len, s.at, s.len);
    k->len += s.len;
}

static const Plan *plan_for(Pricer *p, const Usage *u) {
    Key k;
    k.len = 0;
    k.fits = true;
    put(&k, u->model);
    put(&k, u->provider);
    put(&k, u->tier);
    put(&k, u->geo);
    put(&k, u->speed);
    put(&k, (Str){u->batch ? "b" : "", u->batch});
    if (!k.fits) {
        plan_make(p->book, u, &p->spare);
        return &p->spare;
    }
    Memo *m = &p->memos[hash64(k.at, k.len, 0) % MEMO_SLOTS];
    bool same = m->key_len == k.len && memcmp(m->key, k.at, k.len) == 0;
    if (same && u->ts_ms >= m->plan.from_ms && u->ts_ms < m->plan.until_ms) return &m->plan;
    memcpy(m->key, k.at, k.len);
    m->key_len = (uint16_t)k.len;
    plan_make(p->book, u, &m->plan);
    return &m->plan;
}

struct PriceKind {
    const Book *book;
    Usage like;
    Plan plan;
    bool known;
};

PriceKind *price_kind_new(const Book *b, const Usage *like) {
    PriceKind *k = xcalloc(1, sizeof *k);
    k->book = b;
    k->like = *like;
    return k;
}

void price_kind_free(PriceKind *k) { free(k); }

bool price_kind_call(PriceKind *k, const KindCall *call, int64_t *nano, uint32_t *flags) {
    if (!k->known || call->ts_ms < k->plan.from_ms || call->ts_ms >= k->plan.until_ms) {
        k->like.ts_ms = call->ts_ms;
        plan_make(k->book, &k->like, &k->plan);
        k->known = true;
    }
    *nano = 0;
    *flags = 0;
    if (!k->plan.row) return false;
    Charge c;
    plan_cost(&k->plan, call->tokens, 1 + call->more_calls, call->web_searches, call->ts_ms, &c);
    *nano = c.nano;
    *flags = c.flags;
    return true;
}

/* What makes a price less than certain; long context, off-peak and geography are exact rules. */
static const uint32_t approximate = COST_CACHE_READ_AT_INPUT | COST_WRITE_AT_INPUT | COST_BATCH_UNLISTED | COST_TIER_UNLISTED |
                                    COST_TIER_DERIVED | COST_SUFFIX_AS_BASE | COST_OVERFLOW | COST_AUDIO_AT_INPUT |
                                    COST_FEE_UNLISTED;

static bool used_nothing(const Request *r) {
    for (int t = 0; t < TOK_COUNT; t++)
        if (r->tokens[t] > 0) return false;
    return r->web_searches <= 0;
}

static void book_charge(Request *r, const Plan *plan) {
    Charge c = plan_charge(plan, r->tokens, 1 + r->more_calls, r->web_searches, r->ts_ms);
    r->price_row = plan->row->id;
    if (c.flags & approximate) r->flags |= REQ_PRICE_APPROX;
    if (r->flags & REQ_CACHE_HIT) {
        r->saved_response_nano = c.nano;
    } else {
        r->cost_nano = c.nano;
        r->saved_cache_nano = c.saved_cache_nano;
    }
}

bool pricer_usage(Pricer *p, const Usage *u, int64_t *nano, uint32_t *flags) {
    const Plan *plan = plan_for(p, u);
    *nano = 0;
    *flags = 0;
    if (!plan->row) return false;
    Charge c = plan_charge(plan, u->tokens, 1 + u->more_calls, u->web_searches, u->ts_ms);
    *nano = c.nano;
    *flags = c.flags;
    return true;
}

void pricer_price(Pricer *p, const Batch *batch, Request *r) {
    r->cost_nano = r->saved_cache_nano = r->saved_response_nano = 0;
    r->price_row = 0;
    r->flags &= ~(uint32_t)(REQ_UNPRICED | REQ_PRICE_APPROX);
    if (r->outcome == OUTCOME_REFUSED || used_nothing(r)) return; /* nothing was bought: 0 is known, whatever the model */
    const Usage u = {
        .provider = batch_name_at(batch, r->name[DIM_PROVIDER]),
        .model = batch_name_at(batch, r->name[DIM_MODEL]),
        .tier = batch_name_at(batch, r->name[DIM_TIER]),
        .geo = batch_name_at(batch, r->geo),
        .speed = batch_name_at(batch, r->speed),
        .batch = r->flags & REQ_BATCH,
        .ts_ms = r->ts_ms,
    };
    const Plan *plan = plan_for(p, &u);
    if (plan->row)
        book_charge(r, plan);
    else if (!(r->flags & REQ_CACHE_HIT))
        r->flags |= REQ_UNPRICED;
}
