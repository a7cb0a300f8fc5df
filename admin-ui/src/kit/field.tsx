import type { ComponentChildren, JSX, Ref } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon';

/** What a control inside a Field needs to be named and described. */
export interface Ids {
  id: string;
  describedby: string | undefined;
  invalid: boolean;
}

/** Label, control, hint and error in one; `children` gets the ids that tie them together. */
export function Field(props: {
  label?: ComponentChildren;
  hint?: ComponentChildren;
  error?: string | null | undefined;
  required?: boolean;
  class?: string;
  id?: string;
  aside?: ComponentChildren;
  children: (ids: Ids) => ComponentChildren;
}) {
  const auto = useId();
  const id = props.id ?? auto;
  const ids = [props.error && `${id}-e`, props.hint && `${id}-h`].filter(Boolean).join(' ') || undefined;
  return (
    <div class={`field${props.class ? ` ${props.class}` : ''}`}>
      {props.label !== undefined ? (
        <label for={id} id={`${id}-l`}>
          {props.label}
          {props.required ? (
            <span class="req" aria-hidden="true">
              *
            </span>
          ) : null}
          {props.aside ? <span class="push">{props.aside}</span> : null}
        </label>
      ) : null}
      {props.children({ id, describedby: ids, invalid: !!props.error })}
      {props.error ? <FieldError id={`${id}-e`} text={props.error} /> : null}
      {props.hint && !props.error ? (
        <p class="hint" id={`${id}-h`}>
          {props.hint}
        </p>
      ) : null}
    </div>
  );
}

export function FieldError(props: { id?: string; text: string }) {
  return (
    <p class="err" id={props.id}>
      <Icon name="circle-alert" />
      <span>{props.text}</span>
    </p>
  );
}

export interface InputProps extends Partial<Ids> {
  value: string;
  onInput: (value: string) => void;
  onBlur?: () => void;
  onFocus?: () => void;
  onKeyDown?: (e: KeyboardEvent) => void;
  type?: 'text' | 'password' | 'email' | 'tel' | 'url' | 'date' | 'datetime-local' | 'time';
  mode?: 'text' | 'decimal' | 'numeric' | 'tel' | 'email' | 'url' | 'search';
  placeholder?: string;
  readonly?: boolean;
  disabled?: boolean;
  required?: boolean;
  autocomplete?: string;
  name?: string;
  max?: number;
  class?: string;
  label?: string;
  inputRef?: Ref<HTMLInputElement>;
  autofocus?: boolean;
  step?: string;
}

export function Input(props: InputProps) {
  const cls = `input${props.invalid ? ' input--bad' : ''}${props.readonly ? ' input--read' : ''}${props.class ? ` ${props.class}` : ''}`;
  return (
    <input
      ref={props.inputRef}
      id={props.id}
      class={cls}
      {...({ type: props.type ?? 'text' } as { type: 'text' })}
      inputMode={props.mode}
      value={props.value}
      placeholder={props.placeholder}
      readOnly={props.readonly}
      disabled={props.disabled}
      autocomplete={props.autocomplete ?? 'off'}
      name={props.name}
      step={props.step}
      maxLength={props.max}
      autofocus={props.autofocus}
      aria-label={props.label}
      aria-required={props.required ? 'true' : undefined}
      aria-invalid={props.invalid ? 'true' : undefined}
      aria-describedby={props.describedby}
      onInput={(e) => props.onInput(e.currentTarget.value)}
      onBlur={props.onBlur}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
    />
  );
}

export function Textarea(
  props: Omit<InputProps, 'inputRef' | 'type' | 'mode'> & {
    rows?: number;
    areaRef?: Ref<HTMLTextAreaElement>;
  },
) {
  return (
    <textarea
      ref={props.areaRef}
      id={props.id}
      class={`input${props.invalid ? ' input--bad' : ''}${props.readonly ? ' input--read' : ''}${props.class ? ` ${props.class}` : ''}`}
      rows={props.rows ?? 3}
      value={props.value}
      placeholder={props.placeholder}
      readOnly={props.readonly}
      disabled={props.disabled}
      aria-label={props.label}
      aria-required={props.required ? 'true' : undefined}
      aria-invalid={props.invalid ? 'true' : undefined}
      aria-describedby={props.describedby}
      onInput={(e) => props.onInput(e.currentTarget.value)}
      onBlur={props.onBlur}
      onKeyDown={props.onKeyDown}
    />
  );
}

/** A search box with the `/` key as its short cut (kit/keys.ts finds it by data-search). */
export function SearchBox(props: {
  value: string;
  onInput: (v: string) => void;
  label: string;
  placeholder?: string;
  hotkey?: boolean;
  class?: string;
  autofocus?: boolean;
}) {
  return (
    <div class={`input input--s searchbox${props.class ? ` ${props.class}` : ''}`}>
      <Icon name="search" />
      <input
        type="search"
        value={props.value}
        aria-label={props.label}
        placeholder={props.placeholder ?? props.label}
        data-search={props.hotkey ? '' : undefined}
        autofocus={props.autofocus}
        onInput={(e) => props.onInput(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && props.value) {
            e.preventDefault();
            props.onInput('');
          }
        }}
      />
      {props.hotkey ? <kbd>/</kbd> : null}
    </div>
  );
}

export function Check(
  props: Partial<Ids> & {
    checked: boolean;
    onChange: (v: boolean) => void;
    label?: ComponentChildren;
    aria?: string;
    mixed?: boolean;
    disabled?: boolean;
    kind?: 'switch';
  },
) {
  const box = (
    <input
      id={props.id}
      class={props.kind === 'switch' ? 'sw' : `ck${props.mixed ? ' is-mixed' : ''}`}
      type="checkbox"
      role={props.kind === 'switch' ? 'switch' : undefined}
      checked={props.checked}
      disabled={props.disabled}
      aria-label={props.aria}
      aria-checked={props.mixed ? 'mixed' : undefined}
      aria-describedby={props.describedby}
      aria-invalid={props.invalid ? 'true' : undefined}
      onChange={(e) => props.onChange(e.currentTarget.checked)}
    />
  );
  if (props.label === undefined) return box;
  return (
    <label class="opt">
      {box}
      {props.label}
    </label>
  );
}

/** One of a few: radio buttons in a row. */
export function Radios<T extends string>(props: {
  name: string;
  value: T | null;
  items: { key: T; title: ComponentChildren; disabled?: boolean }[];
  onChange: (v: T) => void;
  labelledby?: string;
  disabled?: boolean;
}): JSX.Element {
  return (
    <div class="row wrap gap4" role="radiogroup" aria-labelledby={props.labelledby}>
      {props.items.map((it) => (
        <label class="opt" key={it.key}>
          <input
            class="ck"
            type="radio"
            name={props.name}
            checked={it.key === props.value}
            disabled={props.disabled || it.disabled}
            onChange={() => props.onChange(it.key)}
          />
          {it.title}
        </label>
      ))}
    </div>
  );
}
