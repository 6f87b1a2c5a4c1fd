/* commands: the visible table, one line a command. Help, man page and completions follow it. */
#include "tui/commands.h"
#include "tui/help.h"

static int run_man(App *a, int argc, char **argv) {
    (void)a, (void)argc, (void)argv;
    help_man();
    return EXIT_DONE;
}

static int run_completion(App *a, int argc, char **argv) {
    (void)a;
    return help_completion(argc == 1 ? argv[0] : "");
}

static const Command cmd_help_man = {.name = "help-man", .args = "", .summary = "this help as a man page", .run = run_man};
static const Command cmd_help_completion = {
    .name = "help-completion", .args = "bash|zsh|fish", .summary = "completions for a shell", .run = run_completion};

const Command *const commands[] = {
    &cmd_help_man,
    &cmd_help_completion,
    NULL,
};
