/* savings_ttl: what response caches of several TTLs would have answered, and which TTL pays best. Owns: the table of TTLs.
 *
 * An answer stored at T serves until T + TTL, and a hit does not renew it, as in our gateways. So a longer TTL has not simply the
 * hits of a shorter one: each TTL has its own stored answer. A hit whose true answer was another one is counted as changed; a TTL
 * of which too many hits are like that is not offered. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

const int64_t save_ttls_ms[SAVE_TTLS] = {MS_PER_MINUTE, 5 * MS_PER_MINUTE, MS_PER_HOUR, MS_PER_DAY};

void save_ttls_see(const SaveNow *now, Prompt *p) {
    const SaveCall *c = now->c;
    const uint32_t at_ms = (uint32_t)(c->ts_ms % MS_PER_DAY) + 1;
    const int64_t output = c->tokens[TOK_OUTPUT] < UINT32_MAX ? c->tokens[TOK_OUTPUT] : UINT32_MAX;
    for (int i = 0; i < SAVE_TTLS; i++) {
        Stored *s = &p->by_ttl[i];
        SaveTtl *sum = &now->k->ttl[i];
        if (s->at_ms == 0 || at_ms - s->at_ms >= save_ttls_ms[i]) {
            *s = (Stored){at_ms, (uint32_t)output};
            continue;
        }
        sum->nano = nano_add(sum->nano, c->cost_nano);
        sum->calls++;
        sum->changed += save_answer_changed(output, s->output);
    }
}

void save_ttls_add(SaveTtl to[SAVE_TTLS], const SaveTtl from[SAVE_TTLS]) {
    for (int i = 0; i < SAVE_TTLS; i++) {
        to[i].nano = nano_add(to[i].nano, from[i].nano);
        to[i].calls += from[i].calls;
        to[i].changed += from[i].changed;
    }
}

/* Each hour more is a risk, so a longer TTL has to pay a tenth more. */
int save_best_ttl(const SaveTtl ttl[SAVE_TTLS]) {
    int best = -1;
    for (int i = 0; i < SAVE_TTLS; i++) {
        bool stale = save_is_stale(ttl[i].changed, ttl[i].calls);
        int64_t least = best < 0 ? 0 : nano_add(ttl[best].nano, ttl[best].nano / 10);
        if (!stale && ttl[i].nano > least) best = i;
    }
    return best;
}
