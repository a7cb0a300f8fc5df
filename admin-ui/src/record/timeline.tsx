import { useState } from 'preact/hooks';
import { api, newKey, recordPath, say, session } from '../api/client';
import type { Change, Comment, FlowEvent, FlowInfo, FormDef, HistoryItem, Ref } from '../api/types';
import { Value } from '../form/display';
import { fieldOf } from '../form/system';
import { ago, moment } from '../i18n/format';
import { Avatar, Icon, IconButton, Segments, toast } from '../kit';
import { t } from './text';

/* Everything that happened to a record in one line: changes, approvals, comments. Newest first. */

type Entry =
  | { kind: 'history'; at: string; item: HistoryItem }
  | { kind: 'flow'; at: string; item: FlowEvent }
  | { kind: 'comment'; at: string; item: Comment };
export type Show = 'all' | 'comments' | 'changes';

function flowOnly(h: HistoryItem): boolean {
  return (
    h.op === 'update' &&
    !!h.changes?.length &&
    h.changes.every((c) => c.field === '_state' || c.field === '_node')
  );
}

export function merge(history: HistoryItem[], flow: FlowInfo | null, comments: Comment[]): Entry[] {
  // the flow's own steps stand there as what people did
  const told = flow?.timeline.length ? history.filter((h) => !flowOnly(h)) : history;
  const all: Entry[] = [
    ...told.map((item): Entry => ({ kind: 'history', at: item.at, item })),
    ...(flow?.timeline ?? []).map((item): Entry => ({ kind: 'flow', at: item.at, item })),
    ...comments.map((item): Entry => ({ kind: 'comment', at: item.at, item })),
  ];
  // of one moment: created, then the flow in its own order
  const order = new Map(all.map((e, i) => [e, e.kind === 'history' && e.item.op === 'create' ? -1 : i]));
  return all.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : order.get(b)! - order.get(a)!));
}

function When({ at }: { at: string }) {
  return (
    <time class="push" dateTime={at} title={moment(at, true)}>
      {ago(at)}
    </time>
  );
}

function Who({ by }: { by: Ref | null }) {
  return <span class="m">{by?.title ?? t('system_who')}</span>;
}

const FLOW_LOOK: Record<string, [string, string]> = {
  submit: ['send', 'acc'],
  resubmit: ['send', 'acc'],
  approve: ['check', 'ok'],
  reject: ['x', 'bad'],
  return: ['undo-2', 'warn'],
  withdraw: ['undo-2', 'warn'],
  transfer: ['user-round-cog', ''],
  add_sign: ['user-round-plus', ''],
  urge: ['bell', 'warn'],
  cc: ['mail', ''],
  end: ['flag', 'ok'],
  stop: ['ban', 'bad'],
  jump: ['workflow', 'warn'],
  restart: ['redo-2', 'acc'],
  remind: ['bell', 'warn'],
  escalate: ['user-round-cog', 'warn'],
  hand_over: ['user-round-cog', ''],
  cancel_branches: ['x', 'warn'],
};
const OP_ICON: Record<string, string> = {
  create: 'plus',
  update: 'pencil',
  delete: 'trash-2',
  restore: 'undo-2',
  button: 'zap',
  import: 'upload',
  merge: 'git-fork',
};
const FIRST_CHANGES = 4;

function ChangeRow({ def, c }: { def: FormDef; c: Change }) {
  const f = fieldOf(def, c.field) ?? { key: c.field, type: 'text' as const, title: c.title ?? c.field };
  if (c.added !== undefined || c.removed !== undefined || c.changed !== undefined)
    return (
      <p class="s12">
        <span class="dim">{f.title}</span>{' '}
        {t('rows_changed', { added: c.added ?? 0, changed: c.changed ?? 0, removed: c.removed ?? 0 })}
      </p>
    );
  return (
    <p class="chg s12">
      <span class="dim">{f.title}</span>
      <del>
        <Value def={f} value={c.old} compact />
      </del>
      <Icon name="arrow-right" />
      <ins>
        <Value def={f} value={c.new} compact />
      </ins>
    </p>
  );
}

function HistoryRow({ def, h }: { def: FormDef; h: HistoryItem }) {
  const [all, setAll] = useState(false);
  const changes = h.op === 'create' || h.op === 'import' ? [] : (h.changes ?? []);
  const one =
    changes.length === 1
      ? (fieldOf(def, changes[0]!.field)?.title ?? changes[0]!.title ?? changes[0]!.field)
      : null;
  const what =
    h.op === 'update'
      ? one
        ? t('op_update_1', { title: one })
        : t('op_update', { n: changes.length })
      : h.op === 'button'
        ? t('op_button', { title: h.title ?? '' })
        : h.op in OP_ICON
          ? t(`op_${h.op}` as 'op_create')
          : t('op_other');
  const via = !['ui', ''].includes(h.via ?? '') ? (`via_${h.via}` as 'via_api') : null;
  const shown = all ? changes : changes.slice(0, FIRST_CHANGES);
  return (
    <li>
      <span class="tl-i">
        <Icon name={OP_ICON[h.op] ?? 'pencil'} />
      </span>
      <div>
        <div class="tl-t">
          <Who by={h.by} />
          <span class="mut">{what}</span>
          {via ? <span class="dim s12">{t(via)}</span> : null}
          <When at={h.at} />
        </div>
        {shown.map((c) => (
          <ChangeRow def={def} c={c} key={c.field} />
        ))}
        {changes.length > shown.length ? (
          <button type="button" class="link s12 block" onClick={() => setAll(true)}>
            {t('show_more', { n: changes.length - shown.length })}
          </button>
        ) : null}
      </div>
    </li>
  );
}

function FlowRow({ e }: { e: FlowEvent }) {
  const [icon, tone] = FLOW_LOOK[e.action] ?? ['workflow', ''];
  const verb = `act_${e.action}` as 'act_approve';
  return (
    <li>
      <span class={`tl-i${tone ? ` tl-i--${tone}` : ''}`}>
        <Icon name={icon} />
      </span>
      <div>
        <div class="tl-t">
          {e.action === 'end' ? null : <Who by={e.auto ? null : e.by} />}
          <span class="mut">{t(verb) ?? e.action}</span>
          {e.to ? <span class="mut">{t('to_whom', { name: e.to.title ?? '' })}</span> : null}
          {e.auto ? <span class="dim s12">{t('by_auto')}</span> : null}
          <When at={e.at} />
        </div>
        {e.title ? <p class="s12 dim">{e.title}</p> : null}
        {e.comment ? <p class="say pre">{e.comment}</p> : null}
      </div>
    </li>
  );
}

function CommentRow({ c }: { c: Comment }) {
  return (
    <li>
      <Avatar id={c.by?.id ?? ''} name={c.by?.title ?? null} />
      <div>
        <div class="tl-t">
          <Who by={c.by} />
          <When at={c.at} />
        </div>
        <p class="say pre">{c.text}</p>
      </div>
    </li>
  );
}

export function Timeline({ def, entries }: { def: FormDef; entries: Entry[] }) {
  const [show, setShow] = useState<Show>('all');
  const list = entries.filter((e) => show === 'all' || (show === 'comments') === (e.kind === 'comment'));
  return (
    <>
      <div class="tlh">
        <h2 class="s13 b">{t('activity')}</h2>
        <Segments
          label={t('activity')}
          value={show}
          onChange={setShow}
          items={[
            { key: 'all', title: t('show_all') },
            { key: 'comments', title: t('show_comments') },
            { key: 'changes', title: t('show_changes') },
          ]}
        />
      </div>
      <div class="tlbox">
        {list.length === 0 ? <p class="s13 dim">{t('no_activity')}</p> : null}
        <ol class="tl">
          {list.map((e, i) =>
            e.kind === 'history' ? (
              <HistoryRow def={def} h={e.item} key={`h${e.item.id ?? i}`} />
            ) : e.kind === 'flow' ? (
              <FlowRow e={e.item} key={`f${e.at}${i}`} />
            ) : (
              <CommentRow c={e.item} key={`c${e.item.id}`} />
            ),
          )}
        </ol>
      </div>
    </>
  );
}

/** Where people go on with the record: one line that grows. */
export function Composer({ def, id, onSent }: { def: FormDef; id: string; onSent: () => void }) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const me = session.value?.me;
  const send = async () => {
    if (!text.trim() || busy) return;
    setBusy(true);
    try {
      await api.post(
        `${recordPath(def.app, def.form, id)}/comments`,
        { text: text.trim(), mentions: [] },
        { key: newKey() },
      );
      setText('');
      onSent();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    } finally {
      setBusy(false);
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
          value={text}
          aria-label={t('comment')}
          placeholder={t('comment_ph')}
          onInput={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
              e.preventDefault();
              e.stopPropagation();
              void send();
            }
          }}
        />
        <IconButton small icon="send" label={t('send')} disabled={!text.trim()} onClick={() => void send()} />
      </div>
    </form>
  );
}
