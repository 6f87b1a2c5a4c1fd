/* channel: a way to tell somebody of an alert. One .c file a channel and one line in channels[].
 *
 * Owns: the shape of what a receiver wants, and what its answer means. Does not: connect, retry or remember (notify.h). What
 * `write` does is pure, so that a test can compare it byte for byte. Names in a notice come from logs and mean nothing:
 * each channel escapes what its receiver would act upon.
 * Source of the shapes: Slack's, PagerDuty's, Prometheus Alertmanager's and ntfy's public documentation.
 */
#ifndef COLLECTORS_CHANNELS_CHANNEL_H
#define COLLECTORS_CHANNELS_CHANNEL_H
#include "collectors/http.h"
#include "store/outbox.h"

struct json_t;

typedef struct Access { /* of one delivery; url and key are secrets */
    char url[2048], key[512];
    const char *topic, *command, *runbook, *host;
    int64_t now_ms;
} Access;

enum { LETTER_HEADERS = 4, LETTER_MAX = 64 << 10 };
typedef struct Letter { /* an HTTP request; zero-initialised by the caller, who frees the body */
    char url[2200], header[LETTER_HEADERS][640];
    size_t headers;
    Buf body;   /* empty = GET */
    bool plain; /* no secret is in it */
} Letter;

typedef enum Verdict { VERDICT_DONE, VERDICT_LATER, VERDICT_NEVER } Verdict;

typedef struct ChannelType {
    const char *name;
    const char *needs;        /* what must be configured, in words */
    const char *default_url;  /* NULL = must be given */
    bool url_is_secret;       /* `url =` in the configuration file is refused */
    bool needs_url, needs_key, needs_topic, needs_command;
    int64_t beat_ms;          /* not told of alerts: called so often; 0 = told of alerts */
    /* With HTTP: n is NULL for a beat. */
    int (*write)(const Notice *n, const Access *a, Letter *out, Err *e);
    /* What the answer means; word: for the screen. NULL = by status alone, verdict_by_status(). */
    Verdict (*judge)(const HttpResponse *a, char *word, size_t size);
    /* Without HTTP: does it, within some seconds or until stopped. */
    Verdict (*deliver)(const Notice *n, const Access *a, const Stop *stop, char *word, size_t size);
} ChannelType;
extern const ChannelType *const channels[]; /* NULL ends */
const ChannelType *channel_find(const char *name);

/* As http_verdict() says. */
Verdict verdict_by_status(const HttpResponse *a, char *word, size_t size);

/* ---- for channels ---- */
void letter_header(Letter *l, const char *name, const char *value);
int letter_json(Letter *l, struct json_t *body, Err *e); /* takes body */
/* A text as JSON: what is no UTF-8 becomes '?'. */
struct json_t *json_text(const char *text);
/* "resolved: ..." or "still: ..." before the title. */
void notice_headline(const Notice *n, char *out, size_t size);
/* The generic document, version 1, which `webhook` posts and `command` reads. */
struct json_t *notice_json(const Notice *n, const Access *a);
/* A shell command with a text as its input, for at most ten seconds. */
Verdict run_with_input(const char *command, const char *input, size_t len, const Stop *stop, char *word, size_t size);
#endif
