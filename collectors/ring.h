/* ring: a bounded queue of pointers between threads of one bulk import; the one place where they share memory.
 * What is handed over belongs to the receiver from then on. */
#ifndef COLLECTORS_RING_H
#define COLLECTORS_RING_H
#include "store/base.h"

typedef struct Ring Ring;
Ring *ring_new(size_t capacity, size_t senders);
void ring_free(Ring *r);             /* NULL is fine; what is still in it is the caller's to free first */
void ring_push(Ring *r, void *item); /* waits for room */
size_t ring_room(Ring *r);           /* never less until the caller pushes, when it is the only sender */
void *ring_pop(Ring *r);             /* waits; NULL = empty, and every sender closed it */
void ring_close(Ring *r);            /* by each sender: it pushes no more */
#endif
