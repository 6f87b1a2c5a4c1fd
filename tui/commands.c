/* commands: the visible table, one line a command. Help, man page and completions follow it. */
#include "tui/commands.h"

const Command *const commands[] = {
    &cmd_dashboard,
    &cmd_import,
    &cmd_collect,
    &cmd_prices,
    &cmd_render,
    &cmd_demo,
    &cmd_report,
    &cmd_status,
    &cmd_metrics,
    &cmd_reconcile,
    &cmd_savings,
    &cmd_kill,
    &cmd_resume,
    &cmd_policy,
    &cmd_check,
    &cmd_doctor,
    &cmd_help_man,
    &cmd_help_completion,
    NULL,
};

const Command *command_find(const char *name) {
    for (int i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}
