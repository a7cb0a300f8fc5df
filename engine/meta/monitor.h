/*
 * Monitors of an app as data: a metric by group over windows of time, what it is compared with,
 * when that is an alert. Immutable; engine/automation/monitor.h runs them. An app with monitors has
 * the form `alert`, built in unless it brings one of its own.
 */
#ifndef META_MONITOR_H
#define META_MONITOR_H

#include "engine/base/cron.h"
#include "engine/meta/flowdef.h"
#include "engine/meta/load.h"

#define ALERT_FORM STR("alert")

/* A window is whole days. Rolling: it ends with yesterday; else it is one of the calendar. */
struct monitor_window {
    int64_t days;   /* rolling, or a week (7, from Monday) */
    int64_t months; /* instead: 1, 3, 12 of the calendar, or any number ending with a month */
    bool week;
};

enum monitor_center { CENTER_MEAN, CENTER_MEDIAN };
enum monitor_var { MVAR_VALUE, MVAR_BASELINE, MVAR_SPREAD, MVAR_Z, MVAR_CHANGE, MVAR_COUNT };

struct monitor {
    struct str key, title;
    struct place at;
    struct form *form;
    struct fx *metric, *where, *by, *alert; /* alert: over the vars of enum monitor_var */
    const struct field *time;               /* the date it goes by; NULL: _created_at */
    struct monitor_window window;
    uint32_t previous; /* windows before; 0: target or fixed */
    enum monitor_center center;
    bool mad;                  /* spread: median absolute deviation times 1.4826 */
    bool phase;                /* the same weekday, the same month */
    const struct field *field; /* target; NULL: none */
    double fixed;
    double min_change; /* relative; 0: any */
    struct str every;  /* as written */
    struct cron cron;  /* of `every`, when it is one */
    bool is_cron;
    struct duration step; /* else: this long */
    const struct assignee *to;
    size_t nto;
    struct form *open;   /* NULL: none */
    bool once;           /* no alert while a window that overlaps has one */
    struct duration due; /* of an alert, from its making */
};

const struct monitor *app_monitor(const struct app *app, struct str key);
/* The first time after now_us that it runs. */
int64_t monitor_next(const struct monitor *m, int64_t now_us, const struct zone *zone);

/* The text of the built-in form, in the language of the app, and the English of its Chinese. */
struct str alert_form_text(struct arena *a, bool english);
struct alert_word {
    struct str zh, en;
};
size_t alert_form_words(const struct alert_word **out);

#endif
