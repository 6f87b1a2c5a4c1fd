/* prompt: editing one line of text: what is typed after "/" or ":", or in a dialog's field; drawing it so that the cursor is
 * seen. Pure; the text is valid UTF-8 without control characters. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H
#include "tui/canvas.h"

typedef struct Prompt {
    char kind;                     /* '/' or ':'; 0 = closed; a dialog's field does not use it */
    char text[256]; size_t cursor; /* a byte offset on a character boundary */
    char error[ERR_MAX];           /* "" = right so far */
    int error_at;                  /* the character it is about, from 1; 0 = none */
} Prompt;

void prompt_open(Prompt *p, char kind, const char *text);
void prompt_close(Prompt *p);
/* Typing, Backspace, Delete, arrows, Home, End, ^U, ^W. true = the key was for the line. */
bool prompt_key(Prompt *p, int key);
void prompt_set(Prompt *p, const char *text); /* replaces the text, cursor at its end */
void prompt_draw(const Prompt *p, Canvas *c, Rect r);
/* Where a character of it, from 1, is drawn in such a width; 0 = at its end. */
int prompt_column(const Prompt *p, int width, int character);
#endif
