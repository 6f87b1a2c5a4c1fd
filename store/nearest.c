/* nearest: edit distance between short words. See nearest.h. */
#include "store/nearest.h"

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, replacements and swapped neighbours, each counting one. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb) {
    size_t d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= la; i++) d[i][0] = i;
    for (size_t j = 0; j <= lb; j++) d[0][j] = j;
    for (size_t i = 1; i <= la; i++)
        for (size_t j = 1; j <= lb; j++) {
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j]) d[i][j] = d[i - 2][j - 2] + 1;
        }
    return d[la][lb];
}

Nearest nearest_start(const char *word) {
    /* One slip in a short word, two from four letters on, three in long ones: more would be guessing. */
    size_t len = strlen(word), allowed = len < 4 ? 1 : len < 9 ? 2 : 3;
    return (Nearest){.word = word, .distance = allowed + 1};
}

void nearest_try(Nearest *n, const char *known) {
    size_t la = strlen(n->word), lb = strlen(known);
    if (la > WORD_MAX || lb > WORD_MAX || la == 0) return;
    size_t d = distance(n->word, la, known, lb);
    if (d >= n->distance) return;
    n->distance = d;
    n->best = known;
}

void nearest_hint(const Nearest *n, char *out, size_t size) {
    if (n->best)
        snprintf(out, size, "; did you mean \"%s\"?", n->best);
    else
        *out = '\0';
}
