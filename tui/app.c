/* app: what every command gets, resolved when it is first asked for. */
#include "tui/command.h"
#include "store/data.h"
#include "tui/theme.h"

int64_t app_now(const App *a) {
    return a->fixed_now_ms ? a->fixed_now_ms : clock_now_ms();
}

static int resolve(App *a, const Config *c, Err *e) {
    if (zone_open(&a->zone, a->tz_option ? a->tz_option : c->timezone, e) != 0) return -1;
    if (zone_open(&a->day_zone, c->timezone, e) != 0) return -1;
    if (place_database(a->db_path, sizeof a->db_path, a->db_option, e) != 0) return -1;
    return place_policy(a->policy_path, sizeof a->policy_path, a->policy_option, e);
}

/* -v: which files and zones a command works with. */
static void say_places(const App *a) {
    fprintf(stderr, "tollwatch: configuration %s, database %s, policy %s, days in %s, shown in %s\n",
            a->config->path[0] ? a->config->path : "none", a->db_path, a->policy_path, zone_name(a->day_zone), zone_name(a->zone));
}

static int use_config(App *a, Err *e) {
    a->ascii = a->ascii || a->config->glyphs_ascii;
    const char *dir = a->config->dir;
    if (resolve(a, a->config, e) != 0 || (dir[0] && data_use_schema(dir, &a->schemas, e) != 0)) {
        app_close(a);
        return -1;
    }
    if (a->verbose) say_places(a);
    return 0;
}

int app_config(App *a, Err *e) {
    if (a->config) return 0;
    return config_load(&a->config, a->config_path, e) == 0 ? use_config(a, e) : -1;
}

int app_config_none(App *a, Err *e) {
    if (!a->config) a->config = config_new();
    return use_config(a, e);
}

/* The user's own themes stand beside the configuration; one that is broken is the command's to tell, not ours. */
int app_theme_check(App *a) {
    Theme theme;
    Err e = {""}, ignored = {""};
    if (!a->theme_option) return EXIT_DONE;
    const char *dir = app_config(a, &ignored) == 0 ? a->config->dir : NULL;
    return theme_load(&theme, a->theme_option, dir, &e) == 0 ? EXIT_DONE : usage_fail("%s", e.text);
}

int app_book(App *a, Err *e) {
    if (a->book) return 0;
    if (app_config(a, e) != 0) return -1;
    return book_load(&a->book, a->config->dir[0] ? a->config->dir : NULL, e);
}

void app_close(App *a) {
    book_free(a->book);
    zone_free(a->zone);
    zone_free(a->day_zone);
    config_free(a->config);
    a->book = NULL, a->zone = a->day_zone = NULL, a->config = NULL;
}
