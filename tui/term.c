/* term: the terminal's life. See term.h. */
#include "tui/term.h"
#include "store/clock.h"
#include "tui/term_caps.h"
#include "tui/term_clipboard.h"
#include "tui/term_crash.h"
#include "tui/term_draw.h"
#include "tui/text_width.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ESCAPE_WAIT_MS = 50, FRAME_MAX_BYTES = 4 << 20, SIDE_MAX = 1000, WRITE_WAIT_MS = 2000 };

/* Private modes that terminals without them ignore. */
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define SYNC_ASK "\033[?2026$p"
#define SYNC_ON "\033[?2026h"
#define SYNC_OFF "\033[?2026l"

struct Term {
    int in, out;
    bool in_is_ours, mouse, lost;
    struct termios before;
    TermCaps caps;
    Painter painter;
    KeyInput keys;
    int64_t last_byte_ms;
    Buf frame;
};

/* Writes all; a terminal that takes nothing for two seconds is given up for this frame and drawn whole next time. */
static void send(Term *t, const char *at, size_t len) {
    while (len > 0 && !t->lost) {
        struct pollfd p = {.fd = t->out, .events = POLLOUT};
        if (poll(&p, 1, WRITE_WAIT_MS) == 0) {
            painter_forget(&t->painter);
            return;
        }
        ssize_t n = write(t->out, at, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN) t->lost = true;
        if (n <= 0) continue;
        at += n;
        len -= (size_t)n;
    }
}

static void send_text(Term *t, const char *z) {
    send(t, z, strlen(z));
}

static void leave_bytes(const Term *t, Buf *out) {
    if (t->keys.synchronized) buf_str(out, SYNC_OFF);
    if (t->caps.enter[0]) buf_str(out, MOUSE_OFF PASTE_OFF);
    buf_str(out, t->caps.normal);
    if (!t->caps.leave[0]) buf_str(out, t->caps.clear);
    const char *const rest[] = {t->caps.wrap, t->caps.keypad_off, t->caps.show_cursor, t->caps.leave};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) buf_str(out, rest[i]);
}

/* Takes the terminal: modes, alternate screen, and the promise to give it back. */
static int take(Term *t, Err *e) {
    struct termios raw = t->before;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cflag |= CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    Buf leave = {.max = 1024};
    leave_bytes(t, &leave);
    crash_arm(t->out, (Str){leave.at, leave.len}, &t->before);
    buf_free(&leave);
    if (tcsetattr(t->in, TCSANOW, &raw) != 0) return fail(e, "set the terminal's modes: %s", strerror(errno));
    const char *const start[] = {t->caps.enter, t->caps.hide_cursor, t->caps.keypad_on, t->caps.no_wrap};
    for (size_t i = 0; i < sizeof start / sizeof start[0]; i++) send_text(t, start[i]);
    if (t->caps.enter[0]) send_text(t, t->mouse ? PASTE_ON SYNC_ASK MOUSE_ON : PASTE_ON SYNC_ASK);
    painter_forget(&t->painter);
    return 0;
}

static void give_back(Term *t) {
    Buf leave = {.max = 1024};
    leave_bytes(t, &leave);
    send(t, leave.at, leave.len);
    buf_free(&leave);
    crash_disarm();
    tcsetattr(t->in, TCSANOW, &t->before);
}

/* Output must be a terminal; input may be redirected, then keys come from the controlling terminal. */
static int find_terminal(Term *t, int tty, Err *e) {
    if (tty) {
        t->in = t->out = tty;
        return 0;
    }
    t->out = STDOUT_FILENO;
    if (!isatty(t->out)) return fail(e, "standard output is not a terminal; use `tollwatch status`, `report` or `render`");
    t->in = STDIN_FILENO;
    if (isatty(t->in)) return 0;
    t->in = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    t->in_is_ours = t->in >= 0;
    return t->in >= 0 ? 0 : fail(e, "standard input is not a terminal and there is no other; start it on a terminal");
}

static void term_free(Term *t) {
    if (t->in_is_ours) close(t->in);
    painter_free(&t->painter);
    buf_free(&t->frame);
    free(t);
}

int term_open(Term **out, const TermOptions *o, Err *e) {
    Term *t = xcalloc(1, sizeof *t);
    t->frame.max = FRAME_MAX_BYTES;
    t->mouse = o->mouse;
    if (find_terminal(t, o->tty, e) != 0 || caps_open(&t->caps, t->out, e) != 0) {
        term_free(t);
        return -1;
    }
    t->painter = (Painter){.caps = &t->caps, .mode = colour_mode(&t->caps, o->no_color), .theme = *o->theme, .x = -1, .y = -1};
    if (tcgetattr(t->in, &t->before) != 0 || take(t, e) != 0) {
        fail(e, "read the terminal's modes: %s", strerror(errno));
        caps_close();
        term_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void term_close(Term *t) {
    if (!t) return;
    give_back(t);
    caps_close();
    term_free(t);
}

static int from_environment(const char *name, int otherwise) {
    const char *v = getenv(name);
    long n = v ? strtol(v, NULL, 10) : 0;
    return n > 0 && n <= SIDE_MAX ? (int)n : otherwise;
}

void term_size(const Term *t, int *w, int *h) {
    struct winsize size = {0};
    ioctl(t->out, TIOCGWINSZ, &size);
    *w = size.ws_col ? size.ws_col : from_environment("COLUMNS", 80);
    *h = size.ws_row ? size.ws_row : from_environment("LINES", 24);
    if (*w > SIDE_MAX) *w = SIDE_MAX;
    if (*h > SIDE_MAX) *h = SIDE_MAX;
}

void term_show(Term *t, const Canvas *c) {
    buf_clear(&t->frame);
    if (t->keys.synchronized) buf_str(&t->frame, SYNC_ON);
    size_t empty = t->frame.len;
    painter_draw(&t->painter, c, &t->frame);
    if (t->frame.len == empty) return;
    if (t->keys.synchronized) buf_str(&t->frame, SYNC_OFF);
    if (t->frame.overflow) painter_forget(&t->painter);
    send(t, t->frame.at, t->frame.len);
}

void term_redraw(Term *t) {
    painter_forget(&t->painter);
}

void term_set_theme(Term *t, const Theme *theme) {
    t->painter.theme = *theme;
    painter_forget(&t->painter);
}

bool term_has_colours(const Term *t) {
    return t->painter.mode != COLOUR_NONE;
}

void term_set_mouse(Term *t, bool on) {
    t->mouse = on;
    if (t->caps.enter[0]) send_text(t, on ? MOUSE_ON : MOUSE_OFF);
}

/* The Linux console and its like would show the bytes: they have no alternate screen either. */
bool term_copy(Term *t, const char *text, size_t len) {
    Buf bytes = {.max = 0};
    if (!t->caps.enter[0]) return false;
    clipboard_bytes(&bytes, text, len, getenv("STY") && !getenv("TMUX"));
    send(t, bytes.at, bytes.len);
    buf_free(&bytes);
    return true;
}

/* Reads what is there; a terminal that ends or fails is lost. */
static void read_input(Term *t) {
    struct pollfd p = {.fd = t->in, .events = POLLIN};
    unsigned char bytes[256];
    if (t->lost || sizeof t->keys.at - t->keys.len < sizeof bytes || poll(&p, 1, 0) <= 0) return;
    ssize_t n = read(t->in, bytes, sizeof bytes);
    if (n > 0) {
        keys_add(&t->keys, bytes, (size_t)n);
        t->last_byte_ms = clock_monotonic_ms();
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        t->lost = true;
    }
}

int term_key(Term *t) {
    read_input(t);
    return keys_take(&t->keys, clock_monotonic_ms() - t->last_byte_ms >= ESCAPE_WAIT_MS);
}

const MouseEvent *term_mouse(const Term *t) {
    return &t->keys.mouse;
}

int term_fd(const Term *t) {
    return t->in;
}

int term_wait_ms(const Term *t) {
    if (!keys_waiting(&t->keys)) return -1;
    int64_t left = ESCAPE_WAIT_MS - (clock_monotonic_ms() - t->last_byte_ms);
    return left > 0 ? (int)left : 0;
}

bool term_lost(const Term *t) {
    return t->lost;
}

void term_resume(Term *t) {
    if (take(t, NULL) != 0) t->lost = true;
}

/* The signal is blocked for the event loop: it is let through once, with its default effect. */
void term_suspend(Term *t) {
    sigset_t one, before;
    give_back(t);
    sigemptyset(&one);
    sigaddset(&one, SIGTSTP);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &one, &before); /* stops here */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    term_resume(t);
}

bool term_is_utf8(void) {
    const char *name = getenv("TERM");
    bool utf8 = locale_is_utf8();
    return utf8 && !(name && (strcmp(name, "linux") == 0 || strncmp(name, "vt", 2) == 0)); /* fonts without the blocks */
}
