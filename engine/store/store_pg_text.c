/*
 * Texts of the PostgreSQL driver: see the header.
 */
#include "engine/store/store_pg_text.h"

#include "engine/base/log.h"
#include "engine/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the address ---- */

static bool take_schema(struct pg_address *out, struct str value)
{
    if (!value.n || value.n > PG_SCHEMA_MAX || (value.p[0] >= '0' && value.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    memcpy(out->schema, value.p, value.n);
    out->schema[value.n] = '\0';
    return true;
}

static void add(char **at, struct str s)
{
    memcpy(*at, s.p, s.n);
    *at += s.n;
    **at = '\0';
}

int pg_address_parse(struct pg_address *out, struct str rest, struct err *err)
{
    static const char scheme[] = "postgresql:";
    struct str head, query, item;
    bool sound = true;
    char *at = calloc(1, sizeof scheme + rest.n + 2);
    if (!at)
        return err_set(err, ERR_OOM, "out_of_memory", "服务器内存不足，请稍后再试。",
                       "The server is out of memory; please try again later.");
    *out = (struct pg_address){.url = at, .schema = "mortise"};
    query = str_cut(rest, '?', &head);
    add(&at, STR("postgresql:"));
    add(&at, head);
    for (char sep = '?'; query.n;) {
        query = str_cut(query, '&', &item);
        if (str_starts(item, STR("schema="))) {
            sound = sound && take_schema(out, str_sub(item, 7, item.n));
            continue;
        }
        add(&at, (struct str){&sep, 1});
        add(&at, item);
        sep = '&';
    }
    if (sound && str_starts(rest, STR("//")))
        return 0;
    free(out->url);
    out->url = NULL;
    return err_set(err, ERR_INVALID, "store_url",
                   "数据库地址应为 postgresql://用户@主机/数据库，可加 "
                   "?schema=名称（小写字母、数字、下划线）。",
                   "A database address is postgresql://USER@HOST/DATABASE, with ?schema=NAME "
                   "(lower case letters, digits, underscores) if need be.");
}

/* ---- what a statement is ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The next word, quoted name or sign from *at on; literals are skipped. Empty at the end. */
static struct str next_token(struct str s, size_t *at)
{
    while (*at < s.n) {
        size_t from = *at;
        char c = s.p[from];
        if (c == '\'' || c == '"') {
            for ((*at)++; *at < s.n && s.p[*at] != c; (*at)++)
                continue;
            *at += *at < s.n;
            if (c == '"')
                return str_sub(s, from + 1, *at - from - 2);
        } else if (is_word(c)) {
            while (*at < s.n && is_word(s.p[*at]))
                (*at)++;
            return str_sub(s, from, *at - from);
        } else {
            (*at)++;
            if (c == ';')
                return str_sub(s, from, 1);
        }
    }
    return STR_NONE;
}

enum rule { RULE_READ, RULE_WITH, RULE_INSERT, RULE_CHANGE, RULE_DDL };

struct verb_row {
    struct str word;
    enum rule rule;
};

/* What is not listed is refused (BEGIN, SET, COPY, DO, CALL, LISTEN, GRANT …). */
static const struct verb_row VERBS[] = {
    {STR("select"), RULE_READ},   {STR("values"), RULE_READ},   {STR("with"), RULE_WITH},
    {STR("insert"), RULE_INSERT}, {STR("update"), RULE_CHANGE}, {STR("delete"), RULE_CHANGE},
    {STR("create"), RULE_DDL},    {STR("drop"), RULE_DDL},      {STR("alter"), RULE_DDL},
    {STR("analyze"), RULE_DDL},
};

/* Words before the name in DDL. */
static const struct str DDL_WORDS[] = {STR("create"), STR("drop"),   STR("alter"), STR("table"),
                                       STR("unique"), STR("index"),  STR("if"),    STR("not"),
                                       STR("exists"), STR("column"), STR("only"),  STR("analyze")};
/* Files, other servers, settings, sleep: never needed here. */
static const struct str NO_WORDS[] = {STR("pg_read_file"),
                                      STR("pg_read_binary_file"),
                                      STR("pg_ls_dir"),
                                      STR("pg_stat_file"),
                                      STR("lo_import"),
                                      STR("lo_export"),
                                      STR("dblink"),
                                      STR("dblink_exec"),
                                      STR("set_config"),
                                      STR("pg_sleep"),
                                      STR("pg_authid"),
                                      STR("pg_shadow"),
                                      STR("pg_terminate_backend"),
                                      STR("pg_cancel_backend"),
                                      STR("pg_reload_conf"),
                                      STR("load_extension"),
                                      STR("query_to_xml"),
                                      STR("pg_logdir_ls"),
                                      STR("copy")};
static const struct str APPEND_ONLY[] = {STR("_audit"), STR("_migration")};

static bool listed(const struct str *list, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i], word))
            return true;
    return false;
}

static bool may_ddl(const struct drv_conn *c, struct str sql)
{
    size_t at = 0;
    struct str word = next_token(sql, &at);
    if (c->scratch) {
        word = next_token(sql, &at);
        return str_ieq(word, STR("temp")) || str_ieq(word, STR("index")); /* rolled back anyway */
    }
    while (word.n && listed(DDL_WORDS, ARRAY_LEN(DDL_WORDS), word))
        word = next_token(sql, &at);
    return c->ddl && word.n && (word.p[0] != '_' || c->system);
}

static const struct verb_row *verb_of(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        if (str_ieq(VERBS[i].word, word))
            return &VERBS[i];
    return NULL;
}

/* No second statement, no forbidden word; triggers by DDL alone (ddl_watch). *writes: a WITH that
 * changes rows. */
static bool words_are_sound(struct str sql, bool ddl, bool *writes)
{
    size_t at = 0;
    for (struct str w; (w = next_token(sql, &at)).n;) {
        if (w.p[0] == ';' || listed(NO_WORDS, ARRAY_LEN(NO_WORDS), w) ||
            (!ddl && str_ieq(w, STR("trigger"))))
            return false;
        *writes = *writes || str_ieq(w, STR("insert")) || str_ieq(w, STR("delete")) ||
                  (str_ieq(w, STR("update")) && !(w.p > sql.p && w.p[-1] == '"'));
    }
    return true;
}

int pg_guard(const struct drv_conn *c, struct str sql, enum pg_verb *verb, struct err *err)
{
    size_t at = 0;
    bool writes = false;
    const struct verb_row *row = verb_of(next_token(sql, &at));
    bool ok = row && words_are_sound(sql, c->ddl, &writes);
    *verb = PG_VERB_READ;
    if (ok && row->rule == RULE_CHANGE) {
        (void)next_token(sql, &at); /* FROM of a DELETE, the table of an UPDATE */
        struct str table = str_ieq(row->word, STR("delete")) ? next_token(sql, &at) : STR_NONE;
        if (!table.n) {
            at = 0;
            (void)next_token(sql, &at);
            table = next_token(sql, &at);
        }
        ok = !listed(APPEND_ONLY, ARRAY_LEN(APPEND_ONLY), table) &&
             !str_starts(table, STR("pg_")) && !str_starts(table, STR("sqlite_"));
    }
    if (ok && row->rule == RULE_DDL) {
        *verb = PG_VERB_DDL;
        ok = may_ddl(c, sql);
    } else if (ok && row->rule != RULE_READ) {
        *verb = row->rule == RULE_WITH && !writes ? PG_VERB_READ : PG_VERB_ROWS;
    }
    if (ok)
        return 0;
    log_event(LOG_ERROR, "store_error", LOG_TEXT("message", STR("refused")),
              LOG_TEXT("sql", utf8_cut(sql, 500)));
    return err_set(err, ERR_INTERNAL, "sql_error", "系统内部错误，已记录，请联系管理员。",
                   "An internal error; it has been logged.");
}

/* ---- errors ---- */

struct error_row {
    const char *state; /* or its first two letters: the class */
    enum err_code err;
    const char *key, *zh, *en;
    bool log;
};

#define OUTDATED_ZH "应用刚刚发布了新版本，请重试。"
#define OUTDATED_EN "A new version of the app was just published; please try again."

/* The first row that fits counts. */
static const struct error_row ERRORS[] = {
    {"23505", ERR_CONFLICT, "duplicate", "已存在相同的值。", "The same value is there already.",
     false},
    {"40", ERR_RETRY, "busy", "数据刚被他人修改，请重试。",
     "The data has just been changed; please try again.", false},
    {"55P03", ERR_BUSY, "busy", "数据库正被其他程序占用，请稍后再试。",
     "Another program holds the database; please try again later.", false},
    {"57014", ERR_TIMEOUT, "query_too_expensive", "查询耗时过长，已中止，请缩小范围。",
     "The query took too long and was stopped; please narrow it down.", false},
    {"42P01", ERR_CONFLICT, "definition_changed", OUTDATED_ZH, OUTDATED_EN, true},
    {"42703", ERR_CONFLICT, "definition_changed", OUTDATED_ZH, OUTDATED_EN, true},
    {"0A000", ERR_RETRY, "definition_changed", OUTDATED_ZH, OUTDATED_EN, false},
    {"53100", ERR_FULL, "storage_full", "服务器存储空间已满，本次修改未保存。",
     "The server's storage is full; nothing of this change was saved.", true},
    {"53200", ERR_OOM, "out_of_memory", "数据库内存不足，请稍后再试。",
     "The database is out of memory; please try again later.", true},
    {"53300", ERR_BUSY, "busy", "数据库连接数已满，请稍后再试。",
     "The database takes no more connections; please try again later.", true},
    {"54", ERR_INVALID, "query_too_complex", "条件或公式过于复杂，请简化。",
     "The condition or formula is too complex; please simplify it.", true},
    {"22003", ERR_INVALID, "number_too_large", "合计超出可表示的范围。",
     "The total is beyond what can be represented.", false},
    {"22021", ERR_INVALID, "bad_text", "文本中含有无法保存的字符。",
     "The text holds a character that cannot be stored.", false},
    {"25006", ERR_STORE, "store_readonly", "数据库当前只读，无法保存。",
     "The database is read-only at the moment; nothing can be saved.", true},
    {"28", ERR_STORE, "store_open", "数据库拒绝登录，请检查地址中的用户名和密码。",
     "The database refuses the log-in; check the user and the password of the address.", true},
    {"3D000", ERR_STORE, "store_open", "数据库不存在，请先创建。",
     "There is no such database; please create it first.", true},
    {"42501", ERR_STORE, "store_denied", "数据库用户权限不足，请检查授权。",
     "The database user lacks a privilege; check its grants.", true},
};

static const struct error_row BUG = {"",
                                     ERR_INTERNAL,
                                     "sql_error",
                                     "系统内部错误，已记录，请联系管理员。",
                                     "An internal error; it has been logged.",
                                     true};

static const struct error_row INDEX_ROW = {
    "54000",
    ERR_INVALID,
    "index_too_long",
    "文本过长：参与唯一或排序的字段最多约 2700 字节。",
    "The text is too long: a field that is unique or sorted by holds some 2,700 bytes.",
    false};

static const struct error_row *error_row(const char *state, struct str message)
{
    if (str_eqz(str_of(state), INDEX_ROW.state) && str_find(message, STR("index row"), 0) >= 0)
        return &INDEX_ROW;
    /* our own plan met a changed table: everything else of this code is a bug */
    if (str_eqz(str_of(state), "0A000") && str_find(message, STR("cached plan"), 0) < 0)
        return &BUG;
    for (size_t i = 0; i < ARRAY_LEN(ERRORS); i++)
        if (str_starts(str_of(state), str_of(ERRORS[i].state)))
            return &ERRORS[i];
    return &BUG;
}

/* `Key (a, "b")=(1, 2) already exists.` to "a,b". */
static void name_columns(struct err *err, struct str detail)
{
    char path[sizeof err->path];
    size_t n = 0;
    ptrdiff_t open = str_findc(detail, '(');
    ptrdiff_t end = str_find(detail, STR(")=("), 0);
    struct str rest = open < 0 || end < open
                          ? STR_NONE
                          : str_sub(detail, (size_t)open + 1, (size_t)(end - open - 1));
    while (rest.n) {
        struct str column;
        rest = str_cut(rest, ',', &column);
        column = str_trim(column);
        if (column.n > 2 && column.p[0] == '"')
            column = str_sub(column, 1, column.n - 2);
        if (n + column.n + 1 >= sizeof path)
            break;
        if (n)
            path[n++] = ',';
        memcpy(path + n, column.p, column.n);
        n += column.n;
    }
    err_at(err, "%.*s", (int)n, path);
}

int pg_unavailable(const char *why, struct err *err)
{
    log_event(LOG_ERROR, "database_unavailable", LOG_TEXT("why", str_trim(str_of(why))));
    return err_set(err, ERR_BUSY, "database_unavailable",
                   "暂时无法连接数据库，本次操作未执行，请稍后再试。",
                   "The database cannot be reached at the moment; nothing was done. Please try "
                   "again later.");
}

int pg_fail(const struct pg_error *e, struct err *err)
{
    if (!e->state || str_starts(str_of(e->state), STR("08")) ||
        str_starts(str_of(e->state), STR("57P")))
        return pg_unavailable(e->message ? e->message : "the connection broke", err);
    const struct error_row *row = error_row(e->state, str_of(e->message));
    (void)err_set(err, row->err, row->key, "%s", "%s", row->en);
    (void)snprintf(err->zh, sizeof err->zh, "%s", row->zh);
    if (row->err == ERR_CONFLICT && e->detail)
        name_columns(err, str_of(e->detail));
    if (row->log)
        log_event(LOG_ERROR, "store_error", LOG_TEXT("code", str_of(e->state)),
                  LOG_TEXT("message", str_of(e->message)),
                  LOG_TEXT("sql", utf8_cut(str_of(e->sql), 2000)));
    return -1;
}
