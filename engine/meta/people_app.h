/*
 * The text of the built-in app `people`: members and departments as forms. Apps add fields to them
 * by overlays (files in people/). The rows that say who may log in are org/'s; the forms mirror
 * them (engine/people.c).
 */
#ifndef META_PEOPLE_APP_H
#define META_PEOPLE_APP_H

#include "engine/meta/app.h"

#define PEOPLE_APP STR("people")

bool people_is(const struct app *app); /* is it the built-in app? NULL: no */
/* The built-in files with these overlay files beside them. */
struct app_source people_source(struct arena *a, const struct app_file *overlays, size_t n);
/* A file of an app that adds fields: "people/….yaml". */
bool people_overlay(struct str path);

#endif
