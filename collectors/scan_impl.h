/* scan_impl: what the scanner's own files share: the structural index, the compiled plan, the walk's scratch.
 *
 * Nothing outside collectors/scan*.c includes this. Positions are byte offsets in the scanned text, uint32_t because a
 * record is at most 64 MiB.
 */
#ifndef COLLECTORS_SCAN_IMPL_H
#define COLLECTORS_SCAN_IMPL_H
#include "collectors/scan.h"

enum {
    BLOCK = 64,
    INDEX_MAX = 4096, /* entries in the index at a time: memory does not follow the length of a line */
    LEVELS_MAX = 6,   /* [] and * in an `each` */
    NODES_MAX = 4096,
    VALUES_MAX = SCAN_PATHS_MAX + LEVELS_MAX
};

/* Stage 1: positions of { } [ ] : , outside strings and of opening quotes, a chunk at a time. Checks on the way what
 * only strings may hold: escapes, UTF-8, no control characters, no backslash outside. */
typedef struct ScanIndex {
    const char *text;
    uint32_t len;
    uint32_t first, next;    /* the chunk covers text[first..next) */
    uint32_t count;          /* entries in at[] */
    uint64_t in_string;      /* all ones when text[next] is inside a string */
    uint64_t escape;         /* 1 when text[next] is escaped */
    uint64_t utf8_rest;      /* a bit for each of the next bytes that must continue a character, */
    uint64_t hex_rest;       /* a bit for each of the next bytes that must be a digit of \uXXXX */
    unsigned char utf8_last; /* the last byte before text[next] */
    const char *bad;         /* what is wrong, NULL = nothing so far */
    uint32_t at[INDEX_MAX];
} ScanIndex;

void index_start(ScanIndex *x, const char *text, uint32_t from, uint32_t len);
bool index_fill(ScanIndex *x); /* the next chunk; false at the end of the text */
bool index_fill_plain(ScanIndex *x), index_fill_avx2(ScanIndex *x); /* both ways; the second only where there is AVX2 */
bool index_has_avx2(void);

/* Stage 2: what is wanted, as a deterministic tree. Node 0 is "nothing wanted here". */
typedef enum Elements { ELEMENTS_NONE, ELEMENTS_NUMBERED, ELEMENTS_LAST, ELEMENTS_SELECTED, ELEMENTS_PREFIXED } Elements;

typedef struct Words { /* the first sixteen bytes of a text, zeros behind it: enough to hash it */
    uint64_t first, second;
} Words;

typedef struct Slot {
    Words words;
    const char *text;
    uint32_t len; /* for ELEMENTS_NUMBERED: the number */
    uint16_t node; /* 0 = free */
} Slot;

typedef struct Table { /* open addressing in plan->slots, a power of two; used 0 = empty */
    uint64_t filter; /* a bit for each hash & 63 that is in the table: most keys that nobody wants end here */
    uint16_t first, mask, used;
} Table;

typedef struct Node {
    uint16_t path_first, path_count; /* in plan->lists: the paths that this value answers */
    uint16_t below_first, below_count; /* in plan->lists: the paths deeper down, forgotten when this value comes again */
    uint16_t star;                   /* node of any other member */
    Table members;
    Elements elements;
    Table selected;   /* NUMBERED and PREFIXED: a plain list of `used` slots */
    const char *selector; /* SELECTED: the member whose text selects */
    uint32_t skip;    /* PREFIXED: this much of the string is not part of the value */
} Node;

struct ScanPlan {
    size_t path_count;
    size_t level_count;          /* steps of `each` that repeat; 0 = no each */
    bool members[LEVELS_MAX];    /* the level goes over an object's members, not over an array */
    uint16_t root[LEVELS_MAX + 1];
    uint16_t named[LEVELS_MAX + 1]; /* path that takes the member's name at that level, + 1; 0 = none */
    uint16_t level_paths[LEVELS_MAX + 1]; /* paths of deeper levels begin here in lists[] ... */
    uint16_t level_path_count[LEVELS_MAX + 1];
    Node *nodes;
    size_t node_count;
    Slot *slots;
    size_t slot_count;
    uint16_t *lists;
    size_t list_count;
    char *text; /* all keys, each followed by SCAN_PAD readable bytes */
    size_t text_len;
};

typedef struct Frame {
    uint32_t open, item; /* where it began; number of the present element */
    uint16_t node;
    char closer;
} Frame;

struct Scan {
    const ScanPlan *plan;
    uint32_t end;  /* after a walk: just behind the value */
    const char *why; /* after a failed walk */
    ScanValue values[VALUES_MAX];
    ScanIndex index;
    Frame frames[SCAN_DEPTH_MAX + 1];
};

/* Where reading of the index stands; a local variable, so that it lives in registers. */
typedef struct Cursor {
    const uint32_t *at, *end;
} Cursor;

Cursor scan_seek(Scan *s, uint32_t pos);   /* the first entry at or behind pos */
Cursor scan_refill(Scan *s);               /* behind the last entry: one that says index.len, for ever */
bool scan_walk(Scan *s, uint16_t node, uint32_t from, Cursor c); /* one value; false = not valid */
uint16_t scan_find(const ScanPlan *plan, const Table *t, Str key); /* the node behind a key as it is written; 0 = none */

static inline uint32_t scan_next(Scan *s, Cursor *c) {
    if (__builtin_expect(c->at == c->end, 0)) *c = scan_refill(s);
    return *c->at++;
}

static inline bool scan_is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Eight bytes, the first one lowest, on any machine. */
static inline uint64_t scan_load(const char *at) {
    uint64_t w;
    memcpy(&w, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* Of a word, the bytes that belong to a text of n bytes. */
static inline uint64_t scan_keep(uint64_t w, uint32_t n) {
    static const uint64_t keep[] = {0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, UINT64_MAX};
    return w & keep[n < 8 ? n : 8];
}

/* Reads up to 16 bytes past a short text; every text here has SCAN_PAD readable bytes behind it. No branches: lengths
 * change from key to key. */
static inline Words scan_words(const char *at, uint32_t len) {
    return (Words){scan_keep(scan_load(at), len), scan_keep(scan_load(at + 8), len < 8 ? 0 : len - 8)};
}

static inline uint32_t scan_hash(Words w, uint32_t len) {
    uint64_t h = (w.first ^ (w.second << 7 | w.second >> 57) ^ len) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(h >> 40);
}
#endif
