/* screen_features: spend by any dimension, feature first; `d` and `D` walk through the dimensions. */
#include "tui/drill.h"
#include "tui/groups.h"
#include "tui/keys.h"

typedef struct Features {
    Groups list;
    int dim;
} Features;

static void *open_features(void) {
    Features *f = xcalloc(1, sizeof *f);
    f->dim = -1;
    return f;
}

static void close_features(void *self) {
    Features *f = self;
    if (!f) return;
    groups_free(&f->list);
    free(f);
}

static int load_features(void *self, View *v, int64_t deadline_us, bool *more, Err *e) {
    Features *f = self;
    (void)deadline_us;
    *more = false;
    if (f->dim < 0) {
        f->dim = dimension_saved(v, "features.dimension", DIM_FEATURE, true);
        groups_init(&f->list, f->dim, -1);
    }
    return groups_load(&f->list, v, e);
}

static int tick_features(void *self, View *v, Err *e) {
    return groups_tick(&((Features *)self)->list, v, e);
}

static void draw_features(const void *self, const View *v, Canvas *c, Rect area) {
    const Features *f = self;
    char title[48];
    snprintf(title, sizeof title, "%s%s", by_name(f->dim), f->list.range.from_rows ? " (from rows)" : "");
    groups_draw(&f->list, v, title, c, area);
}

static bool key_features(void *self, View *v, int key) {
    Features *f = self;
    const KeyCommand *k = key_meaning(key);
    const GroupRow *r = groups_selected(&f->list);
    if (k && k->act == DO_OPEN && r) {
        drill_into(v, f->dim, r->name);
        return true;
    }
    if (!k || k->act != DO_DIMENSION) return groups_key(&f->list, key);
    f->dim = dimension_next(f->dim, key == 'D', true);
    groups_free(&f->list);
    groups_init(&f->list, f->dim, -1);
    saved_set(v->saved, "features.dimension", by_name(f->dim));
    snprintf(v->answer, sizeof v->answer, "by %s", by_name(f->dim));
    return true;
}

const Screen screen_features = {
    .name = "features", .title = "Features", .key = '3', .open = open_features, .close = close_features,
    .load = load_features, .tick = tick_features, .draw = draw_features, .key_pressed = key_features,
    .footer = "open dimension sort range",
};
