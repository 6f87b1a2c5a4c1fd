/* command: the table of sub-commands. Help, man page and completions are made from it and from the option table. */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H
#include "store/config.h"
#include "store/price.h"

typedef struct App { /* what every command gets: global options, resolved lazily by app_* */
    const char *config_path, *db_option, *policy_option, *tz_option, *theme_option, *log_path;
    bool ascii, no_color, mouse, readonly, show_content, verbose;
    int64_t fixed_now_ms;   /* --now, 0 = the clock */
    Config *config;         /* app_config() */
    Zone *zone, *day_zone;  /* display; budget days */
    Book *book;             /* app_book() */
    char db_path[1024], policy_path[1024];
} App;
int64_t app_now(const App *a);
int app_config(App *a, Err *e); /* loads config, zone and places; idempotent */
int app_book(App *a, Err *e);
void app_close(App *a);

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

typedef struct Option { const char *name /* "--since" */, *arg /* "T" or NULL */, *values /* completion words or NULL */, *help; } Option;
typedef struct Command {
    const char *name, *args /* "FILE..." */, *summary, *details;
    const Option *options;  /* ends with name NULL */
    int (*run)(App *a, int argc, char **argv); /* argv without the command's name; returns an exit code */
} Command;
extern const Option global_options[];
extern const Command *const commands[]; /* visible list, one line a command; NULL ends */

/* Parses argv by an option table (long options, "--x=y" and "--x y"). value[i] belongs to options[i] ("" for a flag
 * that is given, NULL if not). Unknown options and missing values: one line on stderr, EXIT_USAGE. Rest into args. */
int options_parse(const Command *c, int argc, char **argv, const char **value, const char **args, size_t *arg_count);
/* One option of a table at argv[*at]: *index -1 = it is none of them. EXIT_USAGE after a message. */
int option_take(const Option *o, int argc, char **argv, int *at, int *index, const char **value);
int app_fail(const Err *e);             /* prints "tollwatch: ...", returns EXIT_FAILED */
int usage_fail(const char *fmt, ...) TW_PRINTF(1, 2); /* returns EXIT_USAGE */
#endif
