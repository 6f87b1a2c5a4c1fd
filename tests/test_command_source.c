/* test_command_source: the output of commands is followed: started again with back-off, overlap counted once, errors told,
 * and no process outlives the wish for it. The commands are real; waiting for them is waiting for their descriptors. */
#include "collectors/child.h"
#include "collectors/command_source.h"
#include "tests/follow_lab.h"
#include <signal.h>
#include <sys/wait.h>

#ifdef TOLLWATCH_SANITIZED
enum { PATIENCE_MS = 30000, STOP_MS = 2000 };
#else
enum { PATIENCE_MS = 10000, STOP_MS = 500 }; /* 200 is promised; the rest is for a machine that is busy with other tests */
#endif

typedef struct CommandLab {
    Lab *lab;
    CommandSource source;
} CommandLab;

/* %s in the command is the lab's folder. */
static CommandLab *command_lab(const char *command) {
    CommandLab *c = xcalloc(1, sizeof *c);
    c->lab = lab_new((const char *const[]){"", NULL});
    SourceConfig *s = &c->lab->source[0];
    s->path[0] = '\0';
    const char *at = strstr(command, "%s");
    if (at) snprintf(s->command, sizeof s->command, "%.*s%s%s", (int)(at - command), command, c->lab->dir, at + 2);
    else snprintf(s->command, sizeof s->command, "%s", command);
    c->source = (CommandSource){.shared = &c->lab->c, .config = s};
    c->lab->type = &command_worker;
    c->lab->type_config = &c->source;
    return c;
}

static void command_free(CommandLab *c) {
    lab_free(c->lab);
    free(c);
}

/* Steps whenever the command has something to say, until the word is told. */
static void until_word(const CommandLab *c, const char *word) {
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    SourceView v;
    do {
        lab_settle(c->lab);
        v = lab_source(c->lab, 0);
        struct pollfd p = {.fd = c->lab->next.fd, .events = POLLIN};
        if (!strstr(v.last_word, word)) poll(&p, 1, 100);
    } while (!strstr(v.last_word, word) && clock_monotonic_ms() < until);
    if (!strstr(v.last_word, word)) fail_msg("\"%s\" instead of \"%s\"", v.last_word, word);
}

static void until_requests(const CommandLab *c, int64_t requests) {
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    for (lab_settle(c->lab); lab_totals(c->lab).requests < requests && clock_monotonic_ms() < until; lab_settle(c->lab)) {
        struct pollfd p = {.fd = c->lab->next.fd, .events = POLLIN};
        poll(&p, 1, 100);
    }
    lab_agrees(c->lab);
}

/* What a run says again of what earlier runs said is counted once; the next run comes after a pause that grows. */
static void overlap_of_runs_is_counted_once(void **state) {
    (void)state;
    CommandLab *c = command_lab("cat %s/log");
    Lab *lab = c->lab;
    int64_t pause = 0;
    lab_append(lab, "log", 3);
    lab_start(lab);
    for (int run = 0; run < 4; run++) {
        until_word(c, "ended with code 0");
        lab_agrees(lab);
        assert_true(lab->next.sleep_ms > 0 && lab->next.sleep_ms <= 1000 << run);
        assert_true(lab->next.sleep_ms > pause * 5 / 4);
        pause = lab->next.sleep_ms;
        lab_append(lab, "log", 2);
        lab->steady_ms += pause;
        lab_settle(lab);
    }
    until_word(c, "ended with code 0");
    lab_stop(lab);
    lab_append(lab, "log", 1);
    lab_start(lab);
    until_word(c, "ended with code 0");
    lab_agrees(lab);
    assert_int_equal(lab_source(lab, 0).bad_lines, 0);
    command_free(c);
}

/* A line is in the ledger when its newline is there. */
static void a_running_command_is_followed(void **state) {
    (void)state;
    CommandLab *c = command_lab("exec tail -n +1 -F %s/log 2>/dev/null");
    Lab *lab = c->lab;
    lab_append(lab, "log", 3);
    lab_start(lab);
    until_requests(c, lab->requests);
    lab_append(lab, "log", 3000);
    until_requests(c, lab->requests);
    char line[512];
    lab_line(lab, line);
    int fd = lab_open_file(lab, "log", O_WRONLY | O_APPEND);
    lab_write_fd(fd, line, 100);
    lab_settle(lab);
    lab_write_fd(fd, line + 100, strlen(line) - 100);
    close(fd);
    until_requests(c, lab->requests);
    assert_string_equal(lab_source(lab, 0).state, "ok");
    command_free(c);
}

static void why_it_ended_is_told(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"echo 'no route to host' >&2; exit 255", "ended with code 255: no route to host"},
        {"kill -9 $$", "ended by signal 9"},
        {"/nonexistent/command", "ended with code 127"},
        {"printf '\\033[31mred\\n\\n' >&2; exit 3", "ended with code 3:  [31mred"},
        {"yes | head -c 300000 >&2; exit 1", "ended with code 1: y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CommandLab *c = command_lab(cases[i][0]);
        lab_start(c->lab);
        until_word(c, cases[i][1]);
        assert_string_equal(lab_source(c->lab, 0).state, "error");
        command_free(c);
    }
}

/* What is no log is told, counted, and never kept; endless output without a newline takes no memory. */
static void garbage_is_bounded(void **state) {
    (void)state;
    CommandLab *c = command_lab("cat %s/log; yes no json | head -2000; head -c 70000000 /dev/zero | tr '\\0' x");
    lab_append(c->lab, "log", 2);
    lab_start(c->lab);
    until_word(c, "ended with code 0");
    lab_agrees(c->lab);
    SourceView v = lab_source(c->lab, 0);
    assert_int_equal(v.bad_lines, 2000);
    assert_int_equal(v.skipped_lines, 1);
    command_free(c);
}

/* ---- the child ---- */

/* Until nobody has the write end: all of its processes are gone. */
static bool gone(int fd, int64_t ms) {
    int64_t until = clock_monotonic_ms() + ms;
    char c[4096];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (clock_monotonic_ms() < until) {
        if (poll(&p, 1, 10) > 0 && read(fd, c, sizeof c) == 0) return true;
    }
    return false;
}

static void until_ready(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* All processes of the command go, also children that ignore the polite signal, at once; and though all signals are
 * blocked in the thread that starts it, as they are in every worker. */
static void a_stop_ends_all_its_processes(void **state) {
    (void)state;
    static const char *const cases[] = {"echo; tail -f /dev/null & tail -f /dev/null",
                                        "trap '' TERM; (echo; tail -f /dev/null) & tail -f /dev/null"};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Child *c;
        Err e = {0};
        char how[64];
        assert_int_equal(child_start(&c, cases[i], &e), 0);
        int out = child_take_output(c);
        until_ready(out);
        int64_t began = clock_monotonic_ms();
        child_stop(c, how, sizeof how);
        assert_true(clock_monotonic_ms() - began <= STOP_MS);
        assert_string_equal(how, "was stopped");
        assert_true(gone(out, 1000));
        child_free(c);
        close(out);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A polite end is taken: what the command does at it is done. */
static void a_stop_asks_first(void **state) {
    (void)state;
    Child *c;
    Err e = {0};
    char how[64], said[64] = "";
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(child_start(&c, "trap 'echo bye; exit' TERM; echo ready; tail -f /dev/null & wait", &e), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    int out = child_take_output(c);
    until_ready(out);
    child_stop(c, how, sizeof how);
    ssize_t n = read(out, said, sizeof said - 1);
    assert_true(n > 0);
    assert_string_equal(said, "ready\nbye\n");
    child_free(c);
    close(out);
}

/* Who is killed takes its commands along, also those that would start anew whatever ends in them. */
static void a_command_dies_with_its_owner(void **state) {
    (void)state;
    char dir[] = "/tmp/tollwatch-child-XXXXXX", fifo[64], never[64], command[256];
    assert_non_null(mkdtemp(dir));
    snprintf(fifo, sizeof fifo, "%s/fifo", dir);
    snprintf(never, sizeof never, "%s/never", dir);
    assert_int_equal(mkfifo(fifo, 0600) | mkfifo(never, 0600), 0);
    snprintf(command, sizeof command, "trap '' TERM PIPE; exec 3>%s; echo >&3; read line <%s", fifo, never);
    int held = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    pid_t owner = fork();
    if (owner == 0) {
        Child *c;
        Err e = {0};
        if (child_start(&c, command, &e) != 0) _exit(1);
        for (;;) pause();
    }
    until_ready(held); /* it runs */
    kill(owner, SIGKILL);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    assert_true(gone(held, PATIENCE_MS));
    close(held);
    unlink(fifo);
    unlink(never);
    rmdir(dir);
}

/* One command does not hold another's pipes open, and its input is empty. */
static void commands_share_nothing(void **state) {
    (void)state;
    Child *first, *second;
    Err e = {0};
    char how[64];
    assert_int_equal(child_start(&first, "wc -c", &e), 0);
    assert_int_equal(child_start(&second, "tail -f /dev/null", &e), 0);
    int out = child_take_output(first);
    char said[16] = "";
    until_ready(out);
    assert_int_equal(read(out, said, sizeof said - 1), 2);
    assert_string_equal(said, "0\n");
    assert_true(gone(out, PATIENCE_MS));
    assert_true(child_output_ended(first));
    child_wait_end(first);
    child_stop(first, how, sizeof how);
    assert_string_equal(how, "ended with code 0");
    child_free(first);
    child_free(second);
    close(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_of_runs_is_counted_once),
        cmocka_unit_test(a_running_command_is_followed),
        cmocka_unit_test(why_it_ended_is_told),
        cmocka_unit_test(garbage_is_bounded),
        cmocka_unit_test(a_stop_ends_all_its_processes),
        cmocka_unit_test(a_stop_asks_first),
        cmocka_unit_test(commands_share_nothing),
        cmocka_unit_test(a_command_dies_with_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
