/* scan_prune: leaves out of a long record what its format does not want, piece by piece, while it is read.
 *
 * Owns: the grammar between two pieces, and which open objects and arrays are wanted. A record of any structure is so
 * read in the memory of what is wanted of it: scan_line() finds the same values in what is kept as in the whole. Members
 * and elements nobody asked for go; of what is wanted as it stands (a list that must not be empty) a beginning is kept,
 * and so of long strings. What goes is still checked for brackets, commas, colons and quotes, but not for spelling.
 * Does not: read, or judge what is kept. The result depends on the record alone, never on the pieces it came in.
 */
#ifndef COLLECTORS_SCAN_PRUNE_H
#define COLLECTORS_SCAN_PRUNE_H
#include "collectors/scan.h"

typedef struct PruneInner { /* the value of that path holds JSON of which this is wanted */
    uint16_t path;
    const ScanPlan *plan;
} PruneInner;

enum { PRUNE_INNER_MAX = 4 };
typedef struct PruneSpec { /* immutable, shared by threads */
    const ScanPlan *plan;
    PruneInner inner[PRUNE_INNER_MAX];
    size_t inner_count;
} PruneSpec;

typedef struct Pruner Pruner;
Pruner *pruner_new(void);
void pruner_free(Pruner *p); /* NULL is fine */
void pruner_start(Pruner *p, const PruneSpec *spec); /* a record begins; spec is borrowed until the next */
/* text is where the record is kept, text[0..kept) what is left of it so far and text[from..to) its next piece, kept <= from
 * (from is no more than kept when nothing lies between). Returns the new end of what is left, which may be before `kept`:
 * an element is kept until it is clear that it is not wanted. SCAN_PAD bytes behind `to` are readable. */
size_t pruner_run(Pruner *p, char *text, size_t from, size_t to);
size_t pruner_most(const Pruner *p); /* that was left of the record at any time */
#endif
