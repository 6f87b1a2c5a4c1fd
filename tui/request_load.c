/* request_load: see request_load.h. */
#include "tui/request_load.h"
#include "tui/view.h"

enum { LATE_MS = 2 * MS_PER_MINUTE /* calls may be logged so much later than they began */ };

void request_load_open(RequestLoad *l) {
    *l = (RequestLoad){.below = INT64_MAX};
    l->row = xcalloc(REQUEST_ROWS, sizeof *l->row);
    l->page = xcalloc(REQUEST_ROWS, sizeof *l->page);
}

void request_load_free(RequestLoad *l) {
    free(l->row);
    free(l->page);
    *l = (RequestLoad){.row = NULL};
}

/* Another question than before; a live range that moves on is the same one. */
static bool is_new(RequestLoad *l, const View *v, int sort, bool ascending) {
    int64_t past_ms = view_is_past(v) ? v->asof_ms : 0; /* to pause asks nothing new */
    bool same = l->of.sort == sort && l->of.ascending == ascending && l->of.since_ms <= v->since_ms &&
                strcmp(l->of.filter, v->filter_text) == 0 && strcmp(l->of.range, v->range_text) == 0 && l->of.past_ms == past_ms;
    l->of.since_ms = v->since_ms;
    l->of.past_ms = past_ms;
    if (same) return false;
    l->of.sort = sort;
    l->of.ascending = ascending;
    snprintf(l->of.filter, sizeof l->of.filter, "%s", v->filter_text);
    snprintf(l->of.range, sizeof l->of.range, "%s", v->range_text);
    return true;
}

static int past(void *ctx) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 >= *(int64_t *)ctx;
}

/* The next calls under l->below into what is left of the page. *more: there are older ones, or time is up. */
static int read_on(RequestLoad *l, View *v, int64_t *deadline_us, bool *more, Err *e) {
    size_t count = 0;
    int64_t next = l->below;
    Query q = {.since_ms = v->since_ms, .until_ms = v->until_ms, .filter = v->filter, .zone = v->app->day_zone, .interrupt = past,
               .ctx = deadline_us, .resume_key = &next};
    int rc = query_rows(v->db, &q, l->below, l->page + l->paged, REQUEST_ROWS - l->paged, &count, more, e);
    l->paged += count;
    l->below = next;
    return rc;
}

static void tell_progress(const RequestLoad *l, View *v, int64_t at_ms) {
    int64_t whole = v->until_ms - v->since_ms;
    if (l->through || whole <= 0 || at_ms < v->since_ms || at_ms > v->until_ms) return;
    v->reading_permille = (int)((v->until_ms - at_ms) * 999 / whole) + 1;
}

/* ---- the newest ---- */

static void show_page(RequestLoad *l) {
    memcpy(l->row, l->page, l->paged * sizeof *l->row);
    l->count = l->paged;
}

static int load_newest(RequestLoad *l, View *v, bool begin, int64_t deadline_us, bool *more, Err *e) {
    if (begin || l->through || l->below == INT64_MAX) {
        l->paged = 0;
        l->below = INT64_MAX;
    }
    l->through = false;
    if (begin) l->count = 0;
    bool first = l->count < REQUEST_ROWS && l->paged >= l->count; /* nothing better to show than what was read so far */
    if (read_on(l, v, &deadline_us, more, e) != 0) return -1;
    l->through = !*more || l->paged == REQUEST_ROWS;
    l->more = *more;
    *more = !l->through;
    if (l->through || (first && l->paged > l->count) || begin) show_page(l);
    if (*more && l->paged) tell_progress(l, v, l->page[l->paged - 1].r.ts_ms);
    return 0;
}

/* ---- the first by another column ---- */

/* Does a stand before b? Of equal ones the newer. */
static bool is_before(const RequestLoad *l, const RowView *a, const RowView *b) {
    size_t column = (size_t)l->of.sort;
    if (request_columns[column].figure == FIGURE_TEXT) {
        TableCell x = {.text = ""}, y = {.text = ""};
        request_text(a, column, &x);
        request_text(b, column, &y);
        int order = strcmp(x.text, y.text);
        if (order) return (order < 0) == l->of.ascending;
        return a->key > b->key;
    }
    int64_t p = request_figure(a, column), q = request_figure(b, column);
    if (p == q) return a->key > b->key;
    if (p == FIGURE_UNKNOWN || q == FIGURE_UNKNOWN) return q == FIGURE_UNKNOWN;
    return (p < q) == l->of.ascending;
}

/* Takes it in if it is among the first; a call that was read before is renewed. */
static void consider(RequestLoad *l, const RowView *r) {
    size_t last = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->row[i].key == r->key) {
            l->row[i] = *r;
            return;
        }
        if (is_before(l, &l->row[last], &l->row[i])) last = i;
    }
    if (l->count < REQUEST_ROWS) {
        l->row[l->count++] = *r;
        return;
    }
    l->more = true;
    if (is_before(l, r, &l->row[last])) l->row[last] = *r;
}

static void drop_old(RequestLoad *l, int64_t since_ms) {
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->row[i].r.ts_ms >= since_ms) l->row[kept++] = l->row[i];
    l->count = kept;
}

/* What came since the last look, from the newest down to what was seen. */
static int read_new(RequestLoad *l, View *v, int64_t *deadline_us, Err *e) {
    int64_t below = l->below, seen = l->newest_ms - LATE_MS;
    bool more = true;
    l->below = INT64_MAX;
    for (bool older = false; more && !older && !past(deadline_us);) {
        l->paged = 0;
        if (read_on(l, v, deadline_us, &more, e) != 0) return -1;
        for (size_t i = 0; i < l->paged; i++) {
            const RowView *r = &l->page[i];
            older |= r->r.ts_ms < seen;
            if (r->r.ts_ms > l->newest_ms) l->newest_ms = r->r.ts_ms;
            if (r->r.ts_ms >= seen) consider(l, r);
        }
    }
    l->below = below;
    return 0;
}

static int load_first(RequestLoad *l, View *v, bool begin, int64_t deadline_us, bool *more, Err *e) {
    if (begin) {
        l->count = 0;
        l->below = INT64_MAX;
        l->through = l->more = false;
        l->newest_ms = v->until_ms;
    }
    drop_old(l, v->since_ms);
    if (!begin && read_new(l, v, &deadline_us, e) != 0) return -1;
    for (bool on = !l->through; on && !past(&deadline_us);) {
        l->paged = 0;
        if (read_on(l, v, &deadline_us, &on, e) != 0) return -1;
        for (size_t i = 0; i < l->paged; i++) consider(l, &l->page[i]);
        l->through = !on;
    }
    *more = !l->through;
    if (*more && l->paged) tell_progress(l, v, l->page[l->paged - 1].r.ts_ms);
    return 0;
}

int request_load(RequestLoad *l, View *v, int sort, bool ascending, int64_t deadline_us, bool *more, Err *e) {
    bool newest = sort < 0 || (sort == REQ_COL_TIME && !ascending);
    bool begin = is_new(l, v, newest ? -1 : sort, ascending);
    return (newest ? load_newest : load_first)(l, v, begin, deadline_us, more, e);
}
