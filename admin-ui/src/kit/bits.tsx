import type { ComponentChildren } from 'preact';
import { Icon } from './icon';

const COLORS = ['grey', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'indigo', 'purple', 'pink'];
const AUTO = ['blue', 'teal', 'purple', 'amber', 'green', 'indigo', 'pink', 'orange'];

/** A colour of the ten by name; anything else is chosen by a hash so that an option keeps its colour. */
export function colorOf(color: string | null | undefined, seed?: string): string {
  if (color && COLORS.includes(color)) return color;
  if (color === 'yellow') return 'amber';
  if (color === 'gray') return 'grey';
  return seed === undefined ? 'grey' : AUTO[hash(seed) % AUTO.length]!;
}

function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

export function Tag(props: {
  color?: string | null | undefined;
  icon?: string;
  line?: boolean;
  children: ComponentChildren;
}) {
  const color = props.color && props.color !== 'grey' ? ` tag--${colorOf(props.color)}` : '';
  return (
    <span class={`tag${props.line ? ' tag--line' : color}`}>
      {props.icon ? <Icon name={props.icon} /> : null}
      {props.children}
    </span>
  );
}

/** First sign of a person's name; Chinese names by their family name. */
export function Avatar(props: {
  id: string;
  name: string | null;
  size?: 's' | 'l' | 'xl';
  square?: boolean;
}) {
  const sign = [...(props.name ?? '?').trim()][0]?.toUpperCase() ?? '?';
  return (
    <span
      class={`av av-${(hash(props.id) % 8) + 1}${props.size ? ` av-${props.size}` : ''}${props.square ? ' av-sq' : ''}`}
      aria-hidden="true"
    >
      {sign}
    </span>
  );
}

export function Person(props: { who: { id: string; title: string | null } | null; fallback?: string }) {
  if (!props.who) return <span class="dim">{props.fallback ?? '—'}</span>;
  return (
    <span class="who">
      <Avatar id={props.who.id} name={props.who.title} size="s" />
      <span class="cut">{props.who.title ?? '—'}</span>
    </span>
  );
}

/** What this is, and one next step. */
export function Empty(props: {
  icon?: string;
  title: string;
  text?: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={props.icon ?? 'inbox'} />
      <h3>{props.title}</h3>
      {props.text ? <p class="s13">{props.text}</p> : null}
      {props.children}
    </div>
  );
}

export function Note(props: {
  kind?: 'warn' | 'bad' | 'ok' | 'acc';
  icon?: string;
  title?: ComponentChildren;
  role?: 'alert' | 'status';
  children?: ComponentChildren;
  aside?: ComponentChildren;
}) {
  const icon =
    props.icon ??
    { warn: 'triangle-alert', bad: 'circle-alert', ok: 'circle-check', acc: 'info', none: 'info' }[
      props.kind ?? 'none'
    ];
  return (
    <div class={`note${props.kind ? ` note--${props.kind}` : ''}`} role={props.role}>
      <Icon name={icon} />
      <div class="grow">
        {props.title ? <h3>{props.title}</h3> : null}
        {props.children}
      </div>
      {props.aside}
    </div>
  );
}

/** The first load, in the shape of what comes: lines of text. */
export function Skeleton(props: { lines?: number; title?: boolean; label?: string }) {
  return (
    <div class="skels" role="status" aria-busy="true" aria-label={props.label}>
      {props.title ? <div class="skel skel--t" /> : null}
      {Array.from({ length: props.lines ?? 5 }, (_, i) => (
        <div class={`skel skel--${(i % 3) + 1}`} key={i} />
      ))}
    </div>
  );
}

export interface TabItem<T extends string> {
  key: T;
  title: string;
  icon?: string;
  count?: number | null;
  hot?: boolean;
  href?: string;
}

/** Tabs: links when they have addresses (aria-current), else a tab list walked by arrows. */
export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  items: TabItem<T>[];
  onChange?: (key: T) => void;
}) {
  const inner = (it: TabItem<T>) => (
    <>
      {it.icon ? <Icon name={it.icon} /> : null}
      {it.title}
      {it.count != null ? (
        <span class={it.hot && it.count > 0 ? 'badge badge--hot' : 'cnt'}>{it.count}</span>
      ) : null}
    </>
  );
  if (props.items.every((it) => it.href !== undefined))
    return (
      <nav class="tabs" aria-label={props.label}>
        {props.items.map((it) => (
          <a key={it.key} href={it.href} aria-current={it.key === props.value ? 'page' : undefined}>
            {inner(it)}
          </a>
        ))}
      </nav>
    );
  const walk = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    e.preventDefault();
    const at = props.items.findIndex((it) => it.key === props.value);
    const next = props.items[(at + step + props.items.length) % props.items.length]!;
    props.onChange?.(next.key);
    const row = e.currentTarget as HTMLElement;
    requestAnimationFrame(() => row.querySelector<HTMLElement>('[aria-selected=true]')?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label={props.label} onKeyDown={walk}>
      {props.items.map((it) => (
        <button
          key={it.key}
          type="button"
          role="tab"
          aria-selected={it.key === props.value}
          tabIndex={it.key === props.value ? 0 : -1}
          onClick={() => props.onChange?.(it.key)}
        >
          {inner(it)}
        </button>
      ))}
    </div>
  );
}
