/* follow_tree_parts: what follow_tree.c (events) and follow_walk.c (folders) share. Private to them. */
#ifndef COLLECTORS_FOLLOW_TREE_PARTS_H
#define COLLECTORS_FOLLOW_TREE_PARTS_H
#include "collectors/follow_tree.h"

enum { TREE_BUCKETS = 1024, TREE_DEPTH_MAX = 16, TREE_PARTS_MAX = 64, TREE_FOLDERS_MAX = 100000 };

typedef enum FolderKind {
    FOLDER_WAITS,  /* one name in it is waited for: a component that does not exist yet */
    FOLDER_GLOB,   /* its names are compared with a component of the pattern */
    FOLDER_ALL,    /* every log in it, and in folders below, belongs to the source */
    FOLDER_TARGET  /* a link's target is in it */
} FolderKind;

typedef struct Folder {
    struct Folder *next_path, *next_watch; /* chains of the two indexes */
    FolderKind kind;
    char *path;
    char *name, *link; /* FOLDER_TARGET: the target's name, and the link that leads to it */
    size_t source;
    int part, depth; /* component of the pattern that names in it are compared with; folders below the pattern's end */
    int watch;       /* -1 = not watched */
    bool unseen;     /* changes in it are not, or not all, told */
    unsigned scan;   /* the last scan that found it */
} Folder;

typedef struct TreeSource {
    char *text, *part[TREE_PARTS_MAX]; /* components of the pattern, cut out of text */
    int count;
    bool absolute;
    char trouble[256];
} TreeSource;

struct Tree {
    TreeLook *look;
    void *ctx;
    int inotify;
    TreeSource *source;
    size_t source_count;
    Folder *by_path[TREE_BUCKETS], *by_watch[TREE_BUCKETS];
    size_t folders, unwatched;
    unsigned scan;
    bool wants_scan;
};

/* follow_walk.c */
void walk_source(Tree *t, size_t source);
void walk_name(Tree *t, Folder *f, const char *name, bool is_folder); /* something happened to a name in a folder */
/* follow_tree.c */
Folder *folder_keep(Tree *t, const Folder *wanted); /* finds or adds; NULL = too many. wanted's texts are copied */
void folder_drop(Tree *t, Folder *f);
void tree_say_trouble(TreeSource *s, const char *what, const char *path, int error);
#endif
