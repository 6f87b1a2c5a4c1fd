/* price_find: the names of a book in one hash table. Exact names only: there is no other kind of match in this program. */
#include "store/price_book.h"

static uint64_t name_hash(Str provider, Str name) {
    return hash64(name.at, name.len, hash64(provider.at, provider.len, 0));
}

static void add_ref(Book *b, uint32_t row, Str name, bool alias) {
    const PriceRow *r = &b->rows.at[row];
    if ((b->ref_count & (b->ref_count - 1)) == 0)
        b->refs = xrealloc(b->refs, (b->ref_count ? b->ref_count * 2 : 1) * sizeof *b->refs);
    b->refs[b->ref_count++] = (Ref){
        .hash = name_hash(str_of(r->field[COL_PROVIDER]), name), .from_ms = r->from_ms, .row = row, .alias = alias, .name = name};
}

static void add_names(Book *b, uint32_t row) {
    const PriceRow *r = &b->rows.at[row];
    add_ref(b, row, str_of(r->field[COL_MODEL]), false);
    for (const char *at = r->field[COL_ALIASES]; *at;) {
        size_t len = strcspn(at, "|");
        if (len) add_ref(b, row, (Str){at, len}, true);
        at += len + (at[len] == '|');
    }
}

/* Of one name: the model's own rows before aliases, newer before older. */
static int by_precedence(const void *a, const void *b) {
    const Ref *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    if (x->alias != y->alias) return x->alias ? 1 : -1;
    if (x->from_ms != y->from_ms) return x->from_ms > y->from_ms ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

int book_index(Book *b, Err *e) {
    for (uint32_t i = 0; i < b->rows.count; i++) add_names(b, i);
    if (b->ref_count == 0) return fail(e, "the price book has no rows; give it at least one");
    qsort(b->refs, b->ref_count, sizeof *b->refs, by_precedence);
    size_t slots = 64;
    while (slots < b->ref_count * 2) slots *= 2;
    b->slots = xcalloc(slots, sizeof *b->slots);
    b->slot_mask = slots - 1;
    for (size_t i = 0; i < b->ref_count; i++) {
        if (i && b->refs[i].hash == b->refs[i - 1].hash) continue;
        size_t s = b->refs[i].hash & b->slot_mask;
        while (b->slots[s]) s = (s + 1) & b->slot_mask;
        b->slots[s] = (uint32_t)i + 1;
    }
    return 0;
}

static const PriceRow *choose(const Book *b, size_t first, Str provider, Str name, When *when) {
    for (size_t i = first; i < b->ref_count && b->refs[i].hash == b->refs[first].hash; i++) {
        const PriceRow *r = &b->rows.at[b->refs[i].row];
        if (!str_eq(b->refs[i].name, name) || !str_is(provider, r->field[COL_PROVIDER])) continue;
        if (r->from_ms > when->at_ms) {
            if (r->from_ms < when->until_ms) when->until_ms = r->from_ms;
            continue;
        }
        if (r->from_ms > when->from_ms) when->from_ms = r->from_ms;
        return r;
    }
    return NULL;
}

const PriceRow *book_find(const Book *b, Str provider, Str name, When *when) {
    uint64_t hash = name_hash(provider, name);
    for (size_t s = hash & b->slot_mask; b->slots[s]; s = (s + 1) & b->slot_mask)
        if (b->refs[b->slots[s] - 1].hash == hash) return choose(b, b->slots[s] - 1, provider, name, when);
    return NULL;
}
