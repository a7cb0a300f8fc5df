/*
 * The working calendar of an app: what runs, what the draft of app.yaml says, and a day made a
 * holiday, a working day or plain again in that draft.
 */
#include "runtime/api.h"

#include "engine/meta/edit.h"
#include "engine/meta/region.h"
#include "engine/meta/yaml.h"
#include "engine/engine.h"
#include "engine/record/schema.h"
#include "runtime/audited.h"
#include "runtime/server.h"

#define APP_YAML STR("app.yaml")

enum day_kind { DAY_PLAIN, DAY_HOLIDAY, DAY_MAKE_UP };

/* `calendar:` of an app.yaml as it stands there. */
struct cal {
    struct val v;     /* VAL_OBJ, or blank: there is none */
    struct val off;   /* holidays as a list; `cn` among them */
    struct val on;    /* make_up */
    bool off_is_list; /* else a single word, or nothing */
    bool on_is_list;
};

static struct val as_list(struct arena *a, struct val v)
{
    struct val *one = ARENA_NEW(a, struct val);
    *one = v;
    return v.kind == VAL_LIST ? v : val_list(one, val_is_blank(v) ? 0 : 1);
}

static void cal_read(struct arena *a, struct str text, struct cal *out)
{
    struct diags ignored;
    diags_init(&ignored, a);
    *out = (struct cal){.off = val_list(NULL, 0), .on = val_list(NULL, 0)};
    struct yaml_node *root = text.n ? yaml_parse(a, APP_YAML, text, &ignored) : NULL;
    const struct yaml_node *n = root && root->kind == YAML_MAP ? yaml_get(root, "calendar") : NULL;
    if (!n || n->kind != YAML_MAP)
        return;
    out->v = yaml_val(a, n);
    struct val off = val_get(out->v, STR("holidays")), on = val_get(out->v, STR("make_up"));
    out->off_is_list = off.kind == VAL_LIST;
    out->on_is_list = on.kind == VAL_LIST;
    out->off = as_list(a, off);
    out->on = as_list(a, on);
}

static ptrdiff_t place_of(struct val list, struct str text)
{
    for (size_t i = 0; i < list.n; i++)
        if (list.list[i].kind == VAL_TEXT && str_eq(val_str(list.list[i]), text))
            return (ptrdiff_t)i;
    return -1;
}

static struct str text_of(const struct app_source *src)
{
    for (size_t i = 0; i < src->nfiles; i++)
        if (str_eq(src->files[i].path, APP_YAML))
            return src->files[i].text;
    return STR_NONE;
}

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static int draft_text(struct http_req *req, struct str *text, struct err *err)
{
    struct diags diags;
    struct draft d = {.diags = &diags};
    diags_init(&diags, req->ctx->a);
    if (engine_draft(req->ctx->engine, req->ctx->a, req->params[0], &d, err))
        return -1;
    if (d.app)
        arena_defer(req->ctx->a, drop, d.app);
    *text = text_of(&d.src);
    return text->n ? 0 : no_such(err);
}

static int running_text(struct http_req *req, struct str *text, struct err *err)
{
    struct ctx *c = req->ctx;
    struct app_source src = {.key = req->params[0]};
    int64_t n = 0;
    int rc = version_running(c->db, c->a, req->params[0], &n, err);
    if (rc == 1)
        rc = version_load(c->db, c->a, req->params[0], n, &src, err);
    *text = text_of(&src);
    return rc < 0 ? -1 : 0;
}

/* ---- showing ---- */

static void put_list(struct json *j, const char *key, struct val list)
{
    json_key(j, str_of(key));
    json_begin_list(j); /* json_val() writes an empty one as null */
    for (size_t i = 0; i < list.n; i++)
        json_val(j, list.list[i]);
    json_end_list(j);
}

static void put_cal(struct json *j, const char *key, const struct cal *cal)
{
    json_key(j, str_of(key));
    json_begin_obj(j);
    struct val week = val_get(cal->v, STR("workdays"));
    json_kval(j, "workdays", week.kind == VAL_LIST ? week : VAL_NONE);
    json_kbool(j, "cn", place_of(cal->off, STR("cn")) >= 0);
    put_list(j, "holidays", cal->off);
    put_list(j, "make_up", cal->on);
    json_end_obj(j);
}

static void put_days(struct json *j, const char *key, const int32_t *days, size_t n, int64_t year)
{
    char buf[16];
    json_key(j, str_of(key));
    json_begin_list(j);
    for (size_t i = 0; i < n; i++) {
        struct str day = civil_print_date(days[i], buf);
        int64_t of = 0;
        if (str_int(str_sub(day, 0, 4), 0, 9999, &of) && of == year)
            json_str(j, day);
    }
    json_end_list(j);
}

static int64_t last_year(const struct fx_calendar *cn)
{
    char buf[16];
    int64_t year = 0;
    if (cn->nholidays)
        (void)str_int(str_sub(civil_print_date(cn->holidays[cn->nholidays - 1], buf), 0, 4), 0,
                      9999, &year); /* printed just now */
    return year;
}

static int answer(struct http_req *req, struct http_resp *resp, struct str draft, struct err *err)
{
    struct arena *a = req->ctx->a;
    struct json *j = &resp->json;
    struct str text;
    struct cal running, now;
    struct fx_calendar cn = {0};
    struct civil today;
    civil_of_us(req->ctx->now_us, &zone_utc, &today);
    int64_t year = today.year;
    if (req_int(req, "year", (struct req_range){1970, 2999, year}, &year, err) ||
        running_text(req, &text, err))
        return -1;
    cal_read(a, text, &running);
    cal_read(a, draft, &now);
    ld_calendar_cn(&cn);
    json_begin_obj(j);
    json_kint(j, "year", year);
    json_kint(j, "cn_until", last_year(&cn));
    json_key(j, STR("cn"));
    json_begin_obj(j);
    put_days(j, "holidays", cn.holidays, cn.nholidays, year);
    put_days(j, "make_up", cn.make_up, cn.nmake_up, year);
    json_end_obj(j);
    put_cal(j, "running", &running);
    put_cal(j, "draft", &now);
    json_end_obj(j);
    return 0;
}

int api_calendar(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct str text;
    return draft_text(req, &text, err) ? -1 : answer(req, resp, text, err);
}

/* ---- changing ---- */

struct patch {
    struct arena *a;
    VEC(struct val) ops;
};

static void op(struct patch *p, const char *what, struct str path, struct val value)
{
    struct pair *pairs = ARENA_ARRAY(p->a, struct pair, 3);
    pairs[0] = (struct pair){STR("op"), val_text(str_of(what))};
    pairs[1] = (struct pair){STR("path"), val_text(path)};
    pairs[2] = (struct pair){STR("value"), value};
    (void)vec_push(
        p->a, &p->ops,
        ((struct val){.kind = VAL_OBJ, .n = value.kind == VAL_ABSENT ? 2 : 3, .obj = pairs}));
}

static struct val one_item(struct arena *a, struct val v)
{
    struct val *item = ARENA_NEW(a, struct val);
    *item = v;
    return val_list(item, 1);
}

static void take_out(struct patch *p, const char *key, struct val list, bool is_list,
                     struct str day)
{
    ptrdiff_t at = place_of(list, day);
    if (at < 0)
        return;
    struct str path = !is_list || list.n == 1 ? str_fmt(p->a, "/calendar/%s", key)
                                              : str_fmt(p->a, "/calendar/%s/%td", key, at);
    op(p, "remove", path, (struct val){.kind = VAL_ABSENT});
}

static void put_in(struct patch *p, const struct cal *cal, const char *key, struct str day)
{
    bool off = strcmp(key, "holidays") == 0;
    struct val list = off ? cal->off : cal->on;
    bool is_list = off ? cal->off_is_list : cal->on_is_list;
    struct val v = val_text(day);
    struct str path = str_fmt(p->a, "/calendar/%s", key);
    if (cal->v.kind != VAL_OBJ) {
        struct pair *pair = ARENA_NEW(p->a, struct pair);
        *pair = (struct pair){str_of(key), one_item(p->a, v)};
        op(p, "add", STR("/calendar"), (struct val){.kind = VAL_OBJ, .n = 1, .obj = pair});
    } else if (is_list && list.n) {
        op(p, "add", str_fmt(p->a, "%.*s/-", STR_ARG(path)), v);
    } else if (list.n) { /* a single word becomes a list */
        struct val *both = ARENA_ARRAY(p->a, struct val, 2);
        both[0] = list.list[0];
        both[1] = v;
        op(p, "replace", path, val_list(both, 2));
    } else {
        op(p, "add", path, one_item(p->a, v));
    }
}

static int read_body(struct http_req *req, struct str *day, enum day_kind *kind, struct err *err)
{
    static const char *const KINDS[] = {"plain", "holiday", "make_up"};
    struct val body;
    int64_t n;
    if (req_json(req, &body, err))
        return -1;
    *day = body_str(body, "day");
    if (!civil_parse_date(*day, &n) || day->n != 10) {
        (void)err_set(err, ERR_INVALID, "day", "day 应为日期，例如 2026-10-01。",
                      "day must be a date such as 2026-10-01.");
        err_at(err, "day");
        return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (str_eqz(body_str(body, "kind"), KINDS[i])) {
            *kind = (enum day_kind)i;
            return 0;
        }
    (void)err_set(err, ERR_INVALID, "bad_value", "kind 应为 holiday、make_up 或 plain。",
                  "kind must be holiday, make_up or plain.");
    err_at(err, "kind");
    return -1;
}

/* The day leaves both lists, then stands in the one it is to be in. */
static int edit_text(struct arena *a, struct str text, struct str day, enum day_kind kind,
                     struct str *out, struct err *err)
{
    struct patch p = {.a = a};
    struct cal cal;
    *out = text;
    cal_read(a, text, &cal);
    take_out(&p, "holidays", cal.off, cal.off_is_list, day);
    take_out(&p, "make_up", cal.on, cal.on_is_list, day);
    if (p.ops.n && yaml_edit(a, text, val_list(p.ops.v, (uint32_t)p.ops.n), out, err))
        return -1;
    if (kind == DAY_PLAIN)
        return 0;
    p = (struct patch){.a = a};
    cal_read(a, *out, &cal);
    put_in(&p, &cal, kind == DAY_HOLIDAY ? "holidays" : "make_up", day);
    return yaml_edit(a, *out, val_list(p.ops.v, (uint32_t)p.ops.n), out, err);
}

int api_calendar_put(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct str text, day;
    enum day_kind kind;
    if (read_body(req, &day, &kind, err) || draft_text(req, &text, err) ||
        edit_text(req->ctx->a, text, day, kind, &text, err))
        return -1;
    struct app_file file = {APP_YAML, text};
    if (engine_draft_put(req->ctx->engine, req->ctx->a, req->params[0], &file, err) ||
        audited(req, "calendar", req->params[0], "day", val_text(day), err))
        return -1;
    return answer(req, resp, text, err);
}
