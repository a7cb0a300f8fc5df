/*
 * The order of texts for people: Chinese by pinyin, other scripts as Unicode has them, digits by
 * their number ("9" before "10"). The same as PostgreSQL's ICU collation COLLATE_LOCALE, which this
 * is (ADR 0014). For sorting lists only: comparing in expressions is by code points.
 */
#ifndef VALUE_COLLATE_H
#define VALUE_COLLATE_H

#include "engine/base/str.h"

#define COLLATE_LOCALE "zh-u-co-pinyin-kn-true"

struct collate;

struct collate *collate_new(void); /* NULL: no memory, or no ICU data */
void collate_free(struct collate **c);
/* Below, above or 0; texts that ICU takes for equal are told apart by their bytes. One thread at a
 * time for each struct collate. */
int collate_cmp(struct collate *c, struct str a, struct str b);

#endif
