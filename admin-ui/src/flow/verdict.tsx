import { useMemo, useState } from 'preact/hooks';
import { api, newKey, Problem, recordPath, say } from '../api/client';
import type { FileRef, FlowInfo, FlowTask, FormDef, Rec, TaskAction } from '../api/types';
import { refreshCounts } from '../app/shell';
import { searchMembers } from '../form/controls';
import { SignPad } from '../form/files';
import { FormModel } from '../form/model';
import { FieldBox } from '../form/view';
import { ago, due, moment } from '../i18n/format';
import {
  Button,
  Combo,
  confirm,
  Dialog,
  Field,
  Icon,
  Menu,
  type MenuItem,
  navigate,
  type Option,
  prompt,
  Radios,
  Textarea,
  toast,
} from '../kit';
import { t } from '../record/text';

/* The verbs of an approval: the panel on a record, and the same verbs for the list of tasks. */

export function actionOf(task: { actions?: (string | TaskAction)[] }, name: string): TaskAction | undefined {
  for (const a of task.actions ?? []) {
    if (a === name) return { action: name };
    if (typeof a !== 'string' && a.action === name) return a;
  }
  return undefined;
}

export interface VerdictBody {
  comment?: string;
  values?: Record<string, unknown>;
  to?: unknown;
  where?: string;
  signature?: string;
}

/** Sends one verb. A task that somebody else finished first says so and refreshes. */
export async function act(taskId: string, action: string, body: VerdictBody): Promise<boolean> {
  try {
    await api.post(`/tasks/${encodeURIComponent(taskId)}/${action}`, body, { key: newKey() });
    const done = `done_${action}` as 'done_approve';
    toast(t(done) ?? t('done_other'));
    void refreshCounts();
    return true;
  } catch (e) {
    if (e instanceof Problem && e.status === 409) {
      toast(t('taken'), { kind: 'info' });
      void refreshCounts();
      return true;
    }
    throw e;
  }
}

interface Handing {
  action: 'transfer' | 'add_sign';
}

function HandDialog({
  what,
  onClose,
  onGo,
}: {
  what: Handing;
  onClose: () => void;
  onGo: (b: VerdictBody) => void;
}) {
  const [who, setWho] = useState<Option[]>([]);
  const [where, setWhere] = useState<'before' | 'after' | 'beside'>('after');
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const many = what.action === 'add_sign';
  return (
    <Dialog
      title={t(many ? 'add_sign_title' : 'transfer_title')}
      onClose={onClose}
      onSubmit={() => {
        if (!who.length) {
          setTried(true);
          return;
        }
        const text = comment.trim();
        const base: VerdictBody = text ? { comment: text } : {};
        onGo(many ? { ...base, to: who.map((w) => w.key), where } : { ...base, to: who[0]!.key });
      }}
      footer={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit">
            {t(many ? 'add_sign' : 'transfer')}
          </Button>
        </>
      }
    >
      <div class="col col3 mt2">
        <Field label={t('choose_member')} required error={tried && !who.length ? t('member_need') : null}>
          {(ids) => <Combo {...ids} multi={many} load={searchMembers} value={who} onChange={setWho} />}
        </Field>
        {many ? (
          <Radios
            name="where"
            value={where}
            items={(['before', 'after', 'beside'] as const).map((key) => ({ key, title: t(key) }))}
            onChange={setWhere}
          />
        ) : null}
        <Field label={t('opinion')}>
          {(ids) => <Textarea {...ids} value={comment} onInput={setComment} rows={2} />}
        </Field>
      </div>
    </Dialog>
  );
}

export interface VerdictProps {
  def: FormDef;
  rec: Rec;
  flow: FlowInfo;
  task: FlowTask;
  onDone: () => void;
  /** how it stands: in the side of a record, or as the bar of a phone */
  bar?: boolean;
}

function writableOf(task: FlowTask): string[] {
  return Object.entries(task.fields ?? {})
    .filter(([, r]) => r === 'write')
    .map(([k]) => k);
}

/** The state that the panel and the phone's bar share. */
function useVerdict({ def, rec, task, onDone }: VerdictProps) {
  const [comment, setComment] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [hand, setHand] = useState<Handing | null>(null);
  const [signed, setSigned] = useState<FileRef | undefined>(undefined);
  const keys = writableOf(task);
  const model = useMemo(
    () =>
      keys.length
        ? new FormModel(def, {
            record: rec,
            only: keys,
            rights: Object.fromEntries(keys.map((k) => [k, 'write'])),
          })
        : null,
    [task.id, rec._version],
  );
  const needs = (name: string) => actionOf(task, name)?.comment === 'required';
  const go = async (action: string, extra: VerdictBody = {}, text = comment) => {
    setError(null);
    if (needs(action) && !text.trim() && !extra.comment) {
      setError(t('opinion_need'));
      return;
    }
    if (action === 'approve' && model && !model.validate()) return;
    if (actionOf(task, action)?.signature === 'required' && !signed) {
      setError(t('signature_need'));
      return;
    }
    setBusy(action);
    try {
      const body: VerdictBody = { ...extra };
      if (!body.comment && text.trim()) body.comment = text.trim();
      if (model?.dirty.peek() && action === 'approve') body.values = model.body();
      if (signed && actionOf(task, action)?.signature) body.signature = signed.id;
      if (await act(task.id, action, body)) {
        setComment('');
        onDone();
      }
    } catch (e) {
      if (e instanceof Problem && model) model.place(e.errors);
      setError(say(e));
    } finally {
      setBusy(null);
    }
  };
  return {
    comment,
    setComment,
    error,
    setError,
    busy,
    hand,
    setHand,
    signed,
    setSigned,
    model,
    keys,
    needs,
    go,
  };
}

function moreItems(
  task: FlowTask,
  v: ReturnType<typeof useVerdict>,
  ask: (action: string, extra?: VerdictBody) => void,
  withReturn: boolean,
): MenuItem[] {
  const items: MenuItem[] = [];
  const ret = actionOf(task, 'return');
  if (ret && withReturn)
    for (const to of ret.to?.length ? ret.to : [{ key: 'start', title: '' }])
      items.push({
        title: to.title ? t('return_to', { title: to.title }) : t('return'),
        icon: 'undo-2',
        onPick: () => ask('return', { to: to.key }),
      });
  if (actionOf(task, 'transfer'))
    items.push({
      title: t('transfer'),
      icon: 'user-round-cog',
      onPick: () => v.setHand({ action: 'transfer' }),
    });
  if (actionOf(task, 'add_sign'))
    items.push({
      title: t('add_sign'),
      icon: 'user-round-plus',
      onPick: () => v.setHand({ action: 'add_sign' }),
    });
  return items;
}

/** On a desk: what is asked, fields to fill, an opinion, the verbs. */
export function Verdict(props: VerdictProps) {
  const { task } = props;
  const v = useVerdict(props);
  const left = task.due_at ? due(task.due_at) : null;
  const start = task.node === 'start';
  const ret = actionOf(task, 'return');
  const more = moreItems(task, v, (a, e) => void v.go(a, e), !ret?.to || ret.to.length > 1);
  const required = v.needs('reject');
  const sign = actionOf(task, 'approve')?.signature;
  return (
    <section class="appr" aria-label={t('your_turn')}>
      <header class="row gap3">
        <span class="tl-i tl-i--warn">
          <Icon name="stamp" />
        </span>
        <div>
          <h2 class="s13 b">{task.title}</h2>
          <p class="s12 dim">
            {t('your_turn')}
            {left ? (
              <>
                <span class="md" />
                <span class={left.late ? 'bad' : left.soon ? 'wrn' : ''} title={moment(task.due_at!)}>
                  {left.text}
                </span>
              </>
            ) : task.since ? (
              <>
                <span class="md" />
                <span title={moment(task.since)}>{t('wait_since', { ago: ago(task.since) })}</span>
              </>
            ) : null}
          </p>
        </div>
      </header>
      {v.model ? (
        <div class="col col3">
          {v.keys.map((k) => {
            const cell = v.model!.cell(k);
            return cell ? <FieldBox key={k} cell={cell} model={v.model!} span="" form="t-" /> : null;
          })}
        </div>
      ) : null}
      {!start ? (
        <Field error={v.error}>
          {(ids) => (
            <Textarea
              {...ids}
              label={t('opinion')}
              rows={2}
              value={v.comment}
              onInput={v.setComment}
              placeholder={t(required ? 'opinion_req' : 'opinion_ph')}
            />
          )}
        </Field>
      ) : v.error ? (
        <p class="err">{v.error}</p>
      ) : null}
      {sign ? (
        <Field label={t('signature')} required={sign === 'required'}>
          {(ids) => <SignPad id={ids.id} signed={v.signed} onSigned={v.setSigned} onError={v.setError} />}
        </Field>
      ) : null}
      <div class="row">
        {actionOf(task, 'approve') ? (
          <Button
            kind="main"
            class="grow"
            icon={start ? 'send' : 'check'}
            busy={v.busy === 'approve'}
            onClick={() => void v.go('approve')}
          >
            {t(start ? 'resubmit' : 'approve')}
          </Button>
        ) : null}
        {actionOf(task, 'reject') ? (
          <Button kind="bad-q" busy={v.busy === 'reject'} onClick={() => void v.go('reject')}>
            {t('reject')}
          </Button>
        ) : null}
        {ret && !(ret.to && ret.to.length > 1) ? (
          <Button
            busy={v.busy === 'return'}
            onClick={() => void v.go('return', { to: ret.to?.[0]?.key ?? 'start' })}
          >
            {t('return')}
          </Button>
        ) : null}
        {more.length ? <Menu label={t('more')} items={more} /> : null}
      </div>
      {v.hand ? (
        <HandDialog
          what={v.hand}
          onClose={() => v.setHand(null)}
          onGo={(b) => {
            v.setHand(null);
            void v.go(v.hand!.action, b);
          }}
        />
      ) : null}
    </section>
  );
}

/** On a phone: the verbs at the bottom; an opinion is asked when one is needed. */
export function VerdictBar(props: VerdictProps) {
  const { task } = props;
  const v = useVerdict(props);
  const start = task.node === 'start';
  const ask = async (action: string, extra: VerdictBody = {}) => {
    const text = await prompt({
      title: t(action as 'reject'),
      ok: t(action as 'reject'),
      danger: action === 'reject',
      comment: { label: v.needs(action) ? t('opinion_need') : t('opinion'), required: v.needs(action) },
    });
    if (text !== null) await v.go(action, text ? { ...extra, comment: text } : extra);
    else return;
  };
  const more = moreItems(task, v, (a, e) => void ask(a, e), false);
  const ret = actionOf(task, 'return');
  return (
    <footer class="phact ph">
      {actionOf(task, 'reject') ? (
        <Button kind="bad-q" onClick={() => void ask('reject')}>
          {t('reject')}
        </Button>
      ) : null}
      {ret ? (
        <Button onClick={() => void ask('return', { to: ret.to?.[0]?.key ?? 'start' })}>{t('return')}</Button>
      ) : null}
      <Button
        kind="main"
        class="grow"
        icon={start ? 'send' : 'check'}
        busy={v.busy === 'approve'}
        onClick={async () => {
          if (v.keys.length || actionOf(task, 'approve')?.signature === 'required') {
            document.querySelector('.appr')?.scrollIntoView({ block: 'center' });
            return;
          }
          await v.go('approve');
        }}
      >
        {t(start ? 'resubmit' : 'approve')}
      </Button>
      {more.length ? <Menu label={t('more')} items={more} /> : null}
      {v.hand ? (
        <HandDialog
          what={v.hand}
          onClose={() => v.setHand(null)}
          onGo={(b) => {
            v.setHand(null);
            void v.go(v.hand!.action, b);
          }}
        />
      ) : null}
    </footer>
  );
}

/** Since when a node waits, and when it is due. */
function Waiting({ node }: { node: FlowInfo['nodes'][number] }) {
  const left = node.due_at ? due(node.due_at) : null;
  if (left)
    return (
      <span class={`push s12 ${left.late ? 'bad' : 'wrn'}`} title={moment(node.due_at!)}>
        {left.text}
      </span>
    );
  return (
    <span class="push wrn s12" title={node.since ? moment(node.since) : undefined}>
      {t('waiting')}
    </span>
  );
}

/** The steps of the flow: done, now, to come. */
export function FlowSteps({ flow }: { flow: FlowInfo }) {
  if (!flow.nodes.length) return null;
  const look = {
    done: ['check', 'ok'],
    now: ['stamp', 'warn'],
    wait: ['circle-dashed', ''],
    skipped: ['minus', ''],
  } as const;
  return (
    <section class="fsteps">
      <h2 class="s13 b">{t('flow')}</h2>
      <ol class="tl">
        {flow.nodes
          .filter(
            (n) =>
              n.state !== 'skipped' &&
              (n.type !== 'end' || ['running', 'approved', 'returned'].includes(flow.state ?? '')),
          )
          .map((n) => {
            const [icon, tone] = look[n.state] ?? look.wait;
            return (
              <li key={n.key}>
                <span class={`tl-i${tone ? ` tl-i--${tone}` : ''}`}>
                  <Icon name={icon} />
                </span>
                <div class="tl-t">
                  <span class={n.state === 'wait' ? 'dim' : 'm'}>{n.title}</span>
                  {n.people?.length ? (
                    <span class="mut s12">{n.people.map((p) => p.title).join('、')}</span>
                  ) : null}
                  {n.state === 'now' && n.mode && (n.people?.length ?? 0) > 1 ? (
                    <span class="dim s12">{t(`mode_${n.mode}`)}</span>
                  ) : null}
                  {n.state === 'now' ? <Waiting node={n} /> : null}
                </div>
              </li>
            );
          })}
      </ol>
    </section>
  );
}

/** What those who operate may do with a flow, each after a question: go to a node, start anew, stop. */
export function manageItems(def: FormDef, id: string, flow: FlowInfo, onDone: () => void): MenuItem[] {
  const ask = async (action: 'jump' | 'restart' | 'stop', title: string, text: string, to?: string) => {
    const comment = await prompt({
      title,
      body: text,
      ok: title,
      danger: action === 'stop',
      comment: { label: t('reason') },
    });
    if (comment === null) return;
    const body = { ...(to ? { to } : {}), ...(comment.trim() ? { comment: comment.trim() } : {}) };
    if (await flowAct(def, id, action, body)) onDone();
  };
  const items: MenuItem[] = [];
  if (flow.can.includes('jump'))
    for (const n of flow.nodes)
      if (n.type !== 'start' && n.state !== 'now')
        items.push({
          title: t('jump_to', { title: n.title }),
          icon: 'workflow',
          onPick: () =>
            void ask('jump', t('jump_to', { title: n.title }), t('jump_text', { title: n.title }), n.key),
        });
  if (flow.can.includes('restart'))
    items.push({
      title: t('restart'),
      icon: 'redo-2',
      onPick: () => void ask('restart', t('restart'), t('restart_text')),
    });
  if (flow.can.includes('stop'))
    items.push({
      title: t('stop'),
      icon: 'ban',
      danger: true,
      onPick: () => void ask('stop', t('stop'), t('stop_text')),
    });
  return items;
}

/** What the caller may do with the whole flow: withdraw, urge, and what `manageItems` asks for. */
export async function flowAct(
  def: FormDef,
  id: string,
  action: string,
  body: Record<string, unknown> = {},
): Promise<boolean> {
  if (action === 'withdraw') {
    const ok = await confirm({ title: t('withdraw_title'), body: t('withdraw_text'), ok: t('withdraw') });
    if (!ok) return false;
  }
  try {
    await api.post(`${recordPath(def.app, def.form, id)}/flow/${action}`, body, { key: newKey() });
    const done = `done_${action}` as 'done_withdraw';
    toast(t(done) ?? t('done_other'));
    void refreshCounts();
    return true;
  } catch (e) {
    if (action === 'submit' && e instanceof Problem && e.errors.length) {
      toast(e.errors.map((x) => x.message).join(' '), { kind: 'bad' });
      void navigate(`/a/${def.app}/${def.form}/${id}/edit`); // where it can be mended
    } else toast(say(e), { kind: 'bad' });
    return false;
  }
}
