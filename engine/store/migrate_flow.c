/*
 * System tables of running approvals. An instance stays on the app version it began with; tokens
 * say where it is; tasks are what people do; events are its timeline. Due times are rows of _job.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* state: running returned approved rejected withdrawn stopped. round grows with each return to
     * the start. picks: JSON {node:[member]} chosen on the way. parent_*: of a subflow. */
    STR("CREATE TABLE _flow_instance ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, record {int} NOT NULL,"
        "n {int} NOT NULL, state {text} NOT NULL, round {int} NOT NULL DEFAULT 1,"
        "picks {json}, parent_instance {int}, parent_token {int}, started_at {int} NOT NULL,"
        "started_by {int}, ended_at {int}) {strict}"),
    STR("CREATE UNIQUE INDEX _flow_instance_open ON _flow_instance (record)"
        " WHERE ended_at IS NULL"),
    STR("CREATE INDEX _flow_instance_record ON _flow_instance (record, id)"),
    STR("CREATE INDEX _flow_instance_starter ON _flow_instance (started_by, id)"),

    /* state: open done cancelled. fork: the token of the parallel node it came out of, branch:
     * which of its branches. resume: the node that a returned token goes straight back to. */
    STR("CREATE TABLE _flow_token ("
        "id {id}, instance {int} NOT NULL, node {text} NOT NULL, state {text} NOT NULL,"
        "round {int} NOT NULL, fork {int}, branch {text}, resume {text}, data {json},"
        "entered_at {int} NOT NULL, left_at {int}) {strict}"),
    STR("CREATE INDEX _flow_token_instance ON _flow_token (instance, id)"),

    /* state: open done cancelled waiting (its turn in a sequence, or after an added signer).
     * kind: approve fill cc start sign. holder does it; on_behalf is the absent one it came from;
     * parent the task that added or transferred it; by who did it; auto 1: a timer or a rule. */
    STR("CREATE TABLE _task ("
        "id {id}, instance {int} NOT NULL, token {int}, app {text} NOT NULL,"
        "form {text} NOT NULL, record {int} NOT NULL, node {text} NOT NULL,"
        "kind {text} NOT NULL, holder {int} NOT NULL, on_behalf {int}, state {text} NOT NULL,"
        "round {int} NOT NULL, pos {int} NOT NULL DEFAULT 0, parent {int}, placed {text},"
        "opened_at {int} NOT NULL, seen_at {int}, due_at {int}, urged_at {int},"
        "closed_at {int}, action {text}, comment {text}, signature {int}, by {int},"
        "auto {int} NOT NULL DEFAULT 0) {strict}"),
    STR("CREATE INDEX _task_holder ON _task (holder, state, id)"),
    STR("CREATE INDEX _task_behalf ON _task (on_behalf, state, id) WHERE on_behalf IS NOT NULL"),
    STR("CREATE INDEX _task_by ON _task (by, id) WHERE by IS NOT NULL"),
    /* whose rights on a form hang on a task: access.c asks on every request */
    STR("CREATE INDEX _task_form_holder ON _task (app, form, holder, node)"),
    STR("CREATE INDEX _task_form_behalf ON _task (app, form, on_behalf, node)"
        " WHERE on_behalf IS NOT NULL"),
    STR("CREATE INDEX _task_form_by ON _task (app, form, by, node) WHERE by IS NOT NULL"),
    STR("CREATE INDEX _task_record ON _task (record, holder)"),
    STR("CREATE INDEX _task_instance ON _task (instance, node, round)"),

    STR("CREATE TABLE _flow_event ("
        "id {id}, instance {int} NOT NULL, record {int} NOT NULL, at {int} NOT NULL, who {int},"
        "on_behalf {int}, via {text} NOT NULL, verb {text} NOT NULL, node {text}, task {int},"
        "comment {text}, data {json}) {strict}"),
    STR("CREATE INDEX _flow_event_instance ON _flow_event (instance, id)"),
    STR("CREATE INDEX _flow_event_record ON _flow_event (record, id)"),
};

const struct migration migrate_flow = {4, STR("running approvals"), STEPS, ARRAY_LEN(STEPS)};
