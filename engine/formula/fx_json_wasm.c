/*
 * json_parse() for the browser: what the page made with JSON.stringify, with the limits of json.h.
 */
#include "engine/base/utf8.h"
#include "engine/base/vec.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

struct reader {
    struct arena *a;
    struct str s;
    size_t pos;
    unsigned depth;
    size_t nodes;
};

static bool value(struct reader *r, struct val *out);

static void skip(struct reader *r)
{
    while (r->pos < r->s.n && (r->s.p[r->pos] == ' ' || r->s.p[r->pos] == '\n' ||
                               r->s.p[r->pos] == '\t' || r->s.p[r->pos] == '\r')) {
        r->pos++;
    }
}

static bool take(struct reader *r, char c)
{
    skip(r);
    if (r->pos >= r->s.n || r->s.p[r->pos] != c) {
        return false;
    }
    r->pos++;
    return true;
}

static bool hex4(struct reader *r, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = r->pos < r->s.n ? r->s.p[r->pos++] : '\0';
        uint32_t d = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 16;
        if (d == 16) {
            return false;
        }
        *out = *out * 16 + d;
    }
    return true;
}

static bool escape(struct reader *r, struct strb *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char c = r->pos < r->s.n ? r->s.p[r->pos++] : '\0';
    uint32_t cp;
    uint32_t low;
    for (size_t i = 0; c != '\0' && i + 1 < sizeof(from); i++) {
        if (from[i] == c) {
            strb_addc(out, to[i]);
            return true;
        }
    }
    if (c != 'u' || !hex4(r, &cp) || cp == 0) {
        return false;
    }
    if (cp >= 0xD800 && cp < 0xDC00) {
        if (!str_starts(str_sub(r->s, r->pos, 2), STR("\\u"))) {
            return false;
        }
        r->pos += 2;
        if (!hex4(r, &low) || low < 0xDC00 || low > 0xDFFF) {
            return false;
        }
        cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
    }
    strb_addu(out, cp);
    return true;
}

static bool text(struct reader *r, struct str *out)
{
    size_t start = r->pos;
    while (r->pos < r->s.n && r->s.p[r->pos] != '"' && r->s.p[r->pos] != '\\') {
        r->pos++;
    }
    if (r->pos < r->s.n && r->s.p[r->pos] == '"') {
        *out = str_sub(r->s, start, r->pos++ - start);
        return true;
    }
    struct strb b;
    strb_init(&b, r->a);
    strb_add(&b, str_sub(r->s, start, r->pos - start));
    while (r->pos < r->s.n && r->s.p[r->pos] != '"') {
        char c = r->s.p[r->pos++];
        if (c != '\\') {
            strb_addc(&b, c);
        } else if (!escape(r, &b)) {
            return false;
        }
    }
    *out = strb_str(&b);
    return r->pos++ < r->s.n;
}

static bool number(struct reader *r, struct val *out)
{
    size_t start = r->pos;
    double x;
    while (r->pos < r->s.n && memchr("+-.eE0123456789", r->s.p[r->pos], 15) != NULL) {
        r->pos++;
    }
    if (!num_parse(str_sub(r->s, start, r->pos - start), &x)) {
        return false;
    }
    *out = val_num(x);
    return true;
}

static bool list(struct reader *r, struct val *out)
{
    VEC(struct val) items = {0};
    if (!take(r, ']')) {
        do {
            struct val v;
            if (!value(r, &v)) {
                return false;
            }
            vec_push(r->a, &items, v);
        } while (take(r, ','));
        if (!take(r, ']')) {
            return false;
        }
    }
    *out = (struct val){.kind = VAL_LIST, .n = (uint32_t)items.n, .list = items.v};
    return true;
}

static bool object(struct reader *r, struct val *out)
{
    VEC(struct pair) pairs = {0};
    if (!take(r, '}')) {
        do {
            struct pair p;
            if (!take(r, '"') || !text(r, &p.key) || !take(r, ':') || !value(r, &p.value)) {
                return false;
            }
            vec_push(r->a, &pairs, p);
        } while (take(r, ','));
        if (!take(r, '}')) {
            return false;
        }
    }
    *out = val_obj(pairs.v, pairs.n);
    return true;
}

static bool word(struct reader *r, struct str w, struct val v, struct val *out)
{
    if (!str_starts(str_sub(r->s, r->pos, w.n), w)) {
        return false;
    }
    r->pos += w.n;
    *out = v;
    return true;
}

static bool value(struct reader *r, struct val *out)
{
    struct str s;
    bool ok = false;
    skip(r);
    if (r->pos >= r->s.n || ++r->depth > JSON_MAX_DEPTH || ++r->nodes > JSON_MAX_NODES) {
        return false;
    }
    switch (r->s.p[r->pos]) {
    case '{':
        r->pos++;
        ok = object(r, out);
        break;
    case '[':
        r->pos++;
        ok = list(r, out);
        break;
    case '"':
        r->pos++;
        ok = text(r, &s);
        *out = (struct val){.kind = VAL_TEXT, .n = (uint32_t)s.n, .text = s.p};
        break;
    case 't': ok = word(r, STR("true"), val_bool(true), out); break;
    case 'f': ok = word(r, STR("false"), val_bool(false), out); break;
    case 'n': ok = word(r, STR("null"), VAL_NONE, out); break;
    default: ok = number(r, out);
    }
    r->depth--;
    return ok;
}

int json_parse(struct arena *a, struct str bytes, struct val *out, struct err *err)
{
    struct reader r = {.a = a, .s = bytes};
    (void)err;
    if (!utf8_valid(bytes) || !value(&r, out)) {
        return -1;
    }
    skip(&r);
    return r.pos == bytes.n ? 0 : -1;
}
