/* golden: compares what a canvas shows with a file of expected text. GOLDEN=write in the environment rewrites the files:
 * look at the difference before committing it. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H
#include "store/data.h"
#include "tests/unit.h"
#include "tui/canvas.h"

static inline void golden_write(const char *path, const Buf *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text->at, 1, text->len, f), text->len);
    assert_int_equal(fclose(f), 0);
}

static inline void golden_text(const Buf *shown, const char *path) {
    Buf expected = {.max = 1 << 20};
    Err e = {""};
    const char *mode = getenv("GOLDEN");
    if (mode && strcmp(mode, "write") == 0) golden_write(path, shown);
    if (file_read(path, &expected, &e) != 0) fail_msg("%s", e.text);
    if (shown->len != expected.len || memcmp(shown->at, expected.at, shown->len) != 0)
        fail_msg("%s differs. Shown:\n%s\nexpected:\n%s", path, shown->at, expected.at);
    buf_free(&expected);
}

static inline void golden(const Canvas *c, const char *path) {
    Buf shown = {.max = 1 << 20};
    canvas_dump(c, &shown);
    golden_text(&shown, path);
    buf_free(&shown);
}
#endif
