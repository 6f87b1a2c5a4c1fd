/* commands: declarations of all commands, for the one table in commands.c. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H
#include "tui/command.h"

extern const Command cmd_import, cmd_collect;
extern const Command cmd_help_man, cmd_help_completion;
#endif
