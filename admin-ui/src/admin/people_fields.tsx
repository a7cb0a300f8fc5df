import { useState } from 'preact/hooks';
import { hasRight } from '../api/session';
import { Check, Combo, Field, Input, type Option, Select } from '../kit';
import {
  departmentOptions,
  memberOptions,
  RIGHTS,
  roleOptions,
  type useProblems,
  type World,
} from './people_kit';
import { t } from './text';
import type { Department, Member } from './types';

/* What a member is, field by field: the same when he is added and when he is changed. */

interface Draft {
  name: string;
  login: string;
  departments: Option[];
  roles: Option[];
  manager: string | null;
  rights: ReadonlySet<string>;
}

const fromMember = (w: World, m: Member): Draft => ({
  name: m.name,
  login: m.login,
  departments: m.departments.map((d) => ({ key: d.id, title: d.title ?? '—' })),
  roles: m.roles.map((k) => roleOptions(w).find((o) => o.key === k) ?? { key: k, title: k }),
  manager: m.manager?.id ?? null,
  rights: new Set(m.rights),
});

const empty = (into: Department | null): Draft => ({
  name: '',
  login: '',
  departments: into ? [{ key: into.id, title: into.title }] : [],
  roles: [],
  manager: null,
  rights: new Set(),
});

/** The fields' values; `put(field)` sets one and takes its refusal away. */
export function useMember(
  w: World,
  p: ReturnType<typeof useProblems>,
  m: Member | null,
  into: Department | null = null,
) {
  const [value, set] = useState(() => (m ? fromMember(w, m) : empty(into)));
  const put = <K extends keyof Draft>(field: K) =>
    p.typed(field, (v: Draft[K]) => set((was) => ({ ...was, [field]: v })));
  return { w, p, m, value, put };
}

interface Props {
  of: ReturnType<typeof useMember>;
}

export const NameField = ({ of, autofocus = false }: Props & { autofocus?: boolean }) => (
  <Field label={t('m_name')} error={of.p.errors.name} required>
    {(ids) => (
      <Input {...ids} value={of.value.name} onInput={of.put('name')} max={120} autofocus={autofocus} />
    )}
  </Field>
);

export const LoginField = ({ of, hint }: Props & { hint?: string }) => (
  <Field label={t('m_login')} hint={hint} error={of.p.errors.login} required>
    {(ids) => <Input {...ids} value={of.value.login} onInput={of.put('login')} max={64} />}
  </Field>
);

export const DepartmentsField = ({ of }: Props) => (
  <Field label={t('m_departments')} error={of.p.errors.departments}>
    {(ids) => (
      <Combo
        {...ids}
        multi
        options={departmentOptions(of.w.departments)}
        value={of.value.departments}
        onChange={of.put('departments')}
      />
    )}
  </Field>
);

export const RolesField = ({ of }: Props) => (
  <Field label={t('m_roles')} error={of.p.errors.roles}>
    {(ids) => (
      <Combo {...ids} multi options={roleOptions(of.w)} value={of.value.roles} onChange={of.put('roles')} />
    )}
  </Field>
);

/** A manager is not the member himself, and of the same organisation. */
export const ManagerField = ({ of }: Props) => (
  <Field label={t('m_manager')} error={of.p.errors.manager}>
    {(ids) => (
      <Select
        {...ids}
        clearable
        value={of.value.manager}
        options={memberOptions(
          of.m
            ? of.w.members.filter((x) => x.id !== of.m?.id && x.organisation?.id === of.m?.organisation?.id)
            : of.w.members,
        )}
        onChange={of.put('manager')}
      />
    )}
  </Field>
);

/** Rights one does not have oneself are shown, but not given. */
export const RightsField = ({ of }: Props) => (
  <Field label={t('m_rights')} error={of.p.errors.rights}>
    {() => (
      <div class="row wrap gap4">
        {RIGHTS.map((r) => (
          <Check
            key={r}
            checked={of.value.rights.has(r)}
            disabled={!hasRight(r)}
            label={t(`right_${r}`)}
            onChange={(on) => {
              const next = new Set(of.value.rights);
              if (on) next.add(r);
              else next.delete(r);
              of.put('rights')(next);
            }}
          />
        ))}
      </div>
    )}
  </Field>
);
