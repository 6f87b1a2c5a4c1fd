/* unit: what every unit test includes: cmocka, without its macro that hides our fail(). */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#undef fail_msg
/* fail_msg("case %s: why", ...): cmocka's own needs the macro hidden above. */
#define fail_msg(...) (print_error("ERROR: " __VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))
#endif
