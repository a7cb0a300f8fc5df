/*
 * A form as the engine sees it after loading: fields, rules, grants, views, buttons. Plain data in
 * the app's arena, immutable; expressions are compiled. A sub-table is a form too (parent is set).
 */
#ifndef META_FORM_H
#define META_FORM_H

#include "engine/base/map.h"
#include "engine/formula/fx.h"
#include "engine/store/ddl.h"

struct app;
struct form;
struct fieldtype;  /* meta/fieldtype.h */
struct flowdef;    /* meta/flowdef.h */
struct automation; /* meta/automation.h */

/* Where something stands in the app's files. */
struct place {
    struct str file; /* "forms/lead.yaml" */
    struct src_pos pos;
};

/* A place for a value: a literal or an expression (leading "="). */
struct fxval {
    struct fx *fx;      /* NULL: the literal */
    struct val literal; /* VAL_ABSENT: not given at all */
};

struct option {
    struct str key;
    struct str title;
    struct str color; /* one of ten names, or empty */
    bool disabled;
    const struct option *options; /* cascade: the next level */
    size_t noptions;
};

enum sensitivity { SENS_NONE, SENS_PERSONAL, SENS_SPECIAL };
enum on_delete { ON_DELETE_CLEAR, ON_DELETE_RESTRICT, ON_DELETE_CASCADE };

struct fill {
    struct str to;   /* field of this row */
    struct str from; /* field of the linked row */
};

struct field {
    struct str key;
    struct str title;
    struct str help;
    struct str placeholder;
    struct str message; /* shown when `check` fails */
    struct str widget;
    struct str was; /* old key, or empty */
    struct str icon;
    struct str unit; /* of numbers */
    struct place at;
    uint32_t nth; /* number of this field in its app, for tables by field */
    const struct fieldtype *type;
    struct form *form; /* the form or sub-table it belongs to */
    uint32_t slot;     /* index in the form's row of values */

    bool required;          /* literal */
    struct fx *required_fx; /* or by expression */
    struct fx *readonly_fx;
    bool readonly;
    struct fx *visible; /* NULL: always */
    bool clear_hidden;  /* hidden_value: clear */
    struct fxval dflt;  /* `default` */
    struct fx *check;
    bool unique; /* on this field alone */
    bool index;
    bool search;
    struct str normalize; /* none text phone code; empty: the type's own way */
    bool declassify;
    enum sensitivity sensitive; /* of computed fields: as their inputs, unless declassify */
    bool encrypted;             /* sealed in its column; a computed one is evaluated when read */
    struct str subject; /* whose key seals it: "self", a link or member field; empty: the app */
    struct str group;
    uint32_t width; /* layout columns it spans, 0: default */

    /* numbers */
    bool has_scale;
    uint8_t scale;
    struct val min, max; /* VAL_ABSENT: none */
    uint32_t max_length; /* text; code points; 0: the type's bound; files: how many */
    const struct str
        *accept; /* files: kinds such as application/pdf, endings such as .pdf; none: all */
    size_t naccept;
    struct str pattern; /* serial */
    struct str reset;   /* serial: never year month day */

    /* choices */
    const struct option *options;
    size_t noptions;
    uint8_t depth; /* region: 1 province … 4 street */

    /* links; also the target of lookups through their path */
    struct str target_key;
    struct form *target; /* resolved form of link/links */
    struct fx *filter;   /* over the target, this. for the record */
    enum on_delete on_delete;
    const struct fill *fills;
    size_t nfills;

    /* sub-table */
    struct form *sub;
    bool append_only;
    struct str log; /* the field whose changes the sub-table keeps by itself; empty: none */

    /* computed: formula value, lookup path, rollup aggregate */
    struct fx *value;
    struct fx_type value_type; /* of formula, lookup, rollup */
    bool stored;               /* false: evaluated when read (volatile or stored-row functions) */
    bool unjoined;             /* rows are not all in its join table yet (record/joins.h) */
    bool filling;              /* stored, but its column is being filled (record/backfill.h) */
    bool sealing;            /* will be encrypted; its column is in clear until all rows are sealed
                                beside it (record/sealing.h) */
    struct form *rollup_of;  /* the child form (or its sub-table) */
    struct field *rollup_by; /* the link field there */
    struct fx *rollup_where;
    struct field *const *inputs; /* fields of any form that `value` reads, each once */
    size_t ninputs;
    struct field *const *reads; /* the inputs, and what the rollup's `where` reads */
    size_t nreads;
};

/* System fields stand behind the form's own in each row of values, in this order. */
enum sys_field {
    SYS_ID, /* VAL_REF-less: VAL_TEXT in expressions, id in rows */
    SYS_VERSION,
    SYS_TITLE,
    SYS_STATE,
    SYS_NODE,
    SYS_OWNER, /* member ref */
    SYS_DEPT,  /* department ref */
    SYS_CREATED_AT,
    SYS_CREATED_BY,
    SYS_UPDATED_AT,
    SYS_UPDATED_BY,
    SYS_COUNT
};

struct layout_item {
    struct field *field;
    uint32_t width; /* 0: one column */
};

struct layout_block {
    bool tab; /* else a section */
    struct str title;
    uint32_t columns; /* 1 … 4 */
    bool collapsed;
    const struct layout_item *items;
    size_t nitems;
};

struct check_rule {
    struct fx *fx;
    struct str message;
    struct field *field; /* `at`; NULL: the record */
    struct place at;
};

struct transition {
    struct field *field; /* a select */
    const struct str *from;
    size_t nfrom;
    const struct str *to;
    size_t nto;
    struct field *const *require;
    size_t nrequire;
    const struct str *can; /* role keys; none: everybody */
    size_t ncan;
    struct fx *when;
    struct place at;
};

enum right {
    RIGHT_CREATE = 1 << 0,
    RIGHT_READ = 1 << 1,
    RIGHT_UPDATE = 1 << 2,
    RIGHT_DELETE = 1 << 3,
    RIGHT_IMPORT = 1 << 4,
    RIGHT_EXPORT = 1 << 5,
    RIGHT_PRINT = 1 << 6,
    RIGHT_SHARE = 1 << 7,
    RIGHT_COMMENT = 1 << 8,
    RIGHT_HISTORY = 1 << 9,
    RIGHT_TRANSFER = 1 << 10,
    RIGHT_RESTORE = 1 << 11
};
#define RIGHT_ALL 0xfffu

enum field_right { FIELD_UNSET, FIELD_HIDDEN, FIELD_MASKED, FIELD_READ, FIELD_WRITE };

struct grant {
    struct str key;
    struct place at;
    const struct str *roles; /* who: any of these */
    size_t nroles;
    const struct str *members; /* logins */
    size_t nmembers;
    const struct str *departments; /* names */
    size_t ndepartments;
    bool everyone;             /* every member */
    bool public_;              /* visitors of a public form */
    unsigned can;              /* enum right */
    const struct str *buttons; /* form's own buttons in `can`; `all` sets all_buttons */
    size_t nbuttons;
    bool all_buttons;
    struct fx *where;    /* NULL: every row */
    struct fx *ensure;   /* NULL: as where */
    struct fx *requires; /* a property of the member; NULL: none */
    const uint8_t
        *fields; /* enum field_right by slot, n = form->nslots (resolved: '*', groups, sensitive) */
    const uint8_t *const
        *sub_fields; /* by slot of a table field: rights by slot of the sub-table */
};

enum view_type {
    VIEW_GRID,
    VIEW_KANBAN,
    VIEW_CALENDAR,
    VIEW_GANTT,
    VIEW_GALLERY,
    VIEW_TREE,
    VIEW_LIST
};

struct sort_key {
    struct field *field; /* NULL: sys */
    enum sys_field sys;
    bool descending;
};

struct total {
    struct field *field;
    struct str fn; /* SUM AVERAGE MIN MAX COUNT */
};

struct view {
    struct str key;
    struct str title;
    struct place at;
    enum view_type type;
    struct fx *where;
    struct field *const *columns; /* system columns: key begins with _ ; see form_field() */
    size_t ncolumns;
    const struct sort_key *sort;
    size_t nsort;
    const struct total *totals;
    size_t ntotals;
    struct field *by; /* kanban */
    struct field *const *card;
    size_t ncard;
    struct field *start, *end, *title_field;
    struct field *parent; /* tree */
    struct field *image;  /* gallery */
    struct str icon;
};

struct set_item {
    struct str field; /* a key, system ones included */
    struct fxval value;
};

struct button {
    struct str key;
    struct str title;
    struct place at;
    struct fx *when;
    const struct set_item *set;
    size_t nset;
    struct str confirm;
    struct str run; /* "lead.convert": script.function, or empty */
    bool as_system;
    struct field *const *ask; /* fields asked for; vars "ask.x" in set, numbered as they stand */
    size_t nask;
    struct str icon;
    bool danger;
};

struct public_form {
    struct str key;
    struct str title;
    struct place at;
    struct field *const *fields;
    size_t nfields;
    const struct set_item *set;
    size_t nset;
    const struct str *params;
    size_t nparams;
    struct str help;
    bool captcha;
    uint32_t per_ip; /* posts per per_ip_s seconds; 0: no limit */
    uint32_t per_ip_s;
    int64_t from_us, until_us; /* 0: open */
    uint32_t quota;
};

struct related {
    struct str form;
    struct form *target;
    struct field *by;
    struct str view;
    struct str title; /* empty: the form's own */
    bool create;
};

struct unique_key {
    struct field *const *fields;
    size_t nfields;
    struct place at;
};

/* form.match: parsed and checked; the matching engine comes in a later step. */
struct match_rule {
    struct field *field;
    struct str as; /* exact phone … */
    double at_least;
    struct field *const *within;
    size_t nwithin;
};

struct form {
    struct app *app;
    struct str key; /* sub-table: the table field's key */
    struct str title;
    struct str icon, help;
    struct str was; /* old key, or empty */
    struct place at;
    bool broken;         /* its file could not be read; only while loading */
    struct form *parent; /* of a sub-table */
    struct field *parent_field;
    bool append_only;

    struct field **fields; /* in file order; slot == index */
    size_t nfields;
    struct map by_key;            /* key -> struct field *, system fields included */
    struct field *sys[SYS_COUNT]; /* pseudo fields, slot = nfields + enum */
    size_t nslots;                /* nfields + SYS_COUNT */
    struct field **compute_order; /* stored computed fields, dependencies first */
    size_t ncompute;

    struct fx *record_title;
    const struct layout_block *layout; /* complete: every field stands somewhere */
    size_t nlayout;
    const struct check_rule *checks;
    size_t nchecks;
    const struct transition *transitions;
    size_t ntransitions;
    const struct unique_key *uniques; /* composite ones */
    size_t nuniques;
    struct fx *restrict_fx;
    const struct grant *grants;
    size_t ngrants;
    const struct view *views;
    size_t nviews;
    const struct button *buttons;
    size_t nbuttons;
    const struct public_form *publics;
    size_t npublics;
    const struct related *related;
    size_t nrelated;
    const struct match_rule *match;
    size_t nmatch;
    struct val match_raw; /* the whole node */
    const struct automation *automations;
    size_t nautomations;
    struct flowdef *flow; /* NULL: none */
    struct str hooks;     /* script name, or empty */
    bool hooks_as_system;

    /* Who depends on this form's (or sub-table's) rows: stored rollups over it, stored lookups and
     * formulas of other forms through links to it. Filled by the checker; compute.c walks them. */
    struct field **dependents;
    size_t ndependents;
};

/* NULL when absent. System fields by their underscore names. */
struct field *form_field(const struct form *f, struct str key);
struct field *form_sys(const struct form *f, enum sys_field which);
bool field_is_sys(const struct field *f);
/* The English title of a system field, which no app translates; of others their title. */
struct str field_sys_title_en(const struct field *f);
/* Its value is what its expression gives now, not what a column holds. */
bool field_by_expr(const struct field *f);
const struct view *form_view(const struct form *f, struct str key);
const struct button *form_button(const struct form *f, struct str key);
const struct option *field_option(const struct field *f, struct str key);
/* The option whose key or title is this text (import); NULL when none. */
const struct option *field_option_like(const struct field *f, struct str text);
/* What the field is in expressions. */
void field_fx(const struct field *f, struct fx_field *out);
/* The schema of an app for fx_compile; `form` pointers are struct form. */
struct fx_schema app_schema(const struct app *app);
/* A scope over one form for requests: place as given, bare names of the form. */
struct fx_scope form_scope(const struct form *f, enum fx_place place, bool request);

#endif
