/* command_line: which command, which global options, and what is left for the command. */
#include "store/nearest.h"
#include "tui/command.h"

typedef struct Setting { /* where a global option goes: a text or a switch */
    const char *name;
    const char **text;
    bool *on;
} Setting;

static int set_now(App *a, const char *value) {
    if (time_parse_rfc3339(value, strlen(value), &a->fixed_now_ms) == 0 && a->fixed_now_ms > 0) return EXIT_DONE;
    return usage_fail("--now %.60s is not a time; write one like 2026-11-24T09:20:46Z", value);
}

static int set_global(App *a, CommandLine *line, const Option *o, const char *value) {
    const Setting settings[] = {
        {"--config", &a->config_path, NULL}, {"--db", &a->db_option, NULL},
        {"--policy", &a->policy_option, NULL}, {"--tz", &a->tz_option, NULL},
        {"--theme", &a->theme_option, NULL}, {"--log", &a->log_path, NULL},
        {"--ascii", NULL, &a->ascii}, {"--no-color", NULL, &a->no_color},
        {"--mouse", NULL, &a->mouse}, {"--readonly", NULL, &a->readonly},
        {"--show-content", NULL, &a->show_content}, {"-v", NULL, &a->verbose},
    };
    if (o->arg && !*value) return usage_fail("%s needs %s", o->name, o->arg);
    if (strcmp(o->name, "--now") == 0) return set_now(a, value);
    if (strcmp(o->name, "--help") == 0) line->ask = ASK_HELP;
    if (strcmp(o->name, "--version") == 0) line->ask = ASK_VERSION;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (strcmp(settings[i].name, o->name) != 0) continue;
        if (settings[i].text) *settings[i].text = value;
        if (settings[i].on) *settings[i].on = true;
    }
    return EXIT_DONE;
}

static void keep(CommandLine *line, char *arg) {
    line->args[line->arg_count++] = arg;
}

/* True if it is an option of the command's own: kept for the command, with the value that follows. */
static bool keep_own(CommandLine *line, int argc, char **argv, int *at) {
    const Option *own = line->command ? line->command->options : NULL;
    int index = own ? option_index(own, argv[*at]) : -1;
    if (index < 0) return false;
    keep(line, argv[*at]);
    if (own[index].arg && !strchr(argv[*at], '=') && *at + 1 < argc) keep(line, argv[++*at]);
    return true;
}

static int take_option(App *a, CommandLine *line, int argc, char **argv, int *at) {
    int index = -1;
    const char *value = NULL;
    if (keep_own(line, argc, argv, at)) return EXIT_DONE;
    const char *arg = argv[*at];
    if (strcmp(arg, "-h") == 0) {
        line->ask = ASK_HELP; /* the habit of many; the help names the long form */
        return EXIT_DONE;
    }
    if (option_take(global_options, argc, argv, at, &index, &value) != EXIT_DONE) return EXIT_USAGE;
    if (index >= 0) return set_global(a, line, &global_options[index], value);
    return option_unknown(line->command ? line->command->options : NULL, line->command, arg);
}

static int take_command(CommandLine *line, const char *name) {
    line->command = command_find(name);
    if (line->command) return EXIT_DONE;
    Nearest n = nearest_start(name);
    char hint[80];
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) nearest_try(&n, commands[i]->name);
    nearest_hint(&n, hint, sizeof hint);
    return usage_fail("\"%.60s\" is no command%s; see `tollwatch --help`", name, hint);
}

int command_line_parse(App *a, int argc, char **argv, CommandLine *out) {
    out->ask = ASK_RUN;
    out->command = NULL;
    out->arg_count = 0;
    for (int at = 1; at < argc; at++) {
        int rc = EXIT_DONE;
        if (strcmp(argv[at], "--") == 0) {
            if (!out->command && at + 1 < argc) return usage_fail("-- stands before no command; write the command first");
            while (at < argc) keep(out, argv[at++]);
        } else if (argv[at][0] == '-' && argv[at][1]) {
            rc = take_option(a, out, argc, argv, &at);
        } else if (!out->command) {
            rc = take_command(out, argv[at]);
        } else {
            keep(out, argv[at]);
        }
        if (rc != EXIT_DONE) return rc;
    }
    return EXIT_DONE;
}
