/* help: texts made from the tables of commands, options, keys and configuration, so that none of them can be forgotten.
 * All to standard output. `--help` is in help.c, the man page in help_man.c, shell completions in help_shell.c. */
#ifndef TUI_HELP_H
#define TUI_HELP_H
#include "tui/command.h"

void help_program(void);
void help_command(const Command *c);
void help_man(void);
int help_completion(const char *shell); /* an exit code */
#endif
