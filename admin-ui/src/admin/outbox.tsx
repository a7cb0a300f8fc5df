import { useEffect, useState } from 'preact/hooks';
import { api, query, say } from '../api/client';
import { ago, moment } from '../i18n/format';
import { Button, confirm, Empty, Icon, Segments, Skeleton, Tag, toast } from '../kit';
import { t } from './text';

/*
 * /admin/outbox: what leaves the program, with retries and dead letters; the same rows of one app or automation are the
 * run log of /admin/apps/{app}/automations.
 */

export interface OutboxRow {
  id: string;
  kind: string;
  target: string | null;
  app: string;
  form: string | null;
  record: string | null;
  automation: string | null;
  event: string | null;
  via: string | null;
  state: string;
  attempts: number;
  status: number | null;
  error: string | null;
  created_at: string;
  next_at: string;
  done_at: string | null;
}
interface Answer {
  rows: OutboxRow[];
  next: string | null;
  counts: { waiting: number; dead: number; stopped: number };
}

const COLORS: Record<string, 'green' | 'red' | 'amber' | 'gray'> = {
  done: 'green',
  dead: 'red',
  waiting: 'amber',
  stopped: 'gray',
};
const STATES = ['', 'waiting', 'dead', 'done', 'stopped'];

export const stateTag = (row: { state: string; attempts: number }) => (
  <Tag color={COLORS[row.state] ?? 'gray'}>
    {row.state === 'waiting' && row.attempts > 0
      ? t('o_retrying', { n: row.attempts })
      : t(`o_${row.state}` as 'o_done')}
  </Tag>
);

function Row(props: { row: OutboxRow; path: string; changed: () => void; drop: boolean }) {
  const { row } = props;
  const [busy, setBusy] = useState(false);
  const run = async (what: () => Promise<unknown>, done: string) => {
    setBusy(true);
    try {
      await what();
      toast(done);
      props.changed();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  const drop = async () => {
    const yes = await confirm({
      title: t('o_drop_sure'),
      body: t('o_drop_text'),
      ok: t('o_drop'),
      danger: true,
    });
    if (yes) await run(() => api.del(`/admin/outbox/${row.id}`), t('o_dropped'));
  };
  const open = row.state === 'dead' || row.state === 'waiting';
  return (
    <li>
      <span class="col grow">
        <span class="row gap2 wrap">
          {stateTag(row)}
          <b class="cut">
            {t(`o_kind_${row.kind}` as 'o_kind_webhook')}
            {row.target ? ` · ${row.target}` : ''}
          </b>
          {row.status ? <Tag>HTTP {row.status}</Tag> : null}
        </span>
        <span class="s12 mut">
          {[row.app, row.form, row.automation].filter(Boolean).join(' / ')} ·{' '}
          <time dateTime={row.created_at} title={moment(row.created_at, true)}>
            {ago(row.created_at)}
          </time>
          {row.state === 'waiting' && row.attempts > 0
            ? ` · ${t('o_next', { when: moment(row.next_at) })}`
            : ''}
          {row.record && row.form ? (
            <>
              {' · '}
              <a href={`/a/${row.app}/${row.form}/${row.record}`}>{t('o_record')}</a>
            </>
          ) : null}
        </span>
        {row.error ? <span class="s12 err">{row.error}</span> : null}
      </span>
      {open && (row.state === 'dead' || row.attempts > 0) ? (
        <Button
          size="s"
          busy={busy}
          icon="refresh-cw"
          onClick={() => void run(() => api.post(`${props.path}/${row.id}/replay`, {}), t('o_replayed'))}
        >
          {t('o_replay')}
        </Button>
      ) : null}
      {open && props.drop ? (
        <Button size="s" busy={busy} icon="x" onClick={() => void drop()}>
          {t('o_drop')}
        </Button>
      ) : null}
    </li>
  );
}

/** The rows of a list, newest first, with a filter by state; `filter` goes to the server as it is. */
export function OutboxList(props: { path: string; filter?: Record<string, string>; drop?: boolean }) {
  const [state, setState] = useState('');
  const [got, setGot] = useState<Answer | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const key = JSON.stringify(props.filter ?? {});
  const load = (after?: string) => {
    setFailed(null);
    api
      .get<Answer>(`${props.path}${query({ ...props.filter, state, after })}`)
      .then((a) => setGot((was) => (after && was ? { ...a, rows: [...was.rows, ...a.rows] } : a)))
      .catch((e) => setFailed(say(e)));
  };
  useEffect(() => {
    load();
    const timer = setInterval(() => document.hidden || load(), 15_000);
    return () => clearInterval(timer);
  }, [props.path, key, state]);
  if (failed)
    return (
      <Empty icon="circle-alert" title={t('failed')} text={failed}>
        <Button onClick={() => load()}>{t('retry')}</Button>
      </Empty>
    );
  if (!got) return <Skeleton lines={6} label={t('loading')} />;
  return (
    <>
      <Segments
        label={t('o_state')}
        value={state}
        items={STATES.map((k) => ({
          key: k,
          title: `${t(`o_${k || 'all'}` as 'o_all')}${k === 'waiting' || k === 'dead' ? ` ${got.counts[k]}` : ''}`,
        }))}
        onChange={setState}
      />
      {got.rows.length ? (
        <ul class="undo-l obx">
          {got.rows.map((r) => (
            <Row key={r.id} row={r} path={props.path} changed={() => load()} drop={props.drop ?? false} />
          ))}
        </ul>
      ) : (
        <Empty icon="inbox" title={t('o_nothing')} text={t('o_nothing_text')} />
      )}
      {got.next ? <Button onClick={() => load(got.next!)}>{t('o_more')}</Button> : null}
    </>
  );
}

interface Job {
  id: string;
  kind: string;
  app: string;
  state: string;
  done: number;
  total: number;
  created_at: string;
}

/** Work in the background and how far it is: schedules, imports, what a publish left to be filled. */
function Jobs() {
  const [jobs, setJobs] = useState<Job[]>([]);
  useEffect(() => {
    const load = () =>
      void api
        .get<{ jobs: Job[] }>('/admin/jobs')
        .then((a) => setJobs(a.jobs.filter((j) => j.kind !== 'flow').slice(0, 5)))
        .catch(() => undefined);
    load();
    const timer = setInterval(() => document.hidden || load(), 5000);
    return () => clearInterval(timer);
  }, []);
  if (!jobs.length) return null;
  return (
    <section>
      <h2 class="sec-h">{t('o_jobs')}</h2>
      <ul class="undo-l">
        {jobs.map((j) => (
          <li key={j.id}>
            <span class="col grow">
              <b>
                {j.kind} · {j.app}
              </b>
              <span class="s12 mut">{ago(j.created_at)}</span>
            </span>
            <span class="s12 mut">{j.total ? `${j.done} / ${j.total}` : j.done || ''}</span>
            <Tag color={j.state === 'done' ? 'green' : j.state === 'failed' ? 'red' : 'amber'}>{j.state}</Tag>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function OutboxPage() {
  const [busy, setBusy] = useState(false);
  const [seen, setSeen] = useState(0);
  const all = async () => {
    const yes = await confirm({ title: t('o_all_sure'), body: t('o_all_text'), ok: t('o_replay_all') });
    if (!yes) return;
    setBusy(true);
    try {
      const a = await api.post<{ replayed: number }>('/admin/outbox/replay', {});
      toast(t('o_replayed_n', { n: a.replayed }));
      setSeen(seen + 1);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="alist undo">
      <h1 class="row gap2">
        <Icon name="send" />
        {t('o_title')}
        <span class="push" />
        <Button busy={busy} icon="refresh-cw" onClick={() => void all()}>
          {t('o_replay_all')}
        </Button>
      </h1>
      <p class="mut">{t('o_text')}</p>
      <OutboxList key={seen} path="/admin/outbox" drop />
      <Jobs />
    </div>
  );
}
