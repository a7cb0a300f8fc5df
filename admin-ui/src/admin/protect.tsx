import { useEffect, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { ago, moment } from '../i18n/format';
import {
  Button,
  confirm,
  Dialog,
  Empty,
  Field,
  Icon,
  Input,
  Note,
  Segments,
  Skeleton,
  Tag,
  toast,
} from '../kit';
import { t } from './text';

/*
 * /admin/protection: the keys that seal what is sensitive, and what persons ask for about their data. Nothing here shows a
 * sensitive value: titles leave it out, and "export" holds what the caller may read himself.
 */

interface Keys {
  keys: { id: string; current: boolean; wraps: number }[];
  data_keys: { app: string; kind: string; state: string; n: number; since: string }[];
  rotations: { app: string; state: string; done: number; at: string; finished_at: string | null }[];
}
interface Person {
  app: string;
  form: string;
  form_title: string;
  record: string;
  title: string | null;
  field: string;
}
interface Request {
  id: string;
  kind: string;
  app: string;
  form: string;
  record: string;
  state: string;
  note: string | null;
  at: string;
  by: { id: string; title: string } | null;
}

const REFRESH = 2000;

const useLoad = <T,>(path: string, again: (got: T) => boolean = () => false) => {
  const [got, setGot] = useState<T | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () => {
    setFailed(null);
    api
      .get<T>(path)
      .then(setGot)
      .catch((e) => setFailed(say(e)));
  };
  useEffect(load, [path]);
  useEffect(() => {
    if (!got || !again(got)) return;
    const timer = setTimeout(load, REFRESH);
    return () => clearTimeout(timer);
  }, [got]);
  return { got, setGot, failed, load };
};

const Failed = (props: { text: string; again: () => void }) => (
  <Empty icon="circle-alert" title={t('failed')} text={props.text}>
    <Button onClick={props.again}>{t('retry')}</Button>
  </Empty>
);

/* ---- keys ---- */

const running = (k: Keys) => k.rotations.some((r) => r.state === 'running');

function AppKeys({ app, rows }: { app: string; rows: Keys['data_keys'] }) {
  const one = (kind: string, state: string) => rows.find((r) => r.kind === kind && r.state === state);
  const own = one('app', 'current');
  const persons = one('subject', 'current');
  const old = rows.filter((r) => r.state === 'old').reduce((n, r) => n + r.n, 0);
  const erased = one('subject', 'erased');
  return (
    <li>
      <Icon name="key-round" />
      <span class="col grow">
        <b>{app === '_system' ? t('k_system') : app}</b>
        <span class="s12 mut">
          {[
            own ? t('k_since', { when: moment(own.since) }) : '',
            persons ? t('k_persons', { n: persons.n }) : '',
            erased ? t('k_erased', { n: erased.n }) : '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      {old ? <Tag color="amber">{t('k_old', { n: old })}</Tag> : null}
    </li>
  );
}

function KeysPart() {
  const { got, setGot, failed, load } = useLoad<Keys>('/admin/keys', running);
  const [busy, setBusy] = useState(false);
  const rotate = async () => {
    if (!(await confirm({ title: t('k_rotate_sure'), body: t('k_rotate_text'), ok: t('k_rotate') }))) return;
    setBusy(true);
    try {
      setGot(await api.post<Keys>('/admin/keys/rotate', {}));
      toast(t('k_rotating'));
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  if (failed) return <Failed text={failed} again={load} />;
  if (!got) return <Skeleton lines={6} label={t('loading')} />;
  const apps = [...new Set(got.data_keys.map((k) => k.app))];
  return (
    <>
      <p class="mut">{t('k_text')}</p>
      <div class="row">
        <h2 class="h3">{t('k_masters')}</h2>
        <span class="push" />
        <Button icon="refresh-cw" busy={busy || running(got)} onClick={() => void rotate()}>
          {t('k_rotate')}
        </Button>
      </div>
      <ul class="undo-l obx">
        {[...got.keys].reverse().map((k) => (
          <li key={k.id}>
            <Icon name="lock" />
            <span class="col grow">
              <b class="mono">{k.id}</b>
              <span class="s12 mut">{k.wraps ? t('k_wraps', { n: k.wraps }) : t('k_idle')}</span>
            </span>
            {k.current ? <Tag color="green">{t('k_current')}</Tag> : <Tag>{t('k_former')}</Tag>}
          </li>
        ))}
      </ul>
      <h2 class="h3 mt3">{t('k_data')}</h2>
      <ul class="undo-l obx">
        {apps.map((a) => (
          <AppKeys key={a} app={a} rows={got.data_keys.filter((k) => k.app === a)} />
        ))}
      </ul>
      {got.rotations.length ? (
        <>
          <h2 class="h3 mt3">{t('k_rotations')}</h2>
          <ul class="undo-l obx">
            {got.rotations.slice(0, 10).map((r) => (
              <li key={r.app + r.at}>
                <span class="col grow">
                  <b>{r.app}</b>
                  <span class="s12 mut">
                    {t('k_resealed', { n: r.done })} · {moment(r.at)}
                  </span>
                </span>
                <Tag color={r.state === 'done' ? 'green' : 'amber'}>
                  {t(r.state === 'done' ? 'k_done' : 'k_running')}
                </Tag>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}

/* ---- persons ---- */

const nameOf = (p: Person) => p.title || p.record;

function save(name: string, what: unknown) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(new Blob([JSON.stringify(what, null, 2)], { type: 'application/json' }));
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
}

/** Erasing asks for the person's name, or id where there is none, to be typed. */
function Erase({ person, done }: { person: Person; done: (ok: boolean) => void }) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const word = nameOf(person);
  const run = async () => {
    if (typed.trim() !== word.trim()) {
      setError(t('p_type_wrong'));
      return;
    }
    setBusy(true);
    try {
      const a = await api.post<{ keys: number; rows: number; files: number }>('/admin/privacy/requests', {
        kind: 'erase',
        app: person.app,
        form: person.form,
        record: person.record,
      });
      toast(t('p_erased', { rows: a.rows, files: a.files }));
      done(true);
    } catch (e) {
      setError(say(e));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('p_erase_sure', { name: word })}
      onClose={() => done(false)}
      onSubmit={() => void run()}
      footer={
        <>
          <Button onClick={() => done(false)}>{t('cancel')}</Button>
          <Button kind="bad" type="submit" busy={busy} disabled={!typed.trim()}>
            {t('p_erase')}
          </Button>
        </>
      }
    >
      <p class="mut">{t('p_erase_text')}</p>
      <Field label={t('p_type', { name: word })} error={error} class="mt3">
        {(f) => <Input {...f} value={typed} onInput={setTyped} autocomplete="off" autofocus />}
      </Field>
    </Dialog>
  );
}

function Found({ person, changed }: { person: Person; changed: () => void }) {
  const [busy, setBusy] = useState(false);
  const [erasing, setErasing] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const { app, form, record } = person;
      save(
        `${form}-${record}.json`,
        await api.post('/admin/privacy/requests', { kind: 'export', app, form, record }),
      );
      changed();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <li>
      <Icon name="user-round" />
      <span class="col grow">
        <a href={`/a/${person.app}/${person.form}/${person.record}`}>
          <b class="cut">{nameOf(person)}</b>
        </a>
        <span class="s12 mut">
          {t('p_hit', { form: `${person.app} / ${person.form_title}`, field: person.field })}
        </span>
      </span>
      <Button size="s" icon="download" busy={busy} onClick={() => void download()}>
        {t('p_export')}
      </Button>
      <Button size="s" kind="bad" icon="trash-2" onClick={() => setErasing(true)}>
        {t('p_erase')}
      </Button>
      {erasing ? (
        <Erase
          person={person}
          done={(ok) => {
            setErasing(false);
            if (ok) changed();
          }}
        />
      ) : null}
    </li>
  );
}

function RequestsPart() {
  const { got, failed, load } = useLoad<{ requests: Request[] }>('/admin/privacy/requests');
  const [text, setText] = useState('');
  const [found, setFound] = useState<Person[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const find = async () => {
    if (!text.trim()) return;
    setBusy(true);
    setError(null);
    try {
      setFound((await api.post<{ found: Person[] }>('/admin/privacy/find', { text: text.trim() })).found);
    } catch (e) {
      setError(say(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p class="mut">{t('p_text')}</p>
      <form
        class="set-f"
        onSubmit={(e) => {
          e.preventDefault();
          void find();
        }}
      >
        <Field label={t('p_find')} hint={t('p_find_hint')} error={error}>
          {(f) => <Input {...f} value={text} onInput={setText} autocomplete="off" />}
        </Field>
        <Button type="submit" kind="main" icon="search" busy={busy} disabled={!text.trim()}>
          {t('p_search')}
        </Button>
      </form>
      {found && !found.length ? <Note role="status">{t('p_none')}</Note> : null}
      {found?.length ? (
        <ul class="undo-l obx" aria-label={t('p_found')}>
          {found.map((p) => (
            <Found
              key={p.record}
              person={p}
              changed={() => {
                load();
                void find();
              }}
            />
          ))}
        </ul>
      ) : null}
      <h2 class="h3 mt3">{t('p_requests')}</h2>
      {failed ? (
        <Failed text={failed} again={load} />
      ) : !got ? (
        <Skeleton lines={4} label={t('loading')} />
      ) : got.requests.length ? (
        <ul class="undo-l obx">
          {got.requests.map((r) => (
            <li key={r.id}>
              <span class="col grow">
                <b>{t(`p_kind_${r.kind}` as 'p_kind_erase')}</b>
                <span class="s12 mut">
                  {r.app} / {r.form} / <span class="mono">{r.record}</span>
                  {r.by ? ` · ${r.by.title}` : ''} ·{' '}
                  <time dateTime={r.at} title={moment(r.at, true)}>
                    {ago(r.at)}
                  </time>
                </span>
                {r.note ? <span class="s12">{r.note}</span> : null}
              </span>
              <Tag color={r.kind === 'erase' ? 'red' : 'gray'}>{t('p_done')}</Tag>
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon="inbox" title={t('p_no_requests')} text={t('p_no_requests_text')} />
      )}
    </>
  );
}

export function ProtectPage() {
  const [part, setPart] = useState('keys');
  return (
    <div class="alist undo">
      <h1 class="row gap2">
        <Icon name="shield-check" />
        {t('k_title')}
      </h1>
      <Segments
        label={t('k_title')}
        value={part}
        items={[
          { key: 'keys', title: t('k_part') },
          { key: 'persons', title: t('p_part') },
        ]}
        onChange={setPart}
      />
      {part === 'keys' ? <KeysPart /> : <RequestsPart />}
    </div>
  );
}
