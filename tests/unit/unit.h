/*
 * What every unit test includes: cmocka with the headers it wants, and checks on text slices.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/str.h"

/* Fails with both texts. `what` names the case of a table. */
static inline void check_str_(struct str got, const char *want, const char *what, const char *file,
                              int line)
{
    if (str_eqz(got, want))
        return;
    print_error("%s: got \"%.*s\", want \"%s\"\n", what, STR_ARG(got), want);
    _fail(file, line);
}

#define CHECK_STR(got, want)        check_str_((got), (want), #got, __FILE__, __LINE__)
#define CHECK_CASE(got, want, what) check_str_((got), (want), (what), __FILE__, __LINE__)

/* A condition of a table row; `what` is printed when it does not hold. */
#define CHECK(cond, what)                                                                          \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            print_error("%s: %s\n", (what), #cond);                                                \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

#define TEST_ARENA_BYTES ((size_t)64 << 20)

#endif
