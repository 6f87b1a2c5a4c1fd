/* cmd_savings_rule: `tollwatch savings --dry-run RULE`, `--write RULE` and `--undo ID`: what a rule would have changed, and the
 * writing of it through the policy's door. */
#include "collectors/publish.h"
#include "store/money.h"
#include "tui/cmd_savings.h"
#include "tui/json_out.h"
#include "tui/number.h"
#include <inttypes.h>

typedef struct Trial {
    const RuleWish *w;
    Db *db;
    SaveRule rule;
    RuleEffect f;
    int percent;
    RuleShare share;
} Trial;

/* ---- words ---- */
static void print_row(const Trial *t, const char *what, int64_t calls, int64_t paid, int64_t then) {
    bool md = strcmp(t->w->format, "md") == 0;
    printf(md ? "| %s | %s | %s | %s | %s |\n" : "%-14s %12s %14s %14s %14s\n", what, number_count(calls, 0).text, number_money(paid, 0, BASIS_NONE).text,
           number_money(then, 0, BASIS_NONE).text, number_money(paid - then, 0, BASIS_NONE).text);
}

static void print_head(const Trial *t) {
    char from[40], to[40], *text = save_rule_text(&t->rule, true);
    bool md = strcmp(t->w->format, "md") == 0;
    time_format(t->w->app->zone, t->f.since_ms, "%Y-%m-%d %H:%M", from, sizeof from);
    time_format(t->w->app->zone, t->f.until_ms, "%Y-%m-%d %H:%M", to, sizeof to);
    printf(md ? "`%s` in %s, tried on %s calls from %s to %s%s\n\n" : "rule     %s\nin       %s\ntried    on %s calls from %s to %s%s\n\n", text, rule_sections[t->rule.kind],
           number_count(t->f.calls, 0).text, from, to, t->f.cut ? ", the newest of the range; --calls N takes more" : "");
    printf(md ? "| | calls | paid ~$ | then ~$ | saved ~$ |\n|---|---:|---:|---:|---:|\n" : "%-14s %12s %14s %14s %14s\n", "", "calls", "paid ~$", "then ~$", "saved ~$");
    free(text);
}

static void print_expected(const Trial *t) {
    const RuleEffect *f = &t->f;
    char each[64], of[40] = "";
    if (t->percent < 100) snprintf(of, sizeof of, " of %d%% of these calls", t->percent);
    snprintf(each, sizeof each, "%s", number_usd(per_day(t->share.saved_nano, f->since_ms, f->until_ms), 0, BASIS_PROJECTED).text);
    printf("\nexpected %s", each);
    if (t->share.spread_nano) printf(" ±%s", number_usd(per_day(t->share.spread_nano, f->since_ms, f->until_ms), 0, BASIS_NONE).text);
    printf(" a day%s%s%s\n", of, *of ? ": the share goes by the hash of the request id, which is not stored" : "",
           f->cut ? "; scaled from the newest calls, as if all hours were like theirs" : "");
}

static void print_notes(const RuleEffect *f) {
    const struct { int64_t n; const char *text; } notes[] = {
        {f->refused, "calls would be refused"}, {f->hits, "calls would be answered from the cache (± the temperature is not logged: a rule without any_temperature answers only those of 0)"},
        {f->cut_tokens, "output tokens would be cut off: answers that end early (± nobody knows what else would come)"},
        {f->guessed, "calls (±) without a size or tools in the log: taken as 4 bytes a token, without tools"},
        {f->streamed, "calls are streamed: no gateway answers those from its cache"},
        {f->unhashed, "calls without prompt_hash in the log: never a hit here"},
        {f->unpriced, "calls without a price are in no figure"}, {f->repriced, "calls were priced otherwise then, so they are in no figure: tollwatch prices reprice"}};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (notes[i].n) printf("         %s %s\n", number_count(notes[i].n, 0).text, notes[i].text);
}

static const char *goes_to(const RuleExample *x, RuleKind kind) { return *x->model ? x->model : kind == RULE_CACHE ? "(hit)" : "(refused)"; }

/* A "|" in a name would begin a column, a "\\" before one would let it. */
void savings_md_name(const char *text, char *out, size_t size) {
    size_t used = 0;
    for (; *text && used + 3 < size; text++) {
        if (strchr("|\\`<", *text)) out[used++] = '\\';
        out[used++] = *text;
    }
    out[used] = '\0';
}

static int print_examples(const Trial *t, Err *e) {
    RowView *row = xcalloc(1, sizeof *row);
    bool md = strcmp(t->w->format, "md") == 0;
    int rc = 0;
    printf(md ? "\n| example | feature | model | then | in | out | paid ~$ | then ~$ |\n|---|---|---|---|---:|---:|---:|---:|\n"
              : "\n%-23s  %-16s %-24s %-24s %9s %8s %12s %12s\n", "examples", "feature", "model", "then", "in", "out", "paid ~$", "then ~$");
    for (size_t i = 0; rc == 0 && i < t->f.examples; i++) {
        const RuleExample *x = &t->f.example[i];
        char at[40];
        if ((rc = query_row(t->db, x->key, row, e)) != 0) break;
        const int64_t *n = row->r.tokens;
        const char *names[] = {row->name[DIM_FEATURE], row->name[DIM_MODEL], goes_to(x, t->rule.kind)};
        char name[3][2 * NAME_MAX_BYTES + 4];
        for (int k = 0; k < 3; k++) {
            if (md) savings_md_name(names[k], name[k], sizeof name[k]);
            else snprintf(name[k], sizeof name[k], "%s", names[k]);
        }
        time_format(t->w->app->zone, row->r.ts_ms, "%Y-%m-%d %H:%M:%S", at, sizeof at);
        printf(md ? "| %s | %s | %s | %s | %s | %s | %s | %s |\n" : "%-23s  %-16.16s %-24.24s %-24.24s %9s %8s %12s %12s\n", at, name[0], name[1],
               name[2], number_count(n[TOK_INPUT] + n[TOK_CACHE_READ] + n[TOK_CACHE_WRITE_5M] + n[TOK_CACHE_WRITE_1H], 0).text,
               number_count(n[TOK_OUTPUT] + n[TOK_REASONING], 0).text, number_request_cost(x->before_nano, false).text, number_request_cost(x->after_nano, false).text);
    }
    free(row);
    return rc;
}

static int print_words(const Trial *t, Err *e) {
    const RuleEffect *f = &t->f;
    print_head(t);
    print_row(t, "would change", f->changed, f->before_nano, f->after_nano);
    print_row(t, "stays", f->calls - f->changed, f->paid_nano - f->before_nano, f->paid_nano - f->before_nano);
    print_row(t, "all", f->calls, f->paid_nano, f->paid_nano - f->saved_nano);
    print_expected(t);
    print_notes(f);
    return print_examples(t, e);
}

/* ---- JSON, CSV ---- */
static void json_usd(const char *name, int64_t nano) {
    printf("\"%s\":", name);
    json_out_money(stdout, nano);
    putchar(',');
}

static int json_examples(const Trial *t, Err *e) {
    RowView *row = xcalloc(1, sizeof *row);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->f.examples; i++) {
        const RuleExample *x = &t->f.example[i];
        if ((rc = query_row(t->db, x->key, row, e)) != 0) break;
        printf("%s{\"key\":%" PRId64 ",\"at\":", i ? "," : "", x->key);
        json_out_time(stdout, row->r.ts_ms);
        fputs(",\"feature\":", stdout);
        json_out_string(stdout, row->name[DIM_FEATURE]);
        fputs(",\"model\":", stdout);
        json_out_string(stdout, row->name[DIM_MODEL]);
        fputs(",\"to_model\":", stdout);
        json_out_string(stdout, x->model);
        putchar(',');
        json_usd("paid_usd", x->before_nano);
        json_usd("then_usd", x->after_nano);
        printf("\"output_cut\":%" PRId64 "}", x->output_cut);
    }
    free(row);
    return rc;
}

static int print_json(const Trial *t, Err *e) {
    const RuleEffect *f = &t->f;
    char *text = save_rule_text(&t->rule, true);
    printf("{\"schema_version\":1,\"path\":");
    json_out_string(stdout, t->rule.at);
    printf(",\"rule\":%s,\"since\":", text);
    json_out_time(stdout, f->since_ms);
    fputs(",\"until\":", stdout);
    json_out_time(stdout, f->until_ms);
    printf(",\"cut\":%s,\"calls\":%" PRId64 ",\"matched\":%" PRId64 ",\"changed\":%" PRId64 ",", f->cut ? "true" : "false", f->calls, f->matched, f->changed);
    printf("\"refused\":%" PRId64 ",\"hits\":%" PRId64 ",\"output_cut\":%" PRId64 ",\"guessed\":%" PRId64 ",", f->refused, f->hits, f->cut_tokens, f->guessed);
    printf("\"unhashed\":%" PRId64 ",\"unpriced\":%" PRId64 ",\"repriced\":%" PRId64 ",\"percent\":%d,", f->unhashed, f->unpriced, f->repriced, t->percent);
    json_usd("paid_usd", f->paid_nano);
    json_usd("before_usd", f->before_nano);
    json_usd("after_usd", f->after_nano);
    json_usd("saved_usd", f->saved_nano);
    json_usd("expected_usd", t->share.saved_nano);
    json_usd("spread_usd", t->share.spread_nano);
    json_usd("expected_usd_per_day", per_day(t->share.saved_nano, f->since_ms, f->until_ms));
    json_usd("spread_usd_per_day", per_day(t->share.spread_nano, f->since_ms, f->until_ms));
    fputs("\"examples\":[", stdout);
    int rc = json_examples(t, e);
    puts("]}");
    free(text);
    return rc;
}

static void csv_row(const char *what, int64_t calls, int64_t paid, int64_t then, int64_t spread) {
    char money[4][32];
    const int64_t nano[4] = {paid, then, paid - then, spread};
    for (int i = 0; i < 4; i++) nano_exact(nano[i], money[i], sizeof money[i]);
    printf("%s,%" PRId64 ",%s,%s,%s,%s\n", what, calls, money[0], money[1], money[2], money[3]);
}

static void print_csv(const Trial *t) {
    const RuleEffect *f = &t->f;
    puts("what,calls,paid_usd,then_usd,saved_usd,spread_usd");
    csv_row("changed", f->changed, f->before_nano, f->after_nano, 0);
    csv_row("stays", f->calls - f->changed, f->paid_nano - f->before_nano, f->paid_nano - f->before_nano, 0);
    csv_row("all", f->calls, f->paid_nano, f->paid_nano - f->saved_nano, 0);
    csv_row("expected", t->share.calls, f->paid_nano, f->paid_nano - t->share.saved_nano, t->share.spread_nano);
}

/* ---- doing it ---- */
static int try_rule(Trial *t, Err *e) {
    const RuleWish *w = t->w;
    Query q = w->q;
    if (db_open(&t->db, w->app->db_path, DB_READ, e) != 0) return -1;
    if (q.since_ms == 0) {
        q = savings_yesterday(t->db, w->app->day_zone, w->q.until_ms);
        q.filter = w->q.filter;
    }
    if (savings_try(w->app, t->db, &t->rule, &q, w->max_calls, &t->f, e) != 0) return -1;
    t->percent = save_rule_percent(&t->rule);
    t->share = save_rule_share(&t->f, t->percent);
    return 0;
}

static int show_trial(const Trial *t, Err *e) {
    if (strcmp(t->w->format, "json") == 0) return print_json(t, e);
    if (strcmp(t->w->format, "csv") != 0) return print_words(t, e);
    print_csv(t);
    return 0;
}

static int tell(const RuleWish *w, PolicyAct *act, const PolicyDone *done, Err *e) {
    if (done->result == POLICY_CONFLICT) return fail(e, "%s", done->conflict);
    printf("generation %" PRId64 "%s\n", done->generation, done->result == POLICY_UNCHANGED ? ": it was so already" : "");
    fflush(stdout);
    if (done->warning[0]) usage_fail("%s", done->warning);
    if (done->result != POLICY_WRITTEN || !w->app->config->publish[0]) return 0;
    if (publish_policy(w->app->config->publish, &act->writer, done->generation, NULL, e) != 0) return -1;
    puts("published");
    return 0;
}

static int write_rule(Trial *t, Err *e) {
    PolicyAct act;
    PolicyDone done;
    policy_act_begin(&act, t->w->app);
    int rc = savings_write(&act, &t->rule, &t->f, t->w->reason, &done, e);
    if (rc == 0) rc = tell(t->w, &act, &done, e);
    policy_act_end(&act);
    return rc;
}

static const SavedRule *running(const SavedRule *list, size_t count, const char *id) {
    for (size_t i = 0; i < count; i++)
        if (!list[i].ended_ms && strcmp(list[i].id, id) == 0) return &list[i];
    return NULL;
}

static int undo_found(const RuleWish *w, PolicyAct *act, Err *e) {
    SavedRule *list = xcalloc(SAVED_RULES_MAX, sizeof *list);
    size_t count = 0;
    PolicyDone done;
    const SavedRule *r = NULL;
    int rc = act->log.db ? saving_book_list(act->log.db, list, SAVED_RULES_MAX, &count, e) : fail(e, "there is no ledger, and so no rule that was written to save; see --db");
    if (rc == 0 && (r = running(list, count, w->undo)) == NULL) rc = fail(e, "no rule %.80s runs; `tollwatch savings` lists those that do", w->undo);
    if (rc == 0) rc = savings_undo(act, r, w->reason, &done, e);
    if (rc == 0) rc = tell(w, act, &done, e);
    saving_book_free(list, count);
    free(list);
    return rc;
}

static int undo_rule(const RuleWish *w, Err *e) {
    PolicyAct act;
    policy_act_begin(&act, w->app);
    int rc = undo_found(w, &act, e);
    policy_act_end(&act);
    return rc;
}

int savings_rule_run(const RuleWish *w) {
    Trial *t = xcalloc(1, sizeof *t);
    Err e = {0};
    int rc;
    t->w = w;
    if (w->undo) rc = undo_rule(w, &e);
    else {
        rc = save_rule_parse(&t->rule, w->rule, &e);
        if (rc == 0) rc = try_rule(t, &e);
        if (rc == 0) rc = w->write ? write_rule(t, &e) : show_trial(t, &e);
        save_rule_free(&t->rule);
        db_close(t->db);
    }
    free(t);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}
