/*
 * serve --dev: the thread that watches the folder of the apps and publishes what was saved there,
 * so that a script is tried by saving it. What has errors or would lose data is told and not
 * published.
 */
#ifndef RUNTIME_DEV_H
#define RUNTIME_DEV_H

#include "engine/base/err.h"

struct dev;
struct server;

int dev_start(struct server *server, struct dev **out, struct err *err) ATTR_MUST;
void dev_stop(struct dev **d);

#endif
