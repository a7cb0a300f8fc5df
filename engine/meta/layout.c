/*
 * The layout of a form, completed: every field stands somewhere, once.
 */
#include "engine/meta/load_int.h"

struct layout {
    struct load *ld;
    struct form_src *s;
    uint8_t *placed; /* by slot */
    VEC(struct layout_block) blocks;
};

/* Long things take the whole row. */
static uint32_t natural_width(const struct field *f, uint32_t columns)
{
    static const char *const wide[] = {"textarea", "richtext",  "table", "image",
                                       "file",     "signature", "json",  NULL};
    if (f->width)
        return MIN(f->width, columns);
    return word_index(wide, f->type->name) >= 0 ? columns : 0;
}

static bool place_one(struct layout *l, const struct yaml_node *n, struct layout_item *out,
                      uint32_t columns)
{
    const struct yaml_node *name = n->kind == YAML_MAP ? node_scalar(n, "field") : n;
    struct field *f = ld_field_ref(l->ld, l->s->file, name, l->s->f);
    int64_t width = node_int(n, "width", 0);
    if (!f)
        return false;
    if (!field_is_sys(f) && l->placed[f->slot]) {
        node_error(l->ld->diags, l->s->file, name, "layout", "字段“%.*s”在排版里出现了两次",
                   "The field “%.*s” stands in the layout twice", STR_ARG(f->key));
        return false;
    }
    if (!field_is_sys(f))
        l->placed[f->slot] = 1;
    *out = (struct layout_item){.field = f,
                                .width = width ? (uint32_t)MIN(width, (int64_t)columns)
                                               : natural_width(f, columns)};
    return true;
}

static void add_block(struct layout *l, const struct yaml_node *n)
{
    const struct yaml_node *fields = node_of(n, "fields", YAML_SEQ);
    struct layout_block b = {.columns = (uint32_t)node_int(n, "columns", 2)};
    struct layout_item *items = ARENA_ARRAY(l->ld->a, struct layout_item, fields ? fields->n : 0);
    b.tab = node_scalar(n, "tab") != NULL;
    b.title = node_text(n, b.tab ? "tab" : "section");
    b.collapsed = node_bool(n, "collapsed", false);
    if (b.columns < 1 || b.columns > 4)
        b.columns = 2;
    for (size_t i = 0; fields && i < fields->n; i++)
        b.nitems += place_one(l, fields->items[i], &items[b.nitems], b.columns);
    b.items = items;
    vec_push(l->ld->a, &l->blocks, b);
}

/* Fields nobody placed follow in a last block without a title. */
static void add_rest(struct layout *l)
{
    struct form *f = l->s->f;
    struct layout_block b = {.columns = 2};
    struct layout_item *items = ARENA_ARRAY(l->ld->a, struct layout_item, f->nfields);
    for (size_t i = 0; i < f->nfields; i++) {
        if (!l->placed[i])
            items[b.nitems++] = (struct layout_item){.field = f->fields[i],
                                                     .width = natural_width(f->fields[i], 2)};
    }
    b.items = items;
    if (b.nitems)
        vec_push(l->ld->a, &l->blocks, b);
}

void ld_layout(struct load *ld, struct form_src *s)
{
    struct layout l = {.ld = ld, .s = s, .placed = arena_alloc(ld->a, s->f->nfields)};
    const struct yaml_node *list = node_of(s->n, "layout", YAML_SEQ);
    for (size_t i = 0; list && i < list->n; i++) {
        if (list->items[i]->kind == YAML_MAP)
            add_block(&l, list->items[i]);
    }
    add_rest(&l);
    s->f->layout = l.blocks.v;
    s->f->nlayout = l.blocks.n;
}
