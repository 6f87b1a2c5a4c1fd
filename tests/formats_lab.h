/* formats_lab: the embedded log formats beside the embedded price book, loaded once for all tests of a program. */
#ifndef TESTS_FORMATS_LAB_H
#define TESTS_FORMATS_LAB_H
#include "collectors/format.h"
#include "tests/book_lab.h"

static Formats *formats;

static inline int formats_setup(void **state) {
    Err e = {0};
    if (formats_load(&formats, NULL, &e) != 0) fail_msg("%s", e.text);
    return book_setup(state);
}

static inline int formats_teardown(void **state) {
    formats_free(formats);
    return book_teardown(state);
}
#endif
