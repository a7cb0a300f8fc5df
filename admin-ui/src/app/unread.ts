import { signal } from '@preact/signals';
import { api } from '../api/client';

/* The number at the bell, and the notices of the browser while no page is looked at. */

export interface Notice {
  id: string;
  kind: string;
  title: string;
  body: string | null;
  app: string | null;
  form: string | null;
  record: string | null;
  at: string;
  read_at: string | null;
}
export interface NoticesAnswer {
  notices: Notice[];
  unread: number;
  next: string | null;
}

export const unread = signal(0);

const KEY = 'mortise.notify';
export const browserNotices = () =>
  typeof Notification !== 'undefined' &&
  Notification.permission === 'granted' &&
  localStorage.getItem(KEY) === '1';
export const setBrowserNotices = (on: boolean) => localStorage.setItem(KEY, on ? '1' : '0');

export async function refreshNotices(): Promise<void> {
  try {
    const a = await api.get<NoticesAnswer>('/notices?limit=1&unread=1');
    const more = a.unread > unread.peek();
    unread.value = a.unread;
    const n = a.notices[0];
    if (more && n && document.visibilityState === 'hidden' && browserNotices())
      new Notification(n.title, { body: n.body ?? '', tag: n.id });
  } catch {
    /* the badge is a hint: it comes back with the next call */
  }
}
