/* follow_judge: see follow_judge.h. */
#include "collectors/follow_judge.h"

bool sight_same_file(const FileSight *a, const FileSight *b) {
    return a->there && b->there && a->dev == b->dev && a->ino == b->ino;
}

Verdict judge_path(const FileSight *was, const FileSight *now) {
    if (!now->there) return was->there ? VERDICT_GONE : VERDICT_SAME;
    if (!was->there) return VERDICT_NEW;
    if (!sight_same_file(was, now)) return VERDICT_ROTATED;
    if (now->size < was->size) return VERDICT_TRUNCATED;
    return now->size == was->size && now->mtime_ns == was->mtime_ns ? VERDICT_SAME : VERDICT_CHANGED;
}

bool judge_unread(const FileRecord *kept, const FileSight *now) {
    /* The ledger keeps milliseconds. */
    bool as_it_was = sight_same_file(&kept->at_end, now) && kept->at_end.size == now->size && now->size > 0 &&
                     kept->at_end.mtime_ns / 1000000 == now->mtime_ns / 1000000;
    return as_it_was && (kept->packed || kept->offset == (uint64_t)now->size);
}
