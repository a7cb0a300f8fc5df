/*
 * Group commit. Writers queue up; one of them leads: it runs a batch of jobs, each in a savepoint,
 * on the one writing connection, commits them with one fsync and wakes their owners. A leader whose
 * own job is done leads a few batches more and then hands over, so nobody works for others for
 * ever.
 */
#include "engine/store/store_int.h"

#include "engine/base/log.h"

#include <assert.h>

#define LEAD_MORE 4 /* batches after the leader's own */
#define RETRIES   5 /* runs of a job that answers ERR_RETRY */

struct call {
    struct conn *db;
    struct job *job;
};

static void call_job(void *arg)
{
    struct call *c = arg;
    c->job->rc = c->job->fn(c->db, c->job->arg, c->job->err);
}

static void run_guarded(struct conn *db, struct job *job)
{
    struct call call = {db, job};
    if (oom_guard(call_job, &call) < 0)
        job->rc = err_set(job->err, ERR_OOM, "out_of_memory", "服务器内存不足，本次修改未保存。",
                          "The server is out of memory; nothing of this change was saved.");
    else
        job->rc = job->rc < 0 ? -1 : 0;
    db->store->driver->limit(db->drv, 0, 0);
    store_ddl_end(db);
}

/* One run in one savepoint. The database may have ended the whole transaction meanwhile. */
static void run_once(struct conn *db, struct job *job)
{
    const struct store_driver *d = db->store->driver;
    if (d->tx(db->drv, TX_SAVEPOINT, job->err) < 0) {
        job->rc = -1;
        return;
    }
    db->depth = 1;
    db->moment++;
    run_guarded(db, job);
    conn_finish(db, 1);
    if (!d->in_tx(db->drv)) {
        db->depth = 0;
        if (job->rc == 0)
            job->rc =
                err_set(job->err, ERR_STORE, "store_failed", "数据库中断了事务，本次修改未保存。",
                        "The database ended the transaction; nothing of this change was saved.");
        return;
    }
    if (job->rc == 0) {
        conn_unwind(db, 1); /* savepoints the job left open are not what it meant to keep */
        job->rc = d->tx(db->drv, TX_RELEASE, job->err);
        db->depth = job->rc < 0 ? 1 : 0;
    }
    conn_unwind(db, 0);
}

static void run_job(struct conn *db, struct job *job)
{
    const struct store_driver *d = db->store->driver;
    for (int i = 0; i < RETRIES; i++) {
        run_once(db, job);
        if (job->rc == 0 || job->err->code != ERR_RETRY || !d->in_tx(db->drv))
            break;
    }
    job->failed = job->rc < 0;
}

static void fail_all(struct job **jobs, size_t n, const struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!jobs[i]->failed) {
            jobs[i]->failed = true;
            jobs[i]->rc = -1;
            *jobs[i]->err = *err;
        }
    }
}

/*
 * Runs every job that has not failed for good. When the database ends the transaction under a job
 * (disk full, a time limit inside an UPDATE), that job has failed and the others run again, so each
 * round ends with fewer jobs. Returns how many succeeded, their changes uncommitted; -1 with err
 * when no transaction could be begun.
 */
static int run_jobs(struct conn *db, struct job **jobs, size_t n, struct err *err)
{
    const struct store_driver *d = db->store->driver;
    for (;;) {
        int good = 0;
        bool whole = true;
        if (d->tx(db->drv, TX_BEGIN_WRITE, err) < 0)
            return -1;
        for (size_t i = 0; i < n && whole; i++) {
            if (jobs[i]->failed)
                continue;
            run_job(db, jobs[i]);
            whole = d->in_tx(db->drv);
            good += !jobs[i]->failed;
        }
        if (whole)
            return good;
    }
}

static void run_batch(struct store *s, struct job **jobs, size_t n)
{
    struct conn *db = s->writer;
    struct err err = ERR_INIT;
    struct err ignored;
    int good = run_jobs(db, jobs, n, &err);
    if (good > 0 && s->driver->tx(db->drv, TX_COMMIT, &err) == 0) {
        pthread_mutex_lock(&s->lock);
        s->commits++;
        pthread_mutex_unlock(&s->lock);
        return;
    }
    if (good != 0)
        fail_all(jobs, n, &err);
    (void)s->driver->tx(db->drv, TX_ROLLBACK, &ignored); /* never fails */
}

static size_t take_batch(struct store *s)
{
    size_t n = 0;
    while (s->head && n < s->opts.batch_max) {
        s->batch[n++] = s->head;
        s->head = s->head->next;
    }
    if (!s->head)
        s->tail = NULL;
    return n;
}

static int refuse_broken(struct err *err)
{
    return err_set(err, ERR_STORE, "store_broken",
                   "磁盘写入出错，为保护数据已停止写入，请管理员检查磁盘并重启服务。",
                   "A disk write failed; writing has stopped to protect the data until the disk is "
                   "checked and the server restarted.");
}

static void answer(struct store *s, size_t n)
{
    s->waiting -= (int64_t)n;
    s->jobs += (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        s->batch[i]->done = true;
        pthread_cond_signal(&s->batch[i]->wake);
    }
}

static void note_broken(struct store *s)
{
    if (s->writer->drv->broken && !s->broken) {
        s->broken = true;
        log_event(LOG_ERROR, "store_broken", LOG_TEXT("why", STR("fsync failed")));
    }
}

/* Called and returns with the lock; gives it up while jobs run. */
static void lead(struct store *s, const struct job *own)
{
    s->leading = true;
    s->leader = pthread_self();
    for (int more = 0; s->head && (!own->done || more < LEAD_MORE); more += own->done) {
        size_t n = take_batch(s);
        bool broken = s->broken;
        struct err err = ERR_INIT;
        pthread_mutex_unlock(&s->lock);
        if (broken) {
            (void)refuse_broken(&err);
            fail_all(s->batch, n, &err);
        } else {
            run_batch(s, s->batch, n);
        }
        pthread_mutex_lock(&s->lock);
        note_broken(s);
        answer(s, n);
        pthread_mutex_unlock(&s->lock);
        if (s->driver->rest(s->writer->drv, &err) < 0)
            log_event(LOG_WARN, "checkpoint_failed", LOG_TEXT("why", str_of(err.en)));
        pthread_mutex_lock(&s->lock);
        note_broken(s);
    }
    s->leading = false;
    if (s->head)
        pthread_cond_signal(&s->head->wake);
}

static int enqueue(struct store *s, struct job *job)
{
    if (s->leading && pthread_equal(s->leader, pthread_self()))
        return err_set(job->err, ERR_INTERNAL, "nested_write",
                       "系统内部错误：写事务中又开始了写事务。",
                       "An internal error: a write job started another one.");
    if (s->broken)
        return refuse_broken(job->err);
    if (s->waiting >= s->opts.queue_max)
        return err_set(job->err, ERR_BUSY, "busy", "系统繁忙，等待写入的请求过多，请稍后再试。",
                       "The server is busy: too many writes are waiting; please try again.");
    *(s->tail ? &s->tail->next : &s->head) = job;
    s->tail = job;
    s->waiting++;
    return 0;
}

int store_write(struct store *s, store_fn *fn, void *arg, struct err *err)
{
    struct job job = {.fn = fn, .arg = arg, .err = err, .wake = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&s->lock);
    job.rc = enqueue(s, &job);
    job.done = job.rc < 0;
    while (!job.done) {
        if (s->leading)
            pthread_cond_wait(&job.wake, &s->lock);
        else
            lead(s, &job);
    }
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&job.wake);
    return job.rc;
}
