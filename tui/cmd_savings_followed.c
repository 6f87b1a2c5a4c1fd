/* cmd_savings_followed: rules that were written to save, in `tollwatch savings`: what was expected, what was measured since. */
#include "tui/cmd_savings.h"
#include "tui/json_out.h"
#include "tui/number.h"
#include <inttypes.h>

int savings_followed(App *a, Db *db, int64_t max_calls, Followed *out, Err *e) {
    if (saving_book_list(db, out->rule, SAVED_RULES_MAX, &out->count, e) != 0) return -1;
    for (size_t i = 0; i < out->count; i++)
        if (saving_measure(db, a->book, &out->rule[i], app_now(a), max_calls, &out->m[i], e) != 0) return -1;
    return 0;
}

void savings_followed_free(Followed *f) { saving_book_free(f->rule, f->count); }

void savings_followed_print(const Followed *f) {
    if (f->count) printf("\n%-32s %-17s %5s %14s %14s %16s  %s\n", "rule", "written, UTC", "gen", "expected $/day", "measured ~$", "calls", "by");
    for (size_t i = 0; i < f->count; i++) {
        const SavedRule *r = &f->rule[i];
        const RuleMeasured *m = &f->m[i];
        char at[40], calls[112], measured[64];
        time_format(NULL, r->written_ms, "%Y-%m-%d %H:%M", at, sizeof at);
        snprintf(calls, sizeof calls, "%s of %s", number_count(m->changed, 0).text, number_count(m->calls, 0).text);
        snprintf(measured, sizeof measured, "%s%s", m->cut ? "≥" : m->exact ? "" : "±", number_money(m->saved_nano, 0, BASIS_NONE).text);
        char since[48] = "", silent[64] = "";
        if (!r->ended_ms) saving_silence(m, NULL, silent, sizeof silent);
        if (m->cut) time_format(NULL, m->since_ms, ", since %Y-%m-%d %H:%M alone", since, sizeof since);
        printf("%-32.32s %-17s %5" PRId64 " %14s %14s %16s  %s%s%s%s\n", r->id, at, r->generation, number_money(r->expected_nano, 0, BASIS_NONE).text, measured, calls,
               r->user, r->ended_ms ? ", undone" : "", since, silent);
    }
}

static void json_rule(const SavedRule *r, const RuleMeasured *m) {
    const struct { const char *name; int64_t nano; } money[] = {
        {"expected_usd_per_day", r->expected_nano}, {"spread_usd_per_day", r->spread_nano}, {"measured_usd", m->saved_nano}};
    fputs("{\"id\":", stdout);
    json_out_string(stdout, r->id);
    printf(",\"path\":\"%s\",\"rule\":%s,\"by\":", rule_sections[r->kind], r->entry);
    json_out_string(stdout, r->user);
    fputs(",\"reason\":", stdout);
    json_out_string(stdout, r->reason);
    fputs(",\"written_at\":", stdout);
    json_out_time(stdout, r->written_ms);
    printf(",\"generation\":%" PRId64 ",\"undone_at\":", r->generation);
    if (r->ended_ms) json_out_time(stdout, r->ended_ms);
    else fputs("null", stdout);
    for (size_t i = 0; i < sizeof money / sizeof *money; i++) {
        printf(",\"%s\":", money[i].name);
        json_out_money(stdout, money[i].nano);
    }
    fputs(",\"last_call_at\":", stdout);
    if (m->last_ms) json_out_time(stdout, m->last_ms);
    else fputs("null", stdout);
    if (m->cut) fputs(",\"measured_since\":", stdout), json_out_time(stdout, m->since_ms); /* the newest calls alone were looked at */
    printf(",\"exact\":%s,\"calls\":%" PRId64 ",\"changed\":%" PRId64 ",\"unpriced\":%" PRId64 "}", m->exact && !m->cut ? "true" : "false", m->calls, m->changed, m->unpriced);
}

void savings_followed_json(const Followed *f) {
    fputs(",\"rules\":[", stdout);
    for (size_t i = 0; i < f->count; i++) {
        if (i) putchar(',');
        json_rule(&f->rule[i], &f->m[i]);
    }
    putchar(']');
}
