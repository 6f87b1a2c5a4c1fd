/* policy_asof: the Policy screen back in time, from the audit trail: which generation was written, what was last done to the
 * switch, and all changes until then. Does not: guess. Scope and end of a stop, the rules and what gateways obeyed are not in
 * the trail, and the screen says so. */
#include "tui/policy_screen.h"
#include "tui/view.h"
#include <inttypes.h>

static void last_written(const View *v, const char *section, PolicyEvent *out) {
    Err ignored = {0};
    size_t count = 0;
    const PolicyAsk ask = {.since_ms = INT64_MIN, .until_ms = v->until_ms + 1, .section = section, .written = true};
    *out = (PolicyEvent){0};
    policy_history_ask(v->app->policy_path, &ask, out, 1, &count, &ignored);
}

/* The whole trail is gone through, however much was changed since. */
void policy_asof_load(PolicyScreen *p, const View *v) {
    Err why = {0};
    const PolicyAsk ask = {.since_ms = INT64_MIN, .until_ms = v->until_ms + 1};
    if (policy_history_ask(v->app->policy_path, &ask, p->history, HISTORY_SHOWN, &p->history_count, &why) != 0) p->history_count = 0;
    last_written(v, "kill_switch", &p->switched);
    last_written(v, NULL, &p->changed);
}

static int line(Canvas *c, Rect area, int y, ThemeRole role, const char *text) {
    if (y < area.y + area.h) canvas_text(c, area.x + 1, y, area.w - 2, role, role == ROLE_TEXT ? ATTR_BOLD : 0, text);
    return y + 1;
}

static void switch_then(const PolicyScreen *s, const View *v, char *out, size_t size) {
    const PolicyEvent *h = &s->switched;
    char at[32];
    if (!h->action[0]) {
        snprintf(out, size, "? The switch of then is not known: no stop and no resume is in the audit trail before it.");
        return;
    }
    time_format(v->zone, h->at_ms, "%d %b %H:%M", at, sizeof at);
    if (strcmp(h->action, "resume") == 0) snprintf(out, size, "○ Calls passed since %s, by %s. %s", at, h->user, h->reason);
    else snprintf(out, size, "■ Stopped %s by %s (until when is not in the trail). %s", at, h->user, h->reason);
}

void policy_asof_draw(const PolicyScreen *s, const View *v, Canvas *c, Rect area) {
    char text[512], at[64];
    int y = area.y + (area.h > 14);
    switch_then(s, v, text, sizeof text);
    y = line(c, area, y, ROLE_TEXT, text);
    if (s->changed.action[0]) snprintf(text, sizeof text, "generation %" PRId64 " was in force. Rules of then, and who obeyed, are not kept.", s->changed.generation);
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
