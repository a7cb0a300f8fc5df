import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import type { Ref } from '../api/types';
import { moment } from '../i18n/format';
import { Button, Empty, Field, Input, Note, Skeleton, Tag, toast } from '../kit';
import { draftOf } from './draft';
import { SetNav } from './setnav';
import { t } from './text';
import { Top } from './top';

/* /admin/apps/{app}/endpoints: addresses outside that the app names; the secret is only ever written. */

interface Endpoint {
  key: string;
  title: string;
  kind: string;
  url: string | null;
  url_set: boolean;
  secret: boolean;
  secret_set: boolean;
  incoming: boolean;
  used_by: { form: string; automation: string }[];
  updated_at: string | null;
  updated_by: Ref | null;
}
interface Sent {
  id: string;
  state: string;
  status: number | null;
  attempts: number;
  error: string | null;
}

const path = (app: string, key?: string) =>
  `/admin/endpoints/${encodeURIComponent(app)}${key ? `/${encodeURIComponent(key)}` : ''}`;
const TRIES = 20;

function One({ app, e, done }: { app: string; e: Endpoint; done: (all: Endpoint[]) => void }) {
  const [url, setUrl] = useState(e.url_set ? (e.url ?? '') : '');
  const [secret, setSecret] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState('');
  const [sent, setSent] = useState<Sent | null>(null);
  const guarded = async (what: string, run: () => Promise<void>) => {
    setBusy(what);
    setError(null);
    try {
      await run();
    } catch (x) {
      setError(say(x));
    } finally {
      setBusy('');
    }
  };
  const put = (body: { url?: string; secret?: string }) =>
    guarded('save', async () => {
      const a = await api.put<{ endpoints: Endpoint[] }>(path(app, e.key), body);
      setSecret('');
      done(a.endpoints);
      toast(t('set_saved', { title: e.title }));
    });
  const tryIt = () =>
    guarded('try', async () => {
      setSent(null);
      const { id } = await api.post<{ id: string }>(`${path(app, e.key)}/test`);
      for (let i = 0; i < TRIES; i++) {
        await new Promise((ok) => setTimeout(ok, 300));
        const { rows } = await api.get<{ rows: Sent[] }>(
          `/admin/outbox?app=${encodeURIComponent(app)}&kind=webhook&limit=50`,
        );
        const row = rows.find((r) => r.id === id);
        if (row) setSent(row);
        if (row && (row.state !== 'waiting' || row.attempts > 0)) return;
      }
    });
  const ok = sent?.state === 'done';
  return (
    <li class="card">
      <form
        class="card-b col gap3"
        onSubmit={(x) => {
          x.preventDefault();
          void put({ url: url.trim(), ...(secret ? { secret } : {}) });
        }}
      >
        <div class="row">
          <b>{e.title}</b>
          <Tag line>{e.key}</Tag>
          {e.incoming ? <Tag color="blue">{t('end_in')}</Tag> : null}
          {!e.url && !e.incoming ? <Tag color="amber">{t('end_no_url')}</Tag> : null}
        </div>
        <div class="set-f">
          <Field
            label={t('end_url')}
            hint={e.url_set || !e.url ? t('end_url_hint') : t('end_url_file', { url: e.url })}
            error={error}
          >
            {(f) => <Input {...f} type="url" value={url} onInput={setUrl} placeholder="https://" />}
          </Field>
          <Field label={t('end_secret')} hint={t(e.secret ? 'end_secret_there' : 'end_secret_none')}>
            {(f) => (
              <Input {...f} type="password" autocomplete="new-password" value={secret} onInput={setSecret} />
            )}
          </Field>
        </div>
        <div class="row end-acts">
          <Button type="submit" kind="main" size="s" busy={busy === 'save'}>
            {t('set_save')}
          </Button>
          {e.url ? (
            <Button size="s" icon="send" busy={busy === 'try'} onClick={() => void tryIt()}>
              {t('end_try')}
            </Button>
          ) : null}
          {e.secret_set ? (
            <Button size="s" kind="ghost" onClick={() => void put({ secret: '' })}>
              {t('end_secret_drop')}
            </Button>
          ) : null}
          <span class="dim s12 push">
            {e.updated_at ? `${e.updated_by?.title ?? ''} ${moment(e.updated_at)}` : ''}
          </span>
        </div>
        {sent ? (
          <Note kind={ok ? 'ok' : 'warn'} role="status">
            {ok
              ? t('end_ok', { status: sent.status ?? '' })
              : sent.attempts
                ? t('end_failed', { why: sent.error ?? String(sent.status ?? '') })
                : t('end_waiting')}
          </Note>
        ) : null}
        {e.used_by.length ? (
          <p class="mut s12">
            {t('end_used', { list: e.used_by.map((u) => `${u.form}.${u.automation}`).join(t('u_comma')) })}
          </p>
        ) : null}
      </form>
    </li>
  );
}

export function EndpointsPage({ app }: { app: string }) {
  const [all, setAll] = useState<Endpoint[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    api.get<{ endpoints: Endpoint[] }>(path(app)).then(
      (a) => setAll(a.endpoints),
      (e) => setError(say(e)),
    );
  }, [app]);
  return (
    <>
      <Top draft={draftOf(app)} tab="settings" />
      <SetNav app={app} at="endpoints" />
      <div class="scroll set">
        {error ? <Note kind="bad">{error}</Note> : null}
        {!all && !error ? <Skeleton lines={6} label={t('loading')} /> : null}
        {all?.length === 0 ? <Empty icon="send" title={t('end_empty')} text={t('end_empty_text')} /> : null}
        {all?.length ? (
          <ul class="col gap3">
            {all.map((e) => (
              <One app={app} e={e} done={setAll} key={`${e.key}${e.updated_at ?? ''}`} />
            ))}
          </ul>
        ) : null}
      </div>
    </>
  );
}
