/* theme: themes/ *.theme in btop's format plus our roles: a colour per ThemeRole. Data only; no curses.
 * Role keys of ours: text dim title key rule selected_fg selected_bg watch act proof chart; without them they come from
 * btop's main_fg inactive_fg title hi_fg div_line selected_fg selected_bg cpu_mid cpu_end cpu_start graph_text. What cannot be read on the theme's
 * ground is moved towards white or black until it can: many themes of btop have an inactive_fg that hardly shows. */
#ifndef TUI_THEME_H
#define TUI_THEME_H
#include "tui/canvas.h"
#include "tui/colour.h"

typedef struct Theme { char name[64]; Colour fg[ROLE_COUNT], bg[ROLE_COUNT]; } Theme;
/* From the user's folder, else the embedded ones. */
int theme_load(Theme *out, const char *name, const char *config_dir, Err *e);
enum { THEMES_MAX = 64 };
size_t theme_names(const char *config_dir, char out[][64], size_t max); /* in the order of the alphabet */
#endif
