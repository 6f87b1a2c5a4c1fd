/* cmd_savings_notes: what the calls are like, pitfalls and advice, for `tollwatch savings`. */
#include "store/clock.h"
#include "store/money.h"
#include "tui/cmd_savings.h"
#include "tui/json_out.h"
#include "tui/number.h"
#include <inttypes.h>

void savings_notes_print(const Savings *v) {
    const SaveMix *m = &v->mix;
    const char *before = "\ntiers:";
    for (int k = CLASS_COUNT - 1; k >= 0; k--) {
        if (m->calls[k] == 0) continue;
        printf("%s %s %s calls ~$%s", before, save_class_names[k], number_count(m->calls[k], 0).text, number_money(m->nano[k], 0, BASIS_NONE).text);
        if (m->latency_ms[k] >= 0) printf(" %" PRId64 " ms", m->latency_ms[k]);
        before = ",";
    }
    if (m->sound_nano > 0)
        printf("; output ~$%s of ~$%s; batch %s calls ~$%s\n", number_money(m->output_nano, 0, BASIS_NONE).text, number_money(m->sound_nano, 0, BASIS_NONE).text,
               number_count(m->batch_calls, 0).text, number_money(m->batch_nano, 0, BASIS_NONE).text);
    else if (*before == ',') puts("");
    for (size_t i = 0; i < v->notes; i++) {
        const SaveNote *n = &v->note[i];
        char nano[64] = "", spread[64] = "";
        if (n->nano_known) snprintf(nano, sizeof nano, " ~$%s", number_money(n->nano, 0, BASIS_NONE).text);
        if (n->spread_nano) snprintf(spread, sizeof spread, " ±%s", number_money(n->spread_nano, 0, BASIS_NONE).text);
        const bool guess = n->nano_known && n->sure != SURE_HIGH;
        printf("%s%s:%s%s%s%s%s %s\n", n->finding ? "! " : "- ", n->name, nano, spread, guess ? " (" : "", guess ? save_sure_names[n->sure] : "", guess ? ")" : "", n->text);
    }
}

void savings_saved_print(const Savings *v) {
    const char *before = "\n";
    for (int i = 0; i <= SAVE_COUNT; i++) {
        const Saving *s = i < SAVE_COUNT ? &v->by[i] : &v->combined;
        if (s->saved_nano == 0 && s->saved_known) continue;
        printf("%ssaved, %s: %s%s%s\n", before, s->name, s->saved_known ? save_sure_names[s->saved_sure] : "", s->saved_known ? ", " : "", s->saved_on);
        before = "";
    }
}

void savings_keys_json(const int64_t *key, size_t count) {
    putchar('[');
    for (size_t i = 0; i < count; i++) printf("%s%" PRId64, i ? "," : "", key[i]);
    putchar(']');
}

/* "60 s" "5 min" "1 h" "24 h". */
static const char *ttl_words(int64_t ms, char out[24]) {
    if (ms >= MS_PER_HOUR) snprintf(out, 24, "%" PRId64 " h", ms / MS_PER_HOUR);
    else snprintf(out, 24, "%" PRId64 " min", ms / MS_PER_MINUTE);
    return out;
}

/* What a response cache answers and saves by its TTL, and the TTL that pays best by feature. */
void savings_ttls_print(const Savings *v) {
    const Saving *s = &v->by[SAVE_RESPONSE];
    char ttl[24];
    if (!s->possible_known) return;
    puts("\nresponse cache, TTL    possible ~$          calls  answered otherwise in truth");
    for (int i = 0; i < SAVE_TTLS; i++)
        printf("  %-17s %14s %14s  %s%s\n", ttl_words(save_ttls_ms[i], ttl), number_money(v->ttl[i].nano, 0, BASIS_NONE).text, number_count(v->ttl[i].calls, 0).text,
               number_count(v->ttl[i].changed, 0).text, save_ttls_ms[i] >= MS_PER_DAY ? "  (within one UTC day)" : "");
    for (size_t i = 0; i < s->parts; i++) {
        int best = save_best_ttl(s->part[i].ttl);
        printf("  %-24.24s %s%s\n", s->part[i].feature[0] ? s->part[i].feature : "(no feature)", best < 0 ? "stale at any TTL: no rule is offered" : "pays best at ",
               best < 0 ? "" : ttl_words(save_ttls_ms[best], ttl));
    }
}

void savings_ttls_json(const Savings *v) {
    fputs(",\"ttls\":[", stdout);
    for (int i = 0; i < SAVE_TTLS && v->by[SAVE_RESPONSE].possible_known; i++) {
        printf("%s{\"ttl_seconds\":%" PRId64 ",\"possible_usd\":", i ? "," : "", save_ttls_ms[i] / 1000);
        json_out_money(stdout, v->ttl[i].nano);
        printf(",\"calls\":%" PRId64 ",\"changed_calls\":%" PRId64 "}", v->ttl[i].calls, v->ttl[i].changed);
    }
    putchar(']');
}

/* What the newest calls say of a range that has more of them; nothing of an estimate that is unknown. */
void savings_range_print(const Savings *v, int64_t range_nano) {
    char spread[64];
    printf("of all %s paid in the range, if the rest is like these:", number_usd(range_nano, 0, BASIS_NONE).text);
    for (int i = 0; i <= SAVE_COUNT; i++) {
        const Saving *s = i < SAVE_COUNT ? &v->by[i] : &v->combined;
        SaveScaled all = savings_scaled(v, s, range_nano);
        if (!s->possible_known || !all.scaled) continue;
        snprintf(spread, sizeof spread, "%s", number_money(all.spread_nano, 0, BASIS_NONE).text);
        printf(" %s ~$%s ±%s%s", s->name, number_money(all.nano, 0, BASIS_NONE).text, spread, i < SAVE_COUNT ? "," : "");
    }
    puts("");
}

void savings_range_json(const Savings *v, int64_t range_nano) {
    fputs(",\"range_paid_usd\":", stdout);
    json_out_money(stdout, range_nano);
    fputs(",\"range\":[", stdout);
    for (int i = 0, n = 0; i <= SAVE_COUNT; i++) {
        const Saving *s = i < SAVE_COUNT ? &v->by[i] : &v->combined;
        SaveScaled all = savings_scaled(v, s, range_nano);
        if (!s->possible_known) continue;
        printf("%s{\"strategy\":\"%s\",\"possible_usd\":", n++ ? "," : "", s->name);
        json_out_money(stdout, all.nano);
        fputs(",\"spread_usd\":", stdout);
        json_out_money(stdout, all.spread_nano);
        putchar('}');
    }
    putchar(']');
}

static void json_mix(const SaveMix *m) {
    fputs(",\"mix\":{\"priced_usd\":", stdout);
    json_out_money(stdout, m->sound_nano);
    fputs(",\"output_usd\":", stdout);
    json_out_money(stdout, m->output_nano);
    printf(",\"limited_calls\":%" PRId64 ",\"batch_calls\":%" PRId64 ",\"batch_usd\":", m->limited_calls, m->batch_calls);
    json_out_money(stdout, m->batch_nano);
    fputs(",\"tiers\":[", stdout);
    for (int k = CLASS_COUNT - 1; k >= 0; k--) {
        printf("%s{\"tier\":\"%s\",\"calls\":%" PRId64 ",\"cost_usd\":", k < CLASS_COUNT - 1 ? "," : "", save_class_names[k], m->calls[k]);
        json_out_money(stdout, m->nano[k]);
        if (m->latency_ms[k] < 0) fputs(",\"mean_latency_ms\":null}", stdout);
        else printf(",\"mean_latency_ms\":%" PRId64 "}", m->latency_ms[k]);
    }
    fputs("]}", stdout);
}

static void json_note(const SaveNote *n) {
    printf("{\"kind\":\"%s\",\"name\":\"%s\",\"usd\":", n->finding ? "finding" : "advice", n->name);
    if (n->nano_known) json_out_money(stdout, n->nano);
    else fputs("null", stdout);
    fputs(",\"spread_usd\":", stdout);
    json_out_money(stdout, n->spread_nano);
    printf(",\"calls\":%" PRId64 ",\"example_key\":", n->calls);
    if (n->example) printf("%" PRId64, n->example);
    else fputs("null", stdout);
    fputs(",\"example_keys\":", stdout);
    if (n->examples) savings_keys_json(n->more, n->examples);
    else savings_keys_json(&n->example, n->example != 0);
    fputs(",\"confidence\":", stdout);
    if (n->nano_known) json_out_string(stdout, save_sure_names[n->sure]);
    else fputs("null", stdout);
    fputs(",\"text\":", stdout);
    json_out_string(stdout, n->text);
    putchar('}');
}

void savings_notes_json(const Savings *v) {
    json_mix(&v->mix);
    fputs(",\"notes\":[", stdout);
    for (size_t i = 0; i < v->notes; i++) {
        if (i) putchar(',');
        json_note(&v->note[i]);
    }
    putchar(']');
}
