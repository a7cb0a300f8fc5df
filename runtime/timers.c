/*
 * One due timer at a time, in a write of its own. What is refused is tried again later and stands
 * in the list of jobs with its error.
 */
#include "runtime/timers.h"

#include "engine/base/log.h"
#include "engine/engine.h"
#include "engine/flow/timer.h"

static struct str error_text(struct ctx *c, const struct err *err)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    json_begin_obj(&j);
    json_kstr(&j, "field", STR_NONE);
    json_kstr(&j, "code", str_of(err->key));
    json_kstr(&j, "message", str_of(err->zh));
    json_end_obj(&j);
    json_end_list(&j);
    return strb_str(&b);
}

static void refused(struct ctx *c, struct timer *t, const struct err *why)
{
    struct err err = ERR_INIT;
    if (str_eqz(str_of(why->key), "definition_changed"))
        return; /* published this moment: the next round has the new version */
    log_event(LOG_WARN, "flow_timer", LOG_TEXT("code", str_of(why->key)), LOG_NUM("timer", t->id));
    t->errors = error_text(c, why);
    c->app = NULL;
    if (engine_write(c, timer_failed, t, &err))
        log_event(LOG_ERROR, "flow_timer", LOG_TEXT("code", str_of(err.key)));
}

bool timers_fire(struct ctx *c)
{
    struct timer t = {0};
    struct err err = ERR_INIT;
    int due = timer_next(c, &t, &err);
    if (due < 0)
        log_event(LOG_ERROR, "flow_timer", LOG_TEXT("code", str_of(err.key)));
    if (due <= 0)
        return false;
    struct app *app = engine_app(c->engine, t.app);
    c->app = app;
    c->via = VIA_TIMER;
    if (engine_write(c, timer_fire, &t, &err))
        refused(c, &t, &err);
    c->app = NULL;
    app_unref(&app);
    return true;
}
