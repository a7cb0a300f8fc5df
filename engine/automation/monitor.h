/*
 * Monitors: a metric by group over a window, what it is compared with, and whether that is an
 * alert. Evaluating reads only, with the rights of the system; alerts are rows of the form `alert`.
 */
#ifndef AUTOMATION_MONITOR_H
#define AUTOMATION_MONITOR_H

#include "engine/automation/schedule.h"
#include "engine/meta/monitor.h"

struct mon_window {
    int64_t from, to; /* days; to is not in it */
};

/* A group's figures over a window; blank where there is nothing to say. */
struct mon_figure {
    struct str key, title; /* of the group: as JSON, as a person reads it; empty without `by` */
    struct val vars[MVAR_COUNT];
    bool alert;
};

/* Snapshots of windows are read once each: a series over many windows costs one query a window. */
struct mon_eval;
struct mon_eval *mon_eval_new(struct ctx *c, const struct monitor *m);
/* The figures of all groups over a window, in c->a. */
int mon_eval(struct mon_eval *e, struct mon_window w, struct mon_figure **out, size_t *n,
             struct err *err) ATTR_MUST;

/* The last window that is over on `day`; the one before another. */
struct mon_window mon_last(const struct monitor *m, int64_t day);
struct mon_window mon_before(const struct monitor *m, struct mon_window w);

/* What is due of c->app's monitors: evaluates the windows that ended since, makes alerts and tells.
 * As schedule_tick(). */
int monitor_tick(struct ctx *c, schedule_write *write, int64_t *n, struct err *err) ATTR_MUST;

#endif
