/*
 * Idempotent writes. The key's row is stored in the transaction of the effect, so there is never
 * the one without the other; the unique key is the lock between requests that race.
 */
#include "runtime/write.h"

#include "engine/base/id.h"
#include "engine/vault/vault.h"
#include "runtime/exchange.h"

#define KEY_MAX 128
#define KEEP_US US_PER_DAY

struct job {
    struct http_req *req;
    struct http_resp *resp;
    const struct api_write *w;
    struct str key, principal, route, hash;
    bool replayed;
};

static int run(struct job *j, struct ctx *c, struct err *err)
{
    j->resp->diags.list.n = 0;
    j->resp->diags.errors = 0;
    return j->w->apply(c, j->w->arg, err);
}

static int plain(struct ctx *c, void *arg, struct err *err)
{
    return run(arg, c, err);
}

/* What a kept answer is: its ETag (or nothing), a line feed, the body. */
static void replay(struct job *j, int64_t status, struct str kept)
{
    struct str etag, body;
    struct http_resp *resp = j->resp;
    kept = str_dup(resp->body.a, kept);
    body = str_cut(kept, '\n', &etag);
    resp->status = (int)status;
    strb_add(&resp->body, body);
    if (etag.n)
        resp_header(resp, STR("ETag"), str_dup(resp->body.a, etag));
    resp_header(resp, STR("Idempotency-Replayed"), STR("true"));
    j->replayed = true;
}

/* Answers hold values of records: they are sealed, and the hash of the body with them. */
static struct vault_at kept_at(const struct job *j, struct ctx *c)
{
    return (struct vault_at){
        .app = STR("_system"),
        .form = STR("_idempotency"),
        .field = str_fmt(c->a, "%.*s %.*s", STR_ARG(j->principal), STR_ARG(j->key)),
    };
}

/* 1 answered, 0 its key is gone, -1: another body. */
static int open_kept(struct job *j, struct ctx *c, int64_t status, struct str sealed,
                     struct err *err)
{
    struct str plain, hash;
    const struct vault_at at = kept_at(j, c);
    const struct vault_on on = {c->vault, c->db, c->a};
    int rc = vault_unseal(&on, &at, sealed, &plain, err);
    if (rc <= 0)
        return rc;
    plain = str_cut(plain, '\n', &hash);
    if (!str_eq(hash, j->hash))
        return err_set(err, ERR_INVALID, "idempotency_key_reused",
                       "这个 Idempotency-Key 已用于另一个请求。",
                       "This Idempotency-Key was used for another request.");
    replay(j, status, plain);
    return 1;
}

/* 1 answered from the kept row, 0 new, -1. */
static int look_up(struct job *j, struct ctx *c, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT route, status, response FROM _idempotency WHERE expires_at > ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " AND principal = ");
    sql_bind_str(&q, j->principal);
    sql_lit(&q, " AND key = ");
    sql_bind_str(&q, j->key);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1 && !str_eq(stmt_str(s, 0), j->route))
        rc = err_set(err, ERR_INVALID, "idempotency_key_reused",
                     "这个 Idempotency-Key 已用于另一个请求。",
                     "This Idempotency-Key was used for another request.");
    if (rc == 1)
        rc = open_kept(j, c, stmt_int(s, 1), str_dup(c->a, stmt_str(s, 2)), err);
    stmt_done(s);
    return rc;
}

static int forget_old(struct ctx *c, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "DELETE FROM _idempotency WHERE expires_at <= ");
    sql_bind_int(&q, c->now_us);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static struct str etag_of(const struct http_resp *resp)
{
    for (size_t i = 0; i < resp->nheaders; i++)
        if (str_eqz(resp->headers[i].name, "ETag"))
            return resp->headers[i].value;
    return STR_NONE;
}

static int keep(struct job *j, struct ctx *c, struct err *err)
{
    struct strb kept;
    struct sql q;
    struct str sealed;
    const struct vault_at at = kept_at(j, c);
    const struct vault_on on = {c->vault, c->db, c->a};
    strb_init(&kept, c->a);
    strb_add(&kept, j->hash);
    strb_addc(&kept, '\n');
    strb_add(&kept, etag_of(j->resp));
    strb_addc(&kept, '\n');
    strb_add(&kept, strb_str(&j->resp->body));
    if (vault_seal(&on, &at, strb_str(&kept), &sealed, err))
        return -1;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(
        &q,
        "INSERT INTO _idempotency (principal, key, route, body_hash, status, response, created_at,"
        " expires_at) VALUES (");
    const struct str texts[] = {j->principal, j->key, j->route, STR("sealed")};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sql_bind_str(&q, texts[i]);
        sql_lit(&q, ", ");
    }
    sql_bind_int(&q, j->resp->status ? j->resp->status : 200);
    sql_lit(&q, ", ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us + KEEP_US);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int keyed(struct ctx *c, void *arg, struct err *err)
{
    struct job *j = arg;
    j->replayed = false;
    j->resp->body.n = 0;
    j->resp->nheaders = 0;
    j->resp->status = 0;
    int rc = look_up(j, c, err);
    if (rc)
        return rc < 0 ? -1 : 0;
    if (forget_old(c, err) || run(j, c, err))
        return -1;
    json_init(&j->resp->json, &j->resp->body);
    if (j->w->render && j->w->render(j->req, j->resp, j->w->arg, err))
        return -1;
    return keep(j, c, err);
}

/* What the key stands for: the body, or of an upload its fields, name and content. */
static struct str body_of(const struct http_req *req)
{
    struct strb b;
    if (!req->upload.n)
        return req->body;
    strb_init(&b, req->ctx->a);
    for (size_t i = 0; i < req->nfields; i++)
        strb_addf(&b, "%.*s=%.*s\n", STR_ARG(req->fields[i].name), STR_ARG(req->fields[i].value));
    strb_addf(&b, "%.*s %.*s", STR_ARG(req->upload_name), STR_ARG(req->upload_hash));
    return strb_str(&b);
}

static struct str principal_of(const struct http_req *req)
{
    char id[16];
    struct ctx *c = req->ctx;
    if (req->by == AUTH_TOKEN)
        return str_fmt(c->a, "t:%s", id_print(req->token, id).p);
    if (c->who->kind == WHO_MEMBER)
        return str_fmt(c->a, "m:%s", id_print(c->who->id, id).p);
    return str_fmt(c->a, "public:%.*s", STR_ARG(req->remote));
}

/* 1: the request has a key to take care of. */
static int take_key(struct http_req *req, struct http_resp *resp, struct job *j, struct err *err)
{
    struct ctx *c = req->ctx;
    *j = (struct job){.req = req, .resp = resp, .key = req_header(req, "idempotency-key")};
    if (req->method != HTTP_POST || !j->key.n)
        return 0;
    if (j->key.n > KEY_MAX)
        return err_set(err, ERR_INVALID, "idempotency_key", "Idempotency-Key 最长 128 个字符。",
                       "An Idempotency-Key has at most 128 characters.");
    j->principal = principal_of(req);
    j->route = str_fmt(c->a, "POST %.*s", STR_ARG(req->x->target));
    if (!req->key_hash.n) /* once: a handler may move an upload away */
        req->key_hash = vault_sha256_hex(c->a, body_of(req));
    j->hash = req->key_hash;
    return 1;
}

int idempotent_before(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job j;
    int rc = take_key(req, resp, &j, err);
    return rc == 1 ? look_up(&j, req->ctx, err) : rc;
}

static int keep_now(struct ctx *c, void *arg, struct err *err)
{
    return keep(arg, c, err);
}

int idempotent_after(struct http_req *req, struct http_resp *resp, struct err *err)
{
    struct job j;
    int rc = req->keyed ? 0 : take_key(req, resp, &j, err);
    return rc == 1 ? engine_write(req->ctx, keep_now, &j, err) : rc;
}

int api_write(struct http_req *req, struct http_resp *resp, const struct api_write *w,
              struct err *err)
{
    struct ctx *c = req->ctx;
    struct job j;
    if (req->batch) { /* the outer request has the write job and the key */
        if (w->apply(c, w->arg, err))
            return -1;
        return w->render ? w->render(req, resp, w->arg, err) : 0;
    }
    int rc = take_key(req, resp, &j, err);
    j.w = w;
    if (rc < 0)
        return -1;
    if (rc == 1) {
        req->keyed = true;
        return engine_write(c, keyed, &j, err);
    }
    if (engine_write(c, plain, &j, err))
        return -1;
    return w->render ? w->render(req, resp, w->arg, err) : 0;
}
