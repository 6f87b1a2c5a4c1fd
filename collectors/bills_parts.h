/* bills_parts: one page fetched and judged, for the worker and for `doctor --online`. Private to bills*.c. */
#ifndef COLLECTORS_BILLS_PARTS_H
#define COLLECTORS_BILLS_PARTS_H
#include "collectors/bills.h"
#include "collectors/provider.h"

typedef enum PageEnd { PAGE_READ, PAGE_AGAIN /* wait, then the same page */, PAGE_FAILED } PageEnd;
typedef struct PageResult {
    PageEnd end;
    bool denied;            /* the key */
    int64_t wait_ms;        /* PAGE_AGAIN: what the server asks for; -1 = it does not say */
} PageResult;
/* Requests the page that c->cursor names, and parses it. */
PageResult page_read(Http *http, const Provider *p, const Feed *f, FeedCall *c, const FeedSink *out, const Stop *stop, Err *e);

/* The account's key into out (SECRET_MAX). */
int account_secret(const AccountConfig *a, const Stop *stop, char *out, Err *e);
#endif
