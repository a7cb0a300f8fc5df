/*
 * Request checks. libmicrohttpd 0.9 lets through what proxies read differently (two lengths, a
 * length beside chunks, blanks before the colon); here each of these ends the connection.
 */
#include "runtime/http_guard.h"

#include "engine/base/utf8.h"

static int refuse(struct err *err, const char *what)
{
    return err_set(err, ERR_MALFORMED, "malformed", "请求格式有误（%s）。",
                   "The request is malformed (%s).", what);
}

static bool token(struct str s)
{
    static const char MORE[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == '\0' || !memchr(MORE, c, sizeof(MORE) - 1)))
            return false;
    }
    return s.n > 0;
}

static bool value_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0 && s.n <= 18;
}

static bool host_clean(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || memchr("/\\@?#,\"<>", s.p[i], 9))
            return false;
    return s.n > 0 && s.n <= 255;
}

struct seen {
    unsigned length, host, transfer, auth, type;
};

static const char *look(const struct http_pair *h, struct seen *s)
{
    if (!token(h->name))
        return "header name";
    if (!value_clean(h->value))
        return "header value";
    if (str_ieq(h->name, STR("content-length"))) {
        s->length++;
        return digits(h->value) ? NULL : "Content-Length";
    }
    if (str_ieq(h->name, STR("transfer-encoding"))) {
        s->transfer++;
        return str_ieq(h->value, STR("chunked")) ? NULL : "Transfer-Encoding";
    }
    if (str_ieq(h->name, STR("host"))) {
        s->host++;
        return host_clean(h->value) ? NULL : "Host";
    }
    s->auth += str_ieq(h->name, STR("authorization"));
    s->type += str_ieq(h->name, STR("content-type"));
    return NULL;
}

int guard_headers(struct str version, const struct http_pair *headers, size_t n, struct err *err)
{
    bool v11 = str_eqz(version, "HTTP/1.1");
    if (!v11 && !str_eqz(version, "HTTP/1.0"))
        return refuse(err, "HTTP version");
    if (n > GUARD_HEADERS_MAX)
        return refuse(err, "too many headers");
    struct seen s = {0};
    for (size_t i = 0; i < n; i++) {
        const char *bad = look(&headers[i], &s);
        if (bad)
            return refuse(err, bad);
    }
    if (s.length > 1 || s.transfer > 1 || (s.length && s.transfer))
        return refuse(err, "body length given twice");
    if (s.transfer && !v11)
        return refuse(err, "Transfer-Encoding in HTTP/1.0");
    if (s.host > 1 || (v11 && s.host == 0))
        return refuse(err, "Host");
    if (s.auth > 1 || s.type > 1)
        return refuse(err, "repeated header");
    return 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int guard_decode(struct arena *a, struct str raw, bool plus_is_space, struct str *out,
                 struct err *err)
{
    char *p = arena_alloc(a, raw.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '%') {
            int hi = i + 2 < raw.n ? nibble(raw.p[i + 1]) : -1;
            int lo = i + 2 < raw.n ? nibble(raw.p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return refuse(err, "percent escape");
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return refuse(err, "NUL");
        p[n++] = c;
    }
    *out = (struct str){p, n};
    return utf8_valid(*out) ? 0 : refuse(err, "UTF-8");
}

static bool dots(struct str segment)
{
    return str_eqz(segment, ".") || str_eqz(segment, "..");
}

int guard_target(struct arena *a, struct str target, struct err *err)
{
    struct str path, rest = str_cut(target, '?', &path), decoded;
    if (path.n == 0 || path.p[0] != '/')
        return refuse(err, "target");
    if (!value_clean(target) || str_findc(target, ' ') >= 0 || str_findc(target, '#') >= 0)
        return refuse(err, "target");
    if (guard_decode(a, path, false, &decoded, err) || guard_decode(a, rest, true, &rest, err))
        return -1;
    if (str_findc(decoded, '\\') >= 0)
        return refuse(err, "path");
    while (decoded.n) {
        struct str segment;
        decoded = str_cut(decoded, '/', &segment);
        if (dots(segment) || !value_clean(segment))
            return refuse(err, "path");
    }
    return 0;
}

int guard_query(struct arena *a, struct str raw, struct http_pair **out, size_t *n, struct err *err)
{
    *out = ARENA_ARRAY(a, struct http_pair, GUARD_QUERY_MAX);
    *n = 0;
    while (raw.n) {
        struct str item, name, value;
        raw = str_cut(raw, '&', &item);
        if (!item.n)
            continue;
        if (*n == GUARD_QUERY_MAX)
            return refuse(err, "too many parameters");
        value = str_cut(item, '=', &name);
        struct http_pair *q = &(*out)[*n];
        if (guard_decode(a, name, true, &q->name, err) ||
            guard_decode(a, value, true, &q->value, err))
            return -1;
        for (size_t i = 0; i < *n; i++)
            if (str_eq((*out)[i].name, q->name))
                return refuse(err, "parameter given twice");
        ++*n;
    }
    return 0;
}
