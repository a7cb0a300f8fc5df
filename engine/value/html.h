/*
 * Formatted texts of people: HTML cut down to an allow-list of elements and attributes.
 */
#ifndef VALUE_HTML_H
#define VALUE_HTML_H

#include "engine/base/str.h"

/*
 * The text as HTML that can do nothing but look: paragraphs, headings, lists, tables, emphasis,
 * links to http(s), mailto, tel and this site, images of this site. Scripts, styles, frames and
 * forms go with what is in them, other elements leave their text; every element is closed; what is
 * no markup is escaped. Cleaning twice changes nothing. The result is in the arena.
 */
struct str html_clean(struct arena *a, struct str s);

/* The text alone, without markup; for search and lists. */
struct str html_text(struct arena *a, struct str s);

#endif
