/* corpus_jansson PATH: adds up the tokens of a log file, or of all *.jsonl under a folder, the plain way: getline(), a
 * jansson tree for each line, a look at the usual places. What a parser of one's own is measured against.
 * Does not: merge, price or store anything. */
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long long add_up(json_t *record) {
    static const char *const names[] = {"input_tokens", "output_tokens", "cache_read_input_tokens", "prompt_tokens", "completion_tokens"};
    json_t *usage = json_object_get(json_object_get(record, "message"), "usage"), *at = usage ? usage : record;
    long long sum = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) sum += json_integer_value(json_object_get(at, names[i]));
    return sum;
}

static int read_file(const char *path) {
    char *line = NULL;
    size_t cap = 0, lines = 0;
    long long sum = 0;
    FILE *f = fopen(path, "r");
    if (!f) return 1;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0; lines++) {
        json_t *record = json_loadb(line, (size_t)n, 0, NULL);
        sum += add_up(record);
        json_decref(record);
    }
    free(line);
    fclose(f);
    printf("%s: %zu lines, %lld tokens\n", path, lines, sum);
    return 0;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st;
    (void)at;
    const char *dot = strrchr(path, '.');
    return type == FTW_F && dot && strcmp(dot, ".jsonl") == 0 ? read_file(path) : 0;
}

int main(int argc, char **argv) {
    if (argc != 2 || nftw(argv[1], visit, 16, FTW_PHYS) != 0) {
        fprintf(stderr, "usage: corpus_jansson PATH; PATH must be readable\n");
        return 1;
    }
    return 0;
}
