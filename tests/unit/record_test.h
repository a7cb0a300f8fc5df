/*
 * Writing and reading records in tests: one call a line, JSON in and out.
 */
#ifndef TESTS_RECORD_TEST_H
#define TESTS_RECORD_TEST_H

#include "tests/unit/app_test.h"

struct test_job {
    struct rec_write w;
    struct rec out;
    struct diags diags;
};

static inline int test_job_run(struct ctx *c, void *arg, struct err *err)
{
    struct test_job *j = arg;
    diags_init(&j->diags, c->a);
    return record_write(c, &j->w, &j->out, &j->diags, err);
}

static inline struct val test_json(struct test_app *t, const char *json)
{
    struct err err = ERR_INIT;
    struct val v;
    OK(json_parse(t->a, str_of(json), &v, &err));
    return v;
}

/* Runs one write as `who`: 0 or -1 with err. */
static inline int test_write(struct test_app *t, const struct principal *who, struct test_job *j,
                             struct err *err)
{
    test_as(t, who);
    *err = ERR_INIT;
    if (!who)
        j->w.mode |= WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS;
    return engine_write(&t->c, test_job_run, j, err);
}

static inline int test_create(struct test_app *t, const struct principal *who, const char *form,
                              const char *json, struct test_job *j, struct err *err)
{
    *j = (struct test_job){.w = {.op = REC_CREATE,
                                 .form = app_form(t->app, str_of(form)),
                                 .values = test_json(t, json)}};
    return test_write(t, who, j, err);
}

static inline int test_update(struct test_app *t, const struct principal *who, const char *form,
                              int64_t id, const char *json, struct test_job *j, struct err *err)
{
    *j = (struct test_job){.w = {.op = REC_UPDATE,
                                 .form = app_form(t->app, str_of(form)),
                                 .id = id,
                                 .no_version = true,
                                 .values = test_json(t, json)}};
    return test_write(t, who, j, err);
}

/* The new record's id; fails the test when it is refused. */
static inline int64_t test_made(struct test_app *t, const struct principal *who, const char *form,
                                const char *json)
{
    struct test_job j;
    struct err err = ERR_INIT;
    if (test_create(t, who, form, json, &j, &err) < 0) {
        for (size_t i = 0; i < j.diags.list.n; i++)
            print_error("%.*s: %.*s\n", STR_ARG(j.diags.list.v[i].path),
                        STR_ARG(j.diags.list.v[i].en));
        fail_msg("create %s %s: %s (%s)", form, json, err.en, err.key);
    }
    return j.out.id;
}

/* The list's JSON, or "code key path" of its error. */
static inline struct str test_list(struct test_app *t, const struct principal *who,
                                   const struct query *q)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, t->a);
    json_init(&j, &b);
    test_as(t, who);
    if (query_list(&t->c, q, &j, &err) < 0)
        return str_fmt(t->a, "! %s %s", err.key, err.path);
    return strb_str(&b);
}

/* One record's JSON; "absent", or "! key". */
static inline struct str test_one(struct test_app *t, const struct principal *who, const char *form,
                                  int64_t id)
{
    struct err err = ERR_INIT;
    struct strb b;
    struct json j;
    strb_init(&b, t->a);
    json_init(&j, &b);
    test_as(t, who);
    int found = record_json(&t->c, &(struct rec_key){app_form(t->app, str_of(form)), id, REC_LIVE},
                            &j, NULL, &err);
    if (found < 0)
        return str_fmt(t->a, "! %s", err.key);
    return found ? strb_str(&b) : STR("absent");
}

/* A member of a JSON object, as JSON. */
static inline struct str test_get(struct test_app *t, struct str json, const char *key)
{
    struct err err = ERR_INIT;
    struct val v;
    struct strb b;
    struct json j;
    if (json_parse(t->a, json, &v, &err) < 0)
        return json;
    v = val_get(v, str_of(key));
    if (v.kind == VAL_ABSENT)
        return STR("(absent)");
    strb_init(&b, t->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

#endif
