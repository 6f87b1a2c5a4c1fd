/* cmd_savings_md: what each strategy saves and could save as Markdown: for a ticket or a report. */
#include "store/clock.h"
#include "tui/cmd_savings.h"
#include "tui/number.h"
#include <inttypes.h>

static void money(int64_t nano, bool known, char out[48]) { snprintf(out, 48, "%s", known ? number_money(nano, 0, BASIS_NONE).text : "unknown"); }

static void row(const Saving *s) {
    char saved[48], spread[64] = "", possible[48], stands[300];
    money(s->saved_nano, s->saved_known, saved);
    money(s->possible_nano, s->possible_known, possible);
    if (s->saved_known && s->saved_spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(s->saved_spread_nano, 0, BASIS_NONE).text);
    savings_md_name(s->stands_on, stands, sizeof stands);
    printf("| %s | %s%s | %s | %s | %s | %s |\n", s->name, saved, spread, possible, save_sure_names[s->sure], s->guide, stands);
}

static void ttls(const Savings *v) {
    if (!v->by[SAVE_RESPONSE].possible_known) return;
    puts("\n| response cache, TTL s | possible ~$ | calls | answered otherwise in truth |\n|---:|---:|---:|---:|");
    for (int i = 0; i < SAVE_TTLS; i++)
        printf("| %" PRId64 " | %s | %" PRId64 " | %" PRId64 " |\n", save_ttls_ms[i] / 1000, number_money(v->ttl[i].nano, 0, BASIS_NONE).text, v->ttl[i].calls, v->ttl[i].changed);
}

static void notes(const Savings *v) {
    if (v->notes) puts("\n| | ~$ | ± | sure | what |\n|---|---:|---:|---|---|");
    for (size_t i = 0; i < v->notes; i++) {
        const SaveNote *n = &v->note[i];
        char nano[48] = "", spread[48] = "", text[600];
        if (n->nano_known) money(n->nano, true, nano);
        if (n->spread_nano) money(n->spread_nano, true, spread);
        savings_md_name(n->text, text, sizeof text);
        printf("| %s%s | %s | %s | %s | %s |\n", n->finding ? "**pitfall** " : "", n->name, nano, spread, n->nano_known ? save_sure_names[n->sure] : "", text);
    }
}

void savings_md(const Savings *v) {
    char paid[48], without[48];
    const Basis mark = v->unpriced ? BASIS_AT_LEAST : BASIS_NONE;
    snprintf(paid, sizeof paid, "%s", number_usd(v->paid_nano, 0, mark).text);
    snprintf(without, sizeof without, "%s", number_usd(v->without_nano, 0, mark).text);
    puts("| strategy | saved ~$ | possible ~$ | sure | guide | stands on |\n|---|---:|---:|---|---|---|");
    for (int i = 0; i < SAVE_COUNT; i++) row(&v->by[i]);
    row(&v->combined);
    printf("\npaid %s for %" PRId64 " calls; with none of it %s\n", paid, v->calls, without);
    ttls(v);
    notes(v);
}
