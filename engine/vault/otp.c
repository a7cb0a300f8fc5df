/*
 * TOTP over liboath: secrets and codes.
 */
#include "engine/vault/otp.h"

#include "engine/vault/vault.h"

#include <liboath/oath.h>
#include <stdlib.h>

#define STEP_S 30
#define DIGITS 6
#define SECRET 20 /* bytes, as RFC 4226 wants */

struct str otp_secret(struct arena *a)
{
    char raw[SECRET], *text = NULL;
    size_t n = 0;
    vault_random(raw, sizeof(raw));
    if (oath_base32_encode(raw, sizeof(raw), &text, &n) != OATH_OK)
        return STR_NONE;
    struct str out = str_dup(a, (struct str){text, n});
    free(text);
    while (out.n && out.p[out.n - 1] == '=')
        out.n--;
    return out;
}

static bool right(const char *raw, size_t n, struct str code, int64_t at_s)
{
    char want[DIGITS + 1];
    if (oath_totp_generate(raw, n, (time_t)at_s, STEP_S, 0, DIGITS, want) != OATH_OK)
        return false;
    return vault_same(code, str_of(want));
}

int64_t otp_step(struct str secret, struct str code, int64_t now_s)
{
    char *raw = NULL;
    size_t n = 0;
    int64_t step = -1;
    if (code.n != DIGITS || !secret.n)
        return -1;
    if (oath_base32_decode(secret.p, secret.n, &raw, &n) != OATH_OK)
        return -1;
    for (int64_t i = -1; i <= 1; i++) /* all three, whichever is right: the same time */
        if (now_s + i * STEP_S >= 0 && right(raw, n, code, now_s + i * STEP_S))
            step = now_s / STEP_S + i;
    free(raw);
    return step;
}
