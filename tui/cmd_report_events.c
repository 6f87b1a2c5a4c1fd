/* cmd_report_events: what happened beside the spending: alerts and changes of the policy, in the order of time, so that a report
 * from the beginning of an incident tells its story. See cmd_report.h. */
#include "store/alert_book.h"
#include "store/policy.h"
#include "tui/cmd_report.h"
#include "tui/text_width.h"

enum { ALERTS_PAGE = 200, CHANGES_PAGE = 1000 };

typedef struct Events {
    ReportEvent *at;
    size_t count;
    int64_t since_ms, until_ms;
    bool more; /* than there is room for */
} Events;

TW_PRINTF(5, 6) static void add(Events *v, int64_t at_ms, const char *kind, const char *by, const char *fmt, ...) {
    va_list ap;
    if (at_ms < v->since_ms || at_ms >= v->until_ms) return;
    if (v->count == REPORT_EVENTS_MAX) {
        v->more = true;
        return;
    }
    ReportEvent *one = &v->at[v->count++];
    *one = (ReportEvent){.at_ms = at_ms, .kind = kind};
    snprintf(one->by, sizeof one->by, "%s", by);
    va_start(ap, fmt);
    vsnprintf(one->text, sizeof one->text, fmt, ap);
    va_end(ap);
}

static void add_alert(Events *v, const AlertView *a) {
    add(v, a->fired_ms, "alert", "", "%s %.300s", a->rule, a->title);
    if (a->acked_ms) add(v, a->acked_ms, "acknowledged", a->acked_by, "%s %.300s", a->rule, a->title);
    if (a->state == ALERT_RESOLVED) add(v, a->resolved_ms, "resolved", "", "%s %.300s", a->rule, a->title);
}

/* Page by page, so that an incident of last month is as complete as one of today. */
static int add_alerts(Events *v, Db *db, Err *e) {
    size_t count = ALERTS_PAGE;
    int rc = 0;
    AlertView *alert = xcalloc(ALERTS_PAGE, sizeof *alert);
    for (int64_t after = 0; rc == 0 && count == ALERTS_PAGE; after = count ? alert[count - 1].id : 0) {
        rc = book_list_between(db, v->since_ms, v->until_ms, after, alert, ALERTS_PAGE, &count, e);
        for (size_t i = 0; rc == 0 && i < count; i++) add_alert(v, &alert[i]);
    }
    free(alert);
    return rc;
}

static void add_changes(Events *v, const char *policy_path) {
    Err ignored = {""};
    size_t count = 0;
    PolicyEvent *change = xcalloc(CHANGES_PAGE, sizeof *change);
    PolicyAsk ask = {.since_ms = v->since_ms, .until_ms = v->until_ms};
    do {
        if (policy_history_ask(policy_path, &ask, change, CHANGES_PAGE, &count, &ignored) != 0) count = 0;
        for (size_t i = 0; i < count; i++) {
            const PolicyEvent *p = &change[i];
            bool failed = strncmp(p->outcome, "failed", 6) == 0;
            add(v, p->at_ms, "policy", p->user, "generation %lld: %s%s%.200s%s", (long long)p->generation, p->action, p->reason[0] ? ": " : "",
                p->reason, failed ? ", which failed" : "");
        }
        if (count) ask.until_ms = change[count - 1].at_ms; /* those of the same millisecond stood together */
    } while (count == CHANGES_PAGE && v->count < REPORT_EVENTS_MAX);
    free(change);
}

static int earliest_first(const void *pa, const void *pb) {
    const ReportEvent *a = pa, *b = pb;
    if (a->at_ms != b->at_ms) return a->at_ms < b->at_ms ? -1 : 1;
    return a->kind != b->kind ? strcmp(a->kind, b->kind) : strcmp(a->text, b->text);
}

int report_events_load(Db *db, const char *policy_path, int64_t since_ms, int64_t until_ms, ReportEvent *out, size_t *count, bool *more, Err *e) {
    Events v = {.at = out, .since_ms = since_ms, .until_ms = until_ms};
    *count = 0;
    if (add_alerts(&v, db, e) != 0) return -1;
    add_changes(&v, policy_path);
    if (v.count) qsort(out, v.count, sizeof *out, earliest_first);
    *count = v.count;
    *more = v.more;
    return 0;
}

/* Names come from logs and people: no control character, and in Markdown nothing that is markup. */
static void write_safely(const char *text, bool ascii, bool markdown, FILE *out) {
    while (*text) {
        const char *at = text;
        int32_t code = utf8_next(&text);
        if (code_columns(code) < 0 || (ascii && code > 0x7E)) fputc('?', out);
        else if (markdown && code < 0x7F && strchr("\\`*_<>|[]#", code)) fprintf(out, "\\%c", (char)code);
        else fwrite(at, 1, (size_t)(text - at), out);
    }
}

void report_events(const Report *r, bool markdown, FILE *out) {
    char first[32], last[32];
    if (r->event_count == 0) return;
    time_format(r->zone, r->events[0].at_ms, "%d %b", first, sizeof first);
    time_format(r->zone, r->events[r->event_count - 1].at_ms, "%d %b", last, sizeof last);
    const char *format = strcmp(first, last) != 0 ? "%d %b %H:%M:%S" : "%H:%M:%S";
    fputs(markdown ? "\n**What happened**\n\n" : "\nwhat happened\n", out);
    for (size_t i = 0; i < r->event_count; i++) {
        const ReportEvent *one = &r->events[i];
        char at[48];
        time_format(r->zone, one->at_ms, format, at, sizeof at);
        fprintf(out, markdown ? "- %s **%s**%s" : "%s  %s%s", at, one->kind, one->by[0] ? " by " : "");
        write_safely(one->by, r->ascii, markdown, out);
        fputs(markdown ? ": " : "  ", out);
        write_safely(one->text, r->ascii, markdown, out);
        fputc('\n', out);
    }
    if (r->events_more) fprintf(out, "%smore happened than these %zu; --since and --until closer together show all\n", markdown ? "\n" : "", r->event_count);
}
