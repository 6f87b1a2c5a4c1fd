/* policy_audit: who changed the policy, when and why: one JSON line before each change and one with its outcome after, in
 * "<policy without .json>.audit.jsonl" beside it. Only ever appended to. Invariant P11 of policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_BYTES = 256 << 10 };

static void audit_name(const PolicyFolder *f, char *out, size_t size) {
    size_t len = strlen(f->name);
    if (len > 5 && strcmp(f->name + len - 5, ".json") == 0) len -= 5;
    snprintf(out, size, "%.*s.audit.jsonl", (int)len, f->name);
}

/* Texts are cut to UTF-8 when they come in as arguments or from the environment; what is not UTF-8 becomes "?". */
static json_t *text_new(const char *text) {
    json_t *v = json_string(text);
    return v ? v : json_string("?");
}

static char *line_of(const PolicyEvent *v) {
    const struct { const char *key, *text; } texts[] = {
        {"action", v->action}, {"section", v->section}, {"user", v->user}, {"login", v->login},
        {"host", v->host}, {"from", v->from}, {"reason", v->reason}, {"outcome", v->outcome}};
    json_t *o = json_object();
    json_object_set_new(o, "at", policy_time_new(v->at_ms));
    json_object_set_new(o, "from_generation", json_integer(v->from_generation));
    json_object_set_new(o, "generation", json_integer(v->generation));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) json_object_set_new(o, texts[i].key, text_new(texts[i].text));
    char *line = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(o);
    return line;
}

int policy_audit_write(const PolicyFolder *f, const PolicyEvent *event, Err *e) {
    char name[POLICY_NAME_MAX + 20];
    Buf line = {.max = 8192};
    audit_name(f, name, sizeof name);
    int fd = policy_folder_open_file(f, name, O_WRONLY | O_APPEND | O_CREAT, 0664);
    if (fd < 0) return fail(e, "%s/%s: %s; this change is not in the audit trail", f->path, name, strerror(errno));
    char *text = line_of(event);
    buf_str(&line, text ? text : "{}");
    buf_str(&line, "\n");
    free(text);
    ssize_t n = write(fd, line.at, line.len); /* one write: lines of two writers never mix */
    int rc = n == (ssize_t)line.len && fsync(fd) == 0 ? 0 : -1, why = errno;
    close(fd);
    buf_free(&line);
    return rc == 0 ? 0 : fail(e, "%s/%s: %s; this change is not in the audit trail", f->path, name, strerror(why));
}

/* ---- reading it back ---- */
static void event_of(const json_t *o, PolicyEvent *v) {
    *v = (PolicyEvent){0};
    if (policy_time(json_object_get(o, "at"), &v->at_ms) != 0) v->at_ms = 0;
    v->from_generation = json_integer_value(json_object_get(o, "from_generation"));
    v->generation = json_integer_value(json_object_get(o, "generation"));
    policy_text(v->action, sizeof v->action, json_object_get(o, "action"));
    policy_text(v->section, sizeof v->section, json_object_get(o, "section"));
    policy_text(v->user, sizeof v->user, json_object_get(o, "user"));
    policy_text(v->login, sizeof v->login, json_object_get(o, "login"));
    policy_text(v->host, sizeof v->host, json_object_get(o, "host"));
    policy_text(v->from, sizeof v->from, json_object_get(o, "from"));
    policy_text(v->reason, sizeof v->reason, json_object_get(o, "reason"));
    policy_text(v->outcome, sizeof v->outcome, json_object_get(o, "outcome"));
}

static bool same_change(const PolicyEvent *a, const PolicyEvent *b) {
    return a->generation == b->generation && a->at_ms == b->at_ms && strcmp(a->action, b->action) == 0;
}

/* Lines from the end: an outcome comes first and stands for its intention, which is passed over. */
static void take_line(const char *at, size_t len, PolicyEvent *out, size_t max, size_t *count) {
    PolicyEvent v;
    json_t *o = json_loadb(at, len, 0, NULL);
    if (json_is_object(o) && *count < max) {
        event_of(o, &v);
        bool told = strcmp(v.outcome, "intended") == 0 && *count && same_change(&out[*count - 1], &v);
        if (!told) out[(*count)++] = v;
    }
    json_decref(o);
}

static ssize_t read_tail(const PolicyFolder *f, char *text, Err *e) {
    char name[POLICY_NAME_MAX + 20];
    struct stat st;
    audit_name(f, name, sizeof name);
    int fd = policy_folder_open_file(f, name, O_RDONLY, 0);
    if (fd < 0 && errno == ENOENT) return 0;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) close(fd);
        return fail(e, "%s/%s: %s", f->path, name, strerror(errno));
    }
    ssize_t n = pread(fd, text, HISTORY_BYTES, st.st_size > HISTORY_BYTES ? st.st_size - HISTORY_BYTES : 0);
    close(fd);
    return n;
}

int policy_history(const char *path, PolicyEvent *out, size_t max, size_t *count, Err *e) {
    PolicyFolder f;
    *count = 0;
    if (policy_folder_open(&f, path, e) != 0) return -1;
    char *text = xmalloc(HISTORY_BYTES);
    ssize_t n = read_tail(&f, text, e);
    policy_folder_close(&f);
    for (ssize_t end = n; end > 0 && *count < max;) {
        ssize_t begin = end - 1;
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        take_line(text + begin, (size_t)(end - begin), out, max, count);
        end = begin;
    }
    free(text);
    return n < 0 ? -1 : 0;
}
