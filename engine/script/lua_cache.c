/*
 * A small store of an app for its scripts: answers of other systems, positions of a pull. Rows of
 * the database, so they follow the transaction and every server sees them; at most 1,000 a app.
 */
#include "engine/script/lua_int.h"
#include "engine/value/json.h"
#include "engine/vault/vault.h"

#define KEY_MAX   200
#define VALUE_MAX 65536
#define KEYS_MAX  1000
#define LIFE_S    (365 * 86400)

static struct str app_key(const struct lua_box *box)
{
    return box->c->app ? box->c->app->key : STR_NONE;
}

static struct str key_arg(struct lua_box *box)
{
    struct str key = box_str(box, 1);
    luaL_argcheck(box->L, key.n && key.n <= KEY_MAX, 1, "a key has 1 to 200 bytes");
    return key;
}

/* Values may be those of records: they are sealed by the installation's key. */
static struct vault_at place(const struct lua_box *box, struct str key)
{
    struct str field = str_fmt(box->c->a, "%.*s/%.*s", STR_ARG(app_key(box)), STR_ARG(key));
    return (struct vault_at){STR("_system"), STR("_cache"), field, 0, 0};
}

/* 1, 0 its key is gone: as if it were not there; -1. */
static int unseal(struct lua_box *box, struct str key, struct str *text)
{
    struct ctx *c = box->c;
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(box, key);
    return vault_is_sealed(*text) ? vault_unseal(&on, &at, *text, text, &box->err) : 1;
}

/* ` WHERE app = … AND key = …` */
static void where_key(struct lua_box *box, struct sql *q, struct str key)
{
    sql_lit(q, " WHERE app = ");
    sql_bind_str(q, app_key(box));
    sql_lit(q, " AND key = ");
    sql_bind_str(q, key);
}

static int cache_get(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    struct sql q;
    struct stmt *s;
    struct val v = VAL_NONE;
    struct str key = key_arg(box), text;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT value FROM _cache");
    where_key(box, &q, key);
    sql_lit(&q, " AND until > ");
    sql_bind_int(&q, c->now_us);
    if (store_query(c->db, c->a, &q, &s, &box->err))
        return box_raise(box);
    int rc = stmt_step(s, &box->err);
    if (rc == 1) {
        text = str_dup(c->a, stmt_str(s, 0));
        rc = unseal(box, key, &text);
    }
    if (rc == 1 && json_parse(c->a, text, &v, &box->err))
        rc = -1;
    stmt_done(s);
    if (rc < 0)
        return box_raise(box);
    box_push(box, v);
    return 1;
}

static int remove_key(struct lua_box *box, struct str key)
{
    struct sql q;
    ctx_sql(box->c, &q);
    sql_lit(&q, "DELETE FROM _cache");
    where_key(box, &q, key);
    return store_exec(box->c->db, box->c->a, &q, NULL, &box->err);
}

static int count_keys(struct lua_box *box, int64_t *n)
{
    struct sql q;
    ctx_sql(box->c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _cache WHERE app = ");
    sql_bind_str(&q, app_key(box));
    return store_get_int(box->c->db, box->c->a, &q, n, &box->err) < 0 ? -1 : 0;
}

/* Makes room when there is none: what has run out goes, then what runs out first. */
static int remove_old(struct lua_box *box)
{
    struct sql q;
    int64_t n = 0;
    if (count_keys(box, &n))
        return -1;
    if (n < KEYS_MAX)
        return 0;
    ctx_sql(box->c, &q);
    sql_lit(&q, "DELETE FROM _cache WHERE app = ");
    sql_bind_str(&q, app_key(box));
    sql_lit(&q, " AND (until <= ");
    sql_bind_int(&q, box->c->now_us);
    sql_lit(&q, " OR key IN (SELECT key FROM _cache WHERE app = ");
    sql_bind_str(&q, app_key(box));
    sql_lit(&q, " ORDER BY until DESC, key LIMIT 1000 OFFSET ");
    sql_bind_int(&q, KEYS_MAX - 1);
    sql_lit(&q, "))");
    return store_exec(box->c->db, box->c->a, &q, NULL, &box->err);
}

static int insert_key(struct lua_box *box, struct str key, struct str value, int64_t until)
{
    struct sql q;
    const struct vault_on on = {box->c->vault, box->c->db, box->c->a};
    const struct vault_at at = place(box, key);
    if (vault_seal(&on, &at, value, &value, &box->err))
        return -1;
    ctx_sql(box->c, &q);
    sql_lit(&q, "INSERT INTO _cache (app, key, value, until) VALUES (");
    sql_bind_str(&q, app_key(box));
    sql_lit(&q, ", ");
    sql_bind_str(&q, key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, value);
    sql_lit(&q, ", ");
    sql_bind_int(&q, until);
    sql_lit(&q, ")");
    return store_exec(box->c->db, box->c->a, &q, NULL, &box->err);
}

static int cache_set(lua_State *L)
{
    struct lua_box *box = box_of(L);
    struct ctx *c = box->c;
    struct str key = key_arg(box);
    struct val v = box_val(box, 2);
    lua_Integer seconds = luaL_optinteger(L, 3, 3600);
    struct strb text;
    struct json j;
    luaL_argcheck(L, seconds > 0 && seconds <= LIFE_S, 3, "1 second to 365 days");
    strb_init(&text, c->a);
    json_init(&j, &text);
    json_val(&j, v);
    luaL_argcheck(L, text.n <= VALUE_MAX, 2, "longer than 64 KB as JSON");
    if (remove_key(box, key) || remove_old(box) ||
        insert_key(box, key, strb_str(&text), c->now_us + seconds * US_PER_S))
        return box_raise(box);
    return 0;
}

static int cache_delete(lua_State *L)
{
    struct lua_box *box = box_of(L);
    if (remove_key(box, key_arg(box)))
        return box_raise(box);
    return 0;
}

static const struct lua_api ROWS[] = {
    {"cache", "get", cache_get, NULL, "key: string", "any", "存过且没有过期的值",
     "What was kept and has not run out", NULL, NULL},
    {"cache", "set", cache_set, NULL, "key: string, value: any, seconds?: integer", "",
     "保存一个值，默认一小时；随事务提交或撤销",
     "Keeps a value, for an hour unless said; commits or rolls back with the transaction", NULL,
     NULL},
    {"cache", "delete", cache_delete, NULL, "key: string", "", "删除一个值", "Forgets a value",
     NULL, NULL},
};

const struct lua_api_list lua_api_cache = {ROWS, ARRAY_LEN(ROWS)};
