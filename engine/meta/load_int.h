/*
 * What the readers of an app's files share while it is loaded. Not for other folders.
 *
 * Loading runs in passes over the same nodes: files are parsed and checked against their shapes;
 * forms and fields are declared; links are resolved; expressions are compiled (computed fields on
 * demand, so that types are known in whatever order they stand); rules, rights, views and flows are
 * read; orders and dependents are worked out.
 */
#ifndef META_LOAD_INT_H
#define META_LOAD_INT_H

#include "engine/base/vec.h"
#include "engine/meta/fieldtype.h"
#include "engine/meta/flowdef.h"
#include "engine/meta/keys.h"
#include "engine/meta/load.h"
#include "engine/meta/region.h"

/* Bounds that keep tables of SQLite, recursion and the designer sound. */
#define LOAD_FORMS_MAX  300
#define LOAD_FIELDS_MAX 500 /* of a form or sub-table */
#define LOAD_NODES_MAX  300 /* of a flow */

enum resolve_state { RESOLVE_NEW, RESOLVE_BUSY, RESOLVE_DONE };

struct field_src {
    struct field *f;
    const struct yaml_node *n; /* NULL: a system field */
    const struct src_file *file;
    enum resolve_state state;
    bool cycle; /* told already */
};

struct form_src {
    struct form *f;
    const struct yaml_node *n;
    const struct src_file *file;
};

struct load {
    struct arena *a; /* the app's */
    struct app *app;
    struct diags *diags;
    const struct load_opts *opts;
    struct fx_schema schema; /* self is this load: resolves computed fields on demand */
    struct src_file *files;  /* every YAML file of the app */
    size_t nfiles;
    VEC(struct form_src) forms;   /* top-level ones */
    VEC(struct field_src) fields; /* by struct field.nth */
    VEC(struct field *) stack;    /* computed fields being resolved */
};

/* ---- load.c ---- */
const struct src_file *ld_file(const struct load *ld, const char *path); /* NULL */
struct place ld_place(const struct src_file *file, const struct yaml_node *n);
/* True when scripts/<name>.lua is there; `run` may be "script.function". */
bool ld_script(struct load *ld, const struct src_file *file, const struct yaml_node *n,
               bool function);

/* ---- app_read.c ---- */
void ld_app(struct load *ld);  /* roles, settings, endpoints, calendar */
void ld_menu(struct load *ld); /* after views and dashboards */
struct str *ld_roles(struct load *ld, const struct src_file *file, const struct yaml_node *map,
                     const char *key, size_t *n);
bool ld_role(struct load *ld, const struct src_file *file, const struct yaml_node *n);

/* ---- form_read.c, field.c ---- */
void ld_declare_form(struct load *ld, const struct src_file *file);
struct form *ld_new_form(struct load *ld, struct str key, const struct src_file *file,
                         const struct yaml_node *n);
struct field *ld_field(struct load *ld, struct form *form, const struct yaml_node *key,
                       const struct yaml_node *n, const struct src_file *file);
void ld_register_field(struct load *ld, struct field *f, const struct yaml_node *n,
                       const struct src_file *file);
struct form *ld_nowhere(struct load *ld, const struct src_file *file);
struct form *ld_form_ref(struct load *ld, const struct src_file *file, const struct yaml_node *n);
struct field *ld_field_ref(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                           const struct form *form);
/* Many: what is unknown is told and left out. */
struct field **ld_field_refs(struct load *ld, const struct src_file *file,
                             const struct yaml_node *map, const char *key, const struct form *form,
                             size_t *n);
void ld_link_targets(struct load *ld); /* pass: forms of links and rollups */
void ld_field_rules(struct load *ld);  /* pass: everything else of fields */
void ld_field_rule(struct load *ld, struct field_src *s);
void ld_form_rules(struct load *ld); /* pass: each form's own keys */

/* ---- expr.c ---- */
struct fx_schema ld_schema(struct load *ld);
struct fx_scope ld_scope(const struct load *ld, const struct form *f, enum fx_place place);
/* Compiles a scalar; NULL when n is NULL or it does not compile (told). */
struct fx *ld_fx(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                 const struct fx_scope *scope);
/* A literal or "= expression" for a field (NULL: any value). scope NULL: literals only. */
struct fxval ld_value(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                      const struct fx_scope *scope, const struct field *f);
/* `set: {field: value}` (its node) over `target`'s fields. */
const struct set_item *ld_set(struct load *ld, const struct src_file *file,
                              const struct yaml_node *set, const struct form *target,
                              const struct fx_scope *scope, size_t *n);
/* Tells when a value of type t does not fit the field. */
bool ld_fits(const struct field *f, const struct fx_type *t);

/* ---- computed.c ---- */
void ld_resolve(struct load *ld, struct field *f);
void ld_computed(struct load *ld); /* pass: all, then sensitivity, orders, dependents */

/* ---- the rest ---- */
void ld_rules(struct load *ld, struct form_src *s);  /* rules.c */
void ld_layout(struct load *ld, struct form_src *s); /* layout.c */
bool ld_right_word(struct str s);                    /* create read … all */
void ld_grants(struct load *ld, struct form_src *s); /* grant.c */
/* Rights by slot said under `key`; base: the right of fields not named (FIELD_UNSET: left unset).
 */
struct right_table {
    uint8_t *fields;
    const uint8_t **sub_fields;
};
struct right_table ld_right_table(struct load *ld, const struct src_file *file,
                                  const struct yaml_node *map, const char *key,
                                  const struct form *form, enum field_right base);
void ld_views(struct load *ld, struct form_src *s);   /* view.c: views, related */
void ld_buttons(struct load *ld, struct form_src *s); /* button.c: buttons, public forms */
void ld_flow(struct load *ld, struct form_src *s);    /* flowdef.c */
void ld_flow_proof(struct load *ld, const struct flowdef *d, const struct src_file *file,
                   bool shaky); /* flow_check.c; shaky: some references are wrong, so say less */
const struct assignee *ld_assignees(struct load *ld, const struct src_file *file,
                                    const struct yaml_node *to, const struct flowdef *flow,
                                    const struct form *form, size_t *n);
/* "skip", "stop", "role:x", "member:x" */
bool ld_assignee_word(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                      struct assignee *out);
void ld_automations(struct load *ld, struct form_src *s); /* automation.c */
void ld_monitors(struct load *ld);
void ld_dashboards(struct load *ld); /* dash.c */
void ld_i18n(struct load *ld);       /* i18n.c */
void ld_data(struct load *ld);       /* data.c: headers of seed files, print templates */

/* A suggestion from the keys of a form. */
struct str ld_near_field(struct load *ld, const struct form *form, struct str key);

#endif
