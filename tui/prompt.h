/* prompt: editing the line that is typed after "/" or ":". Pure; the text is valid UTF-8 without control characters. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H
#include "tui/screen.h"

void prompt_open(Prompt *p, char kind, const char *text);
void prompt_close(Prompt *p);
/* Typing, Backspace, Delete, arrows, Home, End, ^U, ^W. true = the key was for the line. */
bool prompt_key(Prompt *p, int key);
void prompt_set(Prompt *p, const char *text); /* replaces the text, cursor at its end */
#endif
