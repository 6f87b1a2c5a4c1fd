/* A robot at the dashboard: random keys, clicks, pastes, bytes and sizes through a real pseudo-terminal, over all screens, dialogs and
 * prompts. After each handful of them the terminal must show exactly the cells that were drawn (tests/terminal_model.h fails on any
 * byte that is none of ours). 100,000 events under a sanitizer, fewer else; ROBOT_EVENTS and ROBOT_SEED choose others.
 */
#include "tests/dash_lab.h"
#include "tests/terminal_model.h"
#include <signal.h>
#include <stdlib.h>

#ifdef TOLLWATCH_SANITIZED
enum { EVENTS = 100000 };
#else
enum { EVENTS = 20000 };
#endif
enum { HANDFUL = 24 };
typedef struct Robot {
    DashLab d;
    uint64_t seed;
    int events;
} Robot;
static Robot robot;

static unsigned dice(Robot *r, unsigned sides) {
    r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((r->seed >> 33) % sides);
}

/* ---- what it does ---- */

static void add_size(Robot *r) {
    static const int named[][2] = {{40, 10}, {80, 24}, {120, 40}, {200, 60}, {20, 1}, {80, 3}, {1, 1}};
    unsigned k = dice(r, 14);
    int w = 1 + (int)dice(r, 240), h = 1 + (int)dice(r, 80);
    if (k < 7) w = named[k][0], h = named[k][1];
    dash_lab_size(&r->d, w, h);
    raise(SIGWINCH);
}

/* A click or the wheel, on the screen or beside it. */
static void add_click(Robot *r, Buf *out) {
    static const int buttons[] = {0, 0, 0, 64, 65, 2};
    buf_fmt(out, "\033[<%d;%u;%u%c", buttons[dice(r, 6)], 1 + dice(r, 250), 1 + dice(r, 90), dice(r, 4) ? 'M' : 'm');
}

/* Bytes that no keyboard sends. */
static void add_noise(Robot *r, Buf *out) {
    for (unsigned n = 1 + dice(r, 8); n > 0; n--) {
        char b = (char)(1 + dice(r, 255));
        buf_add(out, &b, 1);
    }
}

static void add_event(Robot *r, Buf *out) {
    static const char *const known[] = {
        "\033[A", "\033[B", "\033[C", "\033[D", "\033[5~", "\033[6~", "\033[H", "\033[F", "\r", "\r", "\r", "\033", "\033", "\033", "\t", "\033[Z", "\x7f",
        "\033[200~q\rK漢:\033[201~", "\033[?2026;2$y", "\033[?2026;0$y", ":mo\t\r", ":theme light\r", ":theme def\r", "/feature:doc* cost>0\r", "/cost>",
        "Kloop\r", "K\033[B\033[C\033[BALL\r", "R", "w", "o", "m", "e\r", "e\025list.json\rreplace\r", "v", "v j j \r", "y", "b", "d", "\x0c", "\x1a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "é", "漢"};
    unsigned k = dice(r, 100);
    char letter = (char)(' ' + dice(r, 95));
    if (letter == 'q' && dice(r, 8)) letter = 'j'; /* leaving is not all there is to do */
    r->events++;
    if (k < 4) add_size(r);
    else if (k < 14) add_click(r, out);
    else if (k < 17) add_noise(r, out);
    else if (k < 60) buf_str(out, known[dice(r, sizeof known / sizeof known[0])]);
    else buf_add(out, &letter, 1);
}

/* A handful at once, as from a fast hand: then one turn of the dashboard's loop draws what the last one led to. */
static void one_turn(Robot *r) {
    Buf bytes = {.max = 1 << 16};
    for (int i = 0; i < HANDFUL; i++) add_event(r, &bytes);
    if (bytes.len) assert_int_equal(write(r->d.master, bytes.at, bytes.len), (ssize_t)bytes.len);
    buf_free(&bytes);
    dash_step(&r->d.dash);
    dash_lab_look(&r->d);
    model_assert_shows(r->d.model, r->d.dash.canvas);
    if (!r->d.dash.quit) return;
    dash_lab_stop(&r->d);
    dash_lab_start(&r->d);
}

static void a_hundred_thousand_events(void **state) {
    Robot *r = &robot;
    (void)state;
    const char *events = getenv("ROBOT_EVENTS"), *seed = getenv("ROBOT_SEED");
    int wanted = events ? (int)strtol(events, NULL, 10) : EVENTS;
    r->seed = seed ? strtoull(seed, NULL, 10) : 42;
    printf("# seed %llu, %d events\n", (unsigned long long)r->seed, wanted);
    dash_lab_start(&r->d);
    while (r->events < wanted) one_turn(r);
    dash_lab_stop(&r->d);
    assert_true(r->d.starts > 1 && r->events >= wanted);
}

static int setup(void **state) {
    (void)state;
    dash_lab_open(&robot.d);
    signal(SIGTSTP, SIG_IGN); /* ^Z gives the terminal back and takes it again, and nobody stops */
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dash_lab_close(&robot.d);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_thousand_events)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
