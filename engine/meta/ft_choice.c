/*
 * Field types of choices: select multiselect cascade region location.
 */
#include "engine/meta/ft_int.h"

#include "engine/base/strb.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"
#include "engine/meta/region.h"
#include "engine/value/fold.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

#define MAX_ITEMS 1000

bool ft_items(struct val in, const struct val **items, size_t *n)
{
    if (in.kind != VAL_LIST)
        return false;
    *items = in.list;
    *n = in.n;
    return true;
}

/* Bytes of the separator at `pos`; 0: none. */
static size_t separator_at(struct str s, size_t pos)
{
    static const char *const seps[] = {",", ";", "|", "\n", "、", "，", "；", "/"};
    for (size_t i = 0; i < ARRAY_LEN(seps); i++) {
        if (str_starts(str_sub(s, pos, s.n), str_of(seps[i])))
            return strlen(seps[i]);
    }
    return 0;
}

struct str *ft_split(struct arena *a, struct str s, size_t *n)
{
    VEC(struct str) parts = {0};
    size_t from = 0;
    for (size_t pos = 0; pos <= s.n;) {
        size_t skip = pos < s.n ? separator_at(s, pos) : 1;
        if (!skip) {
            pos++;
            continue;
        }
        struct str part = str_trim(str_sub(s, from, pos - from));
        if (part.n)
            vec_push(a, &parts, part);
        pos += skip;
        from = pos;
    }
    *n = parts.n;
    return parts.v;
}

static struct val unknown_option(const struct field *f, struct val in, struct str path,
                                 struct diags *diags)
{
    return ft_bad(diags, path, "option", "“%.*s”没有选项“%.*s”。", "“%.*s” has no option “%.*s”.",
                  STR_ARG(f->title), STR_ARG(val_str(in)));
}

static bool blank(struct val in)
{
    return val_is_blank(in) || ((in.kind == VAL_TEXT || in.kind == VAL_LIST) && !in.n);
}

static struct val coerce_select(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    (void)a;
    if (blank(in))
        return VAL_NONE;
    const struct option *o = in.kind == VAL_TEXT ? field_option(f, val_str(in)) : NULL;
    return o ? val_text(o->key) : unknown_option(f, in, path, diags);
}

static struct val coerce_multiselect(const struct field *f, struct arena *a, struct val in,
                                     struct str path, struct diags *diags)
{
    const struct val *items = &in;
    size_t n = 1, made = 0;
    if (blank(in))
        return VAL_NONE;
    ft_items(in, &items, &n);
    struct val *out = ARENA_ARRAY(a, struct val, MIN(n, (size_t)MAX_ITEMS));
    for (size_t i = 0; i < n; i++) {
        const struct option *o =
            items[i].kind == VAL_TEXT ? field_option(f, val_str(items[i])) : NULL;
        bool seen = false;
        if (!o)
            return unknown_option(f, items[i], path, diags);
        for (size_t k = 0; k < made && !seen; k++)
            seen = str_eq(val_str(out[k]), o->key);
        if (!seen && made < MAX_ITEMS)
            out[made++] = val_text(o->key);
    }
    return val_list(out, made);
}

static struct val select_from_text(const struct field *f, struct arena *a, struct str cell)
{
    (void)a;
    const struct option *o = field_option_like(f, str_trim(cell));
    return val_text(o ? o->key : str_trim(cell));
}

static struct val multiselect_from_text(const struct field *f, struct arena *a, struct str cell)
{
    size_t n;
    const struct option *whole = field_option_like(f, str_trim(cell));
    struct str *parts = ft_split(a, cell, &n);
    struct val *out = ARENA_ARRAY(a, struct val, n + 1);
    if (whole) {
        out[0] = val_text(whole->key);
        return val_list(out, 1);
    }
    for (size_t i = 0; i < n; i++)
        out[i] = select_from_text(f, a, parts[i]);
    return val_list(out, n);
}

/* ---- cascade: the keys from the first level down ---- */

static const struct option *level_option(const struct option *options, size_t n, struct str s,
                                         bool titles)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(options[i].key, s) || (titles && str_eq(options[i].title, s)))
            return &options[i];
    }
    return NULL;
}

static struct val coerce_cascade(const struct field *f, struct arena *a, struct val in,
                                 struct str path, struct diags *diags)
{
    const struct val *items = &in;
    const struct option *level = f->options;
    size_t n = 1, nlevel = f->noptions;
    if (blank(in))
        return VAL_NONE;
    ft_items(in, &items, &n);
    struct val *out = ARENA_ARRAY(a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        const struct option *o = items[i].kind == VAL_TEXT
                                     ? level_option(level, nlevel, val_str(items[i]), false)
                                     : NULL;
        if (!o)
            return unknown_option(f, items[i], path, diags);
        out[i] = val_text(o->key);
        level = o->options;
        nlevel = o->noptions;
    }
    return val_list(out, n);
}

static struct val cascade_from_text(const struct field *f, struct arena *a, struct str cell)
{
    size_t n, nlevel = f->noptions;
    const struct option *level = f->options;
    struct str *parts = ft_split(a, cell, &n);
    struct val *out = ARENA_ARRAY(a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        const struct option *o = level_option(level, nlevel, parts[i], true);
        out[i] = val_text(o ? o->key : parts[i]);
        level = o ? o->options : NULL;
        nlevel = o ? o->noptions : 0;
    }
    return val_list(out, n);
}

/* ---- region: "浙江省/杭州市/西湖区", at most `depth` levels ---- */

#define REGION_FREE 60 /* code points of the part below the district: a street */

/* What a body says, as one text: a path, or the names in a list. */
static bool region_text(struct arena *a, struct val in, struct str *out)
{
    struct strb b;
    const struct val *items = &in;
    size_t n = 1;
    ft_items(in, &items, &n);
    strb_init(&b, a);
    for (size_t i = 0; i < n; i++) {
        if (items[i].kind != VAL_TEXT)
            return false;
        strb_addz(&b, i ? "/" : "");
        strb_add(&b, str_trim(val_str(items[i])));
    }
    *out = strb_str(&b);
    return utf8_len(*out) <= 200;
}

/* The parts between separators as they stand, in a build without the table of regions. */
static struct str region_as_said(struct arena *a, struct str text, size_t *levels)
{
    struct strb b;
    struct str *part = ft_split(a, text, levels);
    strb_init(&b, a);
    for (size_t i = 0; i < *levels; i++) {
        strb_addz(&b, i ? "/" : "");
        strb_add(&b, part[i]);
    }
    return strb_str(&b);
}

/* Full names by the table; *levels 0: there is no such region. */
static struct str region_path(struct arena *a, struct str text, size_t depth, size_t *levels)
{
    const struct region *all;
    size_t rows[REGION_LEVELS];
    struct str rest;
    struct strb b;
    if (!regions(&all))
        return region_as_said(a, text, levels);
    *levels = region_resolve(text, rows, &rest);
    bool street = rest.n && depth > REGION_LEVELS && *levels == REGION_LEVELS;
    if (rest.n && (!street || utf8_len(rest) > REGION_FREE))
        *levels = 0;
    strb_init(&b, a);
    for (size_t i = 0; i < *levels; i++) {
        strb_addz(&b, i ? "/" : "");
        strb_add(&b, all[rows[i]].name);
    }
    if (street)
        strb_addf(&b, "/%.*s", STR_ARG(rest));
    *levels += street && *levels;
    return strb_str(&b);
}

static struct val coerce_region(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    struct str text;
    size_t levels, depth = f->depth ? f->depth : REGION_LEVELS;
    if (blank(in))
        return VAL_NONE;
    if (!region_text(a, in, &text))
        return ft_bad(diags, path, "type", "“%.*s”应填写地区。", "“%.*s” must be a region.",
                      STR_ARG(f->title));
    if (!text.n)
        return VAL_NONE;
    struct str out = region_path(a, text, depth, &levels);
    if (!levels)
        return ft_bad(diags, path, "region", "没有“%.*s”这个地区，应写成“广东省/深圳市/南山区”。",
                      "There is no region “%.*s”; it is written as 广东省/深圳市/南山区.",
                      STR_ARG(text));
    if (levels > depth)
        return ft_bad(diags, path, "region", "“%.*s”最多写到第 %zu 级。",
                      "“%.*s” goes down %zu levels at most.", STR_ARG(f->title), depth);
    return val_text(out);
}

/* ---- location: {lat, lng, address} ---- */

static struct val coerce_location(const struct field *f, struct arena *a, struct val in,
                                  struct str path, struct diags *diags)
{
    if (blank(in))
        return VAL_NONE;
    struct val lat = val_get(in, STR("lat")), lng = val_get(in, STR("lng"));
    struct val address = val_get(in, STR("address"));
    double y = val_double(lat), x = val_double(lng);
    bool numbers = (lat.kind == VAL_NUM || lat.kind == VAL_DEC) &&
                   (lng.kind == VAL_NUM || lng.kind == VAL_DEC);
    if (in.kind != VAL_OBJ || !numbers || y < -90 || y > 90 || x < -180 || x > 180 ||
        utf8_len(val_str(address)) > 500)
        return ft_bad(diags, path, "location", "“%.*s”应是位置：{lat, lng, address}。",
                      "“%.*s” must be a place as {lat, lng, address}.", STR_ARG(f->title));
    struct pair *out = ARENA_ARRAY(a, struct pair, 3);
    out[0] = (struct pair){STR("lat"), val_num(y)};
    out[1] = (struct pair){STR("lng"), val_num(x)};
    out[2] = (struct pair){STR("address"), address.kind == VAL_TEXT ? address : VAL_NONE};
    return val_obj(out, 3);
}

/* "30.25,120.16", with the address behind it: "30.25,120.16 西湖"; or the JSON form */
static struct val location_from_text(const struct field *f, struct arena *a, struct str cell)
{
    struct str lat, rest, lng;
    struct val v;
    struct err bad = ERR_INIT;
    double y, x;
    (void)f;
    if (str_starts(cell, STR("{")) && json_parse(a, cell, &v, &bad) == 0)
        return v;
    rest = str_trim(str_cut(cell, ',', &lat));
    if (!rest.n) /* a full-width comma */
        rest = str_trim(str_cut(fold_text(a, cell), ',', &lat));
    struct str address = str_trim(str_cut(rest, ' ', &lng));
    if (!num_parse(fold_text(a, lat), &y) || !num_parse(fold_text(a, lng), &x))
        return val_text(cell);
    struct pair *out = ARENA_ARRAY(a, struct pair, 3);
    out[0] = (struct pair){STR("lat"), val_num(y)};
    out[1] = (struct pair){STR("lng"), val_num(x)};
    out[2] = (struct pair){STR("address"), val_text(address)};
    return val_obj(out, address.n ? 3 : 2);
}

static struct str fold_choice(const struct field *f, struct arena *a, struct val v)
{
    (void)f;
    (void)a;
    return val_str(v);
}

static const char *const option_keys[] = {"options", NULL};
static const char *const region_keys[] = {"depth", NULL};

const struct fieldtype ft_choices[] = {
    {.name = STR("select"),
     .fx = FX_TEXT,
     .column = COL_TEXT,
     .widget = STR("select"),
     .keys = option_keys,
     .need = option_keys,
     .zh = "单选",
     .en = "One of the options",
     .coerce = coerce_select,
     .from_text = select_from_text,
     .fold = fold_choice},
    {.name = STR("multiselect"),
     .fx = FX_TEXT,
     .column = COL_JSON,
     .flags = FT_MULTI,
     .widget = STR("multiselect"),
     .keys = option_keys,
     .need = option_keys,
     .zh = "多选",
     .en = "Several of the options",
     .coerce = coerce_multiselect,
     .from_text = multiselect_from_text},
    {.name = STR("cascade"),
     .fx = FX_TEXT,
     .column = COL_JSON,
     .flags = FT_MULTI,
     .widget = STR("cascade"),
     .keys = option_keys,
     .need = option_keys,
     .zh = "级联",
     .en = "Options in levels",
     .coerce = coerce_cascade,
     .from_text = cascade_from_text},
    {.name = STR("region"),
     .fx = FX_TEXT,
     .column = COL_TEXT,
     .widget = STR("region"),
     .keys = region_keys,
     .zh = "地区",
     .en = "Province, city, district",
     .coerce = coerce_region,
     .fold = fold_choice},
    {.name = STR("location"),
     .fx = FX_JSON,
     .column = COL_JSON,
     .widget = STR("location"),
     .zh = "位置",
     .en = "A place on the map",
     .coerce = coerce_location,
     .from_text = location_from_text},
    {.name = {NULL, 0}},
};
