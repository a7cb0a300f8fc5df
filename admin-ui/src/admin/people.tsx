import { useEffect, useState } from 'preact/hooks';
import { api, Problem, say } from '../api/client';
import { hasRight } from '../api/session';
import { lang } from '../i18n';
import {
  Avatar,
  Button,
  Check,
  Combo,
  Dialog,
  Empty,
  Field,
  IconButton,
  Input,
  Note,
  type Option,
  params,
  SearchBox,
  Select,
  Skeleton,
  setParams,
  Tabs,
  Tag,
  toast,
} from '../kit';
import { t } from './text';
import type { Department, Member, Role } from './types';

/* /admin/people: members with their roles and departments; new ones of both. */

const RIGHTS = ['design', 'people', 'operate'] as const;
const PASSWORD_MIN = 10;
// no signs that are read for one another
const SIGNS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

function randomPassword(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(14)), (n) => SIGNS[n % SIGNS.length]).join('');
}

interface World {
  members: Member[];
  departments: Department[];
  roles: Role[];
}

const roleTitle = (w: World, key: string) => {
  const r = w.roles.find((x) => `${x.app}:${x.role}` === key);
  return r?.title ?? key;
};

function Members({ w, q }: { w: World; q: string }) {
  const needle = q.trim().toLowerCase();
  const rows = w.members.filter((m) => !needle || `${m.name} ${m.login}`.toLowerCase().includes(needle));
  if (!rows.length) return <Empty icon="users" title={t('m_none')} />;
  return (
    <ul class="plist">
      {rows.map((m) => (
        <li key={m.id}>
          <Avatar id={m.id} name={m.name} size="l" />
          <span class="col col1 pl-n">
            <span class="row gap1">
              <span class="m cut">{m.name}</span>
              {m.active === false ? <Tag>{t('m_inactive')}</Tag> : null}
            </span>
            <span class="s12 dim mono cut">{m.login}</span>
          </span>
          <span class="pl-d s13 mut">
            {m.departments.map((d) => d.title).join(lang.value === 'zh-CN' ? '、' : ', ') || '—'}
          </span>
          <span class="row wrap gap1 pl-r">
            {m.roles.map((r) => (
              <Tag key={r} line>
                {roleTitle(w, r)}
              </Tag>
            ))}
            {m.rights.map((r) => (
              <Tag key={r} color="indigo">
                {t(`right_${r}` as 'right_design')}
              </Tag>
            ))}
            {!m.roles.length && !m.rights.length ? <span class="s12 dim">{t('m_no_roles')}</span> : null}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Departments({ w, q }: { w: World; q: string }) {
  const needle = q.trim().toLowerCase();
  const parentOf = (d: Department) => (typeof d.parent === 'object' ? d.parent?.id : d.parent) ?? null;
  const level = (d: Department): number => {
    let n = 0;
    for (let p = parentOf(d); p && n < 8; n++) {
      const up = w.departments.find((x) => x.id === p);
      p = up ? parentOf(up) : null;
    }
    return n;
  };
  const order: Department[] = [];
  const walk = (parent: string | null) => {
    for (const d of w.departments)
      if (parentOf(d) === parent && !order.includes(d)) {
        order.push(d);
        walk(d.id);
      }
  };
  walk(null);
  for (const d of w.departments) if (!order.includes(d)) order.push(d);
  const rows = order.filter((d) => !needle || d.title.toLowerCase().includes(needle));
  if (!rows.length) return <Empty icon="network" title={t('d_none')} text={t('d_none_text')} />;
  return (
    <ul class="plist">
      {rows.map((d) => {
        const n = w.members.filter((m) => m.departments.some((x) => x.id === d.id)).length;
        return (
          <li key={d.id} class={`pl-l${Math.min(4, level(d))}`}>
            <Avatar id={d.id} name={d.title} square />
            <span class="m cut pl-n">{d.title}</span>
            <span class="pl-d s13 mut">{t('members_n', { n })}</span>
            <span class="pl-r s13 mut">{d.manager?.title ?? ''}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** The server's refusals, field by field; the rest as one sentence. */
function useProblems() {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [other, setOther] = useState<string | null>(null);
  const take = (e: unknown) => {
    const list = e instanceof Problem ? e.errors : [];
    setErrors(Object.fromEntries(list.map((x) => [x.field, x.message])));
    setOther(list.length ? null : say(e));
  };
  const clear = () => {
    setErrors({});
    setOther(null);
  };
  /** A field that is typed in is no longer wrong. */
  const typed =
    <T,>(field: string, set: (v: T) => void) =>
    (v: T) => {
      set(v);
      if (errors[field]) setErrors(Object.fromEntries(Object.entries(errors).filter(([k]) => k !== field)));
    };
  return { errors, other, take, clear, typed, setErrors };
}

const optionsOf = (all: Department[]): Option[] => all.map((d) => ({ key: d.id, title: d.title }));

function AddMember(props: { w: World; onClose: () => void; onDone: (m: Member) => void }) {
  const { w } = props;
  const [name, setName] = useState('');
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [departments, setDepartments] = useState<Option[]>([]);
  const [roles, setRoles] = useState<Option[]>([]);
  const [manager, setManager] = useState<string | null>(null);
  const [rights, setRights] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const p = useProblems();
  const save = async () => {
    const missing: Record<string, string> = {};
    if (!name.trim()) missing.name = t('m_missing', { what: t('m_name') });
    if (!login.trim()) missing.login = t('m_missing', { what: t('m_login') });
    if (password.length < PASSWORD_MIN) missing.password = t('m_password_hint');
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
  const roleOptions = w.roles.map((r) => ({
    key: `${r.app}:${r.role}`,
    title: r.title,
    sub: r.external ? `${r.app} ${t('m_external')}` : r.app,
  }));
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
        <Field label={t('m_password')} hint={t('m_password_hint')} error={p.errors.password} required>
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
          {(ids) => <Combo {...ids} multi options={roleOptions} value={roles} onChange={setRoles} />}
        </Field>
        <Field label={t('m_departments')} error={p.errors.departments}>
          {(ids) => (
            <Combo
              {...ids}
              multi
              options={optionsOf(w.departments)}
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
              options={w.members.map((m) => ({ key: m.id, title: m.name, sub: m.login }))}
              onChange={setManager}
            />
          )}
        </Field>
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
      </div>
    </Dialog>
  );
}

function AddDepartment(props: { w: World; onClose: () => void; onDone: (d: Department) => void }) {
  const { w } = props;
  const [name, setName] = useState('');
  const [parent, setParent] = useState<string | null>(null);
  const [manager, setManager] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const p = useProblems();
  const save = async () => {
    if (!name.trim()) return p.setErrors({ name: t('m_missing', { what: t('d_name') }) });
    setBusy(true);
    p.clear();
    try {
      props.onDone(
        await api.post<Department>('/admin/departments', {
          name: name.trim(),
          ...(parent ? { parent } : {}),
          ...(manager ? { manager } : {}),
        }),
      );
    } catch (e) {
      p.take(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t('add_department')}
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
        <Field label={t('d_name')} error={p.errors.name} required>
          {(ids) => <Input {...ids} value={name} onInput={p.typed('name', setName)} max={60} autofocus />}
        </Field>
        <Field label={t('d_parent')} error={p.errors.parent}>
          {(ids) => (
            <Select
              {...ids}
              clearable
              value={parent}
              options={optionsOf(w.departments)}
              onChange={setParent}
            />
          )}
        </Field>
        <Field label={t('d_manager')} error={p.errors.manager}>
          {(ids) => (
            <Select
              {...ids}
              clearable
              value={manager}
              options={w.members.map((m) => ({ key: m.id, title: m.name, sub: m.login }))}
              onChange={setManager}
            />
          )}
        </Field>
      </div>
    </Dialog>
  );
}

export function PeoplePage() {
  const [w, setW] = useState<World | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [q, setQ] = useState('');
  const [adding, setAdding] = useState<'member' | 'department' | null>(null);
  const l = lang.value;
  const tab = params.value.get('tab') === 'departments' ? 'departments' : 'members';
  const load = async () => {
    setFailed(null);
    try {
      const [m, d, r] = await Promise.all([
        api.get<{ members: Member[] }>('/admin/members'),
        api.get<{ departments: Department[] }>('/admin/departments'),
        api.get<{ roles: Role[] }>('/admin/roles'),
      ]);
      setW({ members: m.members, departments: d.departments, roles: r.roles });
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => void load(), [l]);
  const members = tab === 'members';
  return (
    <>
      <header class="bar">
        <h1>{t('people')}</h1>
        <span class="push" />
        <SearchBox value={q} onInput={setQ} label={t('find_member')} hotkey class="dk" />
        <Button
          kind="main"
          size="s"
          icon="plus"
          disabled={!w}
          onClick={() => setAdding(members ? 'member' : 'department')}
        >
          {t(members ? 'add_member' : 'add_department')}
        </Button>
      </header>
      <Tabs
        label={t('people')}
        value={tab}
        items={[
          { key: 'members', title: t('members'), count: w?.members.length ?? null },
          { key: 'departments', title: t('departments'), count: w?.departments.length ?? null },
        ]}
        onChange={(k) => setParams({ tab: k === 'members' ? null : k })}
      />
      {failed ? (
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button onClick={() => void load()}>{t('retry')}</Button>
        </Empty>
      ) : !w ? (
        <Skeleton lines={9} label={t('loading')} />
      ) : (
        <div class="scroll">{members ? <Members w={w} q={q} /> : <Departments w={w} q={q} />}</div>
      )}
      {w && adding === 'member' ? (
        <AddMember
          w={w}
          onClose={() => setAdding(null)}
          onDone={(m) => {
            setAdding(null);
            toast(t('m_added', { name: m.name }));
            void load();
          }}
        />
      ) : null}
      {w && adding === 'department' ? (
        <AddDepartment
          w={w}
          onClose={() => setAdding(null)}
          onDone={(d) => {
            setAdding(null);
            toast(t('d_added', { name: d.title }));
            void load();
          }}
        />
      ) : null}
    </>
  );
}
