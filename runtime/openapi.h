/*
 * The OpenAPI 3.1 document: the route table, and a schema for each form that runs.
 */
#ifndef RUNTIME_OPENAPI_H
#define RUNTIME_OPENAPI_H

#include "engine/engine.h"

/* Forms as c->who may see them (the system: all). */
int openapi_write(struct ctx *c, struct json *j, struct err *err) ATTR_MUST;

#endif
