import type { Ref } from '../api/types';

/* The shapes of engine/docs/design-json.md and of the people pages. */

export interface AdminApp {
  app: string;
  title: string;
  version: number | null;
  published_at?: string;
  draft?: boolean;
  forms?: number;
}
export interface DraftFile {
  path: string;
  size: number;
  etag: string;
  change?: 'added' | 'changed' | 'removed';
}
export interface Mistake {
  file: string;
  line: number;
  column: number;
  message: string;
}
export interface CheckAnswer {
  errors: Mistake[];
  warnings?: Mistake[];
}
export interface PutAnswer extends CheckAnswer {
  path: string;
  etag: string;
}
export type Kind = 'blocked' | 'destructive' | 'confirm' | 'safe';
export interface Change {
  kind: Kind;
  path: string;
  text: string;
  rows?: number | null;
}
export interface Plan {
  plan_hash: string | null;
  changes: Change[];
  errors: Mistake[];
  data_loss: boolean;
  from: number;
  /** columns of the running version that are still being filled */
  backfill?: { done: number; total: number };
}
export interface Version {
  n: number;
  at: string;
  by: string | null;
  note?: string | null;
}
export interface FileDiff {
  path: string;
  was: string | null;
  is: string | null;
}
export interface DiffAnswer {
  from: number | string;
  to: number | string;
  files: FileDiff[];
}

export interface Member {
  id: string;
  login: string;
  name: string;
  active?: boolean;
  rights: string[];
  roles: string[];
  departments: Ref[];
  manager?: Ref | null;
  organisation?: Ref | null;
  org_admin?: boolean;
  totp?: boolean;
  can_log_in?: boolean;
  invited_until?: string | null;
}
export interface Department {
  id: string;
  title: string;
  parent?: Ref | string | null;
  manager?: Ref | null;
  external?: boolean;
  members?: number;
  organisation?: string | null;
  admins?: Ref[];
}
export interface Role {
  app: string;
  role: string;
  title: string;
  external?: boolean;
}
