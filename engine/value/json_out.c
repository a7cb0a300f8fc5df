/*
 * JSON out: text straight into a string builder, no tree.
 */
#include "engine/value/json.h"

#include "engine/base/civil.h"
#include "engine/base/id.h"
#include "engine/value/num.h"

#include <assert.h>

void json_init(struct json *j, struct strb *out)
{
    *j = (struct json){.out = out};
}

/* Before a value or a key. */
static void sep(struct json *j)
{
    if (j->comma)
        strb_addc(j->out, ',');
    j->comma = true;
}

static void begin(struct json *j, char c)
{
    sep(j);
    strb_addc(j->out, c);
    j->depth++;
    j->comma = false;
}

static void end(struct json *j, char c)
{
    assert(j->depth > 0);
    strb_addc(j->out, c);
    j->depth--;
    j->comma = true;
}

void json_begin_obj(struct json *j)
{
    begin(j, '{');
}

void json_end_obj(struct json *j)
{
    end(j, '}');
}

void json_begin_list(struct json *j)
{
    begin(j, '[');
}

void json_end_list(struct json *j)
{
    end(j, ']');
}

void json_blank(struct json *j)
{
    sep(j);
    strb_addn(j->out, "null", 4);
}

void json_bool(struct json *j, bool b)
{
    sep(j);
    strb_add(j->out, b ? STR("true") : STR("false"));
}

void json_int(struct json *j, int64_t i)
{
    sep(j);
    strb_addi(j->out, i);
}

void json_num(struct json *j, double num)
{
    char buf[40];
    if (num - num != 0) {
        json_blank(j);
        return;
    }
    sep(j);
    struct str s = num_print_exact(num, buf);
    strb_add(j->out, s);
    /* Many readers, json_parse() too, take digits only for an integer of 64 bits. */
    if ((num >= 0x1p63 || num <= -0x1p63) && str_findc(s, 'e') < 0)
        strb_addn(j->out, "e0", 2);
}

/* ---- texts ---- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Bytes at the start of p that need no escape; eight at a time while it goes. */
static size_t plain_run(const char *p, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t high = ones << 7;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        /* A byte below x (x <= 0x80) borrows into its top bit. */
        if ((((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
            high)
            break;
    }
    while (i < n && is_plain((unsigned char)p[i]))
        i++;
    return i;
}

static void add_escape(struct strb *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *p = shorts; *p; p += 2) {
        if ((unsigned char)*p == c) {
            strb_addc(out, '\\');
            strb_addc(out, p[1]);
            return;
        }
    }
    strb_addn(out, "\\u00", 4);
    strb_addc(out, hex[c >> 4]);
    strb_addc(out, hex[c & 15]);
}

static void add_text(struct strb *out, struct str s)
{
    strb_reserve(out, s.n + 2);
    strb_addc(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_run(s.p + i, s.n - i);
        strb_addn(out, s.p + i, run);
        i += run;
        if (i < s.n)
            add_escape(out, (unsigned char)s.p[i++]);
    }
    strb_addc(out, '"');
}

void json_key(struct json *j, struct str key)
{
    assert(j->depth > 0);
    sep(j);
    add_text(j->out, key);
    strb_addc(j->out, ':');
    j->comma = false;
}

void json_str(struct json *j, struct str s)
{
    sep(j);
    add_text(j->out, s);
}

/* ---- values ---- */

/* Text of known plain characters. */
static void quoted(struct json *j, struct str s)
{
    sep(j);
    strb_addc(j->out, '"');
    strb_add(j->out, s);
    strb_addc(j->out, '"');
}

static void put_dec(struct json *j, struct val v)
{
    char buf[40];
    sep(j);
    strb_add(j->out, num_print_dec(v.i, v.scale, buf));
}

static void put_ref(struct json *j, const struct ref *r)
{
    char buf[16];
    json_begin_obj(j);
    json_key(j, STR("id"));
    quoted(j, id_print(r->id, buf));
    json_key(j, STR("title"));
    if (r->title.p)
        json_str(j, r->title);
    else
        json_blank(j);
    if (r->type.n) {
        json_kint(j, "size", r->size_bytes);
        json_kstr(j, "type", r->type);
    }
    json_end_obj(j);
}

static void put_list(struct json *j, struct val v)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < v.n; i++)
        json_val(j, v.list[i]);
    json_end_list(j);
}

static void put_obj(struct json *j, struct val v)
{
    json_begin_obj(j);
    for (uint32_t i = 0; i < v.n; i++) {
        json_key(j, v.obj[i].key);
        json_val(j, v.obj[i].value);
    }
    json_end_obj(j);
}

void json_val(struct json *j, struct val v)
{
    char buf[40];
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: json_bool(j, v.b); return;
    case VAL_NUM: json_num(j, v.num); return;
    case VAL_DEC: put_dec(j, v); return;
    case VAL_TEXT: json_str(j, val_str(v)); return;
    case VAL_DATE: quoted(j, civil_print_date(v.i, buf)); return;
    case VAL_TIME: quoted(j, civil_print_time(v.i, buf)); return;
    case VAL_INSTANT: quoted(j, civil_print_instant(v.i, buf)); return;
    case VAL_REF: put_ref(j, v.ref); return;
    case VAL_LIST: put_list(j, v); return;
    case VAL_OBJ: put_obj(j, v); return;
    case VAL_BLANK:
    case VAL_ABSENT: break;
    }
    json_blank(j);
}
