/* policy_parts: what the files of the policy share; nobody else includes it. */
#ifndef STORE_POLICY_PARTS_H
#define STORE_POLICY_PARTS_H
#include "store/policy.h"
#include "store/clock.h"
#include <jansson.h>
#include <sys/types.h>

enum { POLICY_BYTES_MAX = 1 << 20, POLICY_SCHEMA = 1, POLICY_NAME_MAX = 200 };

/* The folder of a policy file, open, and the file's name in it. */
typedef struct PolicyFolder {
    int fd;
    gid_t group;
    mode_t mode;
    char path[1024], name[POLICY_NAME_MAX + 1];
} PolicyFolder;
int policy_folder_open(PolicyFolder *out, const char *path, Err *e); /* P9 */
void policy_folder_close(PolicyFolder *f);
int policy_folder_lock(const PolicyFolder *f, int64_t patience_ms, Err *e); /* P2; a descriptor, close() gives the lock back */
/* name in the folder; -1 with errno ENOENT when there is none. */
int policy_folder_read(const PolicyFolder *f, const char *name, json_t **out, Err *e);
/* P3, P10; keep_old: the present one, known to be good, becomes .prev. */
int policy_folder_write(const PolicyFolder *f, const json_t *policy, bool keep_old, Err *e);
void policy_folder_keep_broken(const PolicyFolder *f);
/* A file in the folder that is only appended to or created, with the folder's group; -1 and errno. */
int policy_folder_open_file(const PolicyFolder *f, const char *name, int flags, mode_t mode);

int policy_audit_write(const PolicyFolder *f, const PolicyEvent *event, Err *e); /* P11 */
int policy_flags_write(const PolicyFolder *f, const json_t *policy, int64_t now_ms, Err *e); /* P13 */

/* Texts out of a policy: never NULL, control characters replaced, for terminals. */
void policy_text(char *out, size_t size, const json_t *from);
/* A time member: 0 = none; -1 = there is something that is no time. */
int policy_time(const json_t *from, int64_t *out);
json_t *policy_time_new(int64_t ms); /* null for 0 */
SwitchState policy_switch_state(const json_t *policy, int64_t now_ms); /* SWITCH_UNKNOWN: makes no sense */
json_t *policy_object(json_t *parent, const char *key); /* borrowed; made, or made anew if it is something else */
json_t *policy_array(json_t *parent, const char *key);
json_t *policy_words_new(const char *text); /* "checkout fraud" as a list; NULL = not UTF-8 */
json_t *policy_by_id(const json_t *array, const char *id); /* borrowed; NULL */
/* Is a person's override of this budget on? */
bool policy_overridden(const json_t *policy, const char *budget, int64_t now_ms);
void policy_override(json_t *policy, const char *budget, const json_t *until, const PolicyWriter *w);
#endif
