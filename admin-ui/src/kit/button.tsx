import type { ComponentChildren, JSX, Ref } from 'preact';
import { Icon } from './icon';

export interface ButtonProps {
  kind?: 'main' | 'bad' | 'bad-q' | 'ghost' | 'soft';
  size?: 's' | 'xs';
  icon?: string;
  busy?: boolean;
  disabled?: boolean;
  block?: boolean;
  type?: 'button' | 'submit';
  class?: string;
  title?: string;
  href?: string;
  onClick?: (e: MouseEvent) => void;
  children?: ComponentChildren;
  btnRef?: Ref<HTMLButtonElement>;
  'aria-expanded'?: boolean;
  'aria-haspopup'?: 'menu' | 'dialog' | 'listbox';
  autofocus?: boolean;
}

/** A button, or a link that looks like one when `href` is given. While busy it keeps its width and ignores clicks. */
export function Button(props: ButtonProps) {
  const cls = [
    'btn',
    props.kind && `btn--${props.kind}`,
    props.size && `btn--${props.size}`,
    props.block && 'btn--block',
    props.class,
  ]
    .filter(Boolean)
    .join(' ');
  const inner = (
    <>
      {props.icon && !props.busy ? <Icon name={props.icon} /> : null}
      {props.children}
    </>
  );
  if (props.href !== undefined)
    return (
      <a class={cls} href={props.href} title={props.title} onClick={props.onClick}>
        {inner}
      </a>
    );
  return (
    <button
      ref={props.btnRef}
      class={cls}
      type={props.type ?? 'button'}
      title={props.title}
      disabled={props.disabled}
      aria-busy={props.busy ? 'true' : undefined}
      aria-expanded={props['aria-expanded']}
      aria-haspopup={props['aria-haspopup']}
      autofocus={props.autofocus}
      onClick={(e) => {
        if (props.busy) e.preventDefault();
        else props.onClick?.(e);
      }}
    >
      {inner}
    </button>
  );
}

export interface IconButtonProps {
  icon: string;
  label: string;
  small?: boolean;
  class?: string;
  href?: string;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  onClick?: (e: MouseEvent) => void;
  btnRef?: Ref<HTMLButtonElement>;
  tabIndex?: number;
}

/** A button of one icon; `label` is its name for screen readers and its tooltip. */
export function IconButton(props: IconButtonProps) {
  const cls = `ib${props.small ? ' ib--s' : ''}${props.class ? ` ${props.class}` : ''}`;
  if (props.href !== undefined)
    return (
      <a class={cls} href={props.href} aria-label={props.label} title={props.label} onClick={props.onClick}>
        <Icon name={props.icon} />
      </a>
    );
  return (
    <button
      ref={props.btnRef}
      class={cls}
      type="button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      tabIndex={props.tabIndex}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A row of choices of which one is pressed. */
export function Segments<T extends string>(props: {
  label: string;
  value: T;
  items: { key: T; title: string; icon?: string }[];
  onChange: (key: T) => void;
}): JSX.Element {
  return (
    <div class="seg" role="group" aria-label={props.label}>
      {props.items.map((it) => (
        <button
          key={it.key}
          type="button"
          aria-pressed={it.key === props.value}
          onClick={() => props.onChange(it.key)}
        >
          {it.icon ? <Icon name={it.icon} size="s" /> : null}
          {it.title}
        </button>
      ))}
    </div>
  );
}
