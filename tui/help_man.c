/* help_man: the man page. See help.h. */
#include "tui/help.h"
#include "tui/keys.h"

/* roff: at the start of a line a dot or quote would be a request; a backslash is an escape; a hyphen would be typeset. */
static void roff(const char *text) {
    for (const char *p = text; *p; p++) {
        bool first = p == text || p[-1] == '\n';
        if (first && (*p == '.' || *p == '\'')) fputs("\\&", stdout);
        if (*p == '-')
            fputs("\\-", stdout);
        else if (*p == '\\')
            fputs("\\e", stdout);
        else
            putchar(*p);
    }
}

static void line(const char *text) {
    roff(text);
    putchar('\n');
}

static void item(const char *name, const char *arg, const char *text) {
    fputs(".TP\n\\fB", stdout);
    roff(name);
    fputs("\\fR", stdout);
    if (arg && *arg) {
        fputs(" \\fI", stdout);
        roff(arg);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    line(text);
}

static void options(const Option *o) {
    for (; o && o->name; o++) item(o->name, o->arg, o->help);
}

static void command(const Command *c) {
    fputs(".SS ", stdout);
    roff(c->name);
    if (c->options && c->options->name) fputs(" [OPTION]...", stdout);
    if (*c->args) putchar(' '), roff(c->args);
    putchar('\n');
    line(c->summary);
    if (c->details && *c->details) puts(".PP"), line(c->details);
    options(c->options);
}

static void configuration(void) {
    const char *section = "";
    puts(".SH CONFIGURATION\nAn INI file. A value ends at \" ;\", which begins a comment. Sections with a name may be there often,\n"
         "like [source litellm]. Defaults are in parentheses.");
    for (const ConfigKey *k = config_keys; k->section; k++) {
        char fallback[80];
        if (strcmp(section, k->section) != 0) printf(".SS [%s]\n", k->section);
        section = k->section;
        snprintf(fallback, sizeof fallback, "(%s)", k->fallback);
        item(k->key, k->fallback[0] ? fallback : NULL, k->help);
    }
}

static void places(void) {
    static const char *const files[][2] = {
        {"$XDG_CONFIG_HOME/tollwatch/config, /etc/tollwatch/config", "configuration; the first that exists"},
        {"formats/NAME.json, themes/NAME.theme, prices.csv", "beside the configuration: your own log formats, themes and prices"},
        {"/var/lib/tollwatch/ledger.db, $XDG_STATE_HOME/tollwatch/ledger.db", "database; the first if its folder exists"},
        {"/var/lib/llm-policy/policy.json, $XDG_STATE_HOME/tollwatch/policy/policy.json",
         "policy file that gateways obey; the first if its folder exists"},
    };
    static const char *const variables[][2] = {
        {"LLM_POLICY_FILE", "the policy file, unless \\-\\-policy is given"},
        {"NO_COLOR", "if not empty: no colours"},
        {"TZ, TZDIR", "what the zone \"local\" is, and where zone files are"},
        {"XDG_CONFIG_HOME, XDG_STATE_HOME", "else ~/.config and ~/.local/state"},
    };
    puts(".SH FILES");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) item(files[i][0], NULL, files[i][1]);
    puts(".SH ENVIRONMENT");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) printf(".TP\n.B %s\n%s\n", variables[i][0], variables[i][1]);
}

void help_man(void) {
    puts(".TH TOLLWATCH 1 2026-11-24 \"tollwatch " TOLLWATCH_VERSION "\" \"User Commands\"\n"
         ".SH NAME\ntollwatch \\- what language models cost, live\n"
         ".SH SYNOPSIS\n.B tollwatch\n[OPTION]... [COMMAND [ARGUMENT]...]\n.SH DESCRIPTION\n"
         "Reads the logs that gateways and coding agents write, prices every request exactly, and keeps a small database.\n"
         "Without a command: the dashboard, collecting in the background if nobody does.\n"
         ".SH OPTIONS\nBefore or after the command.");
    options(global_options);
    puts(".SH COMMANDS");
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) command(commands[i]);
    puts(".SH KEYS\nIn the dashboard:");
    for (const KeyCommand *k = key_commands; k->name; k++) item(k->keys, NULL, k->help);
    configuration();
    places();
    puts(".SH EXIT STATUS\n0 done, 1 failed, 2 usage.");
}
