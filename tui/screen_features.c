/* screen_features: spend by any dimension, feature first; `d` and `D` walk through the dimensions. */
#include "tui/drill.h"
#include "tui/groups.h"
#include "tui/keys.h"

/* One level a step of the way down (drill.h): going back finds each as it was left. */
typedef struct Level {
    uint32_t id; /* of the step that led there; 0 = the outermost */
    int dim;
    TableState table;
} Level;

typedef struct Features {
    Groups list; /* of the level that is shown */
    Level level[DRILL_MAX + 1];
    int at;
} Features;

static void *open_features(void) {
    Features *f = xcalloc(1, sizeof *f);
    f->level[0].dim = -1; /* as it was saved */
    groups_init(&f->list, DIM_FEATURE, -1);
    f->level[0].table = f->list.table;
    return f;
}

static void close_features(void *self) {
    Features *f = self;
    if (!f) return;
    groups_free(&f->list);
    free(f);
}

/* Shows a level: its dimension, its choices; the columns are the same on all. */
static void show_level(Features *f, int at, uint32_t id, int dim) {
    const uint32_t toggled = f->list.table.toggled;
    table_state_free(&f->list.table);
    f->level[f->at].table = f->list.table;
    groups_free(&f->list);
    groups_init(&f->list, dim, -1);
    Level *l = &f->level[at];
    if (l->id != id || l->table.sort == 0) *l = (Level){.id = id, .table = f->list.table};
    l->dim = dim;
    f->list.table = l->table;
    f->list.table.toggled = toggled;
    f->at = at;
}

static void follow_way(Features *f, const View *v) {
    uint32_t id = v->depth ? v->step[v->depth - 1].id : 0;
    const Level *l = &f->level[v->depth];
    if (f->at == v->depth && l->id == id) return;
    int next = v->depth ? v->step[v->depth - 1].next_dim : DIM_FEATURE;
    show_level(f, v->depth, id, l->id == id ? l->dim : next < 0 ? DIM_MODEL : next);
}

static int load_features(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Features *f = self;
    if (f->level[0].dim < 0) {
        f->level[0].dim = dimension_saved(v, "features.dimension", DIM_FEATURE, true);
        f->list.by[0] = f->level[0].dim;
    }
    follow_way(f, v);
    return groups_load(&f->list, v, deadline_us, more, e);
}

static int tick_features(void *self, View *v, Err *e) {
    return groups_tick(&((Features *)self)->list, v, e);
}

static const char *title_of(const Features *f, char *out, size_t size) {
    int dim = f->level[f->at].dim; /* -1 until the first load */
    snprintf(out, size, "%s%s", by_name(dim < 0 ? DIM_FEATURE : dim), f->list.range.from_rows ? " (rows)" : "");
    return out;
}

static bool list_features(const void *self, const View *v, const Layout *l, Listing *out) {
    const Features *f = self;
    char title[48];
    return groups_list(&f->list, v, title_of(f, title, sizeof title), l->at[PART_BODY], out);
}

static void draw_features(const void *self, const View *v, Canvas *c, Rect area) {
    const Features *f = self;
    char title[48];
    groups_draw(&f->list, v, title_of(f, title, sizeof title), c, area);
}

static bool key_features(void *self, View *v, int key) {
    Features *f = self;
    Level *l = &f->level[f->at];
    const KeyCommand *k = key_meaning(key);
    const GroupRow *r = groups_selected(&f->list);
    if (k && k->act == DO_OPEN && r) {
        drill_into(v, l->dim, r->name);
        return true;
    }
    if (!k || k->act != DO_DIMENSION) return false;
    l->dim = dimension_next(l->dim, key == 'D', true);
    f->list.table.selected = f->list.table.key = 0;
    show_level(f, f->at, l->id, l->dim);
    if (v->depth == 0) saved_set(v->saved, "features.dimension", by_name(l->dim));
    snprintf(v->answer, sizeof v->answer, "by %s", by_name(l->dim));
    return true;
}

const Screen screen_features = {
    .name = "features", .title = "Features", .key = '3', .open = open_features, .close = close_features,
    .load = load_features, .tick = tick_features, .draw = draw_features, .key_pressed = key_features, .list = list_features,
    .table_at = offsetof(Features, list) + offsetof(Groups, table), .footer = "open dimension sort range filter columns compare copy export",
};
