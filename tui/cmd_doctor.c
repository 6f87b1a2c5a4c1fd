/* cmd_doctor: what is wrong with the set-up and how to mend it. Looks only; the checks are in doctor_*.c. */
#include "collectors/bills.h"
#include "tui/commands.h"
#include "tui/doctor.h"
#include <stdarg.h>
#include <sys/stat.h>

void found(Doctor *d, Level level, const char *about, const char *fmt, ...) {
    static const char *const words[] = {[LEVEL_OK] = "ok", [LEVEL_NOTE] = "note", [LEVEL_MEND] = "mend"};
    char text[ERR_MAX + 1200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?'; /* file names and log lines may hold anything */
    printf("%-5s %s: %s\n", words[level], about, text);
    d->to_mend += level == LEVEL_MEND;
    d->notes += level == LEVEL_NOTE;
}

bool check_private(Doctor *d, const char *about, const char *path, unsigned forbidden_mode) {
    struct stat st;
    unsigned bad = stat(path, &st) == 0 ? st.st_mode & forbidden_mode : 0;
    if (!bad) return true;
    const char *what = bad & 022 ? "others may change it" : "others may read it";
    found(d, LEVEL_MEND, about, "%s: %s (mode %04o); chmod %04o %s", path, what, (unsigned)st.st_mode & 07777,
          (unsigned)st.st_mode & 07777 & ~bad, path);
    return false;
}

enum { OPT_ONLINE, OPT_COUNT };
static const Option options[] = {
    [OPT_ONLINE] = {"--online", NULL, NULL, "also ask each account's provider with one cheap call"},
    {0},
};

static void check_accounts(Doctor *d) {
    const Config *c = d->app->config;
    for (size_t i = 0; i < c->account_count; i++) {
        const AccountConfig *a = &c->accounts[i];
        char about[96];
        Err e = {0};
        if (!a->key_env[0] && !a->key_file[0] && !a->key_command[0]) continue; /* only names who pays */
        snprintf(about, sizeof about, "account %s", a->name);
        if (bills_probe(a, app_now(d->app), &e) == 0) found(d, LEVEL_OK, about, "%s lets the key read usage", a->provider);
        else found(d, LEVEL_MEND, about, "%s", e.text);
    }
}

/* What is said of the set-up would be in the way of who asks about a file. */
static int look_at_files(Doctor *d, const char *const *paths, size_t count, Err *e) {
    if (formats_load(&d->formats, d->app->config->dir, e) != 0 || app_book(d->app, e) != 0) return app_fail(e);
    for (size_t i = 0; formats_broken_at(d->formats, i); i++)
        fprintf(stderr, "tollwatch: %s; this format is left out\n", formats_broken_at(d->formats, i));
    for (size_t i = 0; i < count; i++) check_file(d, paths[i]);
    formats_free(d->formats);
    return d->to_mend ? EXIT_FAILED : EXIT_DONE;
}

static int look_at_setup(Doctor *d, bool online) {
    static void (*const checks[])(Doctor *) = {check_config,  check_prices,   check_products, check_formats,
                                               check_sources, check_database, check_policy};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) checks[i](d);
    if (online) check_accounts(d);
    formats_free(d->formats);
    if (d->to_mend == 0) puts("nothing to mend");
    else printf("%d to mend\n", d->to_mend);
    return d->to_mend ? EXIT_FAILED : EXIT_DONE;
}

static int run(App *a, int argc, char **argv) {
    Doctor d = {.app = a};
    Err e = {0};
    const char *value[OPT_COUNT], **args = xcalloc((size_t)argc + 1, sizeof *args);
    size_t count;
    int code = options_parse(&cmd_doctor, argc, argv, value, args, &count);
    if (code == EXIT_DONE && app_config(a, &e) != 0) {
        found(&d, LEVEL_MEND, "configuration", "%s", e.text);
        code = EXIT_FAILED; /* nothing else can be looked at for certain */
    } else if (code == EXIT_DONE) {
        code = count ? look_at_files(&d, args, count, &e) : look_at_setup(&d, value[OPT_ONLINE] != NULL);
    }
    free(args);
    return code;
}

const Command cmd_doctor = {
    .name = "doctor", .args = "[FILE...]", .summary = "what is wrong with the set-up, or with a log, and how to mend it", .options = options, .run = run,
    .details = "Looks at configuration, prices, log formats, sources, database and policy file, and changes none of them.\n"
               "With FILE it says how that log is read, and for one of no known format prints a format file to start from\n"
               "(standard output; the words go to standard error). Exits with 1 if there is something to mend.",
};
