/* follow_look: a path was named: what is there now, and what that means for the file that was there. See follow.h. */
#include "collectors/follow_parts.h"
#include "collectors/log_name.h"
#include <sys/stat.h>

static FileSight sight_of(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return (FileSight){0};
    return (FileSight){.there = true, .dev = (int64_t)st.st_dev, .ino = (int64_t)st.st_ino, .size = (int64_t)st.st_size,
                       .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
}

/* ---- what need not be opened at the start ---- */

static int by_inode(const void *a, const void *b) {
    const KnownFile *x = a, *y = b;
    int64_t d = x->record.at_end.dev != y->record.at_end.dev ? (x->record.at_end.dev < y->record.at_end.dev ? -1 : 1)
              : x->record.at_end.ino != y->record.at_end.ino ? (x->record.at_end.ino < y->record.at_end.ino ? -1 : 1)
              : x->order < y->order ? -1 : x->order > y->order;
    return (int)d;
}

static void remember(void *follow, const char *source, const char *path, const FileMark *m) {
    Follow *f = follow;
    size_t i = 0;
    while (i < f->sources && strcmp(f->state[i].config->name, source) != 0) i++;
    if (i == f->sources) return;
    if ((f->known_count & (f->known_count + 1)) == 0)
        f->known = xrealloc(f->known, (f->known_count * 2 + 2) * sizeof *f->known);
    FileSight at_end = {.there = true, .dev = m->dev, .ino = m->ino, .size = m->size, .mtime_ns = m->mtime_ms * 1000000};
    f->known[f->known_count] = (KnownFile){.record = {at_end, m->offset, log_name_packed(path)}, .source = i, .order = f->known_count};
    f->known_count++;
}

int follow_known(Follow *f, Err *e) {
    if (ledger_files(f->ledger, remember, f, e) != 0) return -1;
    if (f->known_count) qsort(f->known, f->known_count, sizeof *f->known, by_inode);
    return 0;
}

/* Whether the ledger has this very file to its end: any of the rows its inode ever had. */
static bool is_read(const Follow *f, Entry *n) {
    size_t low = 0, high = f->known_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const FileSight *k = &f->known[mid].record.at_end;
        if (k->dev < n->seen.dev || (k->dev == n->seen.dev && k->ino < n->seen.ino)) low = mid + 1;
        else high = mid;
    }
    for (; low < f->known_count && sight_same_file(&f->known[low].record.at_end, &n->seen); low++)
        if (f->known[low].source == n->source && judge_unread(&f->known[low].record, &n->seen)) {
            n->offset = f->known[low].record.offset;
            return true;
        }
    return false;
}

/* ---- looking ---- */

void follow_queue(Follow *f, Entry *n) {
    int64_t behind = n->seen.size - (int64_t)n->offset;
    if (n->not_before_ms > f->woke_ms) follow_due(f, n, DUE_READ, n->not_before_ms - f->woke_ms);
    else if (f->first_scan || behind > LIVE_BYTES || n->backlog_place) table_put_backlog(f->table, n);
    else table_put(f->table, BAG_LIVE, n);
}

/* The path leads to it no more. What is open is read on (F3); what is closed will be found under its new name. */
static void leave(Follow *f, Entry *n) {
    if (n->aliased) f->wants_scan = true;
    table_unname(f->table, n);
    if (!n->log) {
        follow_forget(f, n);
        return;
    }
    n->quiet_since_ms = f->woke_ms;
    n->not_before_ms = 0;
    follow_due(f, n, DUE_READ, 0);
}

static void renamed(Follow *f, Entry *n, const char *path, const FileSight *now) {
    Err ignored = {0}; /* the ledger's row then has the old path until the file is opened again */
    table_name(f->table, n, path);
    table_see(f->table, n, now);
    n->scan = f->scan;
    if (n->log) logfile_renamed(n->log, path, f->ledger, &ignored);
    follow_not_due(f, n);
    follow_queue(f, n);
}

static void appear(Follow *f, size_t source, const char *path, const FileSight *now) {
    Entry *n = table_by_inode(f->table, now->dev, now->ino);
    if (n && n->named) {
        FileSight there = sight_of(n->path);
        if (sight_same_file(&there, now)) {
            n->aliased = true; /* a link: once is enough */
            return;
        }
    }
    if (n && n->source == source) {
        renamed(f, n, path, now);
        return;
    }
    n = table_add(f->table, source, path, now);
    n->scan = f->scan;
    f->state[source].files++;
    f->state[source].dirty = true;
    if (!f->first_scan || !is_read(f, n)) follow_queue(f, n);
}

void follow_look(void *follow, size_t source, const char *path) {
    Follow *f = follow;
    Entry *n = table_by_path(f->table, path);
    FileSight now = sight_of(path), was = n ? n->seen : (FileSight){0};
    if (n) n->scan = f->scan;
    switch (judge_path(&was, &now)) {
    case VERDICT_SAME:
        if (n && n->retry) follow_queue(f, n);
        break;
    case VERDICT_NEW: appear(f, source, path, &now); break;
    case VERDICT_CHANGED:
    case VERDICT_TRUNCATED:
        table_see(f->table, n, &now);
        follow_queue(f, n);
        break;
    case VERDICT_ROTATED:
        leave(f, n);
        appear(f, source, path, &now);
        break;
    case VERDICT_GONE: leave(f, n); break;
    }
}

/* What the tree does not find any more is looked at too; leaving may change the bag. */
static void look_at_missing(Follow *f) {
    Bag *all = table_bag(f->table, BAG_ALL);
    for (size_t i = all->count; i-- > 0;) {
        if (i >= all->count) continue;
        Entry *n = all->at[i];
        if (n->named && n->scan != f->scan) follow_look(f, n->source, n->path);
    }
}

void follow_scan(Follow *f) {
    int64_t began_ms = collecting_steady_ms(f->c);
    f->scan++;
    f->wants_scan = false;
    f->first_scan = f->scan == 1;
    tree_scan(f->tree);
    look_at_missing(f);
    f->first_scan = false;
    f->scanned_ms = collecting_steady_ms(f->c);
    f->scan_took_ms = f->scanned_ms - began_ms;
    if (f->scan > 1) return;
    free(f->known);
    f->known = NULL;
    f->known_count = 0;
    for (size_t i = 0; i < f->sources; i++) f->state[i].dirty = true;
}
