/*
 * Completion by tokens: the text before the cursor is cut into tokens, a stack of open parentheses
 * and brackets says which call and argument the cursor is in, and the last tokens say what can
 * follow. Nothing has to compile for that.
 */
#include "engine/formula/fx_complete.h"

#include "engine/base/utf8.h"
#include "engine/formula/fx_int.h"

#define MAX_OPEN 100

struct open {
    char c;              /* ( or [ */
    const struct fn *fn; /* the function whose parentheses these are */
    size_t first;        /* token behind it */
    uint32_t arg;
};

struct job {
    struct arena *a;
    struct str text;
    const struct fx_scope *scope;
    struct fx_completion *out;
    VEC(struct token) toks; /* before the word at the cursor */
    VEC(struct fx_candidate) found;
    struct open open[MAX_OPEN];
    size_t depth;
    struct str word;      /* what is typed of it */
    const void *form;     /* of bare names: the scope's, or that of LOOKUP and its kin */
    bool stored;          /* inside value or where of one */
    const char *closing;  /* a quote to add */
    const void *typed_of; /* the form whose fields are being listed, for their types */
    uint8_t kind;
};

struct str fx_candidate_name(enum fx_candidate_kind kind)
{
    static const char *const names[] = {"field",   "variable", "function", "option",
                                        "setting", "role",     "form",     "word"};
    return str_of(names[kind]);
}

/* ---- candidates ---- */

static bool ascii_same(char a, char b)
{
    a = a >= 'A' && a <= 'Z' ? (char)(a + 32) : a;
    b = b >= 'A' && b <= 'Z' ? (char)(b + 32) : b;
    return a == b;
}

/* Whether `part` stands in s, whatever the case of ASCII letters. */
static bool holds(struct str s, struct str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++) {
        size_t k = 0;
        while (k < part.n && ascii_same(s.p[i + k], part.p[k])) {
            k++;
        }
        if (k == part.n) {
            return true;
        }
    }
    return false;
}

static bool begins(struct str s, struct str part)
{
    return s.n >= part.n && holds(str_sub(s, 0, part.n), part);
}

static struct fx_candidate *add(struct job *j, enum fx_candidate_kind kind, struct str key,
                                struct str insert, struct str title)
{
    if (j->found.n >= FX_MAX_CANDIDATES || (!holds(key, j->word) && !holds(title, j->word))) {
        return NULL;
    }
    struct fx_candidate c = {.kind = (uint8_t)kind,
                             .key = str_dup(j->a, key),
                             .insert = str_dup(j->a, insert),
                             .title = str_dup(j->a, title)};
    vec_push(j->a, &j->found, c);
    return &j->found.v[j->found.n - 1];
}

static void add_words(struct job *j, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        if (begins(w, j->word)) {
            (void)add(j, FX_CAND_WORD, w, w, STR_NONE);
        }
    }
}

/* A text in quotes: the key with quotes doubled, and the closing one if it is missing. */
static void add_quoted(void *arg, struct str key, struct str title)
{
    struct job *j = arg;
    struct strb b;
    strb_init(&b, j->a);
    for (size_t i = 0; i < key.n; i++) {
        strb_addz(&b, key.p[i] == '"' ? "\"" : "");
        strb_addc(&b, key.p[i]);
    }
    strb_addz(&b, j->closing);
    (void)add(j, (enum fx_candidate_kind)j->kind, key, strb_str(&b), title);
}

static void list_keys(struct job *j, enum fx_keys what, const void *of,
                      void (*fn)(void *arg, struct str key, struct str title))
{
    const struct fx_schema *s = j->scope->schema;
    if (s != NULL && s->keys != NULL) {
        s->keys(s->self, what, of, fn, j);
    }
}

static void add_field(void *arg, struct str key, struct str title)
{
    struct job *j = arg;
    const struct fx_schema *s = j->scope->schema;
    struct fx_field f;
    if (s->field(s->self, j->typed_of, key, &f) != 1) {
        return;
    }
    struct fx_candidate *c = add(j, FX_CAND_FIELD, key, key, title);
    if (c != NULL) {
        c->type = f.type;
    }
}

static void add_key(struct job *j, struct str key)
{
    add_field(j, key, STR_NONE);
}

static void each_key(void *arg, struct str key)
{
    add_key(arg, key);
}

static void add_fields(struct job *j, const void *form)
{
    const struct fx_schema *s = j->scope->schema;
    j->typed_of = form;
    if (form == NULL || s == NULL) {
        return;
    }
    if (s->keys != NULL) {
        list_keys(j, FX_KEYS_FIELDS, form, add_field);
    } else if (s->each != NULL) {
        s->each(s->self, form, each_key, j);
    }
}

static void add_form(void *arg, struct str key, struct str title)
{
    (void)add(arg, FX_CAND_FORM, key, key, title);
}

/* Variables whose name begins with `before` ("ask."), the rest to insert. */
static void add_vars(struct job *j, struct str before)
{
    for (size_t i = 0; i < j->scope->nvars; i++) {
        const struct fx_var *v = &j->scope->vars[i];
        if (!str_starts(v->name, before)) {
            continue;
        }
        struct str rest = str_sub(v->name, before.n, v->name.n);
        struct fx_candidate *c = add(j, FX_CAND_VAR, v->name, rest, STR_NONE);
        if (c != NULL) {
            c->type = v->type;
        }
    }
}

static bool usable(const struct job *j, const struct fn *fn)
{
    enum fx_place place = j->scope->place;
    bool sql = place == FX_PLACE_FILTER || place == FX_PLACE_METRIC || place == FX_PLACE_GROUP;
    return !(sql && (fn->flags & FN_NO_SQL)) && !(j->stored && fn->check == fx_check_stored);
}

/* Functions by the beginning of their name, else by what their help says. */
static void add_functions(struct job *j)
{
    const struct fn_table *t;
    for (size_t i = 0; (t = fx_table(i)) != NULL; i++) {
        for (size_t k = 0; k < t->n; k++) {
            const struct fn *fn = &t->rows[k];
            struct str name = str_of(fn->name);
            bool fits =
                begins(name, j->word) || (j->word.n >= 3 && holds(str_of(fn->doc.zh), j->word));
            if (!fits || !usable(j, fn)) {
                continue;
            }
            struct str word = j->word;
            j->word = STR_NONE;
            struct fx_candidate *c =
                add(j, FX_CAND_FUNCTION, name,
                    str_fmt(j->a, "%s(%s", fn->name, fn->sig[0] == '>' ? ")" : ""), STR_NONE);
            j->word = word;
            if (c != NULL) {
                c->fn = fn->doc;
                c->fn.name = fn->name;
            }
        }
    }
}

/* ---- names ---- */

static struct str token_text(const struct job *j, size_t i)
{
    const struct token *t = &j->toks.v[i];
    return str_sub(j->text, t->pos, t->end - t->pos);
}

static bool is_punct(const struct job *j, size_t i, char c)
{
    return i < j->toks.n && j->toks.v[i].kind == TOK_PUNCT && j->toks.v[i].c == c;
}

/* The first token of the dotted name whose last one is `last`. */
static size_t name_start(const struct job *j, size_t last)
{
    size_t i = last;
    while (i >= 2 && is_punct(j, i - 1, '.') && j->toks.v[i - 2].kind == TOK_NAME) {
        i -= 2;
    }
    return i;
}

static const void *root_of(const struct job *j, struct str word, bool *found)
{
    const struct fx_scope *s = j->scope;
    const struct {
        const char *word;
        const void *form;
    } roots[] = {{"parent", s->parent},
                 {"old", s->old},
                 {"that", s->that},
                 {"target", s->target},
                 {"this", j->stored ? s->form : s->this_},
                 {"USER", s->user}};
    *found = false;
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        if (str_ieq(word, str_of(roots[i].word))) {
            *found = true;
            return roots[i].form;
        }
    }
    return NULL;
}

/* What the dotted name toks[first … last] is. `type` of BLANK with `form` set: only a root word. */
static bool resolve(const struct job *j, size_t first, size_t last, struct fx_type *type)
{
    const struct fx_schema *s = j->scope->schema;
    const void *form = j->form;
    struct fx_field f;
    bool rooted;
    *type = (struct fx_type){.base = FX_BLANK};
    if (s == NULL) {
        return false;
    }
    const void *root = root_of(j, token_text(j, first), &rooted);
    if (rooted) {
        *type = (struct fx_type){.base = FX_LINK, .form = root};
        form = root;
        first += 2;
    }
    for (size_t i = first; i <= last; i += 2) {
        if (form == NULL || s->field(s->self, form, token_text(j, i), &f) != 1) {
            return false;
        }
        *type = f.type;
        form = f.type.form;
    }
    return true;
}

/* ---- where the cursor is ---- */

static void push(struct job *j, char c, size_t at)
{
    if (j->depth == MAX_OPEN) {
        return;
    }
    bool call = c == '(' && at > 0 && j->toks.v[at - 1].kind == TOK_NAME;
    j->open[j->depth++] = (struct open){
        .c = c, .first = at + 1, .fn = call ? fx_fn_find(token_text(j, at - 1)) : NULL};
}

static void track(struct job *j)
{
    for (size_t i = 0; i < j->toks.n; i++) {
        char c = j->toks.v[i].kind == TOK_PUNCT ? j->toks.v[i].c : '\0';
        if (c == '(' || c == '[') {
            push(j, c, i);
        } else if ((c == ')' || c == ']') && j->depth > 0) {
            j->depth--;
        } else if (c == ',' && j->depth > 0) {
            j->open[j->depth - 1].arg++;
        }
    }
}

/* The innermost call; NULL: none. */
static const struct open *call_at(const struct job *j)
{
    for (size_t i = j->depth; i > 0; i--) {
        if (j->open[i - 1].fn != NULL) {
            return &j->open[i - 1];
        }
    }
    return NULL;
}

/* Inside value and where of LOOKUP and its kin bare names are the other form's. */
static void find_form(struct job *j)
{
    const struct fx_schema *s = j->scope->schema;
    j->form = j->scope->form;
    for (size_t i = 0; i < j->depth; i++) {
        const struct open *o = &j->open[i];
        if (o->fn == NULL || o->fn->check != fx_check_stored || o->arg == 0 || s == NULL ||
            s->form == NULL || j->toks.v[o->first].kind != TOK_NAME) {
            continue;
        }
        j->form = s->form(s->self, token_text(j, o->first));
        j->stored = true;
    }
}

/* ---- inside quotes ---- */

/* The name that the text at the cursor is compared with; false when there is none. */
static bool compared(const struct job *j, struct fx_type *type)
{
    size_t n = j->toks.n;
    const struct open *o = j->depth > 0 ? &j->open[j->depth - 1] : NULL;
    if (o != NULL && o->c == '[') {
        n = o->first - 1; /* name IN [ */
    }
    if (o != NULL && o->fn != NULL && str_eqz(str_of(o->fn->name), "SWITCH") && o->arg % 2 == 1 &&
        j->toks.v[o->first].kind == TOK_NAME) {
        size_t last = o->first;
        while (is_punct(j, last + 1, '.') && last + 2 < j->toks.n) {
            last += 2;
        }
        return resolve(j, o->first, last, type);
    }
    if (n < 2 || j->toks.v[n - 1].kind != TOK_OP) {
        return false;
    }
    enum op op = (enum op)j->toks.v[n - 1].op;
    n -= 1;
    n -= op == OP_IN && j->toks.v[n - 1].kind == TOK_OP && j->toks.v[n - 1].op == OP_NOT && n >= 2;
    bool fits = op == OP_EQ || op == OP_NE || op == OP_IN || op == OP_CONTAINS;
    if (!fits || j->toks.v[n - 1].kind != TOK_NAME) {
        return false;
    }
    return resolve(j, name_start(j, n - 1), n - 1, type);
}

/* Texts that a function takes at an argument. */
struct known_text {
    const char *fn;
    uint32_t arg;
    const char *const *words;
    size_t n;
};

static const char *const units[] = {"Y", "M", "D", "YM", "MD", "YD"};
static const char *const formats[] = {
    "0",          "0.00",         "#,##0.00",         "0%",    "0.0%", "¥#,##0.00", "0.00E+00",
    "yyyy-mm-dd", "yyyy年m月d日", "yyyy-mm-dd hh:mm", "hh:mm", "aaaa", "mmmm"};
static const char *const criteria[] = {">0", "<>0", ">=", "<=", "<>"};
static const struct known_text known_texts[] = {
    {"DATEDIF", 2, units, ARRAY_LEN(units)},         {"TEXT", 1, formats, ARRAY_LEN(formats)},
    {"SUMIF", 1, criteria, ARRAY_LEN(criteria)},     {"COUNTIF", 1, criteria, ARRAY_LEN(criteria)},
    {"AVERAGEIF", 1, criteria, ARRAY_LEN(criteria)},
};

static void in_quotes(struct job *j)
{
    const struct open *o = call_at(j);
    struct fx_type type;
    if (compared(j, &type)) {
        j->kind = FX_CAND_OPTION;
        if (type.options != NULL) {
            list_keys(j, FX_KEYS_OPTIONS, type.options, add_quoted);
        }
        return;
    }
    if (o == NULL) {
        return;
    }
    struct str name = str_of(o->fn->name);
    if (str_eqz(name, "HASROLE")) {
        j->kind = FX_CAND_ROLE;
        list_keys(j, FX_KEYS_ROLES, NULL, add_quoted);
    } else if (str_eqz(name, "SETTING") && o->arg == 0) {
        j->kind = FX_CAND_SETTING;
        list_keys(j, FX_KEYS_SETTINGS, NULL, add_quoted);
    }
    for (size_t i = 0; i < ARRAY_LEN(known_texts); i++) {
        const struct known_text *k = &known_texts[i];
        for (size_t w = 0; str_eqz(name, k->fn) && k->arg == o->arg && w < k->n; w++) {
            j->kind = FX_CAND_WORD;
            add_quoted(j, str_of(k->words[w]), STR_NONE);
        }
    }
}

/* ---- names and operators ---- */

static bool ends_operand(const struct job *j)
{
    if (j->toks.n == 0) {
        return false;
    }
    const struct token *t = &j->toks.v[j->toks.n - 1];
    return t->kind == TOK_NAME || t->kind == TOK_NUM || t->kind == TOK_TEXT ||
           (t->kind == TOK_PUNCT && (t->c == ')' || t->c == ']')) ||
           (t->kind == TOK_OP && t->op == OP_PCT);
}

static void after_dot(struct job *j)
{
    size_t last = j->toks.n - 2;
    struct fx_type type;
    if (j->toks.n < 2 || j->toks.v[last].kind != TOK_NAME) {
        return;
    }
    size_t first = name_start(j, last);
    size_t from = j->toks.v[first].pos;
    add_vars(j, str_sub(j->text, from, j->toks.v[last].end + 1 - from));
    if (resolve(j, first, last, &type)) {
        add_fields(j, type.form);
    }
}

static void add_roots(struct job *j)
{
    static const char *const roots[] = {"parent", "old", "that", "target", "this"};
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        bool is;
        struct str w = str_of(roots[i]);
        if (begins(w, j->word) && root_of(j, w, &is) != NULL) {
            (void)add(j, FX_CAND_WORD, w, str_fmt(j->a, "%s.", roots[i]), STR_NONE);
        }
    }
}

static void operand(struct job *j)
{
    static const char *const words[] = {"TRUE", "FALSE", "BLANK", "NOT "};
    const struct open *o = j->depth > 0 ? &j->open[j->depth - 1] : NULL;
    if (o != NULL && o->fn != NULL && o->fn->check == fx_check_stored && o->arg == 0) {
        list_keys(j, FX_KEYS_FORMS, NULL, add_form);
        return;
    }
    add_fields(j, j->form);
    add_vars(j, STR_NONE);
    add_roots(j);
    add_functions(j);
    add_words(j, words, ARRAY_LEN(words));
}

static void at_word(struct job *j)
{
    static const char *const words[] = {"AND ", "OR ", "IN [", "NOT IN [", "CONTAINS "};
    static const char *const signs[] = {
        "= ", "<> ", "< ", "<= ", "> ", ">= ", "+ ", "- ", "* ", "/ ", "& "};
    if (j->toks.n > 0 && is_punct(j, j->toks.n - 1, '.')) {
        after_dot(j);
    } else if (ends_operand(j)) {
        add_words(j, words, ARRAY_LEN(words));
        if (j->word.n == 0) {
            add_words(j, signs, ARRAY_LEN(signs));
        }
    } else {
        operand(j);
    }
}

/* ---- mistakes and type ---- */

static size_t byte_of(struct str text, struct src_pos pos)
{
    size_t at = 0;
    for (uint32_t line = 1; line < pos.line && at < text.n;) {
        line += text.p[at++] == '\n';
    }
    return at + utf8_offset(str_sub(text, at, text.n), pos.column ? pos.column - 1 : 0);
}

/* A mistake reaches to the end of the token it begins with, of a dotted name to its last part. */
static struct fx_span span_of(struct str text, const struct diag *d)
{
    struct fx_span s = {.from = byte_of(text, d->pos), .zh = d->zh, .en = d->en};
    size_t pos = s.from;
    struct token t = fx_lex(text, &pos);
    s.to = t.end;
    while (t.kind == TOK_NAME && pos < text.n && text.p[pos] == '.') {
        pos++;
        t = fx_lex(text, &pos);
        s.to = t.kind == TOK_NAME ? t.end : s.to;
    }
    if (s.to <= s.from) { /* at the end: its last character */
        s.to = text.n;
        s.from = MIN(s.from, text.n);
        while (s.from == s.to && s.from > 0) {
            s.from--;
            while (s.from > 0 && ((unsigned char)text.p[s.from] & 0xC0) == 0x80) {
                s.from--;
            }
        }
    }
    return s;
}

static void judge(struct job *j)
{
    struct diags d;
    struct fx_completion *out = j->out;
    diags_init(&d, j->a);
    struct fx *fx = fx_compile(j->a, j->text, j->scope, STR_NONE, (struct src_pos){1, 1}, &d);
    out->compiles = fx != NULL;
    if (fx != NULL) {
        out->type = fx_type_of(fx);
    }
    out->mistakes = ARENA_ARRAY(j->a, struct fx_span, d.list.n);
    for (size_t i = 0; i < d.list.n; i++) {
        out->mistakes[out->nmistakes++] = span_of(j->text, &d.list.v[i]);
    }
}

/* ---- public ---- */

/* Where the letters before the cursor begin when some are not ASCII: a title, typed for its field.
 */
static size_t title_start(struct str text, size_t cursor)
{
    size_t at = cursor;
    bool wide = false;
    while (at > 0) {
        unsigned char c = (unsigned char)text.p[at - 1];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                      (c >= '0' && c <= '9') || c >= 0x80;
        if (!letter) {
            break;
        }
        wide = wide || c >= 0x80;
        at--;
    }
    return wide ? at : SIZE_MAX;
}

/* Takes the tokens before the cursor; the one it is in or at the end of goes to `word`. */
static bool cut(struct job *j, size_t cursor)
{
    size_t pos = 0;
    size_t title = title_start(j->text, cursor);
    j->out->from = j->out->to = cursor;
    for (;;) {
        struct token t = fx_lex(j->text, &pos);
        bool quote = t.pos < j->text.n && j->text.p[t.pos] == '"';
        if (t.kind == TOK_END || t.pos >= cursor) {
            return false;
        }
        bool inside = quote ? cursor < t.end || t.kind == TOK_ERROR : cursor <= t.end;
        if (inside && quote) {
            j->closing = t.kind == TOK_ERROR ? "\"" : "";
            j->out->from = t.pos + 1u;
            j->out->to = t.kind == TOK_ERROR ? j->text.n : t.end - 1u;
            j->word = str_sub(j->text, t.pos + 1, cursor - t.pos - 1);
            return true;
        }
        if (!quote && t.pos >= title) {
            j->out->from = title;
            j->word = str_sub(j->text, title, cursor - title);
            return false;
        }
        bool word = t.kind == TOK_NAME ||
                    (t.kind == TOK_OP && t.op <= OP_CONTAINS && (t.op <= OP_NOT || t.op >= OP_IN));
        if (inside && word) {
            j->out->from = t.pos;
            j->out->to = t.end;
            j->word = str_sub(j->text, t.pos, cursor - t.pos);
            return false;
        }
        vec_push(j->a, &j->toks, t);
    }
}

void fx_complete(struct arena *a, struct str text, size_t cursor, const struct fx_scope *scope,
                 struct fx_completion *out)
{
    struct job j = {.a = a, .text = text, .scope = scope, .out = out, .closing = ""};
    *out = (struct fx_completion){0};
    if (text.n > FX_MAX_TEXT) {
        judge(&j);
        return;
    }
    bool quoted = cut(&j, MIN(cursor, text.n));
    track(&j);
    find_form(&j);
    const struct open *call = call_at(&j);
    if (call != NULL) {
        out->in_call = true;
        out->fn = call->fn->doc;
        out->fn.name = call->fn->name;
        out->argument = call->arg;
    }
    if (quoted) {
        in_quotes(&j);
    } else {
        at_word(&j);
    }
    out->v = j.found.v;
    out->n = j.found.n;
    judge(&j);
}
