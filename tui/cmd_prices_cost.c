/* cmd_prices_cost: `tollwatch prices cost`: prices usage records from a file, one JSON object a line. Does not: touch the
 * ledger. A record that cannot be read is named on stderr and the rest goes on. */
#include "store/clock.h"
#include "store/money.h"
#include "store/price.h"
#include "tui/prices.h"
#include <errno.h>
#include <jansson.h>

enum { LINE_BYTES_MAX = 1 << 20 };

typedef struct Reading {
    const Book *book;
    const char *name;
    int64_t now_ms, total_nano;
    size_t line, priced, unpriced, bad;
} Reading;

static const struct { const char *field; Token token; } token_fields[] = {
    {"input_uncached", TOK_INPUT},         {"cache_read", TOK_CACHE_READ}, {"cache_write_5m", TOK_CACHE_WRITE_5M},
    {"cache_write_1h", TOK_CACHE_WRITE_1H}, {"output", TOK_OUTPUT},         {"audio_input", TOK_AUDIO_INPUT},
};

/* Absent and null are 0. */
static int read_integer(json_t *record, const char *field, int64_t *out, Err *e) {
    json_t *v = json_object_get(record, field);
    *out = 0;
    if (!v || json_is_null(v)) return 0;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > REQUEST_TOKENS_MAX)
        return fail(e, "%s is not a count; write a whole number", field);
    *out = json_integer_value(v);
    return 0;
}

static Str read_text(json_t *record, const char *field) {
    json_t *v = json_object_get(record, field);
    return json_is_string(v) ? (Str){json_string_value(v), json_string_length(v)} : (Str){"", 0};
}

static int read_time(json_t *record, int64_t *out, Err *e) {
    json_t *v = json_object_get(record, "ts");
    *out = 0;
    if (!v || json_is_null(v)) return 0;
    if (json_is_integer(v)) return *out = time_from_epoch(json_integer_value(v)), 0;
    Str text = read_text(record, "ts");
    if (text.len && time_parse_rfc3339(text.at, text.len, out) == 0) return 0;
    return fail(e, "ts is not a time; write one like 2026-11-24T09:20:46Z");
}

static int read_usage(json_t *record, Usage *u, Err *e) {
    u->provider = read_text(record, "provider");
    u->model = read_text(record, "model");
    u->tier = read_text(record, "service_tier");
    u->geo = read_text(record, "geo");
    u->speed = read_text(record, "speed");
    u->batch = json_is_true(json_object_get(record, "batch"));
    for (size_t i = 0; i < sizeof token_fields / sizeof *token_fields; i++)
        if (read_integer(record, token_fields[i].field, &u->tokens[token_fields[i].token], e) != 0) return -1;
    if (read_integer(record, "web_search_calls", &u->web_searches, e) != 0) return -1;
    return read_time(record, &u->ts_ms, e);
}

static void print_flags(uint32_t flags) {
    const char *separator = "";
    for (int bit = 0; cost_flag_names[bit]; bit++)
        if (flags & (1u << bit)) printf("%s%s", separator, cost_flag_names[bit]), separator = ",";
    puts(flags ? "" : "-");
}

/* Names come from files: nothing in them may move the cursor or break the table. */
static void print_id(Str id) {
    for (size_t i = 0; i < id.len && i < NAME_MAX_BYTES; i++) putchar((unsigned char)id.at[i] < 0x20 || id.at[i] == 0x7f ? '?' : id.at[i]);
    if (id.len == 0) putchar('-');
}

static void print_cost(Reading *r, Str id, const Usage *u) {
    Cost c;
    cost_of(r->book, u, &c);
    print_id(id);
    if (!c.priced) {
        r->unpriced++;
        puts("\tUNPRICED\t-\t-");
        return;
    }
    const char *from = price_row_field(c.row, "effective_from");
    r->priced++;
    r->total_nano = nano_add(r->total_nano, c.nano);
    printf("\t%lld\t%s/%s%s%s\t", (long long)c.nano, price_row_provider(c.row), price_row_model(c.row), *from ? "@" : "", from);
    print_flags(c.flags);
}

/* A line is a record, or an object that holds one as `record`. */
static int price_line(Reading *r, const char *line, size_t len, Err *e) {
    json_error_t why;
    json_t *root = json_loadb(line, len, 0, &why), *record = json_object_get(root, "record");
    Usage u = {.now_ms = r->now_ms};
    if (!root) return fail(e, "not JSON: %s", why.text);
    if (!json_is_object(record)) record = root;
    int rc = json_is_object(record) ? read_usage(record, &u, e) : fail(e, "not a record; write one JSON object a line");
    if (rc == 0) print_cost(r, read_text(record, "id"), &u);
    json_decref(root);
    return rc;
}

static void bad_line(Reading *r, const Err *e) {
    r->bad++;
    usage_fail("%s:%zu: %s", r->name, r->line, e->text);
}

static bool blank(const char *line) {
    return !line[strspn(line, " \t\r\n")];
}

static void price_all(Reading *r, FILE *f) {
    char *line = xmalloc(LINE_BYTES_MAX);
    while (fgets(line, LINE_BYTES_MAX, f)) {
        Err e = {0};
        size_t len = strlen(line);
        r->line++;
        if (len == LINE_BYTES_MAX - 1 && line[len - 1] != '\n') {
            fail(&e, "the line is longer than %d bytes; it is left out", LINE_BYTES_MAX);
            for (int c = 0; c != '\n' && c != EOF;) c = getc(f);
        } else if (!blank(line)) {
            price_line(r, line, len, &e);
        }
        if (*e.text) bad_line(r, &e);
    }
    free(line);
}

int prices_cost(PricesCall *c) {
    Err e = {0};
    bool standard = !c->arg || strcmp(c->arg, "-") == 0;
    if (app_book(c->app, &e) != 0) return app_fail(&e);
    FILE *f = standard ? stdin : fopen(c->arg, "re");
    if (!f) return fail(&e, "open %s: %s; name a file of usage records, or -", c->arg, strerror(errno)), app_fail(&e);
    Reading r = {.book = c->app->book, .name = standard ? "-" : c->arg, .now_ms = app_now(c->app)};
    price_all(&r, f);
    if (ferror(f)) r.bad++, usage_fail("read %s: %s", r.name, strerror(errno));
    if (!standard) fclose(f);
    printf("total\t%lld\t%zu priced\t%zu unpriced\n", (long long)r.total_nano, r.priced, r.unpriced);
    return r.bad ? EXIT_FAILED : EXIT_DONE;
}
