/* ntfy: a push message by JSON to the server's root, because headers would have to be plain ASCII. */
#include "collectors/channels/channel.h"
#include <jansson.h>

enum { MESSAGE_MAX = 3800 }; /* a longer one becomes an attachment */

static int write_ntfy(const Notice *n, const Access *a, Letter *out, Err *e) {
    bool over = n->kind == TELL_RESOLVED, act = n->severity == WEIGHT_ACT;
    char headline[ALERT_TITLE_MAX + 16];
    Buf message = {.max = MESSAGE_MAX};
    notice_headline(n, headline, sizeof headline);
    buf_str(&message, headline);
    if (n->detail[0] && !over) buf_fmt(&message, "\n%s", n->detail);
    json_t *body = json_pack("{s:s, s:s, s:o, s:i, s:[s]}", "topic", a->topic, "title", over ? "tollwatch: resolved" : "tollwatch",
                             "message", json_text(message.at), "priority", over ? 2 : act ? 5 : 3, "tags",
                             over ? "white_check_mark" : act ? "rotating_light" : "warning");
    if (body && a->runbook && a->runbook[0]) json_object_set_new(body, "click", json_text(a->runbook));
    if (a->key[0]) {
        char bearer[560];
        snprintf(bearer, sizeof bearer, "Bearer %s", a->key);
        letter_header(out, "Authorization", bearer);
    }
    snprintf(out->url, sizeof out->url, "%s", a->url);
    buf_free(&message);
    return letter_json(out, body, e);
}

const ChannelType channel_ntfy = {.name = "ntfy", .needs = "topic; url if it is not ntfy.sh; key_env and so on for a token",
                                  .default_url = "https://ntfy.sh", .needs_topic = true, .write = write_ntfy};
