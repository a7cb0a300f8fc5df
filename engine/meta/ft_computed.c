/*
 * Field types whose value the engine gives: lookup rollup formula serial; and sub-tables.
 */
#include "engine/meta/ft_int.h"

#define ROWS_MAX 5000 /* of a sub-table in one record, unless `max` says less */

/* Bodies may not write them; whoever asks gets a clear answer. */
static struct val coerce_computed(const struct field *f, struct arena *a, struct val in,
                                  struct str path, struct diags *diags)
{
    (void)a;
    if (val_is_blank(in))
        return VAL_NONE;
    return ft_bad(diags, path, "computed", "“%.*s”由系统计算，不能填写。",
                  "“%.*s” is computed and cannot be written.", STR_ARG(f->title));
}

/* A number that came with an import of old rows. */
static struct val coerce_serial(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    struct str s = str_trim(val_str(in));
    (void)a;
    if (val_is_blank(in))
        return VAL_NONE;
    if (in.kind != VAL_TEXT || s.n > 64)
        return ft_bad(diags, path, "serial", "“%.*s”应是不超过 64 个字节的编号。",
                      "“%.*s” must be a number of 64 bytes at most.", STR_ARG(f->title));
    return val_text(s);
}

/* Rows are taken apart by the writer, which knows the sub-table. */
static struct val coerce_table(const struct field *f, struct arena *a, struct val in,
                               struct str path, struct diags *diags)
{
    (void)a;
    if (val_is_blank(in))
        return VAL_NONE;
    uint32_t most = f->max_length ? f->max_length : ROWS_MAX;
    bool rows = in.kind == VAL_LIST;
    if (rows && in.n > most)
        return ft_bad(diags, path, "too_many", "“%.*s”最多 %u 行。",
                      "“%.*s” takes at most %u rows.", STR_ARG(f->title), most);
    for (size_t i = 0; rows && i < in.n; i++)
        rows = in.list[i].kind == VAL_OBJ;
    if (!rows)
        return ft_bad(diags, path, "type", "“%.*s”应是行的列表。", "“%.*s” must be a list of rows.",
                      STR_ARG(f->title));
    return in;
}

static const char *const formula_keys[] = {"value", "scale", "unit", NULL};
static const char *const rollup_keys[] = {"of", "value", "where", "scale", "unit", NULL};
static const char *const serial_keys[] = {"pattern", "reset", NULL};
static const char *const table_keys[] = {"fields", "append_only", "log", "max", NULL};
static const char *const value_need[] = {"value", NULL};
static const char *const rollup_need[] = {"of", "value", NULL};
static const char *const serial_need[] = {"pattern", NULL};

const struct fieldtype ft_computed[] = {
    {.name = STR("lookup"),
     .fx = FX_BLANK,
     .column = COL_TEXT,
     .flags = FT_COMPUTED,
     .widget = STR("value"),
     .keys = formula_keys,
     .need = value_need,
     .zh = "取链接记录的字段",
     .en = "A field of the linked row",
     .coerce = coerce_computed},
    {.name = STR("rollup"),
     .fx = FX_BLANK,
     .column = COL_TEXT,
     .flags = FT_COMPUTED,
     .widget = STR("value"),
     .keys = rollup_keys,
     .need = rollup_need,
     .zh = "汇总指向本记录的行",
     .en = "An aggregate of the rows that link here",
     .coerce = coerce_computed},
    {.name = STR("formula"),
     .fx = FX_BLANK,
     .column = COL_TEXT,
     .flags = FT_COMPUTED,
     .widget = STR("value"),
     .keys = formula_keys,
     .need = value_need,
     .zh = "公式",
     .en = "An expression",
     .coerce = coerce_computed},
    {.name = STR("serial"),
     .fx = FX_TEXT,
     .column = COL_TEXT,
     .flags = FT_SERIAL | FT_FOLD,
     .widget = STR("value"),
     .keys = serial_keys,
     .need = serial_need,
     .zh = "自动编号",
     .en = "A running number",
     .coerce = coerce_serial,
     .fold = ft_fold_text},
    {.name = STR("table"),
     .fx = FX_ROWS,
     .column = COL_JSON,
     .flags = FT_NO_COLUMN,
     .widget = STR("table"),
     .keys = table_keys,
     .zh = "子表",
     .en = "A sub-table",
     .coerce = coerce_table},
    {.name = {NULL, 0}},
};
