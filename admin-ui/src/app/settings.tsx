import { useState } from 'preact/hooks';
import { api, Problem, say, session } from '../api/client';
import { apps, logOut } from '../api/session';
import { Avatar, Button, Field, Icon, Input, Note, Tag, toast, useTitle } from '../kit';
import { DelegationSection, NotifySection, SessionsSection, TokensSection, TotpSection } from './account';
import { LangMenu, ThemeMenu } from './prefs';
import { t } from './text';
import { unread } from './unread';

const MIN_PASSWORD = 10;

function PasswordForm() {
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async () => {
    const bad: Record<string, string> = {};
    if (!old) bad.current = t('setup_need', { what: t('set_old') });
    if ([...next].length < MIN_PASSWORD) bad.password = t('setup_short');
    else if (next !== again) bad.again = t('setup_differ');
    setErrors(bad);
    setFailed(null);
    if (Object.keys(bad).length) return;
    setBusy(true);
    try {
      await api.post('/me/password', { current: old, password: next }, { quiet401: true });
      setOld('');
      setNext('');
      setAgain('');
      toast(t('set_saved'));
    } catch (e) {
      if (e instanceof Problem && e.errors.length)
        setErrors(Object.fromEntries(e.errors.map((x) => [x.field, x.message])));
      else setFailed(say(e));
    } finally {
      setBusy(false);
    }
  };
  const row = (
    key: 'current' | 'password' | 'again',
    label: string,
    value: string,
    set: (v: string) => void,
  ) => (
    <Field label={label} error={errors[key]} hint={key === 'password' ? t('setup_password_hint') : undefined}>
      {(ids) => (
        <Input
          {...ids}
          type="password"
          value={value}
          onInput={set}
          autocomplete={key === 'current' ? 'current-password' : 'new-password'}
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
        save();
      }}
    >
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      {row('current', t('set_old'), old, setOld)}
      {row('password', t('set_new'), next, setNext)}
      {row('again', t('setup_again'), again, setAgain)}
      <div>
        <Button type="submit" busy={busy}>
          {t('set_save')}
        </Button>
      </div>
    </form>
  );
}

/** crm:director as people know it: the app's title and the role. */
function roleText(role: string): string {
  const [app, key] = role.split(':');
  const info = apps.value?.find((a) => a.app === app);
  return info && key ? `${info.title} / ${info.roles?.[key] ?? key}` : role;
}

export function SettingsPage() {
  useTitle(t('settings'));
  const me = session.value?.me;
  if (!me) return null;
  return (
    <>
      <header class="bar bar--line">
        <h1>{t('settings')}</h1>
        <span class="push" />
        <Button size="s" icon="log-out" onClick={() => void logOut()}>
          {t('log_out')}
        </Button>
      </header>
      <div class="scroll">
        <div class="page">
          <div class="row gap3">
            <Avatar id={me.id} name={me.name} size="xl" />
            <div>
              <p class="s16 b">{me.name}</p>
              <p class="s13 dim">{me.login}</p>
            </div>
          </div>
          <a class="tile ph mt4" href="/notices">
            <Icon name="bell" />
            <span class="grow">{t('notices')}</span>
            {unread.value ? <span class="badge badge--hot">{unread.value}</span> : null}
          </a>
          <section class="sec">
            <h2>{t('set_account')}</h2>
            <dl class="facts facts--1">
              <div>
                <dt>{t('set_roles')}</dt>
                <dd class="row wrap gap1">
                  {me.roles.length ? (
                    me.roles.map((r) => <Tag key={r}>{roleText(r)}</Tag>)
                  ) : (
                    <span class="dim">{t('none')}</span>
                  )}
                </dd>
              </div>
              <div>
                <dt>{t('set_depts')}</dt>
                <dd>
                  {me.departments.map((d) => d.title).join('、') || <span class="dim">{t('none')}</span>}
                </dd>
              </div>
            </dl>
          </section>
          <section class="sec">
            <h2>{t('set_look')}</h2>
            <dl class="facts facts--1">
              <div>
                <dt>{t('language')}</dt>
                <dd class="row">
                  <LangMenu />
                  <span class="hint dk">{t('set_lang_hint')}</span>
                </dd>
              </div>
              <div>
                <dt>{t('theme')}</dt>
                <dd>
                  <ThemeMenu />
                </dd>
              </div>
            </dl>
          </section>
          <section class="sec">
            <h2>{t('set_password')}</h2>
            <PasswordForm />
          </section>
          <section class="sec">
            <h2>{t('set_totp')}</h2>
            <TotpSection />
          </section>
          <section class="sec">
            <h2>{t('set_delegation')}</h2>
            <DelegationSection />
          </section>
          <section class="sec">
            <h2>{t('set_notify')}</h2>
            <NotifySection />
          </section>
          <section class="sec">
            <h2>{t('set_sessions')}</h2>
            <SessionsSection />
          </section>
          <section class="sec">
            <h2>{t('set_tokens')}</h2>
            <TokensSection />
          </section>
        </div>
      </div>
    </>
  );
}
