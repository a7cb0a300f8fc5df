/*
 * The caller's drafts, form by form.
 */
#include "engine/record/draft.h"

#include "engine/record/record_int.h"

#define DRAFTS_MAX 100 /* of one form */

static int of_form(struct ctx *c, const struct form *f, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    char buf[16];
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT t0.\"_id\", t0.\"_title\", t0.\"_updated_at\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_deleted_at\" IS NULL AND t0.\"_state\" = 'draft'"
                " AND t0.\"_created_by\" = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " ORDER BY t0.\"_updated_at\" DESC LIMIT ");
    sql_int(&q, DRAFTS_MAX);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        json_begin_obj(out);
        json_kstr(out, "app", f->app->key);
        json_kstr(out, "form", f->key);
        json_kstr(out, "form_title", f->title);
        json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
        json_kval(out, "title", val_text(column_text(c, s, 1)));
        json_kval(out, "at", val_instant(stmt_int(s, 2)));
        json_end_obj(out);
    }
    stmt_done(s);
    return step;
}

int draft_list(struct ctx *c, const struct app *app, struct json *out, struct err *err)
{
    for (size_t i = 0; c->who->id && i < app->nforms; i++) {
        struct access *x;
        if (!app->forms[i]->flow)
            continue;
        if (access_of(c, app->forms[i], &x, err))
            return -1;
        if ((access_rights(x) & RIGHT_CREATE) && of_form(c, app->forms[i], out, err))
            return -1;
    }
    return 0;
}
