/* YAML, a line "@@@", a JSON Patch: the text of an edit is YAML again, or there is an error. */
#include "tests/fuzz/fuzz.h"

#include "engine/meta/edit.h"
#include "engine/meta/yaml.h"
#include "engine/value/json.h"

static void fuzz_one(struct arena *a, struct str in)
{
    ptrdiff_t at = str_find(in, STR("\n@@@\n"), 0);
    struct err err = ERR_INIT;
    struct val patch;
    struct diags diags;
    struct str out;
    if (at < 0 || json_parse(a, str_sub(in, (size_t)at + 5, in.n), &patch, &err) < 0)
        return;
    if (yaml_edit(a, str_sub(in, 0, (size_t)at + 1), patch, &out, &err) < 0) {
        FUZZ_CHECK(err.zh[0] && err.en[0]);
        return;
    }
    diags_init(&diags, a);
    FUZZ_CHECK(yaml_parse(a, STR("f"), out, &diags));
}
