import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button';
import { Field, Textarea } from './field';
import { Icon } from './icon';
import { kitText } from './text';

/** A modal dialog on the native element: it traps the focus, closes by Escape and gives the focus back. */
export function Dialog(props: {
  title: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
  wide?: boolean;
  onSubmit?: () => void;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const before = document.activeElement as HTMLElement | null;
    if (!el.open) el.showModal?.();
    return () => {
      if (el.open) el.close();
      before?.focus?.();
    };
  }, []);
  const inner = (
    <>
      <h2 class="dialog-h">{props.title}</h2>
      <div class="dialog-b">{props.children}</div>
      {props.footer ? <div class="dialog-f">{props.footer}</div> : null}
    </>
  );
  return (
    <dialog
      ref={ref}
      class={`dialog${props.wide ? ' dialog--wide' : ''}`}
      onCancel={(e) => {
        e.preventDefault();
        props.onClose();
      }}
    >
      {props.onSubmit ? (
        <form
          class="contents"
          onSubmit={(e) => {
            e.preventDefault();
            props.onSubmit?.();
          }}
        >
          {inner}
        </form>
      ) : (
        inner
      )}
    </dialog>
  );
}

interface Ask {
  title: string;
  body?: ComponentChildren;
  ok: string;
  danger?: boolean;
  /** asks for a text; `required` refuses an empty one */
  comment?: { label: string; required?: boolean; placeholder?: string };
  done: (answer: { ok: boolean; text: string }) => void;
}
const asking = signal<Ask | null>(null);

/** Asks before something that cannot be undone; `ok` names the deed ("删除 3 条"), never "确定". */
export function confirm(ask: Omit<Ask, 'done' | 'comment'>): Promise<boolean> {
  return new Promise((resolve) => {
    asking.value = { ...ask, done: (a) => resolve(a.ok) };
  });
}

/** Asks for a text; null when cancelled. */
export function prompt(
  ask: Omit<Ask, 'done'> & { comment: NonNullable<Ask['comment']> },
): Promise<string | null> {
  return new Promise((resolve) => {
    asking.value = { ...ask, done: (a) => resolve(a.ok ? a.text : null) };
  });
}

function Asking({ ask }: { ask: Ask }) {
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const missing = !!ask.comment?.required && !text.trim();
  const end = (ok: boolean) => {
    if (ok && missing) {
      setTried(true);
      return;
    }
    asking.value = null;
    ask.done({ ok, text: text.trim() });
  };
  return (
    <Dialog
      title={ask.title}
      onClose={() => end(false)}
      onSubmit={() => end(true)}
      footer={
        <>
          <Button onClick={() => end(false)}>{kitText('cancel')}</Button>
          <Button kind={ask.danger ? 'bad' : 'main'} type="submit" autofocus={!ask.comment}>
            {ask.ok}
          </Button>
        </>
      }
    >
      {ask.body ? <p class="mut">{ask.body}</p> : null}
      {ask.comment ? (
        <Field
          label={ask.comment.label}
          required={!!ask.comment.required}
          error={tried && missing ? ask.comment.label : null}
          class={ask.body ? 'mt3' : ''}
        >
          {(ids) => (
            <Textarea
              {...ids}
              value={text}
              onInput={setText}
              autofocus
              placeholder={ask.comment?.placeholder ?? ''}
            />
          )}
        </Field>
      ) : null}
    </Dialog>
  );
}

interface ToastItem {
  id: number;
  text: string;
  kind: 'ok' | 'bad' | 'info';
  action?: { title: string; run: () => void } | undefined;
}
const toasts = signal<ToastItem[]>([]);
let lastToast = 0;

function drop(id: number) {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

/** A short message at the bottom; with an action (undo, open) it stays 8 seconds, else 4. */
export function toast(
  text: string,
  opts: { kind?: ToastItem['kind']; action?: ToastItem['action'] } = {},
): void {
  const id = ++lastToast;
  toasts.value = [...toasts.value.slice(-2), { id, text, kind: opts.kind ?? 'ok', action: opts.action }];
  setTimeout(() => drop(id), opts.action || opts.kind === 'bad' ? 8000 : 4000);
}

const TOAST_ICON = { ok: 'circle-check', bad: 'circle-alert', info: 'info' };

/** Stands once in each entry: where confirm(), prompt() and toast() appear. */
export function Overlays() {
  return (
    <>
      {asking.value ? <Asking ask={asking.value} key={asking.value.title} /> : null}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map((t) => (
          <div class={`toast toast--${t.kind}`} key={t.id}>
            <Icon name={TOAST_ICON[t.kind]} />
            <span>{t.text}</span>
            {t.action ? (
              <button
                type="button"
                onClick={() => {
                  drop(t.id);
                  t.action?.run();
                }}
              >
                {t.action.title}
              </button>
            ) : null}
          </div>
        ))}
      </div>
    </>
  );
}
