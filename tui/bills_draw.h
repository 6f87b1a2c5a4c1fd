/* bills_draw: the parts of the Bills screen around its list: the verdict, an opened day, findings, what stands apart. Private to
 * screen_bills.c, which loads and owns what is drawn here. Pure. */
#ifndef TUI_BILLS_DRAW_H
#define TUI_BILLS_DRAW_H
#include "store/reconcile.h"
#include "tui/screen.h"
#include "tui/table.h"

enum { BILLS_DAYS = 14, BILLS_APART_MAX = 8 };

typedef struct Bills {
    ReconLine *line; /* per day: all accounts, then each account; newest first */
    size_t count;
    ReconFinding finding[RECON_FINDINGS_MAX];
    size_t findings;
    BalanceView balance[BILLS_APART_MAX];
    size_t balances;
    ReconLine total; /* of the closed days */
    ReconPart *parts; /* of all days: what an opened row shows */
    size_t part_count;
    bool open;
    size_t next; /* finding that `n` goes to */
    ForeignView foreign[BILLS_APART_MAX];
    size_t foreigns;
    size_t providers; /* accounts that reported or billed anything */
    char warning[ERR_MAX]; /* a person's table of products that was left out; "" = none */
    TableState table;
} Bills;

void bills_draw_verdict(const Bills *b, Canvas *c, Rect r);
/* What of `chosen` is known: its models, what they add up to, and what explains the difference. */
void bills_draw_open(const Bills *b, const ReconLine *chosen, Canvas *c, Rect r);
void bills_draw_findings(const Bills *b, Canvas *c, Rect r);
/* What is left of credit, a line each, and money in other currencies, which is in no sum. */
void bills_draw_apart(const Bills *b, const View *v, Canvas *c, Rect r);
#endif
