import { useEffect, useState } from 'preact/hooks';
import { lang } from '../i18n';
import { api, boot, formPath } from './client';
import type { FormDef } from './types';

/* Definitions of forms as the caller sees them, read once a language and again when the server says so. */

const cache = new Map<string, Promise<FormDef>>();
if (boot.form && (boot.lang ?? 'zh-CN') === lang.peek())
  cache.set(`${lang.peek()}/${boot.form.app}/${boot.form.form}`, Promise.resolve(boot.form));

export function loadForm(app: string, form: string): Promise<FormDef> {
  const key = `${lang.peek()}/${app}/${form}`;
  let got = cache.get(key);
  if (!got) {
    got = api.get<FormDef>(formPath(app, form));
    cache.set(key, got);
    got.catch(() => cache.delete(key));
  }
  return got;
}

/** Forgets one form, or all: after a publish, a 409 of a changed definition, a change of session. */
export function forgetForms(app?: string, form?: string): void {
  for (const key of [...cache.keys()]) if (!app || key.endsWith(`/${app}/${form}`)) cache.delete(key);
}

export type Loaded<T> = { state: 'loading' } | { state: 'ok'; data: T } | { state: 'failed'; error: unknown };

/** The definition, following the language. */
export function useForm(app: string, form: string): Loaded<FormDef> {
  const [got, set] = useState<Loaded<FormDef>>({ state: 'loading' });
  const l = lang.value;
  useEffect(() => {
    let live = true;
    loadForm(app, form)
      .then((data) => live && set({ state: 'ok', data }))
      .catch((error) => live && set({ state: 'failed', error }));
    return () => {
      live = false;
    };
  }, [app, form, l]);
  return got;
}
