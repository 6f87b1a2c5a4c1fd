/* cmd_report_mix: of each row of a report, what part of its cost was output and what part went to premium models: the same
 * question once more by provider and model. Unknown where that is more dimensions than a question has, or without prices. */
#include "store/keytable.h"
#include "store/tier.h"
#include "tui/cmd_report.h"

/* Adds a dimension that is not asked for yet; its place among them, -1 = there is no room. */
static int place_of(Query *q, int dim) {
    for (size_t i = 0; i < q->by_count; i++)
        if (q->by[i] == dim) return (int)i;
    if (q->by_count == QUERY_BY_MAX) return -1;
    q->by[q->by_count] = dim;
    return (int)q->by_count++;
}

static int64_t key_of(const Group *g, size_t by_count) {
    uint64_t h = 1;
    for (size_t i = 0; i < by_count; i++) h = hash64(g->name[i], strlen(g->name[i]), h);
    return (int64_t)(h >> 1);
}

static void fold(const Result *parts, const int at[2], const App *a, const Query *q, const Result *rows, ReportMix *out) {
    KeyTable keys = {.width = 1};
    const Tiers tiers = tiers_of(a->config);
    bool is_new;
    for (size_t i = 0; i < rows->count; i++) {
        const int64_t key = key_of(&rows->groups[i], q->by_count);
        keytable_index(&keys, &key, &is_new);
    }
    for (size_t i = 0; i < parts->count; i++) {
        const Group *g = &parts->groups[i];
        const int64_t key = key_of(g, q->by_count);
        uint32_t row = keytable_find(&keys, &key);
        spend_mix_add(&out->total, a->book, tiers, g->name[at[0]], g->name[at[1]], q->until_ms - 1, &g->t);
        if (row < rows->count) spend_mix_add(&out->row[row], a->book, tiers, g->name[at[0]], g->name[at[1]], q->until_ms - 1, &g->t);
    }
    keytable_free(&keys);
}

int report_mix_load(App *a, Db *db, const Query *q, const Result *rows, ReportMix *out, Err *e) {
    Query finer = *q;
    Result parts;
    Err none = {0};
    const int at[2] = {place_of(&finer, DIM_PROVIDER), place_of(&finer, DIM_MODEL)};
    *out = (ReportMix){.row = xcalloc(rows->count + 1, sizeof *out->row)};
    if (at[0] < 0 || at[1] < 0 || app_book(a, &none) != 0) return 0;
    if (query_run(db, &finer, &parts, e) != 0) return -1;
    fold(&parts, at, a, q, rows, out);
    result_free(&parts);
    return 0;
}
