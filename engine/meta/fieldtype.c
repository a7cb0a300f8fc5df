/*
 * The table of field types, and how values become columns and come back.
 */
#include "engine/meta/fieldtype.h"

#include "engine/meta/ft_int.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

static const struct fieldtype *const all[] = {
    &ft_texts[0],    &ft_texts[1],    &ft_texts[2],    &ft_numbers[0],  &ft_numbers[1],
    &ft_numbers[2],  &ft_dates[0],    &ft_dates[1],    &ft_dates[2],    &ft_numbers[3],
    &ft_choices[0],  &ft_choices[1],  &ft_choices[2],  &ft_choices[3],  &ft_choices[4],
    &ft_texts[3],    &ft_texts[4],    &ft_texts[5],    &ft_texts[6],    &ft_people[0],
    &ft_people[1],   &ft_people[2],   &ft_people[3],   &ft_links[0],    &ft_links[1],
    &ft_computed[0], &ft_computed[1], &ft_computed[2], &ft_computed[3], &ft_computed[4],
    &ft_files[0],    &ft_files[1],    &ft_files[2],    &ft_files[3],
};

const struct fieldtype *fieldtype_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (str_eq(all[i]->name, name))
            return all[i];
    }
    return NULL;
}

size_t fieldtypes(const struct fieldtype *const **out)
{
    *out = all;
    return ARRAY_LEN(all);
}

/* ---- columns ---- */

enum col_kind field_column_kind(const struct field *f)
{
    struct fx_field x;
    field_fx(f, &x);
    if (f->encrypted)
        return COL_TEXT;
    if (x.type.list || x.type.base == FX_JSON || x.type.base == FX_ROWS)
        return COL_JSON;
    switch ((enum fx_base)x.type.base) {
    case FX_NUM: return x.type.has_scale ? COL_INT : COL_REAL;
    case FX_BOOL:
    case FX_DATE:
    case FX_DATETIME:
    case FX_TIME:
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return COL_INT;
    case FX_BLANK:
    case FX_TEXT: return COL_TEXT;
    case FX_ROWS:
    case FX_JSON: break;
    }
    return COL_JSON;
}

bool field_has_column(const struct field *f)
{
    if (f->type->flags & FT_NO_COLUMN)
        return false;
    return !(f->type->flags & FT_COMPUTED) || f->stored;
}

static bool is_ref(uint8_t base)
{
    return base == FX_LINK || base == FX_MEMBER || base == FX_DEPT;
}

/* A list as JSON: ids as integers, so that json_each gives what a column of ids holds. */
static struct val list_column(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; i < v.n; i++) {
        if (v.list[i].kind == VAL_REF)
            json_int(&j, v.list[i].ref->id);
        else if (v.list[i].kind == VAL_DATE || v.list[i].kind == VAL_INSTANT ||
                 v.list[i].kind == VAL_TIME)
            json_int(&j, v.list[i].i);
        else
            json_val(&j, v.list[i]);
    }
    json_end_list(&j);
    return val_text(strb_str(&b));
}

static struct val json_column(struct arena *a, struct val v)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, v);
    return val_text(strb_str(&b));
}

struct val field_to_column(const struct field *f, struct arena *a, struct val v)
{
    struct fx_field x;
    int64_t units;
    field_fx(f, &x);
    if (val_is_blank(v))
        return VAL_NONE;
    if (x.type.base == FX_JSON || x.type.base == FX_ROWS)
        return json_column(a, v);
    if (v.kind == VAL_LIST)
        return list_column(a, v);
    if (x.type.base == FX_NUM && x.type.has_scale) {
        bool ok = v.kind == VAL_DEC ? num_rescale(v.i, v.scale, x.type.scale, &units)
                                    : num_to_dec(val_double(v), x.type.scale, &units);
        return ok ? val_dec(units, x.type.scale) : VAL_NONE;
    }
    if (x.type.base == FX_NUM)
        return val_num(val_double(v));
    return v;
}

/* The items of a JSON list, made into what the type says. */
static struct val list_value(struct arena *a, const struct fx_type *t, struct val list)
{
    struct val *out = ARENA_ARRAY(a, struct val, list.n);
    for (size_t i = 0; i < list.n; i++) {
        struct val v = list.list[i];
        int64_t n = v.kind == VAL_DEC ? v.i : (int64_t)val_double(v);
        if (is_ref(t->base))
            v = val_ref(a, n, STR_NONE);
        else if (t->base == FX_DATE)
            v = val_date(n);
        else if (t->base == FX_DATETIME)
            v = val_instant(n);
        else if (t->base == FX_TIME)
            v = val_time(n);
        out[i] = v;
    }
    return val_list(out, list.n);
}

/* Files come back as references. */
static struct val files_value(const struct field *f, struct arena *a, struct val list)
{
    struct diags ignored;
    if (list.kind != VAL_LIST || f->type->coerce == NULL || str_eqz(f->type->name, "json"))
        return list;
    diags_init(&ignored, a);
    return f->type->coerce(f, a, list, STR_NONE, &ignored);
}

static struct val json_value(const struct field *f, struct arena *a, const struct fx_type *t,
                             struct str text)
{
    struct val v;
    struct err err = ERR_INIT;
    if (json_parse(a, str_dup(a, text), &v, &err) < 0)
        return VAL_NONE;
    if (t->base == FX_JSON)
        return f->type->flags & FT_COMPUTED ? v : files_value(f, a, v);
    return v.kind == VAL_LIST ? list_value(a, t, v) : v;
}

struct val field_from_val(const struct field *f, struct arena *a, struct val raw)
{
    struct fx_field x;
    int64_t n = raw.kind == VAL_DEC ? raw.i : (int64_t)val_double(raw);
    if (val_is_blank(raw))
        return VAL_NONE;
    field_fx(f, &x);
    if (x.type.list || x.type.base == FX_JSON || x.type.base == FX_ROWS)
        return json_value(f, a, &x.type, val_str(raw));
    switch ((enum fx_base)x.type.base) {
    case FX_BOOL: return val_bool(n != 0);
    case FX_NUM: return x.type.has_scale ? val_dec(n, x.type.scale) : val_num(val_double(raw));
    case FX_DATE: return val_date(n);
    case FX_DATETIME: return val_instant(n);
    case FX_TIME: return val_time(n);
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return val_ref(a, n, STR_NONE);
    case FX_BLANK:
    case FX_TEXT:
    case FX_ROWS:
    case FX_JSON: break;
    }
    return raw;
}

struct val field_from_column(const struct field *f, struct arena *a, struct stmt *s, int column)
{
    struct fx_field x;
    if (stmt_null(s, column))
        return VAL_NONE;
    field_fx(f, &x);
    if (x.type.list || x.type.base == FX_JSON || x.type.base == FX_ROWS)
        return json_value(f, a, &x.type, stmt_str(s, column));
    switch ((enum fx_base)x.type.base) {
    case FX_BOOL: return val_bool(stmt_int(s, column) != 0);
    case FX_NUM:
        return x.type.has_scale ? val_dec(stmt_int(s, column), x.type.scale)
                                : val_num(stmt_num(s, column));
    case FX_DATE: return val_date(stmt_int(s, column));
    case FX_DATETIME: return val_instant(stmt_int(s, column));
    case FX_TIME: return val_time(stmt_int(s, column));
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return val_ref(a, stmt_int(s, column), STR_NONE);
    case FX_BLANK:
    case FX_TEXT:
    case FX_ROWS:
    case FX_JSON: break;
    }
    return val_text(str_dup(a, stmt_str(s, column)));
}

bool field_holds_files(const struct field *f)
{
    return f->type && (str_eqz(f->type->name, "file") || str_eqz(f->type->name, "image") ||
                       str_eqz(f->type->name, "signature"));
}
