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

void drill_into(View *v, int dim, const char *value) {
    char term[sizeof v->filter_text], text[2 * sizeof v->filter_text];
    Err e = {""};
    if (!drill_term(dim, value, term, sizeof term)) {
        snprintf(v->answer, sizeof v->answer, "this name is too long for a filter");
        return;
    }
    snprintf(text, sizeof text, "%s%s%s", v->filter_text, v->filter_text[0] ? " " : "", term);
    if (strlen(text) >= sizeof v->filter_text) snprintf(text, sizeof text, "%s", term);
    snprintf(v->filter_outer, sizeof v->filter_outer, "%s", v->filter_text);
    v->drilled = true;
    if (view_set_filter(v, text, &e) != 0)
        snprintf(v->answer, sizeof v->answer, "tollwatch: %.200s", e.text);
    else
        snprintf(v->go, sizeof v->go, "requests");
}

void drill_to(View *v, const char *screen, int dim, const char *value) {
    char term[sizeof v->filter_text] = "";
    Err e = {""};
    if (dim >= 0 && !drill_term(dim, value, term, sizeof term)) {
        snprintf(v->answer, sizeof v->answer, "this name is too long for a filter");
        return;
    }
    snprintf(v->filter_outer, sizeof v->filter_outer, "%s", v->filter_text);
    v->drilled = true;
    if (view_set_filter(v, term, &e) != 0)
        snprintf(v->answer, sizeof v->answer, "tollwatch: %.200s", e.text);
    else
        snprintf(v->go, sizeof v->go, "%s", screen);
}
