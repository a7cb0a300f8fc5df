/*
 * formula.wasm: the exports of engine/docs/wasm.md. One instance serves one form on the screen, so
 * its state is one static struct; the module has no imports, no threads, no clock.
 *
 * Memory: `all` for the schema and compiled expressions, `record` for the record at hand, `out` for
 * the result, `scratch` for what the page writes.
 */
#include "engine/formula/fx_int.h"

#include "engine/base/id.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define CAP          ((size_t)64 << 20)

struct wform;

struct wfield {
    struct str key;
    struct fx_type type;
    struct str form;    /* of links and rows, resolved when asked */
    struct val options; /* list of keys, or blank */
};

struct wform {
    struct str key;
    VEC(struct wfield) fields;
};

/* A record: values by slot, and below a link or sub-table its rows. */
struct wrow {
    const struct wform *form;
    struct val *slots;
    struct wrow **under; /* first row */
    uint32_t *count;     /* rows */
};

struct compiled {
    const struct fx *fx;
    const struct wform *form;
    const struct wform *parent;
};

struct host {
    struct arena *all, *record, *out, *scratch;
    struct arena_mark all_mark, record_mark, out_mark, scratch_mark;
    VEC(struct wform *) forms;
    VEC(struct compiled) exprs;
    struct val settings, user, raw;
    const struct wrow *top; /* the record as its form's row; made at the first use */
    struct str table;
    char table_key[64];
    struct zone zone;
    int32_t offset_s;
    struct str result;
    const struct wrow *row; /* the row evaluated, and its record */
    const struct wrow *up;
    struct fx_env env;
};

static struct host h;
static const int64_t always = INT64_MIN;
static int env_get(struct fx_env *env, const struct fx_ref *ref, struct val *out);
static int env_context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out);

/* A member by name; by address, see fx_int.h. */
static struct val get(const struct val *obj, const char *key)
{
    return val_get(*obj, str_of(key));
}

static void start(void)
{
    if (h.all != NULL) {
        return;
    }
    h.all = arena_new(CAP);
    h.record = arena_new(CAP);
    h.out = arena_new(CAP);
    h.scratch = arena_new(CAP);
    if (h.all == NULL || h.record == NULL || h.out == NULL || h.scratch == NULL) {
        __builtin_trap();
    }
    h.all_mark = arena_mark(h.all);
    h.record_mark = arena_mark(h.record);
    h.out_mark = arena_mark(h.out);
    h.scratch_mark = arena_mark(h.scratch);
    h.zone = (struct zone){.n = 1, .at_us = &always, .offset_s = &h.offset_s};
    h.env = (struct fx_env){.a = h.out, .get = env_get, .context = env_context, .zone = &h.zone};
}

static void free_scratch(void)
{
    arena_reset(h.scratch, h.scratch_mark);
}

/* A new schema: nothing of the old one stays. */
static void forget(void)
{
    arena_reset(h.all, h.all_mark);
    memset(&h.forms, 0, sizeof(h.forms));
    memset(&h.exprs, 0, sizeof(h.exprs));
    h.settings = h.user = VAL_NONE;
    h.top = NULL;
}

static struct json *begin_result(struct json *j, struct strb *b)
{
    arena_reset(h.out, h.out_mark);
    strb_init(b, h.out);
    json_init(j, b);
    return j;
}

/* ---- schema ---- */

struct letter {
    const char *name;
    enum fx_base base;
    bool list;
};

static const struct letter letters[] = {
    {"num", FX_NUM, false},       {"text", FX_TEXT, false},     {"texts", FX_TEXT, true},
    {"bool", FX_BOOL, false},     {"date", FX_DATE, false},     {"datetime", FX_DATETIME, false},
    {"time", FX_TIME, false},     {"link", FX_LINK, false},     {"links", FX_LINK, true},
    {"member", FX_MEMBER, false}, {"members", FX_MEMBER, true}, {"dept", FX_DEPT, false},
    {"depts", FX_DEPT, true},     {"rows", FX_ROWS, false},     {"json", FX_JSON, false},
    {"blank", FX_BLANK, false},   {"nums", FX_NUM, true},       {"bools", FX_BOOL, true},
    {"blanks", FX_BLANK, true}};

struct system_field {
    const char *key, *type;
};

static const struct system_field system_fields[] = {
    {"_id", "link"},           {"_version", "num"},         {"_created_at", "datetime"},
    {"_created_by", "member"}, {"_updated_at", "datetime"}, {"_updated_by", "member"},
    {"_owner", "member"},      {"_dept", "dept"},           {"_state", "text"},
    {"_node", "texts"}};

static const struct wform *find_form(struct str key)
{
    for (size_t i = 0; i < h.forms.n; i++) {
        if (str_eq(h.forms.v[i]->key, key)) {
            return h.forms.v[i];
        }
    }
    return NULL;
}

static struct wfield *find_field(const struct wform *f, struct str key)
{
    for (size_t i = 0; i < f->fields.n; i++) {
        if (str_eq(f->fields.v[i].key, key)) {
            return &f->fields.v[i];
        }
    }
    return NULL;
}

static struct fx_type type_of(struct str name)
{
    struct fx_type t = {.base = FX_TEXT};
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (str_eqz(name, letters[i].name)) {
            t.base = (uint8_t)letters[i].base;
            t.list = letters[i].list;
        }
    }
    return t;
}

static void add_field(struct wform *f, struct str key, struct val def)
{
    struct val scale = get(&def, "s");
    struct wfield field = {.key = key,
                           .type = type_of(val_str(get(&def, "t"))),
                           .form = val_str(get(&def, "f")),
                           .options = get(&def, "o")};
    if (fx_is_num(scale) && field.type.base == FX_NUM) {
        field.type.has_scale = true;
        field.type.scale = (uint8_t)MIN(fx_to_num(scale), 12);
    }
    if (find_field(f, key) == NULL) {
        vec_push(h.all, &f->fields, field);
    }
}

static void add_form(struct str key, struct val def)
{
    struct val fields = get(&def, "fields");
    struct wform *f = ARENA_NEW(h.all, struct wform);
    f->key = key;
    for (uint32_t i = 0; fields.kind == VAL_OBJ && i < fields.n; i++) {
        add_field(f, fields.obj[i].key, fields.obj[i].value);
    }
    for (size_t i = 0; i < ARRAY_LEN(system_fields); i++) {
        struct wfield field = {.key = str_of(system_fields[i].key),
                               .type = type_of(str_of(system_fields[i].type)),
                               .form = i == 0 ? key : STR_NONE};
        if (find_field(f, field.key) == NULL) {
            vec_push(h.all, &f->fields, field);
        }
    }
    vec_push(h.all, &h.forms, f);
}

static int schema_field(void *self, const void *form, struct str key, struct fx_field *out)
{
    const struct wform *f = form;
    const struct wfield *field = f != NULL ? find_field(f, key) : NULL;
    (void)self;
    if (field == NULL) {
        return 0;
    }
    *out = (struct fx_field){
        .type = field->type, .slot = (uint32_t)(field - f->fields.v), .ref = field};
    out->type.form = field->form.n ? find_form(field->form) : NULL;
    out->type.options = field->options.kind == VAL_LIST ? field : NULL;
    return 1;
}

static const void *schema_form(void *self, struct str key)
{
    (void)self;
    return find_form(key);
}

static int schema_setting(void *self, struct str key, struct fx_type *out)
{
    struct val v = val_get(h.settings, key);
    (void)self;
    if (v.kind == VAL_ABSENT) {
        return 0;
    }
    *out = (struct fx_type){.base = v.kind == VAL_NUM    ? FX_NUM
                                    : v.kind == VAL_BOOL ? FX_BOOL
                                    : v.kind == VAL_TEXT ? FX_TEXT
                                                         : FX_BLANK};
    return 1;
}

static void schema_each(void *self, const void *form, void (*fn)(void *arg, struct str key),
                        void *arg)
{
    const struct wform *f = form;
    (void)self;
    for (size_t i = 0; f != NULL && i < f->fields.n; i++) {
        fn(arg, f->fields.v[i].key);
    }
}

static const struct fx_schema schema = {
    .field = schema_field, .form = schema_form, .setting = schema_setting, .each = schema_each};

/* ---- values ---- */

static struct val ref_of(struct val v)
{
    struct val id = v.kind == VAL_OBJ ? get(&v, "id") : v;
    int64_t n;
    if (id.kind != VAL_TEXT || !id_parse(val_str(id), &n)) {
        return VAL_NONE;
    }
    return val_ref(h.record, n, val_str(get(&v, "title")));
}

/* A JSON value as the field's type holds it. */
static struct val convert(struct val v, struct fx_type t)
{
    int64_t i;
    if (fx_blank(v) || v.kind == VAL_ABSENT) {
        return VAL_NONE;
    }
    if (t.list) {
        struct val *items = ARENA_ARRAY(h.record, struct val, v.kind == VAL_LIST ? v.n : 1);
        t.list = false;
        for (uint32_t k = 0; v.kind == VAL_LIST && k < v.n; k++) {
            items[k] = convert(v.list[k], t);
        }
        return v.kind == VAL_LIST ? val_list(items, v.n) : VAL_NONE;
    }
    switch ((enum fx_base)t.base) {
    case FX_NUM:
        if (v.kind != VAL_NUM) {
            return VAL_NONE;
        }
        return t.has_scale && num_to_dec(v.num, t.scale, &i) ? val_dec(i, t.scale) : v;
    case FX_BOOL: return v.kind == VAL_BOOL ? v : VAL_NONE;
    case FX_DATE: return civil_parse_date(val_str(v), &i) ? val_date(i) : VAL_NONE;
    case FX_DATETIME: return civil_parse_instant(val_str(v), &i) ? val_instant(i) : VAL_NONE;
    case FX_TIME: return civil_parse_time(val_str(v), &i) ? val_time(i) : VAL_NONE;
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return ref_of(v);
    case FX_TEXT: return v.kind == VAL_TEXT ? v : VAL_NONE;
    case FX_JSON: return v;
    case FX_BLANK:
    case FX_ROWS: break;
    }
    return VAL_NONE;
}

static void fill_row(struct wrow *out, const struct wform *f, struct val v, unsigned depth);

/* The rows below a link or sub-table. */
static void fill_under(struct wrow *out, uint32_t slot, struct val v, unsigned depth)
{
    const struct wfield *field = &out->form->fields.v[slot];
    const struct wform *form = field->form.n ? find_form(field->form) : NULL;
    bool many = v.kind == VAL_LIST;
    uint32_t n = many ? v.n : v.kind == VAL_OBJ;
    if (form == NULL || n == 0 || depth > 4) {
        return;
    }
    out->under[slot] = ARENA_ARRAY(h.record, struct wrow, n);
    out->count[slot] = n;
    for (uint32_t i = 0; i < n; i++) {
        fill_row(&out->under[slot][i], form, many ? v.list[i] : v, depth + 1);
    }
}

static void fill_row(struct wrow *out, const struct wform *f, struct val v, unsigned depth)
{
    out->form = f;
    out->slots = ARENA_ARRAY(h.record, struct val, f->fields.n);
    out->under = ARENA_ARRAY(h.record, struct wrow *, f->fields.n);
    out->count = ARENA_ARRAY(h.record, uint32_t, f->fields.n);
    for (uint32_t i = 0; v.kind == VAL_OBJ && i < v.n; i++) {
        const struct wfield *field = find_field(f, v.obj[i].key);
        if (field == NULL) {
            continue;
        }
        uint32_t slot = (uint32_t)(field - f->fields.v);
        out->slots[slot] = convert(v.obj[i].value, field->type);
        if (field->type.base == FX_ROWS || field->type.base == FX_LINK) {
            fill_under(out, slot, v.obj[i].value, depth);
        }
    }
}

/* ---- evaluating ---- */

static struct val walk(const struct wrow *row, const struct fx_ref *ref, uint32_t i)
{
    if (row == NULL) {
        return VAL_NONE;
    }
    uint32_t slot = ref->path[i].slot;
    if (i + 1 == ref->n) {
        return row->slots[slot];
    }
    if (row->count[slot] == 0) {
        return VAL_NONE;
    }
    if (!(ref->path[i].type.base == FX_ROWS || ref->path[i].type.list)) {
        return walk(row->under[slot], ref, i + 1);
    }
    struct val *items = ARENA_ARRAY(h.out, struct val, row->count[slot]);
    for (uint32_t k = 0; k < row->count[slot]; k++) {
        items[k] = walk(&row->under[slot][k], ref, i + 1);
    }
    return val_list(items, row->count[slot]);
}

static int env_get(struct fx_env *env, const struct fx_ref *ref, struct val *out)
{
    (void)env;
    *out = walk(ref->root == FX_PARENT ? h.up : h.row, ref, 0);
    return 0;
}

static struct val user_list(struct val v, bool refs)
{
    struct val *items = ARENA_ARRAY(h.out, struct val, v.kind == VAL_LIST ? v.n : 0);
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++) {
        items[i] = refs ? ref_of(v.list[i]) : v.list[i];
    }
    return v.kind == VAL_LIST ? val_list(items, v.n) : VAL_NONE;
}

static bool has_role(struct val role)
{
    struct val roles = get(&h.user, "roles");
    for (uint32_t i = 0; roles.kind == VAL_LIST && i < roles.n; i++) {
        if (str_eq(val_str(roles.list[i]), val_str(role))) {
            return true;
        }
    }
    return false;
}

static int env_context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out)
{
    struct val own;
    (void)env;
    switch (what) {
    case FX_USER: *out = ref_of(get(&h.user, "id")); return 0;
    case FX_DEPT_OF_USER: *out = ref_of(get(&h.user, "dept")); return 0;
    case FX_DEPTS: *out = user_list(get(&h.user, "depts"), true); return 0;
    case FX_ROLES: *out = user_list(get(&h.user, "roles"), false); return 0;
    case FX_HASROLE: *out = val_bool(has_role(arg)); return 0;
    case FX_SETTING:
        own = val_get(get(&h.user, "settings"), val_str(arg));
        *out = own.kind == VAL_ABSENT ? val_get(h.settings, val_str(arg)) : own;
        return arg.kind == VAL_TEXT ? 0 : -1; /* of a day: the server knows */
    case FX_HASCERT:
    case FX_MANAGER:
    case FX_REPORTS:
    case FX_UUID:
    case FX_PINYIN:
    case FX_COMPANYKEY: break;
    }
    return -1;
}

static void write_diags(struct json *j, const struct diags *d)
{
    json_begin_obj(j);
    json_key(j, STR("errors"));
    json_begin_list(j);
    for (size_t i = 0; i < d->list.n; i++) {
        json_begin_obj(j);
        json_kint(j, "line", d->list.v[i].pos.line);
        json_kint(j, "column", d->list.v[i].pos.column);
        json_kstr(j, "message", d->list.v[i].zh);
        json_kstr(j, "message_en", d->list.v[i].en);
        json_end_obj(j);
    }
    json_end_list(j);
    json_end_obj(j);
}

static void finish(struct strb *b)
{
    h.result = strb_str(b);
}

/* Which row: of the record (index < 0) or of its sub-table h.table. */
static bool choose_row(const struct compiled *c, int32_t index)
{
    const struct wform *top = c->parent != NULL ? c->parent : c->form;
    if (h.top == NULL || h.top->form != top) {
        struct wrow *row = ARENA_NEW(h.record, struct wrow);
        fill_row(row, top, h.raw, 0);
        h.top = row;
    }
    h.row = h.top;
    h.up = NULL;
    if (index < 0) {
        return c->parent == NULL;
    }
    const struct wfield *table = find_field(top, h.table);
    uint32_t slot = table != NULL ? (uint32_t)(table - top->fields.v) : 0;
    if (table == NULL || (uint32_t)index >= h.top->count[slot]) {
        return false;
    }
    h.up = h.top;
    h.row = &h.top->under[slot][index];
    return h.row->form == c->form;
}

/* ---- exports ---- */

EXPORT("fxw_alloc") char *fxw_alloc(uint32_t n);
char *fxw_alloc(uint32_t n)
{
    start();
    return arena_alloc(h.scratch, n);
}

EXPORT("fxw_reset") void fxw_reset(void);
void fxw_reset(void)
{
    start();
    free_scratch();
    arena_reset(h.out, h.out_mark);
    h.result = STR_NONE;
}

EXPORT("fxw_schema") int32_t fxw_schema(const char *p, uint32_t n);
int32_t fxw_schema(const char *p, uint32_t n)
{
    struct err err = ERR_INIT;
    struct val v;
    start();
    forget();
    if (json_parse(h.all, str_dup(h.all, (struct str){p, n}), &v, &err) != 0) {
        return -1;
    }
    struct val forms = get(&v, "forms");
    h.settings = get(&v, "settings");
    for (uint32_t i = 0; forms.kind == VAL_OBJ && i < forms.n; i++) {
        add_form(forms.obj[i].key, forms.obj[i].value);
    }
    return 0;
}

EXPORT("fxw_compile")
int32_t fxw_compile(const char *form, uint32_t form_n, const char *parent, uint32_t parent_n,
                    const char *text, uint32_t text_n);
int32_t fxw_compile(const char *form, uint32_t form_n, const char *parent, uint32_t parent_n,
                    const char *text, uint32_t text_n)
{
    struct diags diags;
    struct json j;
    struct strb b;
    start();
    begin_result(&j, &b);
    struct compiled c = {.form = find_form((struct str){form, form_n}),
                         .parent = parent_n ? find_form((struct str){parent, parent_n}) : NULL};
    struct fx_scope scope = {
        .schema = &schema, .form = c.form, .parent = c.parent, .request = true};
    diags_init(&diags, h.out);
    c.fx = fx_compile(h.all, str_dup(h.all, (struct str){text, text_n}), &scope, STR_NONE,
                      (struct src_pos){1, 1}, &diags);
    if (c.fx == NULL) {
        write_diags(&j, &diags);
        finish(&b);
        return -1;
    }
    vec_push(h.all, &h.exprs, c);
    return (int32_t)h.exprs.n - 1;
}

static void add_ref(void *arg, const struct fx_ref *ref)
{
    json_str(arg, ref->name);
}

static const char *type_name(struct fx_type t)
{
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (letters[i].base == (enum fx_base)t.base && letters[i].list == t.list) {
            return letters[i].name;
        }
    }
    return t.list ? "list" : "blank";
}

EXPORT("fxw_refs") void fxw_refs(int32_t handle);
void fxw_refs(int32_t handle)
{
    struct json j;
    struct strb b;
    begin_result(&j, &b);
    if (handle >= 0 && (size_t)handle < h.exprs.n) {
        const struct fx *fx = h.exprs.v[handle].fx;
        json_begin_obj(&j);
        json_key(&j, STR("refs"));
        json_begin_list(&j);
        fx_each_ref(fx, add_ref, &j);
        json_end_list(&j);
        json_kint(&j, "flags", fx_flags(fx));
        json_kstr(&j, "type", str_of(type_name(fx_type_of(fx))));
        json_end_obj(&j);
    }
    finish(&b);
}

EXPORT("fxw_row") int32_t fxw_row(const char *p, uint32_t n);
int32_t fxw_row(const char *p, uint32_t n)
{
    struct err err = ERR_INIT;
    start();
    arena_reset(h.record, h.record_mark);
    h.top = NULL;
    h.raw = VAL_NONE;
    int rc = json_parse(h.record, str_dup(h.record, (struct str){p, n}), &h.raw, &err);
    free_scratch();
    return rc;
}

EXPORT("fxw_table") void fxw_table(const char *p, uint32_t n);
void fxw_table(const char *p, uint32_t n)
{
    n = MIN(n, (uint32_t)sizeof(h.table_key));
    memcpy(h.table_key, p, n);
    h.table = (struct str){h.table_key, n};
    free_scratch();
}

/* Makes the environment ready for an expression; false: not here. */
static bool ready(int32_t handle, int32_t row_index)
{
    if ((uint32_t)handle >= h.exprs.n || !choose_row(&h.exprs.v[handle], row_index)) {
        return false;
    }
    h.env.row = h.row->slots;
    h.env.steps = 0;
    h.env.limit = h.env.failed = false;
    return true;
}

EXPORT("fxw_eval") int32_t fxw_eval(int32_t handle, int32_t row_index);
int32_t fxw_eval(int32_t handle, int32_t row_index)
{
    struct json j;
    struct strb b;
    struct val v = VAL_NONE;
    begin_result(&j, &b);
    free_scratch();
    if (ready(handle, row_index)) {
        v = fx_eval(h.exprs.v[handle].fx, &h.env);
    } else {
        h.env.failed = true;
    }
    json_val(&j, v);
    finish(&b);
    return h.env.failed || h.env.limit ? -1 : 0;
}

EXPORT("fxw_number") double fxw_number(int32_t handle, int32_t row_index);
double fxw_number(int32_t handle, int32_t row_index)
{
    arena_reset(h.out, h.out_mark);
    if (!ready(handle, row_index)) {
        return __builtin_inf();
    }
    double x = fx_number(h.exprs.v[handle].fx, &h.env);
    return h.env.failed || h.env.limit ? __builtin_inf() : x;
}

EXPORT("fxw_set") int32_t fxw_set(uint32_t slot, double x);
int32_t fxw_set(uint32_t slot, double x)
{
    if (h.top == NULL || slot >= h.top->form->fields.n) {
        return -1;
    }
    h.top->slots[slot] = x == x ? convert(val_num(x), h.top->form->fields.v[slot].type) : VAL_NONE;
    return 0;
}

EXPORT("fxw_now") void fxw_now(int64_t us, int32_t offset_s);
void fxw_now(int64_t us, int32_t offset_s)
{
    start();
    h.env.now_us = us;
    h.offset_s = offset_s;
}

EXPORT("fxw_user") int32_t fxw_user(const char *p, uint32_t n);
int32_t fxw_user(const char *p, uint32_t n)
{
    struct err err = ERR_INIT;
    start();
    return json_parse(h.all, str_dup(h.all, (struct str){p, n}), &h.user, &err);
}

EXPORT("fxw_result") const char *fxw_result(void);
const char *fxw_result(void)
{
    return h.result.p;
}

EXPORT("fxw_result_n") uint32_t fxw_result_n(void);
uint32_t fxw_result_n(void)
{
    return (uint32_t)h.result.n;
}
