/* test_price_book: what a valid book is, what a user's rows do to ours, and invariants of the embedded book. */
#include "store/clock.h"
#include "store/data.h"
#include "store/price.h"
#include "tests/unit.h"
#include <sys/stat.h>
#include <unistd.h>

static const int64_t now_ms = INT64_C(1795478400000); /* 2026-11-24 */
static char dir[64];

static Book *load(const char *csv) {
    Err e = {0};
    Book *b = NULL;
    if (book_load_csv(&b, "t.csv", csv, strlen(csv), &e) != 0) fail_msg("%s", e.text);
    return b;
}

static void refused(const char *csv, const char *why) {
    Err e = {0};
    Book *b = NULL;
    if (book_load_csv(&b, "t.csv", csv, strlen(csv), &e) == 0) fail_msg("accepted: %s", csv);
    assert_null(b);
    if (!strstr(e.text, why)) fail_msg("\"%s\" does not say \"%s\"", e.text, why);
}

/* The price of a thousand input and ten output tokens; -1 = unpriced. */
static int64_t price(const Book *b, const char *provider, const char *model, int64_t ts_ms) {
    Usage u = {.provider = str_of(provider), .model = str_of(model), .ts_ms = ts_ms, .now_ms = now_ms};
    Cost c;
    u.tokens[TOK_INPUT] = 1000;
    u.tokens[TOK_OUTPUT] = 10;
    cost_of(b, &u, &c);
    return c.priced ? c.nano : -1;
}

static Book *with_user_file(const char *csv) {
    char path[128];
    Err e = {0};
    Book *b = NULL;
    snprintf(path, sizeof path, "%s/prices.csv", dir);
    assert_int_equal(file_write(path, csv, strlen(csv), &e), 0);
    if (book_load(&b, dir, &e) != 0) fail_msg("%s", e.text);
    unlink(path);
    return b;
}

static void a_bad_row_is_refused_with_its_line(void **state) {
    (void)state;
    refused("", "is empty");
    refused("model,input_per_mtok\n", "t.csv:1: the columns provider and model");
    refused("provider,model,colour\n", "t.csv:1: column \"colour\" is unknown");
    refused("provider,model,model\n", "stands twice");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m,1\n", "t.csv:2: 3 fields, but the header names 4");
    refused("provider,model,input_per_mtok,output_per_mtok\n\n# a note\nx,m,one,2\n", "t.csv:4: x/m: input_per_mtok \"one\" is not a number");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m,-1,2\n", "outside");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m,20000,2\n", "check the unit");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m,1,\n", "only one of");
    refused("provider,model,input_per_mtok,output_per_mtok\n,m,1,2\n", "must not be empty");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m,1,2\nx,m,1,3\n", "stands twice for one date (also at line 2)");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,\"m,1,2\n", "a quote is not closed");
    refused("provider,model,input_per_mtok,output_per_mtok\nx,m\x1b[2J,1,2\n", "model holds a control byte");
    refused("provider,model,input_per_mtok,output_per_mtok,effective_from\nx,m,1,2,1.1.2026\n", "is not a date");
    refused("provider,model,input_per_mtok,output_per_mtok,status\nx,m,1,2,maybe\n", "status");
    refused("provider,model,input_per_mtok,output_per_mtok,tier_threshold_tokens\nx,m,1,2,200000\n", "tier_input_per_mtok");
    refused("provider,model,input_per_mtok,output_per_mtok,peak_utc\nx,m,1,2,Mon-Fri 01:00-04:00\n", "offpeak_input_per_mtok");
    refused("provider,model,input_per_mtok,output_per_mtok,offpeak_input_per_mtok,peak_utc\nx,m,1,2,1,nights\n", "peak_utc");
    static const char *const rests[] = {"not", "not ", "not 2026-10-32", "not 2026-10-07..2026-10-01", "not 2026-10-01..", "not 2026-10-01,", "not  2026-10-01", "2026-10-01"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char csv[200];
        snprintf(csv, sizeof csv, "provider,model,input_per_mtok,output_per_mtok,offpeak_input_per_mtok,peak_utc\nx,m,1,2,1,\"Mon-Fri 01:00-04:00 %s\"\n", rests[i]);
        refused(csv, "peak_utc");
    }
    refused("provider,model,input_per_mtok,output_per_mtok,geo_multiplier\nx,m,1,2,0\n", "leave it empty");
}

static void a_csv_may_be_written_as_people_write_it(void **state) {
    (void)state;
    Book *b = load("\xEF\xBB\xBFmodel,provider,output_per_mtok,notes,input_per_mtok\r\n"
                   "# mine\r\n"
                   "m,Gemini,2,\"says \"\"cheap\"\", and\nmeans it\",1\r\n\r\n"
                   "n,x,2,,1");
    assert_int_equal(book_size(b), 2);
    assert_int_equal(price(b, "google", "m", 0), 1020000);
    assert_int_equal(price(b, "x", "n", 0), 1020000);
    assert_string_equal(price_row_field(book_row_at(b, 0), "notes"), "says \"cheap\", and\nmeans it");
    assert_string_equal(price_row_field(book_row_at(b, 0), "nonsense"), "");
    book_free(b);
}

static void written_out_and_read_again_a_book_is_the_same(void **state) {
    (void)state;
    Err e = {0};
    Buf text = {.max = 4 << 20};
    Book *ours, *again;
    assert_int_equal(book_load(&ours, NULL, &e), 0);
    book_csv(ours, &text);
    assert_int_equal(book_load_csv(&again, "again", text.at, text.len, &e), 0);
    assert_int_equal(book_size(ours), book_size(again));
    for (size_t i = 0; i < book_size(ours); i++) assert_true(price_row_id(book_row_at(ours, i)) == price_row_id(book_row_at(again, i)));
    book_free(ours);
    book_free(again);
    buf_free(&text);
}

static void a_rows_id_changes_with_its_price_and_not_with_its_notes(void **state) {
    (void)state;
    Book *a = load("provider,model,input_per_mtok,output_per_mtok,notes\nx,m,1,2,one\n");
    Book *b = load("provider,model,input_per_mtok,output_per_mtok,notes,class\nx,m,1,2,two,premium\n");
    Book *c = load("provider,model,input_per_mtok,output_per_mtok\nx,m,1,2.1\n");
    uint64_t id = price_row_id(book_row_at(a, 0));
    assert_true(id == price_row_id(book_row_at(b, 0)));
    assert_true(id != price_row_id(book_row_at(c, 0)));
    assert_ptr_equal(book_row_by_id(a, id), book_row_at(a, 0));
    assert_null(book_row_by_id(c, id));
    book_free(a);
    book_free(b);
    book_free(c);
}

static void an_undated_user_row_changes_only_its_columns(void **state) {
    (void)state;
    Book *b = with_user_file("provider,model,input_per_mtok\nopenai,gpt-5.6-sol,1.00\n");
    int64_t summer = 0, autumn = 0;
    time_parse_rfc3339("2026-08-01T00:00:00Z", 20, &summer);
    time_parse_rfc3339("2026-09-01T00:00:00Z", 20, &autumn);
    assert_int_equal(price(b, "openai", "gpt-5.6-sol", summer), 1000 * 1000 + 10 * 30000); /* history keeps its output price */
    assert_int_equal(price(b, "openai", "gpt-5.6", autumn), 1000 * 1000 + 10 * 20000);
    book_free(b);
}

static void a_dated_user_row_begins_a_new_price(void **state) {
    (void)state;
    Book *b = with_user_file("provider,model,effective_from,output_per_mtok\nopenai,gpt-5,2026-11-01,8\n");
    int64_t october = 0, november = 0;
    time_parse_rfc3339("2026-10-31T23:59:59Z", 20, &october);
    time_parse_rfc3339("2026-11-01T00:00:00Z", 20, &november);
    assert_int_equal(price(b, "openai", "gpt-5", october), 1000 * 1250 + 10 * 10000);
    assert_int_equal(price(b, "openai", "gpt-5-2025-08-07", november), 1000 * 1250 + 10 * 8000); /* aliases come along */
    book_free(b);
}

static void a_user_maps_deployments_and_drops_announcements(void **state) {
    (void)state;
    Book *b = with_user_file("provider,model,aliases,effective_from,status\n"
                             "azure,gpt-4.1,our-deployment,,\n"
                             "google,gemini-4-argon,,2026-12-01,dropped\n");
    int64_t later = 0;
    time_parse_rfc3339("2026-12-24T00:00:00Z", 20, &later);
    assert_int_equal(price(b, "azure", "our-deployment", 0), 2080000);
    assert_int_equal(price(b, "azure", "gpt-4.1-2025-04-14", 0), 2080000);
    assert_int_equal(price(b, "google", "gemini-4-argon", later), 2100000);
    book_free(b);
}

static void a_new_user_model_stands_alone(void **state) {
    (void)state;
    Book *b = with_user_file("provider,model,input_per_mtok,output_per_mtok\nours,house-model,0.5,1\n");
    assert_int_equal(price(b, "ours", "house-model", 0), 510000);
    assert_int_equal(price(b, "openai", "house-model", 0), -1);
    book_free(b);
}

static void a_wrong_user_file_is_an_error_not_a_silence(void **state) {
    (void)state;
    char path[128];
    Err e = {0};
    Book *b = NULL;
    snprintf(path, sizeof path, "%s/prices.csv", dir);
    assert_int_equal(file_write(path, "provider,model,input_per_mtok,output_per_mtok\nx,y,a,b\n", 54, &e), 0);
    assert_int_equal(book_load(&b, dir, &e), -1);
    assert_non_null(strstr(e.text, "prices.csv:2: x/y"));
    unlink(path);
}

/* Every row of ours is found by its own name at its own date, and no name means two models at one date. */
static void the_embedded_book_is_consistent(void **state) {
    (void)state;
    Err e = {0};
    Book *b;
    size_t announced = 0;
    if (book_load(&b, NULL, &e) != 0) fail_msg("%s", e.text);
    assert_true(book_size(b) >= 1310);
    for (size_t i = 0; i < book_size(b); i++) {
        const PriceRow *r = book_row_at(b, i);
        const char *from = price_row_field(r, "effective_from"), *model = price_row_model(r);
        Usage u = {.provider = str_of(price_row_provider(r)), .model = str_of(model), .now_ms = now_ms};
        char full[40];
        Cost c;
        snprintf(full, sizeof full, "%s%s", from, strlen(from) == 10 ? "T00:00:00Z" : "");
        if (*from) assert_int_equal(time_parse_rfc3339(full, strlen(full), &u.ts_ms), 0);
        cost_of(b, &u, &c);
        if (c.priced && c.row != r && *from) fail_msg("%s/%s of %s is priced by another row", price_row_provider(r), model, from);
        if (!c.priced && *price_row_class(r)) fail_msg("%s/%s is not priced by its own name", price_row_provider(r), model);
        if (strcmp(price_row_field(r, "status"), "announced") == 0) announced++;
        if (u.ts_ms > now_ms) assert_string_equal(price_row_field(r, "status"), "announced");
        assert_true(*price_row_field(r, "source") && *price_row_field(r, "confidence"));
    }
    assert_int_equal(announced, 8);
    book_free(b);
}

static void classes_follow_the_list_price(void **state) {
    (void)state;
    Book *b = load("provider,model,input_per_mtok,output_per_mtok,class\nx,a,5,25,\nx,b,2,10,\nx,c,1,5,\nx,d,1,5,premium\nx,e,,,\n");
    const char *const want[] = {"premium", "standard", "economy", "premium", ""};
    for (size_t i = 0; i < 5; i++) assert_string_equal(price_row_class(book_row_at(b, i)), want[i]);
    book_free(b);
}

static void providers_have_one_name(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"gemini", "google"}, {"gcp.gemini", "google"}, {"vertex_ai-anthropic_models", "vertex_ai"}, {"AWS.Bedrock", "bedrock"},
        {"bedrock_converse", "bedrock"}, {"azure.ai.openai", "azure"}, {"x-ai", "xai"}, {"mistralai", "mistral"},
        {"together_ai", "together"}, {"OpenAI", "openai"}, {"my-gateway", "my-gateway"}, {"openai-compatible", "openai-compatible"},
        {"open", "open"}, {"", ""},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Str got = provider_canonical(str_of(names[i][0]));
        if (!str_is(got, names[i][1])) fail_msg("%s became %.*s", names[i][0], (int)got.len, got.at);
    }
    assert_true(provider_canonical((Str){"openai\0x", 8}).len == 8);
}

static int make_dir(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tollwatch-book.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
    (void)state;
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_row_is_refused_with_its_line),
        cmocka_unit_test(a_csv_may_be_written_as_people_write_it),
        cmocka_unit_test(written_out_and_read_again_a_book_is_the_same),
        cmocka_unit_test(a_rows_id_changes_with_its_price_and_not_with_its_notes),
        cmocka_unit_test(an_undated_user_row_changes_only_its_columns),
        cmocka_unit_test(a_dated_user_row_begins_a_new_price),
        cmocka_unit_test(a_user_maps_deployments_and_drops_announcements),
        cmocka_unit_test(a_new_user_model_stands_alone),
        cmocka_unit_test(a_wrong_user_file_is_an_error_not_a_silence),
        cmocka_unit_test(the_embedded_book_is_consistent),
        cmocka_unit_test(classes_follow_the_list_price),
        cmocka_unit_test(providers_have_one_name),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
