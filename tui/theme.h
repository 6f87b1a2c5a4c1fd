/* theme: themes/ *.theme in btop's format plus our roles: a colour per ThemeRole. Data only; no curses.
 * Role keys of ours: text dim title key rule selected_fg selected_bg watch act proof chart; without them they come from
 * btop's main_fg inactive_fg title hi_fg div_line selected_fg selected_bg cpu_mid cpu_end cpu_start graph_text. */
#ifndef TUI_THEME_H
#define TUI_THEME_H
#include "tui/canvas.h"

typedef struct Colour { int32_t rgb; /* -1 = the terminal's default */ } Colour;
typedef struct Theme { char name[64]; Colour fg[ROLE_COUNT], bg[ROLE_COUNT]; } Theme;
/* From the user's folder, else the embedded ones. */
int theme_load(Theme *out, const char *name, const char *config_dir, Err *e);
size_t theme_names(const char *config_dir, char out[][64], size_t max);
int colour_to_256(Colour c); /* -1 = default */
int colour_to_16(Colour c);
#endif
