/*
 * The commands of the one binary, as a table (cmd.c): name, help, function.
 */
#ifndef RUNTIME_CMD_H
#define RUNTIME_CMD_H

#include "engine/base/arena.h"

/* Exit codes: 0 fine, 1 problems found (all printed), 2 wrong usage. */
enum { EXIT_FINE = 0, EXIT_PROBLEMS = 1, EXIT_USAGE = 2 };

struct cmd {
    const char *name;
    const char *args; /* "DIR", for help */
    const char *help; /* one line */
    int (*run)(struct arena *a, int argc, char **argv); /* argv[0] is the command's name */
};

int cmd_serve(struct arena *a, int argc, char **argv);
int cmd_check(struct arena *a, int argc, char **argv);
int cmd_test(struct arena *a, int argc, char **argv);
int cmd_plan(struct arena *a, int argc, char **argv);
int cmd_apply(struct arena *a, int argc, char **argv);
int cmd_member(struct arena *a, int argc, char **argv);
int cmd_import(struct arena *a, int argc, char **argv);
int cmd_export(struct arena *a, int argc, char **argv);
int cmd_backup(struct arena *a, int argc, char **argv);
int cmd_restore(struct arena *a, int argc, char **argv);
int cmd_verify(struct arena *a, int argc, char **argv);
int cmd_eval(struct arena *a, int argc, char **argv);
int cmd_schema(struct arena *a, int argc, char **argv);
int cmd_openapi(struct arena *a, int argc, char **argv);
int cmd_explain(struct arena *a, int argc, char **argv);
int cmd_doctor(struct arena *a, int argc, char **argv);

#endif
