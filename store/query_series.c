/* query_series: spend over time, stacked by a dimension's largest values. See query.h.
 * One pass over the cost of each cell: every value gets its row of slots; the largest are chosen at the end. Values that no longer fit into the
 * memory set aside for them are summed with the rest. */
#include "store/money.h"
#include "store/query_scan.h"
#include "store/usual.h"

enum { CELLS_MAX = 1 << 20 };

typedef struct Stacker {
    Series *out;
    int dim;
    KeyTable values;
    int64_t *nano;      /* [value * slots + slot] */
    int64_t *rest;      /* [slot] */
    size_t cap, max, lost;
} Stacker;

static int64_t value_key(const Stacker *st, const Cell *c) {
    if (st->dim < 0) return 0;
    if (st->dim == BY_ORIGIN) return c->member->origin;
    if (st->dim == BY_OUTCOME) return c->member->outcome;
    return c->member->name[st->dim] ? c->member->name[st->dim] : c->context ? c->context->name[st->dim] : 0;
}

static int64_t *row_of(Stacker *st, const Cell *c) {
    int64_t key = value_key(st, c);
    size_t slots = st->out->slots;
    if (st->values.count == st->max && keytable_find(&st->values, &key) == UINT32_MAX) {
        st->lost = 1;
        return st->rest;
    }
    bool is_new;
    size_t i = keytable_index(&st->values, &key, &is_new);
    if (i >= st->cap) {
        st->cap = st->cap ? st->cap * 2 : 8;
        st->nano = xrealloc(st->nano, st->cap * slots * sizeof *st->nano);
    }
    if (is_new) memset(st->nano + i * slots, 0, slots * sizeof *st->nano);
    return st->nano + i * slots;
}

static void stack_cell(void *ctx, const Cell *c) {
    Stacker *st = ctx;
    size_t slot = (size_t)((c->ms - st->out->since_ms) / st->out->slot_ms);
    if (c->ms < st->out->since_ms || slot >= st->out->slots) return;
    int64_t *row = c->member->origin == ORIGIN_NOTIONAL ? st->out->notional_nano : row_of(st, c);
    row[slot] = nano_add(row[slot], c->sums->v[SUM_COST]);
}

typedef struct Ranked {
    size_t value;
    int64_t sum;
    const char *name;
} Ranked;

static int by_sum(const void *pa, const void *pb) {
    const Ranked *a = pa, *b = pb;
    return a->sum != b->sum ? (a->sum < b->sum) - (a->sum > b->sum) : strcmp(a->name, b->name);
}

static int rank(Stacker *st, Scan *s, Ranked *r, Err *e) {
    for (size_t i = 0; i < st->values.count; i++) {
        int64_t key = keytable_key(&st->values, i)[0];
        r[i] = (Ranked){.value = i, .name = ""};
        for (size_t k = 0; k < st->out->slots; k++) r[i].sum = nano_add(r[i].sum, st->nano[i * st->out->slots + k]);
        if (st->dim == BY_ORIGIN) r[i].name = origin_names[key];
        else if (st->dim == BY_OUTCOME) r[i].name = outcome_names[key];
        else if (st->dim >= 0 && texts_name(&s->texts, s->db, key, &r[i].name, e) != 0) return -1;
    }
    if (st->values.count) qsort(r, st->values.count, sizeof *r, by_sum);
    return 0;
}

/* The largest get a stack each; what is over goes into the last one. */
static void stack_up(const Stacker *st, Series *out, const Ranked *r, size_t stacks) {
    size_t values = st->values.count, own = values + st->lost <= stacks ? values : stacks - 1;
    out->rest_values = values - own + st->lost;
    out->stacks = own + (out->rest_values > 0);
    out->nano = xcalloc(out->stacks * out->slots, sizeof *out->nano);
    for (size_t i = 0; i < values; i++) {
        int64_t *to = out->nano + (i < own ? i : own) * out->slots;
        for (size_t k = 0; k < out->slots; k++) to[k] = nano_add(to[k], st->nano[r[i].value * out->slots + k]);
        if (i < own) snprintf(out->stack_name[i], sizeof out->stack_name[i], "%s", r[i].name);
    }
    for (size_t k = 0; st->lost && k < out->slots; k++)
        out->nano[own * out->slots + k] = nano_add(out->nano[own * out->slots + k], st->rest[k]);
}

static int64_t grain_of(int64_t since, int64_t slot) {
    if (since % SLOT_DAY_MS == 0 && slot % SLOT_DAY_MS == 0) return SLOT_DAY_MS;
    if (since % SLOT_QUARTER_MS == 0 && slot % SLOT_QUARTER_MS == 0) return SLOT_QUARTER_MS;
    return since % SLOT_MINUTE_MS == 0 && slot % SLOT_MINUTE_MS == 0 ? SLOT_MINUTE_MS : 1;
}

static unsigned dim_bits(int dim) {
    if (dim == BY_OUTCOME) return FILTER_OUTCOME;
    return dim >= 0 && dim < DIM_COUNT ? 1u << dim : 0;
}

struct SeriesRun {
    Query q;
    size_t stacks;
    Series out;
    Stacker st;
    Scan s;
    Plan plan;
    bool read;       /* the slots are whole; what is usual is being read */
    UsualRun *usual;
};

static int plan_run(SeriesRun *r, Db *db, Err *e) {
    const Query *q = &r->q;
    unsigned uses = filter_uses(q->filter) | FILTER_ORIGIN | r->s.row_names;
    Ask ask = {q->since_ms, q->until_ms, uses, grain_of(q->since_ms, r->out.slot_ms)};
    Query all = *q;
    bool mine;
    all.until_ms = q->since_ms + (int64_t)r->out.slots * r->out.slot_ms;
    int rc = read_begin(db, &mine, e);
    if (rc == 0) rc = query_plan_make(&r->plan, db, &ask, e);
    if (rc == 0) rc = usual_open(&r->usual, db, &all, e);
    read_end(db, mine);
    r->out.from_rows = r->plan.from_rows;
    return rc;
}

int query_series_open(Db *db, const Query *q, int dim, size_t stacks, int64_t slot_ms, SeriesRun **out, Err *e) {
    *out = NULL;
    if (slot_ms <= 0 || q->until_ms <= q->since_ms || stacks == 0) return fail(e, "a chart needs a range, slots and a stack");
    int64_t slots = (q->until_ms - q->since_ms + slot_ms - 1) / slot_ms;
    if (slots > SERIES_SLOTS_MAX) return fail(e, "a chart has at most %d slots; choose longer ones", SERIES_SLOTS_MAX);
    SeriesRun *r = xcalloc(1, sizeof *r);
    r->q = *q;
    r->stacks = stacks < SERIES_STACKS_MAX ? stacks : SERIES_STACKS_MAX;
    r->out = (Series){.since_ms = q->since_ms, .slot_ms = slot_ms, .slots = (size_t)slots};
    r->out.notional_nano = xcalloc(r->out.slots, sizeof *r->out.notional_nano);
    r->st = (Stacker){.out = &r->out, .dim = dim, .values = {.width = 1}, .max = CELLS_MAX / r->out.slots};
    r->st.rest = xcalloc(r->out.slots, sizeof *r->st.rest);
    r->s = (Scan){.db = db, .filter = q->filter, .row_names = dim_bits(dim), .interrupt = q->interrupt, .interrupt_ctx = q->ctx,
                  .origins = 1u << ORIGIN_METERED | 1u << ORIGIN_NOTIONAL, .sink = stack_cell, .sink_ctx = &r->st,
                  .sums = SUM_COST + 1, .sliced = true};
    if (plan_run(r, db, e) == 0) {
        *out = r;
        return 0;
    }
    query_series_close(r);
    return -1;
}

int query_series_go_on(SeriesRun *r, bool *more, Err *e) {
    bool mine;
    int rc = read_begin(r->s.db, &mine, e);
    if (rc == 0 && !r->read) rc = query_scan_plan(&r->s, &r->plan, e);
    *more = r->s.aborted;
    if (rc == 0 && !*more) {
        r->read = true;
        do rc = usual_go_on(r->usual, more, e);
        while (rc == 0 && *more && !r->s.sliced);
    }
    read_end(r->s.db, mine);
    return rc;
}

bool query_series_join(Scan *lead, Plan *lead_plan, SeriesRun *r) {
    return query_scan_join(lead, lead_plan, &r->s, &r->plan);
}

int query_series_permille(const SeriesRun *r) {
    return query_scan_permille(&r->s);
}

static void fill_usual(Series *out, const Usual *u) {
    for (size_t k = 0; k < out->slots; k++) {
        int64_t from = out->since_ms + (int64_t)k * out->slot_ms;
        out->usual_nano[k] = u ? usual_span(u, from, from + out->slot_ms) : -1;
    }
}

/* Ranks the values and makes the stacks of them. */
static int make_stacks(SeriesRun *r, Series *out, Err *e) {
    Ranked *ranked = xcalloc(r->st.values.count, sizeof *ranked);
    int rc = rank(&r->st, &r->s, ranked, e);
    *out = r->out;
    out->aborted = r->s.aborted;
    if (rc == 0) stack_up(&r->st, out, ranked, r->stacks);
    free(ranked);
    return rc;
}

int query_series_so_far(SeriesRun *r, Series *out, Err *e) {
    if (make_stacks(r, out, e) != 0) {
        *out = (Series){0};
        return -1;
    }
    size_t size = out->slots * sizeof *out->notional_nano;
    out->notional_nano = memcpy(xmalloc(size), r->out.notional_nano, size);
    out->usual_nano = xcalloc(out->slots, sizeof *out->usual_nano);
    fill_usual(out, NULL);
    return 0;
}

int query_series_take(SeriesRun *r, Series *out, Err *e) {
    Usual u;
    int rc = make_stacks(r, out, e);
    if (rc == 0) {
        usual_take(r->usual, &u);
        r->usual = NULL;
        out->usual_nano = xcalloc(out->slots, sizeof *out->usual_nano);
        fill_usual(out, &u);
        usual_free(&u);
        r->out.notional_nano = NULL;
    } else {
        *out = (Series){0};
    }
    query_series_close(r);
    return rc;
}

void query_series_close(SeriesRun *r) {
    if (!r) return;
    query_plan_free(&r->plan);
    query_scan_free(&r->s);
    usual_close(r->usual);
    keytable_free(&r->st.values);
    free(r->st.nano);
    free(r->st.rest);
    series_free(&r->out);
    free(r);
}

/* What was planned is read in the same transaction; what an interrupt leaves off stays off. */
int query_series(Db *db, const Query *q, int dim, size_t stacks, int64_t slot_ms, Series *out, Err *e) {
    *out = (Series){0};
    SeriesRun *r = NULL;
    bool mine, more;
    if (read_begin(db, &mine, e) != 0) return -1;
    int rc = query_series_open(db, q, dim, stacks, slot_ms, &r, e);
    if (rc == 0) r->s.sliced = false;
    if (rc == 0) rc = query_series_go_on(r, &more, e);
    if (rc == 0) rc = query_series_take(r, out, e);
    else query_series_close(r);
    read_end(db, mine);
    return rc;
}

void series_free(Series *s) {
    if (!s) return;
    free(s->nano);
    free(s->notional_nano);
    free(s->usual_nano);
    *s = (Series){0};
}
