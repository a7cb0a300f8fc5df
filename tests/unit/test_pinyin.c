#include "engine/value/pinyin.h"

#include "tests/unit/unit.h"

struct pair_case {
    const char *in, *pinyin, *key;
};

static const struct pair_case cases[] = {
    {"", "", ""},
    {"北京", "bei jing", "北京"},
    {"绿a b", "lv a b", "绿ab"},
    {"ABC有限公司", "ABC you xian gong si", "abc"},
    {"北京市海淀区榫卯科技股份有限公司", NULL, "榫卯科技"},
    {"榫卯科技（北京）有限公司", NULL, "榫卯科技"},
    {"Acme Co., Ltd.", "Acme Co., Ltd.", "acme"},
    {"(有限公司)", NULL, "有限"},
};

static void test_cases(void **state)
{
    struct arena *a = arena_new(1u << 20);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct pair_case *c = &cases[i];
        struct str pinyin = pinyin_of(a, str_of(c->in));
        struct str key = company_key(a, str_of(c->in));
        if (c->pinyin && !str_eqz(pinyin, c->pinyin))
            fail_msg("%s: %.*s", c->in, STR_ARG(pinyin));
        if (!str_eqz(key, c->key))
            fail_msg("%s: %.*s", c->in, STR_ARG(key));
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests_name("pinyin", tests, NULL, NULL);
}
