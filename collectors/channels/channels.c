/* channels: the visible list of channels, and what they share. A new channel is one file and one line here. */
#include "collectors/channels/channel.h"
#include "collectors/child.h"
#include "store/clock.h"
#include "store/money.h"
#include <jansson.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

enum { COMMAND_MS = 10000 };

extern const ChannelType channel_slack, channel_pagerduty, channel_alertmanager, channel_ntfy, channel_webhook, channel_heartbeat,
    channel_command, channel_bell, channel_tmux;

const ChannelType *const channels[] = {
    &channel_slack,
    &channel_pagerduty,
    &channel_alertmanager,
    &channel_ntfy,
    &channel_webhook,
    &channel_heartbeat,
    &channel_command,
    &channel_bell,
    &channel_tmux,
    NULL,
};

const ChannelType *channel_find(const char *name) {
    for (size_t i = 0; channels[i]; i++)
        if (strcmp(channels[i]->name, name) == 0) return channels[i];
    return NULL;
}

/* ---- answers ---- */
Verdict verdict_by_status(const HttpResponse *a, char *word, size_t size) {
    HttpVerdict v = http_verdict(a->status);
    bool done = v == HTTP_FINE;
    size_t n = a->body.len < 80 ? a->body.len : 80; /* what it says, as far as a screen shows it */
    char said[81] = "";
    for (size_t i = 0; i < n && !done; i++) {
        char c = a->body.at[i];
        said[i] = (unsigned char)c < 0x20 || (unsigned char)c >= 0x7f ? ' ' : c;
    }
    snprintf(word, size, "%d%s%s", a->status, said[0] ? " " : "", said);
    return done ? VERDICT_DONE : v == HTTP_AGAIN ? VERDICT_LATER : VERDICT_NEVER;
}

/* ---- letters ---- */
void letter_header(Letter *l, const char *name, const char *value) {
    if (l->headers < LETTER_HEADERS) snprintf(l->header[l->headers++], sizeof l->header[0], "%s: %s", name, value);
}

int letter_json(Letter *l, json_t *body, Err *e) {
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    l->body.max = LETTER_MAX;
    if (!text) return fail(e, "the alert cannot be written as JSON");
    buf_str(&l->body, text);
    free(text);
    letter_header(l, "Content-Type", "application/json");
    return l->body.overflow ? fail(e, "the alert is longer than %d bytes", LETTER_MAX) : 0;
}

json_t *json_text(const char *text) {
    json_t *v = json_string(text);
    if (v) return v;
    char *plain = xstrdup(text);
    for (char *p = plain; *p; p++)
        if ((unsigned char)*p >= 0x80) *p = '?';
    v = json_string(plain);
    free(plain);
    return v;
}

void notice_headline(const Notice *n, char *out, size_t size) {
    static const char *const before[] = {[TELL_FIRED] = "", [TELL_AGAIN] = "still: ", [TELL_RESOLVED] = "resolved: "};
    snprintf(out, size, "%s%s", before[n->kind], n->title);
}

static json_t *time_json(int64_t ms) {
    char text[32];
    time_format_utc(ms, text, sizeof text);
    return json_string(text);
}

json_t *notice_json(const Notice *n, const Access *a) {
    char cost[32];
    nano_exact(n->nano_per_hour, cost, sizeof cost);
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "version", 1, "id", n->key, "status",
                     n->kind == TELL_RESOLVED ? "resolved" : "firing", "rule", n->rule, "scope", json_text(n->scope), "severity",
                     n->severity == WEIGHT_ACT ? "act" : "watch", "title", json_text(n->title), "detail", json_text(n->detail),
                     "since", time_json(n->began_ms), "sent", time_json(a->now_ms),
                     "cost_usd_per_hour", n->nano_per_hour < 0 ? json_null() : json_string(cost), "host", a->host);
}

/* ---- commands ---- */
static int input_of(const char *text, size_t len) {
    int fd = memfd_create("alert", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Its output is read and dropped; its last word on the error output is kept. */
static bool wait_end(Child *c, int fd, const Stop *stop) {
    char room[4096];
    for (int64_t until = clock_monotonic_ms() + COMMAND_MS; clock_monotonic_ms() < until && !stop_is_set(stop);) {
        struct pollfd p[2] = {{.fd = stop_fd(stop), .events = POLLIN}, {.fd = child_wait_fd(c), .events = POLLIN}};
        poll(p, 2, 100);
        child_read_errors(c);
        while (read(fd, room, sizeof room) > 0) continue;
        if (child_output_ended(c) && child_ended(c, 100)) return true;
    }
    return false;
}

Verdict run_with_input(const char *command, const char *input, size_t len, const Stop *stop, char *word, size_t size) {
    Child *c;
    Err e = {0};
    char how[64] = "";
    int in = input_of(input, len);
    if (in < 0 || child_start_with(&c, command, in, &e) != 0) {
        snprintf(word, size, "%s", e.text[0] ? e.text : "no memory for its input");
        if (in >= 0) close(in);
        return VERDICT_LATER;
    }
    close(in);
    int fd = child_take_output(c);
    bool ended = wait_end(c, fd, stop);
    close(fd);
    child_stop(c, how, sizeof how);
    bool good = ended && strcmp(how, "ended with code 0") == 0;
    snprintf(word, size, "%s%s%s", good ? "ok" : how, good || !*child_last_error(c) ? "" : ": ", good ? "" : child_last_error(c));
    child_free(c);
    return good ? VERDICT_DONE : VERDICT_LATER;
}
