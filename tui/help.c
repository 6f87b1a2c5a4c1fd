/* help: `--help`, for the program and for a command. See help.h. */
#include "tui/help.h"

enum { LEFT = 27, WIDTH = 80 };

/* `text` in lines of at most WIDTH columns, broken at blanks; the first line begins in column `at`. */
static void print_wrapped(const char *text, int at) {
    for (int column = at; *text;) {
        size_t word = strcspn(text, " ");
        if (column > LEFT && column + 1 + (int)word > WIDTH) {
            printf("\n%*s", LEFT, "");
            column = LEFT;
        } else if (column > LEFT) {
            putchar(' '), column++;
        }
        printf("%.*s", (int)word, text);
        column += (int)word;
        text += word + strspn(text + word, " ");
    }
    putchar('\n');
}

static void print_item(const char *name, const char *arg, const char *text) {
    int n = printf("  %s%s%s", name, arg && *arg ? " " : "", arg ? arg : "");
    if (n > LEFT - 2) n = putchar('\n') == '\n' ? 0 : n;
    printf("%*s", LEFT - n, "");
    print_wrapped(text, LEFT);
}

static void print_options(const Option *o) {
    for (; o && o->name; o++) print_item(o->name, o->arg, o->help);
}

void help_program(void) {
    puts("tollwatch: what language models cost, live.\n\nusage: tollwatch [OPTION]... [COMMAND [ARGUMENT]...]\n\n"
         "Without a command: the dashboard, collecting in the background if nobody does.\n\ncommands:");
    for (int i = 0; commands[i]; i++)
        if (!commands[i]->hidden) print_item(commands[i]->name, NULL, commands[i]->summary);
    puts("\noptions, before or after the command:");
    print_options(global_options);
    puts("\n`tollwatch COMMAND --help` says more about a command, `man tollwatch` about keys and configuration.\n"
         "Exit codes: 0 done, 1 failed, 2 usage.");
}

void help_command(const Command *c) {
    printf("usage: tollwatch %s%s%s%s\n\n%s\n", c->name, c->options && c->options->name ? " [OPTION]..." : "",
           *c->args ? " " : "", c->args, c->summary);
    if (c->details && *c->details) printf("\n%s\n", c->details);
    if (c->options && c->options->name) puts("\noptions:");
    print_options(c->options);
    puts("\nOptions of all commands: `tollwatch --help`.");
}
