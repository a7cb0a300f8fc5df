/*
 * Lists of addresses: "10.1.2.3", "10.0.0.0/8", "fd00::/8".
 */
#ifndef RUNTIME_ADDRESS_H
#define RUNTIME_ADDRESS_H

#include "engine/base/str.h"

bool address_valid(struct str pattern);
/* Does the address lie in the pattern? An IPv4 address written as IPv6 (::ffff:…) counts as IPv4.
 */
bool address_in(struct str pattern, struct str address);

#endif
