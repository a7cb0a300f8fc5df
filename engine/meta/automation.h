/*
 * Automations of a form as data: when they fire, for which records, what they do. Immutable;
 * engine/automation runs them.
 */
#ifndef META_AUTOMATION_H
#define META_AUTOMATION_H

#include "engine/base/cron.h"
#include "engine/meta/flowdef.h"

enum trigger_kind {
    TRIGGER_CREATE,
    TRIGGER_UPDATE,
    TRIGGER_DELETE,
    TRIGGER_STATE,
    TRIGGER_EVERY,
    TRIGGER_AT,
    TRIGGER_BUTTON,
    TRIGGER_WEBHOOK,
    TRIGGER_MAIL,
    TRIGGER_PULL
};

enum action_kind { ACTION_UPDATE, ACTION_CREATE, ACTION_NOTIFY, ACTION_WEBHOOK, ACTION_SCRIPT };

/* One step of `do`. */
struct action {
    enum action_kind kind;
    struct place at;
    /* update: the record itself (link and where NULL, self set), the rows of a link, or those of
     * `target` where …; create: a row of `target` */
    bool self;
    struct field *link;
    struct form *target;
    struct fx *where;
    struct field *key; /* create: the row that has its value already is updated; may be NULL */
    const struct set_item *set; /* also the body of a webhook: keys are free there */
    size_t nset;
    /* notify */
    const struct assignee *to;
    size_t nto;
    struct fxval title, body;
    bool mail;
    struct str name; /* webhook: the endpoint; script: script.function */
    bool as_system;
};

struct automation {
    struct str key;
    struct str title;
    struct place at;
    enum trigger_kind trigger;
    struct field *const *fields; /* update: these; none: any */
    size_t nfields;
    struct str name;   /* state, button, webhook, mail, pull: which one */
    struct cron cron;  /* every, pull */
    struct str every;  /* as written */
    struct field *due; /* at */
    struct duration offset;
    const struct fx_var *vars; /* webhook, mail, pull: what comes in, "body.x" */
    const struct str *froms;   /* their names there, by vars */
    size_t nvars;
    bool json;        /* pull: else CSV */
    struct str tells; /* pull: the member that tells rows apart; may be empty */
    bool enabled;
    bool in_transaction;
    unsigned from; /* bit 1 << enum via; 0: from everywhere */
    struct fx *where, *when;
    bool per_record; /* every: says something of records, so it runs for each */
    bool warns;
    struct duration warn_before;
    const struct assignee *warn_to;
    size_t nwarn_to;
    const struct action *steps;
    size_t nsteps;
    struct val raw; /* the whole node */
};

const struct automation *form_automation(const struct form *f, struct str key); /* NULL */

#endif
