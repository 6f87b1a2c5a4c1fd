/* test_terminals: the real program on a pty as each terminal people have: it starts, draws, quits, and the terminal is as it
 * was. Every byte is read by terminal_model, which knows no sequence that redefines the palette and fails on what it does
 * not know. Does not: signals, crashes, resizes; tests/test_terminal.sh does. */
#include "tests/terminal_model.h"
#include "tui/term_caps.h"
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <utmp.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, BYTES_MAX = 1 << 20 };

typedef struct Kind {
    const char *name;
    const char *colour; /* how its colours are asked for */
    bool alternate;     /* it has another screen, so we send private modes */
    bool synchronized;  /* this one answers that it knows mode 2026 */
} Kind;

static const Kind kinds[] = {
    {"xterm-256color", "8;5;", true, true}, {"tmux-256color", "8;5;", true, false}, {"screen-256color", "8;5;", true, false},
    {"linux", "\033[33m", false, false},    {"putty", "\033[33m", true, false},     {"xterm-direct", "8;2;", true, true},
    {"foot", "8;5;", true, true},           {"alacritty", "8;5;", true, true},      {"xterm-kitty", "8;5;", true, true},
    {"kitty", "8;5;", true, true},          {"screen", "\033[33m", true, false},     {"putty-256color", "8;5;", true, false},
    {"alacritty-direct", "8;2;", true, true}, {"kitty-direct", "8;2;", true, true}, {"tmux-direct", "8;2;", true, false},
    {"linux-16color", "\033[33;22m", false, false}, {"foot-direct", "8;2;", true, true},
};

typedef struct Stage {
    char dir[64];
    pid_t pid;
    int fd;
    Buf bytes;
    Model model;
    struct termios before;
} Stage;

static bool is_known(const char *name) {
    TermCaps caps;
    Err e = {""};
    setenv("TERM", name, 1);
    if (caps_open(&caps, STDOUT_FILENO, &e) != 0) return false;
    caps_close();
    return true;
}

static void run_program(const Stage *s, const char *term, const char *option) {
    char db[128], policy[128], config[128];
    const char *program = getenv("TOLLWATCH");
    snprintf(db, sizeof db, "%s/l.db", s->dir);
    snprintf(policy, sizeof policy, "%s/p.json", s->dir);
    snprintf(config, sizeof config, "%s/config", s->dir);
    setenv("TERM", term, 1);
    setenv("HOME", s->dir, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("COLORTERM");
    unsetenv("NO_COLOR");
    execl(program ? program : "build/tollwatch", "tollwatch", "--config", config, "--db", db, "--policy", policy, option, (char *)NULL);
    _exit(127);
}

static Stage *begin(const char *term, const char *option) {
    Stage *s = xcalloc(1, sizeof *s);
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    s->bytes.max = BYTES_MAX;
    s->model.w = 80, s->model.h = 24;
    model_clear_all(&s->model);
    snprintf(s->dir, sizeof s->dir, "/tmp/tollwatch-terminals.XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    char config[128];
    snprintf(config, sizeof config, "%s/config", s->dir);
    FILE *f = fopen(config, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    int slave;
    assert_int_equal(openpty(&s->fd, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &s->before), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        close(s->fd);
        login_tty(slave);
        run_program(s, term, option);
    }
    close(slave);
    return s;
}

/* What the program writes next; false when it is gone. Too long a silence fails. */
static bool take(Stage *s) {
    char room[4096];
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0) fail_msg("nothing for %d s; so far: %s", PATIENCE_MS / 1000, s->bytes.at ? s->bytes.at : "");
    ssize_t n = read(s->fd, room, sizeof room);
    if (n > 0) buf_add(&s->bytes, room, (size_t)n);
    return n > 0;
}

static bool has(const Stage *s, const char *what) {
    return s->bytes.at && strstr(s->bytes.at, what);
}

static void await(Stage *s, const char *what) {
    while (!has(s, what))
        if (!take(s)) fail_msg("it ended before it showed %s: %s", what, s->bytes.at ? s->bytes.at : "");
}

static void type_text(const Stage *s, const char *text) {
    assert_int_equal(write(s->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void end(Stage *s) {
    int status;
    while (take(s)) {}
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    model_feed(&s->model, s->bytes.at); /* fails on a sequence that none of ours is */
}

static void stage_free(Stage *s) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
    assert_int_equal(system(command), 0);
    close(s->fd);
    buf_free(&s->bytes);
    free(s);
}

/* Of a pair of modes the last that was sent; neither will do. */
static bool last_is(const Stage *s, const char *wanted, const char *other) {
    const char *w = NULL, *o = NULL;
    for (const char *p = s->bytes.at; (p = strstr(p, wanted)); p++) w = p;
    for (const char *p = s->bytes.at; (p = strstr(p, other)); p++) o = p;
    return w ? w > o : !o;
}

static void assert_restored(const Stage *s, const Kind *k) {
    struct termios after;
    assert_int_equal(tcgetattr(s->fd, &after), 0);
    assert_int_equal(after.c_lflag, s->before.c_lflag);
    assert_int_equal(after.c_iflag, s->before.c_iflag);
    assert_true(last_is(s, "\033[?1049l", "\033[?1049h"));
    assert_true(last_is(s, "\033[?2004l", "\033[?2004h"));
    assert_true(last_is(s, "\033[?1000l", "\033[?1000h"));
    assert_true(last_is(s, "\033[?2026l", "\033[?2026h"));
    assert_true(last_is(s, "\033[?7h", "\033[?7l"));
    assert_true(has(s, "\033[?25l") && last_is(s, k->name[0] == 't' || k->name[0] == 's' ? "\033[34h\033[?25h" : "25h", "\033[?25l"));
    assert_true(has(s, "\033[?1049h") == k->alternate && has(s, "\033[?2004h") == k->alternate);
}

static void assert_coloured(const Stage *s, const Kind *k) {
    static const char *const ways[] = {"8;5;", "8;2;"};
    if (!has(s, k->colour)) fail_msg("%s: no colour is asked for by \"%s\": %s", k->name, k->colour, s->bytes.at);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(ways[i], k->colour) != 0 && has(s, ways[i])) fail_msg("%s: \"%s\" is sent", k->name, ways[i]);
    if (has(s, "\033[1m\033[3")) fail_msg("%s: ink after bold takes it away on linux-16color", k->name);
}

/* From the first byte to the last. A terminal that knows mode 2026 gets its next frame between its marks. */
static void one_terminal(const Kind *k, bool mouse) {
    Stage *s = begin(k->name, mouse ? "--mouse" : "--ascii");
    await(s, "help");
    if (k->alternate) await(s, "\033[?2026$p");
    if (k->alternate) type_text(s, k->synchronized ? "\033[?2026;2$y" : "\033[?2026;0$y");
    type_text(s, "8");
    await(s, "Policy");
    type_text(s, "?");
    await(s, "any command");
    type_text(s, "q");
    end(s);
    if (has(s, "\033[?1000h") != (mouse && k->alternate)) fail_msg("%s: the mouse is not as asked for", k->name);
    if (has(s, "\033[?2026h") != k->synchronized) fail_msg("%s: frames are not synchronized as it says", k->name);
    assert_coloured(s, k);
    assert_restored(s, k);
    stage_free(s);
}

/* Entries that this machine has not are told, and left out; those of ncurses-base every machine has. */
static void every_terminal_is_given_back_as_it_was(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_known(kinds[i].name)) one_terminal(&kinds[i], i % 2);
        else if (i < 4) fail_msg("there is no terminfo entry %s", kinds[i].name);
        else print_message("# no terminfo entry %s here\n", kinds[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_terminal_is_given_back_as_it_was)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
