/*
 * The web pages: embedded files or a folder while developing, and the first HTML with its boot
 * JSON.
 */
#ifndef RUNTIME_STATIC_H
#define RUNTIME_STATIC_H

#include "runtime/http.h"

int static_asset(struct http_req *req, struct http_resp *resp, struct err *err);
int static_page(struct http_req *req, struct http_resp *resp, struct err *err);

#endif
