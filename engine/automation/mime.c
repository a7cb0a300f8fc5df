/*
 * Headers, encoded words, base64 and quoted-printable, character sets, and the first text part.
 */
#include "engine/automation/mime.h"

#include "engine/base/civil.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/value/html.h"

#include <iconv.h>

#define DEPTH_MAX   8
#define HEADERS_MAX 200

/* ---- encodings ---- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c ? memchr(digits, c, 64) : NULL;
    return p ? (int)(p - digits) : -1;
}

static struct str un_base64(struct arena *a, struct str s)
{
    struct strb b;
    uint32_t v = 0;
    int bits = 0;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        int d = base64_digit(s.p[i]);
        if (d < 0)
            continue;
        v = (v << 6 | (uint32_t)d) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            strb_addc(&b, (char)(v >> bits & 0xff));
        }
    }
    return strb_str(&b);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* word: in a header, where _ is a blank. */
static struct str un_quoted(struct arena *a, struct str s, bool word)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '=' && i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 &&
            hex_digit(s.p[i + 2]) >= 0) {
            strb_addc(&b, (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])));
            i += 2;
        } else if (s.p[i] == '=' && !word) {
            while (i + 1 < s.n && s.p[i] != '\n') /* a soft line break */
                i++;
        } else {
            strb_addc(&b, word && s.p[i] == '_' ? ' ' : s.p[i]);
        }
    }
    return strb_str(&b);
}

static struct str printable(struct arena *a, struct str s)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= ' ' || c == '\n' || c == '\t')
            strb_addc(&b, c < 0x80 ? s.p[i] : '?');
    }
    return strb_str(&b);
}

/* To UTF-8; what cannot be is shown with question marks. */
static struct str to_utf8(struct arena *a, struct str s, struct str charset)
{
    if (utf8_valid(s) || !s.n)
        return s;
    bool chinese = str_ieq(charset, STR("gb2312")) || str_ieq(charset, STR("gbk")) || !charset.n;
    iconv_t cd = iconv_open("UTF-8", chinese ? "GB18030" : str_z(a, charset));
    if (cd == (iconv_t)-1)
        return printable(a, s);
    size_t left = s.n * 4, in_left = s.n, room = left;
    char *out = ARENA_ARRAY(a, char, left), *to = out, *from = str_z(a, s);
    (void)iconv(cd, &from, &in_left, &to, &left); /* what it managed is taken */
    (void)iconv_close(cd);
    struct str got = {out, room - left};
    return utf8_valid(got) ? got : printable(a, s);
}

/* One encoded word "=?charset?B?text?="; *used: its bytes, 0: none stands here. */
static struct str word(struct arena *a, struct str s, size_t *used)
{
    struct str charset, how, text;
    *used = 0;
    if (!str_starts(s, STR("=?")))
        return STR_NONE;
    struct str rest = str_cut(str_sub(s, 2, s.n), '?', &charset);
    rest = str_cut(rest, '?', &how);
    ptrdiff_t end = str_find(rest, STR("?="), 0);
    if (end < 0 || how.n != 1)
        return STR_NONE;
    text = str_sub(rest, 0, (size_t)end);
    *used = (size_t)(rest.p - s.p) + (size_t)end + 2;
    (void)str_cut(charset, '*', &charset);
    text = str_ieq(how, STR("B")) ? un_base64(a, text) : un_quoted(a, text, true);
    return to_utf8(a, text, charset);
}

/* A header's value with its encoded words read; blanks between two of them go. */
static struct str unworded(struct arena *a, struct str s)
{
    struct strb b;
    bool after = false;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n;) {
        size_t used, blanks = 0;
        while (after && i + blanks < s.n && s.p[i + blanks] == ' ')
            blanks++;
        struct str w = word(a, str_sub(s, i + blanks, s.n), &used);
        if (used) {
            strb_add(&b, w);
            i += blanks + used;
            after = true;
            continue;
        }
        after = false;
        strb_addc(&b, s.p[i++]);
    }
    return to_utf8(a, strb_str(&b), STR_NONE);
}

/* ---- headers ---- */

struct part {
    struct str head, body;
};

/* Headers end at the first empty line. */
static struct part split(struct str s)
{
    if (str_starts(s, STR("\n")) || str_starts(s, STR("\r\n"))) /* a part without any */
        return (struct part){STR_NONE, str_sub(s, s.p[0] == '\n' ? 1 : 2, s.n)};
    ptrdiff_t crlf = str_find(s, STR("\r\n\r\n"), 0), lf = str_find(s, STR("\n\n"), 0);
    if (crlf >= 0 && (lf < 0 || crlf < lf))
        return (struct part){str_sub(s, 0, (size_t)crlf + 2), str_sub(s, (size_t)crlf + 4, s.n)};
    if (lf >= 0)
        return (struct part){str_sub(s, 0, (size_t)lf + 1), str_sub(s, (size_t)lf + 2, s.n)};
    return (struct part){s, STR_NONE};
}

/* The first header of this name, unfolded. */
static struct str header(struct arena *a, struct str head, const char *name)
{
    struct strb b;
    bool in = false;
    strb_init(&b, a);
    for (int n = 0; head.n && n < HEADERS_MAX; n++) {
        struct str line, key;
        head = str_cut(head, '\n', &line);
        bool folded = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
        if (in && !folded)
            break;
        if (!folded) {
            struct str value = str_cut(line, ':', &key);
            in = str_ieq(str_trim(key), str_of(name));
            line = value;
        }
        if (in) {
            if (b.n)
                strb_addc(&b, ' ');
            strb_add(&b, str_trim(line));
        }
    }
    return strb_str(&b);
}

/* name=value or name="value" behind the first ; */
static struct str parameter(struct str value, const char *name)
{
    struct str one, rest = str_cut(value, ';', &one);
    while (rest.n) {
        struct str key;
        rest = str_cut(rest, ';', &one);
        struct str v = str_trim(str_cut(one, '=', &key));
        if (!str_ieq(str_trim(key), str_of(name)))
            continue;
        if (v.n > 1 && v.p[0] == '"' && v.p[v.n - 1] == '"')
            v = str_sub(v, 1, v.n - 2);
        return v;
    }
    return STR_NONE;
}

static struct str media_type(struct str value)
{
    struct str type;
    (void)str_cut(value, ';', &type);
    return str_trim(type);
}

/* ---- the text ---- */

static struct str decoded(struct arena *a, const struct part *p, struct str type)
{
    struct str how = header(a, p->head, "Content-Transfer-Encoding");
    struct str s = str_ieq(how, STR("base64"))             ? un_base64(a, p->body)
                   : str_ieq(how, STR("quoted-printable")) ? un_quoted(a, p->body, false)
                                                           : p->body;
    return to_utf8(a, s, parameter(type, "charset"));
}

static struct str text_of(struct arena *a, struct str message, int depth, bool html);

static struct str of_parts(struct arena *a, struct str body, struct str boundary, int depth,
                           bool html)
{
    struct str mark = str_fmt(a, "--%.*s", STR_ARG(boundary));
    ptrdiff_t at = str_find(body, mark, 0);
    while (at >= 0 && boundary.n) {
        struct str rest = str_sub(body, (size_t)at + mark.n, body.n), line;
        if (str_starts(rest, STR("--")))
            break;
        rest = str_cut(rest, '\n', &line);
        ptrdiff_t next = str_find(rest, mark, 0);
        struct str text =
            text_of(a, next < 0 ? rest : str_sub(rest, 0, (size_t)next), depth + 1, html);
        if (text.n)
            return text;
        if (next < 0)
            break;
        body = rest;
        at = next;
    }
    return STR_NONE;
}

/* The first plain (or HTML) text in it that is no attachment. */
static struct str text_of(struct arena *a, struct str message, int depth, bool html)
{
    struct part p = split(message);
    struct str type = header(a, p.head, "Content-Type"), media = media_type(type);
    struct str where = media_type(header(a, p.head, "Content-Disposition"));
    if (depth > DEPTH_MAX || str_ieq(where, STR("attachment")))
        return STR_NONE;
    if (media.n > 10 && str_ieq(str_sub(media, 0, 10), STR("multipart/")))
        return of_parts(a, p.body, parameter(type, "boundary"), depth, html);
    if (html)
        return str_ieq(media, STR("text/html")) ? html_text(a, decoded(a, &p, type)) : STR_NONE;
    return !media.n || str_ieq(media, STR("text/plain")) ? decoded(a, &p, type) : STR_NONE;
}

static struct str plain_lines(struct arena *a, struct str s)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n && b.n < MIME_TEXT_MAX; i++)
        if (s.p[i] != '\r' && (s.p[i] == '\n' || s.p[i] == '\t' || (unsigned char)s.p[i] >= ' '))
            strb_addc(&b, s.p[i]);
    struct str out = strb_str(&b);
    while (out.n && !utf8_valid(out))
        out.n--;
    return str_trim(out);
}

/* ---- date and addresses ---- */

/* "Mon, 24 Nov 2025 16:00:00 +0800" */
static struct val date_of(struct arena *a, struct str s)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct str w[6];
    int64_t day, year, seconds, days, zone = 0;
    int month = 0;
    char buf[40];
    if (str_findc(s, ',') >= 0)
        s = str_cut(s, ',', &w[0]);
    for (size_t i = 0; i < 5; i++)
        s = str_trim(str_cut(str_trim(s), ' ', &w[i]));
    while (month < 12 && !str_ieq(w[1], str_of(months[month])))
        month++;
    if (month == 12 || !str_int(w[0], 1, 31, &day) || !str_int(w[2], 1970, 9999, &year) ||
        !civil_parse_time(w[3], &seconds) || !civil_days((int)year, month + 1, (int)day, &days))
        return VAL_NONE;
    if (w[4].n == 5 && str_int(str_sub(w[4], 1, 4), 0, 1400, &zone))
        zone = (zone / 100 * 3600 + zone % 100 * 60) * (w[4].p[0] == '-' ? -1 : 1);
    int64_t us = days * US_PER_DAY + (seconds - zone) * US_PER_S;
    return val_text(str_dup(a, civil_print_instant(us, buf)));
}

struct address {
    struct str name, address;
};

static struct address address_of(struct str s)
{
    struct str head, address, tail;
    ptrdiff_t at = str_findc(s, '<');
    if (at < 0)
        return (struct address){STR_NONE, str_trim(s)};
    head = str_trim(str_sub(s, 0, (size_t)at));
    tail = str_sub(s, (size_t)at + 1, s.n);
    (void)str_cut(tail, '>', &address);
    if (head.n > 1 && head.p[0] == '"' && head.p[head.n - 1] == '"')
        head = str_sub(head, 1, head.n - 2);
    return (struct address){head, str_trim(address)};
}

struct val mime_read(struct arena *a, struct str message)
{
    struct part p = split(message);
    struct address from = address_of(unworded(a, header(a, p.head, "From")));
    struct address to = address_of(unworded(a, header(a, p.head, "To")));
    struct str text = text_of(a, message, 0, false);
    if (!text.n)
        text = text_of(a, message, 0, true);
    const struct pair pairs[] = {
        {STR("id"), val_text(printable(a, header(a, p.head, "Message-ID")))},
        {STR("from"), val_text(from.address)},
        {STR("from_name"), val_text(from.name)},
        {STR("to"), val_text(to.address)},
        {STR("subject"), val_text(plain_lines(a, unworded(a, header(a, p.head, "Subject"))))},
        {STR("at"), date_of(a, header(a, p.head, "Date"))},
        {STR("text"), val_text(plain_lines(a, text))},
    };
    struct pair *out = ARENA_ARRAY(a, struct pair, ARRAY_LEN(pairs));
    memcpy(out, pairs, sizeof(pairs));
    return val_obj(out, ARRAY_LEN(pairs));
}
