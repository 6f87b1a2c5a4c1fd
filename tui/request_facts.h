/* request_facts: what is known of one call, as lines: what its gateway decided and under which policy, what the policy of now
 * would decide, its tokens, price row, labels, where its record stands. Does not: draw, or read the record.
 */
#ifndef TUI_REQUEST_FACTS_H
#define TUI_REQUEST_FACTS_H
#include "store/price.h"
#include "tui/screen.h"

enum { FACTS_MAX = 16, FACT_TEXT = 640 };
typedef struct Facts {
    char text[FACTS_MAX][FACT_TEXT];
    ThemeRole role[FACTS_MAX];
    int count;
} Facts;

/* What matters most first. cost: by the book as it is now; raw: its record, "" = not at hand; row: of a database. Reads the policy file. */
void request_facts(Facts *f, const RowView *r, const Cost *cost, const char *raw, bool row, const View *v);
#endif
