/* policy: the shared policy file that gateways obey. This part reads it; needs no database, network or curses.
 * Schema 1: {"schema_version":1,"generation":N,"updated_at":…,"updated_by":{"user":…,"host":…},
 * "kill_switch":{"enabled":bool,"scope":"non_critical"|"all","reason":…,"engaged_at":…,"engaged_by":…,"expires_at":…},…}.
 * A file that is missing, unreadable, cut or of a newer schema gives SWITCH_UNKNOWN and says why: gateways keep their
 * last good policy then, so "off" would be a guess. */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H
#include "store/base.h"

typedef enum SwitchState { SWITCH_UNKNOWN, SWITCH_OFF, SWITCH_NON_CRITICAL, SWITCH_ALL, SWITCH_EXPIRED } SwitchState;
typedef struct PolicyView {
    SwitchState state;
    int64_t generation, engaged_at_ms, expires_at_ms; /* 0 = none */
    char by[128], reason[256], why_unknown[ERR_MAX];
} PolicyView;
void policy_view(const char *path, int64_t now_ms, PolicyView *out); /* never fails: unknown is a state */
#endif
