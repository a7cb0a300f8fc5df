/*
 * Field types that hold a text: text textarea richtext phone email url id_number.
 */
#include "engine/meta/ft_int.h"

#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/value/fold.h"
#include "engine/value/html.h"

#define TEXT_MAX     2000   /* code points, unless `max` says less */
#define TEXTAREA_MAX 100000 /* long texts */
#define SHORT_MAX    254    /* addresses, numbers */

struct str ft_fold_text(const struct field *f, struct arena *a, struct val v)
{
    if (v.kind != VAL_TEXT || str_eqz(f->normalize, "none"))
        return val_str(v);
    return fold_text(a, val_str(v));
}

static struct str ft_mask_name(struct arena *a, struct val v)
{
    struct str s = val_str(v);
    return s.n ? str_fmt(a, "%.*s**", STR_ARG(str_sub(s, 0, utf8_offset(s, 1)))) : STR_NONE;
}

/* The trimmed text, or false with a problem. Blank gives an empty one. */
static bool take_text(const struct field *f, struct val in, size_t bound, struct str path,
                      struct diags *diags, struct str *out)
{
    *out = STR_NONE;
    if (val_is_blank(in))
        return true;
    if (in.kind != VAL_TEXT) {
        diag_field(diags, path, "type", "“%.*s”应填写文字。", "“%.*s” must be a text.",
                   STR_ARG(f->title));
        return false;
    }
    struct str s = str_trim(val_str(in));
    size_t max = f->max_length ? MIN(f->max_length, bound) : bound;
    size_t n = s.n > max ? utf8_len(s) : s.n;
    if (n > max) {
        diag_field(diags, path, "too_long", "“%.*s”最多 %zu 个字，现在是 %zu 个。",
                   "“%.*s” takes at most %zu characters, this has %zu.", STR_ARG(f->title), max, n);
        return false;
    }
    *out = s;
    return true;
}

/* A single line: what stands for a line break becomes a space. */
static struct val coerce_text(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    struct str s;
    if (!take_text(f, in, TEXT_MAX, path, diags, &s))
        return VAL_NONE;
    bool broken = false;
    for (size_t i = 0; i < s.n && !broken; i++)
        broken = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f;
    if (!broken)
        return val_text(s);
    char *copy = str_z(a, s);
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    }
    return val_text((struct str){copy, s.n});
}

static struct val coerce_long(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    struct str s;
    (void)a;
    return take_text(f, in, TEXTAREA_MAX, path, diags, &s) ? val_text(s) : VAL_NONE;
}

/* What is stored and sent is what may be shown: markup beyond the allow-list is gone. */
static struct val coerce_rich(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    struct str s;
    if (!take_text(f, in, TEXTAREA_MAX, path, diags, &s))
        return VAL_NONE;
    s = html_clean(a, s);
    return html_text(a, s).n || str_find(s, STR("<img "), 0) >= 0 ? val_text(s) : VAL_NONE;
}

/* ---- phone ---- */

/* Digits, and what people write between them; full-width forms too. */
static bool phone_ok(struct arena *a, struct str s)
{
    struct str t = fold_text(a, s);
    size_t digits = 0;
    for (size_t i = 0; i < t.n; i++) {
        bool digit = t.p[i] >= '0' && t.p[i] <= '9';
        digits += digit;
        if (!digit && !strchr("+-() .,/#x;*", t.p[i]) &&
            !str_starts(str_sub(t, i, 3), STR("ext")) && t.p[i] != 'e' && t.p[i] != 't')
            return false;
    }
    return digits >= 3 && digits <= 20;
}

static struct val coerce_phone(const struct field *f, struct arena *a, struct val in,
                               struct str path, struct diags *diags)
{
    struct str s;
    if (!take_text(f, in, 40, path, diags, &s) || !s.n)
        return VAL_NONE;
    if (!phone_ok(a, s))
        return ft_bad(diags, path, "phone", "“%.*s”不是有效的电话号码。",
                      "“%.*s” is no valid telephone number.", STR_ARG(s));
    return val_text(s);
}

static struct str fold_phone_value(const struct field *f, struct arena *a, struct val v)
{
    (void)f;
    return v.kind == VAL_TEXT ? fold_phone(a, val_str(v)) : STR_NONE;
}

/* 138****6021; of a short one only the last two stay. */
static struct str mask_phone(struct arena *a, struct val v)
{
    struct str d = v.kind == VAL_TEXT ? fold_phone(a, val_str(v)) : STR_NONE;
    if (!d.n)
        return STR_NONE;
    if (d.n < 9)
        return str_fmt(a, "****%.*s", STR_ARG(str_sub(d, d.n - MIN(d.n, (size_t)2), 2)));
    return str_fmt(a, "%.*s****%.*s", STR_ARG(str_sub(d, 0, 3)), STR_ARG(str_sub(d, d.n - 4, 4)));
}

/* ---- email, url ---- */

bool fieldtype_email_ok(struct str s)
{
    struct str user, host = str_cut(s, '@', &user);
    if (!user.n || user.n > 64 || !host.n || str_findc(host, '@') >= 0 ||
        str_findc(host, '.') < 1 || host.p[host.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || strchr("<>\"(),;:\\[]", s.p[i]))
            return false;
    }
    return str_find(host, STR(".."), 0) < 0;
}

static struct val coerce_email(const struct field *f, struct arena *a, struct val in,
                               struct str path, struct diags *diags)
{
    struct str s;
    (void)a;
    if (!take_text(f, in, SHORT_MAX, path, diags, &s) || !s.n)
        return VAL_NONE;
    if (!fieldtype_email_ok(s))
        return ft_bad(diags, path, "email", "“%.*s”不是有效的邮箱地址。",
                      "“%.*s” is no valid e-mail address.", STR_ARG(s));
    return val_text(s);
}

static struct str mask_email(struct arena *a, struct val v)
{
    struct str user, host = str_cut(val_str(v), '@', &user);
    if (v.kind != VAL_TEXT || !host.n)
        return STR_NONE;
    return str_fmt(a, "%.*s***@%.*s", STR_ARG(str_sub(user, 0, utf8_offset(user, 1))),
                   STR_ARG(host));
}

static struct val coerce_url(const struct field *f, struct arena *a, struct val in, struct str path,
                             struct diags *diags)
{
    struct str s;
    if (!take_text(f, in, TEXT_MAX, path, diags, &s) || !s.n)
        return VAL_NONE;
    bool http =
        str_ieq(str_sub(s, 0, 7), STR("http://")) || str_ieq(str_sub(s, 0, 8), STR("https://"));
    if (!http && str_find(s, STR(":"), 0) < 0 && str_findc(s, '.') > 0)
        s = str_fmt(a, "https://%.*s", STR_ARG(s)); /* as typed: example.com/x */
    else if (!http)
        return ft_bad(diags, path, "url", "“%.*s”不是有效的网址，应以 http:// 或 https:// 开头。",
                      "“%.*s” is no web address; it begins with http:// or https://.", STR_ARG(s));
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || strchr("<>\"\\^`{|}", s.p[i]))
            return ft_bad(diags, path, "url", "网址“%.*s”里有不允许的字符。",
                          "The web address “%.*s” holds a character that is not allowed.",
                          STR_ARG(s));
    }
    return val_text(s);
}

/* ---- id_number: GB 11643, 18 characters with a check digit ---- */

static bool id_number_ok(struct str s)
{
    static const unsigned char weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    unsigned sum = 0;
    int64_t year, month, day, date;
    if (s.n != 18)
        return false;
    for (size_t i = 0; i < 17; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        sum += weights[i] * (unsigned)(s.p[i] - '0');
    }
    if (!str_int(str_sub(s, 6, 4), 1800, 2999, &year) ||
        !str_int(str_sub(s, 10, 2), 1, 12, &month) || !str_int(str_sub(s, 12, 2), 1, 31, &day) ||
        !civil_days((int)year, (int)month, (int)day, &date))
        return false;
    return s.p[17] == "10X98765432"[sum % 11];
}

static struct val coerce_id_number(const struct field *f, struct arena *a, struct val in,
                                   struct str path, struct diags *diags)
{
    struct str s;
    if (!take_text(f, in, 40, path, diags, &s) || !s.n)
        return VAL_NONE;
    struct str t = fold_text(a, s); /* half width, lower case */
    char *up = str_z(a, t);
    if (t.n == 18 && up[17] == 'x')
        up[17] = 'X';
    if (!id_number_ok((struct str){up, t.n}))
        return ft_bad(diags, path, "id_number", "“%.*s”填写的身份证号不正确。",
                      "“%.*s” is no valid identity number.", STR_ARG(f->title));
    return val_text((struct str){up, t.n});
}

static struct str mask_id_number(struct arena *a, struct val v)
{
    struct str s = val_str(v);
    if (s.n < 8)
        return s.n ? STR("****") : STR_NONE;
    return str_fmt(a, "%.*s***********%.*s", STR_ARG(str_sub(s, 0, 3)),
                   STR_ARG(str_sub(s, s.n - 4, 4)));
}

static const char *const text_keys[] = {"max", NULL};

#define TEXT_ROW .fx = FX_TEXT, .column = COL_TEXT, .fold = ft_fold_text

const struct fieldtype ft_texts[] = {
    {.name = STR("text"),
     TEXT_ROW,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("input"),
     .keys = text_keys,
     .zh = "单行文字",
     .en = "One line of text",
     .coerce = coerce_text,
     .mask = ft_mask_name},
    {.name = STR("textarea"),
     TEXT_ROW,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("textarea"),
     .keys = text_keys,
     .zh = "多行文字",
     .en = "Several lines of text",
     .coerce = coerce_long},
    {.name = STR("richtext"),
     TEXT_ROW,
     .flags = FT_TEXTUAL,
     .widget = STR("richtext"),
     .keys = text_keys,
     .zh = "富文本",
     .en = "Formatted text",
     .coerce = coerce_rich},
    {.name = STR("phone"),
     .fx = FX_TEXT,
     .column = COL_TEXT,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("phone"),
     .zh = "电话",
     .en = "Telephone number",
     .coerce = coerce_phone,
     .fold = fold_phone_value,
     .mask = mask_phone},
    {.name = STR("email"),
     TEXT_ROW,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("email"),
     .zh = "邮箱",
     .en = "E-mail address",
     .coerce = coerce_email,
     .mask = mask_email},
    {.name = STR("url"),
     TEXT_ROW,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("url"),
     .zh = "网址",
     .en = "Web address",
     .coerce = coerce_url},
    {.name = STR("id_number"),
     TEXT_ROW,
     .flags = FT_FOLD | FT_TEXTUAL,
     .widget = STR("input"),
     .zh = "身份证号",
     .en = "Identity number",
     .coerce = coerce_id_number,
     .mask = mask_id_number},
    {.name = {NULL, 0}},
};
