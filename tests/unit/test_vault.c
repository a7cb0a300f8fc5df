/* Vault: hashes, tokens, HMAC vectors, sealed files that notice every change. */
#include "engine/vault/vault.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_seal),
    };
    return cmocka_run_group_tests_name("vault", tests, set_up, tear_down);
}
