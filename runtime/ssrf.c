/*
 * Networks that are not the public Internet, as a table; the operator's list stands above it.
 */
#include "runtime/ssrf.h"

#include "engine/base/attr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

struct net {
    uint8_t net[16];
    unsigned bits;
};

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d}, 96 + (n)                             \
    }

/* IPv4, also where it stands inside an IPv6 address (mapped, NAT64, 6to4). */
static const struct net CLOSED_V4[] = {
    V4(0, 0, 0, 0, 8),      V4(10, 0, 0, 0, 8),     V4(100, 64, 0, 0, 10), /* Alibaba's metadata */
    V4(127, 0, 0, 0, 8),    V4(169, 254, 0, 0, 16),                        /* metadata of clouds */
    V4(172, 16, 0, 0, 12),  V4(192, 0, 0, 0, 24),   V4(192, 0, 2, 0, 24),    V4(192, 88, 99, 0, 24),
    V4(192, 168, 0, 0, 16), V4(198, 18, 0, 0, 15),  V4(198, 51, 100, 0, 24), V4(203, 0, 113, 0, 24),
    V4(224, 0, 0, 0, 4),    V4(240, 0, 0, 0, 4),
};

/* Of IPv6 only 2000::/3 is the Internet, without these. */
static const struct net CLOSED_V6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 32}, /* Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x01, 0x00, 0x10}, 28}, /* ORCHID */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
};
static const struct net GLOBAL_V6 = {{0x20}, 3};
static const struct net MAPPED = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255}, 96};
static const struct net NAT64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
static const struct net SIX_TO_FOUR = {{0x20, 0x02}, 16};

/* Ports below 1024 that answer to nobody but HTTP, and those of databases and the like. */
static const uint16_t CLOSED_PORTS[] = {1433, 1521, 2049, 2375,  2376,  2379, 2380,
                                        3306, 3389, 5432, 5672,  5900,  6379, 6443,
                                        9042, 9200, 9300, 10250, 11211, 27017};

static bool inside(const uint8_t *ip, const uint8_t *net, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(ip, net, bytes) != 0)
        return false;
    return !rest || ((ip[bytes] ^ net[bytes]) >> (8 - rest)) == 0;
}

static void mapped(uint8_t out[16], const uint8_t v4[4])
{
    memset(out, 0, 10);
    out[10] = out[11] = 255;
    memcpy(out + 12, v4, 4);
}

static bool allowed(const struct ssrf *s, const uint8_t *ip)
{
    for (size_t i = 0; i < s->n; i++)
        if (inside(ip, s->allow[i].net, s->allow[i].bits))
            return true;
    return false;
}

static bool open_v4(const uint8_t *ip)
{
    for (size_t i = 0; i < ARRAY_LEN(CLOSED_V4); i++)
        if (inside(ip, CLOSED_V4[i].net, CLOSED_V4[i].bits))
            return false;
    return true;
}

static bool open_v6(const uint8_t *ip)
{
    uint8_t v4[16];
    if (inside(ip, NAT64.net, NAT64.bits)) {
        mapped(v4, ip + 12);
        return open_v4(v4);
    }
    if (inside(ip, SIX_TO_FOUR.net, SIX_TO_FOUR.bits)) {
        mapped(v4, ip + 2);
        return open_v4(v4);
    }
    if (!inside(ip, GLOBAL_V6.net, GLOBAL_V6.bits))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(CLOSED_V6); i++)
        if (inside(ip, CLOSED_V6[i].net, CLOSED_V6[i].bits))
            return false;
    return true;
}

static bool open_port(unsigned port)
{
    if (port < 1024)
        return port == 80 || port == 443;
    for (size_t i = 0; i < ARRAY_LEN(CLOSED_PORTS); i++)
        if (port == CLOSED_PORTS[i])
            return false;
    return true;
}

static bool may(const struct ssrf *s, const struct sockaddr *to, bool (*port_ok)(unsigned port))
{
    uint8_t ip[16];
    unsigned port;
    if (to->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, to, sizeof(in));
        uint8_t v4[4];
        memcpy(v4, &in.sin_addr, sizeof(v4));
        mapped(ip, v4);
        port = ntohs(in.sin_port);
    } else if (to->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, to, sizeof(in));
        memcpy(ip, &in.sin6_addr, sizeof(ip));
        port = ntohs(in.sin6_port);
    } else {
        return false;
    }
    if (allowed(s, ip))
        return true;
    return port_ok(port) && (inside(ip, MAPPED.net, MAPPED.bits) ? open_v4(ip) : open_v6(ip));
}

static bool mail_port(unsigned port)
{
    return port == 143 || port == 993;
}

bool ssrf_ok(const struct ssrf *s, const struct sockaddr *to)
{
    return may(s, to, open_port);
}

bool ssrf_mail_ok(const struct ssrf *s, const struct sockaddr *to)
{
    return may(s, to, mail_port);
}

static bool read_address(struct str text, uint8_t ip[16], unsigned *bits)
{
    char z[64];
    uint8_t v4[4];
    if (text.n >= sizeof(z))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    *bits = 128;
    if (inet_pton(AF_INET, z, v4) == 1) {
        mapped(ip, v4);
        *bits = 32;
        return true;
    }
    return inet_pton(AF_INET6, z, ip) == 1;
}

int ssrf_parse(struct str list, struct ssrf *out, struct err *err)
{
    *out = (struct ssrf){.n = 0};
    while (list.n) {
        struct str one, address, tail;
        unsigned width;
        int64_t bits;
        list = str_cut(list, ',', &one);
        one = str_trim(one);
        if (!one.n)
            continue;
        tail = str_cut(one, '/', &address);
        struct ssrf_rule *r = &out->allow[out->n];
        if (out->n == SSRF_RULES_MAX || !read_address(address, r->net, &width) ||
            (tail.n && !str_int(tail, 0, width, &bits)))
            return err_set(err, ERR_INVALID, "bad_option",
                           "--outbound-allow 应为地址或网段的列表，例如 10.1.0.0/16,127.0.0.1。",
                           "--outbound-allow takes addresses and networks, such as "
                           "10.1.0.0/16,127.0.0.1.");
        r->bits = (tail.n ? (unsigned)bits : width) + (width == 32 ? 96 : 0);
        out->n++;
    }
    return 0;
}

bool ssrf_url_ok(const struct ssrf *s, struct str url)
{
    ptrdiff_t at = str_find(url, STR("://"), 0);
    struct str rest = at < 0 ? url : str_sub(url, (size_t)at + 3, url.n), host;
    uint8_t ip[16];
    unsigned bits;
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
        n++;
    rest.n = n;
    if (rest.n && rest.p[0] == '[')
        (void)str_cut(str_sub(rest, 1, rest.n), ']', &host);
    else
        (void)str_cut(rest, ':', &host);
    if (str_ieq(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (!read_address(host, ip, &bits))
        return true;
    return allowed(s, ip) ||
           (bits == 32 || inside(ip, MAPPED.net, MAPPED.bits) ? open_v4(ip) : open_v6(ip));
}
