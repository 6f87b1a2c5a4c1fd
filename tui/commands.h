/* commands: declarations of all commands, one a line, for the one table in commands.c. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H
#include "tui/command.h"

extern const Command cmd_import;
extern const Command cmd_collect;
extern const Command cmd_prices;
extern const Command cmd_dashboard;
extern const Command cmd_render;
extern const Command cmd_demo;
extern const Command cmd_doctor;
extern const Command cmd_help_man;
extern const Command cmd_help_completion;
extern const Command cmd_report;
extern const Command cmd_status;
extern const Command cmd_metrics;
extern const Command cmd_reconcile;
extern const Command cmd_savings;
extern const Command cmd_kill;
extern const Command cmd_resume;
extern const Command cmd_policy;
extern const Command cmd_check;
#endif
