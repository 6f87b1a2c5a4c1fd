/* help: `--help`, the man page and shell completions, all from the tables of commands, options and configuration keys. */
#include "tui/help.h"
#include "tui/keys.h"

static void print_options(const Option *o) {
    for (; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-28s %s\n", left, o->help);
    }
}

void help_program(void) {
    puts("tollwatch: what language models cost, live.\n\nusage: tollwatch [OPTION]... [COMMAND [ARGUMENT]...]\n\n"
         "Without a command: the dashboard, collecting in the background if nobody does.\n");
    for (int i = 0; commands[i]; i++) printf("  %-28s %s\n", commands[i]->name, commands[i]->summary);
    puts("\noptions:");
    print_options(global_options);
    puts("\n`tollwatch COMMAND --help` says more. Exit codes: 0 done, 1 failed, 2 usage.");
}

void help_command(const Command *c) {
    printf("usage: tollwatch %s%s%s\n\n%s\n", c->name, *c->args ? " " : "", c->args, c->summary);
    if (c->details && *c->details) printf("\n%s\n", c->details);
    if (c->options && c->options->name) puts("\noptions:");
    print_options(c->options);
}

/* roff: a leading dot or quote would be a request, a backslash an escape. */
static void roff(const char *text) {
    if (*text == '.' || *text == '\'') fputs("\\&", stdout);
    for (const char *p = text; *p; p++) {
        if (*p == '-') fputs("\\-", stdout);
        else if (*p == '\\') fputs("\\e", stdout);
        else putchar(*p);
    }
}

static void roff_item(const char *name, const char *arg, const char *text) {
    fputs(".TP\n.B ", stdout);
    roff(name);
    if (arg && *arg) {
        putchar(' ');
        roff(arg);
    }
    putchar('\n');
    roff(text);
    putchar('\n');
}

static void roff_options(const Option *o) {
    for (; o && o->name; o++) roff_item(o->name, o->arg, o->help);
}

void help_man(void) {
    puts(".TH TOLLWATCH 1\n.SH NAME\ntollwatch \\- what language models cost, live\n.SH SYNOPSIS\n.B tollwatch\n"
         "[OPTION]... [COMMAND [ARGUMENT]...]\n.SH DESCRIPTION\n"
         "Without a command: the dashboard, collecting in the background if nobody does.\n.SH OPTIONS");
    roff_options(global_options);
    puts(".SH COMMANDS");
    for (int i = 0; commands[i]; i++) {
        const Command *c = commands[i];
        printf(".SS %s %s\n", c->name, c->args);
        roff(c->summary);
        putchar('\n');
        if (c->details && *c->details) puts(".PP"), roff(c->details), putchar('\n');
        roff_options(c->options);
    }
    puts(".SH KEYS");
    for (const KeyCommand *k = key_commands; k->name; k++) roff_item(k->keys, "", k->help);
    puts(".SH CONFIGURATION\nAn INI file: $XDG_CONFIG_HOME/tollwatch/config, else /etc/tollwatch/config.");
    for (const ConfigKey *k = config_keys; k->section; k++) {
        char name[96];
        snprintf(name, sizeof name, "[%s] %s", k->section, k->key);
        roff_item(name, k->fallback, k->help);
    }
    puts(".SH EXIT STATUS\n0 done, 1 failed, 2 usage.");
}

static void bash_words(void) {
    for (int i = 0; commands[i]; i++) printf("%s ", commands[i]->name);
    for (const Option *o = global_options; o->name; o++) printf("%s ", o->name);
}

static void complete_bash(void) {
    fputs("_tollwatch() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\"", stdout);
    bash_words();
    puts("\"\n    case ${COMP_WORDS[1]} in");
    for (int i = 0; commands[i]; i++) {
        if (!commands[i]->options) continue;
        printf("        %s) words=\"", commands[i]->name);
        for (const Option *o = commands[i]->options; o->name; o++) printf("%s %s ", o->name, o->values ? o->values : "");
        puts("\" ;;");
    }
    puts("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $(compgen -f -- \"$cur\"))\n}\n"
         "complete -o filenames -F _tollwatch tollwatch");
}

static void complete_zsh(void) {
    puts("#compdef tollwatch\n_arguments -C \\");
    for (const Option *o = global_options; o->name; o++)
        printf("  '%s[%s]%s' \\\n", o->name, o->help, o->arg ? ":value:_files" : "");
    puts("  '1: :->command' '*:file:_files'\n[[ $state == command ]] && _values command \\");
    for (int i = 0; commands[i]; i++) printf("  '%s[%s]'%s\n", commands[i]->name, commands[i]->summary, commands[i + 1] ? " \\" : "");
}

static void complete_fish(void) {
    for (int i = 0; commands[i]; i++) {
        const Command *c = commands[i];
        printf("complete -c tollwatch -n __fish_use_subcommand -a %s -d '%s'\n", c->name, c->summary);
        for (const Option *o = c->options; o && o->name; o++)
            printf("complete -c tollwatch -n '__fish_seen_subcommand_from %s' -l %s%s -d '%s'\n", c->name, o->name + 2,
                   o->arg ? " -r" : "", o->help);
    }
    for (const Option *o = global_options; o->name; o++)
        printf("complete -c tollwatch -%c %s%s -d '%s'\n", o->name[1] == '-' ? 'l' : 's', o->name + (o->name[1] == '-' ? 2 : 1),
               o->arg ? " -r" : "", o->help);
}

int help_completion(const char *shell) {
    if (strcmp(shell, "bash") == 0) complete_bash();
    else if (strcmp(shell, "zsh") == 0) complete_zsh();
    else if (strcmp(shell, "fish") == 0) complete_fish();
    else return usage_fail("help-completion: write bash, zsh or fish");
    return EXIT_DONE;
}
