/* follow_table: see follow_table.h. Two chained hash indexes, arrays with swap-removal, a binary heap per source. */
#include "collectors/follow_table.h"

enum { FIRST_BUCKETS = 256 };

struct Table {
    Entry **by_path, **by_inode;
    size_t buckets; /* of each index; a power of two */
    Bag bag[BAGS], *backlog;
    size_t sources;
};

Table *table_new(size_t sources) {
    Table *t = xcalloc(1, sizeof *t);
    t->buckets = FIRST_BUCKETS;
    t->by_path = xcalloc(t->buckets, sizeof *t->by_path);
    t->by_inode = xcalloc(t->buckets, sizeof *t->by_inode);
    t->backlog = xcalloc(sources, sizeof *t->backlog);
    t->sources = sources;
    return t;
}

/* ---- indexes ---- */

static Entry **path_chain(const Table *t, const char *path) {
    return &t->by_path[hash64(path, strlen(path), 0) & (t->buckets - 1)];
}

static Entry **inode_chain(const Table *t, int64_t dev, int64_t ino) {
    int64_t key[2] = {dev, ino};
    return &t->by_inode[hash64(key, sizeof key, 0) & (t->buckets - 1)];
}

static void link_path(Table *t, Entry *n) {
    Entry **chain = path_chain(t, n->path);
    n->next_path = *chain;
    *chain = n;
}

static void unlink_path(Table *t, Entry *n) {
    Entry **at = path_chain(t, n->path);
    while (*at != n) at = &(*at)->next_path;
    *at = n->next_path;
}

static void link_inode(Table *t, Entry *n) {
    Entry **chain = inode_chain(t, n->seen.dev, n->seen.ino);
    n->next_inode = *chain;
    *chain = n;
}

static void unlink_inode(Table *t, Entry *n) {
    Entry **at = inode_chain(t, n->seen.dev, n->seen.ino);
    while (*at != n) at = &(*at)->next_inode;
    *at = n->next_inode;
}

/* Twice the buckets when there is an entry for each. */
static void grow(Table *t) {
    if (t->bag[BAG_ALL].count <= t->buckets) return;
    free(t->by_path);
    free(t->by_inode);
    t->buckets *= 2;
    t->by_path = xcalloc(t->buckets, sizeof *t->by_path);
    t->by_inode = xcalloc(t->buckets, sizeof *t->by_inode);
    for (size_t i = 0; i < t->bag[BAG_ALL].count; i++) {
        if (t->bag[BAG_ALL].at[i]->named) link_path(t, t->bag[BAG_ALL].at[i]);
        link_inode(t, t->bag[BAG_ALL].at[i]);
    }
}

Entry *table_by_path(const Table *t, const char *path) {
    for (Entry *n = *path_chain(t, path); n; n = n->next_path)
        if (strcmp(n->path, path) == 0) return n;
    return NULL;
}

Entry *table_by_inode(const Table *t, int64_t dev, int64_t ino) {
    for (Entry *n = *inode_chain(t, dev, ino); n; n = n->next_inode)
        if (n->seen.dev == dev && n->seen.ino == ino) return n;
    return NULL;
}

Entry *table_add(Table *t, size_t source, const char *path, const FileSight *seen) {
    Entry *n = xcalloc(1, sizeof *n);
    *n = (Entry){.path = xstrdup(path), .source = source, .seen = *seen, .named = true, .rest_tried = -1};
    link_path(t, n);
    link_inode(t, n);
    table_put(t, BAG_ALL, n);
    grow(t);
    return n;
}

void table_see(Table *t, Entry *n, const FileSight *seen) {
    unlink_inode(t, n);
    n->seen = *seen;
    link_inode(t, n);
}

void table_unname(Table *t, Entry *n) {
    if (n->named) unlink_path(t, n);
    n->named = false;
}

void table_name(Table *t, Entry *n, const char *path) {
    char *copy = xstrdup(path);
    table_unname(t, n);
    free(n->path);
    n->path = copy;
    n->named = true;
    link_path(t, n);
}

/* ---- bags ---- */

Bag *table_bag(Table *t, BagName name) {
    return &t->bag[name];
}

static void bag_reserve(Bag *b) {
    if (b->count < b->room) return;
    b->room = b->room ? b->room * 2 : 16;
    b->at = xrealloc(b->at, b->room * sizeof(Entry *));
}

void table_put(Table *t, BagName name, Entry *n) {
    Bag *b = &t->bag[name];
    if (n->place[name]) return;
    bag_reserve(b);
    b->at[b->count++] = n;
    n->place[name] = b->count;
}

void table_take(Table *t, BagName name, Entry *n) {
    Bag *b = &t->bag[name];
    if (!n->place[name]) return;
    Entry *last = b->at[--b->count];
    b->at[n->place[name] - 1] = last;
    last->place[name] = n->place[name];
    n->place[name] = 0;
}

/* ---- backlog ---- */

static void heap_set(Bag *b, size_t i, Entry *n) {
    b->at[i] = n;
    n->backlog_place = i + 1;
}

static bool newer(const Entry *a, const Entry *b) {
    return a->seen.mtime_ns > b->seen.mtime_ns;
}

static void sift_up(Bag *b, size_t i) {
    Entry *n = b->at[i];
    for (; i > 0 && newer(n, b->at[(i - 1) / 2]); i = (i - 1) / 2) heap_set(b, i, b->at[(i - 1) / 2]);
    heap_set(b, i, n);
}

static void sift_down(Bag *b, size_t i) {
    Entry *n = b->at[i];
    for (size_t child; (child = 2 * i + 1) < b->count; i = child) {
        if (child + 1 < b->count && newer(b->at[child + 1], b->at[child])) child++;
        if (!newer(b->at[child], n)) break;
        heap_set(b, i, b->at[child]);
    }
    heap_set(b, i, n);
}

static void heap_remove(Bag *b, Entry *n) {
    size_t i = n->backlog_place - 1;
    Entry *last = b->at[--b->count];
    n->backlog_place = 0;
    if (last == n) return;
    heap_set(b, i, last);
    sift_up(b, i);
    sift_down(b, last->backlog_place - 1);
}

void table_put_backlog(Table *t, Entry *n) {
    Bag *b = &t->backlog[n->source];
    if (n->backlog_place) heap_remove(b, n); /* its time may be another now */
    bag_reserve(b);
    heap_set(b, b->count++, n);
    sift_up(b, b->count - 1);
}

Entry *table_take_backlog(Table *t, size_t source) {
    Bag *b = &t->backlog[source];
    if (b->count == 0) return NULL;
    Entry *n = b->at[0];
    heap_remove(b, n);
    return n;
}

size_t table_backlog(const Table *t, size_t source) {
    return t->backlog[source].count;
}

/* ---- ends ---- */

void table_remove(Table *t, Entry *n) {
    table_unname(t, n);
    unlink_inode(t, n);
    for (int i = 0; i < BAGS; i++) table_take(t, (BagName)i, n);
    if (n->backlog_place) heap_remove(&t->backlog[n->source], n);
    logfile_close(n->log);
    free(n->trouble);
    free(n->path);
    free(n);
}

void table_free(Table *t) {
    if (!t) return;
    while (t->bag[BAG_ALL].count) table_remove(t, t->bag[BAG_ALL].at[0]);
    for (int i = 0; i < BAGS; i++) free(t->bag[i].at);
    for (size_t i = 0; i < t->sources; i++) free(t->backlog[i].at);
    free(t->backlog);
    free(t->by_path);
    free(t->by_inode);
    free(t);
}
