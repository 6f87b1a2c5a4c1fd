/* savings_room: what an analysis has seen so far: kinds, sums, a day's tables; and two analyses put together. See savings.h, S6. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

/* ---- tables of a day ---- */
enum { TABLE_MAX = 1 << 20 }; /* a day of more is played in parts: what comes again across them is not seen */

bool day_table_is_full(const DayTable *t) { return t->keys.count >= TABLE_MAX; }

void day_table_clear(DayTable *t) { keytable_clear(&t->keys); }

void day_table_free(DayTable *t) {
    keytable_free(&t->keys);
    free(t->at);
    t->at = NULL;
    t->cap = 0;
}

void *day_table_at(DayTable *t, const int64_t *key, bool *is_new) {
    if (day_table_is_full(t)) day_table_clear(t);
    uint32_t i = keytable_index(&t->keys, key, is_new);
    if (i >= t->cap) t->at = xrealloc(t->at, (t->cap = t->cap ? t->cap * 2 : 256) * t->size);
    char *at = (char *)t->at + i * t->size;
    if (*is_new) memset(at, 0, t->size);
    return at;
}

void save_end_day(SaveRoom *r) {
    save_prefixes_end(r);
    day_table_clear(&r->prompts);
    day_table_clear(&r->talks);
}

/* ---- the room ---- */
void save_room_init(SaveRoom *r, const Book *b, const SaveAsk *ask, const SaveFacts *f, int64_t since_ms, int64_t until_ms) {
    *r = (SaveRoom){.book = b, .ask = ask, .facts = f, .since_ms = since_ms, .until_ms = until_ms, .day = INT64_MIN, .prices.width = 3,
                    .prompts = {.keys.width = 2, .size = sizeof(Prompt)}, .prefixes = {.keys.width = 2, .size = sizeof(Prefix)},
                    .talks = {.keys.width = 1, .size = sizeof(Talk)}};
}

PriceKind *save_price_of(SaveRoom *r, const Usage *like) {
    const Str names[] = {like->provider, like->model, like->tier, like->geo, like->speed};
    int64_t key[3] = {like->batch, 0, 0};
    bool is_new;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        key[1] = (int64_t)hash64(names[i].at, names[i].len, (uint64_t)key[1] + i);
        key[2] = (int64_t)hash64(names[i].at, names[i].len, (uint64_t)key[2] ^ UINT64_C(0x9E3779B97F4A7C15));
    }
    uint32_t at = keytable_index(&r->prices, key, &is_new);
    if (at >= r->price_cap) r->price = xrealloc(r->price, (r->price_cap = r->price_cap ? r->price_cap * 2 : 64) * sizeof(PriceKind *));
    if (is_new) r->price[at] = price_kind_new(r->book, like);
    return r->price[at];
}

void save_room_free(SaveRoom *r) {
    for (size_t i = 0; i < r->prices.count; i++) price_kind_free(r->price[i]);
    free(r->price);
    keytable_free(&r->prices);
    free(r->kind);
    day_table_free(&r->prompts);
    day_table_free(&r->prefixes);
    day_table_free(&r->talks);
    r->kind = NULL;
    r->price = NULL;
    r->kinds = r->kind_cap = 0;
}

Kind *save_kind_add(SaveRoom *r, const SaveKind *text, const int64_t id[KIND_IDS], int64_t ts_ms) {
    if (r->kinds == r->kind_cap) r->kind = xrealloc(r->kind, (r->kind_cap = r->kind_cap ? r->kind_cap * 2 : 64) * sizeof *r->kind);
    Kind *k = &r->kind[r->kinds++];
    *k = (Kind){.text = *text, .feature = hash64(text->feature, strlen(text->feature), 0), .model = hash64(text->model, strlen(text->model), 0),
                .batch_tier = strcmp(text->tier, "batch") == 0};
    if (id) memcpy(k->id, id, sizeof k->id);
    save_facts_of(r, k, ts_ms);
    return k;
}

int64_t save_sum(const SaveRoom *r, int sum) {
    int64_t all = 0;
    for (size_t i = 0; i < r->kinds; i++) all = nano_add(all, r->kind[i].n[sum]);
    return all;
}

Best save_best(const SaveRoom *r, int best) {
    Best all = {0};
    for (size_t i = 0; i < r->kinds; i++) {
        const Best *b = &r->kind[i].best[best];
        bool newer = b->most == all.most && b->key > all.key;
        if (b->key && (!all.key || b->most > all.most || newer)) all = *b;
    }
    return all;
}

/* ---- two together ---- */
static void add_best(Best *to, const Best *from) {
    bool newer = from->most == to->most && from->key > to->key;
    if (from->key && (!to->key || from->most > to->most || newer)) *to = *from;
}

static void add_part(PartSum *to, const PartSum *from) {
    to->nano = nano_add(to->nano, from->nano);
    to->calls += from->calls;
    if (from->most_nano <= to->most_nano) return;
    to->most_nano = from->most_nano;
    to->route = from->route;
    to->output = from->output;
}

static void add_kind(Kind *to, const Kind *from) {
    for (int i = 0; i < K_SUMS; i++) to->n[i] = nano_add(to->n[i], from->n[i]);
    for (int i = 0; i < KIND_BESTS; i++) add_best(&to->best[i], &from->best[i]);
    for (int i = 0; i <= ALL; i++) add_part(&to->part[i], &from->part[i]);
    save_ttls_add(to->ttl, from->ttl);
}

static void add_kinds(SaveRoom *to, const SaveRoom *from) {
    KeyTable ids = {.width = KIND_IDS};
    bool is_new;
    for (size_t i = 0; i < to->kinds; i++) keytable_index(&ids, to->kind[i].id, &is_new);
    for (size_t i = 0; i < from->kinds; i++) {
        const Kind *k = &from->kind[i];
        uint32_t at = keytable_index(&ids, k->id, &is_new);
        if (is_new) save_kind_add(to, &k->text, k->id, 0)->f = k->f;
        add_kind(&to->kind[at], k);
    }
    keytable_free(&ids);
}

static void add_tally(Tally *to, const Tally *from) {
    to->nano = nano_add(to->nano, from->nano);
    to->saved_nano = nano_add(to->saved_nano, from->saved_nano);
    to->calls += from->calls;
    to->saved_calls += from->saved_calls;
    for (int i = 0; i < SAVE_BLOCKS; i++) to->block[i] = nano_add(to->block[i], from->block[i]);
    examples_merge(&to->examples, &from->examples);
    examples_merge(&to->saved_examples, &from->saved_examples);
}

void save_room_add(SaveRoom *to, const SaveRoom *from) {
    add_kinds(to, from);
    for (int i = 0; i <= ALL; i++) add_tally(&to->tally[i], &from->tally[i]);
    for (int i = 0; i < SAVE_BLOCKS; i++) to->block_paid[i] = nano_add(to->block_paid[i], from->block_paid[i]);
    to->paid_nano = nano_add(to->paid_nano, from->paid_nano);
    to->hour_nano = nano_add(to->hour_nano, from->hour_nano);
    to->hour_calls += from->hour_calls;
    to->grown.window_nano = nano_add(to->grown.window_nano, from->grown.window_nano);
    to->grown.summary_nano = nano_add(to->grown.summary_nano, from->grown.summary_nano);
    to->grown.calls += from->grown.calls;
    to->grown.sessions += from->grown.sessions;
    examples_merge(&to->grown.examples, &from->grown.examples);
    examples_merge(&to->guessed, &from->guessed);
}
