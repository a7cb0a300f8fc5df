/* Messages of the outbox: nothing of a text becomes a header, addresses are one. */
#include "tests/unit/unit.h"

#include "runtime/mail.h"

static void message(void **state)
{
    struct arena *a = arena_new(1u << 20);
    struct err err = ERR_INIT;
    struct str out;
    const struct mail m = {
        .from = STR("榫卯 <crm@example.com>"),
        .to = STR("li@example.com"),
        .id = 1,
        .at_us = INT64_C(1764000000000000),
        .payload = STR("{\"subject\":\"合同 到期\\r\\nBcc: x@evil.example\",\"text\":\"你好\"}")};
    (void)state;
    assert_int_equal(mail_make(a, &m, &out, &err), 0);
    assert_true(str_find(out, STR("From: =?UTF-8?B?5qa"), 0) >= 0);
    assert_true(str_find(out,
                         STR("<crm@example.com>\r\nTo: <li@example.com>\r\nSubject: =?UTF-8?B?"),
                         0) >= 0);
    assert_true(str_find(out, STR("Bcc"), 0) < 0);
    assert_true(str_find(out, STR("Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"), 0) >= 0);
    assert_true(str_ends(out, STR("\r\n\r\n5L2g5aW9\r\n")));
    arena_free(&a);
}

static void addresses(void **state)
{
    static const char *const bad[] = {"",        "x",           "a@",    "@b",        "a@b,c@d",
                                      "a b@c.d", "a@b\r\nX: y", "<a@b>", "a@b;c@d.e", "a@b>"};
    struct arena *a = arena_new(1u << 20);
    struct str out;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = ERR_INIT;
        const struct mail m = {.from = STR("crm@example.com"),
                               .to = str_of(bad[i]),
                               .id = 1,
                               .payload = STR("{\"subject\":\"x\",\"text\":\"y\"}")};
        if (mail_make(a, &m, &out, &err) == 0)
            fail_msg("%s should be refused", bad[i]);
        assert_string_equal(err.key, "address");
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(message), cmocka_unit_test(addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
