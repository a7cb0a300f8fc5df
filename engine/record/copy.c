/*
 * What of a record a new one may begin with.
 */
#include "engine/record/copy.h"

#include "engine/org/member.h"
#include "engine/record/write_int.h"

struct copying {
    struct access *x;
    struct rec row;
    uint64_t read, create;
    uint8_t *may_read, *may_write;
};

static bool in_key(const struct form *f, const struct field *field)
{
    for (size_t i = 0; i < f->nuniques; i++)
        for (size_t k = 0; k < f->uniques[i].nfields; k++)
            if (f->uniques[i].fields[k] == field)
                return f->uniques[i].nfields == 1;
    return false;
}

static bool of_its_own(const struct field *f)
{
    static const struct str files[] = {STR("file"), STR("image"), STR("signature")};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (str_eq(f->type->name, files[i]))
            return true;
    return f->unique || in_key(f->form, f) || f->readonly || f->append_only || f->log.n ||
           (f->type->flags & (FT_COMPUTED | FT_SERIAL));
}

/* A reference as its reader may see it, blank when he may not. */
static int refer(struct copying *o, const struct field *f, struct val *v, struct err *err)
{
    struct ctx *c = o->x->c;
    const struct form *target = ref_target(f);
    enum ref_kind kind = ref_kind_of(f);
    struct str title = v->ref->title;
    int seen = 1;
    if (target)
        seen = record_title(c, target, v->ref->id, &title, err);
    else if (kind == REF_MEMBER)
        seen = member_visible(c, v->ref->id, err);
    else if (kind == REF_DEPT)
        seen = department_visible(c, v->ref->id, err);
    if (seen < 0)
        return -1;
    *v = seen ? val_ref(c->a, v->ref->id, title) : VAL_NONE;
    return 0;
}

static int put(struct copying *o, const struct field *f, struct val v, struct json *j,
               struct err *err)
{
    if (v.kind == VAL_REF && refer(o, f, &v, err))
        return -1;
    if (v.kind == VAL_LIST && v.n && v.list[0].kind == VAL_REF) {
        struct val *left = ARENA_ARRAY(o->x->c->a, struct val, v.n);
        uint32_t n = 0;
        for (uint32_t i = 0; i < v.n; i++) {
            left[n] = v.list[i];
            if (refer(o, f, &left[n], err))
                return -1;
            n += !val_is_blank(left[n]);
        }
        v = val_list(left, n);
    }
    if (val_is_blank(v) || v.kind == VAL_ABSENT)
        return 0;
    json_key(j, f->key);
    json_val(j, v);
    return 0;
}

static bool column_open(const struct copying *o, const struct field *table, const struct field *f)
{
    return access_held_sub(o->x, o->read, table, f) >= FIELD_READ &&
           access_held_sub(o->x, o->create, table, f) >= FIELD_WRITE;
}

static int rows_json(struct copying *o, const struct field *table, struct json *j, struct err *err)
{
    const struct rec_rows *rows = o->row.rows ? &o->row.rows[table->slot] : NULL;
    json_key(j, table->key);
    json_begin_list(j);
    for (size_t i = 0; rows && i < rows->n; i++) {
        json_begin_obj(j);
        for (size_t k = 0; k < table->sub->nfields; k++) {
            const struct field *f = table->sub->fields[k];
            if (!of_its_own(f) && column_open(o, table, f) && put(o, f, rows->v[i].v[k], j, err))
                return -1;
        }
        json_end_obj(j);
    }
    json_end_list(j);
    return 0;
}

static int begin(struct ctx *c, const struct form *f, int64_t id, struct copying *o,
                 struct err *err)
{
    if (access_of(c, f, &o->x, err))
        return -1;
    const struct rec_key key = {f, id, REC_LIVE};
    const struct rec_seen read = {.rights = RIGHT_READ};
    int found = record_load_seen(o->x, &key, &read, &o->row, err);
    int seen = found == 1 ? access_row(o->x, &o->row, RIGHT_READ, err) : found;
    if (seen <= 0)
        return seen;
    if (!(access_rights(o->x) & RIGHT_CREATE))
        return denied(err);
    o->may_read = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    o->may_write = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    if (access_row_held(o->x, &o->row, RIGHT_READ, &o->read, err) ||
        access_row_held(o->x, &o->row, RIGHT_CREATE, &o->create, err))
        return -1;
    access_held_fields(o->x, o->read, o->may_read);
    access_held_fields(o->x, o->create, o->may_write);
    return 1;
}

int record_copy(struct ctx *c, const struct form *f, int64_t id, struct json *out, struct err *err)
{
    struct copying o = {0};
    int rc = begin(c, f, id, &o, err);
    if (rc <= 0)
        return rc;
    json_begin_obj(out);
    json_key(out, STR("values"));
    json_begin_obj(out);
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (of_its_own(field) || o.may_read[i] < FIELD_READ || o.may_write[i] < FIELD_WRITE)
            continue;
        int bad =
            field->sub ? rows_json(&o, field, out, err) : put(&o, field, o.row.v[i], out, err);
        if (bad)
            return -1;
    }
    json_end_obj(out);
    json_end_obj(out);
    return 1;
}
