/* scan_prune: see scan_prune.h.
 *
 * Two halves: the grammar (before, depth, the stack of brackets), which sees every byte, and what is kept (the frames of
 * open objects and arrays), which stands still while a value that is not wanted goes by. An item is a member or an element,
 * with the comma before it.
 */
#include "collectors/reader_cut.h"
#include "collectors/scan_prune.h"
#include "collectors/scan_impl.h"

enum { WHOLE_MAX = 64 * 1024, INNER_KEPT = 256 * 1024, BROKEN = 1 };

typedef struct Kept { /* what is wanted of a value; of an open object or array also what is kept of it */
    const ScanPlan *plan;
    uint16_t node;       /* in the plan; 0 = nothing by name */
    uint8_t level;       /* of the plan's `each` */
    bool whole;          /* as it stands, but no more than WHOLE_MAX from whole_from on */
    bool each;           /* every item is one of the next level, */
    bool each_whole;     /* of which the present level wants something too */
    bool selecting;      /* an element that counts if its selector says so, */
    bool chosen;         /* which it has, */
    bool anyway;         /* or it is kept all the same */
    bool selector, prefixed, inner; /* strings: the selector's text; wanted by its prefix; JSON inside */
    bool counted_only;    /* not wanted, but the elements behind it are counted */
    bool wanted;
    uint32_t whole_from, open, item, number;
    uint32_t last;       /* where the element begins that may be the last; 0 = there is none */
} Kept;

struct Pruner {
    const PruneSpec *spec;
    char *text;
    uint32_t out, most, key_at;
    uint32_t depth, drop; /* drop: depth + 1 of the value that is not wanted; 0 = none */
    bool in_string, is_key, gap, broken;
    char before;          /* the last character outside strings; '"' = a string ended, 'k' = a key, '0' = a number or word */
    Cutter cutter;
    Kept next;            /* what is wanted of the value that comes */
    Kept frame[SCAN_DEPTH_MAX + 1];
    uint8_t is_array[SCAN_DEPTH_MAX / 8 + 1];
};

Pruner *pruner_new(void) {
    return xcalloc(1, sizeof(Pruner));
}

void pruner_free(Pruner *p) {
    free(p);
}

/* ---- what is wanted ---- */

static const ScanPlan *inner_plan(const Pruner *p, const ScanPlan *plan, uint16_t path) {
    for (size_t i = 0; plan == p->spec->plan && i < p->spec->inner_count; i++)
        if (p->spec->inner[i].path == path) return p->spec->inner[i].plan;
    return NULL;
}

static bool has_children(const Node *n) {
    return n->star || n->members.used || n->elements;
}

/* Of the value at a node. */
static Kept want_node(const Pruner *p, const ScanPlan *plan, uint8_t level, uint16_t node) {
    Kept k = {.plan = plan, .level = level, .node = node, .wanted = node != 0};
    const Node *n = &plan->nodes[node];
    for (uint16_t i = 0; i < n->path_count; i++) {
        uint16_t path = plan->lists[n->path_first + i];
        const ScanPlan *inner = inner_plan(p, plan, path);
        if (path >= plan->path_count) k.each = true, k.each_whole = has_children(n);
        else if (inner && !has_children(n)) k.plan = inner, k.level = 0, k.node = inner->root[0], k.inner = true;
        else k.whole = true;
    }
    return k;
}

/* Whether there is room for more of what is wanted as it stands. */
static bool whole_goes_on(const Pruner *p, const Kept *f) {
    return f->whole && p->out - f->whole_from < WHOLE_MAX;
}

static Kept want_element_of_each(const Pruner *p, const Kept *f) {
    Kept k = want_node(p, f->plan, (uint8_t)(f->level + 1), f->plan->root[f->level + 1]);
    k.wanted = true;
    k.whole |= f->each_whole || whole_goes_on(p, f);
    return k;
}

/* Of an item of f that its node leads to, or not (0); what is wanted as it stands goes on in it. */
static Kept want_child(const Pruner *p, const Kept *f, uint16_t node) {
    Kept k = node ? want_node(p, f->plan, f->level, node) : (Kept){.plan = f->plan, .level = f->level};
    if (whole_goes_on(p, f)) k.whole = k.wanted = k.anyway = true;
    return k;
}

/* ---- keeping and leaving out ---- */

static void keep(Pruner *p, char b) {
    p->text[p->out++] = b;
}

static void leave_out(Pruner *p, const Kept *f) {
    p->drop = p->depth + 1;
    p->out = f->item;
    if (p->next.counted_only) {
        if (f->item > f->open + 1) keep(p, ',');
        keep(p, '0');
    }
}

static void key_ended(Pruner *p) {
    Kept *f = &p->frame[p->depth];
    const Node *n = &f->plan->nodes[f->node];
    Str key = {p->text + p->key_at + 1, p->out - p->key_at - 2};
    uint16_t child = scan_find(f->plan, &n->members, key);
    if (f->each && f->plan->members[f->level]) p->next = want_element_of_each(p, f);
    else p->next = want_child(p, f, child ? child : n->star);
    if (f->selecting) {
        const Kept *list = &p->frame[p->depth - 1];
        const char *selector = list->plan->nodes[list->node].selector;
        p->next.selector = key.len == strlen(selector) && memcmp(key.at, selector, key.len) == 0;
        p->next.wanted = p->next.whole = true;
    }
    if (!p->next.wanted) leave_out(p, f);
}

static uint32_t numbers_of(const Kept *f, const Node *n) {
    uint32_t max = 0;
    for (uint16_t i = 0; i < n->selected.used; i++) {
        uint32_t number = f->plan->slots[n->selected.first + i].len + 1;
        if (number > max) max = number;
    }
    return max;
}

static uint16_t numbered(const Kept *f, const Node *n) {
    for (uint16_t i = 0; i < n->selected.used; i++) {
        const Slot *slot = &f->plan->slots[n->selected.first + i];
        if (n->elements == ELEMENTS_LAST || slot->len == f->number) return slot->node;
    }
    return 0;
}

/* An element begins, so the one before it was not the last. */
static void forget_last(Pruner *p, Kept *f) {
    if (!f->last) {
        f->last = f->item;
        return;
    }
    p->out = f->item = f->last;
    if (f->item > f->open + 1) keep(p, ',');
}

/* An element of the array f begins with the byte b. */
static Kept want_element(Pruner *p, Kept *f, char b) {
    const Node *n = &f->plan->nodes[f->node];
    if (f->each && !f->plan->members[f->level]) return want_element_of_each(p, f);
    bool by_number = n->elements == ELEMENTS_NUMBERED || n->elements == ELEMENTS_LAST;
    Kept k = want_child(p, f, by_number ? numbered(f, n) : 0);
    if (n->elements == ELEMENTS_LAST && !k.anyway) forget_last(p, f);
    if (n->elements == ELEMENTS_NUMBERED) k.counted_only = f->number + 1 < numbers_of(f, n);
    if (n->elements == ELEMENTS_SELECTED && b == '{') k.selecting = k.wanted = k.whole = true;
    if (n->elements == ELEMENTS_PREFIXED && b == '"') k.prefixed = k.wanted = true;
    return k;
}

static void value_begins(Pruner *p, char b) {
    if (p->drop) return;
    Kept *f = &p->frame[p->depth];
    if (p->depth == 0) {
        p->next = want_node(p, p->spec->plan, 0, p->spec->plan->root[0]);
    } else if (p->before != ':') {
        p->next = want_element(p, f, b);
        f->number++;
        if (!p->next.wanted) leave_out(p, f);
    }
    bool goes_on = p->depth && !f->selecting && whole_goes_on(p, f);
    p->next.whole_from = goes_on ? f->whole_from : p->out;
}

static bool has_prefix(const Kept *f, Str text) {
    const Node *n = &f->plan->nodes[f->node];
    for (uint16_t i = 0; i < n->selected.used; i++) {
        const Slot *slot = &f->plan->slots[n->selected.first + i];
        if (text.len >= slot->len && memcmp(text.at, slot->text, slot->len) == 0) return true;
    }
    return false;
}

static void string_ended(Pruner *p) {
    Kept *f = &p->frame[p->depth];
    Str text = {p->text + p->key_at + 1, p->out - p->key_at - 2};
    if (p->next.prefixed && !p->next.anyway && !has_prefix(f, text)) p->out = f->item;
    if (!p->next.selector || f->number++) return; /* the first one counts */
    const Kept *list = &p->frame[p->depth - 1];
    f->chosen = scan_find(list->plan, &list->plan->nodes[list->node].selected, text) != 0;
}

/* ---- the grammar ---- */

static bool in_array(const Pruner *p) {
    return p->depth && p->is_array[p->depth / 8] >> p->depth % 8 & 1;
}

static bool value_fits(const Pruner *p) {
    /* Behind a whole value another one may stand on the line: what it means the reader of the record knows. */
    return p->depth == 0 ? p->before == 0 || p->before == '}' : p->before == ':' || (in_array(p) && (p->before == '[' || p->before == ','));
}

static bool key_fits(const Pruner *p) {
    return p->depth && !in_array(p) && (p->before == '{' || p->before == ',');
}

static bool ended_value(const Pruner *p) {
    return p->before == '"' || p->before == '}' || p->before == ']' || p->before == '0';
}

static bool open_bracket(Pruner *p, char b) {
    if (!value_fits(p) || p->depth == SCAN_DEPTH_MAX) return false;
    value_begins(p, b);
    p->depth++;
    if (b == '[') p->is_array[p->depth / 8] |= (uint8_t)(1u << p->depth % 8);
    else p->is_array[p->depth / 8] &= (uint8_t)~(1u << p->depth % 8);
    if (p->drop) return true;
    Kept *f = &p->frame[p->depth];
    *f = p->next;
    f->open = p->out;
    f->item = p->out + 1;
    f->number = f->last = 0;
    keep(p, b);
    return true;
}

static bool close_bracket(Pruner *p, char b) {
    if (p->depth == 0 || in_array(p) != (b == ']')) return false;
    if (!ended_value(p) && p->before != b - 2) return false;
    if (p->drop == p->depth + 1) p->drop = 0;
    const Kept *f = &p->frame[p->depth--];
    if (p->drop) return true;
    keep(p, b);
    const Kept *list = &p->frame[p->depth];
    if (f->selecting && !f->chosen && !f->anyway) p->out = list->item;
    return true;
}

static bool comma(Pruner *p) {
    if (p->depth == 0 || !ended_value(p)) return false;
    if (p->drop == p->depth + 1) p->drop = 0;
    if (p->drop) return true;
    Kept *f = &p->frame[p->depth];
    f->item = p->out;
    if (p->out > f->open + 1) keep(p, ',');
    return true;
}

static bool colon(Pruner *p) {
    if (p->before != 'k') return false;
    if (!p->drop) keep(p, ':');
    return true;
}

static bool quote(Pruner *p) {
    p->is_key = key_fits(p);
    if (!p->is_key && !value_fits(p)) return false;
    if (!p->is_key) value_begins(p, '"');
    p->in_string = true;
    p->cutter = (Cutter){.in_string = true};
    p->key_at = p->out;
    if (!p->drop) keep(p, '"');
    return true;
}

static bool scalar_byte(Pruner *p, char *b) {
    bool goes_on = p->before == '0';
    if (goes_on ? p->gap : !value_fits(p)) return false;
    if (!goes_on) value_begins(p, *b);
    if (!p->drop) keep(p, *b);
    *b = '0';
    return true;
}

static void step_string(Pruner *p, char b) {
    bool kept = cutter_string(&p->cutter, (unsigned char)b, p->next.inner && !p->is_key ? INNER_KEPT : CUT_KEPT);
    if (kept && !p->drop) keep(p, b);
    if (p->cutter.in_string) return;
    p->in_string = false;
    p->before = p->is_key ? 'k' : '"';
    if (p->drop) return;
    if (p->is_key) key_ended(p);
    else string_ended(p);
}

/* One byte outside strings; false = this is not JSON. */
static bool step_plain(Pruner *p, char b) {
    bool ok;
    switch (b) {
    case ' ': case '\t': case '\n': case '\r': return p->gap = true;
    case '{': case '[': ok = open_bracket(p, b); break;
    case '}': case ']': ok = close_bracket(p, b); break;
    case ',': ok = comma(p); break;
    case ':': ok = colon(p); break;
    case '"': return p->gap = false, quote(p);
    default: ok = scalar_byte(p, &b);
    }
    p->gap = false;
    p->before = b;
    return ok;
}

void pruner_start(Pruner *p, const PruneSpec *spec) {
    p->spec = spec;
    p->out = p->most = p->depth = p->drop = 0;
    p->in_string = p->gap = p->broken = false;
    p->before = 0;
}

/* What is no JSON gets a byte that is none, so that the record counts as bad. */
static void step(Pruner *p, char b) {
    if (p->broken) return;
    if (p->in_string) {
        step_string(p, b);
    } else if (!step_plain(p, b)) {
        p->broken = true;
        keep(p, BROKEN);
    }
}

size_t pruner_run(Pruner *p, char *text, size_t from, size_t to) {
    p->text = text;
    for (size_t i = from; i < to; i++) {
        step(p, text[i]);
        if (p->out > p->most) p->most = p->out;
    }
    return p->out;
}

size_t pruner_most(const Pruner *p) {
    return p->most;
}
