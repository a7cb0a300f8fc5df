/*
 * The order of lists: pinyin before Latin letters, digits by their number, and never equal for
 * different bytes.
 */
#include "tests/unit/unit.h"

#include "engine/value/collate.h"

static void lists_are_ordered_by_pinyin(void **state)
{
    static const char *const ORDER[] = {"",     "1",    "9",    "10",    "阿里",
                                        "北京", "重庆", "李四", "上海",  "王五",
                                        "银行", "长沙", "赵六", "alpha", "Alpha"};
    struct collate *c = collate_new();
    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++)
        for (size_t k = 0; k < ARRAY_LEN(ORDER); k++) {
            int got = collate_cmp(c, str_of(ORDER[i]), str_of(ORDER[k]));
            if ((got > 0) - (got < 0) != (i > k) - (i < k))
                fail_msg("%s against %s: %d", ORDER[i], ORDER[k], got);
        }
    collate_free(&c);
    assert_null(c);
}

static void what_looks_alike_has_one_order(void **state)
{
    struct collate *c = collate_new();
    (void)state;
    int got = collate_cmp(c, STR("e\xCC\x81"), STR("\xC3\xA9")); /* é in two spellings */
    assert_true(got != 0);
    assert_true((got > 0) == (collate_cmp(c, STR("\xC3\xA9"), STR("e\xCC\x81")) < 0));
    assert_int_equal(collate_cmp(c, STR("\xC3\xA9"), STR("\xC3\xA9")), 0);
    collate_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_ordered_by_pinyin),
        cmocka_unit_test(what_looks_alike_has_one_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
