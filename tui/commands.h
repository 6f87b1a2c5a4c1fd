/* commands: declarations of all commands, for the one table. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H
#include "tui/command.h"

#endif
