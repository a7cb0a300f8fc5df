import { useEffect, useState } from 'preact/hooks';
import { api, say, session } from '../api/client';
import { apps, setupNeeded } from '../api/session';
import type { Session } from '../api/types';
import { Button, Note, navigate, Skeleton } from '../kit';
import { problems } from './account';
import { Frame, Password } from './login';
import { t } from './text';

/* Pages before one may go on: taking an invitation, and changing a password somebody else made. */

interface Invited {
  name: string;
  login: string;
  organisation: string | null;
}

/** Twice the new password, tested here as the server tests it. */
function useTwice() {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (what: (password: string) => Promise<void>) => {
    setFailed(null);
    if (password !== again) return setErrors({ again: t('setup_differ') });
    setErrors({});
    setBusy(true);
    try {
      await what(password);
    } catch (e) {
      const p = problems(e);
      setErrors(p.errors);
      setFailed(p.other);
    } finally {
      setBusy(false);
    }
  };
  const fields = (
    <>
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      <Password
        label={t('set_new')}
        value={password}
        onInput={setPassword}
        error={errors.password}
        hint={t('setup_password_hint')}
        fresh
      />
      <Password label={t('setup_again')} value={again} onInput={setAgain} error={errors.again} fresh />
    </>
  );
  return { fields, busy, run, errors, setErrors };
}

export function InvitePage({ token }: { token: string }) {
  const [who, setWho] = useState<Invited | null>(null);
  const [bad, setBad] = useState<string | null>(null);
  const twice = useTwice();
  useEffect(() => {
    api.get<Invited>(`/invitations/${token}`, { quiet401: true }).then(setWho, (e) => setBad(say(e)));
  }, [token]);
  const go = () =>
    twice.run(async (password) => {
      session.value = await api.post<Session>(`/invitations/${token}`, { password }, { quiet401: true });
      setupNeeded.value = false;
      apps.value = undefined;
      navigate('/', { replace: true, force: true });
    });
  if (bad)
    return (
      <Frame title={t('inv_bad')} sub={bad} onSubmit={() => navigate('/login', { force: true })}>
        <p class="s13 mut">{t('inv_bad_text')}</p>
        <Button block type="submit">
          {t('inv_login')}
        </Button>
      </Frame>
    );
  if (!who) return <Skeleton title lines={4} label={t('loading')} />;
  return (
    <Frame
      title={t('inv_title', { name: who.name })}
      sub={
        who.organisation
          ? t('inv_sub_org', { login: who.login, org: who.organisation })
          : t('inv_sub', { login: who.login })
      }
      onSubmit={() => void go()}
    >
      {twice.fields}
      <Button kind="main" block type="submit" busy={twice.busy}>
        {t('inv_go')}
      </Button>
    </Frame>
  );
}

export function MustChange() {
  const [old, setOld] = useState('');
  const twice = useTwice();
  const go = () =>
    twice.run(async (password) => {
      await api.post('/me/password', { current: old, password }, { quiet401: true });
      session.value = await api.get<Session>('/session');
      navigate('/', { replace: true, force: true });
    });
  return (
    <Frame title={t('must_title')} sub={t('must_sub')} onSubmit={() => void go()}>
      <Password label={t('set_old')} value={old} onInput={setOld} error={twice.errors.current} />
      {twice.fields}
      <Button kind="main" block type="submit" busy={twice.busy}>
        {t('set_save')}
      </Button>
    </Frame>
  );
}
