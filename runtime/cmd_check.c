/*
 * mortise check DIR: every mistake of an app, one a line. mortise schema: the JSON Schema of all
 * definition files.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/meta/load.h"
#include "engine/meta/schema.h"
#include "engine/script/script.h"
#include "runtime/cmd.h"

/* Messages in Chinese when the terminal is. */
static bool chinese(void)
{
    static const char *const names[] = {"MORTISE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *v = getenv(names[i]);
        if (v && *v)
            return strncmp(v, "zh", 2) == 0;
    }
    return false;
}

/* Mistakes on stdout, remarks on stderr. */
static void print(const struct diags *d)
{
    bool zh = chinese();
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *x = &d->list.v[i];
        struct str text = zh ? x->zh : x->en;
        FILE *out = x->level == DIAG_ERROR ? stdout : stderr;
        fprintf(out, "%.*s:%u:%u: %s%.*s\n", STR_ARG(x->file), x->pos.line, x->pos.column,
                x->level == DIAG_ERROR ? ""
                : zh                   ? "提示："
                                       : "note: ",
                STR_ARG(text));
    }
    if (d->errors > d->list.n)
        fprintf(stderr,
                zh ? "还有更多，只列出前 %zu 条。\n" : "There are more; the first %zu are shown.\n",
                d->list.n);
}

int cmd_check(struct arena *a, int argc, char **argv)
{
    struct app_source src;
    struct diags diags;
    struct err err = ERR_INIT;
    const char *zone = getenv("MORTISE_TIMEZONE");
    struct load_opts opts = {.default_zone = zone && *zone ? str_of(zone) : STR("Asia/Shanghai"),
                             .zone_bytes = load_zone_file};
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: mortise check DIR\n");
        return EXIT_USAGE;
    }
    if (source_read(a, str_of(argv[1]), &src, &err) < 0) {
        fprintf(stderr, "%s\n", chinese() ? err.zh : err.en);
        return err.code == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_PROBLEMS;
    }
    diags_init(&diags, a);
    struct app *app = app_load(&src, &opts, &diags);
    script_check(a, &src, &diags);
    print(&diags);
    app_unref(&app);
    return diags.errors ? EXIT_PROBLEMS : EXIT_FINE;
}

int cmd_schema(struct arena *a, int argc, char **argv)
{
    struct strb out;
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: mortise schema\n");
        return EXIT_USAGE;
    }
    strb_init(&out, a);
    schema_print(&out);
    strb_addc(&out, '\n');
    return fwrite(out.p, 1, out.n, stdout) == out.n ? EXIT_FINE : EXIT_PROBLEMS;
}
