import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Ids } from './field';
import { useFloat } from './float';
import { Icon } from './icon';
import { kitText } from './text';

export interface Option {
  key: string;
  title: string;
  sub?: string | undefined;
  color?: string | null | undefined;
  disabled?: boolean | undefined;
  icon?: string | undefined;
}

export interface ComboProps extends Partial<Ids> {
  /** what is chosen, in order */
  value: Option[];
  onChange: (value: Option[]) => void;
  /** all options, or a search that answers those that match (debounced, the newest answer wins) */
  options?: Option[];
  load?: (q: string) => Promise<Option[]>;
  multi?: boolean;
  placeholder?: string;
  label?: string;
  readonly?: boolean;
  clearable?: boolean;
  /** draws a chosen option and one in the list; plain text when absent */
  draw?: (o: Option) => ComponentChildren;
  class?: string;
  /** always offered at the end of the list, such as "new customer" */
  create?: { title: (q: string) => string; onCreate: (q: string) => void };
  onOpen?: () => void;
}

const SEARCH_FROM = 8; // fewer options need no search box

/**
 * Choosing from a list by keyboard, pointer or thumb. The button opens a list box with a search input when there is
 * much to choose from or the options come from the server; typing on the closed button opens it with that letter.
 */
export function Combo(props: ComboProps) {
  const auto = useId();
  const id = props.id ?? auto;
  const anchor = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [q, setQ] = useState('');
  const [at, setAt] = useState(0);
  const [found, setFound] = useState<Option[] | null>(null);
  const [failed, setFailed] = useState(false);
  const turn = useRef(0);
  const remote = !!props.load;
  const searchable = remote || (props.options?.length ?? 0) > SEARCH_FROM;

  const close = () => {
    setOpen(false);
    setQ('');
  };
  const start = (text = '') => {
    if (props.readonly) return;
    setQ(text);
    setOpen(true);
    props.onOpen?.();
  };
  useFloat(open, anchor, box, close, { match: true });

  useEffect(() => {
    if (!open || !props.load) return;
    const mine = ++turn.current;
    setFailed(false);
    const run = () =>
      props
        .load?.(q.trim())
        .then((all) => {
          if (mine === turn.current) {
            setFound(all);
            setAt(0);
          }
        })
        .catch(() => mine === turn.current && setFailed(true));
    const timer = setTimeout(run, q ? 180 : 0);
    return () => clearTimeout(timer);
  }, [open, q]);

  const needle = q.trim().toLowerCase();
  const list = remote
    ? (found ?? [])
    : (props.options ?? []).filter(
        (o) => !needle || `${o.title} ${o.sub ?? ''} ${o.key}`.toLowerCase().includes(needle),
      );
  const chosen = (o: Option) => props.value.some((v) => v.key === o.key);

  useEffect(() => {
    if (!open) return;
    const first = remote ? 0 : Math.max(0, list.findIndex(chosen));
    setAt(first);
    box.current?.querySelector<HTMLElement>(searchable ? 'input' : '[role=listbox]')?.focus();
  }, [open]);
  useEffect(() => {
    if (open) box.current?.querySelector('.is-hover')?.scrollIntoView({ block: 'nearest' });
  }, [at, open]);

  const pick = (o: Option | undefined) => {
    if (!o || o.disabled) return;
    if (props.multi) {
      props.onChange(chosen(o) ? props.value.filter((v) => v.key !== o.key) : [...props.value, o]);
      return;
    }
    props.onChange([o]);
    close();
    anchor.current?.focus();
  };
  const keys = (e: KeyboardEvent) => {
    const go = (i: number) => {
      e.preventDefault();
      if (list.length) setAt((i + list.length) % list.length);
    };
    if (e.isComposing) return;
    if (e.key === 'ArrowDown') go(at + 1);
    else if (e.key === 'ArrowUp') go(at - 1);
    else if (e.key === 'Home' && !searchable) go(0);
    else if (e.key === 'End' && !searchable) go(list.length - 1);
    else if (e.key === 'Enter' || (e.key === ' ' && !searchable)) {
      e.preventDefault();
      e.stopPropagation();
      pick(list[at]);
    } else if (e.key === 'Tab') {
      close();
      anchor.current?.focus();
    } else if (e.key === 'Backspace' && !q && props.multi) props.onChange(props.value.slice(0, -1));
  };
  const buttonKeys = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      start();
    } else if ((e.key === 'Backspace' || e.key === 'Delete') && props.clearable !== false && !props.readonly)
      props.onChange([]);
    else if (e.key.length === 1 && e.key !== ' ' && searchable) {
      e.preventDefault();
      start(e.key);
    }
  };

  const draw = props.draw ?? ((o: Option) => <span class="cut">{o.title}</span>);
  const drop = (o: Option) => props.onChange(props.value.filter((v) => v.key !== o.key));
  const canClear = props.clearable !== false && !props.readonly && !props.multi && props.value.length > 0;
  const cls = `input combo${props.multi ? ' combo--multi' : ''}${props.invalid ? ' input--bad' : ''}${props.readonly ? ' input--read' : ''}${open ? ' is-focus' : ''}${props.class ? ` ${props.class}` : ''}`;
  return (
    <>
      <button
        ref={anchor}
        id={id}
        type="button"
        class={cls}
        role="combobox"
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={open ? `${id}-list` : undefined}
        aria-label={props.label}
        aria-invalid={props.invalid ? 'true' : undefined}
        aria-describedby={props.describedby}
        aria-readonly={props.readonly ? 'true' : undefined}
        onClick={() => (open ? close() : start())}
        onKeyDown={buttonKeys}
      >
        {props.value.length === 0 ? (
          <span class="ph-t cut">{props.placeholder ?? kitText('choose')}</span>
        ) : props.multi ? (
          props.value.map((o) => (
            <span class={`tag${o.color ? ` tag--${o.color}` : ''}`} key={o.key}>
              {o.title}
              {props.readonly ? null : (
                <span
                  class="x"
                  title={kitText('remove')}
                  onClick={(e) => {
                    e.stopPropagation();
                    drop(o);
                  }}
                >
                  <Icon name="x" />
                </span>
              )}
            </span>
          ))
        ) : (
          draw(props.value[0]!)
        )}
        {canClear ? (
          <span
            class="ib ib--s clear"
            title={kitText('clear')}
            onClick={(e) => {
              e.stopPropagation();
              props.onChange([]);
            }}
          >
            <Icon name="x" size="s" />
          </span>
        ) : null}
        {props.readonly ? null : <Icon name="chevron-down" />}
      </button>
      {open ? (
        <div ref={box} class="float" onKeyDown={keys}>
          {searchable ? (
            <div class="input input--s">
              <Icon name="search" />
              <input
                type="text"
                role="combobox"
                list={undefined}
                aria-expanded="true"
                aria-controls={`${id}-list`}
                aria-activedescendant={list[at] ? `${id}-o${at}` : undefined}
                aria-label={kitText('search')}
                value={q}
                onInput={(e) => {
                  setQ(e.currentTarget.value);
                  setAt(0);
                }}
              />
            </div>
          ) : null}
          <div
            class="listbox"
            id={`${id}-list`}
            role="listbox"
            tabIndex={-1}
            aria-label={props.label ?? props.placeholder}
            aria-multiselectable={props.multi ? 'true' : undefined}
            aria-activedescendant={list[at] ? `${id}-o${at}` : undefined}
          >
            {list.map((o, i) => (
              <div
                key={o.key}
                id={`${id}-o${i}`}
                class={`mi${i === at ? ' is-hover' : ''}`}
                role="option"
                aria-selected={chosen(o)}
                aria-disabled={o.disabled ? 'true' : undefined}
                onPointerMove={() => i !== at && setAt(i)}
                onClick={() => pick(o)}
              >
                {props.multi ? (
                  <input class="ck" type="checkbox" tabIndex={-1} aria-hidden="true" checked={chosen(o)} />
                ) : null}
                {draw(o)}
                {o.sub ? <span class="sub cut">{o.sub}</span> : null}
                {!props.multi && chosen(o) ? <Icon name="check" class="push i-on" /> : null}
              </div>
            ))}
            {list.length === 0 ? (
              <div class="mi-e" role="status">
                {failed
                  ? kitText('failed')
                  : remote && found === null
                    ? kitText('loading')
                    : kitText('nothing')}
              </div>
            ) : null}
          </div>
          {props.create ? (
            <button
              type="button"
              class="mi acc"
              onClick={() => {
                const text = q;
                close();
                props.create?.onCreate(text);
              }}
            >
              <Icon name="plus" />
              {props.create.title(q)}
            </button>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

/** The short form of Combo for one of a fixed list, by key. */
export function Select<T extends string>(
  props: Partial<Ids> & {
    value: T | null;
    options: (Option & { key: T })[];
    onChange: (key: T | null) => void;
    label?: string;
    placeholder?: string;
    clearable?: boolean;
    readonly?: boolean;
    class?: string;
    draw?: (o: Option) => ComponentChildren;
  },
) {
  const now = props.options.find((o) => o.key === props.value);
  return (
    <Combo
      {...props}
      value={now ? [now] : props.value ? [{ key: props.value, title: props.value }] : []}
      clearable={props.clearable ?? false}
      onChange={(v) => props.onChange((v[0]?.key as T | undefined) ?? null)}
    />
  );
}
