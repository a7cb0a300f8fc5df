/*
 * Where a command does its work: on an engine of its own, or, when a server has the data folder,
 * inside that server (one process writes a database). The command's body cannot tell.
 */
#ifndef RUNTIME_HOST_H
#define RUNTIME_HOST_H

#include "engine/engine.h"
#include "runtime/clock.h"
#include "runtime/config.h"

struct host {
    struct config cfg;
    struct arena *a;
    struct engine *engine;
    struct conn *reader;
    struct ctx c;     /* the system */
    struct str cwd;   /* what relative paths of the command line stand for */
    struct str input; /* standard input, for commands that read it */
    void (*write)(void *self, int stream, struct str text); /* 1 output, 2 messages */
    void *self;
    bool terminal;  /* progress may be drawn */
    enum lang lang; /* of messages */
};

/* printf to the command's output (1) or messages (2). */
void host_say(struct host *h, int stream, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* A path of the command line, absolute. */
struct str host_path(struct host *h, struct str path);
/* Prints the error, and file:line:column first when it has a place; EXIT_PROBLEMS. */
int host_problem(struct host *h, const struct err *err);
/* Prints every entry; EXIT_PROBLEMS when there is an error among them, else EXIT_FINE. */
int host_diags(struct host *h, const struct diags *diags);

typedef int host_body(struct host *h);

enum host_flag { HOST_READS_STDIN = 1, HOST_NO_APPS = 2 };

struct host_cmd {
    const char *name;
    host_body *body;
    unsigned flags;
    size_t min_pos, max_pos; /* arguments without a dash */
};
const struct host_cmd *host_cmd_find(struct str name); /* NULL */

/* Of MORTISE_LANG, LC_ALL, LC_MESSAGES, LANG, in this order: English when it begins with en, else
 * Chinese. */
enum lang host_lang(void);

/* Runs the command here or in the running server; its exit code. */
int host_run(struct arena *a, int argc, char **argv);

/* ---- the data folder ---- */

/* The folder of keys: outside of the data folder, which is what gets copied. */
struct str host_keys(struct arena *a, const struct config *cfg);
struct str host_store_url(struct arena *a, const struct config *cfg);
/* Takes the folder for this process: fd, or -1 with *taken when another process has it. */
int host_lock(struct arena *a, const struct config *cfg, int *fd, bool *taken,
              struct err *err) ATTR_MUST;
int host_engine(const struct config *cfg, struct arena *a, struct clock *clock, bool stored_only,
                struct engine **out, struct err *err) ATTR_MUST;

#endif
