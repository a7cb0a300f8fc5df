/*
 * One-time codes by liboath; the only file that includes oath.h is otp.c.
 */
#ifndef VAULT_OTP_H
#define VAULT_OTP_H

#include "engine/base/err.h"
#include "engine/base/str.h"

/* A secret of 160 bits as base32 text. */
struct str otp_secret(struct arena *a);
/* The time step at which the code is right, one step before or after now included; -1: it is not.
 */
int64_t otp_step(struct str secret, struct str code, int64_t now_s);

#endif
