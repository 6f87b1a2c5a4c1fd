/* ring: see ring.h. A mutex and two conditions: items are whole batches, so the lock is rare. */
#include "collectors/ring.h"
#include <pthread.h>

struct Ring {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t capacity, first, count, senders;
    void *item[];
};

Ring *ring_new(size_t capacity, size_t senders) {
    Ring *r = xcalloc(1, sizeof *r + capacity * sizeof r->item[0]);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->not_empty, NULL);
    pthread_cond_init(&r->not_full, NULL);
    r->capacity = capacity;
    r->senders = senders;
    return r;
}

void ring_free(Ring *r) {
    if (!r) return;
    pthread_cond_destroy(&r->not_empty);
    pthread_cond_destroy(&r->not_full);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void ring_push(Ring *r, void *item) {
    pthread_mutex_lock(&r->lock);
    while (r->count == r->capacity) pthread_cond_wait(&r->not_full, &r->lock);
    r->item[(r->first + r->count++) % r->capacity] = item;
    pthread_cond_signal(&r->not_empty);
    pthread_mutex_unlock(&r->lock);
}

size_t ring_room(Ring *r) {
    pthread_mutex_lock(&r->lock);
    size_t room = r->capacity - r->count;
    pthread_mutex_unlock(&r->lock);
    return room;
}

void *ring_pop(Ring *r) {
    void *item = NULL;
    pthread_mutex_lock(&r->lock);
    while (r->count == 0 && r->senders) pthread_cond_wait(&r->not_empty, &r->lock);
    if (r->count) {
        item = r->item[r->first];
        r->first = (r->first + 1) % r->capacity;
        r->count--;
        pthread_cond_signal(&r->not_full);
    }
    pthread_mutex_unlock(&r->lock);
    return item;
}

void ring_close(Ring *r) {
    pthread_mutex_lock(&r->lock);
    if (r->senders) r->senders--;
    pthread_cond_broadcast(&r->not_empty);
    pthread_mutex_unlock(&r->lock);
}
