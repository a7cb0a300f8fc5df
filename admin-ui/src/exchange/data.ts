import { api, formPath, query } from '../api/client';
import type { FormDef, Ref } from '../api/types';

/* What the server says of files to import, running imports and those of before. */

export interface Column {
  at: number;
  header: string;
  field: string | null;
  by: 'key' | 'title' | 'alike' | 'pinyin' | 'before' | null;
}
export interface Target {
  key: string;
  title: string;
  type: string;
  write: boolean;
  required: boolean;
  unique: boolean;
}
export interface Look {
  columns: Column[];
  fields: Target[];
  rows: string[][];
  total: number;
  sheets: string[];
}
export interface RowError {
  field: string;
  code: string;
  message: string;
}
export interface Job {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  done: number;
  total: number;
  created?: number;
  updated?: number;
  failed?: number;
  dry_run?: boolean;
  errors?: RowError[];
  errors_url?: string;
  rows_url?: string;
}
export interface Past extends Omit<Job, 'errors'> {
  app: string;
  form: string;
  name: string | null;
  mode: Mode;
  at: string;
  finished_at: string | null;
  undone_at?: string;
  by: Ref | null;
}
export type Mode = 'insert' | 'update' | 'upsert';
export interface Plan {
  mapping: Record<string, string>;
  mode: Mode;
  key: string;
  sheet: string;
}
export interface Undone {
  undone?: number;
  kept?: number;
  job?: string;
}

export const ended = (j: { state: string }) => j.state === 'done' || j.state === 'failed';

/** Fields by the titles of the reader's language. */
export async function look(def: FormDef, file: File, sheet: string): Promise<Look> {
  const body = new FormData();
  if (sheet) body.append('sheet', sheet);
  body.append('file', file, file.name);
  const l = await api.post<Look>(`${formPath(def.app, def.form)}/import?preview=1`, undefined, { raw: body });
  for (const f of l.fields) {
    const [head, tail] = f.key.split('.');
    const field = def.fields.find((x) => x.key === head);
    const sub = tail ? field?.fields?.find((x) => x.key === tail) : null;
    if (field && (sub || !tail)) f.title = sub ? `${field.title}.${sub.title}` : field.title;
  }
  return l;
}

export async function start(
  app: string,
  form: string,
  file: File,
  plan: Plan,
  dry: boolean,
): Promise<string> {
  const body = new FormData();
  body.append('mode', plan.mode);
  body.append('mapping', JSON.stringify(plan.mapping));
  if (plan.mode !== 'insert') body.append('key', plan.key);
  if (plan.sheet) body.append('sheet', plan.sheet);
  if (dry) body.append('dry_run', 'true');
  body.append('file', file, file.name);
  return (await api.post<{ job: string }>(`${formPath(app, form)}/import`, undefined, { raw: body })).job;
}

/** Asks until the job has ended; `alive` false stops asking. */
export async function follow(id: string, told: (j: Job) => void, alive: () => boolean): Promise<Job> {
  for (let ms = 250; ; ms = Math.min(1500, ms * 1.3)) {
    const j = await api.get<Job>(`/jobs/${id}`);
    if (alive()) told(j);
    if (ended(j) || !alive()) return j;
    await new Promise((ok) => setTimeout(ok, ms));
  }
}

export const allErrors = async (j: Job) =>
  j.errors_url ? (await api.get<{ errors: RowError[] }>(j.errors_url.replace('/api/v1', ''))).errors : [];

export const past = (app: string, form: string, after: string | null) =>
  api.get<{ imports: Past[]; next: string | null }>(`/imports${query({ app, form, after, limit: 20 })}`);

export const undo = (id: string) => api.post<Undone>(`/imports/${id}/undo`, {});
