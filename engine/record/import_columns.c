/*
 * Which column of a table file is which field: by the mapping, else by key or title; and whether
 * the caller may write there.
 */
#include "engine/record/import_int.h"

#include "engine/value/json.h"

static struct field *field_like(const struct form *f, struct str header)
{
    struct field *field = form_field(f, header);
    for (size_t i = 0; !field && i < f->nfields; i++)
        if (str_eq(f->fields[i]->title, header))
            field = f->fields[i];
    return field;
}

/* {"column": "field", …} or column=field,… */
static int read_mapping(struct importer *m, struct err *err)
{
    struct str rest = str_trim(m->in->mapping), item, from;
    struct val v;
    struct err bad = ERR_INIT;
    if (str_starts(rest, STR("{"))) {
        bool ok = json_parse(m->a, rest, &v, &bad) == 0 && v.kind == VAL_OBJ;
        for (size_t i = 0; ok && i < v.n; i++) {
            ok = v.obj[i].value.kind == VAL_TEXT || val_is_blank(v.obj[i].value);
            struct mapped one = {str_trim(v.obj[i].key), str_trim(val_str(v.obj[i].value))};
            (void)vec_push(m->a, &m->mapping, one);
        }
        if (!ok)
            err_set(err, ERR_INVALID, "bad_value",
                    "mapping 应为一个 JSON 对象，键是列名，值是字段名。",
                    "mapping must be a JSON object: columns as keys, fields as values.");
        if (!ok)
            err_at(err, "mapping");
        return ok ? 0 : -1;
    }
    while (rest.n) {
        rest = str_cut(rest, ',', &item);
        struct str to = str_trim(str_cut(item, '=', &from));
        if (str_trim(from).n)
            (void)vec_push(m->a, &m->mapping, ((struct mapped){str_trim(from), to}));
    }
    return 0;
}

/* A column by its header, or "#3" by its place (headers may be blank, or twice the same). */
static bool names_column(struct str name, struct str header, size_t place)
{
    int64_t at;
    if (str_starts(name, STR("#")) && str_int(str_sub(name, 1, name.n), 1, CSV_CELLS_MAX, &at))
        return (size_t)at == place + 1;
    return str_eq(name, header);
}

/* The mapping's field for a column: 1 mapped (empty: left out), 0 not named. A place outweighs a
 * name. */
static int mapped(const struct importer *m, struct str header, size_t place, struct str *field)
{
    int found = 0;
    for (size_t i = 0; i < m->mapping.n; i++) {
        const struct mapped *one = &m->mapping.v[i];
        bool by_place = str_starts(one->from, STR("#"));
        if ((found && !by_place) || !names_column(one->from, header, place))
            continue;
        *field = one->to;
        found = 1;
    }
    return found;
}

static int unknown_column(struct str name, struct err *err)
{
    err_set(err, ERR_INVALID, "unknown_field", "表单中没有字段“%.*s”。",
            "The form has no field \"%.*s\".", STR_ARG(name));
    err_at(err, "%.*s", STR_ARG(name));
    return -1;
}

/* "agent" or "agent.name": the field, and by what its link is named. */
static int find_column(struct importer *m, struct str name, bool must, struct column *col,
                       struct err *err)
{
    struct str head;
    struct str tail = str_cut(name, '.', &head);
    col->field = field_like(m->in->form, name);
    if (!col->field && tail.n) {
        col->field = field_like(m->in->form, head);
        if (col->field && col->field->sub) {
            col->table = col->field;
            col->field = field_like(col->table->sub, tail);
            m->tables = m->tables || col->field;
            return col->field || !must ? 0 : unknown_column(name, err);
        }
        if (col->field && col->field->target)
            col->by = form_field(col->field->target, tail);
        if (!col->by)
            col->field = NULL;
    }
    return col->field || !must ? 0 : unknown_column(name, err);
}

/* Files for machines begin with `_id`: it says which record only where rows are matched by it. */
static bool is_spare_id(const struct importer *m, struct str header)
{
    return str_eqz(header, "_id") && !str_eqz(m->in->key, "_id");
}

static int read_header(struct importer *m, struct err *err)
{
    struct str *cells;
    size_t known = 0;
    int got = csv_row(&m->csv, m->a, &cells, &m->ncolumns, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_set(err, ERR_INVALID, "empty_file", "文件中没有内容。", "The file is empty.");
    m->columns = ARENA_ARRAY(m->a, struct column, m->ncolumns);
    for (size_t i = 0; i < m->ncolumns; i++) {
        struct column *col = &m->columns[i];
        struct str name = cells[i];
        col->header = cells[i];
        m->machine = m->machine || (i == 0 && str_eqz(cells[i], "_id"));
        map_init(&col->seen, m->a);
        bool named = mapped(m, cells[i], i, &name);
        if (m->looking || (!named && is_spare_id(m, cells[i])))
            continue;
        if (name.n && find_column(m, name, named, col, err) < 0)
            return -1;
        known += col->field != NULL;
        for (size_t k = 0; k < i && col->field; k++)
            if (m->columns[k].field == col->field && m->columns[k].table == col->table)
                return err_set(err, ERR_INVALID, "column_twice", "“%.*s”有两列。",
                               "There are two columns for “%.*s”.", STR_ARG(col->field->title));
    }
    if (known || m->looking)
        return 0;
    return err_set(err, ERR_INVALID, "no_columns", "没有一列与表单的字段对应。",
                   "No column matches a field of the form.");
}

/* A mapping that names a column which is not there is a mistake, not a wish. */
static int check_mapping(struct importer *m, struct err *err)
{
    for (size_t k = 0; k < m->mapping.n; k++) {
        struct str from = m->mapping.v[k].from;
        bool found = false;
        for (size_t i = 0; i < m->ncolumns; i++)
            found = found || names_column(from, m->columns[i].header, i);
        if (!found)
            return err_set(err, ERR_INVALID, "no_column", "文件中没有名为“%.*s”的列。",
                           "The file has no column \"%.*s\".", STR_ARG(from));
    }
    return 0;
}

static int column_denied(const struct column *col, struct err *err)
{
    err_set(err, ERR_DENIED, "field_not_writable", "列“%.*s”不能写入。",
            "The column \"%.*s\" cannot be written.", STR_ARG(col->header));
    err_at(err, "%.*s", STR_ARG(col->header));
    return -1;
}

/* A column must be one the caller may write; the key only one he may read. The field a link is
 * named by must be readable too: "agent.name". */
static int column_right(struct importer *m, struct access *x, const struct column *col,
                        struct err *err)
{
    const struct field *f = col->field;
    struct access *t;
    if (col->by) {
        if (access_of(m->c, col->by->form, &t, err))
            return -1;
        if (access_show(t, col->by, FIELD_READ) == SHOW_NEVER)
            return unknown_column(col->header, err);
    }
    if (col->table && access_field(x, col->table) < FIELD_READ)
        return column_denied(col, err);
    if (f == m->key)
        return access_show(x, f, FIELD_READ) == SHOW_NEVER ? column_denied(col, err) : 0;
    bool fixed = (f->type->flags & (FT_COMPUTED | FT_SERIAL)) || f->readonly;
    return fixed || access_field(x, f) != FIELD_WRITE ? column_denied(col, err) : 0;
}

/* Rights of the whole file, before the first row (definitions.md §11). */
static int check_rights(struct importer *m, struct err *err)
{
    struct access *x;
    if (access_of(m->c, m->in->form, &x, err) < 0)
        return -1;
    if (access_none(x))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个表单。", "There is no such form.");
    if (!ctx_is_system(m->c) && !(access_rights(x) & RIGHT_IMPORT))
        return err_set(err, ERR_DENIED, "not_allowed", "没有导入的权限。",
                       "You may not import here.");
    for (size_t i = 0; i < m->ncolumns && !ctx_is_system(m->c); i++)
        if (m->columns[i].field && column_right(m, x, &m->columns[i], err) < 0)
            return -1;
    return 0;
}

static int find_key(struct importer *m, struct err *err)
{
    if (m->in->mode == IMPORT_INSERT)
        return 0;
    m->key = field_like(m->in->form, m->in->key);
    if (!m->key || (field_is_sys(m->key) && m->key != m->in->form->sys[SYS_ID]))
        return unknown_column(m->in->key, err);
    for (size_t i = 0; i < m->ncolumns; i++)
        if (m->columns[i].field == m->key)
            return 0;
    return err_set(err, ERR_INVALID, "no_column", "文件中没有用于匹配的列“%.*s”。",
                   "The file lacks the column \"%.*s\" that rows are matched by.",
                   STR_ARG(m->in->key));
}

/* ---- all of it ---- */

int import_columns(struct importer *m, struct err *err)
{
    if (m->looking)
        return read_header(m, err);
    return read_mapping(m, err) < 0 || read_header(m, err) < 0 || check_mapping(m, err) < 0 ||
                   find_key(m, err) < 0 || check_rights(m, err) < 0
               ? -1
               : 0;
}

bool import_may_write(struct importer *m, struct access *x, struct field *table, struct field *f)
{
    struct err ignored = ERR_INIT;
    const struct column col = {.field = f, .table = table};
    return ctx_is_system(m->c) || column_right(m, x, &col, &ignored) == 0;
}
