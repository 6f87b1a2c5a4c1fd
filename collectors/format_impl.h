/* format_impl: a format file compiled, as the parser uses it. Only collectors/format*.c and parser*.c include this.
 *
 * Everything here is made once at loading, owned by the Format, and then read by all threads.
 */
#ifndef COLLECTORS_FORMAT_IMPL_H
#define COLLECTORS_FORMAT_IMPL_H
#include "collectors/format.h"
#include "collectors/format_text.h"
#include "collectors/scan.h"
#include <jansson.h>

/* Text to text, in order; a key may have * for anything. Text that no key fits stays as it is. */
typedef struct Map {
    struct MapLine { const char *from, *to; } *lines;
    size_t count;
} Map;

typedef enum SourceKind {
    FROM_PATH,
    FROM_CONST,      /* text */
    FROM_MAX,        /* the largest of parts[] */
    FROM_SUM,        /* all of parts[] that are there */
    FROM_DIFFERENCE, /* parts[1] - parts[0], two times */
    FROM_FILE_AFTER, /* the part of the file's path behind the folder `text` */
    FROM_FILE_NAME   /* the file's name without its ending */
} SourceKind;

/* One way to a value. */
typedef struct Cond Cond;
typedef struct Source Source;
struct Source {
    SourceKind kind;
    bool plain;        /* FROM_PATH and nothing else */
    uint16_t path;     /* FROM_PATH: index of a value */
    int8_t scale;      /* durations: value x 10^scale = milliseconds */
    Cond *when; /* only then; NULL = always */
    const char *last;  /* only what stands behind the last of this text */
    const char *text;
    const Map *map;
    Source *parts;
    size_t count;
};
typedef struct Field { /* the first alternative that has a value counts */
    Source *alternatives;
    size_t count;
} Field;

typedef enum Test { TEST_PRESENT, TEST_MISSING, TEST_EXISTS /* null and "" too */, TEST_IN, TEST_NOT_IN, TEST_MIN, TEST_ALL, TEST_ANY } Test;
struct Cond {
    Test test;
    uint16_t path;
    int64_t min;
    const char **texts; /* IN, NOT_IN: may have * */
    Cond *parts;        /* ALL, ANY */
    size_t count;
};

/* What a format can fill besides tokens; the order is that of format_fields[]. */
typedef enum FieldId {
    FIELD_ACCOUNT, FIELD_PROVIDER, FIELD_MODEL, FIELD_TIER, FIELD_FEATURE, FIELD_TEAM, FIELD_USER, FIELD_KEY,
    FIELD_SESSION, FIELD_PROJECT, FIELD_ENDPOINT, FIELD_GATEWAY, FIELD_HOST, /* so far in the order of Dim */
    FIELD_GEO, FIELD_SPEED, FIELD_ASKED,
    FIELD_NAMES, /* the ones above are names */
    FIELD_TIME = FIELD_NAMES, FIELD_LATENCY, FIELD_TTFT, FIELD_STATUS, FIELD_WEB_SEARCHES, FIELD_MAX_TOKENS, FIELD_TOOLS, FIELD_REQUESTS,
    FIELD_PROMPT_BYTES, FIELD_PREFIX_BYTES, FIELD_GENERATION, FIELD_PROMPT_HASH, FIELD_PREFIX_HASH,
    FIELD_COUNT
} FieldId;
extern const char *const format_fields[FIELD_COUNT];

/* The counters of a usage object. */
typedef enum Counter {
    COUNT_INPUT, COUNT_OUTPUT, COUNT_CACHE_READ, COUNT_CACHE_WRITE, COUNT_CACHE_WRITE_5M, COUNT_CACHE_WRITE_1H,
    COUNT_REASONING, COUNT_AUDIO_INPUT, COUNT_TOOL_INPUT, COUNT_TOTAL,
    COUNT_COUNT
} Counter;
extern const char *const format_counters[COUNT_COUNT];

typedef struct TokenRule {
    bool inclusive;         /* input counts what was read from and written to the cache */
    bool reasoning_apart;   /* output does not count reasoning */
    const char *inclusive_model; /* models that begin so count inclusively although the rule says otherwise; NULL = none */
} TokenRule;

typedef struct Shape { /* where counters are, and what they mean, when `when` holds */
    const char *name;
    Cond *when; /* NULL = always */
    Field counters[COUNT_COUNT];
    TokenRule rule;
} Shape;

typedef struct Nested { /* JSON in a string member: paths "holder->rest" */
    uint16_t holder, first, count; /* value index of the holder; its values are first .. first + count */
    ScanPlan *plan;
} Nested;
enum { NESTED_MAX = PRUNE_INNER_MAX, PLACES_MAX = 16, IDS_MAX = 8, FLAGS_COUNT = 6 };

typedef struct Identity { /* alternatives; each is one or more parts that must all be there */
    Field parts[IDS_MAX];
    size_t count;
} Identity;

typedef struct Hook Hook;

/* A file compiled as one of the user's would be; root is taken over, also on failure. */
int formats_try(const Formats *f, json_t *root, Format **out, Err *e);
/* Runs the sample through the file's format and sets its "expect" to what came out. */
int format_expect(const Formats *f, const json_t *file, json_t *sample, Err *e);

struct Format {
    json_t *root; /* owns all texts */
    void **owned; size_t owned_count;
    char file[256];
    const char *name, *help, *note, *note_uncached, *refuse; /* refuse: what to do instead of reading such a log; NULL = it is read */
    Framing framing;
    Replay replay;
    SourceClass class;
    bool agent, time_is_end, time_of_log;
    bool many; /* each record has many independent ones in it (each, and no state between them) */
    const char *places[PLACES_MAX + 1], *path_globs[PLACES_MAX + 1];
    int score;
    Cond *recognise, *skip, *refused, *error, *incomplete;
    Cond *flags[FLAGS_COUNT];
    Field fields[FIELD_COUNT];
    Field upstream, also; /* also: of a transcript the request's id, of telemetry and metrics the service */
    Identity id;
    Shape *shapes; size_t shape_count;
    TableSpec table; /* without a name: none */
    TextForm *text; /* lines that are no JSON; NULL = they are */
    const Hook *hook;
    uint16_t hook_first; /* value index of the hook's first path */
    ScanPlan *plan;
    size_t path_count, value_count; /* of the plan; with those of nested plans */
    Nested nested[NESTED_MAX]; size_t nested_count;
    PruneSpec wanted; /* of both */
};
/* Flag names and their bits, in the order of Format.flags. */
extern const struct FlagName { const char *name; uint32_t bit; } format_flags[FLAGS_COUNT];

/* Shapes and maps that formats refer to by name, from the files that have "shapes" instead of a format. */
enum { SHARED_MAX = 8 };
typedef struct Shared {
    const json_t *files[SHARED_MAX]; size_t count; /* later ones first */
} Shared;
json_t *shared_find(const Shared *s, const char *table, const char *name);

/* The samples of a file of shapes, as a format. */
int shapes_compile(Format **out, const json_t *file, const char *name, const Shared *shared, Err *e);
/* Compiles one format file; takes `root` over. */
int format_compile(Format **out, json_t *root, const char *file, const Shared *shared, Err *e);
void format_free(Format *f);

bool glob_match(const char *glob, Str text); /* * = anything, the rest literally, case counts */
bool cond_holds(const Cond *c, const ScanValue *values);
/* 0: settles the counters (-1 = not in the record) into the request's disjoint buckets. See parser_tokens.c. */
void tokens_settle(const TokenRule *rule, const int64_t counters[COUNT_COUNT], Str model, Request *r);
/* "/v1/threads/thread_abc/runs?x=1" -> "/v1/threads/{id}/runs". Returns the length. */
size_t route_template(Str path, char *out, size_t max);
#endif
