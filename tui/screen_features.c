/* screen_features: spend by any dimension, feature first; `d` and `D` walk through the dimensions. */
#include "tui/groups.h"
#include "tui/keys.h"

static const int dimensions[] = {DIM_FEATURE, DIM_TEAM, DIM_KEY, DIM_USER, DIM_PROJECT, DIM_SESSION, DIM_ENDPOINT,
                                 DIM_PROVIDER, DIM_ACCOUNT, DIM_TIER, DIM_GATEWAY, DIM_HOST};
enum { DIMENSIONS = sizeof dimensions / sizeof *dimensions };

typedef struct Features {
    Groups list;
    int at; /* index of dimensions */
} Features;

static void *open_features(void) {
    Features *f = xcalloc(1, sizeof *f);
    groups_init(&f->list, dimensions[0], -1);
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
    return groups_load(&f->list, v, e);
}

static void draw_features(const void *self, const View *v, Canvas *c, Rect area) {
    const Features *f = self;
    char title[48];
    snprintf(title, sizeof title, "%s%s", by_name(dimensions[f->at]), f->list.range.from_rows ? " (from rows)" : "");
    groups_draw(&f->list, v, title, c, area);
}

static bool key_features(void *self, View *v, int key) {
    Features *f = self;
    const KeyCommand *k = key_meaning(key);
    if (!k || k->act != DO_DIMENSION) return groups_key(&f->list, key);
    f->at = (f->at + (key == 'D' ? DIMENSIONS - 1 : 1)) % DIMENSIONS;
    groups_free(&f->list);
    groups_init(&f->list, dimensions[f->at], -1);
    snprintf(v->answer, sizeof v->answer, "by %s", by_name(dimensions[f->at]));
    return true;
}

const Screen screen_features = {
    .name = "features", .title = "Features", .key = '3', .open = open_features, .close = close_features,
    .load = load_features, .draw = draw_features, .key_pressed = key_features,
    .footer = "dimension sort range",
};
