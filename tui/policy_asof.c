/* policy_asof: the Policy screen back in time, from the audit trail: which generation was written, what was last done to the
 * switch, and all changes until then. Does not: guess. Scope and end of a stop, the rules and what gateways obeyed are not in
 * the trail, and the screen says so. */
#include "tui/policy_screen.h"
#include "tui/view.h"
#include <inttypes.h>
#include <stdlib.h>

enum { TRAIL_MAX = 1000 };

void policy_asof_load(PolicyScreen *p, const View *v) {
    size_t count = 0;
    Err why = {0};
    PolicyEvent *all = xcalloc(TRAIL_MAX, sizeof *all);
    p->history_count = 0;
    if (policy_history(v->app->policy_path, all, TRAIL_MAX, &count, &why) != 0) count = 0;
    for (size_t i = 0; i < count && p->history_count < HISTORY_SHOWN; i++)
        if (all[i].at_ms <= v->until_ms) p->history[p->history_count++] = all[i];
    free(all);
}

/* The newest change that was made; of the switch only, or of anything. NULL: the trail does not go back that far. */
static const PolicyEvent *last_change(const PolicyScreen *s, bool of_switch) {
    for (size_t i = 0; i < s->history_count; i++) {
        const PolicyEvent *h = &s->history[i];
        if (strcmp(h->outcome, "written") == 0 && (!of_switch || strcmp(h->section, "kill_switch") == 0)) return h;
    }
    return NULL;
}

static int line(Canvas *c, Rect area, int y, ThemeRole role, const char *text) {
    if (y < area.y + area.h) canvas_text(c, area.x + 1, y, area.w - 2, role, role == ROLE_TEXT ? ATTR_BOLD : 0, text);
    return y + 1;
}

static void switch_then(const PolicyScreen *s, const View *v, char *out, size_t size) {
    const PolicyEvent *h = last_change(s, true);
    char at[32];
    if (!h) {
        snprintf(out, size, "? The switch of then is not known: no stop and no resume is in the audit trail before it.");
        return;
    }
    time_format(v->zone, h->at_ms, "%d %b %H:%M", at, sizeof at);
    if (strcmp(h->action, "resume") == 0) snprintf(out, size, "○ Calls passed since %s, by %s. %s", at, h->user, h->reason);
    else snprintf(out, size, "■ Stopped %s by %s (until when is not in the trail). %s", at, h->user, h->reason);
}

void policy_asof_draw(const PolicyScreen *s, const View *v, Canvas *c, Rect area) {
    char text[512], at[64];
    const PolicyEvent *last = last_change(s, false);
    int y = area.y + (area.h > 14);
    switch_then(s, v, text, sizeof text);
    y = line(c, area, y, ROLE_TEXT, text);
    if (last) snprintf(text, sizeof text, "generation %" PRId64 " was in force. Rules of then, and who obeyed, are not kept.", last->generation);
    else snprintf(text, sizeof text, "Generation, rules of then, and who obeyed, are not kept.");
    y = line(c, area, y, ROLE_DIM, text) + (area.h > 14);
    for (size_t i = 0; i < s->history_count; i++) {
        const PolicyEvent *h = &s->history[i];
        bool failed = strncmp(h->outcome, "failed", 6) == 0;
        time_format(v->zone, h->at_ms, "%d %b %H:%M:%S", at, sizeof at);
        snprintf(text, sizeof text, "%-8s %4" PRId64 "  %s  %-7s %.60s@%.60s%s%.200s%s", i ? "" : "history", h->generation, at, h->action,
                 h->user, h->host, h->reason[0] ? ": " : "", h->reason, failed ? "  failed" : "");
        y = line(c, area, y, failed ? ROLE_WATCH : ROLE_DIM, text);
    }
    if (s->history_count == 0) line(c, area, y, ROLE_DIM, "history  nothing was changed until then, or the audit trail begins later");
}
