/* follow_judge: what became of a file, judged from what was seen of its path before and now. Pure.
 *
 * Judging only says when to look: device and inode are given out again at once after a delete, so what a file holds is
 * decided by its content (fingerprint of the first line, hash before the offset), see logfile.
 */
#ifndef COLLECTORS_FOLLOW_JUDGE_H
#define COLLECTORS_FOLLOW_JUDGE_H
#include "store/base.h"

typedef struct FileSight { /* what stat() says of a path */
    bool there;
    int64_t dev, ino, size, mtime_ns;
} FileSight;

typedef enum Verdict {
    VERDICT_SAME,      /* nothing to do */
    VERDICT_NEW,       /* there was nothing under this path */
    VERDICT_CHANGED,   /* the same file, larger or written to: read on */
    VERDICT_TRUNCATED, /* the same file, shorter than it was: its content is new */
    VERDICT_ROTATED,   /* another file stands under the path: the old one may still be written to */
    VERDICT_GONE       /* nothing stands under the path: the old one may still be written to */
} Verdict;
Verdict judge_path(const FileSight *was, const FileSight *now);
bool sight_same_file(const FileSight *a, const FileSight *b);

/* What the ledger keeps of a file that was read to its end. */
typedef struct FileRecord {
    FileSight at_end;  /* size 0: it was left in the middle */
    uint64_t offset;   /* decompressed */
    bool packed;
} FileRecord;
/* Whether a file need not even be opened, because it is as it was when it had been read to its end. */
bool judge_unread(const FileRecord *kept, const FileSight *now);
#endif
