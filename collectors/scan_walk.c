/* scan_walk: stage 2 of the scanner: the grammar of one JSON value, and what is wanted of it.
 *
 * Owns: the walk over the structural index, the depth, the capture of wanted values. Unwanted parts go through the same
 * grammar with node 0. Does not: build a tree, copy text, or call back.
 *
 * The index holds structure outside strings and opening quotes only. A closing quote is found from the next entry
 * backwards: between it and that entry only spaces may stand. At the end of the text scan_next() says index.len for
 * ever; whatever byte stands there, the walk stops, and scan_line() refuses an end behind the text.
 */
#include "collectors/scan_impl.h"

#define INLINE static inline __attribute__((always_inline))

Cursor scan_refill(Scan *s) {
    ScanIndex *x = &s->index;
    while (index_fill(x))
        if (x->count) return (Cursor){x->at, x->at + x->count};
    x->at[0] = x->len;
    x->count = 1;
    x->first = x->len;
    return (Cursor){x->at, x->at + 1};
}

Cursor scan_seek(Scan *s, uint32_t pos) {
    ScanIndex *x = &s->index;
    if (pos < x->first || pos >= x->next) {
        index_start(x, x->text, pos, x->len);
        return scan_refill(s);
    }
    uint32_t low = 0, high = x->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (x->at[middle] < pos)
            low = middle + 1;
        else
            high = middle;
    }
    return (Cursor){x->at + low, x->at + x->count};
}

INLINE bool blank(const char *p, uint32_t from, uint32_t to) {
    while (from < to && scan_is_space(p[from])) from++;
    return from == to;
}

/* The closing quote of the string that opens at `open`, `after` being the next entry; 0 = there is something between. */
INLINE uint32_t string_end(const char *p, uint32_t open, uint32_t after) {
    uint32_t end = after - 1;
    while (end > open && scan_is_space(p[end])) end--;
    return end > open && p[end] == '"' ? end : 0;
}

/* Whether one of the eight bytes is a backslash; a zero byte behind a short text is none. */
INLINE bool word_has_backslash(uint64_t w) {
    w ^= UINT64_C(0x5C5C5C5C5C5C5C5C);
    return ((w - UINT64_C(0x0101010101010101)) & ~w & UINT64_C(0x8080808080808080)) != 0;
}

INLINE bool words_have_backslash(Words w, const char *at, uint32_t len) {
    return word_has_backslash(w.first) || word_has_backslash(w.second) || (len > 16 && memchr(at + 16, '\\', len - 16));
}

INLINE const char *digits(const char *at, const char *end) {
    while (at < end && (unsigned char)(*at - '0') < 10) at++;
    return at;
}

static __attribute__((noinline)) bool is_any_number(const char *at, const char *end) {
    if (at < end && *at == '-') at++;
    const char *from = at;
    at = digits(at, end);
    if (at == from || (*from == '0' && at - from > 1)) return false;
    if (at < end && *at == '.') {
        from = ++at;
        at = digits(at, end);
        if (at == from) return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        from = at;
        at = digits(at, end);
        if (at == from) return false;
    }
    return at == end;
}

/* Non-zero in every byte that is no digit. A digit has the high half 3, and still has it with 6 added. */
INLINE uint64_t not_digits(uint64_t w) {
    uint64_t high = UINT64_C(0xF0F0F0F0F0F0F0F0), six = UINT64_C(0x0606060606060606), three = UINT64_C(0x3030303030303030);
    return ((w & high) ^ three) | (((w & ~high) + six) & high);
}

/* Most numbers are up to eight digits, which one look decides. */
INLINE bool is_number(const char *at, uint32_t len) {
    if (len <= 8 && !scan_keep(not_digits(scan_load(at)), len) && (*at != '0' || len == 1)) return true;
    return is_any_number(at, at + len);
}

INLINE ScanType word(const char *at, uint32_t len) {
    uint64_t w = scan_keep(scan_load(at), len);
    if (len == 4 && w == scan_load("null\0\0\0")) return SCAN_NULL;
    if (len == 4 && w == scan_load("true\0\0\0")) return SCAN_TRUE;
    return len == 5 && w == scan_load("false\0\0") ? SCAN_FALSE : SCAN_MISSING;
}

/* What stands between two entries where a value is expected; its text without the spaces around it. */
static ScanType scalar(const char *p, uint32_t from, uint32_t to, Str *text) {
    while (from < to && scan_is_space(p[from])) from++;
    while (from < to && scan_is_space(p[to - 1])) to--;
    *text = (Str){p + from, to - from};
    if (from == to) return SCAN_MISSING;
    if ((unsigned char)p[from] <= '9') return is_number(text->at, (uint32_t)text->len) ? SCAN_NUMBER : SCAN_MISSING;
    return word(text->at, (uint32_t)text->len);
}

static void forget(Scan *s, uint16_t first, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) s->values[s->plan->lists[first + i]] = (ScanValue){0};
}

static void take(Scan *s, const Node *n, ScanValue v) {
    for (uint16_t i = 0; i < n->path_count; i++) s->values[s->plan->lists[n->path_first + i]] = v;
}

static void take_string(Scan *s, uint16_t node, uint32_t open, uint32_t end) {
    const Node *n = &s->plan->nodes[node];
    if (!n->path_count) return;
    const char *at = s->index.text + open + 1 + n->skip;
    uint32_t len = end - open - 1 - n->skip;
    take(s, n, (ScanValue){SCAN_STRING, words_have_backslash(scan_words(at, len), at, len), {at, len}});
}

static void take_container(Scan *s, uint16_t node, uint32_t open, uint32_t close) {
    const Node *n = &s->plan->nodes[node];
    const char *at = s->index.text + open;
    if (n->path_count) take(s, n, (ScanValue){*at == '{' ? SCAN_OBJECT : SCAN_ARRAY, false, {at, close + 1 - open}});
}

INLINE uint16_t find(const ScanPlan *plan, const Table *t, Words w, const char *at, uint32_t len) {
    uint32_t hash = scan_hash(w, len);
    if (!(t->filter >> (hash & 63) & 1)) return 0;
    for (;; hash++) {
        const Slot *slot = &plan->slots[t->first + (hash & t->mask)];
        if (!slot->node) return 0;
        if (slot->len == len && slot->words.first == w.first && slot->words.second == w.second &&
            (len <= 16 || memcmp(slot->text + 16, at + 16, len - 16) == 0))
            return slot->node;
    }
}

/* A key with escapes is compared as what it means. */
static __attribute__((noinline)) uint16_t find_escaped(const ScanPlan *plan, const Table *t, const char *at, uint32_t len) {
    char plain[NAME_MAX_BYTES * 2 + SCAN_PAD] = "";
    if (len > NAME_MAX_BYTES * 6) return 0;
    uint32_t n = (uint32_t)scan_unescape((Str){at, len}, plain, NAME_MAX_BYTES * 2);
    return find(plan, t, scan_words(plain, n), plain, n);
}

INLINE uint16_t lookup(const ScanPlan *plan, const Table *t, const char *at, uint32_t len) {
    if (!t->used) return 0;
    Words w = scan_words(at, len);
    uint16_t found = find(plan, t, w, at, len);
    return found || !words_have_backslash(w, at, len) ? found : find_escaped(plan, t, at, len);
}

uint16_t scan_find(const ScanPlan *plan, const Table *t, Str key) {
    return lookup(plan, t, key.at, (uint32_t)key.len);
}

/* The node of a member of the object at `node`. A key that comes again replaces all that the earlier one gave. */
INLINE uint16_t member(Scan *s, uint16_t node, uint32_t open, uint32_t end) {
    const ScanPlan *plan = s->plan;
    const Node *n = &plan->nodes[node];
    uint16_t child = lookup(plan, &n->members, s->index.text + open + 1, end - open - 1);
    if (!child) return n->star;
    const Node *c = &plan->nodes[child];
    if (c->below_count) forget(s, c->below_first, c->below_count);
    return child;
}

/* Steps over a value, without judging it: `pos` is its first entry; returns the entry behind it. */
static uint32_t step_over(Scan *s, Cursor *c, uint32_t pos) {
    const char *p = s->index.text;
    uint32_t depth = 0;
    for (; pos < s->index.len; pos = scan_next(s, c)) {
        char ch = p[pos];
        if (ch == '{' || ch == '[') depth++;
        if (depth == 0 && ch != '"') return pos; /* a comma or a closing: the value was a scalar, or a string before it */
        if (ch == '}' || ch == ']') depth--;
        if (depth == 0) return scan_next(s, c);
    }
    return pos;
}

/* The text of the element's selecting member, "" if it has none that is a string. */
static Str selecting_text(Scan *s, Cursor *c, const char *selector) {
    const char *p = s->index.text;
    uint32_t len = (uint32_t)strlen(selector);
    for (uint32_t pos = scan_next(s, c); pos < s->index.len && p[pos] == '"'; pos = scan_next(s, c)) {
        uint32_t colon = scan_next(s, c), end = string_end(p, pos, colon);
        bool it = end && end - pos - 1 == len && memcmp(p + pos + 1, selector, len) == 0;
        uint32_t value = scan_next(s, c), after = step_over(s, c, value);
        if (it && value < s->index.len && p[value] == '"') {
            end = string_end(p, value, after);
            return end ? (Str){p + value + 1, end - value - 1} : (Str){0};
        }
        if (after >= s->index.len || p[after] != ',') break;
    }
    return (Str){0};
}

/* [key=text]: looks ahead into the element at pos for the member that selects, then puts the cursor back behind pos. */
static uint16_t select_element(Scan *s, const Node *n, uint32_t pos, Cursor *c) {
    if (s->index.text[pos] != '{') return 0;
    Cursor ahead = *c;
    uint32_t first = s->index.first;
    Str text = selecting_text(s, &ahead, n->selector);
    if (s->index.first != first) *c = scan_seek(s, pos + 1);
    uint16_t child = text.len ? lookup(s->plan, &n->selected, text.at, (uint32_t)text.len) : 0;
    if (child) forget(s, s->plan->nodes[child].below_first, s->plan->nodes[child].below_count);
    return child;
}

static uint16_t listed_element(Scan *s, const Node *n, uint32_t pos, uint32_t item) {
    const char *p = s->index.text;
    for (uint16_t i = 0; i < n->selected.used; i++) {
        const Slot *slot = &s->plan->slots[n->selected.first + i];
        if (n->elements == ELEMENTS_NUMBERED && slot->len == item) return slot->node;
        if (n->elements == ELEMENTS_LAST) {
            forget(s, s->plan->nodes[slot->node].below_first, s->plan->nodes[slot->node].below_count);
            return slot->node;
        }
        if (n->elements == ELEMENTS_PREFIXED && p[pos] == '"' && s->index.len - pos > slot->len &&
            memcmp(p + pos + 1, slot->text, slot->len) == 0)
            return slot->node;
    }
    return 0;
}

INLINE uint16_t element(Scan *s, Frame *f, uint32_t pos, Cursor *c) {
    const Node *n = &s->plan->nodes[f->node];
    if (n->elements == ELEMENTS_NONE) return 0;
    if (n->elements != ELEMENTS_SELECTED) return listed_element(s, n, pos, f->item++);
    Cursor copy = *c; /* so that *c itself can stay in registers */
    uint16_t child = select_element(s, n, pos, &copy);
    *c = copy;
    return child;
}

static bool stop(Scan *s, const char *why) {
    s->why = why;
    return false;
}

bool scan_walk(Scan *s, uint16_t node, uint32_t from, Cursor c) {
    const char *p = s->index.text;
    Frame *top = s->frames;
    uint32_t pos = scan_next(s, &c), after, end;
    Str text;
    for (;;) {
        /* A value is expected: pos is the first entry at or behind `from`. */
        if (p[pos] == '"') {
            after = scan_next(s, &c);
            end = string_end(p, pos, after);
            if (!end || !blank(p, from, pos)) return stop(s, "unexpected text beside a string");
            if (node) take_string(s, node, pos, end);
            pos = after;
        } else if (p[pos] == '{' || p[pos] == '[') {
            if (!blank(p, from, pos)) return stop(s, "unexpected text before a bracket");
            if (top == s->frames + SCAN_DEPTH_MAX) return stop(s, "nested too deeply");
            *++top = (Frame){.open = pos, .node = node, .closer = (char)(p[pos] + 2)};
            from = pos + 1;
            pos = scan_next(s, &c);
            if (p[pos] == top->closer && blank(p, from, pos)) goto behind;
            goto next;
        } else {
            ScanType type = scalar(p, from, pos, &text);
            if (!type) return stop(s, "a value is missing or is not one");
            if (node) take(s, &s->plan->nodes[node], (ScanValue){type, false, text});
        }
    behind: /* a value: pos is the entry behind it */
        if (top == s->frames) return s->end = pos, true;
        while (p[pos] == top->closer) {
            if (top->node) take_container(s, top->node, top->open, pos);
            from = pos + 1;
            if (--top == s->frames) return s->end = from, true;
            pos = scan_next(s, &c);
            if (!blank(p, from, pos)) return stop(s, "unexpected text behind a bracket");
        }
        if (p[pos] != ',') return stop(s, "a comma or a closing bracket is missing");
        from = pos + 1;
        pos = scan_next(s, &c);
    next: /* an element or a member begins */
        if (top->closer == ']') {
            node = top->node ? element(s, top, pos, &c) : 0;
            continue;
        }
        after = scan_next(s, &c);
        if (p[pos] != '"' || p[after] != ':' || !blank(p, from, pos)) return stop(s, "a key is missing");
        if (!(end = string_end(p, pos, after))) return stop(s, "unexpected text behind a key");
        node = top->node ? member(s, top->node, pos, end) : 0;
        from = after + 1;
        pos = scan_next(s, &c);
    }
}
