/*
 * Values of records in their JSON forms and back, by the coercion that a body goes through.
 */
#include "engine/record/snapshot.h"

#include "engine/record/write_int.h"

static bool kept(const struct field *f)
{
    return field_is_sys(f) || f->sub || (field_has_column(f) && !f->value && !f->rollup_of);
}

static void put_values(struct ctx *c, const struct rec *r, size_t slots, struct json *out)
{
    for (size_t i = 0; i < slots; i++) {
        const struct field *f = rec_field_at(r->form, i);
        if (!kept(f))
            continue;
        if (!f->sub && (r->v[i].kind == VAL_ABSENT || val_is_blank(r->v[i])))
            continue;
        if (f->sub && (!r->rows || !r->rows[i].n))
            continue;
        json_key(out, f->key);
        if (!f->sub) {
            json_val(out, r->v[i]);
            continue;
        }
        json_begin_list(out);
        for (size_t k = 0; k < r->rows[i].n; k++) {
            const struct rec *row = &r->rows[i].v[k];
            char buf[16];
            json_begin_obj(out);
            json_kstr(out, "_id", id_print(row->id, buf));
            put_values(c, row, row->form->nfields, out);
            json_end_obj(out);
        }
        json_end_list(out);
    }
}

void snapshot_put(struct ctx *c, const struct rec *r, struct json *out)
{
    json_begin_obj(out);
    put_values(c, r, r->form->nslots, out);
    json_end_obj(out);
}

/* System fields have no coercion of their own: members and departments, instants, texts. */
static struct val sys_value(struct ctx *c, const struct field *f, struct val v)
{
    int64_t id, us;
    if (v.kind == VAL_OBJ && id_parse(val_str(val_get(v, STR("id"))), &id))
        return val_ref(c->a, id, val_str(val_get(v, STR("title"))));
    if (f->type->fx == FX_DATETIME && civil_parse_instant(val_str(v), &us))
        return val_instant(us);
    return v;
}

static void read_values(struct ctx *c, struct rec *r, size_t slots, struct val v)
{
    struct diags ignored;
    diags_init(&ignored, c->a);
    for (size_t i = 0; i < slots; i++) {
        const struct field *f = rec_field_at(r->form, i);
        struct val in = val_get(v, f->key);
        if (!kept(f))
            continue;
        if (!f->sub) {
            r->v[i] = in.kind == VAL_ABSENT ? VAL_NONE
                      : field_is_sys(f)     ? sys_value(c, f, in)
                                            : fxval_value(f, c->a, in, &ignored, f->key);
            continue;
        }
        if (!r->rows)
            r->rows = ARENA_ARRAY(c->a, struct rec_rows, r->form->nfields);
        r->rows[i].v = ARENA_ARRAY(c->a, struct rec, in.kind == VAL_LIST ? in.n : 0);
        for (uint32_t k = 0; in.kind == VAL_LIST && k < in.n; k++) {
            struct rec *row = &r->rows[i].v[r->rows[i].n++];
            rec_init(c->a, f->sub, row);
            (void)id_parse(val_str(val_get(in.list[k], STR("_id"))), &row->id); /* ours */
            read_values(c, row, f->sub->nfields, in.list[k]);
        }
    }
}

int snapshot_read(struct ctx *c, const struct form *f, int64_t id, struct val v, struct rec *out,
                  struct err *err)
{
    rec_init(c->a, f, out);
    out->id = id;
    read_values(c, out, f->nslots, v);
    struct val version = *rec_sys(out, SYS_VERSION);
    out->version = (int64_t)val_double(version);
    return compute_row(c, out, NULL, err);
}
