/*
 * The table of commands, and help made from it.
 */
#include "runtime/cmd.h"

#include "engine/base/strb.h"
#include "runtime/config.h"
#include "runtime/host.h"

#include <stdio.h>

static const struct cmd COMMANDS[] = {
    {"serve", "", "serve the apps over HTTP", cmd_serve},
    {"check", "DIR", "every mistake of an app (or a folder of apps) with file:line:column",
     cmd_check},
    {"test", "DIR", "run the app's scenario tests", cmd_test},
    {"plan", "DIR", "what publishing the app would change", host_run},
    {"apply", "DIR", "publish the app", host_run},
    {"member", "add LOGIN", "add a member", host_run},
    {"import", "APP/FORM FILE", "rows of a CSV file into a form", host_run},
    {"export", "APP/FORM", "records as CSV to stdout", host_run},
    {"backup", "FILE", "an online, sealed, checked copy", host_run},
    {"restore", "FILE", "a backup into an empty data folder", cmd_restore},
    {"key", "list | rotate", "the keys of what is encrypted; new ones, while it is used", host_run},
    {"verify", "[FILE]", "check the database, or a backup", host_run},
    {"move", "--from URL --to URL", "everything into an empty database, counted and summed",
     cmd_move},
    {"eval", "EXPR", "value of an expression as JSON; - reads JSON lines", cmd_eval},
    {"schema", "[definitions|lua|lua-json]",
     "JSON Schema of the definition files, or what scripts may call (for editors)", cmd_schema},
    {"openapi", "", "OpenAPI document of the running apps", host_run},
    {"explain", "APP/FORM ID", "the grants that decide about a record", host_run},
    {"doctor", "", "what this machine and data folder look like", cmd_doctor},
    {"version", "", "version of the program and its libraries", cmd_version},
};

const struct cmd *cmd_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        if (!strcmp(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

void cmd_help_all(struct strb *out)
{
    strb_addz(out,
              "mortise: forms and approvals from YAML and Lua\n\nusage: mortise COMMAND …\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        size_t from = out->n;
        strb_addf(out, "  %s %s", COMMANDS[i].name, COMMANDS[i].args);
        while (out->n - from < 24)
            strb_addc(out, ' ');
        strb_addf(out, " %s\n", COMMANDS[i].help);
    }
    strb_addz(out,
              "\nmortise COMMAND --help lists its options; each also reads MORTISE_<OPTION>.\n");
}

void cmd_help_one(struct strb *out, const struct cmd *cmd)
{
    strb_addf(out, "usage: mortise %s %s\n%s\n\n", cmd->name, cmd->args, cmd->help);
    config_help(out, cmd->name);
}

int cmd_problem(const struct err *err)
{
    if (err->file[0])
        (void)fprintf(stderr, "%s:%u:%u: ", err->file, err->pos.line, err->pos.column);
    (void)fprintf(stderr, "mortise: %s\n", err->en[0] ? err->en : err->key);
    return EXIT_PROBLEMS;
}

int cmd_usage(const char *name, const char *what)
{
    const struct cmd *cmd = cmd_find(name);
    (void)fprintf(stderr, "mortise %s: %s\nusage: mortise %s %s\n", name, what, name,
                  cmd ? cmd->args : "");
    return EXIT_USAGE;
}
