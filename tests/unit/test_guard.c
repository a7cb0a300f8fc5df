/* Request guards: framing, targets, query texts. */
#include "runtime/http_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(4 << 20);
    return !a;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&a);
    return 0;
}

struct head {
    const char *version;
    const char *text; /* "Name: value" lines */
    bool ok;
};

static const struct head HEADS[] = {
    {"HTTP/1.1", "Host: x", true},
    {"HTTP/1.0", "", true},
    {"HTTP/1.0", "Host: x", true},
    {"HTTP/2.0", "Host: x", false},
    {"HTTP/1.1", "", false},
    {"HTTP/1.1", "Host: x\nHost: x", false},
    {"HTTP/1.1", "host: x\nHOST: y", false},
    {"HTTP/1.1", "Host: [::1]:80", true},
    {"HTTP/1.1", "Host: a b", false},
    {"HTTP/1.1", "Host: a@b", false},
    {"HTTP/1.1", "Host: x\nContent-Length: 5", true},
    {"HTTP/1.1", "Host: x\nContent-Length: 5\nContent-Length: 5", false},
    {"HTTP/1.1", "Host: x\nContent-Length: 5,5", false},
    {"HTTP/1.1", "Host: x\nContent-Length: -5", false},
    {"HTTP/1.1", "Host: x\nContent-Length: 0x5", false},
    {"HTTP/1.1", "Host: x\nContent-Length: 99999999999999999999", false},
    {"HTTP/1.1", "Host: x\nTransfer-Encoding: chunked", true},
    {"HTTP/1.1", "Host: x\nTransfer-Encoding: Chunked", true},
    {"HTTP/1.1", "Host: x\nTransfer-Encoding: gzip, chunked", false},
    {"HTTP/1.1", "Host: x\nTransfer-Encoding: \tchunked", false},
    {"HTTP/1.1", "Host: x\nTransfer-Encoding: chunked\nContent-Length: 5", false},
    {"HTTP/1.0", "Host: x\nTransfer-Encoding: chunked", false},
    {"HTTP/1.1", "Host: x\nContent-Type: a\nContent-Type: b", false},
    {"HTTP/1.1", "Host: x\nA b: c", false},
    {"HTTP/1.1", "Host: x\nContent-Length : 5", false},
    {"HTTP/1.1", "Host: x\nX: a\x01", false},
    {"HTTP/1.1", "Host: x\nX: 中文", true},
};

static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(HEADS); i++) {
        struct http_pair pairs[8];
        size_t n = 0;
        struct str rest = str_of(HEADS[i].text), line;
        while (rest.n) {
            rest = str_cut(rest, '\n', &line);
            struct str name, value = str_cut(line, ':', &name);
            pairs[n++] = (struct http_pair){name, str_sub(value, 1, value.n)};
        }
        struct err err = ERR_INIT;
        int rc = guard_headers(str_of(HEADS[i].version), pairs, n, &err);
        if ((rc == 0) != HEADS[i].ok)
            fail_msg("%s / %s: %d", HEADS[i].version, HEADS[i].text, rc);
        if (rc)
            assert_int_equal(err.code, ERR_MALFORMED);
    }
}

static void test_many_headers(void **state)
{
    (void)state;
    struct http_pair pairs[GUARD_HEADERS_MAX + 1];
    struct err err = ERR_INIT;
    for (size_t i = 0; i <= GUARD_HEADERS_MAX; i++)
        pairs[i] = (struct http_pair){i ? STR("X") : STR("Host"), STR("y")};
    assert_int_equal(guard_headers(STR("HTTP/1.1"), pairs, GUARD_HEADERS_MAX, &err), 0);
    assert_int_equal(guard_headers(STR("HTTP/1.1"), pairs, GUARD_HEADERS_MAX + 1, &err), -1);
}

static const struct {
    const char *target;
    bool ok;
} TARGETS[] = {
    {"/", true},           {"/a/b?c=d", true},     {"/%E4%B8%AD", true},
    {"/a%2Fb", true},      {"/a..b/...", true},    {"", false},
    {"a", false},          {"*", false},           {"http://x/", false},
    {"/a/../b", false},    {"/a/%2e%2e/b", false}, {"/%2e", false},
    {"/..", false},        {"/a%2f..%2fb", false}, {"/a%00", false},
    {"/a?b=%00", false},   {"/%ff", false},        {"/%c0%af", false},
    {"/%ed%a0%80", false}, {"/%4", false},         {"/%zz", false},
    {"/a?b=%", false},     {"/a%5cb", false},      {"/a\\b", false},
    {"/a b", false},       {"/a#b", false},        {"/a%0d%0ab", false},
    {"/a\x7f", false},
};

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TARGETS); i++) {
        struct err err = ERR_INIT;
        int rc = guard_target(a, str_of(TARGETS[i].target), &err);
        if ((rc == 0) != TARGETS[i].ok)
            fail_msg("%s: %d", TARGETS[i].target, rc);
    }
}

static void test_query(void **state)
{
    (void)state;
    struct http_pair *q;
    size_t n;
    struct err err = ERR_INIT;
    assert_int_equal(guard_query(a, STR("a=1&b=x+y%2B&&c&d=a=b"), &q, &n, &err), 0);
    assert_int_equal(n, 4);
    assert_true(str_eqz(q[0].value, "1") && str_eqz(q[1].value, "x y+") && !q[2].value.n &&
                str_eqz(q[3].value, "a=b"));
    assert_int_equal(guard_query(a, STR("a=1&a=2"), &q, &n, &err), -1);
    assert_int_equal(guard_query(a, STR("a=1&%61=2"), &q, &n, &err), -1);
    assert_int_equal(guard_query(a, STR(""), &q, &n, &err), 0);
    assert_int_equal(n, 0);
    struct strb many;
    strb_init(&many, a);
    for (int i = 0; i <= GUARD_QUERY_MAX; i++)
        strb_addf(&many, "k%d=1&", i);
    assert_int_equal(guard_query(a, strb_str(&many), &q, &n, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_many_headers),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests_name("guard", tests, set_up, tear_down);
}
