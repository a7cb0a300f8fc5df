/*
 * Two-step login of members.
 */
#include "engine/org/totp.h"

#include "engine/org/member_int.h"
#include "engine/value/json.h"
#include "engine/vault/otp.h"
#include "engine/vault/vault.h"

struct state {
    struct str secret, begun;
    int64_t last; /* step of the last code taken */
    struct val recovery;
};

/* Secrets are sealed by the installation's key, so that a copy of the database makes no codes. */
static struct vault_at place(int64_t member)
{
    return (struct vault_at){STR("_system"), STR("_member"), STR("totp"), member, 0};
}

/* A secret of before stands in clear until totp_seal_old(). */
static int unseal(struct ctx *c, int64_t member, struct str *secret, struct err *err)
{
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(member);
    if (!vault_is_sealed(*secret))
        return 0;
    return vault_unseal(&on, &at, *secret, secret, err) < 0 ? -1 : 0;
}

static int load(struct ctx *c, int64_t member, struct state *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str recovery = STR_NONE;
    *out = (struct state){.recovery = VAL_NONE};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT totp, totp_new, totp_last, recovery FROM _member WHERE id = ");
    sql_bind_int(&q, member);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        out->secret = str_dup(c->a, stmt_str(s, 0));
        out->begun = str_dup(c->a, stmt_str(s, 1));
        out->last = stmt_int(s, 2);
        recovery = str_dup(c->a, stmt_str(s, 3));
    }
    stmt_done(s);
    if (step < 0 || unseal(c, member, &out->secret, err) || unseal(c, member, &out->begun, err))
        return -1;
    return recovery.n ? json_parse(c->a, recovery, &out->recovery, err) : 0;
}

static struct str list_text(struct arena *a, const struct val *v, size_t n)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; i < n; i++)
        json_val(&j, v[i]);
    json_end_list(&j);
    return strb_str(&b);
}

/* ---- taking a code ---- */

static int keep_step(struct ctx *c, int64_t member, int64_t step, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET totp_last = ");
    sql_bind_int(&q, step);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, member);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* Recovery codes are typed by people: case, blanks and hyphens do not matter. */
static struct str plain(struct arena *a, struct str code)
{
    char *p = arena_alloc(a, code.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        char ch = code.p[i];
        if (ch == '-' || ch == ' ')
            continue;
        p[n++] = (char)(ch >= 'A' && ch <= 'Z' ? ch - 'A' + 'a' : ch);
    }
    return (struct str){p, n};
}

/* Strikes a recovery code off: 1, 0 none such, -1. */
static int strike(struct ctx *c, int64_t member, struct str code, const struct state *s,
                  struct err *err)
{
    struct sql q;
    struct str hash = vault_sha256_hex(c->a, plain(c->a, code));
    struct val left[TOTP_RECOVERY];
    size_t n = 0, total = s->recovery.kind == VAL_LIST ? MIN(s->recovery.n, TOTP_RECOVERY) : 0;
    for (size_t i = 0; i < total; i++)
        if (!vault_same(val_str(s->recovery.list[i]), hash))
            left[n++] = s->recovery.list[i];
    if (n == total)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET recovery = ");
    sql_bind_str(&q, list_text(c->a, left, n));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, member);
    return store_exec(c->db, c->a, &q, NULL, err) ? -1 : 1;
}

int totp_check(struct ctx *c, int64_t member, struct str code, enum totp_answer *out,
               struct err *err)
{
    struct state s;
    code = str_trim(code);
    *out = TOTP_RIGHT;
    if (load(c, member, &s, err))
        return -1;
    if (!s.secret.n)
        return 0;
    *out = code.n ? TOTP_WRONG : TOTP_MISSING;
    if (!code.n || code.n > 64)
        return 0;
    int64_t step = otp_step(s.secret, code, c->now_us / US_PER_S);
    if (step > s.last) {
        *out = TOTP_RIGHT;
        return keep_step(c, member, step, err);
    }
    int struck = strike(c, member, code, &s, err);
    if (struck == 1)
        *out = TOTP_RIGHT;
    return struck < 0 ? -1 : 0;
}

/* ---- turning it on and off ---- */

int totp_begin(struct ctx *c, struct str secret, struct err *err)
{
    struct sql q;
    struct str sealed;
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(c->who->id);
    if (vault_seal(&on, &at, secret, &sealed, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET totp_new = ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, c->who->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* "abcd-efgh-ijkm": 60 bits, letters and digits that are not mistaken for each other. */
static struct str recovery_code(struct arena *a)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789x";
    unsigned char raw[12];
    char *p = arena_alloc(a, 15);
    vault_random(raw, sizeof(raw));
    for (size_t i = 0; i < 12; i++)
        p[i + i / 4] = letters[raw[i] & 31];
    p[4] = p[9] = '-';
    return (struct str){p, 14};
}

int totp_confirm(struct ctx *c, struct str code, struct str codes[TOTP_RECOVERY], struct err *err)
{
    struct val hashes[TOTP_RECOVERY];
    struct state s;
    struct sql q;
    if (load(c, c->who->id, &s, err))
        return -1;
    int64_t step = otp_step(s.begun, str_trim(code), c->now_us / US_PER_S);
    if (step < 0)
        return 0;
    for (size_t i = 0; i < TOTP_RECOVERY; i++) {
        codes[i] = recovery_code(c->a);
        hashes[i] = val_text(vault_sha256_hex(c->a, plain(c->a, codes[i])));
    }
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET totp = totp_new, totp_new = NULL, totp_last = ");
    sql_bind_int(&q, step);
    sql_lit(&q, ", recovery = ");
    sql_bind_str(&q, list_text(c->a, hashes, TOTP_RECOVERY));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, c->who->id);
    return store_exec(c->db, c->a, &q, NULL, err) ? -1 : 1;
}

int totp_off(struct ctx *c, int64_t member, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET totp = NULL, totp_new = NULL, recovery = NULL WHERE id = ");
    sql_bind_int(&q, member);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int totp_on(struct ctx *c, int64_t member, bool *on, struct err *err)
{
    struct state s;
    if (load(c, member, &s, err))
        return -1;
    *on = s.secret.n > 0;
    return 0;
}

int totp_state(struct ctx *c, int64_t *left, struct err *err)
{
    struct state s;
    if (load(c, c->who->id, &s, err))
        return -1;
    *left = !s.secret.n ? -1 : s.recovery.kind == VAL_LIST ? (int64_t)s.recovery.n : 0;
    return 0;
}

/* ---- secrets of before ---- */

struct old_secret {
    int64_t member;
    struct str text[2];
};
static const struct str COLUMNS[] = {STR("totp"), STR("totp_new")};

static int old_secrets(struct ctx *c, struct old_secret **out, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct old_secret) list = {0};
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, totp, totp_new FROM _member WHERE (totp <> '' AND totp NOT LIKE 'v1.%')"
                " OR (totp_new <> '' AND totp_new NOT LIKE 'v1.%')");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    while ((rc = stmt_step(s, err)) == 1) {
        struct old_secret o = {stmt_int(s, 0),
                               {str_dup(c->a, stmt_str(s, 1)), str_dup(c->a, stmt_str(s, 2))}};
        (void)vec_push(c->a, &list, o);
    }
    stmt_done(s);
    *out = list.v;
    *n = list.n;
    return rc;
}

static int seal_column(struct ctx *c, const struct old_secret *o, size_t i, struct err *err)
{
    struct sql q;
    struct str sealed;
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(o->member);
    if (!o->text[i].n || vault_is_sealed(o->text[i]))
        return 0;
    if (vault_seal(&on, &at, o->text[i], &sealed, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET ");
    sql_ident(&q, COLUMNS[i]);
    sql_lit(&q, " = ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, o->member);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int totp_seal_old(struct ctx *c, struct err *err)
{
    struct old_secret *list;
    size_t n;
    if (old_secrets(c, &list, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(COLUMNS); k++)
            if (seal_column(c, &list[i], k, err))
                return -1;
    if (n)
        store_repack(c->db);
    return 0;
}

/* RFC 3986: what is not unreserved is %XX. */
static void add_escaped(struct strb *b, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        bool open = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                    (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' || ch == '_' || ch == '~';
        if (open)
            strb_addf(b, "%c", ch);
        else
            strb_addf(b, "%%%c%c", hex[ch >> 4], hex[ch & 15]);
    }
}

struct str totp_uri(struct arena *a, struct str issuer, struct str login, struct str secret)
{
    struct strb b;
    strb_init(&b, a);
    strb_addz(&b, "otpauth://totp/");
    add_escaped(&b, issuer);
    strb_addz(&b, ":");
    add_escaped(&b, login);
    strb_addf(&b, "?secret=%.*s&issuer=", STR_ARG(secret));
    add_escaped(&b, issuer);
    return strb_str(&b);
}
