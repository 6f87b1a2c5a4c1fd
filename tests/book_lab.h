/* book_lab: the embedded price book, loaded once for all tests of a program. */
#ifndef TESTS_BOOK_LAB_H
#define TESTS_BOOK_LAB_H
#include "store/price.h"
#include "tests/unit.h"

static Book *book;

static inline int book_setup(void **state) {
    Err e = {0};
    (void)state;
    if (book_load(&book, NULL, &e) == 0) return 0;
    print_error("%s\n", e.text);
    return -1;
}

static inline int book_teardown(void **state) {
    (void)state;
    book_free(book);
    return 0;
}
#endif
