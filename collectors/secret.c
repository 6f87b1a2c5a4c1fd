/* secret: see secret.h. */
#include "collectors/secret.h"
#include "collectors/child.h"
#include "store/clock.h"
#include "store/config.h"
#include "store/data.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { COMMAND_MS = 10000 };

void secret_wipe(void *at, size_t size) {
    explicit_bzero(at, size);
}

/* Blanks around it go; anything inside that could end a header or an address is refused. */
static int take(const SecretFrom *from, const char *at, size_t len, char *out, size_t size, Err *e) {
    while (len > 0 && strchr(" \t\r\n", at[len - 1])) len--;
    while (len > 0 && strchr(" \t", *at)) at++, len--;
    if (len == 0) return fail(e, "%s: nothing is there; set it", from->what);
    if (len >= size) return fail(e, "%s: it is longer than %zu bytes; is it the right one?", from->what, size - 1);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)at[i] <= 0x20 || at[i] == 0x7f) return fail(e, "%s: it must be one word on one line", from->what);
    memcpy(out, at, len);
    out[len] = '\0';
    return 0;
}

static int from_env(const SecretFrom *from, char *out, size_t size, Err *e) {
    const char *text = getenv(from->env);
    if (!text) return fail(e, "%s: the environment has no %s; set it for the collector", from->what, from->env);
    return take(from, text, strlen(text), out, size, e);
}

static int from_file(const SecretFrom *from, char *out, size_t size, Err *e) {
    char path[1024];
    Buf text = {.max = 16 << 10};
    if (place_expand(path, sizeof path, from->file, e) != 0 || key_file_check(path, e) != 0 || file_read(path, &text, e) != 0) return -1;
    int rc = take(from, text.at ? text.at : "", text.len, out, size, e);
    if (text.at) secret_wipe(text.at, text.len);
    buf_free(&text);
    return rc;
}

/* The whole output, within ten seconds. */
static int read_output(Child *c, int fd, const Stop *stop, char *at, size_t size, size_t *len, Err *e) {
    int64_t until = clock_monotonic_ms() + COMMAND_MS;
    *len = 0;
    for (;;) {
        struct pollfd p[2] = {{.fd = stop_fd(stop), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        int64_t left = until - clock_monotonic_ms();
        if (left <= 0 || stop_is_set(stop)) return fail(e, "it did not end within %d s", COMMAND_MS / 1000);
        poll(p, 2, (int)left);
        ssize_t n = *len < size ? read(fd, at + *len, size - *len) : -1;
        if (*len == size) return fail(e, "it prints more than a key");
        child_read_errors(c);
        if (n == 0) return 0;
        if (n > 0) *len += (size_t)n;
        else if (errno != EAGAIN && errno != EINTR) return fail(e, "its output cannot be read");
    }
}

static int from_command(const SecretFrom *from, const Stop *stop, char *out, size_t size, Err *e) {
    Child *c;
    char text[4096], how[64] = "";
    size_t len = 0;
    Err why = {0};
    if (child_start(&c, from->command, e) != 0) return -1;
    int fd = child_take_output(c), rc = read_output(c, fd, stop, text, sizeof text, &len, &why);
    close(fd);
    if (rc == 0) child_ended(c, 1000); /* its output is closed a moment before it ends */
    child_stop(c, how, sizeof how);
    if (rc != 0) fail(e, "%s command: %s", from->what, why.text);
    else if (strcmp(how, "ended with code 0") != 0 && len == 0) rc = fail(e, "%s command: %s %s", from->what, how, child_last_error(c));
    else rc = take(from, text, len, out, size, e);
    secret_wipe(text, sizeof text);
    child_free(c);
    return rc;
}

int secret_read(const SecretFrom *from, const Stop *stop, char *out, size_t size, Err *e) {
    *out = '\0';
    if (from->env && from->env[0]) return from_env(from, out, size, e);
    if (from->file && from->file[0]) return from_file(from, out, size, e);
    if (from->command && from->command[0]) return from_command(from, stop, out, size, e);
    return 0;
}
