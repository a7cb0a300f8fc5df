/*
 * The rows that a rollup or a lookup is made of, as far as their reader may see them.
 */
#include "engine/record/trace_rows.h"

#include "engine/record/rollup.h"

#define SHOWN 5

struct shown {
    struct ctx *c;
    struct json *out;
    const struct form *form;
    const struct field *of; /* whose value is shown beside the title; NULL: none */
    size_t n;
};

/* One row, when he may read it. */
static int put_row(struct shown *s, int64_t id, struct err *err)
{
    struct strb text;
    struct json j;
    struct val v;
    int64_t version;
    char buf[16];
    strb_init(&text, s->c->a);
    json_init(&j, &text);
    struct rec_key key = {s->form, id, REC_LIVE};
    int rc = record_json(s->c, &key, &j, &version, err);
    if (rc <= 0)
        return rc;
    if (json_parse(s->c->a, strb_str(&text), &v, err))
        return -1;
    json_begin_obj(s->out);
    json_kstr(s->out, "id", id_print(id, buf));
    json_kval(s->out, "title", val_get(v, STR("_title")));
    if (s->of)
        json_kval(s->out, "value", val_get(v, s->of->key));
    json_end_obj(s->out);
    s->n++;
    return 0;
}

static void open_rows(struct shown *s)
{
    json_key(s->out, STR("rows"));
    json_begin_obj(s->out);
    json_kstr(s->out, "form", s->form->key);
    struct str path = str_fmt(s->c->a, "forms.%.*s.title", STR_ARG(s->form->key));
    struct str lang = s->c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    json_kstr(s->out, "title", app_text(s->form->app, lang, path, s->form->title));
    json_key(s->out, STR("top"));
    json_begin_list(s->out);
}

static void close_rows(struct shown *s)
{
    json_end_list(s->out);
    json_end_obj(s->out);
}

int trace_rollup_rows(struct ctx *c, const struct rec *r, const struct field *f, struct json *out,
                      struct err *err)
{
    const struct field *of;
    enum roll_kind kind = roll_kind(f, &of);
    bool sub = f->rollup_of->parent != NULL;
    struct rollup_list list = {.least = kind == ROLL_MIN};
    if (of && !field_is_sys(of) && !of->sub && !field_by_expr(of) && field_has_column(of) &&
        of->sensitive == SENS_NONE)
        list.by = of;
    if (rollup_ids(c, r, f, &list, err))
        return -1;
    struct shown s = {.c = c, .out = out, .form = sub ? f->rollup_of->parent : f->rollup_of};
    s.of = sub ? NULL : list.by;
    open_rows(&s);
    for (size_t i = 0; i < list.n && s.n < SHOWN; i++) {
        bool twice = i > 0 && list.ids[i] == list.ids[i - 1];
        if (!twice && put_row(&s, list.ids[i], err))
            return -1;
    }
    close_rows(&s);
    return 0;
}

/* The link that a lookup goes through first. */
static void first_link(void *arg, const struct fx_ref *ref)
{
    const struct fx_ref **out = arg;
    if (!*out && ref->root == FX_ROW && ref->n > 1)
        *out = ref;
}

int trace_lookup_row(struct ctx *c, const struct rec *r, const struct field *f, struct json *out,
                     struct err *err)
{
    const struct fx_ref *ref = NULL;
    fx_each_ref(f->value, first_link, &ref);
    const struct field *link = ref ? ref->path[0].ref : NULL;
    const struct form *target = link && !link->sub ? ref_target(link) : NULL;
    struct val v = target ? r->v[link->slot] : VAL_NONE;
    if (v.kind != VAL_REF)
        return 0;
    struct shown s = {.c = c, .out = out, .form = target};
    s.of = ref->n == 2 ? ref->path[1].ref : NULL;
    open_rows(&s);
    if (put_row(&s, v.ref->id, err))
        return -1;
    close_rows(&s);
    return 0;
}
