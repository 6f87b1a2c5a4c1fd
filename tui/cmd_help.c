/* cmd_help: the hidden commands that print the man page and the completions, for `make install`. */
#include "tui/commands.h"
#include "tui/help.h"

static int run_man(App *a, int argc, char **argv) {
    (void)a, (void)argv;
    if (argc > 0) return usage_fail("help-man takes no argument");
    help_man();
    return EXIT_DONE;
}

static int run_completion(App *a, int argc, char **argv) {
    (void)a;
    return help_completion(argc == 1 ? argv[0] : "");
}

const Command cmd_help_man = {.name = "help-man", .args = "", .summary = "the man page", .run = run_man, .hidden = true};
const Command cmd_help_completion = {.name = "help-completion", .args = "bash|zsh|fish",
                                     .summary = "completions for a shell", .run = run_completion, .hidden = true};
