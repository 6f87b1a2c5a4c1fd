/* format_unknown: see format_unknown.h. */
#include "collectors/format_unknown.h"

static bool has(Str head, const char *word) {
    return memmem(head.at, head.len, word, strlen(word)) != NULL;
}

static Str trimmed(Str s) {
    while (s.len && (*s.at == ' ' || *s.at == '\t' || *s.at == '\r' || *s.at == '\n')) s = (Str){s.at + 1, s.len - 1};
    return s;
}

static bool ends(const char *path, const char *end) {
    size_t n = strlen(path), m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

static bool is_nothing(const char *path, Str head) {
    (void)path;
    return trimmed(head).len == 0;
}

static bool is_page(const char *path, Str head) {
    (void)path;
    return trimmed(head).len > 1 && trimmed(head).at[0] == '<' && (trimmed(head).at[1] == '!' || trimmed(head).at[1] == 'h' || trimmed(head).at[1] == '?');
}

static bool is_recording(const char *path, Str head) {
    (void)path;
    return has(head, "interactions:") && has(head, "request:");
}

static bool is_yaml(const char *path, Str head) {
    return str_starts(head, "---\n") || ends(path, ".yaml") || ends(path, ".yml") || (has(head, "apiVersion:") && has(head, "kind:"));
}

static bool is_sql(const char *path, Str head) {
    return ends(path, ".sql") || has(head, "CREATE TABLE") || has(head, "INSERT INTO");
}

static bool is_set_up(const char *path, Str head) {
    return ends(path, ".conf") || ends(path, ".ini") || ends(path, ".toml") || has(head, "log_format ") || has(head, "\nserver {");
}

static bool is_program(const char *path, Str head) {
    return str_starts(head, "#!") || ends(path, ".js") || ends(path, ".py") || has(head, "\nfunction ") || has(head, "\nexport default");
}

static bool is_for_people(const char *path, Str head) {
    return ends(path, ".md") || (str_starts(head, "# ") && !has(head, "{\""));
}

static bool is_binary(const char *path, Str head) {
    (void)path;
    size_t odd = 0;
    for (size_t i = 0; i < head.len && i < 1024; i++) {
        unsigned char b = (unsigned char)head.at[i];
        odd += b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != 0x1B;
    }
    return odd > 8;
}

/* One long word of nothing but its letters. */
static bool is_encoded(const char *path, Str head) {
    (void)path;
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n";
    size_t n = 0;
    while (n < head.len && head.at[n] && strchr(letters, head.at[n])) n++;
    return n >= 64 && n == head.len;
}

static bool is_events_without_data(const char *path, Str head) {
    (void)path;
    return (str_starts(head, "data:") || str_starts(head, "event:")) && !has(head, "usage");
}

static bool is_no_json(const char *path, Str head) {
    (void)path;
    return !memchr(head.at, '{', head.len);
}

static bool names_no_tokens(const char *path, Str head) {
    (void)path;
    static const char *const words[] = {"oken", "model", "usage", "llm", "prompt", "input"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has(head, words[i])) return false;
    return true;
}

const char *format_unknown(const char *path, Str head) {
    static const struct { bool (*is)(const char *path, Str head); const char *what; } things[] = {
        {is_nothing, "it is empty so far"},
        {is_binary, "it is binary data and no log of lines; let its writer write JSON lines"},
        {is_page, "it is a page (HTML or XML), no log"},
        {is_recording, "it is a recording of calls for tests (YAML), in which answers are quoted texts; log the answers themselves as JSON"},
        {is_sql, "these are SQL statements; name the database itself, or rows of it as JSON"},
        {is_yaml, "it is a configuration (YAML), no log"},
        {is_set_up, "it is a configuration, no log"},
        {is_program, "it is a program, no log"},
        {is_for_people, "it is a text for people, no log"},
        {is_encoded, "it is a text in base64; decode it first: base64 -d FILE | tollwatch import -"},
        {is_events_without_data, "it is a stream of events without usage; ask the vendor for it (stream_options.include_usage)"},
        {is_no_json, "its lines are text of no known log; let the gateway log JSON, or read them by patterns with a format of your own (\"text\" in FORMAT.md)"},
        {names_no_tokens, "its records name neither a model nor tokens: no calls of models are in there"},
    };
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
        if (things[i].is(path, head)) return things[i].what;
    return NULL;
}
