import { useEffect, useState } from 'preact/hooks';
import { encode } from 'uqr';
import { api, Problem, say, session } from '../api/client';
import { ago, moment } from '../i18n/format';
import {
  Button,
  Check,
  Combo,
  confirm,
  Field,
  Input,
  Note,
  type Option,
  Select,
  Skeleton,
  Tag,
  toast,
} from '../kit';
import { t } from './text';
import { browserNotices, setBrowserNotices } from './unread';

/* What a member keeps about himself: two-step login, tokens, sessions, who acts for him, what he is told. */

/** The server's refusals by field; everything else as one sentence. */
export function problems(e: unknown): { errors: Record<string, string>; other: string | null } {
  const list = e instanceof Problem ? e.errors : [];
  return {
    errors: Object.fromEntries(list.map((x) => [x.field, x.message])),
    other: list.length ? null : say(e),
  };
}

function useAsked<T>(path: string): [T | null, () => void, string | null] {
  const [data, setData] = useState<T | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = () =>
    void api.get<T>(path).then(
      (d) => {
        setData(d);
        setFailed(null);
      },
      (e) => setFailed(say(e)),
    );
  useEffect(load, [path]);
  return [data, load, failed];
}

function Wait(props: { failed: string | null; retry: () => void }) {
  if (!props.failed) return <Skeleton lines={2} label={t('loading')} />;
  return (
    <Note kind="bad" aside={<Button onClick={props.retry}>{t('retry')}</Button>}>
      {props.failed}
    </Note>
  );
}

/* ---- two-step login ---- */

/** A QR code as one path: no library draws, so no style is needed. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const d = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={d} fill="#000" />
    </svg>
  );
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <div class="col col4 narrow">
      <Note kind="ok" title={t('totp_done')}>
        <p class="s13">{t('totp_keep')}</p>
      </Note>
      <ol class="codes mono">
        {codes.map((c) => (
          <li key={c}>{c}</li>
        ))}
      </ol>
      <div class="row gap2">
        <Button
          icon="copy"
          onClick={() =>
            void navigator.clipboard?.writeText(codes.join('\n')).then(
              () => toast(t('copied_it')),
              () => undefined,
            )
          }
        >
          {t('copy_it')}
        </Button>
        <Button kind="main" onClick={onDone}>
          {t('totp_kept')}
        </Button>
      </div>
    </div>
  );
}

export function TotpSection() {
  const [state, load, wrong] = useAsked<{ enabled: boolean; recovery_left: number }>('/me/totp');
  const [password, setPassword] = useState('');
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null);
  const [code, setCode] = useState('');
  const [codes, setCodes] = useState<string[] | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (what: () => Promise<void>) => {
    setBusy(true);
    setErrors({});
    setFailed(null);
    try {
      await what();
    } catch (e) {
      const p = problems(e);
      setErrors(p.errors);
      setFailed(p.other);
    } finally {
      setBusy(false);
    }
  };
  const begin = () =>
    run(async () => {
      setBegun(await api.post('/me/totp', { password }, { quiet401: true }));
      setPassword('');
    });
  const finish = () =>
    run(async () => {
      const done = await api.post<{ recovery_codes: string[] }>('/me/totp', { code: code.trim() });
      setCodes(done.recovery_codes);
      setBegun(null);
      setCode('');
      load();
    });
  const off = () =>
    run(async () => {
      await api.del('/me/totp', { quiet401: true }, { password });
      setPassword('');
      toast(t('totp_is_off'));
      load();
    });
  if (!state) return <Wait failed={wrong} retry={load} />;
  if (codes) return <Codes codes={codes} onDone={() => setCodes(null)} />;
  const passwordField = (
    <Field label={t('set_old')} error={errors.password} hint={t('totp_password')}>
      {(ids) => (
        <Input
          {...ids}
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
        />
      )}
    </Field>
  );
  return (
    <form
      class="col col4 narrow"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        void (state.enabled ? off() : begun ? finish() : begin());
      }}
    >
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      {state.enabled ? (
        <>
          <p class="row gap2">
            <Tag color="green" icon="shield-check">
              {t('totp_on')}
            </Tag>
            <span class="s13 mut">{t('totp_left', { n: state.recovery_left })}</span>
          </p>
          {passwordField}
          <div>
            <Button type="submit" kind="bad-q" busy={busy} disabled={!password}>
              {t('totp_turn_off')}
            </Button>
          </div>
        </>
      ) : begun ? (
        <>
          <p class="s13">{t('totp_scan')}</p>
          <Qr text={begun.uri} label={t('totp_qr')} />
          <p class="s13 mut">
            {t('totp_by_hand')}{' '}
            <code class="mono wrapword">{begun.secret.replace(/(.{4})/g, '$1 ').trim()}</code>
          </p>
          <Field label={t('login_code')} hint={t('login_code_hint')} error={errors.code}>
            {(ids) => (
              <Input
                {...ids}
                value={code}
                onInput={setCode}
                mode="numeric"
                autocomplete="one-time-code"
                max={6}
                autofocus
              />
            )}
          </Field>
          <div class="row gap2">
            <Button type="submit" kind="main" busy={busy} disabled={code.trim().length !== 6}>
              {t('totp_turn_on')}
            </Button>
            <Button onClick={() => setBegun(null)}>{t('set_cancel')}</Button>
          </div>
        </>
      ) : (
        <>
          <p class="s13 mut">{t('totp_what')}</p>
          {passwordField}
          <div>
            <Button type="submit" busy={busy} disabled={!password}>
              {t('totp_begin')}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}

/* ---- sessions ---- */

interface Seen {
  id: string;
  seen_at: string;
  created_at: string;
  addr: string;
  agent: string;
  current: boolean;
}

/** "Chrome, Windows" of a user agent, as far as it says. */
export function device(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /MicroMessenger/.test(agent)
      ? 'WeChat'
      : /Firefox\//.test(agent)
        ? 'Firefox'
        : /Chrome\//.test(agent)
          ? 'Chrome'
          : /Safari\//.test(agent)
            ? 'Safari'
            : '';
  const system = (/(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1] ?? '').replace(
    'Mac OS X',
    'macOS',
  );
  return [browser, system].filter(Boolean).join(', ') || agent.slice(0, 40) || '—';
}

export function SessionsSection() {
  const [data, load, failed] = useAsked<{ sessions: Seen[] }>('/me/sessions');
  const end = async (id: string) => {
    try {
      await api.del(`/me/sessions/${id}`);
      toast(t('ses_ended'));
      load();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  if (!data) return <Wait failed={failed} retry={load} />;
  return (
    <div class="col col4">
      <ul class="mine">
        {data.sessions.map((s) => (
          <li key={s.id}>
            <span class="col col1 grow">
              <span class="row gap2">
                <span class="m cut">{device(s.agent)}</span>
                {s.current ? <Tag color="green">{t('ses_this')}</Tag> : null}
              </span>
              <span class="s12 dim">
                {s.addr} · {ago(s.seen_at)}
              </span>
            </span>
            {s.current ? null : (
              <Button size="s" onClick={() => void end(s.id)}>
                {t('ses_end')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {data.sessions.length > 1 ? (
        <div>
          <Button onClick={() => void end('others')}>{t('ses_end_others')}</Button>
        </div>
      ) : null}
    </div>
  );
}

/* ---- tokens ---- */

interface Token {
  id: string;
  title: string;
  scopes: string[];
  expires: string | null;
  used_at: string | null;
}
const scopeText = (s: string) =>
  s === 'read' ? t('tok_read') : s === 'write' ? t('tok_write') : s.replace('app:', '');

export function TokensSection() {
  const [data, load, wrong] = useAsked<{ tokens: Token[] }>('/me/tokens');
  const [title, setTitle] = useState('');
  const [scope, setScope] = useState<string | null>('read');
  const [days, setDays] = useState<string | null>('90');
  const [addresses, setAddresses] = useState('');
  const [made, setMade] = useState<string | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const make = async () => {
    setErrors({});
    setFailed(null);
    try {
      const r = await api.post<{ token: string }>('/me/tokens', {
        title: title.trim(),
        scopes: [scope ?? 'read'],
        expires: days ? new Date(Date.now() + Number(days) * 864e5).toISOString() : null,
        addresses: addresses.split(/[\s,，]+/).filter(Boolean),
      });
      setMade(r.token);
      setTitle('');
      load();
    } catch (e) {
      const p = problems(e);
      setErrors(p.errors);
      setFailed(p.other);
    }
  };
  const drop = async (k: Token) => {
    if (
      !(await confirm({
        title: t('tok_drop', { title: k.title }),
        body: t('tok_drop_text'),
        ok: t('tok_drop_ok'),
        danger: true,
      }))
    )
      return;
    try {
      await api.del(`/me/tokens/${k.id}`);
      load();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  if (!data) return <Wait failed={wrong} retry={load} />;
  return (
    <div class="col col4">
      {made ? (
        <Note kind="ok" title={t('tok_once')}>
          <code class="mono wrapword">{made}</code>
        </Note>
      ) : null}
      {data.tokens.length ? (
        <ul class="mine">
          {data.tokens.map((k) => (
            <li key={k.id}>
              <span class="col col1 grow">
                <span class="row wrap gap2">
                  <span class="m cut">{k.title}</span>
                  {k.scopes.map((s) => (
                    <Tag key={s} line>
                      {scopeText(s)}
                    </Tag>
                  ))}
                </span>
                <span class="s12 dim">
                  {k.expires ? t('tok_until', { when: moment(k.expires) }) : t('tok_ever')} ·{' '}
                  {k.used_at ? t('tok_used', { when: ago(k.used_at) }) : t('tok_unused')}
                </span>
              </span>
              <Button size="s" onClick={() => void drop(k)}>
                {t('tok_drop_ok')}
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      <form
        class="col col4 narrow"
        noValidate
        onSubmit={(e) => {
          e.preventDefault();
          void make();
        }}
      >
        {failed ? <Note kind="bad">{failed}</Note> : null}
        <Field label={t('tok_title')} error={errors.title} hint={t('tok_title_hint')}>
          {(ids) => <Input {...ids} value={title} onInput={setTitle} max={60} />}
        </Field>
        <Field label={t('tok_scope')} error={errors.scopes}>
          {(ids) => (
            <Select
              {...ids}
              value={scope}
              options={[
                { key: 'read', title: t('tok_read') },
                { key: 'write', title: t('tok_write') },
              ]}
              onChange={setScope}
            />
          )}
        </Field>
        <Field label={t('tok_for')} error={errors.expires}>
          {(ids) => (
            <Select
              {...ids}
              value={days}
              clearable
              placeholder={t('tok_ever')}
              options={['7', '30', '90', '365'].map((n) => ({ key: n, title: t('days_n', { n }) }))}
              onChange={setDays}
            />
          )}
        </Field>
        <Field label={t('tok_addr')} error={errors.addresses} hint={t('tok_addr_hint')}>
          {(ids) => <Input {...ids} value={addresses} onInput={setAddresses} max={500} />}
        </Field>
        <div>
          <Button type="submit">{t('tok_make')}</Button>
        </div>
      </form>
    </div>
  );
}

/* ---- delegation ---- */

interface Delegation {
  to: { id: string; title: string | null } | null;
  from: string | null;
  until: string | null;
  active: boolean;
}
const members = async (q: string): Promise<Option[]> =>
  (
    await api.get<{ members: { id: string; title: string; department?: string }[] }>(
      `/members?limit=50&search=${encodeURIComponent(q)}`,
    )
  ).members
    .filter((m) => m.id !== session.peek()?.me.id)
    .map((m) => ({ key: m.id, title: m.title, sub: m.department }));

export function DelegationSection() {
  const [d, load, wrong] = useAsked<Delegation>('/me/delegation');
  const [to, setTo] = useState<Option[]>([]);
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const save = async () => {
    setErrors({});
    setFailed(null);
    try {
      await api.post('/me/delegation', { to: to[0]?.key ?? null, from: from || null, until });
      toast(t('del_set'));
      load();
    } catch (e) {
      const p = problems(e);
      setErrors(p.errors);
      setFailed(p.other);
    }
  };
  const back = async () => {
    try {
      await api.del('/me/delegation');
      load();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  if (!d) return <Wait failed={wrong} retry={load} />;
  if (d.to)
    return (
      <div class="col col4 narrow">
        <Note
          kind="acc"
          icon="calendar-clock"
          title={t(d.active ? 'del_now' : 'del_then', { who: d.to.title ?? '—' })}
        >
          <p class="s13">
            {moment(d.from!)} – {moment(d.until!)}
          </p>
        </Note>
        <div>
          <Button onClick={() => void back()}>{t('del_end')}</Button>
        </div>
      </div>
    );
  return (
    <form
      class="col col4 narrow"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
    >
      <p class="s13 mut">{t('del_what')}</p>
      {failed ? <Note kind="bad">{failed}</Note> : null}
      <Field label={t('del_to')} error={errors.to}>
        {(ids) => <Combo {...ids} load={members} value={to} onChange={setTo} />}
      </Field>
      <Field label={t('del_from')} error={errors.from}>
        {(ids) => <Input {...ids} type="date" value={from} onInput={setFrom} />}
      </Field>
      <Field label={t('del_until')} error={errors.until} hint={t('del_until_hint')}>
        {(ids) => <Input {...ids} type="date" value={until} onInput={setUntil} />}
      </Field>
      <div>
        <Button type="submit">{t('del_save')}</Button>
      </div>
    </form>
  );
}

/* ---- notices: what one wants to be told ---- */

export function NotifySection() {
  const [data, load, failed] = useAsked<{ kinds: { kind: string; title: string; muted: boolean }[] }>(
    '/me/notify',
  );
  const [here, setHere] = useState(browserNotices());
  const put = async (kind: string, on: boolean) => {
    const muted = data!.kinds.filter((k) => (k.kind === kind ? !on : k.muted)).map((k) => k.kind);
    try {
      await api.put('/me/notify', { muted });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
    load();
  };
  const browser = async (on: boolean) => {
    if (on && (await Notification.requestPermission()) !== 'granted') {
      toast(t('not_denied'), { kind: 'bad' });
      return;
    }
    setBrowserNotices(on);
    setHere(on);
  };
  if (!data) return <Wait failed={failed} retry={load} />;
  return (
    <div class="col col3">
      {data.kinds.map((k) => (
        <Check
          key={k.kind}
          kind="switch"
          checked={!k.muted}
          label={k.title}
          onChange={(on) => void put(k.kind, on)}
        />
      ))}
      {typeof Notification !== 'undefined' ? (
        <Check kind="switch" checked={here} label={t('not_browser')} onChange={(on) => void browser(on)} />
      ) : null}
    </div>
  );
}
