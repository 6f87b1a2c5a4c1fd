/* parser_hooks: the table of hooks. A hook has its own file and one line here. */
#include "collectors/parser_hook.h"

static const Hook *const parser_hooks[] = {
    &hook_answer_stream,
    &hook_codex,
    &hook_otel_metrics,
    NULL,
};

const Hook *hook_find(const char *name) {
    for (size_t i = 0; parser_hooks[i]; i++)
        if (strcmp(parser_hooks[i]->name, name) == 0) return parser_hooks[i];
    return NULL;
}
