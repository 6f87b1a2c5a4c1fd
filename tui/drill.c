/* drill: see drill.h. */
#include "tui/drill.h"
#include "tui/view.h"

static const struct { int dim; bool deep; } dimensions[] = {
    {DIM_FEATURE, false}, {DIM_MODEL, false},   {DIM_PROVIDER, false}, {DIM_TEAM, false},    {DIM_KEY, false},
    {DIM_USER, true},     {DIM_PROJECT, true},  {DIM_SESSION, true},   {DIM_ENDPOINT, true}, {DIM_ACCOUNT, false},
    {DIM_TIER, false},    {DIM_GATEWAY, false}, {DIM_HOST, true},
};
enum { DIMENSIONS = sizeof dimensions / sizeof *dimensions };

int dimension_next(int dim, bool back, bool deep) {
    int at = 0;
    while (at < DIMENSIONS && dimensions[at].dim != dim) at++;
    do at = (at + (back ? DIMENSIONS - 1 : 1)) % DIMENSIONS;
    while (dimensions[at].deep && !deep);
    return dimensions[at].dim;
}

int dimension_saved(const View *v, const char *key, int fallback, bool deep) {
    const char *name = saved_get(v->saved, key);
    for (int i = 0; name && i < DIMENSIONS; i++)
        if (strcmp(by_name(dimensions[i].dim), name) == 0 && (deep || !dimensions[i].deep)) return dimensions[i].dim;
    return fallback;
}

/* Always quoted: a value may hold blanks and commas. A * in it stays a pattern, which also matches the value itself. */
bool drill_term(int dim, const char *value, char *out, size_t size) {
    Buf b = {.max = size - 1};
    buf_fmt(&b, "%s:", by_name(dim));
    if (value[0]) buf_str(&b, "\"");
    for (const char *p = value; *p; p++) {
        if (*p == '"' || *p == '\\') buf_str(&b, "\\");
        buf_add(&b, p, 1);
    }
    if (value[0]) buf_str(&b, "\"");
    bool fits = !b.overflow;
    if (fits) snprintf(out, size, "%s", b.at);
    buf_free(&b);
    return fits;
}

/* ---- the way ---- */

static bool is_chosen(const View *v, int dim) {
    for (int i = 0; i < v->depth; i++)
        if (v->step[i].dim == dim) return true;
    return false;
}

int drill_next(const View *v, int dim) {
    static const int chain[] = {DIM_MODEL, DIM_FEATURE};
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++)
        if (chain[i] != dim && !is_chosen(v, chain[i])) return chain[i];
    return -1;
}

/* Too deep: the oldest step is forgotten. */
static void push(View *v, int dim, const char *value, int next_dim) {
    if (v->depth == DRILL_MAX) {
        memmove(v->step, v->step + 1, (DRILL_MAX - 1) * sizeof *v->step);
        v->depth--;
    }
    DrillStep *s = &v->step[v->depth++];
    *s = (DrillStep){.dim = dim, .next_dim = next_dim, .id = ++v->steps};
    snprintf(s->screen, sizeof s->screen, "%s", v->shown ? v->shown->name : "overview");
    snprintf(s->filter, sizeof s->filter, "%s", v->filter_text);
    snprintf(s->range, sizeof s->range, "%s", v->range_text);
    snprintf(s->range_name, sizeof s->range_name, "%s", v->range_name);
    s->length_ms = v->until_ms - v->since_ms;
    const char *words = dim < 0 ? "everything" : value[0] ? value : "(none)";
    snprintf(s->crumb, sizeof s->crumb, "%.*s", (int)utf8_cut(words, strlen(words), sizeof s->crumb - 1), words);
}

static void go(View *v, const char *screen, const char *filter, int dim, const char *value, int next_dim) {
    Err e = {""};
    push(v, dim, value, next_dim);
    if (view_set_filter(v, filter, &e) != 0) {
        v->depth--;
        snprintf(v->answer, sizeof v->answer, "tollwatch: %.200s", e.text);
        return;
    }
    snprintf(v->drill_filter, sizeof v->drill_filter, "%s", filter);
    snprintf(v->go, sizeof v->go, "%s", screen);
}

static bool term_of(View *v, int dim, const char *value, char *out, size_t size) {
    if (drill_term(dim, value, out, size)) return true;
    snprintf(v->answer, sizeof v->answer, "this name is too long for a filter");
    return false;
}

void drill_into(View *v, int dim, const char *value) {
    char term[sizeof v->filter_text], text[2 * sizeof v->filter_text];
    int next = drill_next(v, dim);
    if (!term_of(v, dim, value, term, sizeof term)) return;
    snprintf(text, sizeof text, "%s%s%s", v->filter_text, v->filter_text[0] ? " " : "", term);
    if (strlen(text) >= sizeof v->filter_text) {
        snprintf(v->answer, sizeof v->answer, "the filter would be too long; Esc goes back");
        return;
    }
    go(v, next < 0 ? "requests" : "features", text, dim, value, next);
}

void drill_to(View *v, const char *screen, int dim, const char *value) {
    char term[sizeof v->filter_text] = "";
    if (dim >= 0 && !term_of(v, dim, value, term, sizeof term)) return;
    go(v, screen, term, dim, value, dim == DIM_FEATURE ? DIM_MODEL : DIM_FEATURE);
}

/* The range of then, at the instant that is shown now: a date would lead away from it, so of one only its length is left. */
static void restore_range(View *v, const DrillStep *s) {
    bool named = s->range[0] && (view_is_live(v) || !strchr(s->range, '-'));
    if (strcmp(v->range_text, s->range) == 0 && (named || v->until_ms - v->since_ms == s->length_ms)) return;
    if (named) {
        view_set_range(v, s->range, NULL);
        return;
    }
    v->range_text[0] = '\0';
    snprintf(v->range_name, sizeof v->range_name, "%s", s->range_name);
    v->range_length_ms = s->length_ms;
    v->since_ms = v->until_ms - s->length_ms;
}

bool drill_back(View *v) {
    if (v->depth == 0) return false;
    const DrillStep *s = &v->step[--v->depth];
    view_set_filter(v, s->filter, NULL);
    restore_range(v, s);
    snprintf(v->drill_filter, sizeof v->drill_filter, "%s", s->filter);
    snprintf(v->go, sizeof v->go, "%s", s->screen);
    return true;
}

void drill_forget(View *v) {
    v->depth = 0;
    v->drill_filter[0] = '\0';
}

void drill_crumbs(const View *v, int most, char *out, size_t size) {
    Buf b = {.max = size - 1};
    int from = v->depth > most ? v->depth - most : 0;
    if (from > 0) buf_str(&b, "\u2026");
    for (int i = from; i < v->depth; i++) buf_fmt(&b, "%s%s", b.len ? " \u203a " : "", v->step[i].crumb);
    size_t n = b.at ? utf8_cut(b.at, b.len, size - 1) : 0;
    snprintf(out, size, "%.*s", (int)n, b.at ? b.at : "");
    buf_free(&b);
}

const char *drill_typed_filter(const View *v) {
    size_t n = strlen(v->drill_filter);
    if (v->depth == 0 || strncmp(v->filter_text, v->drill_filter, n) != 0) return v->filter_text;
    return v->filter_text + n + strspn(v->filter_text + n, " ");
}
