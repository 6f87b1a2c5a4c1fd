/* request: the batch: a name table and an array of requests, both with a maximum at birth. See request.h. */
#include "store/request.h"

const char *const dim_names[DIM_COUNT] = {
    [DIM_ACCOUNT] = "account",   [DIM_PROVIDER] = "provider", [DIM_MODEL] = "model",       [DIM_TIER] = "tier",
    [DIM_FEATURE] = "feature",   [DIM_TEAM] = "team",         [DIM_USER] = "user",         [DIM_KEY] = "key",
    [DIM_SESSION] = "session",   [DIM_PROJECT] = "project",   [DIM_ENDPOINT] = "endpoint", [DIM_GATEWAY] = "gateway",
    [DIM_HOST] = "host",
};
const char *const origin_names[ORIGIN_COUNT] = {"metered", "reported", "billed", "notional"};
const char *const outcome_names[OUTCOME_COUNT] = {"ok", "error", "refused", "incomplete"};

enum { NAMES_BYTES = 1 << 20, NAMES_MAX = 16384, SLOTS = NAMES_MAX * 2, SLOTS_MASK = SLOTS - 1 };

typedef struct Name {
    uint32_t at, len;
    uint64_t hash;
} Name;

struct Batch {
    Request *requests;
    size_t count, max;
    Name *names;
    uint32_t name_count, bytes;
    uint32_t *slots; /* open addressing over names; 0 = empty */
    char *text;
    FileMark mark;
};

Batch *batch_new(size_t max_requests) {
    Batch *b = xcalloc(1, sizeof *b);
    b->max = max_requests;
    b->requests = xcalloc(max_requests, sizeof *b->requests);
    b->names = xcalloc(NAMES_MAX, sizeof *b->names);
    b->slots = xcalloc(SLOTS, sizeof *b->slots);
    b->text = xmalloc(NAMES_BYTES);
    batch_clear(b);
    return b;
}

void batch_free(Batch *b) {
    if (!b) return;
    free(b->requests);
    free(b->names);
    free(b->slots);
    free(b->text);
    free(b);
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint32_t *find_slot(Batch *b, const char *at, size_t len, uint64_t hash) {
    for (uint64_t i = hash & SLOTS_MASK;; i = (i + 1) & SLOTS_MASK) {
        uint32_t *slot = &b->slots[i];
        const Name *n = &b->names[*slot];
        if (!*slot) return slot;
        if (n->hash == hash && n->len == len && memcmp(b->text + n->at, at, len) == 0) return slot;
    }
}

/* Few names are taken out one by one, the last one first, so that each is still found; many all at once. */
static void clear_slots(Batch *b) {
    if (b->name_count > NAMES_MAX / 16) {
        memset(b->slots, 0, SLOTS * sizeof *b->slots);
        return;
    }
    for (uint32_t i = b->name_count; i-- > 1;) {
        const Name *n = &b->names[i];
        *find_slot(b, b->text + n->at, n->len, n->hash) = 0;
    }
}

void batch_clear(Batch *b) {
    clear_slots(b);
    b->count = 0;
    b->name_count = 1; /* 0 is the empty name */
    b->names[0] = (Name){0};
    b->bytes = 0;
    b->mark = (FileMark){0};
}

/* Names come from logs: what could move a terminal's cursor never gets further than here. */
static void copy_clean(char *to, const char *at, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        to[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
}

uint32_t batch_name(Batch *b, const char *at, size_t len) {
    char clean[NAME_MAX_BYTES];
    len = utf8_cut(at, len, NAME_MAX_BYTES);
    if (len == 0) return 0;
    copy_clean(clean, at, len);
    uint64_t hash = hash64(clean, len, 0);
    uint32_t *slot = find_slot(b, clean, len, hash);
    if (*slot) return *slot;
    if (b->name_count >= NAMES_MAX || b->bytes + len > NAMES_BYTES) return 0; /* batch_full() is true before this */
    memcpy(b->text + b->bytes, clean, len);
    b->names[b->name_count] = (Name){.at = b->bytes, .len = (uint32_t)len, .hash = hash};
    b->bytes += (uint32_t)len;
    *slot = b->name_count++;
    return *slot;
}

Str batch_name_at(const Batch *b, uint32_t index) {
    if (index >= b->name_count) return (Str){"", 0};
    return (Str){b->text + b->names[index].at, b->names[index].len};
}

size_t batch_names(const Batch *b) {
    return b->name_count;
}

bool batch_full(const Batch *b) {
    /* Room for the names of one more request must remain, so that batch_name() never has to refuse one. */
    return b->count >= b->max || b->name_count + 2 * DIM_COUNT > NAMES_MAX ||
           b->bytes + 2 * DIM_COUNT * NAME_MAX_BYTES > NAMES_BYTES;
}

Request *batch_add(Batch *b) {
    if (batch_full(b)) return NULL;
    Request *r = &b->requests[b->count++];
    *r = (Request){.raw_input = -1, .raw_output = -1, .raw_total = -1, .latency_ms = -1, .ttft_ms = -1,
                   .max_tokens = -1, .tools = -1, .prompt_bytes = -1};
    return r;
}

void batch_undo(Batch *b) {
    if (b->count) b->count--;
}

size_t batch_count(const Batch *b) {
    return b->count;
}

Request *batch_at(const Batch *b, size_t i) {
    return &b->requests[i];
}

FileMark *batch_mark(Batch *b) {
    return &b->mark;
}

bool model_answers(Str asked, Str called) {
    if (called.len < asked.len || memcmp(called.at, asked.at, asked.len) != 0) return false;
    size_t digits = 0, at = asked.len;
    if (at == called.len) return true;
    if (called.at[at] != '-' && called.at[at] != '@') return false;
    while (++at < called.len && called.at[at] >= '0' && called.at[at] <= '9') digits++;
    return digits >= 4;
}
