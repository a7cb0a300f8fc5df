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
    const char *args;                                   /* "DIR", for help */
    const char *help;                                   /* one line */
    int (*run)(struct arena *a, int argc, char **argv); /* argv[0] is the command's name */
};

int cmd_serve(struct arena *a, int argc, char **argv);
int cmd_check(struct arena *a, int argc, char **argv);
int cmd_test(struct arena *a, int argc, char **argv);
int cmd_restore(struct arena *a, int argc, char **argv);
int cmd_move(struct arena *a, int argc, char **argv);
int cmd_eval(struct arena *a, int argc, char **argv);
int cmd_schema(struct arena *a, int argc, char **argv);
int cmd_doctor(struct arena *a, int argc, char **argv);
int cmd_version(struct arena *a, int argc, char **argv);

const struct cmd *cmd_find(const char *name); /* NULL */
struct strb;
void cmd_help_all(struct strb *out);
void cmd_help_one(struct strb *out, const struct cmd *cmd);

/* Prints the error (file:line:column first when it has a place) to stderr; EXIT_PROBLEMS. */
struct err;
int cmd_problem(const struct err *err);
/* Prints what is wrong and the usage line; EXIT_USAGE. */
int cmd_usage(const char *name, const char *what);

#endif
