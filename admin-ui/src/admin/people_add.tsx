import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { hasRight } from '../api/session';
import { Button, Dialog, Field, IconButton, Input, Note, toast } from '../kit';
import {
  DepartmentsField,
  LoginField,
  ManagerField,
  NameField,
  RightsField,
  RolesField,
  useMember,
} from './people_fields';
import { PASSWORD_MIN, RIGHTS, randomPassword, useProblems, type World } from './people_kit';
import { t } from './text';
import type { Department, Member } from './types';

/* A new member. */

export function AddMember(props: {
  w: World;
  into: Department | null;
  onClose: () => void;
  onDone: (m: Member) => void;
}) {
  const { w } = props;
  const p = useProblems();
  const of = useMember(w, p, null, props.into);
  const { name, login, departments, roles, manager, rights } = of.value;
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async () => {
    const missing: Record<string, string> = {};
    if (!name.trim()) missing.name = t('m_missing', { what: t('m_name') });
    if (!login.trim()) missing.login = t('m_missing', { what: t('m_login') });
    if (password && password.length < PASSWORD_MIN) missing.password = t('m_password_hint');
    p.setErrors(missing);
    if (Object.keys(missing).length || busy) return;
    setBusy(true);
    p.clear();
    try {
      const m = await api.post<Member>('/admin/members', {
        name: name.trim(),
        login: login.trim(),
        password,
        departments: departments.map((d) => d.key),
        roles: roles.map((r) => r.key),
        rights: [...rights],
        ...(manager ? { manager } : {}),
      });
      props.onDone(m);
    } catch (e) {
      p.take(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('add_member')}
      onClose={props.onClose}
      onSubmit={() => void save()}
      footer={
        <>
          <Button onClick={props.onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" busy={busy}>
            {t('m_go')}
          </Button>
        </>
      }
    >
      <div class="col col4">
        {p.other ? <Note kind="bad" title={p.other} role="alert" /> : null}
        <NameField of={of} autofocus />
        <LoginField of={of} hint={t('m_login_hint')} />
        <Field label={t('m_password')} hint={t('m_password_or')} error={p.errors.password}>
          {(ids) => (
            <span class="row">
              <Input
                {...ids}
                value={password}
                onInput={p.typed('password', setPassword)}
                max={200}
                class="mono"
                autocomplete="new-password"
              />
              <IconButton
                icon="refresh-cw"
                label={t('m_generate')}
                onClick={() => {
                  p.typed('password', setPassword)(randomPassword());
                  toast(t('copied'), { kind: 'info' });
                }}
              />
            </span>
          )}
        </Field>
        <RolesField of={of} />
        <DepartmentsField of={of} />
        <ManagerField of={of} />
        {RIGHTS.some((r) => hasRight(r)) ? <RightsField of={of} /> : null}
      </div>
    </Dialog>
  );
}
