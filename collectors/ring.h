/* ring: a bounded queue of pointers between threads of one bulk import; the one place where they share memory.
 * Everything handed over belongs to the receiver from then on. */
#ifndef COLLECTORS_RING_H
#define COLLECTORS_RING_H
#include "store/base.h"

typedef struct Ring Ring;
Ring *ring_new(size_t capacity);
void ring_free(Ring *r);
void ring_push(Ring *r, void *item);      /* waits for room */
bool ring_has_room(Ring *r);              /* stays true until the caller pushes, when it is the only one who does */
void *ring_pop(Ring *r);                  /* waits; NULL = closed and empty */
void *ring_try_pop(Ring *r);              /* NULL = nothing there */
void ring_close(Ring *r);                 /* no more pushes will come */
#endif
