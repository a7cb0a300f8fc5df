/*
 * Field types of numbers and booleans: number percent rating boolean.
 */
#include "engine/meta/ft_int.h"

#include "engine/base/utf8.h"
#include "engine/value/fold.h"
#include "engine/value/num.h"

#define MAX_UNITS (INT64_C(1) << 53)

static struct val not_number(const struct field *f, struct str path, struct diags *diags)
{
    return ft_bad(diags, path, "type", "“%.*s”应填写数字。", "“%.*s” must be a number.",
                  STR_ARG(f->title));
}

/* To units of the field's scale; false beyond 2^53. */
static bool to_units(const struct field *f, struct val in, int64_t *units)
{
    bool ok = in.kind == VAL_DEC ? num_rescale(in.i, in.scale, f->scale, units)
                                 : num_to_dec(in.num, f->scale, units);
    return ok && *units <= MAX_UNITS && *units >= -MAX_UNITS;
}

static struct str shown(struct val v, char buf[40])
{
    return v.kind == VAL_DEC ? num_print_dec(v.i, v.scale, buf) : num_print(val_double(v), buf);
}

static bool in_range(const struct field *f, struct val v, struct str path, struct diags *diags)
{
    char buf[40];
    double x = val_double(v);
    bool low = f->min.kind != VAL_ABSENT && x < val_double(f->min);
    bool high = f->max.kind != VAL_ABSENT && x > val_double(f->max);
    if (low)
        diag_field(diags, path, "min", "“%.*s”不能小于 %.*s。", "“%.*s” must be at least %.*s.",
                   STR_ARG(f->title), STR_ARG(shown(f->min, buf)));
    else if (high)
        diag_field(diags, path, "max", "“%.*s”不能大于 %.*s。", "“%.*s” must be at most %.*s.",
                   STR_ARG(f->title), STR_ARG(shown(f->max, buf)));
    return !low && !high;
}

static struct val coerce_number(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    int64_t units;
    struct val v;
    (void)a;
    if (val_is_blank(in) || (in.kind == VAL_TEXT && !str_trim(val_str(in)).n))
        return VAL_NONE;
    if (in.kind != VAL_NUM && in.kind != VAL_DEC)
        return not_number(f, path, diags);
    if (!f->has_scale) {
        v = val_num(val_double(in));
    } else if (to_units(f, in, &units)) {
        v = val_dec(units, f->scale);
    } else {
        return ft_bad(diags, path, "too_large", "“%.*s”的数太大。", "“%.*s” is too large a number.",
                      STR_ARG(f->title));
    }
    return in_range(f, v, path, diags) ? v : VAL_NONE;
}

static struct val coerce_rating(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    struct val v = coerce_number(f, a, in, path, diags);
    if (!val_is_blank(v) && val_double(in) != val_double(v))
        return ft_bad(diags, path, "type", "“%.*s”应是整数。", "“%.*s” must be a whole number.",
                      STR_ARG(f->title));
    return v;
}

/* "￥1,234.50", "１２", "(3.5)" of ledgers; gives the text itself when it is no number. */
static struct val number_of_text(struct arena *a, struct str cell, unsigned shift)
{
    struct str s = str_trim(fold_text(a, cell));
    char *out = arena_alloc(a, s.n + 2);
    size_t n = 0;
    bool brackets = s.n > 2 && s.p[0] == '(' && s.p[s.n - 1] == ')';
    if (brackets) {
        s = str_sub(s, 1, s.n - 2);
        out[n++] = '-';
    }
    if (str_starts(s, STR("¥")) || str_starts(s, STR("$")) || str_starts(s, STR("€")))
        s = str_sub(s, utf8_offset(s, 1), s.n);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ',' && s.p[i] != ' ')
            out[n++] = s.p[i];
    }
    struct str t = {out, n};
    ptrdiff_t dot = str_findc(t, '.');
    size_t decimals = dot < 0 ? 0 : t.n - (size_t)dot - 1;
    int64_t units;
    double num;
    if (decimals + shift <= 12 && num_parse_dec(t, (unsigned)decimals, &units) &&
        str_findc(t, 'e') < 0)
        return val_dec(units, (unsigned)decimals + shift);
    if (num_parse(t, &num))
        return val_num(shift ? num / 100 : num);
    return val_text(cell);
}

static struct val number_from_text(const struct field *f, struct arena *a, struct str cell)
{
    (void)f;
    return number_of_text(a, cell, 0);
}

/* "30%" is 0.3; "0.3" too. */
static struct val percent_from_text(const struct field *f, struct arena *a, struct str cell)
{
    struct str s = str_trim(fold_text(a, cell));
    (void)f;
    if (s.n && s.p[s.n - 1] == '%')
        return number_of_text(a, str_sub(s, 0, s.n - 1), 2);
    return number_of_text(a, cell, 0);
}

/* ---- boolean ---- */

static struct val coerce_boolean(const struct field *f, struct arena *a, struct val in,
                                 struct str path, struct diags *diags)
{
    (void)a;
    if (val_is_blank(in) || (in.kind == VAL_TEXT && !in.n))
        return VAL_NONE;
    if (in.kind != VAL_BOOL)
        return ft_bad(diags, path, "type", "“%.*s”应填写是或否（true 或 false）。",
                      "“%.*s” must be true or false.", STR_ARG(f->title));
    return in;
}

static struct val boolean_from_text(const struct field *f, struct arena *a, struct str cell)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"y", true},   {"1", true},
                 {"是", true},     {"√", true},   {"有", true},  {"on", true},
                 {"false", false}, {"no", false}, {"n", false},  {"0", false},
                 {"否", false},    {"×", false},  {"无", false}, {"off", false}};
    struct str s = fold_text(a, cell);
    (void)f;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_eq(s, fold_text(a, str_of(words[i].text))))
            return val_bool(words[i].value);
    }
    return val_text(cell);
}

static const char *const number_keys[] = {"scale", "unit", "min", "max", NULL};
static const char *const rating_keys[] = {"min", "max", NULL};

const struct fieldtype ft_numbers[] = {
    {.name = STR("number"),
     .fx = FX_NUM,
     .column = COL_REAL,
     .widget = STR("number"),
     .keys = number_keys,
     .zh = "数字；有 scale 时精确到小数位",
     .en = "A number; exact to its decimals with `scale`",
     .coerce = coerce_number,
     .from_text = number_from_text},
    {.name = STR("percent"),
     .fx = FX_NUM,
     .column = COL_REAL,
     .widget = STR("percent"),
     .keys = number_keys,
     .zh = "百分数，0.3 显示为 30%",
     .en = "A fraction shown as per cent",
     .coerce = coerce_number,
     .from_text = percent_from_text},
    {.name = STR("rating"),
     .fx = FX_NUM,
     .column = COL_INT,
     .widget = STR("rating"),
     .keys = rating_keys,
     .zh = "评分，默认 1 到 5",
     .en = "A rating, 1 to 5 unless said",
     .coerce = coerce_rating,
     .from_text = number_from_text},
    {.name = STR("boolean"),
     .fx = FX_BOOL,
     .column = COL_INT,
     .widget = STR("switch"),
     .zh = "是或否",
     .en = "Yes or no",
     .coerce = coerce_boolean,
     .from_text = boolean_from_text},
    {.name = {NULL, 0}},
};
