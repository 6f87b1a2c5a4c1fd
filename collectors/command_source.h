/* command_source: a worker that follows the output of a command (ssh ... tail -F, kubectl logs -f, journalctl -f).
 *
 * The command is started again, with back-off, when it ends. What it then says again is known by identity: a record's own
 * id, else what it says; so overlap is never counted twice. Its last error line is the source's last word.
 */
#ifndef COLLECTORS_COMMAND_SOURCE_H
#define COLLECTORS_COMMAND_SOURCE_H
#include "collectors/collect_parts.h"

typedef struct CommandSource { /* the worker's config; borrowed for its life */
    const Collecting *shared;
    const SourceConfig *config;
} CommandSource;
extern const WorkerType command_worker;
#endif
