/* test_channels: what each receiver gets, compared with tests/notify/NAME_KIND.json, and what its answers mean. */
#include "collectors/channels/channel.h"
#include "tests/golden.h"
#include "store/clock.h"
#include <jansson.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

static Notice notice(TellKind kind, Weight severity) {
    Notice n = {.kind = kind, .severity = severity, .began_ms = INT64_C(1795486360000), .made_ms = INT64_C(1795486660000),
                .nano_per_hour = INT64_C(476000000000), .rule = "burn", .key = "tollwatch-burn-0011223344556677"};
    snprintf(n.scope, sizeof n.scope, "all");
    snprintf(n.title, sizeof n.title, "burn 10.9× usual: $8.73/min against $0.80");
    snprintf(n.detail, sizeof n.detail, "top contributor: <!channel> & co $7.91/min (93%% of the last 15 minutes)\n"
                                        "stop: tollwatch kill --scope non_critical --for 30m --reason 'burn'");
    return n;
}

static Access access_of(const ChannelType *t) {
    Access a = {.topic = "llm-cost", .command = "true", .runbook = "https://wiki/llm", .host = "tollwatch@host1",
                .now_ms = INT64_C(1795486661000), .key = "0123456789abcdef0123456789abcdef"};
    snprintf(a.url, sizeof a.url, "%s", t->default_url ? t->default_url : "https://receiver/x/");
    return a;
}

/* Pretty-printed, with the address and the headers above. */
static void compare(const ChannelType *t, const Letter *l, const char *kind) {
    char path[96];
    Buf text = {.max = 1 << 16};
    json_t *o = json_loads(l->body.at, 0, NULL);
    assert_non_null(o);
    char *pretty = json_dumps(o, JSON_INDENT(2));
    buf_fmt(&text, "%s\n", l->url);
    for (size_t i = 0; i < l->headers; i++) buf_fmt(&text, "%s\n", l->header[i]);
    buf_fmt(&text, "\n%s\n", pretty);
    snprintf(path, sizeof path, "tests/notify/%s_%s.txt", t->name, kind);
    golden_text(&text, path);
    free(pretty);
    json_decref(o);
    buf_free(&text);
}

static void each_receiver_gets_its_shape(void **state) {
    (void)state;
    static const struct { TellKind kind; Weight severity; const char *name; } kinds[] = {
        {TELL_FIRED, WEIGHT_ACT, "fired"}, {TELL_AGAIN, WEIGHT_WATCH, "again"}, {TELL_RESOLVED, WEIGHT_ACT, "resolved"}};
    for (size_t i = 0; channels[i]; i++)
        for (size_t k = 0; k < 3 && channels[i]->write && !channels[i]->beat_ms; k++) {
            Notice n = notice(kinds[k].kind, kinds[k].severity);
            Access a = access_of(channels[i]);
            Letter l = {0};
            Err e = {0};
            if (channels[i]->write(&n, &a, &l, &e) != 0) fail_msg("%s: %s", channels[i]->name, e.text);
            compare(channels[i], &l, kinds[k].name);
            buf_free(&l.body);
        }
}

/* Whatever a name holds: valid JSON, bounded, and nobody is called by it. */
static void hostile_names_stay_names(void **state) {
    (void)state;
    for (size_t i = 0; channels[i]; i++) {
        if (!channels[i]->write || channels[i]->beat_ms) continue;
        Notice n = notice(TELL_FIRED, WEIGHT_ACT);
        Access a = access_of(channels[i]);
        Letter l = {0};
        Err e = {0};
        memset(n.title, '<', sizeof n.title - 1);
        memset(n.detail, '&', sizeof n.detail - 1);
        memcpy(n.detail, "\xff\xfe \"quoted\" \x01", 14);
        memcpy(n.scope, "\xc3(", 3);
        assert_int_equal(channels[i]->write(&n, &a, &l, &e), 0);
        json_t *o = json_loads(l.body.at, 0, NULL);
        assert_non_null(o);
        json_decref(o);
        buf_free(&l.body);
    }
}

/* A canned answer of a receiver: status and body. */
static HttpResponse canned(const char *path) {
    HttpResponse a = {.body.max = 1 << 14, .retry_after_ms = -1};
    Buf all = {.max = 1 << 14};
    Err e = {0};
    assert_int_equal(file_read(path, &all, &e), 0);
    const char *body = strstr(all.at, "\n\n");
    const char *crlf = strstr(all.at, "\r\n\r\n");
    size_t head = crlf ? (size_t)(crlf + 4 - all.at) : body ? (size_t)(body + 2 - all.at) : all.len;
    assert_int_equal(sscanf(all.at, "HTTP/1.1 %d", &a.status), 1);
    buf_add(&a.body, all.at + head, all.len - head);
    buf_free(&all);
    return a;
}

static void answers_mean_what_the_receivers_say(void **state) {
    (void)state;
    static const struct { const char *channel, *file; Verdict verdict; } cases[] = {
        {"slack", "slack_200", VERDICT_DONE}, {"slack", "slack_400", VERDICT_NEVER}, {"slack", "slack_404", VERDICT_NEVER},
        {"slack", "slack_429", VERDICT_LATER}, {"slack", "alertmanager_200", VERDICT_LATER /* not "ok" */},
        {"pagerduty", "pagerduty_202", VERDICT_DONE}, {"pagerduty", "pagerduty_400", VERDICT_NEVER},
        {"pagerduty", "pagerduty_429", VERDICT_LATER}, {"alertmanager", "alertmanager_200", VERDICT_DONE},
        {"alertmanager", "alertmanager_400", VERDICT_NEVER}, {"ntfy", "ntfy_200", VERDICT_DONE}, {"ntfy", "ntfy_429", VERDICT_LATER}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[96], word[200] = "";
        snprintf(path, sizeof path, "tests/notify/%s.http", cases[i].file);
        const ChannelType *t = channel_find(cases[i].channel);
        HttpResponse a = canned(path);
        Verdict v = t->judge ? t->judge(&a, word, sizeof word) : verdict_by_status(&a, word, sizeof word);
        if (v != cases[i].verdict) fail_msg("%s: %s means %d (%s)", cases[i].channel, cases[i].file, (int)v, word);
        assert_true(word[0]);
        http_response_free(&a);
    }
}

static void a_command_gets_the_alert_on_its_input(void **state) {
    (void)state;
    char path[] = "/tmp/tollwatch-command-XXXXXX", command[160], word[200] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    Stop *stop = stop_new();
    const ChannelType *t = channel_find("command");
    Notice n = notice(TELL_FIRED, WEIGHT_ACT);
    Access a = access_of(t);
    snprintf(command, sizeof command, "cat > %s; echo noise", path);
    a.command = command;
    assert_int_equal(t->deliver(&n, &a, stop, word, sizeof word), VERDICT_DONE);
    json_t *o = json_load_file(path, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(o, "cost_usd_per_hour")), "476.000000000");
    assert_string_equal(json_string_value(json_object_get(o, "status")), "firing");
    json_decref(o);
    a.command = "echo 'no mail here' >&2; exit 75";
    assert_int_equal(t->deliver(&n, &a, stop, word, sizeof word), VERDICT_LATER);
    assert_string_equal(word, "ended with code 75: no mail here");
    stop_set(stop);
    a.command = "exec tail -f /dev/null";
    int64_t began = clock_monotonic_ms();
    assert_int_equal(t->deliver(&n, &a, stop, word, sizeof word), VERDICT_LATER);
    assert_true(clock_monotonic_ms() - began < 2000);
    close(fd);
    unlink(path);
    stop_free(stop);
}

/* A tmux that writes down what it is asked: a title that holds tmux's own marks stays text. */
static void tmux_is_told_text_and_no_formats(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-tmux-XXXXXX", path[64], log[64], old[4096], word[200];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/tmux", dir);
    snprintf(log, sizeof log, "%s/log", dir);
    FILE *f = fopen(path, "w");
    fprintf(f, "#!/bin/sh\n[ \"$1\" = list-clients ] && { echo /dev/pts/7; exit; }\nprintf '%%s|' \"$@\" >> %s\n", log);
    fclose(f);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(old, sizeof old, "%s", getenv("PATH"));
    char with[4200];
    snprintf(with, sizeof with, "%s:%s", dir, old);
    setenv("PATH", with, 1);
    const ChannelType *t = channel_find("tmux");
    Notice n = notice(TELL_FIRED, WEIGHT_ACT);
    Access a = access_of(t);
    Stop *stop = stop_new();
    snprintf(n.title, sizeof n.title, "at 90%% of #(touch /tmp/x) \\n");
    assert_int_equal(t->deliver(&n, &a, stop, word, sizeof word), VERDICT_DONE);
    setenv("PATH", old, 1);
    Buf said = {.max = 4096};
    Err e = {0};
    assert_int_equal(file_read(log, &said, &e), 0);
    assert_string_equal(said.at, "display-message|-c|/dev/pts/7|-d|10000|at 90%% of ##(touch /tmp/x) \\n|");
    buf_free(&said);
    stop_free(stop);
    unlink(path);
    unlink(log);
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_receiver_gets_its_shape),
        cmocka_unit_test(hostile_names_stay_names),
        cmocka_unit_test(answers_mean_what_the_receivers_say),
        cmocka_unit_test(a_command_gets_the_alert_on_its_input),
        cmocka_unit_test(tmux_is_told_text_and_no_formats),
    };
    return cmocka_run_group_tests_name("channels", tests, NULL, NULL);
}
