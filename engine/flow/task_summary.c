/*
 * What a task card shows of its record: up to three fields, amounts first, read by the one reader
 * with the caller's rights. What he may not see in full on this row is left out.
 */
#include "engine/flow/flow_int.h"
#include "engine/meta/app.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "engine/record/query.h"

#define SUMMARY_FIELDS 3

static bool is_amount(const struct field *f)
{
    bool number =
        f->value ? f->value_type.base == FX_NUM && !f->value_type.list : f->type->fx == FX_NUM;
    return number && f->has_scale;
}

/* A read-only one is moved by the app itself: the state says it better. */
static bool is_choice(const struct field *f)
{
    return str_eqz(f->type->name, "select") && !f->readonly;
}

struct summary {
    struct ctx *c;
    const struct field *fields[SUMMARY_FIELDS];
    size_t n;
    struct json *out;
};

static void choose_fields(struct summary *s, struct access *x, const struct form *f)
{
    static bool (*const wanted[])(const struct field *) = {is_amount, is_choice};
    for (size_t w = 0; w < ARRAY_LEN(wanted); w++)
        for (size_t i = 0; i < f->nfields && s->n < SUMMARY_FIELDS; i++)
            if (wanted[w](f->fields[i]) && access_field(x, f->fields[i]) >= FIELD_READ)
                s->fields[s->n++] = f->fields[i];
}

static struct str text_of(struct ctx *c, const struct field *f, struct str leaf, struct str source)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    struct str path = str_fmt(c->a, "forms.%.*s.fields.%.*s.%.*s", STR_ARG(f->form->key),
                              STR_ARG(f->key), STR_ARG(leaf));
    return app_text(f->form->app, lang, path, source);
}

/* Only the option that is chosen: the card has nothing to choose. */
static void option_json(struct summary *s, const struct field *f, struct val v)
{
    json_key(s->out, STR("options"));
    json_begin_list(s->out);
    for (size_t i = 0; i < f->noptions; i++) {
        const struct option *o = &f->options[i];
        if (!str_eq(o->key, val_str(v)))
            continue;
        json_begin_obj(s->out);
        json_kstr(s->out, "key", o->key);
        struct str leaf = str_fmt(s->c->a, "options.%.*s", STR_ARG(o->key));
        json_kstr(s->out, "title", text_of(s->c, f, leaf, o->title));
        if (o->color.n)
            json_kstr(s->out, "color", o->color);
        json_end_obj(s->out);
    }
    json_end_list(s->out);
}

static int summary_row(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct summary *s = arg;
    (void)id, (void)err;
    for (size_t i = 0; i < s->n; i++) {
        const struct field *f = s->fields[i];
        struct val v = val_get(obj, f->key);
        if (val_is_blank(v) || v.kind == VAL_ABSENT)
            continue;
        json_begin_obj(s->out);
        json_kstr(s->out, "field", f->key);
        json_kstr(s->out, "title", text_of(s->c, f, STR("title"), f->title));
        json_kstr(s->out, "type", f->value ? STR("number") : f->type->name);
        if (is_choice(f))
            option_json(s, f, v);
        else
            json_kint(s->out, "scale", f->scale);
        json_kval(s->out, "value", v);
        json_end_obj(s->out);
    }
    return 0;
}

static struct str key_list(const struct summary *s)
{
    struct strb b;
    strb_init(&b, s->c->a);
    for (size_t i = 0; i < s->n; i++)
        strb_addf(&b, "%s%.*s", i ? "," : "", STR_ARG(s->fields[i]->key));
    return strb_str(&b);
}

int task_summary(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err)
{
    struct summary s = {.c = c, .out = out};
    struct access *x = NULL;
    int rc = 0;
    if (f && access_of(c, f, &x, err))
        return -1;
    /* whom only his task lets read has no list of the form: his card shows the title alone */
    if (x && !access_none(x) && (access_rights(x) & RIGHT_READ))
        choose_fields(&s, x, f);
    json_key(out, STR("summary"));
    json_begin_list(out);
    if (s.n) {
        struct query q = {
            .form = f, .fields = key_list(&s), .ids = &record, .nids = 1, .no_masks = true};
        rc = query_each(c, &q, summary_row, &s, err);
    }
    json_end_list(out);
    return rc;
}
