/* format_parts: a format compiled from its JSON file; shared by format*.c and parser*.c alone. */
#ifndef COLLECTORS_FORMAT_PARTS_H
#define COLLECTORS_FORMAT_PARTS_H
#include "collectors/format.h"
#include "collectors/scan.h"
#include <jansson.h>

/* Everything a record can tell, by the names that a format file uses. */
typedef enum Field {
    F_ACCOUNT, F_PROVIDER, F_MODEL, F_TIER, F_FEATURE, F_TEAM, F_USER, F_KEY, F_SESSION, F_PROJECT, F_ENDPOINT, F_GATEWAY,
    F_HOST, /* as enum Dim, in the same order */
    F_ID, F_UPSTREAM, F_TIME, F_END, F_FIRST_TOKEN, F_LATENCY, F_TTFT, F_STATUS, F_STATUS_TEXT, F_REFUSED, F_STREAM,
    F_CACHE_HIT, F_SIDECHAIN, F_BATCH, F_GEO, F_SPEED, F_USAGE_STATE, F_SAVED, F_WEB_SEARCHES, F_MAX_TOKENS, F_TOOLS,
    F_PROMPT_BYTES, F_PROMPT_HASH, F_PREFIX_HASH, F_PREFIX_BYTES, F_POLICY_GENERATION,
    F_INPUT, F_OUTPUT, F_TOTAL, F_CACHE_READ, F_CACHE_WRITE, F_CACHE_WRITE_5M, F_CACHE_WRITE_1H, F_REASONING, F_AUDIO_INPUT,
    F_TOOL_INPUT, F_COUNT
} Field;
extern const char *const field_names[F_COUNT];

typedef enum Pick { PICK_FIRST, PICK_MAX, PICK_SUM } Pick;
enum { ALTERNATIVES_MAX = 12, CONDITIONS_MAX = 12, WORDS_MAX = 12, PLACES_MAX = 8, MAP_MAX = 32 };

typedef struct FieldRule {
    uint16_t path[ALTERNATIVES_MAX]; /* indices into the plan's paths */
    uint8_t count;
    Pick pick;
    int scale;          /* durations: decimal places from the record's unit to ms */
    char fallback[64];  /* when the record has none */
    char after[32];     /* the part of the file's path that follows this folder */
} FieldRule;

typedef struct Condition { /* the record is not usage when the text at path is one (or, `unless`, none) of the words */
    uint16_t path;
    bool unless;
    char *word[WORDS_MAX];
    size_t count;
} Condition;

typedef struct ValueMap { Field field; char *from, *to; } ValueMap;

struct Format {
    char name[32], help[256];
    json_t *source;           /* kept for the samples */
    Framing framing;
    Replay replay;
    SourceClass source_class;
    bool agent, time_is_end, input_has_cache, output_has_reasoning;
    char *places[PLACES_MAX + 1];
    ScanPlan *plan;
    size_t path_count;
    FieldRule field[F_COUNT];
    Condition condition[CONDITIONS_MAX];
    size_t condition_count;
    uint16_t has[WORDS_MAX];  /* recognised by: all of these are there */
    size_t has_count;
    uint16_t need[WORDS_MAX]; /* a record without any of these carries no usage */
    size_t need_count;
    uint16_t apart[WORDS_MAX]; /* one of these is there: cached tokens stand beside the input, whatever the rule above */
    size_t apart_count;
    ValueMap map[MAP_MAX];
    size_t map_count;
    char *errors[WORDS_MAX];  /* words of F_STATUS_TEXT that mean an error */
    size_t error_count;
};

struct Formats {
    Format **at;
    size_t count;
};

/* One format from its text. name_for_errors: the file. */
int format_compile(Format **out, const char *text, size_t len, const char *name_for_errors, Err *e);
void format_free(Format *f);
/* Whether a record's values have all that the format is recognised by and pass its conditions. */
bool format_fits(const Format *f, const ScanValue *v);
bool format_condition_skips(const Format *f, const ScanValue *v);
#endif
