/*
 * Two people at one record. If-Match is strict: any other version is stale. With the version a body
 * was drawn from, only fields that somebody else changed since then conflict; the rest merges.
 */
#include "engine/record/write_int.h"

#include "engine/org/member.h"

int wr_version(struct wr *w, struct err *err)
{
    const struct rec_write *in = w->w;
    bool stale = w->has_old && (in->if_match || in->has_version) && in->version != w->old.version;
    if (!w->has_old || in->no_version || in->op == REC_RESTORE)
        return 0;
    if (!in->if_match && !in->has_version)
        return err_set(err, ERR_PRECOND, "version_required",
                       "请在 If-Match 或 _version 中给出所见的版本。",
                       "Please say in If-Match or _version which version you saw.");
    if (stale && in->op == REC_DELETE)
        return err_set(err, in->if_match ? ERR_STALE : ERR_CONFLICT, "stale",
                       "记录已被他人修改，请刷新后再试。",
                       "Somebody else changed the record; please reload it.");
    if (in->has_version && !in->if_match && in->version > w->old.version)
        return err_set(err, ERR_CONFLICT, "stale", "记录还没有这个版本，请刷新后再试。",
                       "The record has no such version yet; please reload it.");
    return 0;
}

/* ---- who changed a field last since a version ---- */

struct last {
    bool found;
    int64_t who;
    struct str name;
    int64_t at_us;
};

static bool names_field(struct arena *a, struct str changes, struct str key)
{
    struct val v;
    struct err ignored = ERR_INIT;
    if (json_parse(a, changes, &v, &ignored))
        return false;
    return val_get(v, key).kind != VAL_ABSENT;
}

static int last_change(struct wr *w, const struct field *f, struct last *out, struct err *err)
{
    struct ctx *c = w->c;
    struct sql q;
    struct stmt *s;
    *out = (struct last){0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT h.changes, h.who, m.name, h.at FROM _history h"
                " LEFT JOIN _member m ON m.id = h.who");
    org_limit(c, &q, "m");
    sql_lit(&q, " WHERE h.record = ");
    sql_bind_int(&q, w->old.id);
    sql_lit(&q, " AND h.version > ");
    sql_bind_int(&q, w->w->version);
    sql_lit(&q, " ORDER BY h.id DESC");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while (!out->found && (step = stmt_step(s, err)) == 1) {
        if (!names_field(c->a, str_dup(c->a, stmt_str(s, 0)), f->key))
            continue;
        *out = (struct last){.found = true,
                             .who = stmt_int(s, 1),
                             .name = stmt_null(s, 2) ? STR_NONE : str_dup(c->a, stmt_str(s, 2)),
                             .at_us = stmt_int(s, 3)};
    }
    stmt_done(s);
    return !out->found && step < 0 ? -1 : 0;
}

static struct str details(struct wr *w, const struct field *f, const struct last *l)
{
    struct strb b;
    struct json j;
    strb_init(&b, w->c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    if (!f->sub) {
        json_kval(&j, "yours", w->rec.v[f->slot]);
        json_kval(&j, "theirs", w->old.v[f->slot]);
    }
    if (l->found) {
        json_kval(&j, "by", l->who ? val_ref(w->c->a, l->who, l->name) : VAL_NONE);
        json_kval(&j, "at", val_instant(l->at_us));
    }
    json_kint(&j, "version", w->old.version);
    json_end_obj(&j);
    return strb_str(&b);
}

static int conflict(struct wr *w, const struct field *f, struct err *err)
{
    struct last l;
    if (last_change(w, f, &l, err))
        return -1;
    if (!l.found && !w->w->if_match)
        return 0; /* nobody touched this field since: merges */
    struct diag *d = diag_field(w->diags, f->key, "conflict", "“%.*s”已被他人修改。",
                                "“%.*s” was changed by somebody else.", STR_ARG(f->title));
    d->code = ERR_CONFLICT;
    d->extra = details(w, f, &l);
    return 0;
}

int wr_conflicts(struct wr *w, struct err *err)
{
    const struct rec_write *in = w->w;
    if (!w->has_old || in->no_version || in->version == w->old.version)
        return 0;
    size_t before = w->diags->errors;
    for (size_t i = 0; i < w->f->nslots; i++)
        if (w->given[i] && conflict(w, rec_field_at(w->f, i), err))
            return -1;
    if (!in->if_match && w->diags->errors == before)
        return 0;
    return err_set(err, in->if_match ? ERR_STALE : ERR_CONFLICT,
                   in->if_match ? "stale" : "conflict",
                   "记录已被他人修改，请查看双方的值后再保存。",
                   "Somebody else changed the record; please compare both values and save again.");
}
