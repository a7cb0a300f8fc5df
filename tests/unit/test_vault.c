/* Vault: hashes, tokens, HMAC vectors, sealed files that notice every change. */
#include "engine/vault/vault.h"

#include "engine/store/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    return !a || vault_init();
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&a);
    return 0;
}

static void test_password(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct str hash;
    assert_int_equal(vault_password_hash(a, STR("正确的 horse"), &hash, &err), 0);
    assert_true(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_true(vault_password_ok(hash, STR("正确的 horse")));
    assert_false(vault_password_ok(hash, STR("正确的 horsf")));
    assert_false(vault_password_ok(hash, STR_NONE));
    assert_false(vault_password_ok(STR_NONE, STR_NONE));
    assert_false(vault_password_ok(STR("plain"), STR("plain")));
}

static void test_digests(void **state)
{
    (void)state;
    assert_true(str_eqz(vault_sha256_hex(a, STR("abc")),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    /* RFC 4231 case 2 */
    assert_true(str_eqz(vault_hmac_hex(a, STR("Jefe"), STR("what do ya want for nothing?")),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    struct str x = vault_token(a), y = vault_token(a);
    assert_int_equal(x.n, VAULT_TOKEN_CHARS);
    assert_false(vault_same(x, y));
    assert_true(vault_same(x, str_dup(a, x)));
}

static struct str slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *p = arena_alloc(a, 1 << 20);
    size_t n = fread(p, 1, 1 << 20, f);
    fclose(f);
    return (struct str){p, n};
}

static void spew(const char *path, struct str s)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
    fclose(f);
}

static void test_seal(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0, 1, 65535, 65536, 65537, 200000};
    char dir[] = "/tmp/vaultXXXXXX";
    assert_non_null(mkdtemp(dir));
    struct err err = ERR_INIT;
    struct vault_key key, other = {{1}};
    struct str kf = str_fmt(a, "%s/key", dir);
    assert_int_equal(vault_key_file(kf, false, &key, &err), -1);
    assert_int_equal(vault_key_file(kf, true, &key, &err), 0);
    struct vault_key again;
    assert_int_equal(vault_key_file(kf, true, &again, &err), 0);
    assert_memory_equal(&key, &again, sizeof(key));
    assert_int_equal(chmod(kf.p, 0644), 0);
    assert_int_equal(vault_key_file(kf, true, &again, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    struct str in = str_fmt(a, "%s/in", dir), out = str_fmt(a, "%s/out", dir),
               back = str_fmt(a, "%s/back", dir);
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        char *p = arena_alloc(a, SIZES[i]);
        vault_random(p, SIZES[i]);
        spew(in.p, (struct str){p, SIZES[i]});
        assert_int_equal(vault_seal_file(&key, in, out, &err), 0);
        assert_int_equal(vault_open_file(&key, out, back, &err), 0);
        assert_true(str_eq(slurp(back.p), (struct str){p, SIZES[i]}));
        unlink(back.p);
        struct str sealed = slurp(out.p);
        assert_int_equal(vault_open_file(&other, out, back, &err), -1);
        spew(out.p, str_sub(sealed, 0, sealed.n - 1));
        assert_int_equal(vault_open_file(&key, out, back, &err), -1);
        char *flip = arena_alloc(a, sealed.n);
        memcpy(flip, sealed.p, sealed.n);
        flip[sealed.n / 2] ^= 1;
        spew(out.p, (struct str){flip, sealed.n});
        assert_int_equal(vault_open_file(&key, out, back, &err), -1);
        assert_string_equal(err.key, "backup_damaged");
        assert_int_equal(access(back.p, F_OK), -1);
        unlink(out.p);
    }
    unlink(in.p);
    unlink(kf.p);
    rmdir(dir);
}

/* ---- keys and values at rest ---- */

static int64_t clock_us(void *self)
{
    (void)self;
    return INT64_C(1764000000000000);
}

struct at_rest {
    char dir[32];
    struct str url, keys;
    struct store *s;
    struct conn *db;
    struct vault *v;
};

static int open_rest(struct at_rest *r, struct err *err)
{
    struct store_opts so = {.queue_max = 8};
    struct vault_opts vo = {.dir = r->keys, .now_us = clock_us};
    assert_int_equal(store_open(r->url, &so, &r->s, err), 0);
    assert_int_equal(migrate_run(r->s, 1, err), 0);
    assert_int_equal(store_conn_open(r->s, &r->db, err), 0);
    return vault_open(r->s, &vo, &r->v, err);
}

static void close_rest(struct at_rest *r)
{
    vault_close(&r->v);
    store_conn_close(&r->db);
    store_close(&r->s);
}

static void rest_init(struct at_rest *r)
{
    *r = (struct at_rest){.dir = "/tmp/vaultXXXXXX"};
    assert_non_null(mkdtemp(r->dir));
    r->url = str_fmt(a, "sqlite:%s/m.db", r->dir);
    r->keys = str_fmt(a, "%s.keys", r->dir);
}

struct seal_job {
    struct vault *v;
    struct vault_at at;
    struct str plain, out, hash;
    int64_t n;
};

static int seal_one(struct conn *db, void *arg, struct err *err)
{
    struct seal_job *j = arg;
    const struct vault_on on = {j->v, db, a};
    return vault_seal(&on, &j->at, j->plain, &j->out, err) ||
           vault_blind(&on, &j->at, "eq", j->plain, &j->hash, err);
}

static struct str sealed(struct at_rest *r, struct vault_at at, int64_t subject, const char *text)
{
    struct err err = ERR_INIT;
    struct seal_job j = {.v = r->v, .at = at, .plain = str_of(text)};
    j.at.subject = subject;
    assert_int_equal(store_write(r->s, seal_one, &j, &err), 0);
    assert_true(vault_is_sealed(j.out));
    assert_true(str_find(j.out, str_of(text), 0) < 0);
    return j.out;
}

static int opened(struct at_rest *r, struct vault_at at, struct str sealed, struct str *out)
{
    struct err err = ERR_INIT;
    const struct vault_on on = {r->v, r->db, a};
    int rc = vault_unseal(&on, &at, sealed, out, &err);
    if (rc < 0)
        assert_string_equal(err.key, "sealed_damaged");
    return rc;
}

static const struct vault_at PHONE = {STR("crm"), STR("lead"), STR("phone"), 7, 0};

/* A value opens where it was sealed; moved or changed it is an error that names the place. */
static void test_places(void **state)
{
    (void)state;
    static const struct vault_at others[] = {
        {STR("hr"), STR("lead"), STR("phone"), 7, 0},
        {STR("crm"), STR("customer"), STR("phone"), 7, 0},
        {STR("crm"), STR("lead"), STR("mobile"), 7, 0},
        {STR("crm"), STR("lead"), STR("phone"), 8, 0},
        {STR("crm"), STR("leadp"), STR("hone"), 7, 0},
    };
    struct at_rest r;
    struct err err = ERR_INIT;
    struct str out;
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    struct str box = sealed(&r, PHONE, 0, "13800138000");
    assert_int_equal(opened(&r, PHONE, box, &out), 1);
    assert_true(str_eqz(out, "13800138000"));
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_int_equal(opened(&r, others[i], box, &out), -1);
    for (size_t i = 3; i < box.n; i += 7) {
        char *changed = str_z(a, box);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_equal(opened(&r, PHONE, str_of(changed), &out), -1);
    }
    assert_int_equal(opened(&r, PHONE, str_sub(box, 0, box.n - 4), &out), -1);
    assert_int_equal(opened(&r, PHONE, STR("13800138000"), &out), -1);
    close_rest(&r);
}

/* The same text is the same hash in its field only. */
static void test_blind(void **state)
{
    (void)state;
    struct at_rest r;
    struct err err = ERR_INIT;
    struct str x, y, z, other, use, none;
    struct vault_at row = PHONE, field = PHONE;
    row.row = 99;
    field.field = STR("mobile");
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    const struct vault_on on = {r.v, r.db, a};
    assert_int_equal(vault_blind(&on, &PHONE, "eq", STR("1"), &x, &err), 0);
    assert_true(str_eqz(x, "-"));
    (void)sealed(&r, PHONE, 0, "13800138000");
    struct str p = STR("13800138000");
    assert_int_equal(vault_blind(&on, &PHONE, "eq", p, &x, &err), 0);
    assert_int_equal(vault_blind(&on, &row, "eq", p, &y, &err), 0);
    assert_int_equal(vault_blind(&on, &PHONE, "eq", STR("13800138001"), &z, &err), 0);
    assert_int_equal(vault_blind(&on, &field, "eq", p, &other, &err), 0);
    assert_int_equal(vault_blind(&on, &PHONE, "key", p, &use, &err), 0);
    assert_int_equal(vault_blind(&on, &PHONE, "eq", STR_NONE, &none, &err), 0);
    assert_true(x.n == 32 && str_eq(x, y) && none.n == 0);
    assert_false(str_eq(x, z) || str_eq(x, other) || str_eq(x, use));
    close_rest(&r);
}

/* Without its key, or with another one, a database with sealed values is not opened; the key file
 * is private and never made anew. */
static void test_key_file(void **state)
{
    (void)state;
    struct at_rest r, other;
    struct err err = ERR_INIT;
    struct stat st;
    struct str out;
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    struct str box = sealed(&r, PHONE, 0, "13800138000");
    close_rest(&r);
    const char *file = str_z(a, str_fmt(a, "%.*s/master.key", STR_ARG(r.keys)));
    const char *away = str_z(a, str_fmt(a, "%.*s/away", STR_ARG(r.keys)));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_int_equal(rename(file, away), 0);
    assert_int_equal(open_rest(&r, &err), -1);
    assert_string_equal(err.key, "key_missing");
    close_rest(&r);
    assert_int_equal(access(file, F_OK), -1);

    rest_init(&other); /* the key of another installation */
    err = ERR_INIT;
    assert_int_equal(open_rest(&other, &err), 0);
    close_rest(&other);
    spew(file, slurp(str_z(a, str_fmt(a, "%.*s/master.key", STR_ARG(other.keys)))));
    assert_int_equal(open_rest(&r, &err), -1);
    assert_string_equal(err.key, "key_mode"); /* spew made it 0644 */
    close_rest(&r);
    assert_int_equal(chmod(file, 0600), 0);
    err = ERR_INIT;
    assert_int_equal(open_rest(&r, &err), -1);
    assert_string_equal(err.key, "key_wrong");
    close_rest(&r);

    err = ERR_INIT;
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(open_rest(&r, &err), 0);
    assert_int_equal(opened(&r, PHONE, box, &out), 1);
    close_rest(&r);
}

static int erase_one(struct conn *db, void *arg, struct err *err)
{
    struct seal_job *j = arg;
    return vault_erase(j->v, db, a, j->at.subject, &j->n, err);
}

/* A destroyed key stays destroyed when an older copy of the database comes back. */
static void test_erase(void **state)
{
    (void)state;
    struct at_rest r;
    struct err err = ERR_INIT;
    struct str out;
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    struct str hers = sealed(&r, PHONE, 41, "13800138000");
    struct str his = sealed(&r, PHONE, 42, "13900139000");
    struct str copy = str_fmt(a, "%s/copy.db", r.dir);
    assert_int_equal(store_backup(r.s, copy, &err), 0);
    assert_int_equal(opened(&r, PHONE, hers, &out), 1);
    struct seal_job j = {.v = r.v, .at = {.subject = 41}};
    assert_int_equal(store_write(r.s, erase_one, &j, &err), 0);
    assert_int_equal(j.n, 1);
    assert_int_equal(vault_ledger(r.v, r.db, &err), 0);
    assert_int_equal(opened(&r, PHONE, hers, &out), 0);
    assert_int_equal(opened(&r, PHONE, his, &out), 1);
    close_rest(&r);
    r.url = str_fmt(a, "sqlite:%.*s", STR_ARG(copy));
    assert_int_equal(open_rest(&r, &err), 0);
    assert_int_equal(opened(&r, PHONE, hers, &out), 0);
    assert_int_equal(opened(&r, PHONE, his, &out), 1);
    close_rest(&r);
}

static int rewrap(struct conn *db, void *arg, struct err *err)
{
    struct seal_job *j = arg;
    return vault_rewrap(j->v, db, a, 2, &j->n, err);
}

static int new_keys(struct conn *db, void *arg, struct err *err)
{
    struct seal_job *j = arg;
    return vault_new_keys(j->v, db, a, STR("crm"), err);
}

static int retire(struct conn *db, void *arg, struct err *err)
{
    struct seal_job *j = arg;
    return vault_retire(j->v, db, a, STR("crm"), &j->n, err);
}

static void test_rotation(void **state)
{
    (void)state;
    struct at_rest r;
    struct err err = ERR_INIT;
    struct str out, box[5];
    struct vault_key_info *keys;
    size_t n;
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    for (int64_t i = 0; i < 5; i++)
        box[i] = sealed(&r, PHONE, 100 + i, "13800138000");
    struct seal_job j = {.v = r.v};
    assert_int_equal(vault_new_master(r.v, &err), 0);
    assert_int_equal(store_write(r.s, rewrap, &j, &err), 0);
    assert_int_equal(j.n, 4); /* five persons and the hashes' key, two a step */
    close_rest(&r);           /* cut off in the middle */
    assert_int_equal(open_rest(&r, &err), 0);
    j.v = r.v;
    while (j.n)
        assert_int_equal(store_write(r.s, rewrap, &j, &err), 0);
    assert_int_equal(vault_masters(r.v, r.db, a, &keys, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(keys[0].wraps, 0);
    assert_int_equal(keys[1].wraps, 6);
    assert_true(keys[1].current);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(opened(&r, PHONE, box[i], &out), 1);

    assert_int_equal(store_write(r.s, new_keys, &j, &err), 0);
    assert_int_equal(vault_ledger(r.v, r.db, &err), 0);
    struct str again = sealed(&r, PHONE, 100, "13800138000");
    assert_int_not_equal(vault_key_of(again), vault_key_of(box[0]));
    assert_int_equal(vault_is_old(r.v, r.db, a, vault_key_of(box[0]), &err), 1);
    assert_int_equal(vault_is_old(r.v, r.db, a, vault_key_of(again), &err), 0);
    assert_int_equal(opened(&r, PHONE, box[0], &out), 1);
    assert_int_equal(store_write(r.s, retire, &j, &err), 0);
    assert_int_equal(j.n, 5);
    assert_int_equal(vault_ledger(r.v, r.db, &err), 0);
    assert_int_equal(opened(&r, PHONE, box[0], &out), 0);
    assert_int_equal(opened(&r, PHONE, again, &out), 1);
    close_rest(&r);
}

struct file_job {
    struct vault *v;
    struct str path, plain;
};

static int write_file(struct conn *db, void *arg, struct err *err)
{
    struct file_job *j = arg;
    struct vault_file *f;
    struct vault_at place = PHONE;
    place.subject = 5;
    const struct vault_on on = {j->v, db, a};
    if (vault_file_create(&on, &place, j->path, &f, err))
        return -1;
    for (size_t at = 0; at < j->plain.n; at += 1000) {
        struct str part = str_sub(j->plain, at, 1000);
        if (vault_file_write(f, part.p, part.n, err))
            return -1;
    }
    int rc = vault_file_finish(f, err);
    vault_file_close(&f);
    return rc;
}

static void test_files(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0, 1, 65535, 65536, 65537, 200000};
    struct at_rest r;
    struct err err = ERR_INIT;
    struct vault_file *f;
    char *buf = arena_alloc(a, VAULT_CHUNK);
    rest_init(&r);
    assert_int_equal(open_rest(&r, &err), 0);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(*SIZES); i++) {
        struct file_job j = {.v = r.v, .path = str_fmt(a, "%s/f%d", r.dir, (int)i)};
        char *p = arena_alloc(a, SIZES[i] + 1);
        vault_random(p, SIZES[i]);
        j.plain = (struct str){p, SIZES[i]};
        const struct vault_on on = {r.v, r.db, a};
        assert_int_equal(store_write(r.s, write_file, &j, &err), 0);
        assert_int_equal(vault_file_open(&on, &PHONE, j.path, &f, &err), 1);
        size_t n, have = 0;
        do {
            assert_int_equal(vault_file_read(f, buf, &n, &err), 0);
            assert_true(have + n <= SIZES[i] && (!n || !memcmp(p + have, buf, n)));
            have += n;
        } while (n);
        assert_int_equal(have, SIZES[i]);
        vault_file_close(&f);
        struct vault_at other = PHONE;
        other.row++;
        assert_int_equal(vault_file_open(&on, &other, j.path, &f, &err), 1);
        assert_int_equal(vault_file_read(f, buf, &n, &err), -1);
        vault_file_close(&f);
        err = ERR_INIT;
    }
    close_rest(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password), cmocka_unit_test(test_digests),
        cmocka_unit_test(test_seal),     cmocka_unit_test(test_places),
        cmocka_unit_test(test_blind),    cmocka_unit_test(test_key_file),
        cmocka_unit_test(test_erase),    cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests_name("vault", tests, set_up, tear_down);
}
