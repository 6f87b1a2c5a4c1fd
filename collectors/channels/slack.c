/* slack: an incoming webhook. Its address is the secret. Success is the word "ok" and nothing else; a message cannot be taken
 * back, so the end of an alert is a second one. */
#include "collectors/channels/channel.h"
#include <jansson.h>

enum { TEXT_MAX = 2800 }; /* a section holds 3,000 characters */

/* "<!channel>" in the name of a model must not call everybody. */
static void escape(Buf *to, const char *text) {
    for (; *text && !to->overflow; text++)
        switch (*text) {
        case '&': buf_str(to, "&amp;"); break;
        case '<': buf_str(to, "&lt;"); break;
        case '>': buf_str(to, "&gt;"); break;
        default: buf_add(to, text, 1);
        }
}

static int write_slack(const Notice *n, const Access *a, Letter *out, Err *e) {
    static const char *const marks[] = {":white_check_mark:", ":warning:", ":rotating_light:"};
    char headline[ALERT_TITLE_MAX + 16];
    Buf plain = {.max = TEXT_MAX}, text = {.max = TEXT_MAX};
    notice_headline(n, headline, sizeof headline);
    escape(&plain, headline);
    buf_fmt(&text, "%s *%s*", marks[n->kind == TELL_RESOLVED ? 0 : n->severity], plain.at);
    if (n->detail[0] && n->kind != TELL_RESOLVED) {
        buf_str(&text, "\n");
        escape(&text, n->detail);
    }
    snprintf(out->url, sizeof out->url, "%s", a->url);
    json_t *section = json_pack("{s:s, s:{s:s, s:o}}", "type", "section", "text", "type", "mrkdwn", "text", json_text(text.at));
    int rc = letter_json(out, json_pack("{s:o, s:[o]}", "text", json_text(plain.at), "blocks", section), e);
    buf_free(&plain);
    buf_free(&text);
    return rc;
}

static Verdict judge_slack(const HttpResponse *a, char *word, size_t size) {
    Verdict v = verdict_by_status(a, word, size);
    bool ok = a->body.len == 2 && memcmp(a->body.at, "ok", 2) == 0;
    if (v != VERDICT_DONE || ok) return v;
    snprintf(word, size, "%d, but not \"ok\": is it Slack's address?", a->status);
    return VERDICT_LATER;
}

const ChannelType channel_slack = {.name = "slack", .needs = "url_env, url_file or url_command: the webhook's address",
                                   .url_is_secret = true, .needs_url = true, .write = write_slack, .judge = judge_slack};
