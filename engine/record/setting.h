/*
 * Values of an app's settings: the default of app.yaml, or what was set since; a setting with
 * `effective: true` has one value per start day.
 */
#ifndef RECORD_SETTING_H
#define RECORD_SETTING_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

/* The value on a day of the app's zone; blank for an unknown key. */
int setting_value(struct ctx *c, const struct app *app, struct str key, int64_t day,
                  struct val *out, struct err *err) ATTR_MUST;
int64_t setting_today(const struct ctx *c, const struct app *app);
/* {"settings":[{key, title, type, effective, default, value, versions:[{day, value, at, by}]}]}. */
int setting_list(struct ctx *c, const struct app *app, struct json *out, struct err *err) ATTR_MUST;

struct setting_put {
    const struct app *app;
    struct str key;
    bool has_day; /* only where `effective`: from this day on; else from today on */
    int64_t day;
    struct val value; /* as a body gives it; blank: the version of that day goes */
};
/* Inside a write job. Problems are in diags. */
int setting_put(struct ctx *c, const struct setting_put *in, struct diags *diags,
                struct err *err) ATTR_MUST;

#endif
