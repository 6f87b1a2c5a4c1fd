/* options: parsing by tables. Global options may stand before or after the command; `--x=y` and `--x y` are the same. */
#include "store/nearest.h"
#include "tui/command.h"
#include <stdarg.h>

const Option global_options[] = {
    {"--config", "FILE", NULL, "configuration file"},
    {"--db", "FILE", NULL, "database"},
    {"--policy", "FILE", NULL, "policy file that the gateways obey"},
    {"--tz", "ZONE", NULL, "time zone of what is shown, like Europe/Berlin; local = the system's"},
    {"--theme", "NAME", NULL, "colour theme"},
    {"--ascii", NULL, NULL, "draw with ASCII only"},
    {"--no-color", NULL, NULL, "no colours (also: NO_COLOR in the environment)"},
    {"--mouse", NULL, NULL, "mouse on"},
    {"--readonly", NULL, NULL, "look only: collect nothing, change nothing"},
    {"--show-content", NULL, NULL, "show message texts in raw records"},
    {"--now", "RFC3339", NULL, "a fixed clock"},
    {"-v", NULL, NULL, "say which files and zones are used"},
    {"--log", "FILE", NULL, "file for errors of collecting in the background"},
    {"--help", NULL, NULL, "help, also for a command"},
    {"--version", NULL, NULL, "version"},
    {0},
};

/* One line, whatever a file name or an argument brings along: control bytes would move the terminal's cursor. */
static void complain(const char *fmt, va_list ap) TW_PRINTF(1, 0);
static void complain(const char *fmt, va_list ap) {
    char text[ERR_MAX + 256];
    vsnprintf(text, sizeof text, fmt, ap);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    fprintf(stderr, "tollwatch: %s\n", text);
}

int usage_fail(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    complain(fmt, ap);
    va_end(ap);
    return EXIT_USAGE;
}

int app_fail(const Err *e) {
    usage_fail("%s", e->text);
    return EXIT_FAILED;
}

int option_index(const Option *o, const char *arg) {
    size_t len = strcspn(arg, "=");
    for (int i = 0; o[i].name; i++)
        if (strlen(o[i].name) == len && memcmp(o[i].name, arg, len) == 0) return i;
    return -1;
}

int option_unknown(const Option *o, const Command *c, const char *arg) {
    Nearest n = nearest_start(arg);
    char hint[80];
    for (; o && o->name; o++) nearest_try(&n, o->name);
    for (o = global_options; o->name; o++) nearest_try(&n, o->name);
    nearest_hint(&n, hint, sizeof hint);
    if (c) return usage_fail("%s has no option %.60s%s; see `tollwatch %s --help`", c->name, arg, hint, c->name);
    return usage_fail("there is no option %.60s%s; see `tollwatch --help`", arg, hint);
}

int option_take(const Option *o, int argc, char **argv, int *at, int *index, const char **value) {
    const char *arg = argv[*at], *equals = strchr(arg, '=');
    *index = option_index(o, arg);
    if (*index < 0) return EXIT_DONE;
    const Option *found = &o[*index];
    if (!found->arg) {
        if (equals) return usage_fail("%s takes no value", found->name);
        *value = "";
    } else if (equals) {
        *value = equals + 1;
    } else if (*at + 1 < argc) {
        *value = argv[++*at];
    } else {
        return usage_fail("%s needs %s", found->name, found->arg);
    }
    return EXIT_DONE;
}

int options_parse(const Command *c, int argc, char **argv, const char **value, const char **args, size_t *arg_count) {
    bool rest = false;
    *arg_count = 0;
    for (int i = 0; c->options && c->options[i].name; i++) value[i] = NULL;
    for (int at = 0; at < argc; at++) {
        int index = -1;
        const char *got = NULL;
        if (!rest && strcmp(argv[at], "--") == 0) {
            rest = true;
            continue;
        }
        bool is_option = !rest && argv[at][0] == '-' && argv[at][1];
        if (is_option && c->options && option_take(c->options, argc, argv, &at, &index, &got) != EXIT_DONE) return EXIT_USAGE;
        if (index >= 0)
            value[index] = got;
        else if (is_option)
            return option_unknown(c->options, c, argv[at]);
        else
            args[(*arg_count)++] = argv[at];
    }
    return EXIT_DONE;
}

int option_number(const char *command, const char *option, const char *text, int64_t max, int64_t fallback, int64_t *out) {
    int64_t n = 0;
    *out = fallback;
    if (!text) return EXIT_DONE;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && n <= max / 10; p++) n = n * 10 + (*p - '0');
    if (*p || p == text || n > max) return usage_fail("%s: %s %.40s is not a whole number up to %lld", command, option, text, (long long)max);
    *out = n;
    return EXIT_DONE;
}
