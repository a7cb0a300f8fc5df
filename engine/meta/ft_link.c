/*
 * Field types that hold references: member members department departments link links. Whether the
 * row exists, and may be chosen, is the writer's business.
 */
#include "engine/meta/ft_int.h"

#include "engine/base/id.h"

#define MAX_REFS 1000

bool ft_ref_id(struct val in, int64_t *id)
{
    if (in.kind == VAL_REF) {
        *id = in.ref->id;
        return true;
    }
    if (in.kind == VAL_OBJ)
        in = val_get(in, STR("id"));
    return in.kind == VAL_TEXT && id_parse(val_str(in), id);
}

static struct val not_a_ref(const struct field *f, struct str path, struct diags *diags)
{
    return ft_bad(diags, path, "link", "“%.*s”应是一条记录的编号（id）。",
                  "“%.*s” must be the id of a record.", STR_ARG(f->title));
}

static bool blank(struct val in)
{
    return val_is_blank(in) || ((in.kind == VAL_TEXT || in.kind == VAL_LIST) && !in.n);
}

static struct val ft_coerce_ref(const struct field *f, struct arena *a, struct val in,
                                struct str path, struct diags *diags)
{
    int64_t id;
    if (blank(in) || (in.kind == VAL_OBJ && blank(val_get(in, STR("id")))))
        return VAL_NONE;
    if (!ft_ref_id(in, &id))
        return not_a_ref(f, path, diags);
    return val_ref(a, id, STR_NONE);
}

static struct val ft_coerce_refs(const struct field *f, struct arena *a, struct val in,
                                 struct str path, struct diags *diags)
{
    const struct val *items = &in;
    size_t n = 1, made = 0;
    if (blank(in))
        return VAL_NONE;
    ft_items(in, &items, &n);
    if (n > MAX_REFS)
        return ft_bad(diags, path, "too_many", "“%.*s”最多 %d 项。", "“%.*s” takes at most %d.",
                      STR_ARG(f->title), MAX_REFS);
    struct val *out = ARENA_ARRAY(a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        bool seen = false;
        if (!ft_ref_id(items[i], &id))
            return not_a_ref(f, path, diags);
        for (size_t k = 0; k < made && !seen; k++)
            seen = out[k].ref->id == id;
        if (!seen)
            out[made++] = val_ref(a, id, STR_NONE);
    }
    return val_list(out, made);
}

/* Names in a cell: a list of texts, which the importer turns into ids. */
static struct val names_from_text(const struct field *f, struct arena *a, struct str cell)
{
    size_t n;
    struct str *parts = ft_split(a, cell, &n);
    struct val *out = ARENA_ARRAY(a, struct val, n);
    (void)f;
    for (size_t i = 0; i < n; i++)
        out[i] = val_text(parts[i]);
    return val_list(out, n);
}

static const char *const link_keys[] = {"form", "filter", "on_delete", "fill", NULL};
static const char *const links_keys[] = {"form", "filter", "on_delete", NULL};
static const char *const link_need[] = {"form", NULL};

#define ONE .column = COL_INT, .flags = FT_REF, .coerce = ft_coerce_ref
#define MANY                                                                                       \
    .column = COL_JSON, .flags = FT_REF | FT_MULTI, .coerce = ft_coerce_refs,                      \
    .from_text = names_from_text

const struct fieldtype ft_people[] = {
    {.name = STR("member"),
     .fx = FX_MEMBER,
     ONE,
     .widget = STR("member"),
     .zh = "成员",
     .en = "A member"},
    {.name = STR("members"),
     .fx = FX_MEMBER,
     MANY,
     .widget = STR("members"),
     .zh = "多个成员",
     .en = "Members"},
    {.name = STR("department"),
     .fx = FX_DEPT,
     ONE,
     .widget = STR("department"),
     .zh = "部门",
     .en = "A department"},
    {.name = STR("departments"),
     .fx = FX_DEPT,
     MANY,
     .widget = STR("departments"),
     .zh = "多个部门",
     .en = "Departments"},
    {.name = {NULL, 0}},
};

const struct fieldtype ft_links[] = {
    {.name = STR("link"),
     .fx = FX_LINK,
     ONE,
     .widget = STR("link"),
     .keys = link_keys,
     .need = link_need,
     .zh = "链接到另一表单的一条记录",
     .en = "A row of another form"},
    {.name = STR("links"),
     .fx = FX_LINK,
     MANY,
     .widget = STR("links"),
     .keys = links_keys,
     .need = link_need,
     .zh = "链接到多条记录",
     .en = "Rows of another form"},
    {.name = {NULL, 0}},
};
