/* Where webhooks may go: addresses in every writing, ports, the operator's list. */
#include "tests/unit/unit.h"

#include "runtime/ssrf.h"

#include <arpa/inet.h>

static bool may(const struct ssrf *s, const char *ip, unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, ip, &in.sin_addr) == 1)
        return ssrf_ok(s, (const struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
    return ssrf_ok(s, (const struct sockaddr *)&in6);
}

static void closed(void **state)
{
    static const char *const ips[] = {"0.0.0.0",
                                      "0.1.2.3",
                                      "10.0.0.1",
                                      "10.255.255.255",
                                      "100.64.0.1",
                                      "100.100.100.200",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "127.1.2.3",
                                      "169.254.169.254",
                                      "169.254.0.1",
                                      "172.16.0.1",
                                      "172.31.255.255",
                                      "192.0.0.8",
                                      "192.0.2.1",
                                      "192.168.1.1",
                                      "198.18.0.1",
                                      "198.19.255.255",
                                      "198.51.100.7",
                                      "203.0.113.9",
                                      "224.0.0.1",
                                      "239.1.1.1",
                                      "240.0.0.1",
                                      "255.255.255.255",
                                      "::",
                                      "::1",
                                      "::ffff:127.0.0.1",
                                      "::ffff:10.0.0.1",
                                      "::ffff:169.254.169.254",
                                      "::127.0.0.1",
                                      "64:ff9b::7f00:1",
                                      "64:ff9b::a00:1",
                                      "64:ff9b:1::1",
                                      "2002:7f00:1::",
                                      "2002:a9fe:a9fe::",
                                      "2001::1",
                                      "2001:db8::1",
                                      "fc00::1",
                                      "fd12:3456::1",
                                      "fe80::1",
                                      "febf::1",
                                      "fec0::1",
                                      "ff02::1",
                                      "2001:10::1",
                                      "4000::1",
                                      "100::1"};
    static const char *const open[] = {"1.1.1.1",          "8.8.8.8",        "100.63.255.255",
                                       "100.128.0.1",      "172.15.0.1",     "172.32.0.1",
                                       "192.167.1.1",      "::ffff:8.8.8.8", "2606:4700::1111",
                                       "64:ff9b::808:808", "2002:808:808::", "223.255.255.254"};
    const struct ssrf none = {.n = 0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ips); i++)
        if (may(&none, ips[i], 443))
            fail_msg("%s should be closed", ips[i]);
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (!may(&none, open[i], 443))
            fail_msg("%s should be open", open[i]);
}

static void ports(void **state)
{
    static const unsigned no[] = {21,  22,  23,   25,   53,   110,  111,  143,   389,  445,
                                  587, 993, 2375, 3306, 5432, 6379, 9200, 11211, 27017};
    static const unsigned yes[] = {80, 443, 8080, 8443, 3000, 9000, 65535};
    const struct ssrf none = {.n = 0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_false(may(&none, "8.8.8.8", no[i]));
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_true(may(&none, "8.8.8.8", yes[i]));
}

static void allow_list(void **state)
{
    struct ssrf s;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(ssrf_parse(STR("10.1.0.0/16, 127.0.0.1,fd00::/8"), &s, &err), 0);
    assert_true(may(&s, "10.1.2.3", 5432));
    assert_false(may(&s, "10.2.0.1", 443));
    assert_true(may(&s, "127.0.0.1", 9));
    assert_true(may(&s, "::ffff:127.0.0.1", 9));
    assert_false(may(&s, "127.0.0.2", 443));
    assert_true(may(&s, "fd00::1", 443));
    assert_false(may(&s, "fe80::1", 443));
    static const char *const bad[] = {"x", "10.0.0.0/33", "10.0.0.0/a", "::/129", "1.2.3"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(ssrf_parse(str_of(bad[i]), &s, &err), -1);
}

static void urls(void **state)
{
    const struct ssrf none = {.n = 0};
    (void)state;
    assert_false(ssrf_url_ok(&none, STR("http://127.0.0.1/x")));
    assert_false(ssrf_url_ok(&none, STR("https://localhost:8443/")));
    assert_false(ssrf_url_ok(&none, STR("http://[::1]:80/")));
    assert_false(ssrf_url_ok(&none, STR("http://169.254.169.254/latest")));
    assert_true(ssrf_url_ok(&none, STR("https://hooks.example.com/x?y=127.0.0.1")));
    assert_true(ssrf_url_ok(&none, STR("https://8.8.8.8/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closed), cmocka_unit_test(ports),
                                       cmocka_unit_test(allow_list), cmocka_unit_test(urls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
