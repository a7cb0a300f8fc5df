/*
 * Views of a form, and the lists of related rows on its record page.
 */
#include "engine/meta/load_int.h"

static const char *const types[] = {"grid",    "kanban", "calendar", "gantt",
                                    "gallery", "tree",   "list",     NULL};

static bool sort_key(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                     const struct form *form, struct sort_key *out)
{
    struct yaml_node at = *n;
    if (n->kind != YAML_SCALAR)
        return false;
    out->descending = at.text.n && at.text.p[0] == '-';
    if (out->descending)
        at.text = str_sub(at.text, 1, at.text.n);
    struct field *f = ld_field_ref(ld, file, &at, form);
    if (!f)
        return false;
    if (f->encrypted || f->sub || f->type->fx == FX_JSON) {
        node_error(ld->diags, file, n, "sort", "不能按字段“%.*s”排序：它加密存储或不是单个值",
                   "Rows cannot be ordered by “%.*s”: it is encrypted or no single value",
                   STR_ARG(f->key));
        return false;
    }
    if (field_is_sys(f))
        out->sys = (enum sys_field)(f->slot - form->nfields);
    else
        out->field = f;
    return true;
}

static void sort(struct load *ld, struct form_src *s, const struct yaml_node *n, struct view *v)
{
    size_t count;
    const struct yaml_node *const *list = node_list(ld->a, n, "sort", &count);
    struct sort_key *out = ARENA_ARRAY(ld->a, struct sort_key, count);
    for (size_t i = 0; i < count; i++)
        v->nsort += sort_key(ld, s->file, list[i], s->f, &out[v->nsort]);
    v->sort = out;
}

static void totals(struct load *ld, struct form_src *s, const struct yaml_node *n, struct view *v)
{
    const struct yaml_node *map = node_of(n, "totals", YAML_MAP);
    struct total *out = ARENA_ARRAY(ld->a, struct total, map ? map->n : 0);
    for (size_t i = 0; map && i < map->n; i++) {
        struct field *f = ld_field_ref(ld, s->file, map->keys[i], s->f);
        struct str fn = map->items[i]->text;
        struct fx_field x;
        if (!f)
            continue;
        field_fx(f, &x);
        bool any = str_eqz(fn, "COUNT") || x.type.base == FX_NUM || x.type.base == FX_BLANK;
        bool order = str_eqz(fn, "MIN") || str_eqz(fn, "MAX");
        if (!any && !(order && (x.type.base == FX_DATE || x.type.base == FX_DATETIME)))
            node_error(ld->diags, s->file, map->items[i], "total",
                       "字段“%.*s”不是数字，不能用 %.*s", "“%.*s” is no number, so it has no %.*s",
                       STR_ARG(f->key), STR_ARG(fn));
        out[v->ntotals++] = (struct total){.field = f, .fn = fn};
    }
    v->totals = out;
}

/* A date field of a calendar or gantt. */
static struct field *date_field(struct load *ld, struct form_src *s, const struct yaml_node *n,
                                const char *key)
{
    struct field *f = ld_field_ref(ld, s->file, node_scalar(n, key), s->f);
    struct fx_field x;
    if (!f)
        return NULL;
    field_fx(f, &x);
    if (x.type.base != FX_DATE && x.type.base != FX_DATETIME && x.type.base != FX_BLANK)
        node_error(ld->diags, s->file, yaml_get(n, key), "view", "字段“%.*s”不是日期",
                   "“%.*s” is no date", STR_ARG(f->key));
    return f;
}

/* What a type cannot do without. */
static void check_view(struct load *ld, struct form_src *s, const struct yaml_node *key,
                       const struct yaml_node *n, const struct view *v)
{
    static const struct {
        enum view_type type;
        const char *key;
    } needs[] = {{VIEW_KANBAN, "by"}, {VIEW_CALENDAR, "start"}, {VIEW_GANTT, "start"},
                 {VIEW_GANTT, "end"}, {VIEW_TREE, "parent"},    {VIEW_GALLERY, "image"}};
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i].type == v->type && !yaml_get(n, needs[i].key))
            node_error(ld->diags, s->file, key, "missing_key", "%s 视图缺少必需的键“%s”",
                       "A %s view needs the key “%s”", types[v->type], needs[i].key);
    }
    if (v->by && !v->by->noptions && v->by->type->fx != FX_LINK && v->by->type->fx != FX_MEMBER &&
        v->by->type->fx != FX_BOOL && !(v->by->type->flags & FT_COMPUTED))
        node_error(ld->diags, s->file, yaml_get(n, "by"), "view",
                   "看板只能按单选、链接或成员字段分列",
                   "A board's lanes are a select, a link or a member");
    if (v->parent && v->parent->target != s->f)
        node_error(ld->diags, s->file, yaml_get(n, "parent"), "view", "“%.*s”不是指向本表单的链接",
                   "“%.*s” is no link to this form", STR_ARG(v->parent->key));
}

static struct view read_view(struct load *ld, struct form_src *s, const struct yaml_node *key,
                             const struct yaml_node *n)
{
    struct view v = {.key = key->text, .title = key->text, .at = ld_place(s->file, key)};
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_FILTER);
    int type = word_index(types, node_text(n, "type"));
    v.type = type < 0 ? VIEW_GRID : (enum view_type)type;
    if (node_scalar(n, "title"))
        v.title = node_text(n, "title");
    v.icon = node_text(n, "icon");
    v.where = ld_fx(ld, s->file, yaml_get(n, "where"), &scope);
    v.columns = ld_field_refs(ld, s->file, n, "columns", s->f, &v.ncolumns);
    v.card = ld_field_refs(ld, s->file, n, "card", s->f, &v.ncard);
    sort(ld, s, n, &v);
    totals(ld, s, n, &v);
    v.by = ld_field_ref(ld, s->file, node_scalar(n, "by"), s->f);
    v.start = date_field(ld, s, n, "start");
    v.end = date_field(ld, s, n, "end");
    v.title_field = ld_field_ref(ld, s->file, node_scalar(n, "title_field"), s->f);
    v.parent = ld_field_ref(ld, s->file, node_scalar(n, "parent"), s->f);
    v.image = ld_field_ref(ld, s->file, node_scalar(n, "image"), s->f);
    check_view(ld, s, key, n, &v);
    return v;
}

/* ---- related ---- */

/* The link of `form` to this one; without `by` the only one there is. */
static struct field *related_by(struct load *ld, struct form_src *s, const struct yaml_node *n,
                                const struct form *form)
{
    const struct yaml_node *by = node_scalar(n, "by");
    struct field *found = NULL;
    size_t count = 0;
    if (by) {
        found = ld_field_ref(ld, s->file, by, form);
        if (found && found->target != s->f && !(found->target && found->target->broken))
            node_error(ld->diags, s->file, by, "related", "“%.*s.%.*s”不是指向本表单的链接",
                       "“%.*s.%.*s” is no link to this form", STR_ARG(form->key),
                       STR_ARG(found->key));
        return found;
    }
    for (size_t i = 0; i < form->nfields; i++) {
        if (form->fields[i]->target == s->f) {
            found = form->fields[i];
            count++;
        }
    }
    if (count != 1 && !form->broken)
        node_error(ld->diags, s->file, n, "related", "请用 by 写明“%.*s”的哪个字段链接到本表单",
                   "Say with `by` which field of “%.*s” links to this form", STR_ARG(form->key));
    return count == 1 ? found : NULL;
}

static void related(struct load *ld, struct form_src *s)
{
    const struct yaml_node *list = node_of(s->n, "related", YAML_SEQ);
    struct related *out = ARENA_ARRAY(ld->a, struct related, list ? list->n : 0);
    size_t made = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        const struct yaml_node *n = list->items[i], *view = node_scalar(n, "view");
        struct form *form = ld_form_ref(ld, s->file, node_scalar(n, "form"));
        if (!form)
            continue;
        struct related r = {.form = form->key,
                            .target = form,
                            .view = node_text(n, "view"),
                            .title = node_text(n, "title"),
                            .create = node_bool(n, "create", false)};
        r.by = related_by(ld, s, n, form);
        const struct form_src *other = NULL;
        for (size_t k = 0; k < ld->forms.n; k++) {
            if (ld->forms.v[k].f == form)
                other = &ld->forms.v[k];
        }
        const struct yaml_node *views = other ? node_of(other->n, "views", YAML_MAP) : NULL;
        if (view && !form->broken && !yaml_get(views, str_z(ld->a, view->text)))
            node_error(ld->diags, s->file, view, "unknown_view", "表单“%.*s”没有视图“%.*s”",
                       "The form “%.*s” has no view “%.*s”", STR_ARG(form->key),
                       STR_ARG(view->text));
        if (r.by)
            out[made++] = r;
    }
    s->f->related = out;
    s->f->nrelated = made;
}

void ld_views(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "views", YAML_MAP);
    struct view *out = ARENA_ARRAY(ld->a, struct view, map ? map->n : 0);
    size_t made = 0;
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_view(ld, s, map->keys[i], map->items[i]);
    }
    s->f->views = out;
    s->f->nviews = made;
    related(ld, s);
}
