/* dashboard_lab: a folder with a small ledger, a configuration and a policy, all there is to show: an incident, hostile names,
 * budgets, a gateway that obeys and one that does not. A fixed clock; the same cells every time.
 */
#ifndef TESTS_DASHBOARD_LAB_H
#define TESTS_DASHBOARD_LAB_H
#include "tests/query_fixture.h"
#include "tui/screen.h"
#include "tui/view.h"
#include <ftw.h>
#include <locale.h>
#include <sys/stat.h>

#define LAB_NOW "2026-11-24T02:12:40.000Z"
enum { LAB_USD = 1000000000 };

typedef struct DashboardLab {
    Fixture f;
    char config[128], policy[128];
    Config *settings;
    App app;
} DashboardLab;

static inline void lab_write(const DashboardLab *lab, const char *name, const char *text) {
    char path[160];
    snprintf(path, sizeof path, "%.63s/%s", lab->f.dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static const char lab_config[] =
    "[general]\ntimezone = Europe/Berlin\n"
    "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 2000\nwarn_at = 0.1 0.5\naction = kill\n"
    "[budget docs-day]\nscope = team:docs\nperiod = day\nlimit_usd = 100\naction = alert\n"
    "[gateway batch-1]\nack = batch-1\n";

static const char lab_policy[] =
    "{\"schema_version\":1,\"generation\":41,\"updated_by\":{\"user\":\"bob\"},\"critical\":{\"features\":[\"checkout\"]},"
    "\"kill_switch\":{\"enabled\":false},"
    "\"limits\":[{\"id\":\"batch\",\"match\":{\"feature\":[\"nightly-*\"]},\"max_output_tokens\":1024,\"on_exceed\":\"clamp\"}]}";

/* Names as logs may have them: colours, a title, a bell, wide and combining letters, letters of zero width, right to left, no UTF-8. */
static const char *const lab_features[] = {"doc-agent", "search", "checkout", "\033[31mred\033]0;mine\a", "漢字の検索エンジンの機能", "e\u0301\u0302\u0303\u0304tude",
                                           "\u202Eesrever\u200B", "\xff\xfe\x80", ""};
enum { LAB_FEATURES = sizeof lab_features / sizeof lab_features[0] };

static inline void lab_call(DashboardLab *lab, int64_t at_ms, int i, int64_t nano) {
    static const char *const models[] = {"claude-opus-5-5", "gpt-5.6-luna", "next-exp\r\n"};
    const Outcome outcome = i % 11 == 5 ? OUTCOME_ERROR : OUTCOME_OK;
    fixture_add(&lab->f, &(Spec){.ts_ms = at_ms, .id = (uint64_t)at_ms * 31 + (uint64_t)i,
                                 .name = {[DIM_FEATURE] = lab_features[i % LAB_FEATURES], [DIM_TEAM] = i % 2 ? "web" : "docs", [DIM_MODEL] = models[i % 3],
                                          [DIM_PROVIDER] = i % 3 ? "openai" : "anthropic", [DIM_ACCOUNT] = i % 3 ? "openai" : "anthropic",
                                          [DIM_GATEWAY] = "edge-1", [DIM_KEY] = "key-漢字"},
                                 .tokens = {[TOK_INPUT] = 1000, [TOK_CACHE_READ] = 3000, [TOK_OUTPUT] = 400}, .cost_nano = nano,
                                 .saved_cache_nano = nano / 2, .latency_ms = 2600, .ttft_ms = 500, .outcome = outcome});
}

/* Four weeks' usual hours, thin, and $8 a minute more since 02:31. */
static inline void lab_load(DashboardLab *lab) {
    const int64_t now = utc(LAB_NOW);
    int n = 0;
    for (int week = 0; week <= 4; week++)
        for (int minute = week ? -60 : 0; minute < 7 * 60; minute += 10, n++)
            lab_call(lab, now - week * 7 * MS_PER_DAY - minute * MS_PER_MINUTE - 1000, n, 8 * (int64_t)LAB_USD);
    for (int64_t at = utc("2026-11-24T01:31:10Z"); at < now; at += MS_PER_MINUTE / 2) lab_call(lab, at, 0, 4 * (int64_t)LAB_USD);
    fixture_flush(&lab->f);
}

static inline void dashboard_lab_open(DashboardLab *lab) {
    Err e = {""};
    char path[160];
    *lab = (DashboardLab){.config = ""};
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture_open(&lab->f, "Europe/Berlin", utc(LAB_NOW));
    setenv("HOME", lab->f.dir, 1);
    setenv("XDG_CONFIG_HOME", lab->f.dir, 1);
    setenv("XDG_STATE_HOME", lab->f.dir, 1);
    lab_write(lab, "config", lab_config);
    lab_write(lab, "policy.json", lab_policy);
    snprintf(path, sizeof path, "%.63s/acks", lab->f.dir);
    mkdir(path, 0700);
    lab_write(lab, "acks/edge-1.json", "{\"host\":\"ops-1\",\"workers\":2,\"generation\":41,\"applied_at\":\"2026-11-24T01:57:00Z\",\"seen_at\":\"2026-11-24T02:12:35Z\"}");
    snprintf(lab->config, sizeof lab->config, "%.63s/config", lab->f.dir);
    snprintf(lab->policy, sizeof lab->policy, "%.63s/policy.json", lab->f.dir);
    must(config_load(&lab->settings, lab->config, &e), &e);
    ledger_close(lab->f.ledger); /* once more, with the budgets: the ledger keeps their sums */
    const LedgerOptions o = {.zone = lab->f.zone, .now_ms = utc(LAB_NOW), .budgets = lab->settings->budgets, .budget_count = lab->settings->budget_count};
    must(ledger_open(&lab->f.ledger, lab->f.db, &o, &e), &e);
    lab_load(lab);
    lab->app = (App){.config_path = lab->config, .db_option = lab->f.path, .policy_option = lab->policy, .fixed_now_ms = utc(LAB_NOW)};
}

static inline int dashboard_lab_remove(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline void dashboard_lab_close(DashboardLab *lab) {
    char dir[sizeof lab->f.dir];
    snprintf(dir, sizeof dir, "%s", lab->f.dir);
    app_close(&lab->app);
    config_free(lab->settings);
    fixture_close(&lab->f);
    nftw(dir, dashboard_lab_remove, 16, FTW_DEPTH | FTW_PHYS);
}
#endif
