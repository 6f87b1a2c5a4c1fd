/* A robot at the dashboard: random keys, clicks, pastes, bytes and sizes through a real pseudo-terminal, over all screens, dialogs and
 * prompts. After each handful of them the terminal must show exactly the cells that were drawn (tests/terminal_model.h fails on any
 * byte that is none of ours). 100,000 events under a sanitizer, fewer else; ROBOT_EVENTS and ROBOT_SEED choose others.
 */
#include "tests/dashboard_lab.h"
#include "tests/terminal_model.h"
#include "tui/dash.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#ifdef TOLLWATCH_SANITIZED
enum { EVENTS = 100000 };
#else
enum { EVENTS = 20000 };
#endif
enum { HANDFUL = 24, SEEN_MAX = 8 << 20 };
#define MARK '\005' /* written behind a frame by the test itself: all before it has come through */

/* Who reads what the terminal is sent: a frame is larger than the pseudo-terminal holds. */
typedef struct Reader {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    Buf seen;
    int marks;
} Reader;

static void *read_all(void *ctx) {
    Reader *r = ctx;
    char bytes[8192];
    for (ssize_t n; (n = read(r->fd, bytes, sizeof bytes)) > 0;) {
        pthread_mutex_lock(&r->lock);
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == MARK) r->marks++;
            else buf_add(&r->seen, bytes + i, 1);
        }
        pthread_cond_signal(&r->came);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

typedef struct Robot {
    DashboardLab lab;
    int master, slave;
    Reader reader;
    Model *model;
    Dash dash;
    uint64_t seed;
    int events, starts;
} Robot;
static Robot robot;

static unsigned dice(Robot *r, unsigned sides) {
    r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((r->seed >> 33) % sides);
}

/* ---- the dashboard's life ---- */

static void open_dash(Robot *r) {
    Err e = {""};
    r->dash = (Dash){.tty = r->slave};
    must(signals_open(&r->dash.signals, &e), &e);
    must(dash_open(&r->dash, &r->lab.app, NULL, &e), &e);
    r->starts++;
}

static void close_dash(Robot *r) {
    Signals *signals = r->dash.signals;
    dash_saved_write(&r->dash);
    dash_close(&r->dash);
    signals_close(signals);
}

/* All that was sent is on the model, which then shows what was drawn. */
static void look(Robot *r) {
    const Canvas *c = r->dash.canvas;
    assert_int_equal(write(r->slave, (char[]){MARK}, 1), 1);
    pthread_mutex_lock(&r->reader.lock);
    while (r->reader.marks == 0) pthread_cond_wait(&r->reader.came, &r->reader.lock);
    r->reader.marks = 0;
    r->model->w = c->w;
    r->model->h = c->h;
    assert_false(r->reader.seen.overflow);
    if (r->reader.seen.len) model_feed(r->model, r->reader.seen.at);
    buf_clear(&r->reader.seen);
    pthread_mutex_unlock(&r->reader.lock);
}

/* ---- what it does ---- */

static void add_size(Robot *r) {
    static const int named[][2] = {{40, 10}, {80, 24}, {120, 40}, {200, 60}, {20, 1}, {80, 3}, {1, 1}};
    unsigned k = dice(r, 14);
    struct winsize size = {.ws_col = (unsigned short)(1 + dice(r, 240)), .ws_row = (unsigned short)(1 + dice(r, 80))};
    if (k < 7) size = (struct winsize){.ws_col = (unsigned short)named[k][0], .ws_row = (unsigned short)named[k][1]};
    ioctl(r->master, TIOCSWINSZ, &size);
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
        "Kloop\r", "K\033[B\033[C\033[BALL\r", "R", "w", "o", "m", "\x0c", "\x1a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "é", "漢"};
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
    if (bytes.len) assert_int_equal(write(r->master, bytes.at, bytes.len), (ssize_t)bytes.len);
    buf_free(&bytes);
    dash_step(&r->dash);
    look(r);
    const Canvas *c = r->dash.canvas;
    model_assert_shows(r->model, c);
    if (!r->dash.quit) return;
    close_dash(r);
    open_dash(r);
}

static void a_hundred_thousand_events(void **state) {
    Robot *r = &robot;
    (void)state;
    const char *events = getenv("ROBOT_EVENTS"), *seed = getenv("ROBOT_SEED");
    int wanted = events ? (int)strtol(events, NULL, 10) : EVENTS;
    r->seed = seed ? strtoull(seed, NULL, 10) : 42;
    printf("# seed %llu, %d events\n", (unsigned long long)r->seed, wanted);
    open_dash(r);
    while (r->events < wanted) one_turn(r);
    close_dash(r);
    assert_true(r->starts > 1 && r->events >= wanted);
}

static int setup(void **state) {
    (void)state;
    Robot *r = &robot;
    dashboard_lab_open(&r->lab);
    setenv("TERM", "xterm-256color", 1);
    assert_int_equal(chdir(r->lab.f.dir), 0); /* what it exports goes there */
    signal(SIGTSTP, SIG_IGN); /* ^Z gives the terminal back and takes it again, and nobody stops */
    r->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(r->master >= 0 && grantpt(r->master) == 0 && unlockpt(r->master) == 0);
    r->slave = open(ptsname(r->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(r->slave >= 0);
    struct termios raw;
    assert_int_equal(tcgetattr(r->slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(r->slave, TCSANOW, &raw), 0);
    r->model = xcalloc(1, sizeof *r->model);
    r->reader = (Reader){.fd = r->master, .seen = {.max = SEEN_MAX}};
    pthread_mutex_init(&r->reader.lock, NULL);
    pthread_cond_init(&r->reader.came, NULL);
    return pthread_create(&r->reader.thread, NULL, read_all, &r->reader);
}

static int teardown(void **state) {
    (void)state;
    Robot *r = &robot;
    close(r->slave); /* the reader's end */
    pthread_join(r->reader.thread, NULL);
    close(r->master);
    buf_free(&r->reader.seen);
    free(r->model);
    dashboard_lab_close(&r->lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hundred_thousand_events)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
