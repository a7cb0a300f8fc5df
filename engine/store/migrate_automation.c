/*
 * Automations: what the outbox says of a run, when schedules are due, what came in, and what an
 * administrator said of an app's endpoints.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* state, besides waiting done dead: stopped (the chain was too deep). automation: whose run or
     * order it is; event: what set it off; parent: the run that ordered it; status: of the last
     * answer. */
    STR("ALTER TABLE _outbox ADD COLUMN automation {text}"),
    STR("ALTER TABLE _outbox ADD COLUMN event {text}"),
    STR("ALTER TABLE _outbox ADD COLUMN via {text}"),
    STR("ALTER TABLE _outbox ADD COLUMN who {int}"),
    STR("ALTER TABLE _outbox ADD COLUMN parent {int}"),
    STR("ALTER TABLE _outbox ADD COLUMN status {int}"),
    STR("CREATE INDEX _outbox_automation ON _outbox (app, form, automation, id)"),
    STR("CREATE INDEX _outbox_kind ON _outbox (kind, next_at) WHERE state = 'waiting'"),
    STR("CREATE INDEX _outbox_done ON _outbox (done_at) WHERE done_at IS NOT NULL"),

    /* Runs that did not happen, by reason, day and way: counted, so that it stays small. */
    STR("CREATE TABLE _automation_skip ("
        "app {text} NOT NULL, form {text} NOT NULL, automation {text} NOT NULL,"
        "why {text} NOT NULL, via {text} NOT NULL, day {int} NOT NULL, n {int} NOT NULL,"
        "last_at {int} NOT NULL, PRIMARY KEY (app, form, automation, why, via, day)) {strict}"),

    /* kind: every, at, warn, monitor …; spec: as it was written when next_at was worked out. */
    STR("CREATE TABLE _schedule ("
        "app {text} NOT NULL, form {text} NOT NULL, name {text} NOT NULL, kind {text} NOT NULL,"
        "spec {text} NOT NULL, next_at {int} NOT NULL, last_at {int},"
        "PRIMARY KEY (app, form, name, kind)) {strict}"),
    STR("CREATE INDEX _schedule_next ON _schedule (next_at)"),

    /* Who was warned of what will happen to a record: once until it has happened. */
    STR("CREATE TABLE _automation_warned ("
        "app {text} NOT NULL, form {text} NOT NULL, automation {text} NOT NULL,"
        "record {int} NOT NULL, at {int} NOT NULL, PRIMARY KEY (app, form, automation, record))"
        " {strict}"),

    /* Ids of calls that came in, for as long as one could come again. */
    STR("CREATE TABLE _hook_seen ("
        "app {text} NOT NULL, hook {text} NOT NULL, id {text} NOT NULL, at {int} NOT NULL,"
        "PRIMARY KEY (app, hook, id)) {strict}"),
    STR("CREATE INDEX _hook_seen_at ON _hook_seen (at)"),

    /* What an administrator said instead of app.yaml; secret: sealed. */
    STR("CREATE TABLE _endpoint ("
        "app {text} NOT NULL, name {text} NOT NULL, url {text}, secret {text},"
        "updated_at {int} NOT NULL, updated_by {int}, PRIMARY KEY (app, name)) {strict}"),
};

const struct migration migrate_automation = {16, STR("automations"), STEPS, ARRAY_LEN(STEPS)};
