/* An incident of long ago is told as completely as one of today: every alert and change of any range, however much came since,
 * in the order of time; and the switch of any instant is that of its last change. */
#include "store/policy.h"
#include "tests/query_fixture.h"
#include "tui/cmd_report.h"
#include "tui/policy_screen.h"
#include "tui/view.h"

enum { CHANGES = 3000, ALERTS = 2400, STEP_MS = 7 * 60000 };
static Fixture f;
static char policy[96];
static int64_t begin_ms;

static void time_text(int64_t ms, char *out, size_t size) {
    time_format(f.zone, ms, "%Y-%m-%dT%H:%M:%SZ", out, size);
}

/* A change every seven minutes, an intention and an outcome each; every 50th of the switch, every 11th failed. */
static void write_trail(void) {
    char path[112], at[40];
    snprintf(path, sizeof path, "%s/policy.audit.jsonl", f.dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < CHANGES; i++)
        for (int k = 0; k < 2; k++) {
            time_text(begin_ms + (int64_t)i * STEP_MS, at, sizeof at);
            fprintf(file, "{\"at\":\"%s\",\"from_generation\":%d,\"generation\":%d,\"action\":\"%s\",\"section\":\"%s\",\"user\":\"u%d\",\"host\":\"h\",\"reason\":\"change %d\",\"outcome\":\"%s\"}\n",
                    at, i, i + 1, i % 50 ? "set" : i % 100 ? "resume" : "kill", i % 50 ? "limits" : "kill_switch", i % 7, i,
                    k == 0 ? "intended" : i % 11 == 5 ? "failed: no room" : "written");
        }
    assert_int_equal(fclose(file), 0);
}

static void write_alerts(void) {
    Err e = {""};
    char sql[400];
    must(db_begin(f.db, &e), &e);
    for (int i = 0; i < ALERTS; i++) {
        int64_t fired = begin_ms + (int64_t)i * STEP_MS + 1000;
        snprintf(sql, sizeof sql, "INSERT INTO alert(rule, scope, period_ms, severity, state, step, began_ms, fired_ms, told_ms, seen_ms, resolved_ms, nano_per_hour, title, detail) "
                 "VALUES('burn', 's%d', %d, 1, 2, 0, %lld, %lld, 0, 0, %lld, 0, 'alert %d', '')", i, i, (long long)fired, (long long)fired, (long long)(fired + 5000), i);
        must(sqlite3_exec(db_handle(f.db), sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1, &e);
    }
    must(db_commit(f.db, &e), &e);
}

static int setup(void **state) {
    (void)state;
    begin_ms = utc("2026-09-01T00:00:00Z");
    fixture_open(&f, "UTC", utc("2026-11-24T00:00:00Z"));
    snprintf(policy, sizeof policy, "%s/policy.json", f.dir);
    write_trail();
    write_alerts();
    return 0;
}

static int teardown(void **state) {
    char path[112];
    (void)state;
    snprintf(path, sizeof path, "%s/policy.audit.jsonl", f.dir);
    unlink(path);
    fixture_close(&f);
    return 0;
}

/* How many of n things, one each STEP_MS, lie in the range. */
static int within(int n, int64_t first_ms, int64_t since_ms, int64_t until_ms) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        int64_t at = first_ms + (int64_t)i * STEP_MS;
        count += at >= since_ms && at < until_ms;
    }
    return count;
}

static void every_range_is_complete(void **state) {
    (void)state;
    Err e = {""};
    ReportEvent *event = xcalloc(REPORT_EVENTS_MAX, sizeof *event);
    for (int k = 0; k < 60; k++) {
        int64_t since = begin_ms + (int64_t)(k * 37) * STEP_MS, until = since + (int64_t)(1 + k * k % 900) * STEP_MS;
        size_t count;
        bool more;
        must(report_events_load(f.db, policy, since, until, event, &count, &more, &e), &e);
        int wanted = within(CHANGES, begin_ms, since, until) + within(ALERTS, begin_ms + 1000, since, until) + within(ALERTS, begin_ms + 6000, since, until);
        assert_int_equal(count, wanted);
        assert_false(more);
        for (size_t i = 0; i < count; i++) {
            assert_in_range(event[i].at_ms, since, until - 1);
            assert_true(i == 0 || event[i - 1].at_ms <= event[i].at_ms);
        }
    }
    free(event);
}

/* More than there is room for is said, and memory stays bounded. */
static void too_much_is_said(void **state) {
    (void)state;
    Err e = {""};
    size_t count;
    bool more;
    ReportEvent *event = xcalloc(REPORT_EVENTS_MAX, sizeof *event);
    must(report_events_load(f.db, policy, begin_ms, begin_ms + 365 * MS_PER_DAY, event, &count, &more, &e), &e);
    assert_int_equal(count, REPORT_EVENTS_MAX);
    assert_true(more);
    free(event);
}

static void each_change_is_there_once_with_its_outcome(void **state) {
    (void)state;
    Err e = {""};
    size_t count;
    PolicyEvent *event = xcalloc(CHANGES + 1, sizeof *event);
    must(policy_history(policy, event, CHANGES + 1, &count, &e), &e);
    assert_int_equal(count, CHANGES);
    for (int i = 0; i < CHANGES; i++) {
        assert_int_equal(event[i].generation, CHANGES - i);
        assert_string_not_equal(event[i].outcome, "intended");
    }
    free(event);
}

/* The switch of then, though hundreds of changes of other things came since: the Policy screen as of any instant. */
static void the_switch_of_then_is_found(void **state) {
    (void)state;
    App app = {.db_path = ""};
    snprintf(app.policy_path, sizeof app.policy_path, "%s", policy);
    PolicyScreen *p = xcalloc(1, sizeof *p);
    for (int i = 1; i < CHANGES; i += 61) {
        View v = {.app = &app, .until_ms = begin_ms + (int64_t)i * STEP_MS + 5};
        int last = i, last_switch = i / 50 * 50;
        while (last % 11 == 5) last--;
        while (last_switch > 0 && last_switch % 11 == 5) last_switch -= 50;
        policy_asof_load(p, &v);
        assert_int_equal(p->history[0].generation, i + 1);
        assert_int_equal(p->history_count, i + 1 < HISTORY_SHOWN ? i + 1 : HISTORY_SHOWN);
        assert_int_equal(p->changed.generation, last + 1);
        assert_int_equal(p->switched.generation, last_switch + 1);
        assert_string_equal(p->switched.action, last_switch % 100 ? "resume" : "kill");
    }
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_is_complete),
        cmocka_unit_test(too_much_is_said),
        cmocka_unit_test(each_change_is_there_once_with_its_outcome),
        cmocka_unit_test(the_switch_of_then_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
