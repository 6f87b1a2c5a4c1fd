/* policy: the shared policy file that gateways obey. This part reads it; needs no database, network or curses.
 * Schema 1: {"schema":1,"generation":N,"updated_at":…,"updated_by":…,"kill_switch":{"engaged":bool,"scope":…,"reason":…,
 * "expires_at":…},…}. A file that is missing, unreadable or of a newer schema gives SWITCH_UNKNOWN and says why. */
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
