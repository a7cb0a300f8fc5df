/*
 * Values sealed under a data key and bound to where they stand; keyed hashes for equality.
 */
#include "engine/vault/vault_int.h"

#include "engine/base/id.h"
#include "engine/base/strb.h"

#define PREFIX      STR("v1.")
#define BLIND_BYTES 24
#define VARIANT     sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* ---- text forms ---- */

struct str base64(struct arena *a, const unsigned char *p, size_t n)
{
    size_t cap = sodium_base64_encoded_len(n, VARIANT);
    char *text = arena_alloc(a, cap);
    sodium_bin2base64(text, cap, p, n, VARIANT);
    return (struct str){text, cap - 1};
}

bool unbase64(struct str s, unsigned char *out, size_t cap, size_t *n)
{
    const char *end;
    return sodium_base642bin(out, cap, s.p ? s.p : "", s.n, NULL, n, &end, VARIANT) == 0 &&
           end == (s.p ? s.p : "") + s.n;
}

/* Parts end with a zero byte, which no key holds. */
struct str at_data(struct arena *a, const struct vault_at *at, int64_t key)
{
    struct strb b;
    strb_init(&b, a);
    strb_addz(&b, "mortise value");
    const struct str parts[] = {at->app, at->form, at->field};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        strb_addc(&b, '\0');
        strb_add(&b, parts[i]);
    }
    strb_addc(&b, '\0');
    strb_addi(&b, at->row);
    strb_addc(&b, '\0');
    strb_addi(&b, key);
    return strb_str(&b);
}

bool vault_is_sealed(struct str s)
{
    return str_starts(s, PREFIX);
}

/* "v1.<key>.<base64url>" */
static bool parse(struct str sealed, int64_t *key, struct str *body)
{
    struct str id;
    if (!vault_is_sealed(sealed))
        return false;
    *body = str_cut(str_sub(sealed, PREFIX.n, sealed.n), '.', &id);
    return body->n && str_int(id, 1, INT64_MAX, key);
}

int64_t vault_key_of(struct str sealed)
{
    int64_t key;
    struct str body;
    return parse(sealed, &key, &body) ? key : 0;
}

int at_damaged(const struct vault_at *at, struct err *err)
{
    char id[16];
    (void)id_print(at->row, id);
    err_set(err, ERR_STORE, "sealed_damaged",
            "%.*s/%.*s 字段“%.*s”（行 %s）的密文被改动过，或是从别处搬来的。",
            "The sealed value of %.*s/%.*s field “%.*s” (row %s) was changed, or moved here from "
            "elsewhere.",
            STR_ARG(at->app), STR_ARG(at->form), STR_ARG(at->field), id);
    err_at(err, "%.*s", STR_ARG(at->field));
    return -1;
}

/* ---- values ---- */

int vault_seal(const struct vault_on *on, const struct vault_at *at, struct str plain,
               struct str *out, struct err *err)
{
    struct data_key k;
    struct arena *a = on->a;
    const struct key_of of = key_at(at);
    int rc = key_current(on, &of, &k, err);
    if (rc == 0)
        return err_set(err, ERR_INTERNAL, "no_key", "内部错误。", "Internal error.");
    if (rc < 0)
        return -1;
    size_t n = NONCE_BYTES + plain.n + TAG_BYTES;
    unsigned char *box = arena_alloc(a, n);
    struct str ad = at_data(a, at, k.id);
    randombytes_buf(box, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, NULL,
                                               (const unsigned char *)plain.p, plain.n,
                                               (const unsigned char *)ad.p, ad.n, NULL, box, k.k);
    sodium_memzero(k.k, sizeof(k.k));
    struct str text = base64(a, box, n);
    *out = str_fmt(a, "v1.%lld.%.*s", (long long)k.id, STR_ARG(text));
    return 0;
}

int vault_unseal(const struct vault_on *on, const struct vault_at *at, struct str sealed,
                 struct str *plain, struct err *err)
{
    struct data_key k;
    struct arena *a = on->a;
    struct str body;
    int64_t id;
    *plain = STR_NONE;
    if (!parse(sealed, &id, &body))
        return at_damaged(at, err);
    int rc = key_by_id(on, id, &k, err);
    if (rc < 0 && str_eqz(str_of(err->key), "key_unknown"))
        return at_damaged(at, err);
    if (rc <= 0)
        return rc;
    size_t n = 0;
    unsigned char *box = arena_alloc(a, body.n + 1);
    struct str ad = at_data(a, at, id);
    bool ok = unbase64(body, box, body.n, &n) && n >= NONCE_BYTES + TAG_BYTES;
    unsigned char *text = ok ? arena_alloc(a, n - NONCE_BYTES - TAG_BYTES + 1) : NULL;
    ok = ok && crypto_aead_xchacha20poly1305_ietf_decrypt(
                   text, NULL, NULL, box + NONCE_BYTES, n - NONCE_BYTES,
                   (const unsigned char *)ad.p, ad.n, box, k.k) == 0;
    sodium_memzero(k.k, sizeof(k.k));
    if (!ok)
        return at_damaged(at, err);
    *plain = (struct str){(const char *)text, n - NONCE_BYTES - TAG_BYTES};
    return 1;
}

/* ---- equality ---- */

int vault_blind(const struct vault_on *on, const struct vault_at *at, const char *use,
                struct str text, struct str *out, struct err *err)
{
    struct data_key k;
    struct arena *a = on->a;
    const struct key_of of = {at->app, KEY_BLIND, 0};
    unsigned char hash[BLIND_BYTES];
    crypto_generichash_state st;
    *out = STR_NONE;
    if (!text.n)
        return 0;
    int rc = key_current(on, &of, &k, err);
    if (rc == 0)
        *out = STR("-"); /* nothing was sealed yet */
    if (rc <= 0)
        return rc;
    const struct vault_at field = {at->app, at->form, at->field, 0, 0};
    struct str domain = at_data(a, &field, 0);
    crypto_generichash_init(&st, k.k, sizeof(k.k), sizeof(hash));
    crypto_generichash_update(&st, (const unsigned char *)domain.p, domain.n);
    crypto_generichash_update(&st, (const unsigned char *)use, strlen(use) + 1);
    crypto_generichash_update(&st, (const unsigned char *)text.p, text.n);
    crypto_generichash_final(&st, hash, sizeof(hash));
    sodium_memzero(k.k, sizeof(k.k));
    *out = base64(a, hash, sizeof(hash));
    return 0;
}
