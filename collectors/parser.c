/* parser: one file's reader state: a framed record in, priced requests out. See format.h.
 *
 * Owns: the scan's scratch, the memo of names, the hook's state. Does not: read files, store, or keep prompt text. Nothing
 * is allocated per record.
 */
#include "collectors/parser_impl.h"
#include "collectors/reader_wrapped.h"
#include "collectors/unwrap.h"

Parser *parser_new(const Format *f, const ParseContext *ctx) {
    Parser *p = xcalloc(1, sizeof *p);
    p->f = f;
    p->ctx = *ctx;
    p->scan = scan_new(f->plan);
    if (f->nested_count) p->values = xcalloc(f->value_count, sizeof *p->values);
    for (size_t i = 0; i < f->nested_count; i++) p->nested[i] = scan_new(f->nested[i].plan);
    p->own_pricer = ctx->book && !ctx->pricer;
    p->pricer = p->own_pricer ? pricer_new(ctx->book) : ctx->pricer;
    p->namespace = hash64(f->name, strlen(f->name), 0);
    return p;
}

void parser_free(Parser *p) {
    if (!p) return;
    for (size_t i = 0; i < p->f->nested_count; i++) {
        scan_free(p->nested[i]);
        free(p->inner[i]);
    }
    scan_free(p->scan);
    free(p->values);
    free(p->wrapped);
    free(p->plain);
    if (p->own_pricer) pricer_free(p->pricer);
    free(p);
}

void parser_file_time(Parser *p, int64_t ms) {
    p->file_ms = ms;
}

uint32_t parser_state(const Parser *p, uint8_t out[FILE_STATE_MAX]) {
    uint32_t n = p->f->hook ? (uint32_t)p->f->hook->state_size : 0;
    if (n) memcpy(out, p->state, n);
    return n;
}

int parser_restore(Parser *p, const uint8_t *state, uint32_t len, Err *e) {
    size_t n = p->f->hook ? p->f->hook->state_size : 0;
    if (len == 0) return 0;
    if (len != n) return fail(e, "the stored state of a %s file has %u bytes, not %zu; import the file again", p->f->name, len, n);
    memcpy(p->state, state, len);
    return 0;
}

/* ---- JSON inside strings ---- */
typedef struct Landing { /* where a nested scan puts its values */
    ScanValue *to;
    size_t count;
} Landing;

static int land(void *ctx, const ScanValue *values) {
    const Landing *l = ctx;
    memcpy(l->to, values, l->count * sizeof *values);
    return 0;
}

/* The string without its escapes, in the parser's own room; a longer one than INNER_MAX is taken as not there. */
static Str unwrap(Parser *p, size_t i, const ScanValue *holder) {
    if (holder->type == SCAN_OBJECT) return holder->text;
    if (holder->type != SCAN_STRING || holder->text.len > INNER_MAX) return (Str){0};
    if (!p->inner[i]) p->inner[i] = xmalloc(INNER_MAX + SCAN_PAD);
    return (Str){p->inner[i], scan_unescape(holder->text, p->inner[i], INNER_MAX)};
}

static const ScanValue *with_nested(Parser *p, const ScanValue *values) {
    const Format *f = p->f;
    if (!f->nested_count) return values;
    memset(p->values, 0, f->value_count * sizeof *p->values);
    memcpy(p->values, values, f->path_count * sizeof *values);
    for (size_t i = 0; i < f->nested_count; i++) {
        const Nested *n = &f->nested[i];
        Str text = unwrap(p, i, &values[n->holder]);
        Landing to = {p->values + n->first, n->count};
        if (text.len) scan_line(p->nested[i], text.at, text.len, land, &to, NULL); /* no JSON: its values are not there */
    }
    return p->values;
}

/* ---- a record ---- */
static int one(void *ctx, const ScanValue *values) {
    Parser *p = ctx;
    int rc = parser_request(p, with_nested(p, values));
    if (rc != REQUEST_BAD || !p->f->many) return rc;
    batch_undo(p->batch); /* one of many: the others are good all the same */
    p->some_bad = true;
    return REQUEST_DONE;
}

static ParseResult undo(Parser *p, size_t count, ParseResult result) {
    while (batch_count(p->batch) > count) batch_undo(p->batch);
    memcpy(p->state, p->state_before, p->f->hook ? p->f->hook->state_size : 0);
    return result;
}

/* All values in the text of a record's lines. A wrong one is left out, the others count, and the record is a bad one. */
static int scan_values(Parser *p, Str text) {
    Values values = {0};
    ValuesFound f = {0};
    while ((f = values_find(&values, text.at, f.stop, text.len)).complete) {
        size_t good = batch_count(p->batch);
        int rc = scan_line(p->scan, text.at + f.first, f.stop - f.first, one, p, p->e);
        if (rc == REQUEST_FULL) return rc;
        if (rc == 0) continue;
        while (batch_count(p->batch) > good) batch_undo(p->batch);
        p->some_bad = true;
    }
    if (values.depth) p->some_bad = true, fail(p->e, "a value is cut off");
    return 0;
}

/* The record's values; of one line mostly the one. Several on a line are told by what the scanner takes for an error. */
static int scan_record(Parser *p, Str record, size_t before) {
    if (p->ctx.framing == FRAME_WRAPPED_VALUES) return scan_values(p, wrapped_text(record, &p->wrapped));
    int rc = scan_line(p->scan, record.at, record.len, one, p, p->e);
    if (rc == 0 || rc == REQUEST_FULL || p->f->framing == FRAME_DOCUMENT || !values_are_several(record)) return rc;
    undo(p, before, PARSE_BAD);
    p->element = 0;
    return scan_values(p, record);
}

ParseResult parser_record(Parser *p, const char *text, size_t len, uint64_t offset, uint32_t length, Batch *b, Err *e) {
    size_t before = batch_count(b);
    p->batch = b;
    p->offset = offset;
    p->length = length;
    p->element = 0;
    p->some_bad = false;
    p->e = e;
    if (p->f->hook) memcpy(p->state_before, p->state, p->f->hook->state_size);
    Str record = p->line = (Str){text, len};
    TextFound found = p->f->text ? text_record(p->f->text, unwrap_plain(record, &p->plain), &p->wrapped, &record) : TEXT_FOUND;
    if (found == TEXT_UNFIT) return fail(e, "the line is not as the format's patterns say"), PARSE_BAD;
    if (found == TEXT_OTHER) return PARSE_SKIPPED;
    bool as_it_is = p->f->framing == FRAME_DOCUMENT || p->f->text || p->ctx.framing == FRAME_WRAPPED_VALUES;
    if (!as_it_is) record = unwrap_line(record, &p->wrapped);
    int rc = scan_record(p, record, before);
    /* A record of more requests than a batch holds: what there is room for now, the rest when it is given again. */
    bool too_many = rc == REQUEST_FULL && before == 0;
    p->resume = too_many ? p->element : 0;
    if (too_many) return PARSE_FULL;
    if (rc == REQUEST_FULL) return undo(p, before, PARSE_FULL);
    if (rc != 0) return undo(p, before, PARSE_BAD);
    if (p->some_bad) return PARSE_BAD;
    return batch_count(b) > before ? PARSE_OK : PARSE_SKIPPED;
}
