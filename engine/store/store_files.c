/*
 * Files of a SQLite database and its lock.
 */
#define _GNU_SOURCE /* F_OFD_SETLK: a lock of the open file, not of the process */

#include "engine/store/store_files.h"

#include "engine/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int no_memory(struct err *err)
{
    return err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                   "The server is out of memory; please try again later.");
}

struct reason {
    int code; /* errno */
    const char *zh, *en;
};

static const struct reason REASONS[] = {
    {EEXIST, "文件已存在", "it exists already"},
    {ENOENT, "没有这个文件夹", "there is no such folder"},
    {EACCES, "没有权限", "no permission"},
    {ENOSPC, "磁盘已满", "the disk is full"},
    {EROFS, "磁盘只读", "the disk is read-only"},
    {EMFILE, "打开的文件过多", "too many open files"},
};

static int cannot_open(const char *path, struct err *err)
{
    struct reason why = {errno, "系统拒绝", "the system refuses"};
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++)
        if (REASONS[i].code == why.code)
            why = REASONS[i];
    log_event(LOG_ERROR, "store_open", LOG_TEXT("path", str_of(path)), LOG_NUM("errno", why.code));
    /* Both texts take the same arguments; %.0s passes over those of the other language. */
    return err_set(err, why.code == ENOSPC ? ERR_FULL : ERR_STORE, "store_open",
                   "无法打开数据库文件 %s：%s%.0s。",
                   "The database file %s cannot be opened:%.0s %s.", path, why.zh, why.en);
}

static char *join(const char *a, const char *b)
{
    size_t n = strlen(a);
    size_t m = strlen(b) + 1;
    char *z = malloc(n + m);
    if (z) {
        memcpy(z, a, n);
        memcpy(z + n, b, m);
    }
    return z;
}

/* A folder of our own for a database that lives as long as the store. */
static int make_temp(struct db_files *f, struct err *err)
{
    const char *base = getenv("TMPDIR");
    char *dir = join(base && *base ? base : "/tmp", "/mortise-XXXXXX");
    if (dir && mkdtemp(dir)) {
        f->temp_dir = dir;
        f->path = join(dir, "/db");
        return f->path ? 0 : no_memory(err);
    }
    int rc = dir ? cannot_open(dir, err) : no_memory(err);
    free(dir);
    return rc;
}

/* Makes the file with our mode first: SQLite's other files copy it. */
static int make_file(struct db_files *f, struct str path, struct err *err)
{
    f->path = strndup(path.p ? path.p : "", path.n);
    char *lock = f->path ? join(f->path, "-lock") : NULL;
    if (!lock)
        return no_memory(err);
    int fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        f->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    free(lock);
    return f->lock_fd < 0 ? cannot_open(f->path, err) : 0;
}

static void remove_temp(const struct db_files *f)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; f->path && i < ARRAY_LEN(SUFFIXES); i++) {
        char *z = join(f->path, SUFFIXES[i]);
        if (z)
            unlink(z);
        free(z);
    }
    rmdir(f->temp_dir);
}

int db_files_open(struct db_files *f, struct str path, struct err *err)
{
    *f = (struct db_files){.lock_fd = -1};
    int rc = str_eqz(path, ":memory:") ? make_temp(f, err) : make_file(f, path, err);
    if (rc < 0)
        db_files_close(f);
    return rc;
}

void db_files_close(struct db_files *f)
{
    if (f->temp_dir)
        remove_temp(f);
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    free(f->temp_dir);
    free(f->path);
}

static bool set_lock(const struct db_files *f, short type)
{
    struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
    int rc;
    do {
        rc = fcntl(f->lock_fd, F_OFD_SETLK, &whole);
    } while (rc < 0 && errno == EINTR);
    return rc == 0;
}

bool db_files_lock(const struct db_files *f)
{
    return f->lock_fd < 0 || set_lock(f, F_WRLCK);
}

void db_files_unlock(const struct db_files *f)
{
    if (f->lock_fd >= 0)
        (void)set_lock(f, F_UNLCK); /* unlocking what we hold cannot fail */
}

int new_file_open(struct new_file *f, struct str path, struct err *err)
{
    f->path = strndup(path.p ? path.p : "", path.n);
    if (!f->path)
        return no_memory(err);
    f->fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (f->fd >= 0)
        return 0;
    int rc = cannot_open(f->path, err);
    free(f->path);
    return rc;
}

int new_file_close(struct new_file *f, int rc, struct err *err)
{
    if (rc == 0 && fsync(f->fd) < 0)
        rc = cannot_open(f->path, err);
    close(f->fd);
    if (rc < 0)
        unlink(f->path);
    free(f->path);
    return rc;
}
