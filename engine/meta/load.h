/*
 * A folder (or stored version) of text to a checked app. All mistakes at once, each with
 * file:line:column and, where a name is near, a suggestion.
 */
#ifndef META_LOAD_H
#define META_LOAD_H

#include "engine/meta/app.h"

struct load_opts {
    struct str default_zone; /* "Asia/Shanghai" */
    /* Bytes of a TZif file by zone name; -1: no such zone. */
    int (*zone_bytes)(void *self, struct arena *a, struct str name, struct str *out);
    void *self;
    /* Fields that are in clear until a job has sealed them: "form.field", "form.table.field". */
    const struct str *sealing;
    size_t nsealing;
};

/* Reads DIR into a source: app.yaml, forms/, dashboards/, monitors.yaml, prints/, scripts/, tests/,
 * data/, i18n/, people/. Bounds: 2,000 files, 1 MB each, 32 MB in all; no links out of the folder.
 */
int source_read(struct arena *a, struct str dir, struct app_source *out, struct err *err) ATTR_MUST;

/*
 * Parses, links and checks. Returns the app (owner: the caller, one reference) when diags has no
 * errors, else NULL. The app has its own arena. Scripts are checked by the script layer
 * (script_check).
 */
struct app *app_load(const struct app_source *src, const struct load_opts *opts,
                     struct diags *diags);

/* zone_bytes from the host's /usr/share/zoneinfo. */
int load_zone_file(void *self, struct arena *a, struct str name, struct str *out);

/* The content hash that names a version: hex, stable over file order. */
struct str source_hash(struct arena *a, const struct app_source *src);

#endif
