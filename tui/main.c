/* main: makes the process safe to work in, reads the command line and hands over to the command. Wires, nothing else. */
#include "tui/command.h"
#include "tui/help.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void make_process_safe(void) {
    /* A database opened as descriptor 2 would receive our error messages. */
    int fd;
    do fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2) close(fd);
    /* Admin keys live in memory: never in a core file, never readable through /proc by another process of the user. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    mallopt(M_ARENA_MAX, 1); /* a dozen threads that mostly sleep need no heap each */
    setlocale(LC_CTYPE, ""); /* characters only: numbers keep their point */
}

static int run(App *a, const CommandLine *line) {
    const Command *c = line->command ? line->command : command_find("dashboard");
    if (line->ask == ASK_VERSION) return puts("tollwatch " TOLLWATCH_VERSION), EXIT_DONE;
    if (line->ask == ASK_HELP && line->command) return help_command(c), EXIT_DONE;
    if (line->ask == ASK_HELP) return help_program(), EXIT_DONE;
    if (!c) return usage_fail("write a command; see `tollwatch --help`");
    int theme = app_theme_check(a);
    if (theme != EXIT_DONE && !c->goes_on) return theme;
    return c->run(a, line->arg_count, line->args);
}

/* A full disk under `tollwatch report > file` must not end as success. */
static int finish_output(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    usage_fail("standard output cannot be written: %s; make room or look where it goes", strerror(errno));
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

int main(int argc, char **argv) {
    make_process_safe();
    const char *no_color = getenv("NO_COLOR");
    App a = {.no_color = no_color && *no_color};
    CommandLine line = {.args = xcalloc((size_t)argc + 1, sizeof *line.args)};
    int code = command_line_parse(&a, argc, argv, &line);
    if (code == EXIT_DONE) code = run(&a, &line);
    app_close(&a);
    free(line.args);
    return finish_output(code);
}
