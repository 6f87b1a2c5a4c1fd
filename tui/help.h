/* help: texts made from the tables: help, man page, completions. All to standard output. */
#ifndef TUI_HELP_H
#define TUI_HELP_H
#include "tui/command.h"

void help_program(void);
void help_command(const Command *c);
void help_man(void);
int help_completion(const char *shell); /* an exit code */
#endif
