/* saved: see saved.h. */
#include "tui/saved.h"
#include "store/data.h"
#include <stdlib.h>
#include <unistd.h>

typedef struct Entry {
    char key[SAVED_KEY_MAX], value[SAVED_VALUE_MAX];
} Entry;
struct Saved {
    Entry entry[SAVED_MAX];
    size_t count;
    bool changed;
};

static const char head[] = "# tollwatch: what the dashboard showed last. Delete this file to begin with the defaults.\n";

Saved *saved_new(void) {
    return xcalloc(1, sizeof(Saved));
}

void saved_free(Saved *s) {
    free(s);
}

static size_t find(const Saved *s, const char *key) {
    size_t i = 0;
    while (i < s->count && strcmp(s->entry[i].key, key) != 0) i++;
    return i;
}

const char *saved_get(const Saved *s, const char *key) {
    size_t i = s ? find(s, key) : 0;
    return s && i < s->count ? s->entry[i].value : NULL;
}

static bool is_key(const char *key, size_t len) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    return len > 0 && len < SAVED_KEY_MAX && strspn(key, allowed) >= len;
}

static bool is_value(const char *value, size_t len) {
    if (len == 0 || len >= SAVED_VALUE_MAX || value[0] == ' ' || value[len - 1] == ' ') return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f) return false;
    return true;
}

static void forget(Saved *s, size_t i) {
    if (i >= s->count) return;
    s->entry[i] = s->entry[--s->count];
    s->changed = true;
}

void saved_set(Saved *s, const char *key, const char *value) {
    if (!s || !is_key(key, strlen(key))) return;
    size_t i = find(s, key);
    if (!value || !*value) {
        forget(s, i);
        return;
    }
    if (!is_value(value, strlen(value)) || i == SAVED_MAX || (i < s->count && strcmp(s->entry[i].value, value) == 0)) return;
    if (i == s->count) s->count++;
    snprintf(s->entry[i].key, sizeof s->entry[i].key, "%s", key);
    snprintf(s->entry[i].value, sizeof s->entry[i].value, "%s", value);
    s->changed = true;
}

bool saved_changed(const Saved *s) {
    return s && s->changed;
}

/* ---- the file ---- */

/* One line without its end: "" and "# ..." say nothing. */
static bool take_line(Saved *s, char *line) {
    if (!*line || *line == '#') return true;
    char *equals = strstr(line, " = ");
    if (!equals || !is_key(line, (size_t)(equals - line)) || !is_value(equals + 3, strlen(equals + 3))) return false;
    *equals = '\0';
    if (find(s, line) == SAVED_MAX) return false;
    saved_set(s, line, equals + 3);
    return true;
}

static int parse(Saved *s, Buf *text, const char *path, Err *e) {
    if (memchr(text->at, 0, text->len)) return fail(e, "saved view is no text: begun with the defaults; delete %s", path);
    char *at = text->at;
    for (int line = 1; at; line++) {
        char *end = strchr(at, '\n');
        if (end) *end = '\0';
        if (!take_line(s, at))
            return fail(e, "saved view, line %d: no \"key = value\": begun with the defaults; delete %s", line, path);
        at = end ? end + 1 : NULL;
    }
    return 0;
}

int saved_read(Saved *s, const char *path, Err *e) {
    Buf text = {.max = sizeof(Entry) * SAVED_MAX};
    if (!s || access(path, F_OK) != 0) return 0;
    s->count = 0;
    int rc = file_read(path, &text, e);
    if (rc == 0 && text.len) rc = parse(s, &text, path, e);
    if (rc != 0) s->count = 0;
    s->changed = false;
    buf_free(&text);
    return rc;
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->key, ((const Entry *)b)->key);
}

int saved_write(Saved *s, const char *path, Err *e) {
    if (!s) return 0;
    Buf text = {.max = 0};
    buf_str(&text, head);
    qsort(s->entry, s->count, sizeof *s->entry, by_key);
    for (size_t i = 0; i < s->count; i++) buf_fmt(&text, "%s = %s\n", s->entry[i].key, s->entry[i].value);
    s->changed = false;
    int rc = file_write_private(path, text.at, text.len, e);
    buf_free(&text);
    return rc;
}
