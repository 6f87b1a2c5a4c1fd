/* parser_hook: C for the few formats whose lines cannot be read one by one (running counters, forks).
 *
 * A hook sees each record of its format in order, with a state of its own that is stored with the file's offset, and may
 * change the counters, drop the record, or give it another identity. It is named in the format file ("hook") and has one
 * line in parser_hooks[] (parser_hooks.c). It must not keep pointers, allocate, or look at the clock.
 */
#ifndef COLLECTORS_PARSER_HOOK_H
#define COLLECTORS_PARSER_HOOK_H
#include "collectors/format_impl.h"

typedef struct Draft { /* a record before its tokens are settled */
    int64_t counters[COUNT_COUNT]; /* as found by the format's usage; -1 = not in the record */
    TokenRule rule;
    Str name[FIELD_NAMES]; /* what earlier lines said, instead of the record's own fields when not ""; may point into the state */
    Str answer;            /* so too: the vendor's id of the answer, by which it is known then */
    Request *request; /* time, names and outcome are filled in; id: 0 = by the format's rule */
} Draft;

typedef enum HookResult { HOOK_RECORD, HOOK_SKIP /* no usage of its own */, HOOK_BAD } HookResult;

struct Hook {
    const char *name;
    size_t state_size;        /* <= FILE_STATE_MAX; zeroed for a new file; plain bytes, stored and restored as they are */
    const char *const *paths; /* values it wants besides the format's, NULL ends */
    /* Called for every record that the format's `skip` lets through. values[i] answers paths[i]. On HOOK_BAD and when the
     * batch turns out to be full the state is put back to what it was. */
    HookResult (*record)(void *state, const ScanValue *values, Draft *d, Err *e);
};
extern const Hook hook_answer_stream, hook_codex, hook_otel_metrics;
const Hook *hook_find(const char *name); /* NULL if there is none */
#endif
