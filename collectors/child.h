/* child: a shell command in a session of its own, whose output is read, and which never outlives its owner's wish.
 *
 * Owns: the processes of the command (all of its process group), the pipes of its output and its errors. Does not: read
 * the output. The command gets /dev/null as input, default signals, and no descriptor of ours. When we are
 * killed ourselves the shell is killed too, and what it started ends at its next write, to a pipe that nobody reads.
 * Thread: one, which lives as long as the child.
 */
#ifndef COLLECTORS_CHILD_H
#define COLLECTORS_CHILD_H
#include "store/base.h"
#include <sys/types.h>

typedef struct Child Child;
int child_start(Child **out, const char *command, Err *e);
/* The same with an input: a descriptor that the command reads from; the caller's. */
int child_start_with(Child **out, const char *command, int input, Err *e);
/* The output's descriptor, not blocking, once: the taker closes it (a Reader does). */
int child_take_output(Child *c);
int child_wait_fd(const Child *c);       /* readable when there is output, an error line, or the end of either */
/* Reads what came on the error pipe and keeps the last line of it. */
void child_read_errors(Child *c);
const char *child_last_error(const Child *c); /* "" = none */
bool child_output_ended(Child *c);       /* and all of it was read */
bool child_ended(const Child *c, int64_t ms); /* the command itself; waits at most so long, in small steps */
/* After the end of its output: gives the first process 75 ms to end by itself, so that how it ended is its own doing. */
void child_wait_end(Child *c);
/* Ends all processes of the command: asked to, after 75 ms forced to. How it ended, in words: "ended with code 255". */
void child_stop(Child *c, char *how, size_t size);
void child_free(Child *c);               /* stops it first; NULL is fine */
#endif
