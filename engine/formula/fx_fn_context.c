/*
 * Functions whose answer the host has: who is asking, the clock, settings, rows of other forms.
 */
#include "engine/formula/fx_int.h"

#include "engine/formula/fx_math.h"

struct val fx_context_call(struct run *r, const struct node *n, const struct val *args)
{
    struct fx_env *env = r->env;
    struct val arg = n->nargs == 0 ? VAL_NONE : n->nargs == 1 ? args[0] : val_list(args, n->nargs);
    struct val v = VAL_NONE;
    if (env->failed) {
        return VAL_NONE;
    }
    if (env->context == NULL) {
        return fx_fail(r, n, "这里不知道是谁在用。", "The context is not known here.");
    }
    if (env->context(env, (enum fx_context)n->fn->context, arg, &v) != 0) {
        env->failed = true;
        return VAL_NONE;
    }
    return fx_blank(v) ? VAL_NONE : v;
}

static struct val call_now(struct run *r, const struct node *n, const struct val *args)
{
    (void)n;
    (void)args;
    return val_instant(r->env->now_us);
}

static struct val call_today(struct run *r, const struct node *n, const struct val *args)
{
    (void)n;
    (void)args;
    struct val now = val_instant(r->env->now_us);
    return val_date(fx_day(r, now));
}

#define WHO            FN_VOLATILE
#define CONTEXT(which) .call = fx_context_call, .context = (which)
#define STORED(which)                                                                              \
    .check = fx_check_stored, .lazy = fx_eval_stored, .flags = FN_LAZY, .context = (which)

static const struct fn rows[] = {
    {.name = "AVGOF",
     .sig = "xnb>n",
     STORED(FX_AVGOF),
     FX_DOC("AVGOF(form, value, where)", "records", "另一表单中符合条件的记录的平均值。",
            "The mean over the matching records of another form.", "")},
    {.name = "COMPANYKEY",
     .sig = "t>t",
     CONTEXT(FX_COMPANYKEY),
     .flags = FN_SERVER | FN_NO_SQL | FN_VOLATILE,
     FX_DOC("COMPANYKEY(name)", "text", "公司名称的比对键（去掉地区、组织形式等）。",
            "The matching key of a company name.", "")},
    {.name = "COUNTOF",
     .sig = "xb>n",
     STORED(FX_COUNTOF),
     FX_DOC("COUNTOF(form, where)", "records", "另一表单中符合条件的记录数。",
            "How many records of another form match.", "")},
    {.name = "DEPT",
     .sig = ">P",
     CONTEXT(FX_DEPT_OF_USER),
     .flags = WHO,
     FX_DOC("DEPT()", "context", "当前用户的主部门。", "The main department of the current user.",
            "")},
    {.name = "DEPTS",
     .sig = ">Y",
     CONTEXT(FX_DEPTS),
     .flags = WHO,
     FX_DOC("DEPTS()", "context", "当前用户的部门及其下级部门。",
            "The current user's departments and all below.", "")},
    {.name = "HASCERT",
     .sig = "t>b",
     CONTEXT(FX_HASCERT),
     .flags = WHO | FN_SERVER,
     FX_DOC("HASCERT(\"key\")", "context", "当前用户是否有这个证书，且未过期。",
            "Whether the current user has this certificate, not expired.", "")},
    {.name = "HASROLE",
     .sig = "t>b",
     .check = fx_check_hasrole,
     CONTEXT(FX_HASROLE),
     .flags = WHO,
     FX_DOC("HASROLE(\"role\")", "context", "当前用户是否有这个角色。",
            "Whether the current user has this role.", "")},
    {.name = "LISTOF",
     .sig = "xxb>x",
     STORED(FX_LISTOF),
     FX_DOC("LISTOF(form, value, where)", "records", "另一表单中符合条件的记录的值的列表。",
            "The list of values of the matching records of another form.", "")},
    {.name = "LOOKUP",
     .sig = "xxb>x",
     STORED(FX_LOOKUP),
     FX_DOC("LOOKUP(form, value, where)", "records", "另一表单中第一条符合条件的记录的值。",
            "The value of the first matching record of another form.", "")},
    {.name = "MANAGER",
     .sig = "M>M",
     CONTEXT(FX_MANAGER),
     .flags = WHO | FN_SERVER,
     FX_DOC("MANAGER(member)", "context", "成员的上级。", "The manager of a member.", "")},
    {.name = "MAXOF",
     .sig = "xxb>x",
     STORED(FX_MAXOF),
     FX_DOC("MAXOF(form, value, where)", "records", "另一表单中符合条件的记录的最大值。",
            "The greatest value among the matching records of another form.", "")},
    {.name = "MINOF",
     .sig = "xxb>x",
     STORED(FX_MINOF),
     FX_DOC("MINOF(form, value, where)", "records", "另一表单中符合条件的记录的最小值。",
            "The least value among the matching records of another form.", "")},
    {.name = "NOW",
     .sig = ">i",
     .call = call_now,
     .flags = WHO | FN_ENV,
     FX_DOC("NOW()", "date", "现在的日期时间。", "The current date and time.", "")},
    {.name = "PINYIN",
     .sig = "t>t",
     CONTEXT(FX_PINYIN),
     .flags = FN_SERVER | FN_NO_SQL | FN_VOLATILE,
     FX_DOC("PINYIN(text)", "text", "汉字的拼音，不带声调。",
            "The pinyin of Chinese text, without tones.", "")},
    {.name = "REPORTS",
     .sig = "M>Z",
     CONTEXT(FX_REPORTS),
     .flags = WHO | FN_SERVER,
     FX_DOC("REPORTS(member)", "context", "成员的所有下属（含各级）。",
            "Everybody below a member, on all levels.", "")},
    {.name = "ROLES",
     .sig = ">T",
     CONTEXT(FX_ROLES),
     .flags = WHO,
     FX_DOC("ROLES()", "context", "当前用户的角色列表。", "The roles of the current user.", "")},
    {.name = "SETTING",
     .sig = "t?d>x",
     .check = fx_check_setting,
     CONTEXT(FX_SETTING),
     .flags = WHO,
     FX_DOC("SETTING(\"key\", day)", "context", "应用设置的值（可指定日期）。",
            "The value of a setting of the app (on a day).", "")},
    {.name = "SUMOF",
     .sig = "xnb>n",
     STORED(FX_SUMOF),
     FX_DOC("SUMOF(form, value, where)", "records", "另一表单中符合条件的记录的合计。",
            "The sum over the matching records of another form.", "")},
    {.name = "TODAY",
     .sig = ">D",
     .call = call_today,
     .flags = WHO | FN_ENV,
     FX_DOC("TODAY()", "date", "今天的日期。", "Today's date.", "")},
    {.name = "USER",
     .sig = ">M",
     CONTEXT(FX_USER),
     .flags = WHO,
     FX_DOC("USER()", "context", "当前用户。", "The current user.", "")},
    {.name = "UUID",
     .sig = ">t",
     CONTEXT(FX_UUID),
     .flags = FN_SERVER | FN_NO_SQL | FN_VOLATILE,
     FX_DOC("UUID()", "text", "随机的唯一标识。", "A random unique identifier.", "")},
};

const struct fn_table fx_fns_context = {rows, ARRAY_LEN(rows)};
