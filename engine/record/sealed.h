/*
 * Sensitive fields between their values and their columns: "<field>" holds the sealed value,
 * "<field>__eq" a keyed hash of it for equality, "<field>__key" one of its folded text for
 * uniqueness. Which person's key seals a row's field.
 */
#ifndef RECORD_SEALED_H
#define RECORD_SEALED_H

#include "engine/record/record.h"
#include "engine/vault/vault.h"

static inline struct vault_on sealer_of(const struct ctx *c)
{
    return (struct vault_on){c->vault, c->db, c->a};
}

/* A field of a row, and the person whose data key seals it there (0: the app's). */
struct sealed_at {
    const struct field *f;
    int64_t row, subject;
};

/* Whose data key seals the field of this row (`up`: the record of a sub-row, else NULL); 0: the
 * app's. */
int64_t sealed_subject(const struct field *f, const struct rec *r, const struct rec *up);

/* Where its values stand. */
void sealed_place(struct arena *a, const struct field *f, int64_t row, struct vault_at *at);

/* In a write job. v: the field's own form; blank stays blank. */
int sealed_put(const struct vault_on *s, const struct sealed_at *at, struct val v, struct val *out,
               struct err *err) ATTR_MUST;
/* The same of what a column in clear holds. */
int sealed_put_column(const struct vault_on *s, const struct sealed_at *at, struct val column,
                      struct val *out, struct err *err) ATTR_MUST;
/* Blank when the key was erased; ERR_STORE "sealed_damaged" when it was changed or moved. */
int sealed_get(const struct vault_on *s, const struct field *f, int64_t row, struct str text,
               struct val *out, struct err *err) ATTR_MUST;
/* The columns of equality and of uniqueness. */
int sealed_eq(const struct vault_on *s, const struct field *f, struct val v, struct val *out,
              struct err *err) ATTR_MUST;
int sealed_key(const struct vault_on *s, const struct field *f, struct val v, struct val *out,
               struct err *err) ATTR_MUST;

/* A column of a statement's row: opened when the field is encrypted. */
struct stmt;
int sealed_column(const struct vault_on *s, const struct sealed_at *at, struct stmt *stmt, int col,
                  struct val *out, struct err *err) ATTR_MUST;

/* A text kept beside the tables (history, answers, payloads) under the app's key. Opening a text
 * that is not sealed gives it back: rows of before. */
struct sealed_text {
    struct str app, table;
    int64_t id, subject;
};
/* Where it stands. */
struct vault_at sealed_text_place(const struct sealed_text *at);
int sealed_text_put(const struct vault_on *s, const struct sealed_text *at, struct str text,
                    struct str *out, struct err *err) ATTR_MUST;
int sealed_text_get(const struct vault_on *s, const struct sealed_text *at, struct str text,
                    struct str *out, struct err *err) ATTR_MUST;

#endif
