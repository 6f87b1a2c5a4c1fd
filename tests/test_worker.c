/* test_worker: stopping within 200 ms from every kind of wait, waking by descriptor, and what follows a failure. */
#include "collectors/worker.h"
#include "store/clock.h"
#include "tests/unit.h"
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What a worker and its test share goes through descriptors, as everywhere else. */
typedef struct Lab {
    int bell;       /* the worker waits for it */
    int said;       /* the worker tells how often it stepped, failed, opened, closed: one each in its byte */
    int fail_steps; /* so many steps fail first */
} Lab;
enum { STEPPED = 1, FAILED = 1 << 8, OPENED = 1 << 16, CLOSED = 1 << 24 };

typedef struct Self {
    const Lab *lab;
    int steps;
} Self;

static void say(const Lab *lab, uint64_t what) {
    assert_int_equal(write(lab->said, &what, sizeof what), sizeof what);
}

static int lab_open(void **self, const void *config, const Stop *stop, Err *e) {
    (void)stop, (void)e;
    Self *s = xcalloc(1, sizeof *s);
    s->lab = config;
    say(s->lab, OPENED);
    *self = s;
    return 0;
}

static int lab_step(void *self, Wait *next, Err *e) {
    Self *s = self;
    uint64_t ignored;
    if (read(s->lab->bell, &ignored, sizeof ignored) < 0) ignored = 0;
    say(s->lab, STEPPED);
    if (s->steps++ < s->lab->fail_steps) return fail(e, "the bell is broken; mend it");
    *next = (Wait){.sleep_ms = -1, .fd = s->lab->bell};
    return 0;
}

static void lab_close(void *self) {
    Self *s = self;
    say(s->lab, CLOSED);
    free(s);
}

static void lab_failed(const void *config, const Err *e) {
    assert_string_equal(e->text, "the bell is broken; mend it");
    say(config, FAILED);
}

static const WorkerType lab_worker = {.kind = "lab", .open = lab_open, .step = lab_step, .close = lab_close, .failed = lab_failed};

static Lab lab_new(int fail_steps) {
    return (Lab){.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .said = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                 .fail_steps = fail_steps};
}

/* Adds up what the worker says until `wanted` bits of counts are there, 5 s at most. */
static uint64_t heard(const Lab *lab, uint64_t so_far, uint64_t wanted) {
    int64_t until = clock_monotonic_ms() + 5000;
    while (so_far < wanted && clock_monotonic_ms() < until) {
        struct pollfd p = {.fd = lab->said, .events = POLLIN};
        uint64_t more = 0;
        poll(&p, 1, 100);
        if (read(lab->said, &more, sizeof more) == (ssize_t)sizeof more) so_far += more;
    }
    return so_far;
}

static void lab_end(Lab *lab) {
    close(lab->bell);
    close(lab->said);
}

static void stops_within_200_ms_from_a_wait_without_end(void **state) {
    (void)state;
    Lab lab = lab_new(0);
    Stop *stop = stop_new();
    Worker *w[4];
    Err e = {0};
    for (int i = 0; i < 4; i++) assert_int_equal(worker_start(&w[i], &lab_worker, &lab, stop, &e), 0);
    assert_int_equal(heard(&lab, 0, 4 * (OPENED + STEPPED)), 4 * (OPENED + STEPPED));
    int64_t began = clock_monotonic_ms();
    stop_set(stop);
    stop_set(stop); /* twice is once */
    for (int i = 0; i < 4; i++) worker_join(w[i]);
    assert_true(clock_monotonic_ms() - began <= 200);
    assert_int_equal(heard(&lab, 0, 4 * (uint64_t)CLOSED), 4 * (uint64_t)CLOSED);
    stop_free(stop);
    lab_end(&lab);
}

static void stops_within_200_ms_from_a_back_off(void **state) {
    (void)state;
    Lab lab = lab_new(100);
    Stop *stop = stop_new();
    Worker *w;
    Err e = {0};
    assert_int_equal(worker_start(&w, &lab_worker, &lab, stop, &e), 0);
    heard(&lab, 0, OPENED + STEPPED + FAILED);
    int64_t began = clock_monotonic_ms();
    stop_set(stop);
    worker_join(w);
    assert_true(clock_monotonic_ms() - began <= 200);
    stop_free(stop);
    lab_end(&lab);
}

static void wakes_by_its_descriptor(void **state) {
    (void)state;
    Lab lab = lab_new(0);
    Stop *stop = stop_new();
    Worker *w;
    Err e = {0};
    assert_int_equal(worker_start(&w, &lab_worker, &lab, stop, &e), 0);
    uint64_t got = heard(&lab, 0, OPENED + STEPPED), one = 1;
    assert_int_equal(got, OPENED + STEPPED); /* and no further step without an event */
    assert_int_equal(write(lab.bell, &one, sizeof one), sizeof one);
    assert_int_equal(heard(&lab, got, got + 1), OPENED + 2 * STEPPED);
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    lab_end(&lab);
}

static void a_failed_step_is_told_and_tried_again_with_the_same_self(void **state) {
    (void)state;
    Lab lab = lab_new(1);
    Stop *stop = stop_new();
    Worker *w;
    Err e = {0};
    int64_t began = clock_monotonic_ms();
    assert_int_equal(worker_start(&w, &lab_worker, &lab, stop, &e), 0);
    assert_int_equal(heard(&lab, 0, OPENED + FAILED + 2 * STEPPED), OPENED + FAILED + 2 * STEPPED);
    int64_t took = clock_monotonic_ms() - began;
    assert_true(took >= 740 && took < 2000);
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    lab_end(&lab);
}

static void back_off_doubles_to_five_minutes(void **state) {
    (void)state;
    Backoff b = {.seed = 7};
    for (int64_t whole = 1000, i = 0; i < 20; i++, whole = whole * 2 > 300000 ? 300000 : whole * 2) {
        int64_t ms = backoff_next(&b);
        assert_true(ms >= whole * 3 / 4 && ms <= whole);
    }
}

static int mask_open(void **self, const void *config, const Stop *stop, Err *e) {
    (void)stop, (void)e;
    *self = (void *)(uintptr_t)config;
    return 0;
}

static int mask_step(void *self, Wait *next, Err *e) {
    (void)e;
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    bool right = sigismember(&now, SIGTERM) && sigismember(&now, SIGWINCH) && !sigismember(&now, SIGSEGV);
    say(self, right ? STEPPED : FAILED);
    *next = (Wait){.sleep_ms = -1, .fd = -1};
    return 0;
}

static void mask_close(void *self) {
    (void)self;
}

static void takes_no_signal_that_is_for_another_thread(void **state) {
    (void)state;
    static const WorkerType type = {.kind = "mask", .open = mask_open, .step = mask_step, .close = mask_close};
    Lab lab = lab_new(0);
    Stop *stop = stop_new();
    Worker *w;
    Err e = {0};
    assert_int_equal(worker_start(&w, &type, &lab, stop, &e), 0);
    assert_int_equal(heard(&lab, 0, STEPPED), STEPPED);
    stop_set(stop);
    worker_join(w);
    stop_free(stop);
    lab_end(&lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_within_200_ms_from_a_wait_without_end),
        cmocka_unit_test(stops_within_200_ms_from_a_back_off),
        cmocka_unit_test(wakes_by_its_descriptor),
        cmocka_unit_test(a_failed_step_is_told_and_tried_again_with_the_same_self),
        cmocka_unit_test(back_off_doubles_to_five_minutes),
        cmocka_unit_test(takes_no_signal_that_is_for_another_thread),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
