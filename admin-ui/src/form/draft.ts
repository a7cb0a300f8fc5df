import type { Values } from './values';

/* What was entered and not sent, in this browser, by member and form. Removed on submit and on signing out. */

const PREFIX = 'mortise.draft.';

export interface Draft {
  at: string;
  values: Values;
  version?: number | undefined;
}

function key(member: string, app: string, form: string, id: string | null): string {
  return `${PREFIX}${member}.${app}/${form}/${id ?? 'new'}`;
}

export function readDraft(member: string, app: string, form: string, id: string | null): Draft | null {
  try {
    const text = localStorage.getItem(key(member, app, form, id));
    return text ? (JSON.parse(text) as Draft) : null;
  } catch {
    return null;
  }
}

/** False where the storage is full or forbidden: the page then does not say that a draft is kept. */
export function keepDraft(
  member: string,
  app: string,
  form: string,
  id: string | null,
  draft: Draft,
): boolean {
  try {
    localStorage.setItem(key(member, app, form, id), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(member: string, app: string, form: string, id: string | null): void {
  try {
    localStorage.removeItem(key(member, app, form, id));
  } catch {
    /* nothing was kept */
  }
}

export function dropAllDrafts(): void {
  try {
    for (const k of Object.keys(localStorage)) if (k.startsWith(PREFIX)) localStorage.removeItem(k);
  } catch {
    /* nothing was kept */
  }
}
