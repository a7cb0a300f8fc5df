/*
 * What an expression asks of its host: names by root, variables, rows of other forms, settings,
 * roles, who is asking, the working calendar; and what it says about itself. Mistakes with their
 * places.
 */
#include "engine/formula/fx_calendar.h"
#include "engine/formula/fx_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* ---- a small world ---- */

static const char lead[] = "lead";
static const char line[] = "lead.items";
static const char channel[] = "channel";

struct known {
    const char *form;
    const char *key;
    struct fx_type type;
};

static const struct known known[] = {
    {lead, "amount", {.base = FX_NUM, .has_scale = true, .scale = 2}},
    {lead, "company", {.base = FX_TEXT}},
    {lead, "status", {.base = FX_TEXT, .options = lead}},
    {lead, "channel", {.base = FX_LINK, .form = channel}},
    {lead, "items", {.base = FX_ROWS, .form = line}},
    {lead, "due", {.base = FX_DATE}},
    {lead, "owner", {.base = FX_MEMBER}},
    {line, "qty", {.base = FX_NUM}},
    {line, "product", {.base = FX_LINK, .form = channel}},
    {channel, "credit", {.base = FX_NUM}},
    {channel, "name", {.base = FX_TEXT}},
    {channel, "open", {.base = FX_BOOL}},
    {channel, "parents", {.base = FX_LINK, .list = true, .form = channel}}};

static int field(void *self, const void *form, struct str key, struct fx_field *out)
{
    (void)self;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].form == form && str_eqz(key, known[i].key)) {
            *out = (struct fx_field){.type = known[i].type, .slot = (uint32_t)i, .ref = &known[i]};
            return 1;
        }
    }
    return 0;
}

static const void *form(void *self, struct str key)
{
    (void)self;
    return str_eqz(key, "channel") ? channel : str_eqz(key, "lead") ? lead : NULL;
}

static int setting(void *self, struct str key, struct fx_type *out)
{
    (void)self;
    *out = (struct fx_type){.base = FX_NUM};
    return str_eqz(key, "vat");
}

static int role(void *self, struct str key)
{
    (void)self;
    return str_eqz(key, "rep");
}

static int option(void *self, const void *options, struct str key)
{
    (void)self;
    (void)options;
    return str_eqz(key, "new") || str_eqz(key, "won");
}

static void each(void *self, const void *of, void (*fn)(void *arg, struct str key), void *arg)
{
    (void)self;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].form == of) {
            fn(arg, str_of(known[i].key));
        }
    }
    if (of == NULL) {
        fn(arg, STR("channel"));
        fn(arg, STR("lead"));
    }
}

static const struct fx_schema schema = {
    .field = field, .form = form, .setting = setting, .role = role, .option = option, .each = each};
static const struct fx_var vars[] = {{{"ask.level", 9}, {.base = FX_TEXT}},
                                     {{"value", 5}, {.base = FX_NUM}}};

static struct fx_scope scope_of(const char *text)
{
    struct fx_scope s = {.schema = &schema, .form = lead, .vars = vars, .nvars = ARRAY_LEN(vars)};
    if (strstr(text, "parent.") != NULL) {
        s.form = line;
        s.parent = lead;
    }
    s.old = strstr(text, "old.") != NULL ? lead : NULL;
    s.target = strstr(text, "target.") != NULL ? channel : NULL;
    return s;
}

static struct fx *compile(struct arena *a, const char *text, struct diags *diags)
{
    struct fx_scope scope = scope_of(text);
    diags_init(diags, a);
    return fx_compile(a, str_of(text), &scope, STR("forms/lead.yaml"), (struct src_pos){7, 10},
                      diags);
}

/* ---- mistakes ---- */

struct mistake {
    const char *text;
    uint32_t column; /* in the file: the text begins at 10 */
    const char *zh, *en;
};

static const struct mistake mistakes[] = {
    {"LOOKUP(chanel, name, TRUE)", 17, "是不是“channel”", "did you mean “channel”"},
    {"LOOKUP(\"channel\", name, TRUE)", 17, "不加引号", "without quotes"},
    {"LOOKUP(channel, nam, TRUE)", 26, "是不是“name”", "did you mean “name”"},
    {"LOOKUP(channel, name, credit)", 32, "是/否条件", "boolean condition"},
    {"LOOKUP(channel, name, this.compny = name)", 32, "company", "company"},
    {"SUMOF(channel, name, TRUE)", 25, "数值", "number"},
    {"COUNTOF()", 10, "1 到 2 个参数", "takes 1 to 2 arguments"},
    {"HASROLE(\"boss\")", 18, "没有角色", "no role “boss”"},
    {"SETTING(\"vta\")", 18, "没有设置", "no setting “vta”"},
    {"SETTING(company)", 10, "写定的文本", "literal text"},
    {"status = \"nwe\"", 19, "没有选项“nwe”", "no option “nwe”"},
    {"status IN [\"new\", \"x\"]", 28, "没有选项“x”", "no option “x”"},
    {"SWITCH(status, \"won\", 1, \"wno\", 2)", 35, "没有选项“wno”", "no option “wno”"},
    {"this.amount", 10, "不能用“this.”", "cannot be used"},
    {"that.amount", 10, "不能用“that.”", "cannot be used"},
    {"parent", 10, "后面要跟字段", "followed by a field"},
    {"company.name", 10, "不是关联或子表", "no link or sub-table"},
    {"items", 10, "子表要指明列", "Name a column"},
    {"items.product.parents.name", 10, "只能穿过一个", "one sub-table"},
    {"items.product.parents", 10, "列表里不能再有列表", "Lists of lists"},
    {"ask.lvel", 10, "没有字段", "There is no field"},
    {"channel = owner", 10, "不能用“=”", "cannot be compared"},
    {"channel < channel", 10, "不能用“<”", "cannot be compared"},
    {"items.qty = 1", 10, "列表只能和 BLANK", "compared with BLANK only"},
    {"company IN \"a\"", 21, "列表", "list"},
    {"IFS(TRUE, 1, FALSE)", 10, "成对", "pairs"},
    {"IF(TRUE, owner, channel)", 26, "各个结果", "one type"},
    {"SUMIF(items.qty, due)", 27, "同类的值", "same type"},
    {"amount & items.qty", 19, "不能是列表", "not a list"},
    {"-company", 11, "VALUE", "VALUE"},
    {"DATETIME(1, 2)", 10, "个参数", "arguments"},
    {"company + 1 + amont", 10, "VALUE", "VALUE"},
    {"LEN", 10, "后面要有括号", "needs parentheses"},
    {"a\n  + amont", 5, "是不是“amount”", "did you mean “amount”"}};

static void test_mistakes(void **state)
{
    struct arena *a = arena_new(16 << 20);
    size_t bad = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        const struct mistake *m = &mistakes[i];
        struct diags d;
        struct fx *fx = compile(a, m->text, &d);
        const struct diag *x = d.list.n ? &d.list.v[d.list.n - 1] : NULL; /* the last of several */
        const struct diag *first = d.list.n ? &d.list.v[0] : NULL;
        if (strchr(m->text, '\n') == NULL) {
            x = first;
        }
        if (fx != NULL || x == NULL || x->pos.column != m->column ||
            str_find(x->zh, str_of(m->zh), 0) < 0 || str_find(x->en, str_of(m->en), 0) < 0) {
            bad++;
            printf("%s: column %u %.*s %.*s\n", m->text, x ? x->pos.column : 0,
                   x ? (int)x->zh.n : 0, x ? x->zh.p : "", x ? (int)x->en.n : 0, x ? x->en.p : "");
        }
    }
    arena_free(&a);
    assert_int_equal(bad, 0);
}

/* Several mistakes are all told, each at its place. */
static void test_all_mistakes(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct diags d;
    (void)state;
    assert_null(compile(a, "amont + LEN(cmpany) + IF(1, 2, 3)", &d));
    assert_int_equal(d.list.n, 3);
    assert_int_equal(d.list.v[0].pos.line, 7);
    assert_int_equal(d.list.v[1].pos.column, 22);
    assert_int_equal(d.list.v[2].pos.column, 35);
    assert_true(str_eqz(d.list.v[2].file, "forms/lead.yaml"));
    arena_free(&a);
}

/* ---- what an expression says about itself ---- */

struct about {
    const char *text;
    unsigned flags;
    const char *refs; /* names, joined with spaces */
    int calls;
    enum fx_base base;
};

static const struct about abouts[] = {
    {"amount + amount * 2", 0, "amount", 0, FX_NUM},
    {"1 + 2", FX_CONSTANT, "", 0, FX_NUM},
    {"channel.credit > SUM(items.qty)", 0, "channel.credit items.qty", 0, FX_BOOL},
    {"due < TODAY()", FX_VOLATILE, "due", 0, FX_BOOL},
    {"parent.amount * qty", 0, "parent.amount qty", 0, FX_NUM},
    {"old.amount <> amount", 0, "old.amount amount", 0, FX_BOOL},
    {"target.credit + value", 0, "target.credit value", 0, FX_NUM},
    {"ask.level = \"A\"", 0, "ask.level", 0, FX_BOOL},
    {"LOOKUP(channel, credit, name = this.company)", FX_STORED, "", 1, FX_NUM},
    {"LISTOF(channel, name, open) CONTAINS company", FX_STORED, "company", 1, FX_BOOL},
    {"COUNTOF(channel, open) + COUNTOF(lead)", FX_STORED, "", 2, FX_NUM},
    {"MAXOF(lead, due, owner = USER())", FX_STORED | FX_VOLATILE, "", 1, FX_DATE},
    {"PINYIN(company)", FX_SERVER | FX_NO_SQL | FX_VOLATILE, "company", 0, FX_TEXT},
    {"channel & \"\"", FX_NO_SQL, "channel", 0, FX_TEXT},
    {"owner", 0, "owner", 0, FX_MEMBER},
    {"DEPT()", FX_VOLATILE, "", 0, FX_DEPT},
    {"SETTING(\"vat\") * amount", FX_VOLATILE, "amount", 0, FX_NUM}};

struct seen {
    struct strb refs;
    int calls;
};

static void see_ref(void *arg, const struct fx_ref *ref)
{
    struct seen *s = arg;
    if (s->refs.n > 0) {
        strb_addc(&s->refs, ' ');
    }
    strb_add(&s->refs, ref->name);
}

static void see_call(void *arg, const struct fx_call *call)
{
    struct seen *s = arg;
    assert_non_null(call->form);
    s->calls++;
}

static void test_about(void **state)
{
    struct arena *a = arena_new(16 << 20);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(abouts); i++) {
        const struct about *x = &abouts[i];
        struct diags d;
        struct seen seen = {.calls = 0};
        struct fx *fx = compile(a, x->text, &d);
        if (fx == NULL) {
            fail_msg("%s: %.*s", x->text, STR_ARG(d.list.v[0].en));
            return;
        }
        strb_init(&seen.refs, a);
        fx_each_ref(fx, see_ref, &seen);
        fx_each_call(fx, see_call, &seen);
        if (fx_flags(fx) != x->flags || !str_eqz(strb_str(&seen.refs), x->refs) ||
            seen.calls != x->calls || fx_type_of(fx).base != x->base) {
            fail_msg("%s: flags %u refs %.*s calls %d type %d", x->text, fx_flags(fx),
                     STR_ARG(strb_str(&seen.refs)), seen.calls, fx_type_of(fx).base);
        }
        assert_true(str_eqz(fx_text(fx), x->text));
    }
    arena_free(&a);
}

/* ---- evaluating through callbacks ---- */

static int get(struct fx_env *env, const struct fx_ref *ref, struct val *out)
{
    if (str_eqz(ref->name, "company")) {
        return err_set(env->err, ERR_STORE, "gone", "没了。", "Gone.");
    }
    *out = ref->root == FX_PARENT ? val_num(100) : ref->root == FX_OLD ? val_num(1) : val_num(7);
    return 0;
}

static int stored(struct fx_env *env, const struct fx_call *call, struct val *out)
{
    struct fx_env inner = *env;
    struct val row[ARRAY_LEN(known)] = {{0}};
    (void)env;
    row[9] = val_num(50);
    row[11] = val_bool(true);
    inner.row = row;
    bool found = call->where == NULL || fx_true(call->where, &inner);
    *out = !found ? VAL_NONE : call->value != NULL ? fx_eval(call->value, &inner) : val_num(3);
    return 0;
}

static int context(struct fx_env *env, enum fx_context what, struct val arg, struct val *out)
{
    *out = what == FX_SETTING   ? val_num(arg.kind == VAL_LIST ? 0.2 : 0.1)
           : what == FX_HASROLE ? val_bool(true)
                                : val_ref(env->a, 5, STR("five"));
    return 0;
}

struct outcome {
    const char *text;
    double want;
    bool fails;
};

static const struct outcome outcomes[] = {
    {"amount + 1", 8, false},
    {"parent.amount + qty", 107, false},
    {"old.amount - amount", -6, false},
    {"value * 2", 84, false},
    {"LOOKUP(channel, credit * 2, open)", 100, false},
    {"LOOKUP(channel, credit, NOT open) + 1", 1, false},
    {"COUNTOF(channel)", 3, false},
    {"SETTING(\"vat\") * 10", 1, false},
    {"SETTING(\"vat\", DATE(2026, 1, 1)) * 10", 2, false},
    {"IF(HASROLE(\"rep\"), 1, 2)", 1, false},
    {"IF(USER() = MANAGER(USER()), 1, 2)", 1, false},
    {"LEN(company)", 0, true},
    {"WORKDAY(DATE(2026, 9, 30), 1) - DATE(2026, 9, 30)", 8, false},
    {"NETWORKDAYS(DATE(2026, 10, 1), DATE(2026, 10, 11))", 3, false}};

/* 2026: the week of 1 October is free, Saturday the 10th and Sunday 27 September are worked. */
static const int32_t free_days[] = {20727, 20728, 20729, 20730, 20731, 20732, 20733};
static const int32_t worked[] = {20723, 20736};
static const struct fx_calendar china = {31, free_days, 7, worked, 2};

static void test_callbacks(void **state)
{
    struct arena *a = arena_new(16 << 20);
    const struct val values[] = {val_text(STR("A")), val_num(42)};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        struct err err = ERR_INIT;
        struct diags d;
        struct fx *fx = compile(a, outcomes[i].text, &d);
        struct fx_env env = {.a = a,
                             .get = get,
                             .stored = stored,
                             .context = context,
                             .vars = values,
                             .calendar = &china,
                             .err = &err};
        if (fx == NULL) {
            fail_msg("%s: %.*s", outcomes[i].text, STR_ARG(d.list.v[0].en));
            return;
        }
        struct val v = fx_eval(fx, &env);
        if (env.failed != outcomes[i].fails || val_double(v) != outcomes[i].want) {
            fail_msg("%s: %g failed %d", outcomes[i].text, val_double(v), env.failed);
        }
        assert_int_equal(err.code, outcomes[i].fails ? ERR_STORE : ERR_NONE);
    }
    arena_free(&a);
}

static void test_calendar(void **state)
{
    (void)state;
    assert_true(fx_is_workday(NULL, 20727));    /* a Thursday */
    assert_false(fx_is_workday(&china, 20727)); /* 1 October */
    assert_true(fx_is_workday(&china, 20736));  /* Saturday the 10th */
    assert_false(fx_is_workday(&china, 20737));
    assert_true(fx_is_workday(&china, 20738));
    assert_true(fx_is_workday(&china, 20723));
    assert_false(fx_is_workday(NULL, 20723));
}

/* ---- limits ---- */

static void test_limits(void **state)
{
    struct arena *a = arena_new((size_t)64 << 20);
    struct diags d;
    struct strb text;
    struct err err = ERR_INIT;
    (void)state;
    strb_init(&text, a);
    for (int i = 0; i < 60; i++) { /* each counts 31,000 days */
        strb_addz(&text, i ? "+" : "");
        strb_addz(&text, "NETWORKDAYS(due,DATE(2026,1,1))");
    }
    struct fx *fx = compile(a, str_z(a, strb_str(&text)), &d);
    struct val row[ARRAY_LEN(known)] = {{0}};
    row[5] = val_date(-11000);
    struct fx_env env = {.a = a, .row = row, .err = &err};
    assert_non_null(fx);
    assert_int_equal(fx_eval(fx, &env).kind, VAL_BLANK);
    assert_true(env.limit);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_all_mistakes),
        cmocka_unit_test(test_about),    cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_calendar), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("fx_host", tests, NULL, NULL);
}
