/* request_detail: one call opened: the arithmetic of its cost, its facts, and its raw record.
 *
 * The record is read again from its log when the detail is opened or moves to another call, message text left out unless
 * --show-content. Does not: keep more than one.
 */
#ifndef TUI_REQUEST_DETAIL_H
#define TUI_REQUEST_DETAIL_H
#include "collectors/format.h"
#include "tui/request_facts.h"

enum { RAW_SHOWN_MAX = 64 * 1024 };

typedef struct RequestDetail {
    int64_t key;             /* of the call it shows; 0 = none */
    Cost cost;               /* by the book as it is now */
    Facts facts;
    Formats *formats;        /* loaded when first needed */
    Buf raw;
    bool row;                /* it came from a row of a database */
    bool whole;              /* nothing but the record is shown */
    int raw_page;            /* of a long record */
    char raw_error[ERR_MAX]; /* why there is no record; "" = there is */
} RequestDetail;

void request_detail_free(RequestDetail *d);
void request_detail_load(RequestDetail *d, const RowView *r, const View *v);
int request_detail_rows(const RequestDetail *d, int width); /* what it would like to have */
void request_detail_draw(const RequestDetail *d, const RowView *r, const View *v, Canvas *c, Rect area);
#endif
