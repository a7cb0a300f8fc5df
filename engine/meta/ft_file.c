/*
 * Field types of files and free data: image file signature json. A file field holds a list of
 * references to stored files; titles, types and sizes are kept beside the ids.
 */
#include "engine/meta/ft_int.h"

#include "engine/base/id.h"
#include "engine/value/json.h"

#define FILES_MAX      100
#define JSON_MAX_BYTES 65536

static struct val file_ref(struct arena *a, struct val in, int64_t id)
{
    if (in.kind == VAL_REF)
        return val_copy(a, in);
    struct ref *r = ARENA_NEW(a, struct ref);
    *r = (struct ref){.id = id};
    if (in.kind == VAL_OBJ) {
        struct val size = val_get(in, STR("size"));
        r->title = val_str(val_get(in, STR("title")));
        r->type = val_str(val_get(in, STR("type")));
        r->size_bytes =
            size.kind == VAL_NUM || size.kind == VAL_DEC ? (int64_t)val_double(size) : 0;
    }
    return (struct val){.kind = VAL_REF, .ref = r};
}

static struct val coerce_files(const struct field *f, struct arena *a, struct val in,
                               struct str path, struct diags *diags)
{
    const struct val *items = &in;
    size_t n = 1, most = f->max_length ? f->max_length : FILES_MAX;
    if (val_is_blank(in) || ((in.kind == VAL_TEXT || in.kind == VAL_LIST) && !in.n))
        return VAL_NONE;
    ft_items(in, &items, &n);
    if (n > most)
        return ft_bad(diags, path, "too_many", "“%.*s”最多 %zu 个文件。",
                      "“%.*s” takes at most %zu files.", STR_ARG(f->title), most);
    struct val *out = ARENA_ARRAY(a, struct val, n);
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        if (!ft_ref_id(items[i], &id))
            return ft_bad(diags, path, "file", "“%.*s”应是已上传文件的编号（id）。",
                          "“%.*s” must be the id of an uploaded file.", STR_ARG(f->title));
        out[i] = file_ref(a, items[i], id);
    }
    return val_list(out, n);
}

static struct val coerce_signature(const struct field *f, struct arena *a, struct val in,
                                   struct str path, struct diags *diags)
{
    if (in.kind == VAL_LIST && in.n > 1)
        return ft_bad(diags, path, "too_many", "“%.*s”只能有一个签名。",
                      "“%.*s” takes one signature.", STR_ARG(f->title));
    return coerce_files(f, a, in, path, diags);
}

static struct val coerce_json(const struct field *f, struct arena *a, struct val in,
                              struct str path, struct diags *diags)
{
    struct strb b;
    struct json j;
    if (val_is_blank(in))
        return VAL_NONE;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, in);
    if (b.n > JSON_MAX_BYTES)
        return ft_bad(diags, path, "too_long", "“%.*s”的内容太多，最多 64 KB。",
                      "“%.*s” holds too much, at most 64 KB.", STR_ARG(f->title));
    return in;
}

static struct val json_from_text(const struct field *f, struct arena *a, struct str cell)
{
    struct err err = ERR_INIT;
    struct val out;
    (void)f;
    return json_parse(a, cell, &out, &err) == 0 ? out : val_text(cell);
}

static const char *const file_keys[] = {"max", "accept", NULL};

#define FILES .fx = FX_JSON, .column = COL_JSON

const struct fieldtype ft_files[] = {
    {.name = STR("image"),
     FILES,
     .widget = STR("image"),
     .keys = file_keys,
     .zh = "图片",
     .en = "Images",
     .coerce = coerce_files},
    {.name = STR("file"),
     FILES,
     .widget = STR("file"),
     .keys = file_keys,
     .zh = "附件",
     .en = "Files",
     .coerce = coerce_files},
    {.name = STR("signature"),
     FILES,
     .widget = STR("signature"),
     .zh = "手写签名",
     .en = "A drawn signature",
     .coerce = coerce_signature},
    {.name = STR("json"),
     FILES,
     .widget = STR("json"),
     .zh = "任意 JSON",
     .en = "Any JSON",
     .coerce = coerce_json,
     .from_text = json_from_text},
    {.name = {NULL, 0}},
};
