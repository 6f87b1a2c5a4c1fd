/* theme: reading btop's theme format. See theme.h.
 *
 * A line is `theme[KEY]="#rrggbb"` (also "#gg" for a grey, "r g b" in decimals, "" for the terminal's own); others are ignored.
 */
#include "tui/theme.h"
#include "store/data.h"
#include <dirent.h>
#include <math.h>

enum { THEME_MAX_BYTES = 65536 };
#define CONTRAST_LEAST 4.5 /* WCAG AA for text */

/* Our key, then btop's, per role. */
static const char *const role_keys[ROLE_COUNT][2] = {
    [ROLE_TEXT] = {"text", "main_fg"},   [ROLE_DIM] = {"dim", "inactive_fg"},   [ROLE_TITLE] = {"title", "title"},
    [ROLE_KEY] = {"key", "hi_fg"},       [ROLE_RULE] = {"rule", "div_line"},    [ROLE_SELECTED] = {"selected_fg", "selected_fg"},
    [ROLE_WATCH] = {"watch", "cpu_mid"}, [ROLE_ACT] = {"act", "cpu_end"},       [ROLE_PROOF] = {"proof", "cpu_start"},
    [ROLE_CHART] = {"chart", "graph_text"},
};

static int parse_hex(const char *at, size_t len) {
    int v = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i]);
        if (!d || !*d) return -1;
        v = v * 16 + (int)(d - digits);
    }
    return v;
}

/* -1 = default or not a colour. */
static int32_t parse_colour(const char *at, size_t len) {
    if (len == 7 && at[0] == '#') return parse_hex(at + 1, 6);
    if (len == 3 && at[0] == '#') {
        int grey = parse_hex(at + 1, 2);
        return grey < 0 ? -1 : grey * 0x010101;
    }
    char text[16];
    unsigned r, g, b;
    if (len >= sizeof text) return -1;
    memcpy(text, at, len);
    text[len] = '\0';
    if (sscanf(text, "%3u %3u %3u", &r, &g, &b) != 3 || r > 255 || g > 255 || b > 255) return -1;
    return (int32_t)(r << 16 | g << 8 | b);
}

/* Finds theme[key]="value" in the file; true = it is there (also with an empty value). */
static bool find_key(const char *file, const char *key, int32_t *out) {
    char start[64];
    size_t n = (size_t)snprintf(start, sizeof start, "theme[%s]=", key);
    for (const char *line = file; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, start, n) != 0) continue;
        const char *value = line + n;
        value += *value == '"' || *value == '\'';
        *out = parse_colour(value, strcspn(value, "\"'\r\n"));
        return true;
    }
    return false;
}

static double channel(int32_t rgb, int shift) {
    double v = (rgb >> shift & 0xFF) / 255.0;
    return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double luminance(int32_t rgb) {
    return 0.2126 * channel(rgb, 16) + 0.7152 * channel(rgb, 8) + 0.0722 * channel(rgb, 0);
}

static double contrast(int32_t a, int32_t b) {
    double x = luminance(a), y = luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

/* The colour of "a person must act now" has to look like it: warm, and readable on the ground (unknown = dark). */
static int32_t checked_act(int32_t act, int32_t ground) {
    const int32_t on_dark = 0xFF5F5F, on_light = 0xAF0000, bg = ground < 0 ? 0 : ground;
    int red = act >> 16 & 0xFF, green = act >> 8 & 0xFF, blue = act & 0xFF;
    bool warm = act >= 0 && red >= green + 32 && red >= blue + 32;
    if (warm && contrast(act, bg) >= CONTRAST_LEAST) return act;
    return contrast(on_dark, bg) >= contrast(on_light, bg) ? on_dark : on_light;
}

static void theme_parse(Theme *out, const char *file) {
    int32_t ground = -1, selected = -1;
    find_key(file, "main_bg", &ground);
    find_key(file, "selected_bg", &selected);
    for (int role = 0; role < ROLE_COUNT; role++) {
        int32_t fg = -1;
        if (!find_key(file, role_keys[role][0], &fg)) find_key(file, role_keys[role][1], &fg);
        out->fg[role].rgb = role == ROLE_ACT ? checked_act(fg, ground) : fg;
        out->bg[role].rgb = role == ROLE_SELECTED ? selected : ground;
    }
}

static int unknown_theme(const char *name, const char *config_dir, Err *e) {
    char names[64][64], list[ERR_MAX / 2] = "";
    size_t n = theme_names(config_dir, names, 64), used = 0;
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

size_t theme_names(const char *config_dir, char out[][64], size_t max) {
    size_t n = 0;
    char path[1200];
    for (const DataFile *f = data_files; f->path; f++)
        if (strncmp(f->path, "themes/", 7) == 0) n = add_name(out, n, max, f->path + 7);
    snprintf(path, sizeof path, "%s/themes", config_dir ? config_dir : "");
    DIR *dir = config_dir && config_dir[0] ? opendir(path) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) n = add_name(out, n, max, d->d_name);
    if (dir) closedir(dir);
    return n;
}

static int distance(int32_t a, int32_t b) {
    int r = (a >> 16 & 0xFF) - (b >> 16 & 0xFF), g = (a >> 8 & 0xFF) - (b >> 8 & 0xFF), u = (a & 0xFF) - (b & 0xFF);
    return 3 * r * r + 4 * g * g + 2 * u * u;
}

/* Colour n of xterm's palette, 16..255: a cube of 6 levels, then 24 greys. */
static int32_t palette_256(int n) {
    static const int level[] = {0, 95, 135, 175, 215, 255};
    if (n >= 232) return (8 + 10 * (n - 232)) * 0x010101;
    n -= 16;
    return level[n / 36] << 16 | level[n / 6 % 6] << 8 | level[n % 6];
}

int colour_to_256(Colour c) {
    int best = -1;
    for (int n = 16; c.rgb >= 0 && n < 256; n++)
        if (best < 0 || distance(c.rgb, palette_256(n)) < distance(c.rgb, palette_256(best))) best = n;
    return best;
}

int colour_to_16(Colour c) {
    static const int32_t palette[16] = {0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
                                        0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};
    int best = -1;
    for (int n = 0; c.rgb >= 0 && n < 16; n++)
        if (best < 0 || distance(c.rgb, palette[n]) < distance(c.rgb, palette[best])) best = n;
    return best;
}
