import { api, formPath, query } from '../api/client';
import type { Values } from './values';

/* What was entered and not sent: kept by the server, sealed, for its author alone. It survives a closed tab and another
 * device. Removed on submit. */

export interface Draft {
  at: string;
  values: Values;
  /** of the record when it was begun; null: a new one */
  version: number | null;
}

export interface Place {
  app: string;
  form: string;
  id: string | null;
}

function path(p: Place): string {
  return `${formPath(p.app, p.form)}/draft${query({ record: p.id })}`;
}

export async function readDraft(p: Place): Promise<Draft | null> {
  try {
    return (await api.get<{ draft: Draft | null }>(path(p))).draft;
  } catch {
    return null; // a form can be filled in without it
  }
}

/** When it was kept; null where that failed: the page then does not say that a draft is kept. */
export async function keepDraft(
  p: Place,
  values: Values,
  version: number | undefined,
  last = false,
): Promise<string | null> {
  try {
    const body = { values, version: version ?? null };
    return (await api.put<{ at: string }>(path(p), body, last ? { keepalive: true } : {})).at;
  } catch {
    return null;
  }
}

export async function dropDraft(p: Place): Promise<void> {
  try {
    await api.del(path(p));
  } catch {
    /* it is forgotten after thirty days */
  }
}

/** Earlier versions kept drafts in the browser. */
export function dropAllDrafts(): void {
  try {
    for (const k of Object.keys(localStorage)) if (k.startsWith('mortise.draft.')) localStorage.removeItem(k);
  } catch {
    /* nothing was kept */
  }
}
