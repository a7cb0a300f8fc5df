import { useEffect, useRef } from 'preact/hooks';

function typing(e: KeyboardEvent): boolean {
  // the path, not the target: what happens in a shadow root (the text editor) is aimed at its host
  const el = (e.composedPath()[0] ?? e.target) as HTMLElement | null;
  return !!el?.closest?.('input,textarea,select,[contenteditable],dialog,[role=menu],[role=listbox]');
}

/** Enter on a focused control is that control's. */
function pressing(e: KeyboardEvent): boolean {
  return (
    e.key === 'Enter' && !!(e.target as HTMLElement | null)?.closest?.('button,a,[role=tab],[role=combobox]')
  );
}

/**
 * Short cuts of a page: single letters work while nobody types, `mod+…` (Ctrl or Command) always.
 * `{ n: create, 'mod+Enter': submit }`
 */
export function useKeys(map: Record<string, (e: KeyboardEvent) => void>): void {
  const now = useRef(map);
  now.current = map;
  useEffect(() => {
    const on = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing) return;
      const mod = e.ctrlKey || e.metaKey;
      const run = now.current[mod ? `mod+${e.key}` : e.key];
      if (!run || e.altKey || (!mod && (typing(e) || pressing(e)))) return;
      e.preventDefault();
      run(e);
    };
    document.addEventListener('keydown', on);
    return () => document.removeEventListener('keydown', on);
  }, []);
}

/** Puts the focus on the page's search box (`/`). */
export function focusSearch(): void {
  document.querySelector<HTMLInputElement>('[data-search]')?.focus();
}
