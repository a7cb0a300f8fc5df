/*
 * The files around a SQLite database: the database itself, made private, the lock file that keeps
 * other processes from writing at the same time, the folder of a database that lives in tests.
 */
#ifndef STORE_STORE_FILES_H
#define STORE_STORE_FILES_H

#include "engine/base/err.h"

struct db_files {
    char *path;
    char *temp_dir; /* of ":memory:", removed when closed; NULL else */
    int lock_fd;    /* -1: nobody else knows the file */
};

/* Makes the files (0600) when they are not there. */
int db_files_open(struct db_files *f, struct str path, struct err *err) ATTR_MUST;
void db_files_close(struct db_files *f);
/* Tries to lock out other processes (and other stores of this one); false: somebody is in. The lock
 * goes with the process. */
bool db_files_lock(const struct db_files *f);
void db_files_unlock(const struct db_files *f);

/* A file that was not there before; removed again when the work on it failed. */
struct new_file {
    char *path;
    int fd;
};
int new_file_open(struct new_file *f, struct str path, struct err *err) ATTR_MUST;
/* Syncs and closes; returns rc, or -1 when syncing fails. */
int new_file_close(struct new_file *f, int rc, struct err *err) ATTR_MUST;

#endif
