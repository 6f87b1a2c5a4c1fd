/* policy_audit: who changed the policy, when and why: one JSON line before each change and one with its outcome after, in
 * "<policy without .json>.audit.jsonl" beside it. Only ever appended to. Invariant P11 of policy.h. */
#include "store/policy_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_BYTES = 64 << 10, CLOCKS_DIFFER_MS = 24 * 3600 * 1000 /* lines of two machines may be in another order */ };

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

typedef struct Reading {
    const PolicyAsk *ask;
    PolicyEvent *out, last; /* last: the line behind this one in the file */
    size_t max, count;
    bool over;              /* older lines are of no interest */
} Reading;

static bool is_asked(const PolicyAsk *q, const PolicyEvent *v) {
    if (v->at_ms < q->since_ms || v->at_ms >= q->until_ms) return false;
    if (q->section && strcmp(v->section, q->section) != 0) return false;
    return !q->written || strcmp(v->outcome, "written") == 0;
}

/* Lines from the end: an outcome comes first and stands for its intention, which is passed over. */
static void take_line(Reading *r, const char *at, size_t len) {
    PolicyEvent v;
    json_t *o = json_loadb(at, len, 0, NULL);
    if (json_is_object(o)) {
        event_of(o, &v);
        bool told = strcmp(v.outcome, "intended") == 0 && same_change(&r->last, &v);
        if (!told && is_asked(r->ask, &v)) r->out[r->count++] = v;
        r->over = r->count == r->max || (v.at_ms > 0 && v.at_ms + CLOCKS_DIFFER_MS < r->ask->since_ms);
        r->last = v;
    }
    json_decref(o);
}

/* The lines that end in this piece, the last first. Where the first whole one begins: the piece before ends there. */
static off_t take_piece(Reading *r, const char *text, off_t at, size_t len) {
    size_t end = len;
    while (end > 0 && !r->over) {
        size_t begin = end - 1;
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        if (begin == 0 && at > 0) break; /* its beginning lies in the piece before */
        take_line(r, text + begin, end - begin);
        end = begin;
    }
    return end == len ? at : at + (off_t)end; /* a line longer than a piece is none of ours */
}

static int read_back(int fd, Reading *r) {
    struct stat st;
    char *text = xmalloc(HISTORY_BYTES);
    int rc = fstat(fd, &st);
    for (off_t end = rc == 0 ? st.st_size : 0; end > 0 && !r->over && rc == 0;) {
        off_t at = end > HISTORY_BYTES ? end - HISTORY_BYTES : 0;
        ssize_t n = pread(fd, text, (size_t)(end - at), at);
        if (n <= 0) rc = n < 0 ? -1 : 0, end = 0;
        else end = take_piece(r, text, at, (size_t)n);
    }
    free(text);
    return rc;
}

int policy_history_ask(const char *path, const PolicyAsk *ask, PolicyEvent *out, size_t max, size_t *count, Err *e) {
    PolicyFolder f;
    char name[POLICY_NAME_MAX + 20];
    Reading r = {.ask = ask, .out = out, .max = max, .over = max == 0};
    *count = 0;
    if (policy_folder_open(&f, path, e) != 0) return -1;
    audit_name(&f, name, sizeof name);
    int fd = policy_folder_open_file(&f, name, O_RDONLY, 0), rc = 0;
    if (fd < 0 && errno != ENOENT) rc = fail(e, "%s/%s: %s", f.path, name, strerror(errno));
    if (fd >= 0 && read_back(fd, &r) != 0) rc = fail(e, "%s/%s: %s", f.path, name, strerror(errno));
    if (fd >= 0) close(fd);
    policy_folder_close(&f);
    *count = r.count;
    return rc;
}

int policy_history(const char *path, PolicyEvent *out, size_t max, size_t *count, Err *e) {
    return policy_history_ask(path, &(PolicyAsk){.since_ms = INT64_MIN, .until_ms = INT64_MAX}, out, max, count, e);
}
