/*
 * POST /admin/simulate: a changed definition over stored records; nothing is written.
 */
#include "engine/simulate.h"
#include "engine/meta/fieldtype.h"
#include "runtime/api.h"
#include "runtime/respond.h"

#define LIMIT 1000

#define BAD(field, zh, en)                                                                         \
    (err_set(err, ERR_INVALID, "bad_parameter", zh, en), err_at(err, field), -1)

static int form_of(struct http_req *req, struct val body, struct simulate *s, struct err *err)
{
    struct ctx *c = req->ctx;
    struct str key = body_str(body, "form"), form = key;
    s->app = body_str(body, "app");
    if (str_findc(key, '/') >= 0)
        form = str_cut(key, '/', &s->app);
    req->params[0] = s->app;
    if (req_app(req, err))
        return -1;
    s->form = app_form(c->app, form);
    return s->form ? 0 : no_such(err);
}

static int day_of(struct val body, const char *key, int64_t absent, int64_t *out, struct err *err)
{
    struct str text = body_str(body, key);
    *out = absent;
    if (!text.n || civil_parse_date(text, out))
        return 0;
    return BAD("from", "日期应写成 2026-01-31。", "A date is written 2026-01-31.");
}

static int at_of(struct val body, struct simulate *s, struct err *err)
{
    s->at = body_str(body, "at");
    const struct field *f = s->at.n ? form_field(s->form, s->at) : NULL;
    if (!s->at.n || (f && (f->type->fx == FX_DATE || f->type->fx == FX_DATETIME)))
        return 0;
    return BAD("at", "at 应是表单的一个日期字段。", "`at` is a date field of the form.");
}

int api_simulate(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct val body;
    struct simulate s = {.limit = LIMIT};
    struct ctx *c = req->ctx;
    if (req_json(req, &body, err) || form_of(req, body, &s, err) || at_of(body, &s, err))
        return -1;
    struct val limit = val_get(body, STR("limit")), rules = val_get(body, STR("rules"));
    int64_t today = civil_day_of_us(c->now_us, &c->app->zone);
    if (day_of(body, "from", 0, &s.from_day, err) ||
        day_of(body, "to", today + 1, &s.until_day, err))
        return -1;
    if (rules.kind == VAL_OBJ)
        s.rules = rules;
    else if (!val_is_blank(rules) && rules.kind != VAL_ABSENT)
        return BAD("rules", "rules 应是“文件路径: 内容”的对象。",
                   "`rules` is an object of file paths and texts.");
    if (limit.kind == VAL_NUM || limit.kind == VAL_DEC) {
        double n = val_double(limit);
        if (n < 1 || n > SIMULATE_ROWS)
            return BAD("limit", "limit 应为 1 到 10000。", "limit is 1 to 10000.");
        s.limit = (uint32_t)n;
    }
    return engine_simulate(c, &s, &resp->json, &resp->diags, err);
}
