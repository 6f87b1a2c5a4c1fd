/* help_shell: completions for bash, zsh and fish. See help.h. */
#include "tui/help.h"
#include <ctype.h>

/* The words a command's arguments may be: "[list|explain MODEL]" has list and explain. Calls word() for each. */
static void each_argument_word(const Command *c, void (*word)(const Command *c, const char *at, size_t len)) {
    for (const char *p = c->args; *p;) {
        size_t n = strcspn(p, "[]|. ");
        bool lower = n > 0;
        for (size_t i = 0; i < n; i++) lower = lower && (islower((unsigned char)p[i]) || p[i] == '-') && n > 1;
        if (lower) word(c, p, n);
        p += n;
        p += strspn(p, "[]|. ");
    }
}

/* In single quotes, for all three shells. `escape`: also before these, a backslash (zsh's own syntax inside the word). */
static void quoted_part(const char *text, const char *escape) {
    for (const char *p = text; *p; p++) {
        if (*p == '\'') fputs("'\\''", stdout);
        else if (strchr(escape, *p)) printf("\\%c", *p);
        else putchar(*p);
    }
}

static bool takes_file(const char *arg) {
    return arg && (strstr(arg, "FILE") || strstr(arg, "PATH"));
}

/* ---- bash ---- */

static void bash_word(const Command *c, const char *at, size_t len) {
    (void)c;
    printf(" %.*s", (int)len, at);
}

/* "prev" patterns of options that want a value, for one table. */
static void bash_values(const char *command, const Option *o) {
    for (; o && o->name; o++) {
        if (!o->arg) continue;
        printf("        \"%s %s\") ", command, o->name);
        if (o->values) printf("COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))", o->values);
        else if (takes_file(o->arg)) fputs("COMPREPLY=($(compgen -f -- \"$cur\"))", stdout);
        else putchar(':');
        puts("; return ;;");
    }
}

static void bash_commands(void) {
    for (int i = 0; commands[i]; i++) {
        const Command *c = commands[i];
        if (c->hidden) continue;
        printf("        %s) words=\"", c->name);
        each_argument_word(c, bash_word);
        fputs("\"; options=\"", stdout);
        for (const Option *o = c->options; o && o->name; o++) printf("%s ", o->name);
        printf("$options\"; files=%d ;;\n", takes_file(c->args));
    }
}

static void complete_bash(void) {
    puts("_tollwatch() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words= options= files=0 i\n"
         "    COMPREPLY=()\n"
         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "        case ${COMP_WORDS[i]} in");
    fputs("            ", stdout);
    for (int i = 0, n = 0; commands[i]; i++)
        if (!commands[i]->hidden) printf("%s%s", n++ ? "|" : "", commands[i]->name);
    puts(") command=${COMP_WORDS[i]}; break ;;\n        esac\n    done\n    case \"$command $prev\" in");
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) bash_values(commands[i]->name, commands[i]->options);
    puts("    esac\n    case \" $prev\" in");
    bash_values("", global_options);
    fputs("    esac\n    options=\"", stdout);
    for (const Option *o = global_options; o->name; o++) printf("%s%s", o == global_options ? "" : " ", o->name);
    fputs("\"\n    case $command in\n        \"\") words=\"", stdout);
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) printf("%s ", commands[i]->name);
    puts("\" ;;");
    bash_commands();
    puts("    esac\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); return; fi\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "    if [[ $files = 1 ]]; then COMPREPLY+=($(compgen -f -- \"$cur\")); fi\n}\n"
         "complete -o filenames -F _tollwatch tollwatch");
}

/* ---- zsh ---- */

static void zsh_options(const Option *o) {
    for (; o && o->name; o++) {
        printf("    '%s[", o->name);
        quoted_part(o->help, "[]:\\");
        fputs("]", stdout);
        if (o->arg && o->values) printf(":%s:(%s)", o->arg, o->values);
        else if (o->arg) printf(":%s:%s", o->arg, takes_file(o->arg) ? "_files" : " ");
        puts("'");
    }
}

static void zsh_word(const Command *c, const char *at, size_t len) {
    (void)c;
    printf("%.*s ", (int)len, at);
}

static void zsh_command(const Command *c) {
    printf("    (%s) own=(\n", c->name);
    zsh_options(c->options);
    fputs("    '*: :", stdout);
    if (takes_file(c->args)) fputs("_files", stdout);
    else putchar('('), each_argument_word(c, zsh_word), putchar(')');
    puts("') ;;");
}

static void complete_zsh(void) {
    puts("#compdef tollwatch\nlocal -a global own names\nlocal word command\nglobal=(");
    zsh_options(global_options);
    puts(")\nnames=(");
    for (int i = 0; commands[i]; i++) {
        if (commands[i]->hidden) continue;
        printf("    '%s:", commands[i]->name);
        quoted_part(commands[i]->summary, ":\\");
        puts("'");
    }
    puts(")\nfor word in ${words[2,CURRENT-1]}; do\n    if (( ${names[(I)$word:*]} )); then command=$word; break; fi\ndone\n"
         "case $command in\n    ('') own=('*: :{_describe command names}') ;;");
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) zsh_command(commands[i]);
    puts("esac\n[[ -n $command ]] && words=(tollwatch ${words[2,-1]:#$command}) && (( CURRENT-- ))\n"
         "_arguments -s $global $own");
}

/* ---- fish ---- */

static void fish_word(const Command *c, const char *at, size_t len) {
    printf("complete -c tollwatch -n '__fish_seen_subcommand_from %s' -a %.*s\n", c->name, (int)len, at);
}

static void fish_option(const char *condition, const Option *o) {
    printf("complete -c tollwatch%s -%c %s%s", condition, o->name[1] == '-' ? 'l' : 's',
           o->name + (o->name[1] == '-' ? 2 : 1), o->arg ? " -r" : "");
    if (o->values) printf(" -f -a '%s'", o->values);
    else if (takes_file(o->arg)) fputs(" -F", stdout);
    fputs(" -d '", stdout);
    quoted_part(o->help, "");
    puts("'");
}

static void complete_fish(void) {
    puts("complete -c tollwatch -f");
    for (int i = 0; commands[i]; i++) {
        const Command *c = commands[i];
        char condition[96];
        if (c->hidden) continue;
        printf("complete -c tollwatch -n __fish_use_subcommand -a %s -d '", c->name);
        quoted_part(c->summary, "");
        puts("'");
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'", c->name);
        for (const Option *o = c->options; o && o->name; o++) fish_option(condition, o);
        each_argument_word(c, fish_word);
        if (takes_file(c->args)) printf("complete -c tollwatch%s -F\n", condition);
    }
    for (const Option *o = global_options; o->name; o++) fish_option("", o);
}

int help_completion(const char *shell) {
    if (strcmp(shell, "bash") == 0) complete_bash();
    else if (strcmp(shell, "zsh") == 0) complete_zsh();
    else if (strcmp(shell, "fish") == 0) complete_fish();
    else return usage_fail("help-completion: write bash, zsh or fish");
    return EXIT_DONE;
}
