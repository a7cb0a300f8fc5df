import { useEffect, useRef, useState } from 'preact/hooks';
import { api, newKey, query, recordPath, say, session } from '../api/client';
import type { Comment, FormDef, Ref } from '../api/types';
import { Avatar, IconButton, toast } from '../kit';
import { t } from './text';

/* Where people go on with the record: one line, in which @ offers those who can be told. */

const OFFER = 6;
const ASK_AFTER = 150;

/** The name that is being typed behind an @, up to the caret. */
export function typedName(text: string, caret: number): string | null {
  const m = /(^|[\s，。；：、])@([^\s@，。；：、]{0,20})$/u.exec(text.slice(0, caret));
  return m ? m[2]! : null;
}

export function Composer({ def, id, onSent }: { def: FormDef; id: string; onSent: () => void }) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Ref[]>([]);
  const [name, setName] = useState<string | null>(null);
  const [offer, setOffer] = useState<Ref[]>([]);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const me = session.value?.me;

  useEffect(() => {
    if (name === null) {
      setOffer([]);
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api.get<{ members: Ref[] }>(`/members${query({ search: name })}`, { signal: stop.signal }).then(
        (a) => {
          setOffer(a.members.filter((m) => m.id !== me?.id).slice(0, OFFER));
          setAt(0);
        },
        () => undefined,
      );
    }, ASK_AFTER);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [name]);

  const take = (m: Ref) => {
    const el = box.current;
    const caret = el?.selectionStart ?? text.length;
    const before = text.slice(0, caret).replace(/@[^\s@]*$/u, `@${m.title} `);
    setText(before + text.slice(caret));
    setTold([...told.filter((x) => x.id !== m.id), m]);
    setName(null);
    el?.focus();
    requestAnimationFrame(() => el?.setSelectionRange(before.length, before.length));
  };
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    try {
      const mentions = told.filter((m) => text.includes(`@${m.title}`)).map((m) => m.id);
      const a = await api.post<Comment & { not_told?: Ref[] }>(
        `${recordPath(def.app, def.form, id)}/comments`,
        { text: text.trim(), mentions },
        { key: newKey() },
      );
      if (a.not_told?.length)
        toast(t('not_told', { names: a.not_told.map((m) => m.title).join(t('comma')) }), { kind: 'info' });
      setText('');
      setTold([]);
      onSent();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  const key = (e: KeyboardEvent) => {
    if (e.isComposing) return;
    if (offer.length && ['ArrowDown', 'ArrowUp', 'Enter', 'Tab', 'Escape'].includes(e.key)) {
      e.preventDefault();
      e.stopPropagation();
      if (e.key === 'Escape') setName(null);
      else if (e.key === 'Enter' || e.key === 'Tab') take(offer[at]!);
      else setAt((at + (e.key === 'ArrowDown' ? 1 : offer.length - 1)) % offer.length);
      return;
    }
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      e.stopPropagation();
      void send();
    }
  };
  return (
    <form
      class="compose"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      {me ? <Avatar id={me.id} name={me.name} /> : null}
      <div class="input">
        <input
          ref={box}
          value={text}
          role="combobox"
          aria-expanded={offer.length > 0}
          aria-controls="at-list"
          aria-activedescendant={offer.length ? `at-${offer[at]?.id}` : undefined}
          aria-label={t('comment')}
          placeholder={t('comment_ph')}
          onInput={(e) => {
            setText(e.currentTarget.value);
            setName(typedName(e.currentTarget.value, e.currentTarget.selectionStart ?? 0));
          }}
          onBlur={() => setTimeout(() => setName(null), 150)}
          onKeyDown={key}
        />
        <IconButton small icon="send" label={t('send')} disabled={!text.trim()} onClick={() => void send()} />
      </div>
      {offer.length ? (
        <ul class="atlist" id="at-list" role="listbox" aria-label={t('mention')}>
          {offer.map((m, i) => (
            <li
              key={m.id}
              id={`at-${m.id}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={(e) => {
                e.preventDefault();
                take(m);
              }}
            >
              <Avatar id={m.id} name={m.title ?? null} />
              <span class="cut">{m.title}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </form>
  );
}
