/* app_log: where errors go that happen in the background, while nobody reads standard error. See command.h.
 *
 * Standard error itself is turned around, because libraries and the commands of sources write there too, and the
 * dashboard's screen is not the place for it. */
#include "tui/command.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int app_log_begin(const App *a, bool quiet, int *saved, Err *e) {
    char path[1024];
    *saved = -1;
    if (!a->log_path && !quiet) return 0;
    snprintf(path, sizeof path, "/dev/null");
    if (a->log_path && place_expand(path, sizeof path, a->log_path, e) != 0) return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return fail(e, "open %s: %s; name another file with --log", path, strerror(errno));
    *saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(fd, STDERR_FILENO);
    close(fd);
    return 0;
}

void app_log_end(int saved) {
    if (saved < 0) return;
    dup2(saved, STDERR_FILENO);
    close(saved);
}

void app_background_failed(const Err *e) {
    struct stat st;
    char now[32] = "";
    if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode)) /* a journal has its own clock, a file has none */
        time_format_utc(clock_now_ms(), now, sizeof now);
    usage_fail("%s%s%s", now, now[0] ? " " : "", e->text);
}
