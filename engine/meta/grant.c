/*
 * Permissions of a form: who, what, which rows, and the right on every field worked out: said by
 * name, by group, masked because it is sensitive, or the rest.
 */
#include "engine/meta/load_int.h"

/* The rights on a row are a set of bits, those of a flow's nodes among them (record/plan.c). */
#define GRANTS_MAX 48

static const char *const rights[] = {"create",   "read",    "update", "delete",  "import",
                                     "export",   "print",   "share",  "comment", "history",
                                     "transfer", "restore", NULL};

bool ld_right_word(struct str s)
{
    return str_eqz(s, "all") || word_index(rights, s) >= 0;
}

/* ---- field rights ---- */

static enum field_right right_of(const struct yaml_node *n)
{
    static const char *const words[] = {"hidden", "masked", "read", "write", NULL};
    int at = n->kind == YAML_SCALAR ? word_index(words, n->text) : -1;
    return at < 0 ? FIELD_UNSET : (enum field_right)(FIELD_HIDDEN + at);
}

/* What is said about one field: under its name, else its group. */
static enum field_right said(const struct yaml_node *map, struct str prefix, const struct field *f)
{
    enum field_right by_name = FIELD_UNSET, by_group = FIELD_UNSET;
    for (size_t i = 0; map && i < map->n; i++) {
        struct str key = map->keys[i]->text;
        if (key.n && key.p[0] == '@') {
            if (f->group.n && str_eq(str_sub(key, 1, key.n), f->group))
                by_group = right_of(map->items[i]);
            continue;
        }
        if (prefix.n) {
            if (!str_starts(key, prefix) || key.n <= prefix.n || key.p[prefix.n] != '.')
                continue;
            key = str_sub(key, prefix.n + 1, key.n);
        }
        if (str_eq(key, f->key))
            by_name = right_of(map->items[i]);
    }
    return by_name ? by_name : by_group;
}

/* The engine writes these; people only read them. */
static bool never_written(const struct field *f)
{
    return field_is_sys(f) || (f->type->flags & (FT_COMPUTED | FT_SERIAL));
}

static enum field_right own_right(const struct yaml_node *map, struct str prefix,
                                  const struct field *f, enum field_right base)
{
    enum field_right r = said(map, prefix, f);
    if (f->form && (f == f->form->sys[SYS_ID] || f == f->form->sys[SYS_VERSION] ||
                    f == f->form->sys[SYS_TITLE]))
        return base ? FIELD_READ : FIELD_UNSET;
    if (!r)
        r = f->sensitive && base > FIELD_MASKED ? FIELD_MASKED : base;
    return never_written(f) && r > FIELD_READ ? FIELD_READ : r;
}

/* A computed field shows no more than its inputs in this form do, unless it says declassify. */
static bool cap_computed(const struct form *form, uint8_t *fields)
{
    bool changed = false;
    for (size_t i = 0; i < form->nfields; i++) {
        const struct field *f = form->fields[i];
        for (size_t k = 0; k < f->ninputs && !f->declassify; k++) {
            const struct field *in = f->inputs[k];
            if (in->form != form || in->sub || fields[in->slot] >= fields[i] || !fields[in->slot])
                continue;
            fields[i] = fields[in->slot];
            changed = true;
        }
    }
    return changed;
}

static enum field_right star(const struct yaml_node *map, enum field_right base)
{
    for (size_t i = 0; map && i < map->n; i++) {
        if (str_eqz(map->keys[i]->text, "*"))
            return right_of(map->items[i]);
    }
    return base;
}

static const uint8_t *sub_rights(struct load *ld, const struct yaml_node *map, struct field *table,
                                 enum field_right on_table, enum field_right base)
{
    const struct form *sub = table->sub;
    uint8_t *out = arena_alloc(ld->a, sub->nslots);
    for (size_t i = 0; i < sub->nslots; i++) {
        const struct field *f = i < sub->nfields ? sub->fields[i] : sub->sys[i - sub->nfields];
        enum field_right r = own_right(map, table->key, f, base ? on_table : FIELD_UNSET);
        out[i] = (uint8_t)(on_table && r > on_table ? on_table : r);
    }
    while (cap_computed(sub, out)) {
    }
    return out;
}

/* Keys that name nothing. */
static void check_names(struct load *ld, const struct src_file *file, const struct yaml_node *map,
                        const struct form *form);

struct right_table ld_right_table(struct load *ld, const struct src_file *file,
                                  const struct yaml_node *map, const char *key,
                                  const struct form *form, enum field_right base)
{
    const struct yaml_node *said_node = node_of(map, key, YAML_MAP);
    struct right_table t = {.fields = arena_alloc(ld->a, form->nslots),
                            .sub_fields = ARENA_ARRAY(ld->a, const uint8_t *, form->nslots)};
    check_names(ld, file, said_node, form);
    base = star(said_node, base);
    for (size_t i = 0; i < form->nslots; i++) {
        struct field *f = i < form->nfields ? form->fields[i] : form->sys[i - form->nfields];
        t.fields[i] = (uint8_t)own_right(said_node, STR_NONE, f, base);
        if (f->sub)
            t.sub_fields[i] = sub_rights(ld, said_node, f, t.fields[i], base);
    }
    while (cap_computed(form, t.fields)) {
    }
    return t;
}

static bool has_group(const struct form *form, struct str group)
{
    for (size_t i = 0; i < form->nfields; i++) {
        const struct field *f = form->fields[i];
        if (str_eq(f->group, group) || (f->sub && has_group(f->sub, group)))
            return true;
    }
    return false;
}

static void unknown_group(struct load *ld, const struct src_file *file, const struct yaml_node *key,
                          const struct form *form, struct str group)
{
    struct map m;
    map_init(&m, ld->a);
    for (size_t i = 0; i < form->nfields; i++)
        map_put(&m, form->fields[i]->group, &m);
    struct diag *d = node_error(ld->diags, file, key, "unknown_group", "没有字段属于组“@%.*s”",
                                "No field is in the group “@%.*s”", STR_ARG(group));
    struct str near = map_nearest(&m, group);
    diag_suggest(ld->diags, d, near.n ? str_fmt(ld->a, "@%.*s", STR_ARG(near)) : near);
}

static void check_column(struct load *ld, const struct src_file *file, const struct yaml_node *key,
                         const struct form *form, struct str table, struct str column)
{
    struct yaml_node at = *key;
    at.text = table;
    struct field *f = ld_field_ref(ld, file, &at, form);
    if (f && f->sub && !form_field(f->sub, column)) {
        struct diag *d = node_error(ld->diags, file, key, "unknown_field", "没有列“%.*s”",
                                    "There is no column “%.*s”", STR_ARG(key->text));
        struct str near = ld_near_field(ld, f->sub, column);
        if (near.n)
            near = str_fmt(ld->a, "%.*s.%.*s", STR_ARG(table), STR_ARG(near));
        diag_suggest(ld->diags, d, near);
    } else if (f && !f->sub)
        node_error(ld->diags, file, key, "no_table", "“%.*s”不是子表", "“%.*s” is no sub-table",
                   STR_ARG(table));
}

static void check_names(struct load *ld, const struct src_file *file, const struct yaml_node *map,
                        const struct form *form)
{
    for (size_t i = 0; map && i < map->n; i++) {
        const struct yaml_node *key = map->keys[i];
        struct str head, tail = str_cut(key->text, '.', &head);
        if (str_eqz(key->text, "*"))
            continue;
        if (key->text.n && key->text.p[0] == '@') {
            struct str group = str_sub(key->text, 1, key->text.n);
            if (!has_group(form, group) && !form->broken)
                unknown_group(ld, file, key, form, group);
        } else if (tail.n) {
            check_column(ld, file, key, form, head, tail);
        } else {
            ld_field_ref(ld, file, key, form);
        }
    }
}

/* ---- grants ---- */

static void read_can(struct load *ld, struct form_src *s, const struct yaml_node *n,
                     struct grant *g)
{
    size_t count;
    const struct yaml_node *const *list = node_list(ld->a, n, "can", &count);
    struct str *buttons = ARENA_ARRAY(ld->a, struct str, count);
    for (size_t i = 0; i < count; i++) {
        struct str word = list[i]->text;
        int at = word_index(rights, word);
        if (list[i]->kind != YAML_SCALAR)
            continue;
        if (str_eqz(word, "all")) {
            g->can = RIGHT_ALL;
            g->all_buttons = true;
        } else if (at >= 0) {
            g->can |= 1u << at;
        } else if (form_button(s->f, word)) {
            buttons[g->nbuttons++] = word;
        } else {
            struct map m;
            map_init(&m, ld->a);
            for (size_t k = 0; rights[k]; k++)
                map_put(&m, str_of(rights[k]), &m);
            for (size_t k = 0; k < s->f->nbuttons; k++)
                map_put(&m, s->f->buttons[k].key, &m);
            struct diag *d =
                node_error(ld->diags, s->file, list[i], "unknown_right", "没有权限或按钮“%.*s”",
                           "There is no right or button “%.*s”", STR_ARG(word));
            diag_suggest(ld->diags, d, map_nearest(&m, word));
        }
    }
    g->buttons = buttons;
}

/* `requires:` is over the member form, with the fields that the app adds to it. */
static struct fx *requires(struct load *ld, struct form_src *s, const struct yaml_node *n)
{
    struct fx_scope scope = ld_scope(
        ld, ld->app->people ? app_form(ld->app->people, STR("member")) : NULL, FX_PLACE_COND);
    return ld_fx(ld, s->file, yaml_get(n, "requires"), &scope);
}

static struct grant read_grant(struct load *ld, struct form_src *s, const struct yaml_node *key,
                               const struct yaml_node *n)
{
    struct grant g = {.key = key->text, .at = ld_place(s->file, key)};
    struct fx_scope scope = ld_scope(ld, s->f, FX_PLACE_FILTER);
    g.roles = ld_roles(ld, s->file, n, "role", &g.nroles);
    g.members = node_texts(ld->a, n, "members", &g.nmembers);
    g.departments = node_texts(ld->a, n, "departments", &g.ndepartments);
    g.everyone = node_bool(n, "everyone", false);
    g.public_ = node_bool(n, "public", false);
    if (!yaml_get(n, "role") && !g.nmembers && !g.ndepartments && !g.everyone && !g.public_)
        node_error(
            ld->diags, s->file, n, "no_holder",
            "权限“%.*s”没有写给谁：role、members、departments、everyone 或 public",
            "The grant “%.*s” does not say to whom: role, members, departments, everyone or public",
            STR_ARG(key->text));
    read_can(ld, s, n, &g);
    g.where = ld_fx(ld, s->file, yaml_get(n, "where"), &scope);
    g.ensure = ld_fx(ld, s->file, yaml_get(n, "ensure"), &scope);
    g.requires = requires(ld, s, n);
    enum field_right base = g.can & (RIGHT_CREATE | RIGHT_UPDATE) ? FIELD_WRITE : FIELD_READ;
    struct right_table t = ld_right_table(ld, s->file, n, "fields", s->f, base);
    g.fields = t.fields;
    g.sub_fields = t.sub_fields;
    return g;
}

/* ---- what views tell ---- */

struct leak {
    struct load *ld;
    struct form_src *s;
    const struct yaml_node *at;
    const struct grant *g;
    bool told;
};

static void check_leak(void *arg, const struct fx_ref *ref)
{
    struct leak *l = arg;
    const struct field *f = ref->n == 1 && ref->root == FX_ROW ? ref->path[0].ref : NULL;
    if (!f || l->told || field_is_sys(f) || f->form != l->s->f ||
        l->g->fields[f->slot] >= FIELD_READ)
        return;
    l->told = true;
    node_warn(l->ld->diags, l->s->file, l->at, "view_tells",
              "视图按“%.*s”筛选，而权限“%.*s”不让看这个字段：看得到哪些行，就猜得到它的值",
              "The view selects by “%.*s”, which the grant “%.*s” does not show: which rows appear "
              "tells its value",
              STR_ARG(f->key), STR_ARG(l->g->key));
}

/* A view's `where` sees every field; its readers learn something about those they may not see. */
static void check_views(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "views", YAML_MAP);
    for (size_t i = 0; i < s->f->nviews; i++) {
        const struct view *v = &s->f->views[i];
        const struct yaml_node *n = yaml_get(map, str_z(ld->a, v->key));
        struct leak l = {.ld = ld, .s = s, .at = yaml_get(n, "where")};
        for (size_t k = 0; v->where && l.at && k < s->f->ngrants; k++) {
            l.g = &s->f->grants[k];
            if (l.g->can & RIGHT_READ)
                fx_each_ref(v->where, check_leak, &l);
        }
    }
}

/* ---- what an index can serve ---- */

static bool has_index(const struct fx_ref *ref)
{
    const struct field *f = ref->n ? ref->path[0].ref : NULL;
    return f && !f->sub;
}

/* Each way to a row that begins with `name = …` or `name IN …` starts at an index; one that does
 * not makes every list of its holders read the whole table. */
static void check_index(struct load *ld, struct form_src *s, const struct grant *g,
                        const struct yaml_node *at)
{
    if (s->file->built_in || !g->where || !at || !(g->can & RIGHT_READ) ||
        fx_served(g->where, has_index))
        return;
    node_warn(
        ld->diags, s->file, at, "no_index",
        "权限“%.*s”的条件用不上索引：每个 OR 分支都应有“字段 = 值”或“字段 IN 列表”，否则大表的列"
        "表会很慢",
        "No index serves the grant “%.*s”: each branch of an OR should say `field = value` or "
        "`field IN list`, else lists of a large table are slow",
        STR_ARG(g->key));
}

static void check_indexes(struct load *ld, struct form_src *s, const struct yaml_node *map)
{
    for (size_t i = 0; i < s->f->ngrants; i++) {
        const struct grant *g = &s->f->grants[i];
        const struct yaml_node *n = yaml_get(map, str_z(ld->a, g->key));
        check_index(ld, s, g, n ? yaml_get(n, "where") : NULL);
    }
}

/* ---- what visitors may write ---- */

static bool visitor_writes(const struct form *f, const struct field *field)
{
    for (size_t i = 0; i < f->ngrants; i++) {
        const struct grant *g = &f->grants[i];
        if (g->public_ && (g->can & RIGHT_CREATE) &&
            (!field || g->fields[field->slot] == FIELD_WRITE))
            return true;
    }
    return false;
}

/* A public form stands on the grants for visitors: without them nobody could send it. */
static void check_publics(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "public", YAML_MAP);
    for (size_t i = 0; i < s->f->npublics; i++) {
        const struct public_form *p = &s->f->publics[i];
        const struct yaml_node *n = yaml_get(map, str_z(ld->a, p->key));
        if (!visitor_writes(s->f, NULL)) {
            node_warn(ld->diags, s->file, n, "no_visitors",
                      "公开表单“%.*s”没有人能提交：缺少 public: true 且能 create 的权限",
                      "Nobody can send the public form “%.*s”: a grant with `public: true` that "
                      "can create is missing",
                      STR_ARG(p->key));
            continue;
        }
        for (size_t k = 0; k < p->nfields; k++) {
            if (!visitor_writes(s->f, p->fields[k]))
                node_warn(ld->diags, s->file, yaml_get(n, "fields"), "no_visitors",
                          "访客没有填写“%.*s”的权限", "Visitors have no right to write “%.*s”",
                          STR_ARG(p->fields[k]->key));
        }
    }
}

void ld_grants(struct load *ld, struct form_src *s)
{
    const struct yaml_node *map = node_of(s->n, "permissions", YAML_MAP);
    struct grant *out = ARENA_ARRAY(ld->a, struct grant, map ? map->n : 0);
    size_t made = 0;
    for (size_t i = 0; map && i < map->n; i++) {
        if (map->items[i]->kind == YAML_MAP)
            out[made++] = read_grant(ld, s, map->keys[i], map->items[i]);
    }
    s->f->grants = out;
    s->f->ngrants = made;
    if (made > GRANTS_MAX)
        node_error(ld->diags, s->file, map, "too_many_grants", "一个表单最多 %d 条权限",
                   "A form has at most %d grants", GRANTS_MAX);
    check_indexes(ld, s, map);
    check_views(ld, s);
    check_publics(ld, s);
}
