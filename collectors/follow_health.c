/* follow_health: what the follower tells of its sources, and when: at once on a change, at most once a second. */
#include "collectors/follow_parts.h"

enum { WRITE_MS = 1000, BAD_SHOWN_MS = 600000 };

void health_trouble(Follow *f, Entry *n, const char *why) {
    SourceState *s = &f->state[n->source];
    if (!why && !n->trouble) return;
    if (!n->trouble) s->troubles++;
    if (!why) s->troubles--;
    if (why) snprintf(s->trouble, sizeof s->trouble, "%s", why);
    bool news = !why || !n->trouble || strcmp(n->trouble, why) != 0;
    free(n->trouble);
    n->trouble = why ? xstrdup(why) : NULL;
    s->dirty = s->dirty || news;
}

void health_unbegun(Follow *f, Entry *n, bool unbegun) {
    SourceState *s = &f->state[n->source];
    if (n->unbegun == unbegun) return;
    n->unbegun = unbegun;
    if (unbegun) s->unbegun++;
    else s->unbegun--;
    s->dirty = true;
}

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void health_stored(Follow *f, Entry *n, bool data) {
    SourceState *s = &f->state[n->source];
    const LogFile *l = n->log;
    s->dirty = true;
    if (data) {
        s->seen_ms = collecting_now_ms(f->c);
        if (l->mark.size) s->lag_ms = collecting_steady_ms(f->c) - f->woke_ms; /* read to its end: that was live */
    }
    if (l->first_bad.line) {
        s->bad_at_ms = f->woke_ms;
        snprintf(s->bad, sizeof s->bad, "%.80s: %.160s", base_of(n->path), l->mark.last_error);
        n->log->first_bad = (LogBad){0};
    }
}

/* The state, and its reason in words. */
static const char *describe(const Follow *f, size_t i, char *out, size_t size) {
    const SourceState *s = &f->state[i];
    size_t behind = table_backlog(f->table, i);
    const char *tree = tree_trouble(f->tree, i);
    if (*tree) return snprintf(out, size, "%s", tree), s->files ? "watch" : "error";
    if (s->files == 0) return snprintf(out, size, "no file at %.180s yet", s->config->path), "waiting";
    if (s->troubles) {
        snprintf(out, size, "%zu of %zu file%s: %.200s", s->troubles, s->files, s->files == 1 ? "" : "s", s->trouble);
        return s->troubles == s->files ? "error" : "watch";
    }
    if (s->bad_at_ms && f->woke_ms - s->bad_at_ms < BAD_SHOWN_MS) return snprintf(out, size, "%s", s->bad), "watch";
    if (s->unbegun && s->unbegun == s->files) {
        snprintf(out, size, "%zu file%s without a whole line yet", s->files, s->files == 1 ? "" : "s");
        return "waiting";
    }
    if (behind) snprintf(out, size, "reading: %zu of %zu file%s to go", behind, s->files, s->files == 1 ? "" : "s");
    else if (s->unbegun) snprintf(out, size, "following %zu files, %zu without a whole line yet", s->files, s->unbegun);
    else snprintf(out, size, "following %zu file%s", s->files, s->files == 1 ? "" : "s");
    return "ok";
}

/* A known place where nothing is is not worth a line. */
static bool has_news(const SourceState *s) {
    return s->dirty && (s->files > 0 || s->written || !s->config->discovered);
}

static bool is_due(const Follow *f, const SourceState *s) {
    return has_news(s) && (!s->written || f->woke_ms - s->written_ms >= WRITE_MS);
}

static void write_one(Follow *f, size_t i) {
    SourceState *s = &f->state[i];
    Err ignored = {0}; /* tried again; what keeps rows from being stored is told with them */
    char word[256];
    const char *state = describe(f, i, word, sizeof word);
    SourceHealth h = {.source = s->config->name, .kind = s->format ? s->format : s->config->format, .state = state,
                      .last_word = word, .seen_ms = s->seen_ms, .lag_ms = s->lag_ms, .notional = s->notional};
    s->dirty = ledger_source_health(f->ledger, &h, &ignored) != 0;
    s->written = true;
    s->written_ms = f->woke_ms;
}

void health_write(Follow *f) {
    for (size_t i = 0; i < f->sources; i++)
        if (is_due(f, &f->state[i])) write_one(f, i);
}

int64_t health_due_ms(const Follow *f) {
    int64_t due = -1;
    for (size_t i = 0; i < f->sources; i++) {
        const SourceState *s = &f->state[i];
        int64_t in = s->written_ms + WRITE_MS - f->woke_ms;
        if (!has_news(s)) continue;
        if (in < 1) in = 1;
        if (due < 0 || in < due) due = in;
    }
    return due;
}
