/* policy_lab: a policy folder of its own for each test, on a memory file system where there is one, and the people in it. */
#ifndef TESTS_POLICY_LAB_H
#define TESTS_POLICY_LAB_H
#include "store/clock.h"
#include "store/policy.h"
#include "tests/unit.h"
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0 INT64_C(1795486360000) /* 2026-11-24T02:12:40Z */
#define MIN INT64_C(60000)

typedef struct Lab {
    char dir[64], path[96];
    Actor alice, bob, guard;
} Lab;

/* On a memory file system where there is one: the races are about order, not about disks. */
static inline int setup(void **state) {
    Lab *l = calloc(1, sizeof *l);
    struct stat st;
    snprintf(l->dir, sizeof l->dir, "%s/tw-policy-XXXXXX", stat("/dev/shm", &st) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(l->dir)) return -1;
    snprintf(l->path, sizeof l->path, "%s/policy.json", l->dir);
    l->alice = (Actor){.user = "alice", .login = "alice", .host = "ops-1"};
    l->bob = (Actor){.user = "bob", .login = "bob", .host = "ops-2"};
    l->guard = (Actor){.user = "guard", .login = "tollwatch", .host = "ops-1", .guard = true};
    *state = l;
    return 0;
}

static inline int teardown(void **state) {
    Lab *l = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", l->dir);
    int rc = system(command);
    free(l);
    return rc;
}

static inline PolicyWriter writer(const Lab *l, const Actor *by, int64_t now_ms) {
    return (PolicyWriter){.path = l->path, .by = by, .now_ms = now_ms, .seen_generation = -1};
}

static inline PolicyDone kill_by(const Lab *l, const Actor *by, int64_t now_ms, PolicyStop stop) {
    PolicyWriter w = writer(l, by, now_ms);
    PolicyDone done;
    Err e = {0};
    if (policy_kill(&w, &stop, &done, &e) != 0) fail_msg("kill: %s", e.text);
    return done;
}

static inline PolicyDone resume_by(const Lab *l, const Actor *by, int64_t now_ms) {
    PolicyWriter w = writer(l, by, now_ms);
    PolicyDone done;
    Err e = {0};
    if (policy_resume(&w, "", &done, &e) != 0) fail_msg("resume: %s", e.text);
    return done;
}

static inline PolicyDone set_by(const Lab *l, const Actor *by, int64_t seen, const char *at, const char *value) {
    PolicyWriter w = writer(l, by, T0);
    PolicyDone done;
    Err e = {0};
    w.seen_generation = seen;
    if (policy_set(&w, at, value, &done, &e) != 0) fail_msg("set %s: %s", at, e.text);
    return done;
}

static inline json_t *load(const Lab *l) {
    json_t *policy = NULL;
    Err e = {0};
    if (policy_read(l->path, &policy, &e) != 0) fail_msg("%s", e.text);
    return policy;
}

static inline void put_file(const Lab *l, const char *name, const char *text, mode_t mode) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", l->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static inline bool has(const Lab *l, const char *name) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", l->dir, name);
    return access(path, F_OK) == 0;
}

static inline SwitchState state_at(const Lab *l, int64_t now_ms) {
    PolicyView v;
    policy_view(l->path, now_ms, &v);
    return v.state;
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#endif
