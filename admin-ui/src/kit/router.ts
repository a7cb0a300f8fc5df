import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/* Addresses: one signal, real links. A guard may hold a page that has unsaved work. */

const here = () => location.pathname + location.search;
export const address = signal(here());
export const path = computed(() => address.value.split('?')[0]!);
export const params = computed(() => new URLSearchParams(address.value.split('?')[1] ?? ''));

type Guard = (leaveTo: string) => Promise<boolean>;
let guard: Guard | null = null;

/** One page at a time may ask before it is left; returns the function that lets go. */
export function setGuard(next: Guard): () => void {
  guard = next;
  return () => {
    if (guard === next) guard = null;
  };
}

/** Goes to an address of these pages. `replace` keeps the history short (filters, tabs). */
export async function navigate(
  to: string,
  opts: { replace?: boolean; force?: boolean } = {},
): Promise<boolean> {
  if (to === here()) return true;
  const samePage = to.split('?')[0] === location.pathname;
  if (guard && !opts.force && !samePage && !(await guard(to))) return false;
  if (!samePage) guard = null;
  if (opts.replace) history.replaceState(history.state, '', to);
  else history.pushState({ i: ((history.state as { i?: number } | null)?.i ?? 0) + 1 }, '', to);
  address.value = here();
  if (!samePage) scrollTo(0, 0);
  return true;
}

/** Changes parameters of the present address; null removes one. */
export function setParams(change: Record<string, string | null>, opts: { replace?: boolean } = {}): void {
  const q = new URLSearchParams(location.search);
  for (const [k, v] of Object.entries(change)) {
    if (v === null || v === '') q.delete(k);
    else q.set(k, v);
  }
  const s = q.toString();
  navigate(location.pathname + (s ? `?${s}` : ''), { replace: opts.replace ?? true });
}

/** Back within these pages, else to `otherwise`. */
export function back(otherwise: string): void {
  if (((history.state as { i?: number } | null)?.i ?? 0) > 0) history.back();
  else navigate(otherwise);
}

/** Starts listening; `owns` says which paths these pages answer (others load from the server). */
export function startRouter(owns: (path: string) => boolean): void {
  let shown = here();
  address.subscribe((a) => {
    shown = a;
  });
  addEventListener('popstate', async () => {
    const to = here();
    if (guard && to.split('?')[0] !== shown.split('?')[0]) {
      history.pushState(history.state, '', shown);
      if (!(await guard(to))) return;
      guard = null;
      history.replaceState(history.state, '', to);
    }
    address.value = here();
  });
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null;
    if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin || !owns(a.pathname))
      return;
    if (a.getAttribute('href')?.startsWith('#')) return;
    e.preventDefault();
    navigate(a.pathname + a.search);
  });
  addEventListener('beforeunload', (e) => {
    if (guard) e.preventDefault();
  });
}

/** Matches `/a/:app/:form` against a path; null or the named parts. */
export function match(pattern: string, at: string): Record<string, string> | null {
  const want = pattern.split('/');
  const got = at.replace(/\/$/, '').split('/');
  if (at === '/' && pattern === '/') return {};
  if (want.length !== got.length) return null;
  const out: Record<string, string> = {};
  for (let i = 0; i < want.length; i++) {
    const w = want[i]!;
    const g = got[i]!;
    if (w.startsWith(':')) {
      if (!g) return null;
      try {
        out[w.slice(1)] = decodeURIComponent(g);
      } catch {
        return null;
      }
    } else if (w !== g) return null;
  }
  return out;
}

const product = document.title;

/** What the tab and the history of the browser say, while the page is shown; empty: the product alone. */
export function useTitle(title: string): void {
  useEffect(() => {
    if (!title) return;
    document.title = `${title} – ${product}`;
    return () => {
      document.title = product;
    };
  }, [title]);
}
