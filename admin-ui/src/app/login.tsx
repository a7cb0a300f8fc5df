import './login.css';
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { boot, Problem, say } from '../api/client';
import { logIn, setUp } from '../api/session';
import { Button, Field, IconButton, Input, Logo, Note, navigate, params } from '../kit';
import { LangMenu, ThemeMenu } from './prefs';
import { t } from './text';

function Joint() {
  return (
    <svg class="joint" viewBox="0 0 560 420" aria-hidden="true">
      <clipPath id="mo">
        <path d="M186 219 246 189 246 137 186 167Z" />
      </clipPath>
      <path class="j-a1" d="M36 98 176 28 286 83 146 153Z" />
      <path class="j-a2" d="M36 218 36 98 146 153 146 273Z" />
      <path class="j-a3" d="M146 273 146 153 286 83 286 203Z" />
      <g clip-path="url(#mo)">
        <path class="j-m" d="M186 219 246 189 246 137 186 167Z" />
        <path class="j-m2" d="M196 164 246 189 246 137 196 112Z" />
        <path class="j-m3" d="M136 194 186 219 246 189 196 164Z" />
      </g>
      <path class="j-d" d="M246 137 312 170" />
      <path class="j-d" d="M246 189 312 222" />
      <path class="j-c1" d="M252 200 312 170 398 213 338 243Z" />
      <path class="j-c2" d="M252 252 252 200 338 243 338 295Z" />
      <path class="j-c3" d="M338 295 338 243 398 213 398 265Z" />
      <path class="j-d" d="M186 167 252 200" />
      <path class="j-d" d="M186 219 252 252" />
      <path class="j-b1" d="M298 229 438 159 548 214 408 284Z" />
      <path class="j-b2" d="M298 349 298 229 408 284 408 404Z" />
      <path class="j-b3" d="M408 404 408 284 548 214 548 334Z" />
    </svg>
  );
}

export function Frame(props: {
  title: string;
  sub: string;
  children: ComponentChildren;
  onSubmit: () => void;
}) {
  const name = boot.name ?? t('product');
  return (
    <div class="login">
      <aside class="lhero">
        <div class="row gap3">
          <span class="biglogo">
            <Logo />
          </span>
          <span class="s16 b">{name}</span>
        </div>
        <Joint />
        <div>
          <p class="lh">{t('slogan')}</p>
          <p class="mut mt1">{t('slogan_sub')}</p>
        </div>
      </aside>
      <main class="lmain" id="main">
        <form
          class="lform"
          noValidate
          onSubmit={(e) => {
            e.preventDefault();
            props.onSubmit();
          }}
        >
          <div class="ph row gap3 lbrand">
            <span class="biglogo">
              <Logo />
            </span>
            <span class="b">{name}</span>
          </div>
          <header>
            <h1>{props.title}</h1>
            <p>{props.sub}</p>
          </header>
          {props.children}
        </form>
        <footer class="lfoot">
          <LangMenu />
          <ThemeMenu />
        </footer>
      </main>
    </div>
  );
}

export function Password(props: {
  label: string;
  value: string;
  onInput: (v: string) => void;
  error?: string | null;
  hint?: string;
  fresh?: boolean;
}) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={props.label} error={props.error} hint={props.hint}>
      {(ids) => (
        <div class={`input${ids.invalid ? ' input--bad' : ''}`}>
          <input
            id={ids.id}
            {...({ type: shown ? 'text' : 'password' } as { type: 'password' })}
            autocomplete={props.fresh ? 'new-password' : 'current-password'}
            value={props.value}
            aria-invalid={ids.invalid ? 'true' : undefined}
            aria-describedby={ids.describedby}
            onInput={(e) => props.onInput(e.currentTarget.value)}
          />
          <IconButton
            small
            icon={shown ? 'eye-off' : 'eye'}
            label={t(shown ? 'hide_password' : 'show_password')}
            pressed={shown}
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}

/** Where one comes from: only addresses of these pages are followed. */
function comeFrom(): string {
  const to = params.peek().get('to') ?? '/';
  return /^\/(?![/\\])/.test(to) && !to.startsWith('/login') ? to : '/';
}

/** After logging in: where one wanted to go. */
export function goOn(): void {
  const to = comeFrom();
  if (to.startsWith('/admin')) location.assign(to);
  else navigate(to, { replace: true, force: true });
}

export function Login() {
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [needCode, setNeedCode] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const codeRef = useRef<HTMLInputElement>(null);
  const go = async () => {
    if (!login.trim() || !password) {
      setError(t('login_missing'));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await logIn(login.trim(), password, code.trim() || undefined); // App goes on
    } catch (e) {
      if (e instanceof Problem && (e.code === 'code_required' || e.code === 'totp_required')) {
        setNeedCode(true);
        requestAnimationFrame(() => codeRef.current?.focus());
      } else setError(say(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Frame title={t('login_title')} sub={t('login_sub')} onSubmit={go}>
      <Field label={t('login_name')}>
        {(ids) => <Input {...ids} value={login} onInput={setLogin} autocomplete="username" autofocus />}
      </Field>
      <Password label={t('password')} value={password} onInput={setPassword} error={error} />
      {needCode ? (
        <Field label={t('login_code')} hint={t('login_code_hint')}>
          {(ids) => (
            <Input
              {...ids}
              inputRef={codeRef}
              value={code}
              onInput={setCode}
              mode="numeric"
              autocomplete="one-time-code"
              max={6}
            />
          )}
        </Field>
      ) : null}
      <Button kind="main" block type="submit" busy={busy}>
        {t('login_go')}
      </Button>
    </Frame>
  );
}

const MIN_PASSWORD = 10;

export function Setup() {
  const [name, setName] = useState('');
  const [login, setLogin] = useState('admin');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const check = (): Record<string, string> => {
    const bad: Record<string, string> = {};
    if (!name.trim()) bad.name = t('setup_need', { what: t('setup_name') });
    if (!login.trim()) bad.login = t('setup_need', { what: t('setup_login') });
    if ([...password].length < MIN_PASSWORD) bad.password = t('setup_short');
    else if (password !== again) bad.again = t('setup_differ');
    return bad;
  };
  const go = async () => {
    const bad = check();
    setErrors(bad);
    setFailed(null);
    if (Object.keys(bad).length) {
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setBusy(true);
    try {
      await setUp(name.trim(), login.trim(), password);
      navigate('/', { replace: true, force: true });
    } catch (e) {
      if (e instanceof Problem && e.errors.length)
        setErrors(Object.fromEntries(e.errors.map((x) => [x.field, x.message])));
      else setFailed(say(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Frame title={t('setup_title')} sub={t('setup_sub')} onSubmit={go}>
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      <Field label={t('setup_name')} error={errors.name}>
        {(ids) => <Input {...ids} value={name} onInput={setName} autocomplete="name" autofocus />}
      </Field>
      <Field label={t('setup_login')} error={errors.login} hint={t('setup_login_hint')}>
        {(ids) => <Input {...ids} value={login} onInput={setLogin} autocomplete="username" />}
      </Field>
      <Password
        label={t('password')}
        value={password}
        onInput={setPassword}
        error={errors.password}
        hint={t('setup_password_hint')}
        fresh
      />
      <Password label={t('setup_again')} value={again} onInput={setAgain} error={errors.again} fresh />
      <Button kind="main" block type="submit" busy={busy}>
        {t('setup_go')}
      </Button>
    </Frame>
  );
}
