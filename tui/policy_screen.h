/* policy_screen: what the Policy screen holds, between its loading (screen_policy.c), its rules (policy_rules.c) and its
 * drawing (policy_draw.c). */
#ifndef TUI_POLICY_SCREEN_H
#define TUI_POLICY_SCREEN_H
#include "tui/policy_act.h"
#include "tui/list.h"
#include <jansson.h>

enum { REFUSED_SHOWN = 6, HISTORY_SHOWN = 20, RULES_MAX = 200 };

typedef struct GatewayRow {
    PolicyAck ack;
    int64_t refused, passed, passed_nano; /* since the stop */
} GatewayRow;
typedef struct PolicyRule {
    char at[160];     /* "limits.batch", as `policy set` takes it */
    char value[256];  /* its JSON */
    char words[256];  /* for people: "batch, nightly-*: at most 1024 output tokens" */
} PolicyRule;
typedef struct PolicyScreen {
    json_t *policy;   /* NULL = cannot be read */
    GatewayRow *acks;
    size_t ack_count;
    PolicyEvent history[HISTORY_SHOWN];
    size_t history_count;
    PolicyEvent switched, changed; /* back in time: the last change of the switch, and of anything; action "" = none */
    struct { char name[NAME_MAX_BYTES + 1]; int64_t calls; } refused_by[REFUSED_SHOWN]; /* most first */
    size_t refused_features, refused;
    int64_t rate_before_nano, rate_now_nano;
    PolicyRule rules[RULES_MAX];
    size_t rule_count;
    TableState table;
} PolicyScreen;

static inline bool policy_is_stopped(const PolicyView *v) { return v->state == SWITCH_ALL || v->state == SWITCH_NON_CRITICAL; }
/* Every limit, rate, route and cache rule of a policy, and what the guard says of budgets. */
void policy_rules_list(const json_t *policy, PolicyRule *out, size_t max, size_t *count);
void policy_rules_table(const PolicyScreen *s, Table *out);
bool policy_screen_list(const void *self, const View *v, const Layout *l, Listing *out);
/* Back in time: what the audit trail says of then (policy_asof.c). */
void policy_asof_load(PolicyScreen *p, const View *v);
void policy_asof_draw(const PolicyScreen *p, const View *v, Canvas *c, Rect area);
void policy_screen_draw(const void *self, const View *v, Canvas *c, Rect area);
#endif
