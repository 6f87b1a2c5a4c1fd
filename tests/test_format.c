/* test_format: every format file proves itself by its own samples; the engine keeps its promises on odd lines. */
#include "collectors/format_impl.h"
#include "store/data.h"
#include "tests/unit.h"

static Formats *formats;
static Book *book;

static int setup(void **state) {
    (void)state;
    Err e = {0};
    if (formats_load(&formats, NULL, &e) != 0 || book_load(&book, NULL, &e) != 0) fail_msg("%s", e.text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    formats_free(formats);
    book_free(book);
    return 0;
}

static void every_format_passes_its_samples(void **state) {
    (void)state;
    const Format *f;
    for (size_t i = 0; (f = formats_at(formats, i)); i++) {
        Err e = {0};
        size_t samples = 0;
        if (format_self_test(f, book, &samples, &e) != 0) fail_msg("%s", e.text);
        assert_true(samples >= 6);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_passes_its_samples),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
