/* parser_impl: the parser's state, shared by collectors/parser.c and parser_request.c. */
#ifndef COLLECTORS_PARSER_IMPL_H
#define COLLECTORS_PARSER_IMPL_H
#include "collectors/parser_hook.h"
#include "collectors/parser_value.h"

enum { INNER_MAX = 256 << 10, MEMO_WAYS = 8, MEMO_TEXT_MAX = 64 };

/* What a field's text became: its name in the batch. Most records repeat the names of recent ones. */
typedef struct NameMemo {
    const Source *source;
    uint32_t index;
    uint8_t len, name_len; /* len 0 = nothing remembered */
    char text[MEMO_TEXT_MAX]; /* as the log has it */
    char name[MEMO_TEXT_MAX]; /* as the batch has it: proves that the index still means it */
} NameMemo;

struct Parser {
    const Format *f;
    ParseContext ctx;
    Scan *scan, *nested[NESTED_MAX];
    char *inner[NESTED_MAX], *wrapped, *plain; /* a record, a line of text without its wrapper's escapes; NULL until one comes */
    ScanValue *values; /* only with nested JSON */
    Pricer *pricer;    /* NULL without a book */
    bool own_pricer;
    uint64_t namespace;
    int64_t file_ms;
    NameMemo memo[FIELD_NAMES][MEMO_WAYS];
    uint8_t state[FILE_STATE_MAX], state_before[FILE_STATE_MAX];
    /* the record at hand */
    Batch *batch;
    Str line; /* as it stands in the log */
    uint64_t offset;
    uint32_t length, element;
    uint32_t resume; /* elements of the record that an earlier call has given already */
    bool some_bad;   /* elements of the record */
    Err *e;
};

enum { REQUEST_DONE = 0, REQUEST_BAD = 1, REQUEST_FULL = 2 };
/* Adds the request that the values describe, if any, to p->batch. */
int parser_request(Parser *p, const ScanValue *values);
#endif
