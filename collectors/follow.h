/* follow: one worker that reads on in every log file of every source, as files grow, rotate, appear and go.
 *
 * Nothing is lost and nothing counted twice, whatever happens to files or to this process:
 *  F1  Rows and the offset up to which they were read are stored together.
 *  F2  What a file holds is decided by its content: first line and the bytes before the offset. Path, inode and size only
 *      say when to look. In doubt a file is read again: records have identities, so that costs time and nothing else.
 *  F3  A file that was rotated away is read on until it has been quiet for seconds, under its old descriptor or new name.
 *  F4  Work per step is bounded; what just changed goes before old files, the newest of those first, sources in turn.
 *  F5  At most FOLLOW_OPEN_MAX files are open; closed ones cost a few hundred bytes.
 *  F6  Without events nothing wakes but one slow look at everything.
 * Its parts: follow_tree (which files, events), follow_judge (what became of one), follow_table (queues), follow_read
 * (opening, reading, storing), follow_health (what the Sources screen says). Does not: parse or store; logfile and
 * ledger do. The config of this worker is a Collecting (collect_parts.h).
 */
#ifndef COLLECTORS_FOLLOW_H
#define COLLECTORS_FOLLOW_H
#include "collectors/worker.h"

enum { FOLLOW_OPEN_MAX = 64 };
extern const WorkerType follow_worker;
#endif
