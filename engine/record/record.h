/*
 * One record: the only write path (record_write) and reading one by its id.
 *
 * Values by slot: the form's fields, then the system fields (enum sys_field). Sub-tables are
 * VAL_LIST of VAL_OBJ rows {"_id", column…}; links, members, departments VAL_REF with a title
 * filled when read for people.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct rec {
    const struct form *form;
    int64_t id;
    int64_t version;
    struct val *v;         /* form->nslots values; sub-rows: rows[] */
    struct rec_rows *rows; /* by slot of table fields; NULL: none */
};

struct rec_rows {
    struct rec *v; /* form is the sub-table; id the row's */
    size_t n;
};

enum rec_op { REC_CREATE, REC_UPDATE, REC_DELETE, REC_RESTORE };

struct rec_write {
    enum rec_op op;
    const struct form *form;
    int64_t id;        /* create: 0, or the id it shall have (members, departments) */
    struct val values; /* VAL_OBJ body, as from JSON; keys unknown or hidden are 422, read-only
                          changed 403 */
    bool has_version;  /* `version` is the base the caller saw: field-level conflicts */
    int64_t version;
    bool if_match;                         /* strict: another version is ERR_STALE */
    bool no_version;                       /* engine, flow, scripts: no base version needed */
    unsigned mode;                         /* enum write_mode */
    const struct button *button;           /* rights by the button, not by `update` */
    const uint8_t *node_fields;            /* FLOW: fields an approver may write, by slot */
    const uint8_t *const *node_sub_fields; /* and the columns of sub-tables; may be NULL */
    bool draft;  /* ?draft=1: kept, required and checks not yet tested, no serial */
    bool submit; /* update of a draft that makes it a record: required and checks are tested, the
                    serial is taken, the flow starts */
};

enum write_mode {
    WRITE_USER = 0, /* rights of c->who: can, fields, ensure */
    WRITE_OWN_RIGHT =
        1, /* button set, flow, automation: not can/fields/ensure, but restrict, checks … */
    WRITE_LOCKED_OK = 2, /* a running flow does not lock (flow node, automation, recomputation) */
    WRITE_SYSTEM_FIELDS = 4, /* values may carry _owner _dept _state _node */
    WRITE_ROW_IDS = 8,       /* rows of sub-tables that are not there come back with their _id */
    WRITE_BACK = 8 | 16      /* undo: the same, and transitions do not hold */
};

/*
 * The write path, inside a write job: loads the old row, rights before, before_* hooks, defaults,
 * computed fields, transitions, checks, uniqueness, rights after, stores row and sub-rows, history,
 * recomputes what depends on it, after_* hooks, flow start, events. All problems of validation are
 * in diags (then err is ERR_INVALID "validation"); everything is rolled back by the caller's
 * savepoint. out (may be NULL): the stored record, in c->a.
 */
int record_write(struct ctx *c, const struct rec_write *w, struct rec *out, struct diags *diags,
                 struct err *err) ATTR_MUST;

/* The stored row without rights, for the engine itself: 1, 0, -1. Deleted ones only with REC_BIN.
 */
enum rec_where { REC_LIVE, REC_BIN, REC_ANY };
int record_load(struct ctx *c, const struct form *f, int64_t id, enum rec_where where,
                struct rec *out, struct err *err) ATTR_MUST;

struct rec_key {
    const struct form *form;
    int64_t id;
    enum rec_where where;
};
/* A record as its reader may see it, as JSON: 1 written, 0 absent or invisible, -1. expand: link
 * keys whose rows come as objects. */
int record_json(struct ctx *c, const struct rec_key *key, struct json *out, int64_t *version,
                struct err *err) ATTR_MUST;

/* 1 the caller may do `right` on this row, 0 not (or invisible), -1. */
int record_can(struct ctx *c, const struct form *f, int64_t id, unsigned right,
               struct err *err) ATTR_MUST;

/* As record_can(RIGHT_READ), for a row that may lie in the recycle bin: could he see it when it was
 * there? */
int record_could_read(struct ctx *c, const struct form *f, int64_t id, struct err *err) ATTR_MUST;

struct button_press {
    const struct form *form;
    int64_t id;
    const struct button *button;
    struct val ask; /* VAL_OBJ or blank */
};
/* Runs a button: `when`, set, run; its rights. `ask`: VAL_OBJ. */
int record_button(struct ctx *c, const struct button_press *press, struct rec *out,
                  struct diags *diags, struct err *err) ATTR_MUST;

/* The title a reader sees: hidden inputs as blank. For links: 1, 0 (invisible), -1. */
int record_title(struct ctx *c, const struct form *f, int64_t id, struct str *out,
                 struct err *err) ATTR_MUST;
/* The same, of one that may lie in the recycle bin. */
int record_title_in(struct ctx *c, const struct rec_key *key, struct str *out,
                    struct err *err) ATTR_MUST;

/* The body of a rec as scripts and the flow see it: VAL_OBJ by key. */
struct val rec_to_obj(struct arena *a, const struct rec *r);
/* Rows of a sub-table from a list of objects as a script left it (set_rows.c): an _id that is there
 * names its row. What does not fit is in diags, "items[2].qty". */
void rec_take_rows(struct ctx *c, struct rec *r, const struct field *table, struct val rows,
                   struct diags *diags);
/* A field by its key; VAL_ABSENT when the form has none. */
struct val rec_get(const struct rec *r, struct str key);

#endif
