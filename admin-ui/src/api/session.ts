import { signal } from '@preact/signals';
import { dropAllDrafts } from '../form/draft';
import { api, boot, session } from './client';
import { forgetForms } from './forms';
import type { AppInfo, Session } from './types';

/** The apps of the caller; undefined until asked. */
export const apps = signal<AppInfo[] | undefined>(boot.apps);
/** True while the server has no member at all. */
export const setupNeeded = signal<boolean>(boot.setup ?? false);

/** Asks who is logged in when the first HTML did not say. */
export async function loadSession(): Promise<void> {
  if (session.peek() !== undefined) return;
  try {
    session.value = await api.get<Session>('/session', { quiet401: true });
  } catch {
    session.value = null;
    try {
      setupNeeded.value = (await api.get<{ needed: boolean }>('/setup')).needed;
    } catch {
      /* an old server: the login page shows */
    }
  }
}

export async function loadApps(again = false): Promise<AppInfo[]> {
  if (apps.peek() && !again) return apps.peek()!;
  apps.value = (await api.get<{ apps: AppInfo[] }>('/apps')).apps;
  return apps.value;
}

export async function logIn(login: string, password: string, code?: string): Promise<void> {
  const body = code ? { login, password, code } : { login, password };
  session.value = await api.post<Session>('/session', body, { quiet401: true });
  setupNeeded.value = false;
  apps.value = undefined;
  forgetForms();
}

export async function setUp(name: string, login: string, password: string): Promise<void> {
  await api.post('/setup', { name, login, password });
  await logIn(login, password);
}

export async function logOut(): Promise<void> {
  try {
    await api.del('/session');
  } finally {
    dropAllDrafts();
    forgetForms();
    session.value = null;
    apps.value = undefined;
  }
}

export function hasRight(right: string): boolean {
  return session.value?.me.rights?.includes(right) ?? false;
}
