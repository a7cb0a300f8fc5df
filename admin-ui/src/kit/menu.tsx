import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './button';
import { useFloat } from './float';
import { Icon } from './icon';

export interface MenuItem {
  title: string;
  icon?: string | undefined;
  sub?: string;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
  href?: string;
  line?: boolean;
  onPick?: () => void;
}

/** A menu behind a button: arrows walk, Enter picks, letters jump, Escape closes and returns the focus. */
export function Menu(props: {
  label: string;
  items: MenuItem[];
  icon?: string;
  end?: boolean;
  trigger?: (open: boolean, toggle: () => void) => JSX.Element;
  class?: string;
}) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => setOpen(false);
  const toggle = () => setOpen(!open);
  useFloat(open, anchor, box, close, { end: props.end ?? true });
  useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>('[role=menuitem]:not([aria-disabled=true])')?.focus();
  }, [open]);
  const walk = (e: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const go = (i: number) => {
      e.preventDefault();
      all[(i + all.length) % all.length]?.focus();
    };
    if (e.key === 'ArrowDown') go(at + 1);
    else if (e.key === 'ArrowUp') go(at - 1);
    else if (e.key === 'Home') go(0);
    else if (e.key === 'End') go(all.length - 1);
    else if (e.key === 'Tab') close();
    else if (e.key.length === 1) {
      const hit = all.findIndex(
        (el, i) => i > at && el.textContent?.toLowerCase().startsWith(e.key.toLowerCase()),
      );
      if (hit >= 0) go(hit);
    }
  };
  const pick = (it: MenuItem) => {
    if (it.disabled) return;
    close();
    anchor.current?.querySelector<HTMLElement>('button,a')?.focus();
    it.onPick?.();
  };
  return (
    <span ref={anchor} class={props.class ?? 'row'}>
      {props.trigger ? (
        props.trigger(open, toggle)
      ) : (
        <IconButton icon={props.icon ?? 'ellipsis'} label={props.label} expanded={open} onClick={toggle} />
      )}
      {open ? (
        <div ref={box} class="float" role="menu" aria-label={props.label} onKeyDown={walk}>
          {props.items.map((it) => (
            <ItemRow key={it.title} it={it} pick={pick} />
          ))}
        </div>
      ) : null}
    </span>
  );
}

function ItemRow({ it, pick }: { it: MenuItem; pick: (it: MenuItem) => void }) {
  const inner: ComponentChildren = (
    <>
      {it.icon ? <Icon name={it.icon} /> : null}
      <span class="cut">{it.title}</span>
      {it.sub ? <span class="push">{it.sub}</span> : null}
      {it.checked ? <Icon name="check" class="push i-on" /> : null}
    </>
  );
  const cls = `mi${it.danger ? ' is-bad' : ''}`;
  return (
    <>
      {it.line ? <hr /> : null}
      {it.href ? (
        <a class={cls} role="menuitem" href={it.href} tabIndex={-1} onClick={() => pick(it)}>
          {inner}
        </a>
      ) : (
        <button
          class={cls}
          type="button"
          role="menuitem"
          tabIndex={-1}
          aria-disabled={it.disabled ? 'true' : undefined}
          onClick={() => pick(it)}
        >
          {inner}
        </button>
      )}
    </>
  );
}

/** Anything in a box that opens from a button: a small form, a filter. `children` gets a function that closes it. */
export function Popover(props: {
  trigger: (open: boolean, toggle: () => void) => JSX.Element;
  children: (close: () => void) => ComponentChildren;
  label: string;
  end?: boolean;
  pad?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    anchor.current?.querySelector<HTMLElement>('button,a')?.focus();
  };
  useFloat(open, anchor, box, () => setOpen(false), { end: props.end ?? false });
  useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>('input,select,textarea,button')?.focus();
  }, [open]);
  return (
    <span ref={anchor} class="row">
      {props.trigger(open, () => setOpen(!open))}
      {open ? (
        <div
          ref={box}
          class={`float${props.pad ? ' float--pad' : ''}`}
          role="dialog"
          aria-label={props.label}
        >
          {props.children(close)}
        </div>
      ) : null}
    </span>
  );
}
