/* cmd_report_data: reports for programs: JSON and CSV, with the same columns, exact. */
#include <inttypes.h>
#include "store/money.h"
#include "tui/cmd_report.h"
#include "tui/json_out.h"

/* The numbers of a row; the caller has written what stands before them, without a comma. */
static const struct { const char *name; SaveClass tier; } mix[] = { /* CLASS_NONE: the output's part */
    {"output_cost_permille", CLASS_NONE}, {"premium_cost_permille", CLASS_PREMIUM}, {"standard_cost_permille", CLASS_STANDARD}, {"classifier_cost_permille", CLASS_ECONOMY}};
enum { MIX_COLUMNS = sizeof mix / sizeof *mix };

static int mix_value(const SpendMix *m, int column) {
    if (!m) return -1;
    return mix[column].tier == CLASS_NONE ? spend_mix_output_permille(m) : spend_mix_tier_permille(m, mix[column].tier);
}

static void json_numbers(FILE *out, const Totals *t, const SpendMix *m, bool first) {
    for (int c = 0; c < COL_COUNT; c++) {
        fprintf(out, "%s\"%s\":", c == 0 && first ? "" : ",", column_names[c]);
        if (!column_is_known(t, (RowColumn)c)) fputs("null", out);
        else if (column_is_money((RowColumn)c)) json_out_money(out, column_value(t, (RowColumn)c));
        else fprintf(out, "%" PRId64, column_value(t, (RowColumn)c));
    }
    for (int c = 0; c < MIX_COLUMNS; c++) {
        fprintf(out, ",\"%s\":", mix[c].name);
        if (mix_value(m, c) < 0) fputs("null", out);
        else fprintf(out, "%d", mix_value(m, c));
    }
    fputs(",\"basis\":", out);
    json_out_string(out, totals_basis(t));
}

static void json_group(FILE *out, const Query *q, const Group *g, const SpendMix *m) {
    fputc('{', out);
    for (size_t i = 0; i < q->by_count; i++) {
        fprintf(out, "%s\"%s\":", i ? "," : "", by_name(q->by[i]));
        json_out_string(out, g->name[i]);
    }
    json_numbers(out, &g->t, m, q->by_count == 0);
    fputc('}', out);
}

static void json_events(const Report *r, FILE *out) {
    for (size_t i = 0; i < r->event_count; i++) {
        const ReportEvent *one = &r->events[i];
        fputs(i ? ",\n{\"at\":" : "\n{\"at\":", out);
        json_out_time(out, one->at_ms);
        fprintf(out, ",\"kind\":\"%s\",\"by\":", one->kind);
        json_out_string(out, one->by);
        fputs(",\"text\":", out);
        json_out_string(out, one->text);
        fputc('}', out);
    }
}

void report_json(const Report *r, FILE *out) {
    fputs("{\"schema_version\":1,\"since\":", out);
    json_out_time(out, r->query->since_ms);
    fputs(",\"until\":", out);
    json_out_time(out, r->query->until_ms);
    fputs(",\"timezone\":", out);
    json_out_string(out, zone_name(r->zone));
    fputs(",\"by\":[", out);
    for (size_t i = 0; i < r->query->by_count; i++) fprintf(out, "%s\"%s\"", i ? "," : "", by_name(r->query->by[i]));
    fputs("],\"rows\":[", out);
    for (size_t i = 0; i < r->shown; i++) {
        fputs(i ? ",\n" : "\n", out);
        json_group(out, r->query, &r->result->groups[i], r->mix ? &r->mix->row[i] : NULL);
    }
    fputs("],\n\"total\":{", out);
    json_numbers(out, &r->result->total, r->mix ? &r->mix->total : NULL, true);
    fputs("},\n\"events\":[", out);
    json_events(r, out);
    fputs("]}\n", out);
}

static void csv_numbers(FILE *out, const Totals *t, const SpendMix *m) {
    char money[32];
    for (int c = 0; c < COL_COUNT; c++) {
        int64_t v = column_value(t, (RowColumn)c);
        if (!column_is_known(t, (RowColumn)c)) fputc(',', out);
        else if (column_is_money((RowColumn)c)) {
            nano_exact(v, money, sizeof money);
            fprintf(out, "%s,", money);
        } else {
            fprintf(out, "%" PRId64 ",", v);
        }
    }
    for (int c = 0; c < MIX_COLUMNS; c++) {
        if (mix_value(m, c) >= 0) fprintf(out, "%d", mix_value(m, c));
        fputc(',', out);
    }
    fprintf(out, "%s\n", totals_basis(t));
}

/* Rows only, so that a column can be summed; without --by there is one row, the total. */
void report_csv(const Report *r, FILE *out) {
    for (size_t i = 0; i < r->query->by_count; i++) fprintf(out, "%s,", by_name(r->query->by[i]));
    for (int c = 0; c < COL_COUNT; c++) fprintf(out, "%s,", column_names[c]);
    for (int c = 0; c < MIX_COLUMNS; c++) fprintf(out, "%s,", mix[c].name);
    fputs("basis\n", out);
    for (size_t i = 0; i < r->shown; i++) {
        for (size_t k = 0; k < r->query->by_count; k++) {
            csv_out_text(out, r->result->groups[i].name[k]);
            fputc(',', out);
        }
        csv_numbers(out, &r->result->groups[i].t, r->mix ? &r->mix->row[i] : NULL);
    }
    if (r->query->by_count == 0) csv_numbers(out, &r->result->total, r->mix ? &r->mix->total : NULL);
}
