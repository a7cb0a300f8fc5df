/*
 * Making, checking and restoring backups. A copy that does not pass its check is never left behind.
 */
#include "runtime/backup.h"

#include "engine/store/migrate.h"
#include "engine/store/move.h"
#include "engine/store/migrate.h"
#include "engine/vault/vault.h"
#include "runtime/backup_files.h"
#include "runtime/host.h"
#include "runtime/clock.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int exists(struct arena *a, struct str path)
{
    return access(str_z(a, path), F_OK) == 0;
}

/* Beside the master key; an installation of before has it in the data folder. */
static struct str key_path(const struct config *cfg, struct arena *a)
{
    struct str old = str_fmt(a, "%.*s/backup.key", STR_ARG(cfg->data));
    if (cfg->backup_key.n)
        return cfg->backup_key;
    return exists(a, old) ? old : str_fmt(a, "%.*s/backup.key", STR_ARG(host_keys(a, cfg)));
}

static struct str folder_of(struct str path)
{
    while (path.n && path.p[path.n - 1] != '/')
        path.n--;
    return path.n > 1 ? str_sub(path, 0, path.n - 1) : STR(".");
}

static void forget(struct arena *a, struct str path)
{
    (void)unlink(str_z(a, path)); /* a temporary copy; absent is as good */
}

/* With what SQLite keeps beside it. */
static void forget_all(struct arena *a, struct str path)
{
    forget(a, path);
    forget(a, str_fmt(a, "%.*s-wal", STR_ARG(path)));
    forget(a, str_fmt(a, "%.*s-shm", STR_ARG(path)));
    forget(a, str_fmt(a, "%.*s-lock", STR_ARG(path)));
}

static struct str files_dir(const struct config *cfg, struct arena *a)
{
    return str_fmt(a, "%.*s/files", STR_ARG(cfg->data));
}

int backup_make(struct store *s, const struct config *cfg, struct arena *a, struct str to,
                struct err *err)
{
    struct vault_key key;
    struct str copy = str_fmt(a, "%.*s.copy-%ld", STR_ARG(to), (long)getpid());
    if (exists(a, to))
        return err_set(err, ERR_CONFLICT, "exists", "文件“%.*s”已存在。",
                       "File “%.*s” exists already.", STR_ARG(to));
    if (vault_key_file(key_path(cfg, a), true, &key, err) || store_backup(s, copy, err))
        return -1;
    int rc = backup_files_add(a, copy, files_dir(cfg, a), err);
    if (rc == 0)
        rc = vault_seal_file(&key, copy, to, err);
    forget(a, copy);
    return rc;
}

/* Opens the copy as a store of its own and runs the full check. */
static int check_copy(struct arena *a, struct str path, struct err *err)
{
    struct store *s = NULL;
    struct conn *c = NULL;
    struct store_opts opts = {.queue_max = 1};
    int rc = store_open(str_fmt(a, "sqlite:%.*s", STR_ARG(path)), &opts, &s, err);
    if (rc == 0)
        rc = store_conn_open(s, &c, err);
    if (rc == 0)
        rc = store_check(c, a, err);
    store_conn_close(&c);
    store_close(&s);
    return rc;
}

/* files: where the uploaded files go; empty: they are only checked. */
static int open_checked(const struct config *cfg, struct arena *a, struct str from, struct str to,
                        struct str files, struct err *err)
{
    struct vault_key key;
    struct str path = key_path(cfg, a);
    if (vault_key_file(path, false, &key, err)) {
        if (!str_eqz(str_of(err->key), "key_missing"))
            return -1;
        return err_set(
            err, ERR_NOT_FOUND, "key_missing",
            "没有密钥“%.*s”，打不开备份。请把原来的密钥目录（数据目录旁的 .keys）"
            "复制过来，或用 --keys 指明它，或用 --backup-key 指明 backup.key。",
            "Without the key “%.*s” the backup cannot be opened. Copy the folder "
            "of keys it was made with (DATA.keys), or name it with --keys, or backup.key "
            "with --backup-key.",
            STR_ARG(path));
    }
    if (vault_open_file(&key, from, to, err))
        return -1;
    if (backup_files_take(a, to, files, err) == 0 && check_copy(a, to, err) == 0)
        return 0;
    forget(a, to);
    return -1;
}

/* Into an empty PostgreSQL: by way of a copy beside the data folder's files. */
static int restore_into(const struct config *cfg, struct arena *a, struct str from, struct err *err)
{
    struct store_opts opts = {.mono_us = clock_mono_us};
    struct move m = {.now_us = clock_real_us()};
    struct str copy = str_fmt(a, "%.*s/restore-%ld.db", STR_ARG(cfg->data), (long)getpid());
    if (open_checked(cfg, a, from, copy, files_dir(cfg, a), err))
        return -1;
    int rc = store_open(str_fmt(a, "sqlite:%.*s", STR_ARG(copy)), &opts, &m.from, err);
    if (rc == 0)
        rc = store_open(cfg->store, &opts, &m.to, err);
    if (rc == 0)
        rc = migrate_run(m.from, m.now_us, err);
    if (rc == 0)
        rc = move_run(&m, err);
    store_close(&m.to);
    store_close(&m.from); /* serve checks the keys, and applies the ledger */
    forget_all(a, copy);
    return rc;
}

static int64_t no_clock(void *self)
{
    (void)self;
    return 0;
}

/* The restored database opens with the keys that are here; who was erased since stays erased. */
static int check_keys(const struct config *cfg, struct arena *a, struct str copy, struct err *err)
{
    struct store *s = NULL;
    struct vault *v = NULL;
    struct store_opts opts = {.queue_max = 1};
    struct str keys = host_keys(a, cfg);
    struct vault_opts vo = {.dir = keys, .now_us = no_clock};
    if (cfg->backup_key.n && !exists(a, str_fmt(a, "%.*s/master.key", STR_ARG(keys))) &&
        vault_copy_keys(a, folder_of(cfg->backup_key), keys, err) < 0)
        return -1;
    int rc = store_open(str_fmt(a, "sqlite:%.*s", STR_ARG(copy)), &opts, &s, err);
    if (rc == 0)
        rc = migrate_run(s, 0, err);
    if (rc == 0)
        rc = vault_open(s, &vo, &v, err);
    vault_close(&v);
    store_close(&s);
    return rc;
}

int backup_restore(const struct config *cfg, struct arena *a, struct str from, struct err *err)
{
    if (str_starts(cfg->store, STR("postgres")))
        return restore_into(cfg, a, from, err);
    struct str db = str_fmt(a, "%.*s/mortise.db", STR_ARG(cfg->data));
    struct str copy = str_fmt(a, "%.*s.restore-%ld", STR_ARG(db), (long)getpid());
    if (exists(a, db))
        return err_set(err, ERR_CONFLICT, "exists", "“%.*s”中已有数据库，请恢复到空目录。",
                       "There is a database in “%.*s” already; restore into an empty folder.",
                       STR_ARG(cfg->data));
    if (open_checked(cfg, a, from, copy, files_dir(cfg, a), err))
        return -1;
    if (check_keys(cfg, a, copy, err)) {
        forget_all(a, copy);
        return -1;
    }
    if (rename(str_z(a, copy), str_z(a, db)) == 0)
        return 0;
    int why = errno;
    forget(a, copy);
    return err_set(err, ERR_STORE, "rename", "无法写入“%.*s”：%s。", "Cannot write “%.*s”: %s.",
                   STR_ARG(db), strerror(why));
}

int backup_verify(const struct config *cfg, struct arena *a, struct str from, struct err *err)
{
    struct str copy = str_fmt(a, "%.*s.verify-%ld", STR_ARG(from), (long)getpid());
    if (open_checked(cfg, a, from, copy, STR_NONE, err))
        return -1;
    forget_all(a, copy);
    return 0;
}
