import { useState } from 'preact/hooks';
import { Problem, say } from '../api/client';
import type { Option } from '../kit';
import { t } from './text';
import type { Department, Member, Role } from './types';

/* What the people pages share: the lists they work on, the tree, refusals by field. */

export const RIGHTS = ['design', 'people', 'operate'] as const;
export const PASSWORD_MIN = 10;
// no signs that are read for one another
const SIGNS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export function randomPassword(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(14)), (n) => SIGNS[n % SIGNS.length]).join('');
}

export interface World {
  members: Member[];
  departments: Department[];
  roles: Role[];
}

export const roleTitle = (w: World, key: string) => {
  const r = w.roles.find((x) => `${x.app}:${x.role}` === key);
  return r?.title ?? key;
};

export const parentOf = (d: Department) => (typeof d.parent === 'object' ? d.parent?.id : d.parent) ?? null;

/** Departments in the order of the tree, with how deep each lies. */
export function treeOf(all: Department[]): { d: Department; level: number }[] {
  const out: { d: Department; level: number }[] = [];
  const seen = new Set<string>();
  const walk = (parent: string | null, level: number) => {
    for (const d of all)
      if (parentOf(d) === parent && !seen.has(d.id)) {
        seen.add(d.id);
        out.push({ d, level });
        walk(d.id, level + 1);
      }
  };
  walk(null, 0);
  for (const d of all) if (!seen.has(d.id)) out.push({ d, level: 0 });
  return out;
}

export function below(all: Department[], id: string): Set<string> {
  const out = new Set([id]);
  for (const { d } of treeOf(all)) if (out.has(parentOf(d) ?? '')) out.add(d.id);
  return out;
}

export const departmentOptions = (all: Department[]): Option[] =>
  treeOf(all).map(({ d, level }) => ({ key: d.id, title: `${'　'.repeat(Math.min(level, 6))}${d.title}` }));

export const roleOptions = (w: World): Option[] =>
  w.roles.map((r) => ({
    key: `${r.app}:${r.role}`,
    title: r.title,
    sub: r.external ? `${r.app} ${t('m_external')}` : r.app,
  }));

export const memberOptions = (all: Member[]): Option[] =>
  all.filter((m) => m.active !== false).map((m) => ({ key: m.id, title: m.name, sub: m.login }));

/** The server's refusals, field by field; the rest as one sentence. */
export function useProblems() {
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
    <T>(field: string, set: (v: T) => void) =>
    (v: T) => {
      set(v);
      if (errors[field]) setErrors(Object.fromEntries(Object.entries(errors).filter(([k]) => k !== field)));
    };
  return { errors, other, take, clear, typed, setErrors };
}
