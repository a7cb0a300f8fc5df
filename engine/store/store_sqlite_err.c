/*
 * What SQLite's errors mean to people: by code, and by what only a message tells.
 */
#include "engine/store/store_sqlite_err.h"

#include <sqlite3.h>

/* The first row that fits counts. */
static const struct error_row ERRORS[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, "duplicate", "已存在相同的值。",
     "The same value is there already."},
    {SQLITE_BUSY_SNAPSHOT, ERR_RETRY, "busy", "数据刚被他人修改，请重试。",
     "The data has just been changed; please try again."},
    {SQLITE_BUSY, ERR_BUSY, "busy", "数据库正被其他程序占用，请稍后再试。",
     "Another program holds the database; please try again later."},
    {SQLITE_SCHEMA, ERR_RETRY, "definition_changed", "表结构刚刚更新，请重试。",
     "The tables have just been changed; please try again."},
    {SQLITE_FULL, ERR_FULL, "storage_full", "服务器存储空间已满，本次修改未保存。",
     "The server's storage is full; nothing of this change was saved."},
    {SQLITE_NOMEM, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
     "The server is out of memory; please try again later."},
    {SQLITE_INTERRUPT, ERR_TIMEOUT, "query_too_expensive", "查询耗时过长，已中止，请缩小范围。",
     "The query took too long and was stopped; please narrow it down."},
    {SQLITE_TOOBIG, ERR_TOO_LARGE, "too_large", "内容过大，无法保存。",
     "The content is too large to be stored."},
    {SQLITE_CORRUPT, ERR_STORE, "database_corrupt", "数据库文件已损坏，请从备份恢复。",
     "The database file is damaged; please restore a backup."},
    {SQLITE_NOTADB, ERR_STORE, "database_corrupt", "该文件不是数据库，或已损坏。",
     "The file is no database, or it is damaged."},
    {SQLITE_CANTOPEN, ERR_STORE, "store_open", "无法打开数据库文件，请检查路径和权限。",
     "The database file cannot be opened; check the path and its permissions."},
    {SQLITE_READONLY, ERR_STORE, "store_readonly", "数据库文件不可写，请检查权限。",
     "The database file cannot be written; check its permissions."},
    {SQLITE_IOERR, ERR_STORE, "store_failed", "磁盘读写出错，请联系管理员检查服务器。",
     "Reading or writing the disk failed; please have the server checked."},
};

static const struct error_row BUG = {0, ERR_INTERNAL, "sql_error",
                                     "系统内部错误，已记录，请联系管理员。",
                                     "An internal error; it has been logged."};

/* What SQLite reports as a plain SQLITE_ERROR and only its message tells. */
struct message_row {
    struct str sign;
    struct error_row row;
};

#define OUTDATED                                                                                   \
    {                                                                                              \
        0, ERR_CONFLICT, "definition_changed", "应用刚刚发布了新版本，请重试。",                   \
            "A new version of the app was just published; please try again."                       \
    }
#define TOO_COMPLEX                                                                                \
    {                                                                                              \
        0, ERR_INVALID, "query_too_complex", "条件或公式过于复杂，请简化。",                       \
            "The condition or formula is too complex; please simplify it."                         \
    }

static const struct message_row MESSAGES[] = {
    /* the statement was made from a definition that has been replaced since */
    {STR("no such column"), OUTDATED},
    {STR("no such table"), OUTDATED},
    {STR("has no column named"), OUTDATED},
    {STR("Expression tree is too large"), TOO_COMPLEX},
    {STR("parser stack overflow"), TOO_COMPLEX},
    {STR("too many"), TOO_COMPLEX},
    {STR("too complex"), TOO_COMPLEX},
    {STR("integer overflow"),
     {0, ERR_INVALID, "number_too_large", "合计超出可表示的范围。",
      "The total is beyond what can be represented."}},
};

const struct error_row *sqlite_error(int code, const char *message)
{
    for (size_t i = 0; code == SQLITE_ERROR && i < ARRAY_LEN(MESSAGES); i++)
        if (str_find(str_of(message), MESSAGES[i].sign, 0) >= 0)
            return &MESSAGES[i].row;
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID)
        code = SQLITE_CONSTRAINT_UNIQUE;
    if ((code & 0xff) == SQLITE_LOCKED)
        code = SQLITE_BUSY;
    for (size_t i = 0; i < ARRAY_LEN(ERRORS); i++)
        if (ERRORS[i].code == code || ERRORS[i].code == (code & 0xff))
            return &ERRORS[i];
    return &BUG;
}

/* "UNIQUE constraint failed: t.a, t.b" to "a,b" in err->path. */
void sqlite_error_columns(struct err *err, const char *message)
{
    char path[sizeof err->path];
    size_t n = 0;
    struct str rest = str_of(message);
    ptrdiff_t colon = str_find(rest, STR(": "), 0);
    rest = colon < 0 ? STR_NONE : str_sub(rest, (size_t)colon + 2, rest.n);
    while (rest.n) {
        struct str column;
        rest = str_cut(rest, ',', &column);
        ptrdiff_t dot = str_findc(column, '.');
        column = str_trim(dot < 0 ? column : str_sub(column, (size_t)dot + 1, column.n));
        if (n + column.n + 1 >= sizeof path)
            break;
        if (n)
            path[n++] = ',';
        memcpy(path + n, column.p, column.n);
        n += column.n;
    }
    err_at(err, "%.*s", (int)n, path);
}
