/* Messages that came in: character sets, encodings, parts; and noise, which must not hurt. */
#include "tests/unit/unit.h"

#include "engine/automation/mime.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"

static struct str member(struct val v, const char *key)
{
    return val_str(val_get(v, str_of(key)));
}

static void reads(void **state)
{
    static const struct {
        const char *message, *key, *value;
    } cases[] = {
        {"Subject: plain\r\n\r\nhello\r\n", "subject", "plain"},
        {"Subject: plain\r\n\r\nhello\r\n", "text", "hello"},
        {"Subject: a\r\n b\r\n\r\n", "subject", "a b"},
        {"subject: =?UTF-8?B?5L2g5aW9?=\n\nx", "subject", "你好"},
        {"Subject: =?utf-8?q?a=5Fb_c?=\n\nx", "subject", "a_b c"},
        {"Subject: =?UTF-8?B?5L2g?= =?UTF-8?B?5aW9?= x\n\n", "subject", "你好 x"},
        {"Subject: =?gb2312?B?xOO6ww==?=\n\n", "subject", "你好"},
        {"Subject: =?bad\n\n", "subject", "=?bad"},
        {"From: \"Li, Wei\" <li@example.com>\n\n", "from", "li@example.com"},
        {"From: \"Li, Wei\" <li@example.com>\n\n", "from_name", "Li, Wei"},
        {"From: li@example.com\n\n", "from", "li@example.com"},
        {"Date: Mon, 24 Nov 2025 16:00:00 +0800\n\n", "at", "2025-11-24T08:00:00Z"},
        {"Date: 1 Jan 2027 00:30:00 -0130\n\n", "at", "2027-01-01T02:00:00Z"},
        {"Date: yesterday\n\n", "at", ""},
        {"Content-Transfer-Encoding: base64\n\n5L2g\n5aW9", "text", "你好"},
        {"Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc", "text", "a=bc"},
        {"Content-Type: text/plain; charset=gbk\n\n\xc4\xe3\xba\xc3", "text", "你好"},
        {"Content-Type: text/html\n\n<p>a <b>b</b></p>", "text", "a b"},
        {"Content-Type: multipart/mixed; boundary=\"x\"\n\npre\n--x\nContent-Disposition: "
         "attachment\n\nno"
         "\n--x\nContent-Type: text/plain\n\nyes\n--x--\n",
         "text", "yes"},
        {"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; "
         "boundary=y\n\n--y\n\ninner\n--y--\n--x--",
         "text", "inner"},
        {"Content-Type: multipart/mixed\n\n--\nx", "text", ""},
        {"Message-ID: <a@b>\n\n", "id", "<a@b>"},
        {"", "subject", ""},
    };
    struct arena *a = arena_new((size_t)64 << 20);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = member(mime_read(a, str_of(cases[i].message)), cases[i].key);
        if (!str_eqz(got, cases[i].value))
            fail_msg("%zu: %s is \"%.*s\", not \"%s\"", i, cases[i].key, STR_ARG(got),
                     cases[i].value);
    }
    arena_free(&a);
}

static void noise(void **state)
{
    static const char *const bits[] = {"Subject: ",  "=?UTF-8?B?",
                                       "?=",         "\r\n",
                                       "\n\n",       "--x",
                                       "--",         "Content-Type: multipart/mixed; boundary=x",
                                       "; ",         "=",
                                       "=4",         "Content-Transfer-Encoding: base64",
                                       "\xff",       "\xe4\xbd",
                                       " ",          "From: <",
                                       ">",          "text/html",
                                       "charset=\"", "utf-16",
                                       "A",          "Date: Mon, 1 Jan ",
                                       "2027",       ":",
                                       "<p",         "?Q?",
                                       "=?x?B?"};
    uint32_t seed = 11;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct arena *a = arena_new((size_t)16 << 20);
        char text[512];
        size_t n = 0;
        while (n < 400) {
            seed = seed * 1664525u + 1013904223u;
            const char *bit = bits[(seed >> 16) % ARRAY_LEN(bits)];
            memcpy(text + n, bit, strlen(bit));
            n += strlen(bit);
            if (seed >> 28 == 3)
                break;
        }
        struct val v = mime_read(a, (struct str){text, n});
        for (uint32_t k = 0; k < v.n; k++)
            if (v.obj[k].value.kind == VAL_TEXT)
                assert_true(utf8_valid(val_str(v.obj[k].value)));
        arena_free(&a);
    }
}

/* Deep nesting and long bodies end. */
static void bounds(void **state)
{
    struct arena *a = arena_new((size_t)128 << 20);
    struct strb b;
    (void)state;
    strb_init(&b, a);
    for (int i = 0; i < 3000; i++)
        strb_addz(&b, "Content-Type: multipart/mixed; boundary=x\n\n--x\n");
    assert_int_equal(member(mime_read(a, strb_str(&b)), "text").n, 0);
    strb_init(&b, a);
    strb_addz(&b, "\n\n");
    for (int i = 0; i < 300000; i++)
        strb_addz(&b, "line\n");
    assert_true(member(mime_read(a, strb_str(&b)), "text").n <= MIME_TEXT_MAX);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(noise),
                                       cmocka_unit_test(bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
