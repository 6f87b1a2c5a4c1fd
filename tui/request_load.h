/* request_load: which single calls the Requests screen holds: the newest of the range, or those that are first by another
 * column of all its calls.
 *
 * Owns: reading in slices (a filter, or sorting, looks at every call of the range), what it has looked at so far. Does not:
 * keep more than REQUEST_ROWS of them. While a slice is not the last the old rows stay, or there are first rows already.
 */
#ifndef TUI_REQUEST_LOAD_H
#define TUI_REQUEST_LOAD_H
#include "tui/request_table.h"
#include "tui/screen.h"

enum { REQUEST_ROWS = 200 };

typedef struct RequestLoad {
    RowView *row;              /* what is shown, in no order */
    size_t count;
    bool more;                 /* the range has more calls than these */
    RowView *page;             /* what is being read */
    size_t paged;
    int64_t below;             /* the next key to look at is under this; INT64_MAX = at the newest */
    bool through;              /* the range was looked through to its end */
    int64_t newest_ms;         /* sorted: what came before was looked at */
    struct {
        int sort;
        bool ascending;
        char filter[256], range[64];
        int64_t since_ms, past_ms; /* past: as of when; 0 = live or paused */
    } of;                      /* the question that row[] answers */
} RequestLoad;

void request_load_open(RequestLoad *l);
void request_load_free(RequestLoad *l);
/* One slice. sort: a column, or -1 and REQ_COL_TIME descending for the newest. */
int request_load(RequestLoad *l, View *v, int sort, bool ascending, int64_t deadline_us, bool *more, Err *e);
#endif
