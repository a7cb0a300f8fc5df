/*
 * A column made of another, page by page or row by row: converted values, folded texts, hashes.
 */
#include "engine/record/schema_int.h"

#include "engine/record/sealed.h"

static int set_column(const struct schema_copy *f, int64_t id, struct val v, struct err *err)
{
    struct sql q;
    sql_init(&q, f->a, store_dialect(store_of(f->db)));
    sql_lit(&q, "UPDATE ");
    sql_table(&q, f->t->app, f->t->form, f->t->sub);
    sql_lit(&q, " SET ");
    sql_ident(&q, f->column);
    sql_lit(&q, " = ");
    sql_bind(&q, v);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, id);
    return store_exec_later(f->db, f->a, &q, err);
}

static int converted(const struct schema_copy *f, int64_t id, struct val v, struct val *out,
                     struct err *err)
{
    bool fits;
    struct sealed_at at = {f->to, id, 0};
    const struct vault_on s = {f->vault, f->db, f->a};
    struct schema_cast cast = {f->db, f->a, f->from, f->to};
    if (schema_convert(&cast, &v, &fits, err) < 0)
        return -1;
    if (!fits || !f->to->encrypted) {
        *out = fits ? field_to_column(f->to, f->a, v) : VAL_NONE;
        return 0;
    }
    if (schema_subject(&s, f->old, f->to, id, &at.subject, err) < 0)
        return -1;
    return sealed_put(&s, &at, v, out, err);
}

/* The folded text of a unique field, of an encrypted one its hash. */
static int folded(const struct schema_copy *f, struct val v, struct val *out, struct err *err)
{
    const struct vault_on s = {f->vault, f->db, f->a};
    if (f->to->encrypted)
        return sealed_key(&s, f->to, v, out, err);
    *out = val_text(f->to->type->fold(f->to, f->a, v));
    return 0;
}

static int made(const struct schema_copy *f, int64_t id, struct val v, struct val *out,
                struct err *err)
{
    const struct vault_on s = {f->vault, f->db, f->a};
    *out = VAL_NONE;
    if (val_is_blank(v))
        return 0;
    switch (f->how) {
    case COPY_CONVERT: return converted(f, id, v, out, err);
    case COPY_FOLD: return folded(f, v, out, err);
    case COPY_HASH: break;
    }
    return sealed_eq(&s, f->to, v, out, err);
}

static struct schema_read reading(const struct schema_copy *f)
{
    return (struct schema_read){f->db, f->vault, f->a, f->t, f->source, f->from};
}

int schema_copy_page(const struct schema_copy *f, int64_t *after, size_t *n, struct err *err)
{
    struct schema_value *page = ARENA_ARRAY(f->a, struct schema_value, SCHEMA_PAGE);
    const struct schema_read r = reading(f);
    if (schema_page(&r, *after, page, n, err) < 0)
        return -1;
    for (size_t i = 0; i < *n; i++) {
        struct val v;
        if (made(f, page[i].id, page[i].v, &v, err) < 0)
            return -1;
        if (!val_is_blank(v) && set_column(f, page[i].id, v, err) < 0)
            return -1;
        *after = page[i].id;
    }
    return 0;
}

int schema_copy_row(const struct schema_copy *f, int64_t id, struct err *err)
{
    struct schema_value was = {.v = VAL_NONE};
    struct val v;
    const struct schema_read r = reading(f);
    if (schema_value_of(&r, id, &was, err) < 0 || made(f, id, was.v, &v, err) < 0)
        return -1;
    return set_column(f, id, v, err);
}
