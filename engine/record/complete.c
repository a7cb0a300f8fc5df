/*
 * Completion as JSON: byte offsets become code points, help and titles the reader's language.
 */
#include "engine/record/complete.h"

#include "engine/base/utf8.h"
#include "engine/formula/fx_complete.h"
#include "engine/record/record_int.h"

struct put {
    struct ctx *c;
    struct json *j;
    struct str text;
    bool en;
};

struct place_name {
    const char *name;
    enum fx_place place;
};

static const struct place_name place_names[] = {{"value", FX_PLACE_VALUE},
                                                {"condition", FX_PLACE_COND},
                                                {"filter", FX_PLACE_FILTER},
                                                {"metric", FX_PLACE_METRIC},
                                                {"group", FX_PLACE_GROUP}};

bool complete_place(struct str name, enum fx_place *out)
{
    for (size_t i = 0; i < ARRAY_LEN(place_names); i++)
        if (str_eqz(name, place_names[i].name)) {
            *out = place_names[i].place;
            return true;
        }
    return false;
}

static void put_at(struct put *p, const char *key, size_t byte)
{
    json_key(p->j, str_of(key));
    json_int(p->j, (int64_t)utf8_len(str_sub(p->text, 0, byte)));
}

static void put_fn(struct put *p, const struct fx_fn_doc *fn)
{
    json_kstr(p->j, "signature", str_of(fn->signature));
    json_kstr(p->j, "help", str_of(p->en ? fn->en : fn->zh));
    json_kstr(p->j, "group", str_of(fn->group));
}

static void put_candidate(struct put *p, const struct fx_candidate *v)
{
    json_begin_obj(p->j);
    json_kstr(p->j, "kind", fx_candidate_name((enum fx_candidate_kind)v->kind));
    json_kstr(p->j, "key", v->key);
    json_kstr(p->j, "insert", v->insert);
    if (v->title.n)
        json_kstr(p->j, "title", v->title);
    if (v->kind == FX_CAND_FIELD || v->kind == FX_CAND_VAR)
        json_kstr(p->j, "type", fx_type_title(p->c->a, v->type, !p->en));
    if (v->kind == FX_CAND_FUNCTION)
        put_fn(p, &v->fn);
    json_end_obj(p->j);
}

static void put_mistakes(struct put *p, const struct fx_completion *got)
{
    json_key(p->j, STR("errors"));
    json_begin_list(p->j);
    for (size_t i = 0; i < got->nmistakes; i++) {
        const struct fx_span *s = &got->mistakes[i];
        struct str before = str_sub(p->text, 0, s->from);
        int64_t line = 1;
        size_t start = 0;
        for (size_t k = 0; k < before.n; k++)
            if (before.p[k] == '\n') {
                line++;
                start = k + 1;
            }
        json_begin_obj(p->j);
        put_at(p, "from", s->from);
        put_at(p, "to", s->to);
        json_kint(p->j, "line", line);
        json_kint(p->j, "column", (int64_t)utf8_len(str_sub(before, start, before.n - start)) + 1);
        json_kstr(p->j, "message", p->en ? s->en : s->zh);
        json_end_obj(p->j);
    }
    json_end_list(p->j);
}

static void put_call(struct put *p, const struct fx_completion *got)
{
    json_key(p->j, STR("call"));
    if (!got->in_call) {
        json_blank(p->j);
        return;
    }
    json_begin_obj(p->j);
    json_kstr(p->j, "name", str_of(got->fn.name));
    put_fn(p, &got->fn);
    json_kint(p->j, "argument", got->argument);
    json_end_obj(p->j);
}

void complete_json(struct ctx *c, const struct complete *what, struct json *out)
{
    struct put p = {.c = c, .j = out, .text = what->text, .en = c->lang == LANG_EN};
    struct fx_schema schema =
        what->design ? access_design_schema(c, what->app) : access_schema(c, what->app);
    struct fx_scope scope = {.schema = &schema,
                             .form = what->form,
                             .parent = what->form ? what->form->parent : NULL,
                             .old = what->old,
                             .that = what->that,
                             .target = what->target,
                             .this_ = what->this_,
                             .user = what->form && what->form->app->people
                                         ? app_form(what->form->app->people, STR("member"))
                                         : NULL,
                             .place = what->place,
                             .request = !what->design};
    struct fx_completion got;
    fx_complete(c->a, what->text, utf8_offset(what->text, what->offset), &scope, &got);
    json_begin_obj(out);
    put_at(&p, "from", got.from);
    put_at(&p, "to", got.to);
    json_key(out, STR("candidates"));
    json_begin_list(out);
    for (size_t i = 0; i < got.n; i++)
        put_candidate(&p, &got.v[i]);
    json_end_list(out);
    put_call(&p, &got);
    json_kval(out, "type",
              got.compiles ? val_text(fx_type_title(c->a, got.type, false)) : VAL_NONE);
    json_kval(out, "type_title",
              got.compiles ? val_text(fx_type_title(c->a, got.type, !p.en)) : VAL_NONE);
    put_mistakes(&p, &got);
    json_end_obj(out);
}
