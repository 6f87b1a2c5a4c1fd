/* test_long_lines: a line of up to 64 MiB gives its row whatever its structure, a longer one is counted and skipped, and
 * what is read of a long record depends neither on the pieces it comes in nor on how it is packed. */
#include "tests/import_lab.h"

#define MIB ((size_t)1 << 20)

typedef struct Stuffing { /* what a line is filled with: begin, then item and comma over and over, then end */
    const char *begin, *item, *end;
} Stuffing;

static const Stuffing stuffings[] = {
    {"\"numbers\":[", "1", "]"},
    {"\"lists\":[", "[],{},[[{\"a\":[0]}]]", "]"},
    {"\"usage\":{\"x\":[", "{\"prompt_tokens\":7}", "]}"},
    {"", "\"k\":{\"a\":\"}\\\"]\"}", ""},
    {"\"model_parameters\":{\"list\":[", "\"[{\\\\\",null,true", "]}"},
};
enum { STUFFINGS = sizeof stuffings / sizeof *stuffings };

/* A call of the size, stuffed before and behind what counts. */
static void write_stuffed(FILE *f, int n, size_t size, const Stuffing *s) {
    size_t item = strlen(s->item) + 1, fixed = 400 + strlen(s->begin) + strlen(s->end);
    size_t items = size > fixed ? (size - fixed) / item : 0;
    fprintf(f, "{%s", s->begin);
    for (size_t i = 0; i < items; i++) fputs(s->item, f), i + 1 < items ? fputc(',', f) : 0;
    fprintf(f, "%s,\"id\":\"chatcmpl-%d\",\"custom_llm_provider\":\"openai\",\"status\":\"success\",\"startTime\":%d.5,\"endTime\":%d.9,"
               "\"model\":\"gpt-4o\",\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}\n",
            s->end, n, 1792886400 + n, 1792886400 + n);
}

static void check_rows(const Place *p, const ImportSummary *sum, int rows) {
    assert_int_equal(sum->bad_lines, 0);
    assert_int_equal(sum->rows.added, rows);
    Totals t = place_totals(p);
    assert_int_equal(t.requests, rows);
    assert_int_equal(t.cost_nano, INT64_C(3500000) * rows);
}

static void every_structure_gives_its_row(void **state) {
    const Place *p = *state;
    FILE *f = fopen(p->log, "we");
    assert_non_null(f);
    int n = 0;
    for (size_t k = 0; k < STUFFINGS; k++) {
        write_stuffed(f, n++, MIB, &stuffings[k]);
        write_stuffed(f, n++, 10 * MIB, &stuffings[k]);
    }
    fclose(f);
    ImportSummary sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.skipped_lines, 0);
    check_rows(p, &sum, n);
}

static void the_limit_is_64_mib(void **state) {
    const Place *p = *state;
    FILE *f = fopen(p->log, "we");
    assert_non_null(f);
    write_stuffed(f, 1, 63 * MIB, &stuffings[1]);
    write_stuffed(f, 2, 65 * MIB, &stuffings[1]);
    write_stuffed(f, 3, 400, &stuffings[0]);
    write_stuffed(f, 4, MIB, &stuffings[3]);
    fclose(f);
    ImportSummary sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    assert_int_equal(sum.skipped_lines, 1);
    check_rows(p, &sum, 3);
}

/* The same bytes through a pipe, which gives other pieces, and packed. */
static void pieces_and_packing_change_nothing(void **state) {
    const Place *p = *state;
    char command[3000], packed[700], copy[700];
    FILE *f = fopen(p->log, "we");
    assert_non_null(f);
    for (int n = 0; n < 3; n++) write_stuffed(f, n, 5 * MIB + (size_t)n * 1000, &stuffings[n]);
    fclose(f);
    ImportSummary sum = place_import(p, p->db, p->log, 0, DAY_MS + MS_PER_DAY);
    check_rows(p, &sum, 3);
    snprintf(packed, sizeof packed, "%s/b.jsonl.gz", p->dir);
    snprintf(copy, sizeof copy, "%s/c.jsonl", p->dir);
    snprintf(command, sizeof command, "gzip -1 <'%s' >'%s' && mv '%s' '%s'", p->log, packed, p->log, copy);
    assert_int_equal(system(command), 0);
    for (int i = 0; i < 2; i++) {
        sum = place_import(p, p->db, i ? copy : packed, 0, DAY_MS + MS_PER_DAY);
        assert_int_equal(sum.rows.added, 0);
    }
    assert_int_equal(place_totals(p).requests, 3);
}

/* A batch of OpenTelemetry: each span is wanted, of its attributes a few. */
static void a_long_batch_gives_every_span(void **state) {
    const Place *p = *state;
    enum { SPANS = 2000 };
    FILE *f = fopen(p->log, "we");
    assert_non_null(f);
    fputs("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]},\"scopeSpans\":[{\"spans\":[", f);
    for (int n = 0; n < SPANS; n++) {
        fprintf(f, "%s{\"traceId\":\"%032x\",\"spanId\":\"%016x\",\"name\":\"chat gpt-4o\",\"startTimeUnixNano\":\"%d500000000\",\"endTimeUnixNano\":\"%d900000000\",\"attributes\":[",
                n ? "," : "", n + 1, n + 1, 1792886400 + n, 1792886400 + n);
        for (int i = 0; i < 100; i++) fprintf(f, "{\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"%d\"}]}},\"key\":\"app.%d\"},", i, i);
        fputs("{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":\"chat\"}},{\"key\":\"gen_ai.provider.name\",\"value\":{\"stringValue\":\"openai\"}},"
              "{\"key\":\"gen_ai.request.model\",\"value\":{\"stringValue\":\"gpt-4o\"}},{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"1000\"}},"
              "{\"key\":\"gen_ai.usage.output_tokens\",\"value\":{\"intValue\":\"100\"}}]}", f);
    }
    fputs("]}]}]}\n", f);
    assert_true(ftell(f) > (long)(8 * MIB));
    fclose(f);
    ImportOptions o = {.config = p->config, .db_path = p->db, .format = "otel", .now_ms = DAY_MS + MS_PER_DAY};
    ImportSummary sum;
    Err e = {0};
    const char *path = p->log;
    assert_int_equal(import_files(&o, &path, 1, &sum, NULL, &e), 0);
    check_rows(p, &sum, SPANS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_structure_gives_its_row, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_limit_is_64_mib, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(pieces_and_packing_change_nothing, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_long_batch_gives_every_span, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
