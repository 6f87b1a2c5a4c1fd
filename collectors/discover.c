/* discover: the places where logs usually are, from the formats' own lists. See collect.h. */
#include "collectors/collect.h"
#include "collectors/paths.h"

static size_t files_at(const char *place) {
    char path[2048];
    Paths p = {0};
    Err ignored = {0};
    size_t n = 0;
    if (place_expand(path, sizeof path, place, &ignored) == 0 && paths_add(&p, path, &ignored) == 0) n = p.count;
    paths_free(&p);
    return n;
}

/* A place that a variable names is one only where the variable is set. */
static bool applies(const char *place) {
    char path[2048];
    Err ignored = {0};
    return place[0] != '$' || place_expand(path, sizeof path, place, &ignored) == 0;
}

static void name_source(SourceConfig *s, const Format *format, size_t nth, const char *place) {
    *s = (SourceConfig){.discovered = true};
    snprintf(s->name, sizeof s->name, nth ? "%s-%zu" : "%s", format_name(format), nth + 1);
    snprintf(s->format, sizeof s->format, "%s", format_name(format));
    snprintf(s->path, sizeof s->path, "%s", place);
    s->notional = format_is_agent(format);
}

size_t discover_known(const Formats *f, SourceConfig *out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; formats_at(f, i); i++) {
        const char *const *place = format_known_places(formats_at(f, i));
        for (size_t j = 0; place[j] && n < max; j++) {
            if (!applies(place[j])) continue;
            if (out) name_source(&out[n], formats_at(f, i), j, place[j]);
            n++;
        }
    }
    return n;
}

size_t discover_sources(const Formats *f, SourceConfig *out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; formats_at(f, i); i++) {
        const char *const *place = format_known_places(formats_at(f, i));
        for (size_t j = 0; place[j] && n < max; j++)
            if (files_at(place[j]) > 0) name_source(&out[n++], formats_at(f, i), j, place[j]);
    }
    return n;
}

/* Two formats may look at the same place; who reads the list wants it once. */
static bool is_listed(char out[][160], size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(out[i], out[n]) == 0) return true;
    return false;
}

size_t discover_places(const Formats *f, char out[][160], size_t max) {
    size_t n = 0;
    for (size_t i = 0; formats_at(f, i); i++) {
        const char *const *place = format_known_places(formats_at(f, i));
        for (; *place && n < max; place++) {
            size_t files = files_at(*place);
            if (!applies(*place)) continue;
            if (files) snprintf(out[n], 160, "%.100s: %zu file%s", *place, files, files == 1 ? "" : "s");
            else snprintf(out[n], 160, "%.100s: none", *place);
            n += !is_listed(out, n);
        }
    }
    return n;
}
