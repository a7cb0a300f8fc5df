/*
 * The web pages inside the binary: every file of build/ui, embedded by .incbin. The table is made
 * by admin-ui/scripts/embed.mjs while building; `make UI=0` links an empty one.
 *
 * app.html and admin.html are never compressed: the boot JSON (engine/docs/form-json.md) is put
 * into them per request, in place of the word null between `id="boot">` and `</script>`.
 */
#ifndef RUNTIME_ASSETS_H
#define RUNTIME_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

struct asset_bytes {
    const unsigned char *data; /* NULL: not kept in this encoding */
    size_t n;
};

struct asset {
    const char *path; /* "/assets/app-1a2b3c4d.js", "/app.html" */
    const char *type; /* Content-Type */
    const char *etag; /* hex of the content, without quotes */
    bool immutable;   /* the name carries a hash: may be cached for ever */
    struct asset_bytes plain;
    struct asset_bytes gz;
    struct asset_bytes br;
};

/* Sorted by path. */
extern const struct asset asset_table[];
extern const size_t asset_count;

#endif
