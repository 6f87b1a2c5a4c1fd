/* policy_watch: learns by inotify on its folder that the policy file was replaced or edited, so that who waits for that sleeps.
 *
 * The folder is watched and not the file, which is replaced by rename. Does not: read the file; its readers do, by path.
 */
#ifndef COLLECTORS_POLICY_WATCH_H
#define COLLECTORS_POLICY_WATCH_H
#include "store/base.h"

typedef struct PolicyWatch PolicyWatch;
PolicyWatch *policy_watch_open(const char *policy_path);
void policy_watch_close(PolicyWatch *w); /* NULL is fine */
int policy_watch_fd(const PolicyWatch *w); /* readable when something happened in the folder; -1 = cannot be watched */
bool policy_watch_changed(PolicyWatch *w); /* was the file touched since the last call? Also looks for a folder that was not there */
bool policy_watch_works(const PolicyWatch *w); /* false: nothing tells; look now and then */
#endif
