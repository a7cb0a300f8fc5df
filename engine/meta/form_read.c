/*
 * Declares forms and their fields: what there is and of which type, before anything refers to
 * anything. Then runs the readers of each form's other keys.
 */
#include "engine/meta/load_int.h"
#include "engine/meta/people_app.h"

static const struct {
    const char *key;
    const char *title;
    const char *type;
    const char *en;
} sys_rows[SYS_COUNT] = {
    [SYS_ID] = {"_id", "编号", "text", "Id"},
    [SYS_VERSION] = {"_version", "版本", "number", "Version"},
    [SYS_TITLE] = {"_title", "标题", "text", "Title"},
    [SYS_STATE] = {"_state", "流程状态", "text", "Approval"},
    [SYS_NODE] = {"_node", "当前节点", "text", "Step"},
    [SYS_OWNER] = {"_owner", "负责人", "member", "Owner"},
    [SYS_DEPT] = {"_dept", "所属部门", "department", "Department"},
    [SYS_CREATED_AT] = {"_created_at", "创建时间", "datetime", "Created"},
    [SYS_CREATED_BY] = {"_created_by", "创建人", "member", "Created by"},
    [SYS_UPDATED_AT] = {"_updated_at", "更新时间", "datetime", "Updated"},
    [SYS_UPDATED_BY] = {"_updated_by", "更新人", "member", "Updated by"},
};

struct str field_sys_title_en(const struct field *f)
{
    for (size_t i = 0; i < SYS_COUNT; i++)
        if (f->form && f == f->form->sys[i])
            return str_of(sys_rows[i].en);
    return f->title;
}

void ld_register_field(struct load *ld, struct field *f, const struct yaml_node *n,
                       const struct src_file *file)
{
    f->nth = (uint32_t)ld->fields.n;
    vec_push(ld->a, &ld->fields, (struct field_src){.f = f, .n = n, .file = file});
}

/* Behind the form's own; slots follow. */
static void ld_sys_fields(struct load *ld, struct form *form)
{
    for (size_t i = 0; i < SYS_COUNT; i++) {
        struct field *f = ARENA_NEW(ld->a, struct field);
        f->key = str_of(sys_rows[i].key);
        f->title = str_of(sys_rows[i].title);
        f->type = fieldtype_find(str_of(sys_rows[i].type));
        f->form = form;
        f->slot = (uint32_t)(form->nfields + i);
        f->min.kind = f->max.kind = f->dflt.literal.kind = VAL_ABSENT;
        f->at = form->at;
        f->readonly = true;
        form->sys[i] = f;
        map_put(&form->by_key, f->key, f);
        ld_register_field(ld, f, NULL, NULL);
    }
    form->nslots = form->nfields + SYS_COUNT;
}

struct form *ld_new_form(struct load *ld, struct str key, const struct src_file *file,
                         const struct yaml_node *n)
{
    struct form *form = ARENA_NEW(ld->a, struct form);
    form->app = ld->app;
    form->key = key;
    form->title = key;
    form->at = (struct place){.file = file->path, .pos = n ? n->pos : (struct src_pos){1, 1}};
    map_init(&form->by_key, ld->a);
    return form;
}

typedef VEC(struct field *) field_vec;

static void take_fields(struct load *ld, struct form *form, const struct yaml_node *fields,
                        const struct src_file *file, field_vec *out)
{
    field_vec made = *out;
    for (size_t i = 0; fields && i < fields->n; i++) {
        const struct yaml_node *key = fields->keys[i], *n = fields->items[i];
        if (n->kind != YAML_MAP)
            continue;
        if (made.n >= LOAD_FIELDS_MAX) {
            node_error(ld->diags, file, key, "limit", "一个表单最多 %d 个字段",
                       "A form has at most %d fields", LOAD_FIELDS_MAX);
            break;
        }
        if (form_field(form, key->text)) {
            node_error(ld->diags, file, key, "duplicate_key", "字段“%.*s”已经有了",
                       "There is a field “%.*s” already", STR_ARG(key->text));
            continue;
        }
        struct field *f = ld_field(ld, form, key, n, file);
        f->slot = (uint32_t)made.n;
        vec_push(ld->a, &made, f);
        map_put(&form->by_key, f->key, f);
        ld_register_field(ld, f, n, file);
    }
    *out = made;
}

/* The fields that apps add to a form of the built-in app. */
static void take_overlays(struct load *ld, struct form *form, field_vec *made)
{
    for (size_t i = 0; !form->parent && people_is(ld->app) && i < ld->nfiles; i++) {
        const struct src_file *file = &ld->files[i];
        const struct yaml_node *said = node_scalar(file->root, "form");
        if (people_overlay(file->path) && said && str_eq(said->text, form->key))
            take_fields(ld, form, node_of(file->root, "fields", YAML_MAP), file, made);
    }
}

/* The fields of a form or sub-table. A sub-table inside a sub-table is a mistake. */
static void declare_fields(struct load *ld, struct form *form, const struct yaml_node *fields,
                           const struct src_file *file)
{
    field_vec made = {0};
    take_fields(ld, form, fields, file, &made);
    take_overlays(ld, form, &made);
    form->fields = made.v;
    form->nfields = made.n;
    ld_sys_fields(ld, form);
}

/* What a table with `log:` holds when it does not say: from, to, who, when, how long. */
static const struct yaml_node *log_fields(struct load *ld, struct src_file *file)
{
    *file = (struct src_file){
        .path = STR("log"),
        .text = STR("from: {type: text, title: 原值}\nto: {type: text, title: 新值}\n"
                    "by: {type: member, title: 谁}\nat: {type: datetime, title: 时间}\n"
                    "hours: {type: number, title: 历时（小时）, scale: 2}\n")};
    return file->root = yaml_parse(ld->a, file->path, file->text, ld->diags);
}

static void declare_tables(struct load *ld, struct form *form)
{
    for (size_t i = 0; i < form->nfields; i++) {
        struct field *f = form->fields[i];
        struct field_src *src = &ld->fields.v[f->nth];
        const struct src_file *file = src->file;
        const struct yaml_node *n = src->n, *fields = node_of(n, "fields", YAML_MAP);
        if (!str_eqz(f->type->name, "table"))
            continue;
        if (form->parent)
            node_error(ld->diags, file, n, "nested_table", "子表里不能再有子表",
                       "A sub-table cannot hold another sub-table");
        if (!fields && !node_scalar(n, "log"))
            node_error(ld->diags, file, n, "missing_key", "缺少必需的键“fields”",
                       "The key “fields” is missing");
        if (!fields && node_scalar(n, "log")) {
            struct src_file *own = ARENA_NEW(ld->a, struct src_file);
            fields = log_fields(ld, own);
            file = own;
            f->append_only = true;
        }
        f->sub = ld_new_form(ld, f->key, src->file, n);
        f->sub->title = f->title;
        f->sub->parent = form;
        f->sub->parent_field = f;
        f->sub->append_only = f->append_only;
        if (form->parent)
            fields = NULL;
        declare_fields(ld, f->sub, fields, file);
        declare_tables(ld, f->sub);
    }
}

/* "forms/lead.yaml" to "lead" */
static struct str key_of_path(struct str path)
{
    struct str s = str_sub(path, 6, path.n);
    return str_sub(s, 0, s.n - 5);
}

void ld_declare_form(struct load *ld, const struct src_file *file)
{
    struct str key = key_of_path(file->path);
    const struct yaml_node *n = file->root, *said = node_scalar(n, "form");
    if (said && !str_eq(said->text, key))
        node_error(ld->diags, file, said, "form_key", "表单的键“%.*s”应与文件名“%.*s”相同",
                   "The form's key “%.*s” must be the file's name “%.*s”", STR_ARG(said->text),
                   STR_ARG(key));
    if (!str_is_key(key) || key_reserved(key))
        diag_file(ld->diags, DIAG_ERROR, file->path, (struct src_pos){1, 1}, "key_grammar",
                  "文件名“%.*s”不能作表单的键", "The file's name “%.*s” is no key of a form",
                  STR_ARG(key));
    else if (str_find(key, STR("__"), 0) >= 0)
        diag_file(ld->diags, DIAG_ERROR, file->path, (struct src_pos){1, 1}, "key_grammar",
                  "表单的键“%.*s”不能含两个连续的下划线，它们用来分隔表名",
                  "The form's key “%.*s” must not hold two underscores in a row, which part the "
                  "names of tables",
                  STR_ARG(key));
    if (ld->forms.n == LOAD_FORMS_MAX)
        diag_file(ld->diags, DIAG_ERROR, file->path, (struct src_pos){1, 1}, "limit",
                  "一个应用最多 %d 个表单", "An app has at most %d forms", LOAD_FORMS_MAX);
    struct form *form = ld_new_form(ld, key, file, n);
    form->broken = !n;
    if (node_scalar(n, "title"))
        form->title = node_text(n, "title");
    form->icon = node_text(n, "icon");
    form->help = node_text(n, "help");
    form->was = node_text(n, "was");
    form->append_only = node_bool(n, "append_only", false);
    declare_fields(ld, form, node_of(n, "fields", YAML_MAP), file);
    declare_tables(ld, form);
    map_put(&ld->app->form_by_key, key, form);
    vec_push(ld->a, &ld->forms, (struct form_src){.f = form, .n = n, .file = file});
}

/* ---- references ---- */

struct form *ld_form_ref(struct load *ld, const struct src_file *file, const struct yaml_node *n)
{
    if (!n || n->kind != YAML_SCALAR || yaml_is_null(n))
        return NULL;
    struct form *form = app_form(ld->app, n->text);
    if (!form) {
        struct diag *d = node_error(ld->diags, file, n, "unknown_form", "没有表单“%.*s”",
                                    "There is no form “%.*s”", STR_ARG(n->text));
        diag_suggest(ld->diags, d, map_nearest(&ld->app->form_by_key, n->text));
    }
    return form;
}

/* A form that stands for one that is missing. */
struct form *ld_nowhere(struct load *ld, const struct src_file *file)
{
    struct form *form = ld_new_form(ld, STR("?"), file, NULL);
    form->broken = true;
    ld_sys_fields(ld, form);
    return form;
}

struct str ld_near_field(struct load *ld, const struct form *form, struct str key)
{
    (void)ld;
    return map_nearest(&form->by_key, key);
}

struct field *ld_field_ref(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                           const struct form *form)
{
    if (!n || n->kind != YAML_SCALAR || yaml_is_null(n) || !form)
        return NULL;
    struct field *f = form_field(form, n->text);
    if (!f && !form->broken) {
        struct diag *d =
            node_error(ld->diags, file, n, "unknown_field", "“%.*s”没有字段“%.*s”",
                       "“%.*s” has no field “%.*s”", STR_ARG(form->key), STR_ARG(n->text));
        diag_suggest(ld->diags, d, ld_near_field(ld, form, n->text));
    }
    return f;
}

struct field **ld_field_refs(struct load *ld, const struct src_file *file,
                             const struct yaml_node *map, const char *key, const struct form *form,
                             size_t *n)
{
    size_t count;
    const struct yaml_node *const *list = node_list(ld->a, map, key, &count);
    struct field **out = ARENA_ARRAY(ld->a, struct field *, count);
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        struct field *f = ld_field_ref(ld, file, list[i], form);
        if (f)
            out[(*n)++] = f;
    }
    return out;
}

/* ---- the other keys of each form ---- */

static void record_title(struct load *ld, struct form_src *s)
{
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_VALUE);
    s->f->record_title = ld_fx(ld, s->file, yaml_get(s->n, "record_title"), &scope);
}

static void hooks(struct load *ld, struct form_src *s)
{
    const struct yaml_node *h = yaml_get(s->n, "hooks");
    const struct yaml_node *name =
        h && h->kind == YAML_MAP ? node_scalar(h, "script") : node_scalar(s->n, "hooks");
    if (!name || !ld_script(ld, s->file, name, false))
        return;
    s->f->hooks = name->text;
    s->f->hooks_as_system = h->kind == YAML_MAP && str_eqz(node_text(h, "as"), "system");
}

void ld_form_rules(struct load *ld)
{
    for (size_t i = 0; i < ld->forms.n; i++) {
        struct form_src *s = &ld->forms.v[i];
        if (!s->n)
            continue;
        record_title(ld, s);
        hooks(ld, s);
        ld_layout(ld, s);
        ld_rules(ld, s);
        ld_buttons(ld, s); /* grants name them */
        ld_views(ld, s);
        ld_grants(ld, s);
    }
    for (size_t i = 0; i < ld->forms.n; i++) {
        if (!ld->forms.v[i].n)
            continue;
        ld_flow(ld, &ld->forms.v[i]);
        ld_automations(ld, &ld->forms.v[i]);
    }
}
