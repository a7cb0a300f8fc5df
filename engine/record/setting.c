/*
 * Rows of _setting: day 0 for a setting without days, else its start day.
 */
#include "engine/record/setting.h"

#include "engine/meta/fieldtype.h"

int64_t setting_today(const struct ctx *c, const struct app *app)
{
    return civil_day_of_us(c->now_us, &app->zone);
}

static int parse(struct ctx *c, const struct setting *st, struct str text, struct val *out,
                 struct err *err)
{
    struct diags ignored;
    struct val v;
    if (json_parse(c->a, text, &v, err))
        return -1;
    diags_init(&ignored, c->a);
    *out = st->type->coerce ? st->type->coerce(st->field, c->a, v, st->key, &ignored) : v;
    return 0;
}

int setting_value(struct ctx *c, const struct app *app, struct str key, int64_t day,
                  struct val *out, struct err *err)
{
    const struct setting *st = app_setting(app, key);
    struct sql q;
    struct stmt *s;
    *out = VAL_NONE;
    if (!st)
        return 0;
    *out = st->dflt.kind == VAL_ABSENT ? VAL_NONE : st->dflt;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT value FROM _setting WHERE app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " AND key = ");
    sql_bind_str(&q, key);
    sql_lit(&q, " AND day <= ");
    sql_bind_int(&q, day);
    sql_lit(&q, " ORDER BY day DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    struct str text = step == 1 ? str_dup(c->a, stmt_str(s, 0)) : STR_NONE;
    stmt_done(s);
    return step <= 0 ? step : parse(c, st, text, out, err);
}

/* ---- looking ---- */

static int versions_json(struct ctx *c, const struct app *app, const struct setting *st,
                         struct json *j, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT s.day, s.value, s.at, s.by, m.name FROM _setting s"
                " LEFT JOIN _member m ON m.id = s.by WHERE s.app = ");
    sql_bind_str(&q, app->key);
    sql_lit(&q, " AND s.key = ");
    sql_bind_str(&q, st->key);
    sql_lit(&q, " ORDER BY s.day DESC");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_key(j, STR("versions"));
    json_begin_list(j);
    while ((step = stmt_step(s, err)) == 1) {
        struct val v;
        if (parse(c, st, str_dup(c->a, stmt_str(s, 1)), &v, err)) {
            step = -1;
            break;
        }
        json_begin_obj(j);
        json_kval(j, "day", stmt_int(s, 0) ? val_date(stmt_int(s, 0)) : VAL_NONE);
        json_kval(j, "value", v);
        json_kval(j, "at", val_instant(stmt_int(s, 2)));
        json_kval(j, "by",
                  stmt_null(s, 3) ? VAL_NONE
                                  : val_ref(c->a, stmt_int(s, 3), str_dup(c->a, stmt_str(s, 4))));
        json_end_obj(j);
    }
    stmt_done(s);
    json_end_list(j);
    return step;
}

int setting_list(struct ctx *c, const struct app *app, struct json *out, struct err *err)
{
    json_begin_obj(out);
    json_key(out, STR("settings"));
    json_begin_list(out);
    for (size_t i = 0; i < app->nsettings; i++) {
        const struct setting *st = &app->settings[i];
        struct val now;
        if (setting_value(c, app, st->key, setting_today(c, app), &now, err))
            return -1;
        json_begin_obj(out);
        json_kstr(out, "key", st->key);
        json_kstr(out, "title", st->title);
        json_kstr(out, "type", st->type->name);
        json_kbool(out, "effective", st->effective);
        json_kval(out, "default", st->dflt.kind == VAL_ABSENT ? VAL_NONE : st->dflt);
        json_kval(out, "value", now);
        if (versions_json(c, app, st, out, err))
            return -1;
        json_end_obj(out);
    }
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

/* ---- setting ---- */

static int take_away(struct ctx *c, const struct setting_put *in, int64_t day, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _setting WHERE app = ");
    sql_bind_str(&q, in->app->key);
    sql_lit(&q, " AND key = ");
    sql_bind_str(&q, in->key);
    sql_lit(&q, " AND day = ");
    sql_bind_int(&q, day);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int store(struct ctx *c, const struct setting_put *in, int64_t day, struct val v,
                 struct err *err)
{
    struct sql q;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _setting (app, key, day, value, at, by) VALUES (");
    sql_bind_str(&q, in->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, in->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, day);
    sql_lit(&q, ", ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ") ON CONFLICT (app, key, day) DO UPDATE SET value = excluded.value,"
                " at = excluded.at, by = excluded.by");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int setting_put(struct ctx *c, const struct setting_put *in, struct diags *diags, struct err *err)
{
    const struct setting *st = app_setting(in->app, in->key);
    size_t before = diags->errors;
    if (!st)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个设置。",
                       "There is no such setting.");
    if (in->has_day && !st->effective) {
        (void)err_set(err, ERR_INVALID, "day", "这个设置不按日期生效。",
                      "This setting has no start days.");
        err_at(err, "day");
        return -1;
    }
    int64_t day = !st->effective ? 0 : in->has_day ? in->day : setting_today(c, in->app);
    if (val_is_blank(in->value))
        return take_away(c, in, day, err);
    struct val v = in->value;
    if (st->type->coerce)
        v = st->type->coerce(st->field, c->a, v, STR("value"), diags);
    if (diags->errors > before)
        return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                       "Some of the input is not valid.");
    return store(c, in, day, v, err);
}
