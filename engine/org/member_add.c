/*
 * New members: what a login and a password must be, and the rows of one. Also the installation's
 * secret, which is made with the first start.
 */
#include "engine/org/member_int.h"
#include "engine/org/totp.h"

#include "engine/base/utf8.h"
#include "engine/vault/vault.h"

int org_invalid(struct err *err)
{
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}

bool org_login_ok(struct str login)
{
    if (!login.n || utf8_len(login) > 64)
        return false;
    for (size_t pos = 0; pos < login.n;) {
        uint32_t cp = utf8_next(login, &pos);
        if (cp <= ' ' || cp == 0x7f || cp == 0xa0 || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200f))
            return false;
    }
    return true;
}

static bool password_common(struct str password)
{
    static const struct str common[] = {
        STR("password"),   STR("12345678"), STR("123456789"), STR("1234567890"), STR("qwertyui"),
        STR("qwertyuiop"), STR("11111111"), STR("88888888"),  STR("00000000"),   STR("password1"),
        STR("abcd1234"),   STR("iloveyou"), STR("asdfghjkl"), STR("admin123"),   STR("woaini1314"),
    };
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        if (str_ieq(password, common[i]))
            return true;
    return false;
}

int member_hash(struct ctx *c, struct str login, struct str password, struct str *hash,
                struct diags *diags, struct err *err)
{
    size_t before = diags->errors;
    size_t n = utf8_len(password);
    if (n < 8 || n > 256)
        diag_field(diags, STR("password"), "password_length", "密码应为 8 到 256 个字符。",
                   "A password has 8 to 256 characters.");
    else if (password_common(password) || str_ieq(password, login))
        diag_field(diags, STR("password"), "password_common", "这个密码太容易被猜到，请换一个。",
                   "This password is too easy to guess, please take another one.");
    if (diags->errors > before)
        return org_invalid(err);
    return vault_password_hash(c->a, password, hash, err);
}

struct str org_rights_json(struct arena *a, unsigned rights)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_begin_list(&j);
    if (rights & ADMIN_DESIGN)
        json_str(&j, STR("design"));
    if (rights & ADMIN_PEOPLE)
        json_str(&j, STR("people"));
    if (rights & ADMIN_OPERATE)
        json_str(&j, STR("operate"));
    json_end_list(&j);
    return strb_str(&b);
}

static int insert_member(struct ctx *c, const struct member_spec *spec, struct str hash, int64_t id,
                         struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _member (id, login, login_key, name, password, manager, rights,"
                " org_admin, password_at, created_at, updated_at) VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, str_trim(spec->login));
    sql_lit(&q, ", ");
    sql_bind_str(&q, org_fold(c->a, spec->login));
    sql_lit(&q, ", ");
    sql_bind_str(&q, str_trim(spec->name));
    sql_lit(&q, ", ");
    sql_bind(&q, val_text(hash));
    sql_lit(&q, ", ");
    sql_bind(&q, spec->manager ? val_ref(c->a, spec->manager, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_str(&q, org_rights_json(c->a, spec->rights));
    sql_lit(&q, ", ");
    sql_bind_int(&q, spec->org_admin);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int insert_department(struct ctx *c, int64_t member, int64_t department, bool main_one,
                             struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _member_department (member, department, main) VALUES (");
    sql_bind_int(&q, member);
    sql_lit(&q, ", ");
    sql_bind_int(&q, department);
    sql_lit(&q, ", ");
    sql_bind_int(&q, main_one);
    sql_lit(&q, ") ON CONFLICT DO NOTHING");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int org_put_departments(struct ctx *c, const struct member_spec *spec, int64_t id,
                        struct diags *diags, struct err *err)
{
    int64_t dept = 0;
    bool main_one = true;
    if (str_trim(spec->department).n) {
        int found = department_find(c, spec->department, &dept, err);
        if (found < 0 || (!found && department_add(c, spec->department, 0, 0, &dept, err)) ||
            insert_department(c, id, dept, main_one, err))
            return -1;
        main_one = false;
    }
    for (size_t i = 0; i < spec->ndepartments; i++) {
        int found = department_find(c, spec->departments[i], &dept, err);
        if (found < 0)
            return -1;
        if (!found) {
            diag_field(diags, str_fmt(c->a, "departments[%zu]", i), "no_department",
                       "没有这个部门。", "There is no such department.");
            continue;
        }
        if (insert_department(c, id, dept, main_one, err))
            return -1;
        main_one = false;
    }
    return 0;
}

int org_put_roles(struct ctx *c, const struct member_spec *spec, int64_t id, struct err *err)
{
    for (size_t i = 0; i < spec->nroles; i++) {
        struct sql q;
        ctx_sql(c, &q);
        sql_lit(&q, "INSERT INTO _member_role (member, app, role) VALUES (");
        sql_bind_int(&q, id);
        sql_lit(&q, ", ");
        sql_bind_str(&q, spec->roles[i].app);
        sql_lit(&q, ", ");
        sql_bind_str(&q, spec->roles[i].role);
        sql_lit(&q, ") ON CONFLICT DO NOTHING");
        if (store_exec(c->db, c->a, &q, NULL, err))
            return -1;
    }
    return 0;
}

static int check_spec(struct ctx *c, const struct member_spec *spec, struct diags *diags,
                      struct err *err)
{
    if (!org_login_ok(str_trim(spec->login)))
        diag_field(diags, STR("login"), "login", "登录名应为 1 到 64 个字符，不含空格。",
                   "A login has 1 to 64 characters and no blanks.");
    struct str name = str_trim(spec->name);
    if (!name.n || utf8_len(name) > 120)
        diag_field(diags, STR("name"), "name", "姓名应为 1 到 120 个字。",
                   "A name has 1 to 120 characters.");
    int64_t other;
    int found = member_by_login(c, spec->login, &other, err);
    if (found == 1)
        diag_field(diags, STR("login"), "duplicate", "这个登录名已经有人用了。",
                   "This login is already taken.")
            ->code = ERR_CONFLICT;
    return found < 0 ? -1 : 0;
}

int member_add(struct ctx *c, const struct member_spec *spec, struct str hash, int64_t *id,
               struct diags *diags, struct err *err)
{
    size_t before = diags->errors;
    if (check_spec(c, spec, diags, err))
        return -1;
    *id = spec->id ? spec->id : id_next(c->ids, c->now_us);
    if (diags->errors == before &&
        (insert_member(c, spec, hash, *id, err) || org_put_roles(c, spec, *id, err) ||
         org_put_departments(c, spec, *id, diags, err) || member_settle(c, *id, diags, err) ||
         org_check_manager(c, *id, spec->manager, diags, err)))
        return -1;
    return diags->errors > before ? org_invalid(err) : 0;
}

int org_secret(struct ctx *c, struct str *out, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT value FROM _meta WHERE key = 'secret'");
    return org_text(c, &q, out, err) < 0 ? -1 : 0;
}

int org_start(struct ctx *c, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _meta (key, value) VALUES ('secret', ");
    sql_bind_str(&q, vault_token(c->a));
    sql_lit(&q, ") ON CONFLICT DO NOTHING");
    return store_exec(c->db, c->a, &q, NULL, err) || totp_seal_old(c, err) ? -1 : 0;
}
