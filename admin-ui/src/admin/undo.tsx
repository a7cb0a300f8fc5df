import { useEffect, useState } from 'preact/hooks';
import { api, newKey, query, say } from '../api/client';
import { apps, loadApps } from '../api/session';
import type { Ref } from '../api/types';
import { moment } from '../i18n/format';
import { Button, Combo, confirm, Empty, Field, Icon, Input, Note, type Option, Select, Tag } from '../kit';
import { t } from './text';

/* /admin/undo: what one person, import or way did in a time window, looked at first, then taken back. */

interface Kept {
  field?: string;
  because: string;
  by?: Ref | null;
  at?: string;
}
interface Item {
  form: string;
  id: string;
  title: string | null;
  action: 'delete' | 'restore' | 'change' | 'none';
  undo: string[];
  kept: Kept[];
}
interface Answer {
  job?: string;
  dry_run: boolean;
  records: number;
  undone: number;
  partly: number;
  kept: number;
  more: boolean;
  state?: string;
  items: Item[];
}

const VIAS = ['ui', 'api', 'import', 'batch', 'script', 'flow', 'automation', 'timer', 'public'];

function because(k: Kept): string {
  const key = `u_because_${k.because}` as 'u_because_changed';
  const why = ['changed', 'gone', 'append_only', 'duplicate', 'locked'].includes(k.because)
    ? t(key, { who: k.by?.title ?? t('u_somebody'), when: k.at ? moment(k.at) : '' })
    : t('u_because_other', { why: k.because });
  return k.field ? `${k.field}${t('u_colon')}${why}` : why;
}

export function UndoPage() {
  const [app, setApp] = useState<string | null>(null);
  const [who, setWho] = useState<Option[]>([]);
  const [via, setVia] = useState<string | null>(null);
  const [job, setJob] = useState('');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [got, setGot] = useState<Answer | null>(null);
  useEffect(() => {
    if (!apps.peek()) void loadApps();
  }, []);
  const changed =
    <T,>(set: (v: T) => void) =>
    (v: T) => {
      setGot(null); // a preview of something else
      set(v);
    };
  const iso = (s: string) => (s ? new Date(s).toISOString() : null);
  const body = () => ({
    app,
    who: who[0]?.key ?? null,
    via,
    job: job.trim() || null,
    from: iso(from),
    until: iso(until),
  });
  const ready = !!app && (who.length > 0 || !!via || !!job.trim()) && (!!from || !!job.trim());
  const run = async (dry: boolean) => {
    setBusy(true);
    setError(null);
    try {
      setGot(await api.post<Answer>('/admin/undo', { ...body(), dry_run: dry }, { key: newKey() }));
    } catch (e) {
      setError(say(e));
    } finally {
      setBusy(false);
    }
  };
  const carryOut = async () => {
    const n = (got?.undone ?? 0) + (got?.partly ?? 0);
    const ok = await confirm({
      title: t('u_sure', { n }),
      body: t('u_sure_text'),
      ok: t('u_do', { n }),
      danger: true,
    });
    if (ok) await run(false);
  };
  return (
    <div class="alist undo">
      <h1>{t('u_title')}</h1>
      <p class="mut">{t('u_text')}</p>
      <form
        class="undo-f"
        onSubmit={(e) => {
          e.preventDefault();
          if (ready && !busy) void run(true);
        }}
      >
        <Field label={t('u_app')} required>
          {(f) => (
            <Select
              {...f}
              value={app}
              options={(apps.value ?? []).map((a) => ({ key: a.app, title: a.title }))}
              onChange={changed(setApp)}
            />
          )}
        </Field>
        <Field label={t('u_who')}>
          {(f) => (
            <Combo
              {...f}
              value={who}
              clearable
              load={async (q) => {
                const a = await api.get<{ members: Ref[] }>(`/members${query({ search: q })}`);
                return a.members.map((m) => ({ key: m.id, title: m.title ?? '' }));
              }}
              onChange={changed(setWho)}
            />
          )}
        </Field>
        <Field label={t('u_via')}>
          {(f) => (
            <Select
              {...f}
              value={via}
              clearable
              options={VIAS.map((k) => ({ key: k, title: t(`u_via_${k}` as 'u_via_ui') }))}
              onChange={changed(setVia)}
            />
          )}
        </Field>
        <Field label={t('u_job')} hint={t('u_job_hint')}>
          {(f) => <Input {...f} value={job} onInput={changed(setJob)} />}
        </Field>
        <Field label={t('u_from')}>
          {(f) => <Input {...f} type="datetime-local" value={from} onInput={changed(setFrom)} />}
        </Field>
        <Field label={t('u_until')} hint={t('u_until_hint')}>
          {(f) => <Input {...f} type="datetime-local" value={until} onInput={changed(setUntil)} />}
        </Field>
        <div class="row undo-b">
          <Button kind={got?.dry_run ? undefined : 'main'} type="submit" disabled={!ready || busy}>
            {t('u_preview')}
          </Button>
          {got?.dry_run && got.undone + got.partly > 0 ? (
            <Button kind="bad" onClick={() => void carryOut()} disabled={busy}>
              {t('u_do', { n: got.undone + got.partly })}
            </Button>
          ) : null}
        </div>
      </form>
      {error ? <Note kind="bad">{error}</Note> : null}
      {got ? (
        <Result
          got={got}
          app={app ?? ''}
          again={(id) => {
            setJob(id);
            setGot(null);
            setFrom('');
            setWho([]);
          }}
        />
      ) : null}
    </div>
  );
}

function Result({ got, app, again }: { got: Answer; app: string; again: (job: string) => void }) {
  if (got.state === 'queued') return <Note>{t('u_queued', { n: got.records })}</Note>;
  if (!got.records) return <Empty icon="undo-2" title={t('u_nothing')} text={t('u_nothing_text')} />;
  return (
    <section aria-live="polite">
      <dl class="undo-n">
        <div>
          <dt>{got.dry_run ? t('u_will') : t('u_done')}</dt>
          <dd>{got.undone}</dd>
        </div>
        <div>
          <dt>{t('u_partly')}</dt>
          <dd>{got.partly}</dd>
        </div>
        <div>
          <dt>{t('u_kept')}</dt>
          <dd>{got.kept}</dd>
        </div>
      </dl>
      {!got.dry_run && got.job ? (
        <Note kind="ok">
          {t('u_is_done')}{' '}
          <button type="button" class="link" onClick={() => again(got.job!)}>
            {t('u_again')}
          </button>
        </Note>
      ) : null}
      <ul class="undo-l">
        {got.items.map((i) => (
          <li key={i.id}>
            <Icon
              name={
                i.action === 'delete'
                  ? 'trash-2'
                  : i.action === 'restore'
                    ? 'redo-2'
                    : i.action === 'change'
                      ? 'undo-2'
                      : 'lock'
              }
            />
            <span class="col">
              <span class="row wrap">
                {i.title ? (
                  <a class="b" href={`/a/${app}/${i.form}/${i.id}`}>
                    {i.title}
                  </a>
                ) : (
                  <span class="mono s12">{i.id}</span>
                )}
                <Tag color={i.action === 'none' ? 'grey' : 'blue'}>
                  {t(`u_act_${i.action}` as 'u_act_change')}
                </Tag>
              </span>
              {i.undo.length ? <span class="s12 dim">{i.undo.join(t('u_comma'))}</span> : null}
              {i.kept.map((k, n) => (
                <span class="s12 wrn" key={n}>
                  {because(k)}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
      {got.records > got.items.length ? (
        <p class="s12 dim">{t('u_more', { n: got.records - got.items.length })}</p>
      ) : null}
    </section>
  );
}
