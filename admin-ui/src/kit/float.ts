import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';

/** Puts `box` under (or over) `anchor` inside the window. Through the CSSOM: the CSP allows no style attributes. */
export function place(
  anchor: Element,
  box: HTMLElement,
  opts: { end?: boolean; match?: boolean } = {},
): void {
  const a = anchor.getBoundingClientRect();
  const gap = 4;
  const edge = 8;
  if (opts.match) box.style.minWidth = `${Math.round(a.width)}px`;
  const w = box.offsetWidth;
  const below = window.innerHeight - a.bottom - gap - edge;
  const above = a.top - gap - edge;
  const up = below < Math.min(box.scrollHeight, 240) && above > below;
  box.style.maxHeight = `${Math.max(120, Math.min(420, up ? above : below))}px`;
  const left = opts.end ? a.right - w : a.left;
  box.style.left = `${Math.max(edge, Math.min(left, window.innerWidth - w - edge))}px`;
  if (up) {
    box.style.top = 'auto';
    box.style.bottom = `${window.innerHeight - a.top + gap}px`;
  } else {
    box.style.bottom = 'auto';
    box.style.top = `${a.bottom + gap}px`;
  }
}

/** Boxes that are open, the newest last: Escape closes one at a time. */
const open_: symbol[] = [];

/**
 * Keeps a floating box at its anchor while open and closes it by a press outside, Escape, or the anchor's
 * leaving the window.
 */
export function useFloat(
  open: boolean,
  anchor: RefObject<HTMLElement | null>,
  box: RefObject<HTMLElement | null>,
  close: () => void,
  opts: { end?: boolean; match?: boolean } = {},
): void {
  useLayoutEffect(() => {
    if (open && anchor.current && box.current) place(anchor.current, box.current, opts);
  });
  useEffect(() => {
    if (!open) return;
    const me = Symbol();
    open_.push(me);
    const again = () => {
      if (anchor.current && box.current) place(anchor.current, box.current, opts);
    };
    const outside = (e: Event) => {
      const at = e.target as Node;
      if (!anchor.current?.contains(at) && !box.current?.contains(at)) close();
    };
    const esc = (e: KeyboardEvent) => {
      if (e.key !== 'Escape' || open_[open_.length - 1] !== me) return;
      e.stopImmediatePropagation();
      e.preventDefault();
      close();
      anchor.current?.focus();
    };
    const scrolled = (e: Event) => {
      if (!box.current?.contains(e.target as Node)) again();
    };
    document.addEventListener('pointerdown', outside, true);
    document.addEventListener('keydown', esc, true);
    window.addEventListener('resize', again);
    window.addEventListener('scroll', scrolled, true);
    return () => {
      open_.splice(open_.indexOf(me), 1);
      document.removeEventListener('pointerdown', outside, true);
      document.removeEventListener('keydown', esc, true);
      window.removeEventListener('resize', again);
      window.removeEventListener('scroll', scrolled, true);
    };
  }, [open]);
}
