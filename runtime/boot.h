/*
 * What the first HTML carries: who is logged in, the apps, the form of the address
 * (engine/docs/form-json.md).
 */
#ifndef RUNTIME_BOOT_H
#define RUNTIME_BOOT_H

#include "runtime/http.h"

int boot_json(struct http_req *req, struct strb *out, struct err *err) ATTR_MUST;

#endif
