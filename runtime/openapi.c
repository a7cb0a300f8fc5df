/*
 * OpenAPI from the one route table: paths with {app} and {form} are written once for each form that
 * runs, so that a client generator finds real fields.
 */
#include "runtime/openapi.h"

#include "engine/meta/fieldtype.h"
#include "engine/record/access.h"
#include "runtime/router.h"

struct doc {
    struct ctx *c;
    struct json *j;
};

static void put(struct json *j, const char *key, const char *value)
{
    json_key(j, str_of(key));
    json_str(j, str_of(value));
}

/* ---- schemas ---- */

static const char *json_type(const struct field *f, const char **format)
{
    struct fx_field fx;
    field_fx(f, &fx);
    *format = NULL;
    if (fx.type.list)
        return "array";
    switch ((enum fx_base)fx.type.base) {
    case FX_BOOL: return "boolean";
    case FX_NUM: return "number";
    case FX_DATE: *format = "date"; return "string";
    case FX_DATETIME: *format = "date-time"; return "string";
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT:
    case FX_JSON: return "object";
    case FX_ROWS: return "array";
    case FX_TIME: *format = "time"; return "string";
    case FX_TEXT:
    case FX_BLANK: break;
    }
    return "string";
}

static void put_schema(struct doc *d, const struct form *f, struct access *x);

static void put_property(struct doc *d, const struct field *f, struct access *x)
{
    struct json *j = d->j;
    const char *format, *type = json_type(f, &format);
    json_begin_obj(j);
    json_kstr(j, "title", f->title);
    json_key(j, STR("type"));
    json_begin_list(j);
    json_str(j, str_of(type));
    json_str(j, STR("null"));
    json_end_list(j);
    if (format)
        put(j, "format", format);
    if ((f->type->flags & (FT_COMPUTED | FT_SERIAL)) || access_field(x, f) != FIELD_WRITE)
        json_kbool(j, "readOnly", true);
    if (f->max_length && !strcmp(type, "string"))
        json_kint(j, "maxLength", f->max_length);
    if (f->noptions && !strcmp(type, "string")) {
        json_key(j, STR("enum"));
        json_begin_list(j);
        for (size_t i = 0; i < f->noptions; i++)
            json_str(j, f->options[i].key);
        json_blank(j);
        json_end_list(j);
    }
    if (f->sub) {
        json_key(j, STR("items"));
        put_schema(d, f->sub, x);
    }
    json_end_obj(j);
}

static void put_schema(struct doc *d, const struct form *f, struct access *x)
{
    struct json *j = d->j;
    json_begin_obj(j);
    put(j, "type", "object");
    json_kstr(j, "title", f->title);
    json_key(j, STR("properties"));
    json_begin_obj(j);
    for (size_t i = 0; i < f->nfields; i++) {
        if (access_field(x, f->fields[i]) == FIELD_HIDDEN)
            continue;
        json_key(j, f->fields[i]->key);
        put_property(d, f->fields[i], x);
    }
    json_end_obj(j);
    json_end_obj(j);
}

/* ---- paths ---- */

static void put_parameters(struct doc *d, struct str path)
{
    struct json *j = d->j;
    json_key(j, STR("parameters"));
    json_begin_list(j);
    while (path.n) {
        struct str segment;
        path = str_cut(path, '/', &segment);
        if (segment.n < 3 || segment.p[0] != '{')
            continue;
        json_begin_obj(j);
        json_kstr(j, "name", str_sub(segment, 1, segment.n - 2));
        put(j, "in", "path");
        json_kbool(j, "required", true);
        json_key(j, STR("schema"));
        json_begin_obj(j);
        put(j, "type", "string");
        json_end_obj(j);
        json_end_obj(j);
    }
    json_end_list(j);
}

static void put_content(struct doc *d, struct str schema)
{
    struct json *j = d->j;
    json_key(j, STR("content"));
    json_begin_obj(j);
    json_key(j, STR("application/json"));
    json_begin_obj(j);
    json_key(j, STR("schema"));
    json_begin_obj(j);
    if (schema.n)
        json_kstr(j, "$ref", schema);
    else
        put(j, "type", "object");
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
}

static void put_responses(struct doc *d, struct str schema)
{
    struct json *j = d->j;
    json_key(j, STR("responses"));
    json_begin_obj(j);
    json_key(j, STR("2XX"));
    json_begin_obj(j);
    put(j, "description", "done");
    put_content(d, schema);
    json_end_obj(j);
    json_key(j, STR("default"));
    json_begin_obj(j);
    put(j, "description", "a problem (RFC 9457)");
    json_key(j, STR("content"));
    json_begin_obj(j);
    json_key(j, STR("application/problem+json"));
    json_begin_obj(j);
    json_key(j, STR("schema"));
    json_begin_obj(j);
    put(j, "$ref", "#/components/schemas/Problem");
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
}

static void put_operation(struct doc *d, const struct route *r, struct str path, struct str schema)
{
    static const char *const LOWER[HTTP_METHODS] = {"get", "head",  "post",
                                                    "put", "patch", "delete"};
    struct json *j = d->j;
    json_key(j, str_of(LOWER[r->method]));
    json_begin_obj(j);
    put(j, "summary", r->help);
    json_key(j, STR("tags"));
    json_begin_list(j);
    json_str(j, str_of(r->tag));
    json_end_list(j);
    put_parameters(d, path);
    if (r->body_max && r->method != HTTP_DELETE) {
        json_key(j, STR("requestBody"));
        json_begin_obj(j);
        put_content(d, schema);
        json_end_obj(j);
    }
    put_responses(d, schema);
    json_end_obj(j);
}

/* All methods of one path: the rows from `first` on that share its pattern. */
static void put_path(struct doc *d, const struct route *rows, size_t n, size_t first,
                     struct str path, struct str schema)
{
    json_key(d->j, path);
    json_begin_obj(d->j);
    for (size_t i = first; i < n; i++)
        if (!strcmp(rows[i].pattern, rows[first].pattern) && !(rows[i].flags & ROUTE_PLAIN))
            put_operation(d, &rows[i], path, schema);
    json_end_obj(d->j);
}

static bool seen_before(const struct route *rows, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (!strcmp(rows[k].pattern, rows[i].pattern))
            return true;
    return false;
}

static struct str of_form(struct doc *d, const struct form *f, const char *pattern)
{
    struct str rest =
        str_sub(str_of(pattern), sizeof("/apps/{app}/forms/{form}") - 1, strlen(pattern));
    return str_fmt(d->c->a, "/apps/%.*s/forms/%.*s%.*s", STR_ARG(f->app->key), STR_ARG(f->key),
                   STR_ARG(rest));
}

static void form_paths(struct doc *d, const struct form *f)
{
    const struct route *rows;
    size_t n = routes(&rows);
    struct str schema =
        str_fmt(d->c->a, "#/components/schemas/%.*s.%.*s", STR_ARG(f->app->key), STR_ARG(f->key));
    for (size_t i = 0; i < n; i++) {
        bool record = str_starts(str_of(rows[i].pattern), STR("/apps/{app}/forms/{form}"));
        bool one = str_eqz(str_of(rows[i].pattern), "/apps/{app}/forms/{form}/records/{id}") ||
                   str_eqz(str_of(rows[i].pattern), "/apps/{app}/forms/{form}/records");
        if (record && !(rows[i].flags & ROUTE_PLAIN) && !seen_before(rows, i))
            put_path(d, rows, n, i, of_form(d, f, rows[i].pattern), one ? schema : STR_NONE);
    }
}

static void fixed_paths(struct doc *d)
{
    const struct route *rows;
    size_t n = routes(&rows);
    for (size_t i = 0; i < n; i++) {
        struct str pattern = str_of(rows[i].pattern);
        if (!(rows[i].flags & ROUTE_PLAIN) && !seen_before(rows, i) &&
            !str_starts(pattern, STR("/apps/{app}/forms/{form}")))
            put_path(d, rows, n, i, pattern, STR_NONE);
    }
}

static void put_problem_schema(struct json *j)
{
    static const char *const TEXTS[] = {"type", "title", "detail", "code"};
    json_key(j, STR("Problem"));
    json_begin_obj(j);
    put(j, "type", "object");
    json_key(j, STR("properties"));
    json_begin_obj(j);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        json_key(j, str_of(TEXTS[i]));
        json_begin_obj(j);
        put(j, "type", "string");
        json_end_obj(j);
    }
    json_key(j, STR("status"));
    json_begin_obj(j);
    put(j, "type", "integer");
    json_end_obj(j);
    json_key(j, STR("errors"));
    json_begin_obj(j);
    put(j, "type", "array");
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
}

/* Runs fn for every form that the caller may see. */
typedef int form_fn(struct doc *d, const struct form *f, struct access *x, struct err *err);

static void drop(void *arg)
{
    struct app *app = arg;
    app_unref(&app);
}

static int each_form(struct doc *d, form_fn *fn, struct err *err)
{
    struct ctx *c = d->c;
    struct str *keys;
    size_t n = engine_apps(c->engine, c->a, &keys);
    for (size_t i = 0; i < n; i++) {
        struct app *app = engine_app(c->engine, keys[i]);
        if (!app)
            continue;
        arena_defer(c->a, drop, app);
        c->app = app;
        for (size_t k = 0; k < app->nforms; k++) {
            struct access *x;
            if (access_of(c, app->forms[k], &x, err))
                return -1;
            if ((!access_none(x) || ctx_is_system(c)) && fn(d, app->forms[k], x, err))
                return -1;
        }
    }
    c->app = NULL;
    return 0;
}

static int one_paths(struct doc *d, const struct form *f, struct access *x, struct err *err)
{
    (void)x, (void)err;
    form_paths(d, f);
    return 0;
}

static int one_schema(struct doc *d, const struct form *f, struct access *x, struct err *err)
{
    (void)err;
    json_key(d->j, str_fmt(d->c->a, "%.*s.%.*s", STR_ARG(f->app->key), STR_ARG(f->key)));
    put_schema(d, f, x);
    return 0;
}

static void put_head(struct json *j)
{
    put(j, "openapi", "3.1.0");
    json_key(j, STR("info"));
    json_begin_obj(j);
    put(j, "title", "Mortise");
    put(j, "version", "1");
    json_end_obj(j);
    json_key(j, STR("servers"));
    json_begin_list(j);
    json_begin_obj(j);
    put(j, "url", "/api/v1");
    json_end_obj(j);
    json_end_list(j);
}

static void put_security(struct json *j)
{
    json_key(j, STR("securitySchemes"));
    json_begin_obj(j);
    json_key(j, STR("token"));
    json_begin_obj(j);
    put(j, "type", "http");
    put(j, "scheme", "bearer");
    json_end_obj(j);
    json_end_obj(j);
}

int openapi_write(struct ctx *c, struct json *j, struct err *err)
{
    struct doc d = {c, j};
    json_begin_obj(j);
    put_head(j);
    json_key(j, STR("paths"));
    json_begin_obj(j);
    fixed_paths(&d);
    if (each_form(&d, one_paths, err))
        return -1;
    json_end_obj(j);
    json_key(j, STR("components"));
    json_begin_obj(j);
    put_security(j);
    json_key(j, STR("schemas"));
    json_begin_obj(j);
    put_problem_schema(j);
    if (each_form(&d, one_schema, err))
        return -1;
    json_end_obj(j);
    json_end_obj(j);
    json_end_obj(j);
    return 0;
}
