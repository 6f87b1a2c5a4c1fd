/* log_name: what rotation does to a file's name, so that x.log.1, x.log-20261124.gz and x-2026-11-24.log are found as
 * x.log's own. Pure. Does not: decide whether two files hold the same; their content does. */
#ifndef COLLECTORS_LOG_NAME_H
#define COLLECTORS_LOG_NAME_H
#include "store/base.h"

/* The name without what rotation added: ".gz", ".7", and one date or time with its separator. */
void log_name_base(const char *name, char *out, size_t size);
/* Whether a name, as it is or without what rotation added, fits a glob (of one path component). */
bool log_name_fits(const char *glob, const char *name);
bool log_name_packed(const char *name); /* ends in .gz */
#endif
