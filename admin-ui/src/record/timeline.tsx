import { useState } from 'preact/hooks';
import { api, recordPath, say } from '../api/client';
import type { Change, Comment, FieldDef, FlowEvent, FlowInfo, FormDef, HistoryItem, Ref } from '../api/types';
import { Value } from '../form/display';
import { fieldOf } from '../form/system';
import { ago, moment } from '../i18n/format';
import { Avatar, Button, confirm, Icon, Menu, Segments, Textarea, toast } from '../kit';
import { Composer } from './composer';
import { t } from './text';

export { Composer };

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

const SAME = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Rows of a sub-table: how many, and behind a click which and what in them. */
function RowsChanged({ def, c }: { def: FieldDef; c: Change }) {
  const columns = def.fields ?? [];
  const line = t('rows_changed', { added: c.added ?? 0, changed: c.changed ?? 0, removed: c.removed ?? 0 });
  if (!c.rows?.length)
    return (
      <p class="s12">
        <span class="dim">{def.title}</span> {line}
      </p>
    );
  return (
    <details class="s12 rowchg">
      <summary>
        <span class="dim">{def.title}</span> {line}
      </summary>
      <ul>
        {c.rows.map((r) => {
          const shown = columns.filter((f) => !SAME(r.old?.[f.key], r.new?.[f.key]));
          const mark = !r.old ? 'plus' : !r.new ? 'minus' : 'pencil';
          return (
            <li key={r.id}>
              <Icon name={mark} size="s" />
              <span>
                {shown.map((f) => (
                  <span class="chg" key={f.key}>
                    <span class="dim">{f.title}</span>
                    {r.old ? (
                      <del>
                        <Value def={f} value={r.old[f.key]} compact />
                      </del>
                    ) : null}
                    {r.new ? (
                      <ins>
                        <Value def={f} value={r.new[f.key]} compact />
                      </ins>
                    ) : null}
                  </span>
                ))}
              </span>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function ChangeRow({ def, c }: { def: FormDef; c: Change }) {
  const f = fieldOf(def, c.field) ?? { key: c.field, type: 'text' as const, title: c.title ?? c.field };
  if (c.added !== undefined || c.removed !== undefined || c.changed !== undefined)
    return <RowsChanged def={f} c={c} />;
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

/** What one may do with an entry: look at the record as it was then, bring that version back. */
export interface Then {
  look: (at: string) => void;
  back?: ((h: HistoryItem) => void) | undefined;
}

async function undoMerge(h: HistoryItem, done: () => void): Promise<void> {
  const title = h.from?.title ?? '';
  const ok = await confirm({
    title: t('merge_undo_title', { title }),
    body: t('merge_undo_text'),
    ok: t('merge_undo'),
  });
  if (!ok || !h.merge) return;
  try {
    const r = await api.post<{ kept: number }>(`/imports/${h.merge.id}/undo`);
    toast(r.kept ? t('merge_kept', { n: r.kept }) : t('merge_undone'));
    done();
  } catch (e) {
    toast(say(e), { kind: 'bad' });
  }
}

function HistoryRow({
  def,
  h,
  then,
  onUndo,
}: {
  def: FormDef;
  h: HistoryItem;
  then?: Then | undefined;
  onUndo?: (() => void) | undefined;
}) {
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
        : h.op === 'merge' && h.from?.title
          ? t('op_merged', { title: h.from.title })
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
          {h.record ? (
            <span class="dim s12">{t('of_merged', { title: h.record.title ?? h.record.id })}</span>
          ) : null}
          <When at={h.at} />
          {then && !h.record ? (
            <Menu
              label={t('entry_more')}
              class="tl-m"
              items={[
                { title: t('look_then'), icon: 'history', onPick: () => then.look(h.at) },
                ...(onUndo && h.merge?.mine && !h.merge.undone_at && h.merge.until > new Date().toISOString()
                  ? [{ title: t('merge_undo'), icon: 'undo-2', onPick: () => void undoMerge(h, onUndo) }]
                  : []),
                ...(then.back && h.op !== 'delete'
                  ? [{ title: t('version_back'), icon: 'undo-2', onPick: () => then.back?.(h) }]
                  : []),
              ]}
            />
          ) : null}
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
        {e.signature ? (
          <img
            class="signed"
            loading="lazy"
            alt={t('signature_of', { name: e.by?.title ?? '' })}
            src={`/api/v1/files/${encodeURIComponent(e.signature.id)}`}
          />
        ) : null}
      </div>
    </li>
  );
}

/** A text with the names of those it mentions set apart. */
function Mentioned({ c }: { c: Comment }) {
  const names = (c.mentions ?? []).map((m) => `@${m.title}`).filter((n) => n.length > 1);
  if (!names.length) return <>{c.text}</>;
  const parts: (string | { name: string })[] = [];
  let rest = c.text;
  while (rest) {
    const at = names.map((n) => ({ n, i: rest.indexOf(n) })).filter((x) => x.i >= 0);
    at.sort((x, y) => x.i - y.i || y.n.length - x.n.length);
    const hit = at[0];
    if (!hit) break;
    parts.push(rest.slice(0, hit.i), { name: hit.n });
    rest = rest.slice(hit.i + hit.n.length);
  }
  parts.push(rest);
  return <>{parts.map((x) => (typeof x === 'string' ? x : <b class="at">{x.name}</b>))}</>;
}

function CommentRow(props: {
  def: FormDef;
  id: string;
  c: Comment;
  deletes: boolean;
  onChanged: () => void;
}) {
  const { c } = props;
  const [text, setText] = useState<string | null>(null);
  const path = `${recordPath(props.def.app, props.def.form, props.id)}/comments/${c.id}`;
  const run = async (what: () => Promise<unknown>) => {
    try {
      await what();
      setText(null);
      props.onChanged();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const remove = async () => {
    if (
      await confirm({
        title: t('comment_delete'),
        body: c.text.slice(0, 200),
        ok: t('comment_delete_ok'),
        danger: true,
      })
    )
      await run(() => api.del(path));
  };
  const items = [
    ...(c.mine ? [{ title: t('comment_edit'), icon: 'pencil', onPick: () => setText(c.text) }] : []),
    ...(c.mine || props.deletes
      ? [{ title: t('comment_delete_ok'), icon: 'trash-2', danger: true, onPick: () => void remove() }]
      : []),
  ];
  return (
    <li>
      <Avatar id={c.by?.id ?? ''} name={c.by?.title ?? null} />
      <div>
        <div class="tl-t">
          <Who by={c.by} />
          {c.edited_at ? (
            <span class="dim s12" title={(c.earlier ?? []).map((e) => e.text).join('\n')}>
              {t('comment_edited')}
            </span>
          ) : null}
          <When at={c.at} />
          {items.length ? <Menu label={t('entry_more')} class="tl-m" items={items} /> : null}
        </div>
        {text === null ? (
          <p class="say pre">
            <Mentioned c={c} />
          </p>
        ) : (
          <form
            class="col gap1"
            onSubmit={(e) => {
              e.preventDefault();
              void run(() => api.patch(path, { text: text.trim() }));
            }}
          >
            <Textarea value={text} label={t('comment_edit')} onInput={setText} />
            <span class="row">
              <span class="push" />
              <Button size="s" kind="ghost" onClick={() => setText(null)}>
                {t('cancel')}
              </Button>
              <Button size="s" kind="main" type="submit" disabled={!text.trim()}>
                {t('comment_save')}
              </Button>
            </span>
          </form>
        )}
      </div>
    </li>
  );
}

export function Timeline(props: {
  def: FormDef;
  id: string;
  entries: Entry[];
  deletes: boolean;
  then?: Then;
  undoMerge?: (() => void) | undefined;
  onChanged: () => void;
}) {
  const { def, entries } = props;
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
              <HistoryRow
                def={def}
                h={e.item}
                then={props.then}
                onUndo={props.undoMerge}
                key={`h${e.item.id ?? i}`}
              />
            ) : e.kind === 'flow' ? (
              <FlowRow e={e.item} key={`f${e.at}${i}`} />
            ) : (
              <CommentRow
                def={def}
                id={props.id}
                c={e.item}
                deletes={props.deletes}
                onChanged={props.onChanged}
                key={`c${e.item.id}`}
              />
            ),
          )}
        </ol>
      </div>
    </>
  );
}
