/*
 * Changes of members, and what must hold of every member whatever changed: managers without
 * circles, externals in one organisation without rights and roles of ours, a last administrator.
 */
#include "engine/org/member_int.h"

#include "engine/base/utf8.h"

#define CHAIN_MAX 64

static int run(struct ctx *c, struct sql *q, struct err *err)
{
    return store_exec(c->db, c->a, q, NULL, err);
}

static int one(struct ctx *c, struct sql *q, int64_t *out, struct err *err)
{
    *out = 0;
    return store_get_int(c->db, c->a, q, out, err);
}

/* ---- managers ---- */

/* 1 following managers up from `from` leads to id, 0, -1. */
static int leads_to(struct ctx *c, int64_t from, int64_t id, struct err *err)
{
    for (int i = 0; from && i < CHAIN_MAX; i++) {
        struct sql q;
        if (from == id)
            return 1;
        ctx_sql(c, &q);
        sql_lit(&q, "SELECT COALESCE(manager, 0) FROM _member WHERE id = ");
        sql_bind_int(&q, from);
        if (one(c, &q, &from, err) < 0)
            return -1;
    }
    return from != 0; /* a chain without end is a circle too */
}

/* 1 both are ours or of the same organisation, 0 not, or one is absent or inactive; -1. */
static int same_side(struct ctx *c, int64_t id, int64_t manager, struct err *err)
{
    struct sql q;
    int64_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT b.id FROM _member m JOIN _member b"
                " ON COALESCE(b.org, 0) = COALESCE(m.org, 0) WHERE b.active = 1 AND m.id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND b.id = ");
    sql_bind_int(&q, manager);
    return one(c, &q, &n, err);
}

int org_check_manager(struct ctx *c, int64_t id, int64_t manager, struct diags *diags,
                      struct err *err)
{
    if (!manager)
        return 0;
    int fits = same_side(c, id, manager, err);
    int circle = fits == 1 ? leads_to(c, manager, id, err) : 0;
    if (fits < 0 || circle < 0)
        return -1;
    if (!fits)
        diag_field(diags, STR("manager"), "no_member", "没有这位成员，或不能做其上级。",
                   "There is no such member, or he cannot be the manager here.");
    else if (circle)
        diag_field(diags, STR("manager"), "circle", "上级关系不能形成循环。",
                   "Managers must not form a circle.");
    return 0;
}

/* ---- the two sides ---- */

/* His organisation by his departments; *mixed: they do not belong together. */
static int org_of(struct ctx *c, int64_t id, int64_t *org, bool *mixed, struct err *err)
{
    struct sql q;
    int64_t *ids;
    size_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT DISTINCT COALESCE(d.org, 0) FROM _member_department md"
                " JOIN _department d ON d.id = md.department WHERE md.member = ");
    sql_bind_int(&q, id);
    if (org_ids(c, &q, &ids, &n, err))
        return -1;
    *org = n ? ids[0] : 0;
    *mixed = n > 1;
    return 0;
}

/* Tells of roles that are not for externals. */
static int check_roles(struct ctx *c, int64_t id, struct diags *diags, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT app, role FROM _member_role WHERE member = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1)
        if (engine_role(c->engine, stmt_str(s, 0), stmt_str(s, 1)) != 1)
            diag_field(diags, STR("roles"), "role_internal", "角色“%.*s:%.*s”不对外部人员开放。",
                       "The role “%.*s:%.*s” is not open to externals.", STR_ARG(stmt_str(s, 0)),
                       STR_ARG(stmt_str(s, 1)));
    stmt_done(s);
    return step;
}

static int check_external(struct ctx *c, int64_t id, struct diags *diags, struct err *err)
{
    struct sql q;
    int64_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _member WHERE rights <> '[]' AND id = ");
    sql_bind_int(&q, id);
    if (one(c, &q, &n, err) < 0)
        return -1;
    if (n)
        diag_field(diags, STR("rights"), "rights_internal", "外部人员不能有管理权限。",
                   "Externals cannot have administration rights.");
    return check_roles(c, id, diags, err);
}

int member_settle(struct ctx *c, int64_t id, struct diags *diags, struct err *err)
{
    struct sql q;
    int64_t org;
    bool mixed;
    if (org_of(c, id, &org, &mixed, err))
        return -1;
    if (mixed)
        diag_field(diags, STR("departments"), "mixed_organisations",
                   "一个人只能属于内部部门，或同一个外部组织的部门。",
                   "One belongs to departments of ours, or to those of one external organisation.");
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET org = ");
    sql_bind(&q, org ? val_ref(c->a, org, STR_NONE) : VAL_NONE);
    if (!org)
        sql_lit(&q, ", org_admin = 0");
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    if (run(c, &q, err))
        return -1;
    return org && !mixed ? check_external(c, id, diags, err) : 0;
}

/* ---- the last one with a right ---- */

static int check_last(struct ctx *c, unsigned before, struct err *err)
{
    static const struct {
        unsigned bit;
        struct str like;
    } rights[] = {{ADMIN_DESIGN, STR("design")},
                  {ADMIN_PEOPLE, STR("people")},
                  {ADMIN_OPERATE, STR("operate")}};
    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        struct sql q;
        int64_t n;
        if (!(before & rights[i].bit))
            continue;
        ctx_sql(c, &q);
        sql_lit(&q, "SELECT COUNT(*) FROM _member WHERE active = 1 AND org IS NULL AND rights");
        sql_contains(&q, rights[i].like);
        if (one(c, &q, &n, err) < 0)
            return -1;
        if (!n)
            return err_set(err, ERR_CONFLICT, "last_administrator",
                           "这是最后一位拥有“%.*s”权限的成员，请先把权限交给别人。",
                           "This is the last member with the right “%.*s”; give it to somebody "
                           "else first.",
                           STR_ARG(rights[i].like));
    }
    return 0;
}

/* ---- the change ---- */

static int check_text(struct ctx *c, const struct member_change *m, struct diags *diags,
                      struct err *err)
{
    struct str login = str_trim(m->spec.login), name = str_trim(m->spec.name);
    int64_t other = 0;
    if ((m->parts & MEMBER_LOGIN) && !org_login_ok(login))
        diag_field(diags, STR("login"), "login", "登录名应为 1 到 64 个字符，不含空格。",
                   "A login has 1 to 64 characters and no blanks.");
    if ((m->parts & MEMBER_NAME) && (!name.n || utf8_len(name) > 120))
        diag_field(diags, STR("name"), "name", "姓名应为 1 到 120 个字。",
                   "A name has 1 to 120 characters.");
    int found = m->parts & MEMBER_LOGIN ? member_by_login(c, login, &other, err) : 0;
    if (found == 1 && other != m->id)
        diag_field(diags, STR("login"), "duplicate", "这个登录名已经有人用了。",
                   "This login is already taken.")
            ->code = ERR_CONFLICT;
    return found < 0 ? -1 : 0;
}

static int update_row(struct ctx *c, const struct member_change *m, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET updated_at = ");
    sql_bind_int(&q, c->now_us);
    if (m->parts & MEMBER_LOGIN) {
        sql_lit(&q, ", login = ");
        sql_bind_str(&q, str_trim(m->spec.login));
        sql_lit(&q, ", login_key = ");
        sql_bind_str(&q, org_fold(c->a, str_trim(m->spec.login)));
    }
    if (m->parts & MEMBER_NAME) {
        sql_lit(&q, ", name = ");
        sql_bind_str(&q, str_trim(m->spec.name));
    }
    if (m->parts & MEMBER_MANAGER) {
        sql_lit(&q, ", manager = ");
        sql_bind(&q, m->spec.manager ? val_ref(c->a, m->spec.manager, STR_NONE) : VAL_NONE);
    }
    if (m->parts & MEMBER_RIGHTS) {
        sql_lit(&q, ", rights = ");
        sql_bind_str(&q, org_rights_json(c->a, m->spec.rights));
    }
    if (m->parts & MEMBER_ACTIVE) {
        sql_lit(&q, ", active = ");
        sql_bind_int(&q, m->active);
    }
    if (m->parts & MEMBER_ORG_ADMIN) {
        sql_lit(&q, ", org_admin = ");
        sql_bind_int(&q, m->spec.org_admin);
    }
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, m->id);
    return run(c, &q, err);
}

/* One of the fixed statements that take a member's id. */
static int with_id(struct ctx *c, struct str head, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit_(&q, head);
    sql_bind_int(&q, id);
    return run(c, &q, err);
}

static int replace_lists(struct ctx *c, const struct member_change *m, struct diags *diags,
                         struct err *err)
{
    if ((m->parts & MEMBER_DEPARTMENTS) &&
        (with_id(c, STR("DELETE FROM _member_department WHERE member = "), m->id, err) ||
         org_put_departments(c, &m->spec, m->id, diags, err)))
        return -1;
    if ((m->parts & MEMBER_ROLES) &&
        (with_id(c, STR("DELETE FROM _member_role WHERE member = "), m->id, err) ||
         org_put_roles(c, &m->spec, m->id, err)))
        return -1;
    return 0;
}

static int held_rights(struct ctx *c, int64_t id, unsigned *out, struct err *err)
{
    struct principal who = {0};
    int found = member_load(c, id, &who, err);
    *out = found == 1 ? who.rights : 0;
    return found < 0 ? -1 : 0;
}

static int current_manager(struct ctx *c, int64_t id, int64_t *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COALESCE(manager, 0) FROM _member WHERE id = ");
    sql_bind_int(&q, id);
    return one(c, &q, out, err);
}

int member_change(struct ctx *c, const struct member_change *m, struct diags *diags,
                  struct err *err)
{
    size_t before = diags->errors;
    unsigned rights;
    int64_t manager;
    int found = current_manager(c, m->id, &manager, err);
    if (found <= 0)
        return found;
    if (held_rights(c, m->id, &rights, err) || check_text(c, m, diags, err))
        return -1;
    if (diags->errors > before)
        return org_invalid(err);
    if (m->parts & MEMBER_MANAGER)
        manager = m->spec.manager;
    bool side = (m->parts & (MEMBER_MANAGER | MEMBER_DEPARTMENTS)) != 0;
    if (update_row(c, m, err) || replace_lists(c, m, diags, err) ||
        member_settle(c, m->id, diags, err) ||
        (side && org_check_manager(c, m->id, manager, diags, err)) || check_last(c, rights, err))
        return -1;
    if (diags->errors > before)
        return org_invalid(err);
    if ((m->parts & MEMBER_ACTIVE) && !m->active && member_end_sessions(c, m->id, STR_NONE, err))
        return -1;
    return 1;
}

int member_end_sessions(struct ctx *c, int64_t id, struct str keep, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _session WHERE member = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND hash <> ");
    sql_bind_str(&q, keep);
    return run(c, &q, err);
}

int member_set_password(struct ctx *c, int64_t id, struct str hash, bool must_change,
                        struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET password = ");
    sql_bind_str(&q, hash);
    sql_lit(&q, ", password_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", must_change = ");
    sql_bind_int(&q, must_change);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return run(c, &q, err);
}

int member_remove(struct ctx *c, int64_t id, struct err *err)
{
    static const struct str steps[] = {
        STR("DELETE FROM _member_department WHERE member = "),
        STR("DELETE FROM _member_role WHERE member = "),
        STR("DELETE FROM _session WHERE member = "),
        STR("DELETE FROM _token WHERE member = "),
        STR("DELETE FROM _delegation WHERE member = "),
        STR("DELETE FROM _invitation WHERE member = "),
        STR("DELETE FROM _notice WHERE member = "),
        STR("DELETE FROM _member WHERE id = "),
    };
    unsigned rights;
    if (held_rights(c, id, &rights, err))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (with_id(c, steps[i], id, err))
            return -1;
    return check_last(c, rights, err);
}
