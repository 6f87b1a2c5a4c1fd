/* command: the table of sub-commands. Help, man page and completions are made from it and from the option table. */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H
#include "store/config.h"
#include "store/price.h"

typedef struct App { /* what every command gets: global options, resolved lazily by app_* */
    const char *config_path, *db_option, *policy_option, *tz_option, *theme_option, *log_path;
    bool ascii, no_color, mouse, readonly, show_content, verbose, demo;
    int64_t fixed_now_ms;   /* --now, 0 = the clock */
    Config *config;         /* app_config() */
    Zone *zone, *day_zone;  /* display; budget days */
    Book *book;             /* app_book() */
    size_t schemas;         /* files of the user's that replace those of the schema */
    char db_path[1024], policy_path[1024];
} App;
int64_t app_now(const App *a);
int app_config(App *a, Err *e); /* loads config, zone and places; idempotent */
int app_config_none(App *a, Err *e); /* the same without a configuration, after app_config() has failed */
/* --theme NAME: whatever the command, a name that there is none of is said, and EXIT_USAGE; EXIT_DONE without the option. */
int app_theme_check(App *a);
int app_book(App *a, Err *e);   /* app_config() and the prices; idempotent */
void app_close(App *a);

/* Standard error goes to --log FILE, with `quiet` else nowhere, until app_log_end(). */
int app_log_begin(const App *a, bool quiet, int *saved, Err *e);
void app_log_end(int saved);
void app_background_failed(const Err *e); /* one line there, with its time in a file; any thread */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

typedef struct Option { const char *name /* "--since" */, *arg /* "T" or NULL */, *values /* completion words or NULL */, *help; } Option;
typedef struct Command {
    const char *name, *args /* "FILE..." */, *summary, *details;
    const Option *options;  /* ends with name NULL */
    int (*run)(App *a, int argc, char **argv); /* argv without the command's name; returns an exit code */
    bool goes_on;           /* whatever is wrong with how things look: stopping calls is more urgent */
    bool hidden;            /* works, but is in no help: for `make install` and for "no command" */
} Command;
extern const Option global_options[];
extern const Command *const commands[]; /* visible list, one line a command; NULL ends */
const Command *command_find(const char *name); /* NULL if there is none */

/* What a command line asks for. Global options are taken out wherever they stand, unless the command has one of that
 * name; `args` (argc + 1 places) gets the rest for Command.run. Nothing is opened here. */
typedef enum Ask { ASK_RUN, ASK_HELP, ASK_VERSION } Ask;
typedef struct CommandLine {
    Ask ask;
    const Command *command; /* NULL = none was named */
    char **args;
    int arg_count;
} CommandLine;
int command_line_parse(App *a, int argc, char **argv, CommandLine *out); /* EXIT_USAGE after a message */

/* Parses argv by an option table (long options, "--x=y" and "--x y"). value[i] belongs to options[i] ("" for a flag
 * that is given, NULL if not). Unknown options and missing values: one line on stderr, EXIT_USAGE. Rest into args. */
int options_parse(const Command *c, int argc, char **argv, const char **value, const char **args, size_t *arg_count);
/* One option of a table at argv[*at]: *index -1 = it is none of them. EXIT_USAGE after a message. */
int option_index(const Option *o, const char *arg); /* "--x" and "--x=y"; -1 = none of them */
int option_take(const Option *o, int argc, char **argv, int *at, int *index, const char **value);
int option_unknown(const Option *o, const Command *c, const char *arg); /* a message with the nearest name; EXIT_USAGE */
/* A whole number of at most `max`; `fallback` if text is NULL. EXIT_USAGE after a message. */
int option_number(const char *command, const char *option, const char *text, int64_t max, int64_t fallback, int64_t *out);
int app_fail(const Err *e);             /* prints "tollwatch: ...", returns EXIT_FAILED */
int usage_fail(const char *fmt, ...) TW_PRINTF(1, 2); /* returns EXIT_USAGE */
#endif
