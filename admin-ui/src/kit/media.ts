import { signal } from '@preact/signals';

/** Whether the window is a phone's (kit.css has the same bound): layouts differ, not only their styles. */
const query = typeof matchMedia === 'function' ? matchMedia('(max-width: 720px)') : null;
export const phone = signal(query?.matches ?? false);
query?.addEventListener?.('change', (e) => {
  phone.value = e.matches;
});
