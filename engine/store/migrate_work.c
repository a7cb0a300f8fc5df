/*
 * System tables around records: history, comments, files, shares, notices, idempotent answers, and
 * the durable queues (outbox, jobs). "record" holds a record's _id; ids are unique over all forms.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* op: create update delete restore purge; changes: JSON {"field":[old,new]}; job: the import or
     * batch that wrote it (undo finds it by this). */
    STR("CREATE TABLE _history ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, record {int} NOT NULL,"
        "version {int} NOT NULL, at {int} NOT NULL, who {int}, via {text} NOT NULL,"
        "op {text} NOT NULL, changes {json} NOT NULL, job {int}) {strict}"),
    STR("CREATE INDEX _history_record ON _history (record, id)"),
    STR("CREATE INDEX _history_job ON _history (job, id) WHERE job IS NOT NULL"),

    STR("CREATE TABLE _comment ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, record {int} NOT NULL,"
        "at {int} NOT NULL, who {int}, text {text} NOT NULL, mentions {json} NOT NULL,"
        "edited_at {int}, deleted_at {int}) {strict}"),
    STR("CREATE INDEX _comment_record ON _comment (record, id)"),

    /* A file belongs to nobody (record NULL) until a write that names it is committed. */
    STR("CREATE TABLE _file ("
        "id {id}, name {text} NOT NULL, type {text} NOT NULL, size {int} NOT NULL,"
        "hash {text} NOT NULL, stored_as {text} NOT NULL, app {text}, form {text}, record {int},"
        "field {text}, created_at {int} NOT NULL, created_by {int}) {strict}"),
    STR("CREATE INDEX _file_record ON _file (record) WHERE record IS NOT NULL"),
    STR("CREATE INDEX _file_loose ON _file (created_at) WHERE record IS NULL"),

    STR("CREATE TABLE _share ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, record {int} NOT NULL,"
        "member {int} NOT NULL, can {json} NOT NULL, until {int}, at {int} NOT NULL,"
        "by {int} NOT NULL) {strict}"),
    STR("CREATE UNIQUE INDEX _share_record ON _share (record, member)"),
    STR("CREATE INDEX _share_member ON _share (member, form)"),

    STR("CREATE TABLE _notice ("
        "id {id}, member {int} NOT NULL, kind {text} NOT NULL, app {text}, form {text},"
        "record {int}, title {text} NOT NULL, body {text}, at {int} NOT NULL,"
        "read_at {int}) {strict}"),
    STR("CREATE INDEX _notice_member ON _notice (member, id)"),
    STR("CREATE INDEX _notice_unread ON _notice (member) WHERE read_at IS NULL"),

    /* principal: "m:<member id>", "t:<token id>", "public:<token>"; status NULL: still running. */
    STR("CREATE TABLE _idempotency ("
        "principal {text} NOT NULL, key {text} NOT NULL, route {text} NOT NULL,"
        "body_hash {text} NOT NULL, status {int}, response {text}, created_at {int} NOT NULL,"
        "expires_at {int} NOT NULL, PRIMARY KEY (principal, key)) {strict}"),
    STR("CREATE INDEX _idempotency_expires ON _idempotency (expires_at)"),

    /* state: waiting done dead. Its id is the receiver's Idempotency-Key. */
    STR("CREATE TABLE _outbox ("
        "id {id}, kind {text} NOT NULL, target {text}, app {text}, form {text}, record {int},"
        "payload {json} NOT NULL, depth {int} NOT NULL DEFAULT 0, state {text} NOT NULL,"
        "attempts {int} NOT NULL DEFAULT 0, next_at {int} NOT NULL, lease_until {int},"
        "last_error {text}, created_at {int} NOT NULL, done_at {int}) {strict}"),
    STR("CREATE INDEX _outbox_due ON _outbox (next_at) WHERE state = 'waiting'"),
    STR("CREATE INDEX _outbox_state ON _outbox (state, id)"),

    /* state: queued running done failed. key makes a due time fire once; subject is what a job is
     * about (a task, an instance), so that it can be called off. */
    STR("CREATE TABLE _job ("
        "id {id}, kind {text} NOT NULL, key {text}, subject {int}, app {text},"
        "payload {json} NOT NULL, state {text} NOT NULL, run_at {int} NOT NULL,"
        "lease_until {int}, attempts {int} NOT NULL DEFAULT 0, done {int} NOT NULL DEFAULT 0,"
        "total {int}, errors {json}, result {json}, created_at {int} NOT NULL,"
        "created_by {int}, finished_at {int}) {strict}"),
    STR("CREATE UNIQUE INDEX _job_key ON _job (kind, key) WHERE key IS NOT NULL"),
    STR("CREATE INDEX _job_due ON _job (run_at) WHERE state IN ('queued', 'running')"),
    STR("CREATE INDEX _job_subject ON _job (subject) WHERE subject IS NOT NULL"),
};

const struct migration migrate_work = {3, STR("history, files, queues"), STEPS, ARRAY_LEN(STEPS)};
