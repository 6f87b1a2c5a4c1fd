/* dash_lab: the whole dashboard on a pseudo-terminal, over the ledger of dashboard_lab.h: bytes are typed, the loop turns, and
 * the terminal's model shows what was drawn. Used by the robot and by the tests of keys and clicks.
 */
#ifndef TESTS_DASH_LAB_H
#define TESTS_DASH_LAB_H
#include "tests/dashboard_lab.h"
#include "tests/terminal_model.h"
#include "tui/dash.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>

enum { DASH_SEEN_MAX = 8 << 20, DASH_TURNS_MAX = 1000 };
#define DASH_MARK '\005' /* written behind a frame by the test itself: all before it has come through */

/* Who reads what the terminal is sent: a frame is larger than the pseudo-terminal holds. */
typedef struct Reader {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    Buf seen;
    int marks;
} Reader;

typedef struct DashLab {
    DashboardLab lab;
    int master, slave, starts;
    Reader reader;
    Model *model;
    Dash dash;
} DashLab;

static void *dash_lab_read(void *ctx) {
    Reader *r = ctx;
    char bytes[8192];
    for (ssize_t n; (n = read(r->fd, bytes, sizeof bytes)) > 0;) {
        pthread_mutex_lock(&r->lock);
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == DASH_MARK) r->marks++;
            else buf_add(&r->seen, bytes + i, 1);
        }
        pthread_cond_signal(&r->came);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

static inline void dash_lab_start(DashLab *d) {
    Err e = {""};
    d->dash = (Dash){.tty = d->slave, .answers_ms = MS_PER_DAY};
    must(signals_open(&d->dash.signals, &e), &e);
    must(dash_open(&d->dash, &d->lab.app, NULL, &e), &e);
    d->starts++;
}

static inline void dash_lab_stop(DashLab *d) {
    Signals *signals = d->dash.signals;
    dash_saved_write(&d->dash);
    dash_close(&d->dash);
    signals_close(signals);
}

/* All that was sent since, and was not looked at. */
static inline void dash_lab_take(DashLab *d, Buf *bytes) {
    assert_int_equal(write(d->slave, (char[]){DASH_MARK}, 1), 1);
    pthread_mutex_lock(&d->reader.lock);
    while (d->reader.marks == 0) pthread_cond_wait(&d->reader.came, &d->reader.lock);
    d->reader.marks = 0;
    assert_false(d->reader.seen.overflow);
    if (d->reader.seen.len) buf_add(bytes, d->reader.seen.at, d->reader.seen.len);
    buf_clear(&d->reader.seen);
    pthread_mutex_unlock(&d->reader.lock);
}

/* That, on the model. */
static inline void dash_lab_look(DashLab *d) {
    Buf bytes = {.max = DASH_SEEN_MAX};
    dash_lab_take(d, &bytes);
    d->model->w = d->dash.canvas->w;
    d->model->h = d->dash.canvas->h;
    if (bytes.len) model_feed(d->model, bytes.at);
    buf_free(&bytes);
}

static inline void dash_lab_size(DashLab *d, int w, int h) {
    const struct winsize size = {.ws_col = (unsigned short)w, .ws_row = (unsigned short)h};
    assert_int_equal(ioctl(d->master, TIOCSWINSZ, &size), 0);
}

static inline void dash_lab_write(DashLab *d, const char *bytes) {
    assert_int_equal(write(d->master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

/* Types, and turns the loop until all that came of it is loaded and drawn. A key that means nothing wakes it each time. */
static inline void dash_lab_type(DashLab *d, const char *bytes) {
    int turns = 0, still = 0;
    dash_lab_write(d, bytes);
    for (dash_step(&d->dash); still < 2 && !d->dash.quit; turns++) {
        assert_true(turns < DASH_TURNS_MAX);
        dash_lab_write(d, "\033[99~");
        dash_step(&d->dash);
        still = d->dash.stale || d->dash.loading ? 0 : still + 1;
    }
}

/* Where a text stands on the screen; false = nowhere. */
static inline bool dash_lab_find(const DashLab *d, const char *text, int *x, int *y) {
    const Canvas *c = d->dash.canvas;
    for (int row = 0; row < c->h; row++) {
        Buf line = {.max = 1 << 16};
        for (int i = 0; i < c->w; i++) buf_str(&line, c->cells[row * c->w + i].text);
        const char *at = strstr(line.at, text);
        if (at && x) {
            char before[1024];
            snprintf(before, sizeof before, "%.*s", (int)(at - line.at), line.at);
            *x = text_columns(before);
            *y = row;
        }
        buf_free(&line);
        if (at) return true;
    }
    return false;
}

static inline bool dash_lab_shows(const DashLab *d, const char *text) {
    return dash_lab_find(d, text, NULL, NULL);
}

static inline void dash_lab_click(DashLab *d, int x, int y) {
    char bytes[80];
    snprintf(bytes, sizeof bytes, "\033[<0;%d;%dM\033[<0;%d;%dm", x + 1, y + 1, x + 1, y + 1);
    dash_lab_type(d, bytes);
}

/* The folder of the ledger is where it stands: what it exports goes there. */
static inline void dash_lab_open(DashLab *d) {
    struct termios raw;
    dashboard_lab_open(&d->lab);
    setenv("TERM", "xterm-256color", 1);
    unsetenv("TMUX");
    unsetenv("STY");
    assert_int_equal(chdir(d->lab.f.dir), 0);
    d->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(d->master >= 0 && grantpt(d->master) == 0 && unlockpt(d->master) == 0);
    d->slave = open(ptsname(d->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(d->slave >= 0);
    assert_int_equal(tcgetattr(d->slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(d->slave, TCSANOW, &raw), 0);
    d->model = xcalloc(1, sizeof *d->model);
    d->reader = (Reader){.fd = d->master, .seen = {.max = DASH_SEEN_MAX}};
    pthread_mutex_init(&d->reader.lock, NULL);
    pthread_cond_init(&d->reader.came, NULL);
    assert_int_equal(pthread_create(&d->reader.thread, NULL, dash_lab_read, &d->reader), 0);
}

static inline void dash_lab_close(DashLab *d) {
    close(d->slave); /* the reader's end */
    pthread_join(d->reader.thread, NULL);
    close(d->master);
    buf_free(&d->reader.seen);
    free(d->model);
    assert_int_equal(chdir("/"), 0);
    dashboard_lab_close(&d->lab);
}
#endif
