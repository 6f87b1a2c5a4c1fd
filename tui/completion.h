/* completion: what the word under the cursor of a filter could become: a field, or a value that the ledger knows.
 *
 * Owns: finding the word, its candidates, and which of them Tab has put in. Does not: parse a filter (store/filter.h).
 */
#ifndef TUI_COMPLETION_H
#define TUI_COMPLETION_H
#include "store/query.h"
#include "tui/canvas.h"
#include "tui/prompt.h"

enum { COMPLETIONS_MAX = 32 };

typedef struct Completion {
    char item[COMPLETIONS_MAX][2 * NAME_MAX_BYTES + 4]; /* as it stands in a filter: "model:", "cost>", a value, quoted where needed */
    size_t count;
    bool more;   /* than these */
    int at;      /* the one that was put in; -1 = none yet */
    size_t from; /* the byte at which the word begins */
} Completion;

/* Candidates for the word that ends at the cursor; db NULL: no values of the ledger. A few index look-ups. */
void completion_find(Completion *c, const Prompt *p, Db *db);
/* Puts in the next of them (or the one before). One that stands alone is done: the next Tab asks anew. false = there is none. */
bool completion_step(Completion *c, Prompt *p, bool back);
/* The row below the line (above it where there is none below): what is wrong, under its place, else what Tab would give. */
void completion_draw(const Completion *c, const Prompt *p, Canvas *canvas);
#endif
