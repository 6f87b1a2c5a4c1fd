/* recon_data: a reconciliation for programs: JSON and CSV, exact. See recon_out.h. */
#include "store/money.h"
#include "tui/json_out.h"
#include "tui/recon_out.h"
#include <inttypes.h>

static void day_text(int64_t ms, char out[16]) { time_format(NULL, ms, "%Y-%m-%d", out, 16); }

/* A share as a decimal text; "" = cannot be said. */
static void share_text(int64_t ppm, char out[32]) {
    *out = '\0';
    if (ppm != INT64_MIN)
        snprintf(out, 32, "%s%" PRId64 ".%06" PRId64, ppm < 0 ? "-" : "", (ppm < 0 ? -ppm : ppm) / 1000000, (ppm < 0 ? -ppm : ppm) % 1000000);
}

/* ---- JSON ---- */
static void json_money(FILE *out, const char *name, int64_t nano, bool known) {
    fprintf(out, ",\"%s\":", name);
    if (known) json_out_money(out, nano);
    else fputs("null", out);
}

static void json_text(FILE *out, const char *name, const char *text, bool first) {
    fprintf(out, "%s\"%s\":", first ? "" : ",", name);
    json_out_string(out, text);
}

static void json_share(FILE *out, const char *name, int64_t ppm) {
    char text[32];
    share_text(ppm, text);
    if (*text) json_text(out, name, text, false);
    else fprintf(out, ",\"%s\":null", name);
}

static void json_figures(FILE *out, const ReconPart *p) {
    const ReconLine *l = &p->line;
    json_money(out, "metered_usd", l->metered.cost_nano, l->has_metered);
    json_money(out, "reported_usd", l->reported.cost_nano, l->has_reported);
    json_money(out, "billed_usd", l->billed_nano, l->has_billed);
    json_share(out, "drift", p->kind == RECON_REST ? INT64_MIN : recon_drift_ppm(l));
    json_share(out, "coverage", p->kind == RECON_REST ? INT64_MIN : recon_coverage_ppm(l));
    json_money(out, "spend_usd", p->spend_nano, true);
    fprintf(out, ",\"unpriced_tokens\":%" PRId64 ",\"closed\":%s}", l->metered.unpriced_tokens, l->open ? "false" : "true");
}

static void json_part(FILE *out, const ReconPart *p) {
    char day[16];
    day_text(p->line.day_ms, day);
    fputc('{', out);
    json_text(out, p->kind == RECON_TOTAL ? "since" : "day", day, true);
    if (p->kind != RECON_TOTAL) {
        json_text(out, "account", p->line.account, false);
        json_text(out, "model", p->line.model, false);
    }
    json_figures(out, p);
}

static void json_findings(const ReconReport *r, FILE *out) {
    for (size_t i = 0; i < r->finding_count; i++) {
        const ReconFinding *f = &r->finding[i];
        char day[16];
        fputs(i ? ",\n{" : "\n{", out);
        json_text(out, "cause", cause_names[f->cause], true);
        json_text(out, "account", f->account, false);
        json_text(out, "what", f->what, false);
        day_text(f->day_ms, day);
        json_text(out, "day", day, false); /* on which it shows most */
        json_text(out, "model", f->model, false);
        json_money(out, "usd", f->nano, true);
        json_text(out, "evidence", f->evidence, false);
        fputc('}', out);
    }
}

static void json_apart(const ReconReport *r, FILE *out) {
    fputs("],\n\"other_currencies\":[", out);
    for (size_t i = 0; i < r->foreign_count; i++) {
        fputs(i ? ",{" : "{", out);
        json_text(out, "account", r->foreign[i].account, true);
        json_text(out, "currency", r->foreign[i].currency, false);
        json_money(out, "billed", r->foreign[i].nano, true);
        fprintf(out, ",\"days\":%d}", r->foreign[i].days);
    }
    fputs("],\n\"balances\":[", out);
    for (size_t i = 0; i < r->left_count; i++) {
        const BalanceView *l = &r->left[i];
        fputs(i ? ",{" : "{", out);
        json_text(out, "account", l->account, true);
        json_text(out, "kind", l->kind, false);
        json_text(out, "currency", l->currency, false);
        json_money(out, "amount", l->nano, true);
        json_money(out, "usd_a_day", l->day_nano, l->day_nano > 0);
        if (l->days_left >= 0) fprintf(out, ",\"days_left\":%" PRId64 "}", l->days_left);
        else fputs(",\"days_left\":null}", out);
    }
}

void recon_out_json(const ReconReport *r, FILE *out) {
    fputs("{\"schema_version\":1,\"rows\":[", out);
    for (size_t i = 0; i + 1 < r->part_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        json_part(out, &r->parts[i]);
    }
    fputs("],\n\"total\":", out);
    json_part(out, &r->parts[r->part_count - 1]);
    fputs(",\n\"findings\":[", out);
    json_findings(r, out);
    json_apart(r, out);
    fputs("]}\n", out);
}

/* ---- CSV: what a line is stands first, so that one file holds all of it ---- */
static void csv_text(FILE *out, const char *text, const char *after) {
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fprintf(out, "\"%s", after);
}

static void csv_money(FILE *out, int64_t nano, bool known) {
    char text[32];
    nano_exact(nano, text, sizeof text);
    fprintf(out, "%s,", known ? text : "");
}

static void csv_part(FILE *out, const ReconPart *p) {
    static const char *const kinds[] = {[RECON_MODEL] = "row", [RECON_REST] = "rest", [RECON_TOTAL] = "total"};
    const ReconLine *l = &p->line;
    char day[16], drift[32], coverage[32];
    day_text(l->day_ms, day);
    share_text(p->kind == RECON_REST ? INT64_MIN : recon_drift_ppm(l), drift);
    share_text(p->kind == RECON_REST ? INT64_MIN : recon_coverage_ppm(l), coverage);
    fprintf(out, "%s,%s,", kinds[p->kind], p->kind == RECON_TOTAL ? "" : day);
    csv_text(out, p->kind == RECON_TOTAL ? "" : l->account, ",");
    csv_text(out, l->model, ",");
    csv_money(out, l->metered.cost_nano, l->has_metered);
    csv_money(out, l->reported.cost_nano, l->has_reported);
    csv_money(out, l->billed_nano, l->has_billed);
    fprintf(out, "%s,%s,", drift, coverage);
    csv_money(out, p->spend_nano, true);
    fprintf(out, "%s,,,,\n", l->open ? "false" : "true");
}

static void csv_other(FILE *out, const char *kind, const char *day, const char *account, const char *what, const char *cause, const char *currency, int64_t nano,
                      const char *words) {
    fprintf(out, "%s,%s,", kind, day);
    csv_text(out, account, ",");
    csv_text(out, what, ",,,,,,,,");
    csv_text(out, cause, ",");
    csv_text(out, currency, ",");
    csv_money(out, nano, true);
    csv_text(out, words, "\n");
}

void recon_out_csv(const ReconReport *r, FILE *out) {
    char words[64];
    fputs("kind,day,account,model,metered_usd,reported_usd,billed_usd,drift,coverage,spend_usd,closed,cause,currency,amount,evidence\n", out);
    for (size_t i = 0; i < r->part_count; i++) csv_part(out, &r->parts[i]);
    for (size_t i = 0; i < r->finding_count; i++) {
        const ReconFinding *f = &r->finding[i];
        char day[16];
        day_text(f->day_ms, day);
        csv_other(out, "cause", day, f->account, f->what, cause_names[f->cause], "USD", f->nano, f->evidence);
    }
    for (size_t i = 0; i < r->foreign_count; i++) {
        snprintf(words, sizeof words, "billed on %d day%s", r->foreign[i].days, r->foreign[i].days == 1 ? "" : "s");
        csv_other(out, "other currency", "", r->foreign[i].account, "", "", r->foreign[i].currency, r->foreign[i].nano, words);
    }
    for (size_t i = 0; i < r->left_count; i++) {
        const BalanceView *l = &r->left[i];
        if (l->days_left >= 0) snprintf(words, sizeof words, "for %" PRId64 " day%s", l->days_left, l->days_left == 1 ? "" : "s");
        csv_other(out, l->kind, "", l->account, "", "", l->currency, l->nano, l->days_left >= 0 ? words : "");
    }
}
