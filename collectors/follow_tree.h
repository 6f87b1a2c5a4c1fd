/* follow_tree: which files belong to the sources, and that something happened to one of them.
 *
 * Owns: the patterns, one watch a folder (inotify), folders that cannot be watched and are looked through instead.
 * Does not: open, stat or remember files; whoever is told of a path looks at it himself. Told too often is harmless.
 * A pattern is a path whose components may be globs; where it names a folder, everything below that looks like a log
 * belongs to it. Rotated forms of a name belong where the name does. Links to files are followed, and their targets'
 * folders watched; links to folders only where the pattern names them. Thread: one.
 */
#ifndef COLLECTORS_FOLLOW_TREE_H
#define COLLECTORS_FOLLOW_TREE_H
#include "store/base.h"

typedef struct Tree Tree;
typedef void TreeLook(void *ctx, size_t source, const char *path); /* a file is there, changed, or went */

Tree *tree_new(TreeLook *look, void *ctx, bool watch); /* watch false: only scans see changes */
void tree_free(Tree *t);
size_t tree_add(Tree *t, const char *pattern); /* the source's number: 0, 1, 2 ... */
/* Goes through all folders again and tells every file; takes up new folders, forgets those that went. */
void tree_scan(Tree *t);
void tree_events(Tree *t);      /* tells what waiting events say; never waits */
int tree_fd(const Tree *t);     /* readable when there are events; -1 = nothing can be watched here */
bool tree_wants_scan(const Tree *t); /* a folder went or moved, or events were lost */
size_t tree_unwatched(const Tree *t); /* folders that only a scan can see changes of */
const char *tree_trouble(const Tree *t, size_t source); /* the last scan's: "" = none */
#endif
