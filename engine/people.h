/*
 * The built-in app `people` at work: kept in step with org/'s rows in both directions, and what a
 * leaver hands over.
 *
 * Whoever changes members or departments through org/ says so here afterwards, in the same write
 * job: people_member_saved(), people_department_saved() write the record (with history, events,
 * computed fields). A record changed by the ordinary write path reaches org/'s rows through the
 * hooks; both ways end in the same org/ functions, so the same things always hold.
 */
#ifndef ENGINE_PEOPLE_H
#define ENGINE_PEOPLE_H

#include "engine/org/member.h"
#include "engine/record/record.h"

/* Publishes the app when its text or an overlay is new, and makes the records that are missing.
 * extra: overlays of an app about to be published, in place of those it runs with; NULL: none. Not
 * inside a write job. */
int people_refresh(struct ctx *c, const struct app_source *extra, struct diags *diags,
                   struct err *err) ATTR_MUST;

/* Inside a write job. Nothing happens while the app is not loaded (commands without apps). */
int people_member_saved(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
/* moved: its place or what it is changed, so those below and the members may be elsewhere too. */
int people_department_saved(struct ctx *c, int64_t id, bool moved, struct err *err) ATTR_MUST;
/* ERR_NOT_FOUND; ERR_CONFLICT in_use for one who left a trace, or a department that is not empty.
 */
int people_member_remove(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;
int people_department_remove(struct ctx *c, int64_t id, struct err *err) ATTR_MUST;

/* Hooks of the write path on the app's own forms. */
int people_before(struct ctx *c, enum rec_op op, struct rec *rec, struct err *err) ATTR_MUST;
int people_after(struct ctx *c, enum rec_op op, const struct rec *rec, const struct rec *old,
                 struct err *err) ATTR_MUST;
/* 1 there is a trace of him somewhere, 0, -1. (people_leave.c) */
int people_trace(struct ctx *c, int64_t member, struct err *err) ATTR_MUST;

/* ---- handing over (people_leave.c) ---- */

struct hand_over {
    int64_t from, to;
    bool preview; /* only count */
    bool records, tasks, departments;
};
struct hand_over_form {
    struct str app, form, title;
    int64_t n;
};
struct hand_over_counts {
    int64_t records, tasks;
    int64_t departments; /* which he manages */
    int64_t reports;     /* members whose manager he is */
    VEC(struct hand_over_form) forms;
};
/* Records change their _owner in steps of some hundred, each a transaction of its own; not inside a
 * write job. */
int people_hand_over(struct ctx *c, const struct hand_over *h, struct hand_over_counts *out,
                     struct err *err) ATTR_MUST;

#endif
