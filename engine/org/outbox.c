/*
 * Rows of _outbox. Payloads hold values of records, so they are sealed under the app's key.
 */
#include "engine/org/outbox.h"

static const struct str KINDS[] = {
    [OUTBOX_AUTOMATION] = STR("automation"),
    [OUTBOX_COMMITTED] = STR("committed"),
    [OUTBOX_SCRIPT] = STR("script"),
    [OUTBOX_WEBHOOK] = STR("webhook"),
    [OUTBOX_MAIL] = STR("mail"),
    [OUTBOX_PULL] = STR("pull"),
    [OUTBOX_INBOX] = STR("inbox"),
};

struct str outbox_kind_name(enum outbox_kind kind)
{
    return KINDS[kind];
}

/* Addresses of people are sealed too. */
static struct vault_at target_place(struct str app, int64_t id)
{
    return (struct vault_at){.app = app, .form = STR("_outbox"), .field = STR("target"), .row = id};
}

static struct vault_at place(struct str app, int64_t id)
{
    return (struct vault_at){
        .app = app, .form = STR("_outbox"), .field = STR("payload"), .row = id};
}

static struct val text_or_null(struct str s)
{
    return s.n ? val_text(s) : VAL_NONE;
}

static struct val id_or_null(int64_t id)
{
    return id ? val_dec(id, 0) : VAL_NONE;
}

static int insert(struct ctx *c, const struct outbox_item *in, int64_t id, struct str payload,
                  struct err *err)
{
    struct sql q;
    struct str target = in->target;
    const struct vault_at where = target_place(in->app, id);
    int64_t at = in->not_before_us ? in->not_before_us : c->now_us;
    if (in->kind == OUTBOX_MAIL &&
        vault_seal(&(struct vault_on){c->vault, c->db, c->a}, &where, in->target, &target, err))
        return -1;
    const struct val values[] = {
        val_dec(id, 0),
        val_text(KINDS[in->kind]),
        text_or_null(target),
        text_or_null(in->app),
        text_or_null(in->form),
        id_or_null(in->record),
        val_text(payload),
        val_dec(c->chain + 1, 0),
        val_text(in->state.n ? in->state : STR("waiting")),
        val_dec(at, 0),
        text_or_null(in->error),
        val_dec(c->now_us, 0),
        in->state.n ? val_dec(c->now_us, 0) : VAL_NONE,
        text_or_null(in->automation),
        text_or_null(in->event),
        val_text(via_name(c->via)),
        id_or_null(c->who->id),
        id_or_null(in->parent),
    };
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _outbox (id, kind, target, app, form, record, payload, depth, state,"
                " next_at, last_error, created_at, done_at, automation, event, via, who, parent)"
                " VALUES (");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (i)
            sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int outbox_add(struct ctx *c, const struct outbox_item *in, int64_t *id, struct err *err)
{
    struct str payload = in->payload.n ? in->payload : STR("{}");
    int64_t fresh = id_next(c->ids, c->now_us);
    const struct vault_at at = place(in->app, fresh);
    if (payload.n > OUTBOX_PAYLOAD_MAX)
        return err_set(err, ERR_INVALID, "outbox_too_large", "要发送的内容超过 1 MB。",
                       "What is to be sent is larger than 1 MB.");
    if (in->payload.n &&
        vault_seal(&(struct vault_on){c->vault, c->db, c->a}, &at, in->payload, &payload, err))
        return -1;
    if (insert(c, in, fresh, payload, err))
        return -1;
    if (!in->state.n)
        ctx_event(c, in->app, STR_NONE, fresh, 0, STR("outbox"));
    if (id)
        *id = fresh;
    return 0;
}

static int unseal(struct ctx *c, const struct vault_at *at, struct str sealed, struct str gone,
                  struct str *out, struct err *err)
{
    const struct vault_on on = {c->vault, c->db, c->a};
    *out = sealed;
    if (!vault_is_sealed(sealed))
        return 0;
    int rc = vault_unseal(&on, at, str_dup(c->a, sealed), out, err);
    if (rc == 0)
        *out = gone; /* its key was erased */
    return rc < 0 ? -1 : 0;
}

int outbox_open(struct ctx *c, struct str app, int64_t id, struct str sealed, struct str *out,
                struct err *err)
{
    const struct vault_at at = place(app, id);
    return unseal(c, &at, sealed, STR("{}"), out, err);
}

int outbox_open_target(struct ctx *c, struct str app, int64_t id, struct str sealed,
                       struct str *out, struct err *err)
{
    const struct vault_at at = target_place(app, id);
    return unseal(c, &at, sealed, STR_NONE, out, err);
}
