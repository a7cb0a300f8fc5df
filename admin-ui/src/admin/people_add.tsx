import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { hasRight } from '../api/session';
import {
  Button,
  Check,
  Combo,
  Dialog,
  Field,
  IconButton,
  Input,
  Note,
  type Option,
  Select,
  toast,
} from '../kit';
import {
  departmentOptions,
  memberOptions,
  PASSWORD_MIN,
  RIGHTS,
  randomPassword,
  roleOptions,
  useProblems,
  type World,
} from './people_kit';
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
  const [name, setName] = useState('');
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [departments, setDepartments] = useState<Option[]>(
    props.into ? [{ key: props.into.id, title: props.into.title }] : [],
  );
  const [roles, setRoles] = useState<Option[]>([]);
  const [manager, setManager] = useState<string | null>(null);
  const [rights, setRights] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const p = useProblems();
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
        <Field label={t('m_name')} error={p.errors.name} required>
          {(ids) => <Input {...ids} value={name} onInput={p.typed('name', setName)} max={60} autofocus />}
        </Field>
        <Field label={t('m_login')} hint={t('m_login_hint')} error={p.errors.login} required>
          {(ids) => <Input {...ids} value={login} onInput={p.typed('login', setLogin)} max={60} />}
        </Field>
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
        <Field label={t('m_roles')} error={p.errors.roles}>
          {(ids) => <Combo {...ids} multi options={roleOptions(w)} value={roles} onChange={setRoles} />}
        </Field>
        <Field label={t('m_departments')} error={p.errors.departments}>
          {(ids) => (
            <Combo
              {...ids}
              multi
              options={departmentOptions(w.departments)}
              value={departments}
              onChange={setDepartments}
            />
          )}
        </Field>
        <Field label={t('m_manager')} error={p.errors.manager}>
          {(ids) => (
            <Select
              {...ids}
              clearable
              value={manager}
              options={memberOptions(w.members)}
              onChange={setManager}
            />
          )}
        </Field>
        {RIGHTS.some((r) => hasRight(r)) ? (
          <fieldset class="field">
            <legend class="label">{t('m_rights')}</legend>
            <div class="row wrap gap4">
              {RIGHTS.filter((r) => hasRight(r)).map((r) => (
                <Check
                  key={r}
                  checked={rights.has(r)}
                  label={t(`right_${r}`)}
                  onChange={(on) => {
                    const next = new Set(rights);
                    if (on) next.add(r);
                    else next.delete(r);
                    setRights(next);
                  }}
                />
              ))}
            </div>
          </fieldset>
        ) : null}
      </div>
    </Dialog>
  );
}
