/* recon_out: for people: a table and Markdown. For programs: recon_data.c. See recon_out.h. */
#include "tui/recon_out.h"
#include "store/money.h"
#include "tui/number.h"
#include "tui/recon_words.h"
#include <inttypes.h>

enum { CELLS = 10, CELL = 160 };
typedef struct Line { char cell[CELLS][CELL]; } Line;

static const char *const titles[CELLS] = {"UTC day", "account", "model", "metered ~$", "reported ^$", "billed =$", "drift", "coverage", "unmetered $", "spend $"};
static const int widths[CELLS] = {-10, -16, -32, 12, 12, 12, 9, 9, 12, 12};

static void put(Line *out, int i, const char *text) { snprintf(out->cell[i], CELL, "%s", text); }

static void money(Line *out, int i, int64_t nano, bool known, Basis mark) {
    put(out, i, known ? number_money(nano, 0, mark).text : "-");
}

static void fill(const ReconPart *p, Line *out) {
    const ReconLine *l = &p->line;
    *out = (Line){0};
    if (p->kind != RECON_TOTAL) time_format(NULL, l->day_ms, "%Y-%m-%d", out->cell[0], CELL);
    put(out, 1, l->account);
    put(out, 2, p->kind == RECON_TOTAL ? "" : l->model[0] ? l->model : "(none)");
    money(out, 9, p->spend_nano, true, l->metered.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE);
    if (p->kind == RECON_REST) return;
    money(out, 3, l->metered.cost_nano, l->has_metered, l->metered.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE);
    money(out, 4, l->reported.cost_nano, l->has_reported, l->reported.unpriced_tokens ? BASIS_AT_LEAST : BASIS_NONE);
    money(out, 5, l->billed_nano, l->has_billed, BASIS_NONE);
    recon_ppm_words(recon_drift_ppm(l), true, out->cell[6], CELL);
    recon_ppm_words(recon_coverage_ppm(l), false, out->cell[7], CELL);
    if (l->open) put(out, 6, "open");
    else if (l->has_reported || l->has_billed) money(out, 8, recon_unmetered_nano(l), true, BASIS_NONE);
}

static void print_line(FILE *out, const char *const cell[CELLS]) {
    for (int i = 0; i < CELLS; i++) fprintf(out, "%s%*.*s", i ? " " : "", widths[i], i == 1 ? 16 : i == 2 ? 32 : CELL, cell[i]);
    fputc('\n', out);
}

/* What stands below the table, one line each: `lead` before it. */
static void notes(const ReconReport *r, FILE *out, const char *lead) {
    for (size_t i = 0; i < r->finding_count; i++) {
        const ReconFinding *f = &r->finding[i];
        fprintf(out, "%s%12s  %s, %s: %s. %s\n", lead, number_money_signed(f->nano, 0).text, f->account, f->what[0] ? f->what : "(none)", cause_names[f->cause],
                f->evidence);
    }
    for (size_t i = 0; i < r->foreign_count; i++) {
        const ForeignView *f = &r->foreign[i];
        fprintf(out, "%s%12s  %s %s billed on %d day%s: in no sum above\n", lead, number_money(f->nano, 0, BASIS_NONE).text, f->currency, f->account, f->days,
                f->days == 1 ? "" : "s");
    }
    for (size_t i = 0; i < r->left_count; i++) {
        const BalanceView *l = &r->left[i];
        fprintf(out, "%s%12s  %s %s: %s", lead, number_money(l->nano, 0, BASIS_NONE).text, l->currency, l->account, recon_left_words(l));
        if (l->days_left >= 0) fprintf(out, ", for %" PRId64 " day%s at $%s a day", l->days_left, l->days_left == 1 ? "" : "s", number_money(l->day_nano, 0, BASIS_NONE).text);
        fputc('\n', out);
    }
}

static bool has_notes(const ReconReport *r) { return r->finding_count || r->foreign_count || r->left_count; }

void recon_out_table(const ReconReport *r, FILE *out) {
    print_line(out, titles);
    for (size_t i = 0; i < r->part_count; i++) {
        Line line;
        const char *cell[CELLS];
        fill(&r->parts[i], &line);
        for (int k = 0; k < CELLS; k++) cell[k] = line.cell[k];
        print_line(out, cell);
    }
    if (has_notes(r)) fputc('\n', out);
    notes(r, out, "");
}

/* A "|" in a name would begin a column. */
static void md_cell(FILE *out, const char *text) {
    fputs(" ", out);
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text, out);
    }
    fputs(" |", out);
}

void recon_out_md(const ReconReport *r, FILE *out) {
    Line line;
    fputc('|', out);
    for (int k = 0; k < CELLS; k++) md_cell(out, titles[k]);
    fputs("\n|", out);
    for (int k = 0; k < CELLS; k++) fputs(k < 3 ? "---|" : "---:|", out);
    for (size_t i = 0; i < r->part_count; i++) {
        fill(&r->parts[i], &line);
        fputs("\n|", out);
        for (int k = 0; k < CELLS; k++) md_cell(out, line.cell[k]);
    }
    fputs(has_notes(r) ? "\n\n" : "\n", out);
    notes(r, out, "- ");
}
