/* stop_effect: what a stop would refuse, from the last 10 minutes of real calls, and how much of the burn passes gateways that
 * have acknowledged a policy within 30 s. Owns: which features are critical. Pure but for the loads. */
#ifndef TUI_STOP_EFFECT_H
#define TUI_STOP_EFFECT_H
#include "tui/screen.h"

enum { EFFECT_MS = 600000, CRITICAL_MAX = 64 };
typedef struct EffectPart {
    int64_t calls, nano;
    int features;
    char most[NAME_MAX_BYTES + 1]; /* the dearest feature; "(none)" for unlabelled calls */
    int64_t most_nano;
} EffectPart;
typedef struct StopEffect {
    EffectPart refused, passes;
    int64_t obeying_nano;          /* through gateways that obey */
    int obeying, silent, critical; /* gateways; critical features */
} StopEffect;

/* Names of features that a stop of non-critical calls lets pass: of the configuration, else of the policy file. */
typedef struct Critical {
    char name[CRITICAL_MAX][NAME_MAX_BYTES + 1];
    int count;
} Critical;
void critical_load(const App *a, Critical *out);
bool critical_has(const Critical *c, const char *feature);

int stop_effect_load(View *v, bool all, StopEffect *out, Err *e);
/* The arithmetic of it: groups by feature and gateway. */
void stop_effect_of(const Result *by_feature_and_gateway, const Critical *critical, bool all, const PolicyAck *acks, size_t acks_count,
                    StopEffect *out);
#endif
