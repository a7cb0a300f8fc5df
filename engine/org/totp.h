/*
 * Two-step login: time-based codes (RFC 6238, SHA-1, 6 digits, 30 s) and recovery codes.
 *
 * A code counts once: the time step of the last one that was taken is kept, and no earlier or equal
 * one is taken again. A recovery code is struck off when used. The secret is kept sealed.
 */
#ifndef ORG_TOTP_H
#define ORG_TOTP_H

#include "engine/org/ctx.h"

#define TOTP_RECOVERY 10

enum totp_answer { TOTP_RIGHT, TOTP_MISSING, TOTP_WRONG };

/* Is the login with this code good? One without two-step login needs none. Takes the code, so it
 * stands inside a write job. */
int totp_check(struct ctx *c, int64_t member, struct str code, enum totp_answer *out,
               struct err *err) ATTR_MUST;
/* Keeps a secret (otp_secret()) of the caller until it is confirmed. Inside a write job, as what
 * follows. */
int totp_begin(struct ctx *c, struct str secret, struct err *err) ATTR_MUST;
/* 1 turned on, codes are the recovery codes in clear, shown once; 0 wrong code or nothing begun. */
int totp_confirm(struct ctx *c, struct str code, struct str codes[TOTP_RECOVERY],
                 struct err *err) ATTR_MUST;
int totp_off(struct ctx *c, int64_t member, struct err *err) ATTR_MUST;
int totp_on(struct ctx *c, int64_t member, bool *on, struct err *err) ATTR_MUST;
/* Recovery codes left; -1 in *left: two-step login is off. */
int totp_state(struct ctx *c, int64_t *left, struct err *err) ATTR_MUST;
/* Inside a write job, at the start: seals the secrets that an older program kept in clear. */
int totp_seal_old(struct ctx *c, struct err *err) ATTR_MUST;
/* "otpauth://totp/…" for the QR code. */
struct str totp_uri(struct arena *a, struct str issuer, struct str login, struct str secret);

#endif
