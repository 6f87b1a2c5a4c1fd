/* prompt: editing one line of text: what is typed after "/" or ":", or in a dialog's field.
 * Pure; the text is valid UTF-8 without control characters. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H
#include "store/base.h"

typedef struct Prompt {
    char kind;                     /* '/' or ':'; 0 = closed; a dialog's field does not use it */
    char text[256]; size_t cursor; /* a byte offset on a character boundary */
    char error[ERR_MAX];           /* "" = right so far */
} Prompt;

void prompt_open(Prompt *p, char kind, const char *text);
void prompt_close(Prompt *p);
/* Typing, Backspace, Delete, arrows, Home, End, ^U, ^W. true = the key was for the line. */
bool prompt_key(Prompt *p, int key);
void prompt_set(Prompt *p, const char *text); /* replaces the text, cursor at its end */
#endif
