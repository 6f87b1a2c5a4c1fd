/* policy_act: see policy_act.h. */
#include "tui/policy_act.h"
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* A place that somebody named must be there: a mistyped one would be obeyed by nobody. */
static bool is_named(const App *a) {
    return a->policy_option || getenv("LLM_POLICY_FILE");
}

static void make_folder(const App *a) {
    if (!is_named(a)) place_make_folder_of(a->policy_path);
}

static bool is_missing(const char *path, size_t len, const char *end) {
    char text[2100];
    snprintf(text, sizeof text, "%.*s%s", (int)len, path, end);
    return access(text, F_OK) != 0 && errno == ENOENT;
}

bool policy_act_none_yet(const App *a) {
    const char *path = a->policy_path, *slash = strrchr(path, '/');
    size_t len = strlen(path);
    if (!is_missing(path, len, "") || !is_missing(path, len, ".prev")) return false;
    return !is_named(a) || !slash || !is_missing(path, (size_t)(slash - path), "/.");
}

void policy_act_folder(const App *a) {
    bool hard = false;
    for (size_t i = 0; i < a->config->budget_count; i++) hard |= budget_is_hard(&a->config->budgets[i]);
    if (hard) make_folder(a);
}

void policy_act_begin(PolicyAct *act, const App *a) {
    *act = (PolicyAct){0};
    actor_find(a->config->user, &act->by);
    policy_log_open(&act->log, a->db_path);
    make_folder(a);
    act->writer = (PolicyWriter){.path = a->policy_path, .by = &act->by, .now_ms = app_now(a), .seen_generation = -1,
                                 .witness = policy_log_witness, .ctx = &act->log};
}

void policy_act_end(PolicyAct *act) { policy_log_close(&act->log); }

int policy_act_acks(const App *a, int64_t generation, int64_t now_ms, PolicyAck *out, size_t *count, Err *e) {
    const Config *c = a->config;
    const char **names = xcalloc(c->gateway_count + 1, sizeof *names);
    for (size_t i = 0; i < c->gateway_count; i++) names[i] = c->gateways[i].ack[0] ? c->gateways[i].ack : c->gateways[i].name;
    int rc = policy_acks(a->policy_path, names, c->gateway_count, generation, now_ms, out, POLICY_ACKS_MAX, count, e);
    free(names);
    return rc;
}

size_t policy_acks_obeyed(const PolicyAck *acks, size_t count) {
    size_t obeyed = 0;
    for (size_t i = 0; i < count; i++) obeyed += acks[i].state == ACK_OBEYED;
    return obeyed;
}

int policy_duration_parse(const char *text, int64_t *out_ms, Err *e) {
    static const struct { char unit; int64_t ms; } units[] = {{'m', MS_PER_MINUTE}, {'h', MS_PER_HOUR}, {'d', MS_PER_DAY}};
    int64_t n = 0;
    const char *p = text;
    *out_ms = 0;
    if (strcmp(text, "none") == 0) return 0;
    for (; *p >= '0' && *p <= '9' && n < 100000; p++) n = n * 10 + (*p - '0');
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (n > 0 && n < 100000 && p > text && p[0] == units[i].unit && !p[1]) return *out_ms = n * units[i].ms, 0;
    return fail(e, "%.40s is no duration; give one like 30m, 2h or 1d, or none for no end", text);
}

void policy_duration_text(int64_t ms, char *out, size_t size) {
    int64_t min = (ms + MS_PER_MINUTE / 2) / MS_PER_MINUTE;
    if (min < 60) snprintf(out, size, "%" PRId64 " min", min);
    else if (min % 60 == 0) snprintf(out, size, "%" PRId64 " h", min / 60);
    else snprintf(out, size, "%" PRId64 " h %" PRId64 " min", min / 60, min % 60);
}
