/* scan_plan: paths compiled into the tree that the walk follows.
 *
 * Owns: the path grammar, the tree's memory. The tree is deterministic: what `*` wants is merged into every named sibling,
 * so that a member leads to one node. Compiling happens once per format, so simple beats fast here.
 */
#include "collectors/scan_path.h"

typedef struct Item { /* a path, and how much of it is still to be matched */
    uint16_t path;
    const Step *step;
    bool any; /* came here by `*`: a later member without it takes nothing away */
} Item;

typedef struct Builder {
    ScanPlan *plan;
    Err *e;
} Builder;

static uint16_t build(const Builder *b, const Item *items, size_t count);

static uint16_t list_add(ScanPlan *p, uint16_t path) {
    p->lists = xrealloc(p->lists, (p->list_count + 1) * sizeof *p->lists);
    p->lists[p->list_count] = path;
    return (uint16_t)p->list_count++;
}

static size_t steps_of_kind(const Item *items, size_t n, StepKind kind) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) found += items[i].step->kind == kind;
    return found;
}

/* Whether an earlier item has the same step, so that its node was built already. */
static bool seen_before(const Item *items, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (step_same(items[i].step, items[at].step)) return true;
    return false;
}

/* The node behind items[at]'s step: all items with the same step go on in it; a member's also those with `*`. */
static uint16_t build_child(const Builder *b, const Item *items, size_t n, size_t at) {
    Item *next = xcalloc(n, sizeof *next);
    size_t count = 0;
    bool member = items[at].step->kind == STEP_MEMBER;
    for (size_t i = 0; i < n; i++)
        if (step_same(items[i].step, items[at].step) || (member && items[i].step->kind == STEP_ANY))
            next[count++] = (Item){items[i].path, items[i].step + 1, items[i].step->kind == STEP_ANY};
    uint16_t node = build(b, next, count);
    free(next);
    return node;
}

static Slot slot_of(const Step *s, uint16_t node) {
    if (!s->text.at) return (Slot){.len = s->number, .node = node};
    uint32_t len = (uint32_t)s->text.len;
    return (Slot){.words = scan_words(s->text.at, len), .text = s->text.at, .len = len, .node = node};
}

static void slots_reserve(ScanPlan *p, size_t more) {
    p->slots = xrealloc(p->slots, (p->slot_count + more) * sizeof *p->slots);
    memset(p->slots + p->slot_count, 0, more * sizeof *p->slots);
    p->slot_count += more;
}

static void table_put(ScanPlan *p, Table *t, Slot slot) {
    uint32_t i = scan_hash(slot.words, slot.len);
    t->filter |= UINT64_C(1) << (i & 63);
    while (p->slots[t->first + (i & t->mask)].node) i++;
    p->slots[t->first + (i & t->mask)] = slot;
}

/* A hashed table, or a plain list, of the children behind all steps of one kind. */
static Table build_table(const Builder *b, const Item *items, size_t n, StepKind kind) {
    Table t = {0};
    Slot *found = xcalloc(n + 1, sizeof *found);
    for (size_t i = 0; i < n; i++)
        if (items[i].step->kind == kind && !seen_before(items, i))
            found[t.used++] = slot_of(items[i].step, build_child(b, items, n, i));
    bool hashed = kind == STEP_MEMBER || kind == STEP_SELECT;
    size_t size = t.used;
    if (hashed && t.used)
        for (size = 2; size < 3u * t.used;) size *= 2;
    t.first = (uint16_t)b->plan->slot_count;
    t.mask = (uint16_t)(hashed && size ? size - 1 : 0);
    slots_reserve(b->plan, size);
    for (size_t i = 0; i < t.used; i++) {
        if (hashed)
            table_put(b->plan, &t, found[i]);
        else
            b->plan->slots[t.first + i] = found[i];
    }
    free(found);
    return t;
}

static void build_elements(const Builder *b, Node *node, const Item *items, size_t n) {
    static const struct { StepKind step; Elements elements; } kinds[] = {
        {STEP_NUMBER, ELEMENTS_NUMBERED}, {STEP_LAST, ELEMENTS_LAST}, {STEP_SELECT, ELEMENTS_SELECTED}, {STEP_PREFIX, ELEMENTS_PREFIXED}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!steps_of_kind(items, n, kinds[k].step)) continue;
        if (node->elements) fail(b->e, "one list is asked for elements in two ways; use one of [0], [-1], [key=text], [^prefix]");
        node->elements = kinds[k].elements;
        node->selected = build_table(b, items, n, kinds[k].step);
    }
    for (size_t i = 0; i < n; i++) {
        if (items[i].step->kind != STEP_SELECT) continue;
        if (node->selector && strcmp(node->selector, items[i].step->selector) != 0)
            fail(b->e, "one list is asked for elements by \"%s\" and by \"%s\"; use one", node->selector, items[i].step->selector);
        node->selector = items[i].step->selector;
    }
}

static void build_lists(ScanPlan *p, Node *node, const Item *items, size_t n) {
    node->path_first = (uint16_t)p->list_count;
    for (size_t i = 0; i < n; i++)
        if (items[i].step->kind == STEP_END) list_add(p, items[i].path), node->path_count++;
    node->below_first = (uint16_t)p->list_count;
    for (size_t i = 0; i < n; i++)
        if (items[i].step->kind != STEP_END && !items[i].any) list_add(p, items[i].path), node->below_count++;
}

static uint16_t build(const Builder *b, const Item *items, size_t n) {
    ScanPlan *p = b->plan;
    if (p->node_count >= NODES_MAX || p->slot_count + 6 * n >= UINT16_MAX || p->list_count + n >= UINT16_MAX) {
        fail(b->e, "too many paths; leave some out");
        return 0;
    }
    Node node = {0};
    uint16_t self = (uint16_t)p->node_count++;
    p->nodes = xrealloc(p->nodes, p->node_count * sizeof *p->nodes);
    build_lists(p, &node, items, n);
    node.members = build_table(b, items, n, STEP_MEMBER);
    for (size_t i = 0; i < n && !node.star; i++)
        if (items[i].step->kind == STEP_ANY) node.star = build_child(b, items, n, i);
    build_elements(b, &node, items, n);
    p->nodes[self] = node;
    for (uint16_t i = 0; node.elements == ELEMENTS_PREFIXED && i < node.selected.used; i++) {
        const Slot *slot = &p->slots[node.selected.first + i];
        p->nodes[slot->node].skip = slot->len;
    }
    return self;
}

/* How many repeating steps of `each` the path goes through, and the step behind the last of them. */
static size_t level_of(const Step *path, const Step *each, const Step **rest) {
    size_t level = 0;
    *rest = path;
    for (; each->kind != STEP_END && step_same(path, each); path++, each++)
        if (each->kind == STEP_EACH || each->kind == STEP_ANY) level++, *rest = path + 1;
    return level;
}

/* Sorts the paths by level and builds each level's tree; the container of level k is a path of its own at k. */
static int build_levels(const Builder *b, const Path *paths, size_t count, Path *each) {
    ScanPlan *p = b->plan;
    Item items[LEVELS_MAX + 1][VALUES_MAX];
    size_t n[LEVELS_MAX + 1] = {0};
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        const Step *rest;
        size_t level = level_of(paths[i].steps, each->steps, &rest);
        if (rest->kind == STEP_NAME && level) {
            p->named[level - 1] = (uint16_t)(i + 1);
            continue;
        }
        for (const Step *s = rest; s->kind != STEP_END; s++)
            if (s->kind == STEP_EACH || s->kind == STEP_NAME) return fail(b->e, "[] and @ are for what \"each\" goes through");
        items[level][n[level]++] = (Item){.path = (uint16_t)i, .step = rest};
    }
    for (size_t k = 0, i = 0; each->steps[i].kind != STEP_END; i++) {
        if (each->steps[i].kind != STEP_EACH && each->steps[i].kind != STEP_ANY) continue;
        p->members[k] = each->steps[i].kind == STEP_ANY;
        each->steps[i].kind = STEP_END; /* the container's path ends here */
        items[k][n[k]++] = (Item){.path = (uint16_t)(count + k), .step = each->steps + from};
        from = i + 1;
        p->level_count = ++k;
    }
    for (size_t k = 0; k <= p->level_count; k++) p->root[k] = build(b, items[k], n[k]);
    for (size_t k = 0; k <= p->level_count; k++) {
        p->level_paths[k] = (uint16_t)p->list_count;
        for (size_t level = k; level <= p->level_count; level++) {
            for (size_t i = 0; i < n[level]; i++) list_add(p, items[level][i].path);
            if (level > k && p->named[level - 1]) list_add(p, (uint16_t)(p->named[level - 1] - 1));
        }
        p->level_path_count[k] = (uint16_t)(p->list_count - p->level_paths[k]);
    }
    return b->e->text[0] ? -1 : 0;
}

static int each_parse(Path *each, const char *text, ScanPlan *p, Err *e) {
    size_t repeats = 0, last = 0;
    if (path_parse(each, text ? text : "", p, e) != 0) return -1;
    for (size_t i = 0; each->steps[i].kind != STEP_END; i++) {
        last = each->steps[i].kind == STEP_EACH || each->steps[i].kind == STEP_ANY;
        repeats += last;
    }
    if (text && !last) return fail(e, "each \"%s\": it must end in [] or .*", text);
    return repeats > LEVELS_MAX ? fail(e, "each \"%s\": at most %d [] or *", text, LEVELS_MAX) : 0;
}

int scan_plan(ScanPlan **out, const char *const *paths, size_t count, const char *each, Err *e) {
    Err local = {0};
    if (count > SCAN_PATHS_MAX) return fail(e, "%zu paths; at most %d", count, SCAN_PATHS_MAX);
    ScanPlan *p = xcalloc(1, sizeof *p);
    Path *parsed = xcalloc(count + 1, sizeof *parsed);
    size_t text = each ? strlen(each) : 0;
    for (size_t i = 0; i < count; i++) text += strlen(paths[i]);
    p->text = xcalloc(text * 2 + 2 * SCAN_PAD, 1); /* every step is shorter than its source, even with its NUL */
    p->path_count = count;
    p->nodes = xcalloc(1, sizeof *p->nodes);
    p->node_count = 1;
    int rc = each_parse(&parsed[count], each, p, &local);
    for (size_t i = 0; i < count && rc == 0; i++) rc = path_parse(&parsed[i], paths[i], p, &local);
    if (rc == 0) rc = build_levels(&(Builder){p, &local}, parsed, count, &parsed[count]);
    free(parsed);
    if (rc != 0) {
        scan_plan_free(p);
        return fail(e, "%s", local.text);
    }
    *out = p;
    return 0;
}

void scan_plan_free(ScanPlan *p) {
    if (!p) return;
    free(p->nodes);
    free(p->slots);
    free(p->lists);
    free(p->text);
    free(p);
}
