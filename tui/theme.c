/* theme: reading btop's theme format. See theme.h.
 *
 * A line is `theme[KEY]="#rrggbb"` (colour.h has the other ways; "" is the terminal's own); others are ignored.
 */
#include "tui/theme.h"
#include "store/data.h"
#include <dirent.h>

enum { THEME_MAX_BYTES = 65536 };

/* Our key, then btop's, per role. */
static const char *const role_keys[ROLE_COUNT][2] = {
    [ROLE_TEXT] = {"text", "main_fg"},   [ROLE_DIM] = {"dim", "inactive_fg"},   [ROLE_TITLE] = {"title", "title"},
    [ROLE_KEY] = {"key", "hi_fg"},       [ROLE_RULE] = {"rule", "div_line"},    [ROLE_SELECTED] = {"selected_fg", "selected_fg"},
    [ROLE_WATCH] = {"watch", "cpu_mid"}, [ROLE_ACT] = {"act", "cpu_end"},       [ROLE_PROOF] = {"proof", "cpu_start"},
    [ROLE_CHART] = {"chart", "graph_text"},
};

/* Finds theme[key]="value" in the file; true = it is there (also with an empty value). */
static bool find_key(const char *file, const char *key, Colour *out) {
    char start[64];
    size_t n = (size_t)snprintf(start, sizeof start, "theme[%s]=", key);
    for (const char *line = file; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, start, n) != 0) continue;
        const char *value = line + n;
        value += *value == '"' || *value == '\'';
        *out = colour_parse(value, strcspn(value, "\"'\r\n"));
        return true;
    }
    return false;
}

/* The theme's ground, or where that is the terminal's own, the one its text is made for. */
static Colour likely_ground(Colour ground, Colour text) {
    const Colour black = {0}, white = {0xFFFFFF};
    if (ground.rgb >= 0) return ground;
    return text.rgb >= 0 && colour_contrast(text, white) > colour_contrast(text, black) ? white : black;
}

/* The colour of "a person must act now" has to look like it: warm, and readable on the ground. */
static Colour checked_act(Colour act, Colour ground) {
    const Colour on_dark = {0xFF5F5F}, on_light = {0xAF0000};
    int red = act.rgb >> 16 & 0xFF, green = act.rgb >> 8 & 0xFF, blue = act.rgb & 0xFF;
    bool own_red = act.rgb == COLOUR_OWN + 1 || act.rgb == COLOUR_OWN + 9;
    bool warm = act.rgb >= 0 && act.rgb < COLOUR_OWN && red >= green + 32 && red >= blue + 32;
    if ((warm || own_red) && colour_contrast(act, ground) >= CONTRAST_TEXT) return act;
    return colour_contrast(on_dark, ground) >= colour_contrast(on_light, ground) ? on_dark : on_light;
}

static Colour checked(ThemeRole role, Colour fg, Colour ground, Colour selected) {
    if (role == ROLE_ACT) return checked_act(fg, ground);
    if (role == ROLE_RULE || fg.rgb < 0) return fg;
    if (role == ROLE_SELECTED) return selected.rgb < 0 ? fg : colour_readable(fg, selected);
    return colour_readable(fg, ground);
}

static Colour find_role(const char *file, ThemeRole role) {
    Colour c = {-1};
    if (!find_key(file, role_keys[role][0], &c)) find_key(file, role_keys[role][1], &c);
    return c;
}

static void theme_parse(Theme *out, const char *file) {
    Colour ground = {-1}, selected = {-1};
    find_key(file, "main_bg", &ground);
    find_key(file, "selected_bg", &selected);
    const Colour likely = likely_ground(ground, find_role(file, ROLE_TEXT));
    for (ThemeRole role = 0; role < ROLE_COUNT; role++) {
        out->fg[role] = checked(role, find_role(file, role), likely, selected);
        out->bg[role] = role == ROLE_SELECTED ? selected : ground;
    }
}

static int unknown_theme(const char *name, const char *config_dir, Err *e) {
    char names[THEMES_MAX][64], list[ERR_MAX / 2] = "";
    size_t n = theme_names(config_dir, names, THEMES_MAX), used = 0;
    for (size_t i = 0; i < n && used < sizeof list - 70; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? " " : "", names[i]);
    return fail(e, "there is no theme \"%.64s\"; choose one of: %s", name, list);
}

int theme_load(Theme *out, const char *name, const char *config_dir, Err *e) {
    char path[1200];
    Buf text = {.max = THEME_MAX_BYTES};
    Err ignored = {""};
    if (!name || !name[0]) name = "default";
    *out = (Theme){{0}, {{0}}, {{0}}};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (strchr(name, '/') || name[0] == '.' || strlen(name) > 60) return unknown_theme(name, config_dir, e);
    snprintf(path, sizeof path, "%s/themes/%s.theme", config_dir ? config_dir : "", name);
    if (config_dir && config_dir[0] && file_read(path, &text, &ignored) == 0) {
        theme_parse(out, text.at ? text.at : "");
        buf_free(&text);
        return 0;
    }
    buf_free(&text);
    snprintf(path, sizeof path, "themes/%s.theme", name);
    const DataFile *file = data_find(path);
    if (!file) return unknown_theme(name, config_dir, e);
    theme_parse(out, file->at);
    return 0;
}

/* Adds "NAME" of "NAME.theme" unless it is there; returns the new count. */
static size_t add_name(char out[][64], size_t count, size_t max, const char *file) {
    size_t len = strlen(file), ext = strlen(".theme");
    if (len <= ext || len - ext > 60 || strcmp(file + len - ext, ".theme") != 0 || count == max) return count;
    for (size_t i = 0; i < count; i++)
        if (strlen(out[i]) == len - ext && memcmp(out[i], file, len - ext) == 0) return count;
    memcpy(out[count], file, len - ext);
    out[count][len - ext] = '\0';
    return count + 1;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

size_t theme_names(const char *config_dir, char out[][64], size_t max) {
    size_t n = 0;
    char path[1200];
    for (const DataFile *f = data_files; f->path; f++)
        if (strncmp(f->path, "themes/", 7) == 0) n = add_name(out, n, max, f->path + 7);
    snprintf(path, sizeof path, "%s/themes", config_dir ? config_dir : "");
    DIR *dir = config_dir && config_dir[0] ? opendir(path) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) n = add_name(out, n, max, d->d_name);
    if (dir) closedir(dir);
    qsort(out, n, sizeof out[0], by_name);
    return n;
}
