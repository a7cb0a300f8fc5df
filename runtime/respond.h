/*
 * Errors to status and problem+json (the only place that knows which error is which status), and
 * the headers that every answer carries.
 */
#ifndef RUNTIME_RESPOND_H
#define RUNTIME_RESPOND_H

#include "runtime/exchange.h"

int respond_status(enum err_code code);
/* The status and code of validation problems: 403 or 409 when one of them says so, else 422. */
enum err_code respond_diags_code(const struct diags *diags);

/* {type,title,status,detail,code,errors:[…]} of err (and diags, when not NULL and not empty).
 * Returns the status. */
int respond_problem(struct strb *out, enum lang lang, const struct err *err,
                    const struct diags *diags);
/* The same in pieces, for problems that say more: all members but "errors", the object stays open.
 */
int respond_problem_head(struct json *j, enum lang lang, const struct err *err);
void respond_errors(struct json *j, enum lang lang, const struct err *err,
                    const struct diags *diags);

/* zh-CN unless English is preferred. */
enum lang respond_lang(struct str accept_language);

/* Content-Security-Policy, nosniff, no-store … unless the handler set Cache-Control. */
void respond_headers(struct exchange *x, bool secure, struct str request_id);

#endif
