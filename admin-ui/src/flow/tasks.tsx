import './tasks.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, newKey, query, say } from '../api/client';
import { useLive } from '../api/live';
import { apps } from '../api/session';
import type { Box, FieldDef, TaskItem, TasksAnswer } from '../api/types';
import { counts, refreshCounts } from '../app/shell';
import { Value } from '../form/display';
import { STATES, stateTitle } from '../form/system';
import { isBlank } from '../form/values';
import { ago, due, moment } from '../i18n/format';
import {
  Avatar,
  Button,
  Check,
  confirm,
  Empty,
  Icon,
  navigate,
  params,
  phone,
  prompt,
  SearchBox,
  Skeleton,
  setParams,
  Tabs,
  Tag,
  toast,
  useKeys,
  useTitle,
} from '../kit';
import { RecordView } from '../record/page';
import { t } from '../record/text';
import { act, actionOf, type VerdictBody } from './verdict';

/* My tasks: boxes as tabs, grouped by what is due, handled beside the list; on a phone on the card itself. */

const BOXES: Box[] = ['todo', 'done', 'started', 'cc'];
const PAGE = 50;
const SEARCH_AFTER = 220;

function useTasks(box: Box, search: string) {
  const [tasks, setTasks] = useState<TaskItem[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const of = useRef(box);
  useEffect(() => {
    const stop = new AbortController();
    if (of.current !== box) setTasks(null);
    of.current = box;
    setFailed(null);
    api
      .get<TasksAnswer>(`/tasks${query({ box, search, limit: PAGE })}`, { signal: stop.signal })
      .then((a) => {
        setTasks(a.tasks);
        setNext(a.next);
        counts.value = a.counts;
      })
      .catch((e) => (e as Error).name !== 'AbortError' && setFailed(say(e)));
    return () => stop.abort();
  }, [box, search, turn]);
  const more = async () => {
    if (!next) return;
    try {
      const a = await api.get<TasksAnswer>(`/tasks${query({ box, search, limit: PAGE, after: next })}`);
      setTasks([...(tasks ?? []), ...a.tasks]);
      setNext(a.next);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  return { tasks, failed, next, more, reload: () => setTurn((n) => n + 1) };
}

type Group = 'overdue' | 'due_today' | 'due_later' | 'no_due';

function groupOf(k: TaskItem): Group {
  if (!k.due_at) return 'no_due';
  const d = due(k.due_at);
  return d.late ? 'overdue' : d.soon ? 'due_today' : 'due_later';
}

function groups(tasks: TaskItem[], box: Box): [Group | 'handled', TaskItem[]][] {
  if (box !== 'todo') return [['handled', tasks]];
  const order: Group[] = ['overdue', 'due_today', 'due_later', 'no_due'];
  return order
    .map((g): [Group, TaskItem[]] => [g, tasks.filter((k) => groupOf(k) === g)])
    .filter(([, list]) => list.length > 0);
}

function summaryField({
  field,
  title,
  type,
  scale,
  options,
}: NonNullable<TaskItem['summary']>[number]): FieldDef {
  return { key: field, title, type: type ?? 'text', scale: scale ?? null, ...(options ? { options } : {}) };
}

/** In the reader's language, which the apps' titles follow. */
function formTitle(k: TaskItem): string {
  const form = apps.value?.find((a) => a.app === k.app)?.forms.find((f) => f.form === k.form);
  return form?.title ?? k.form_title ?? k.form;
}

function TaskCard(props: {
  k: TaskItem;
  box: Box;
  current: boolean;
  selected: boolean;
  onSelect: ((on: boolean) => void) | null;
  onOpen: () => void;
  onAct: (action: string) => void;
}) {
  const { k, box } = props;
  const left = k.due_at && box === 'todo' ? due(k.due_at) : null;
  const summary = (k.summary ?? []).filter((s) => !isBlank(s.value)).slice(0, 2);
  const when = box === 'done' && k.done ? k.done.at : k.since;
  const verb = k.done ? (`act_${k.done.action}` as 'act_approve') : null;
  return (
    <li class={`tcard${props.current ? ' is-cur' : ''}`}>
      {props.onSelect ? (
        <span class="dk">
          <Check
            checked={props.selected}
            aria={t('select_task', { title: k.record.title ?? '' })}
            onChange={props.onSelect}
          />
        </span>
      ) : null}
      <a
        href={`/a/${k.app}/${k.form}/${k.record.id}`}
        aria-current={props.current ? 'true' : undefined}
        onClick={(e) => {
          if (e.metaKey || e.ctrlKey || phone.peek()) return;
          e.preventDefault();
          props.onOpen();
        }}
      >
        <span class="row s12 mut">
          <Icon name={k.node === 'start' ? 'undo-2' : 'stamp'} size="s" />
          <span class="cut">
            {formTitle(k)}
            <span class="md" />
            {k.title}
          </span>
          <span class="push nowrap">
            {left ? (
              <span class={left.late ? 'bad' : left.soon ? 'wrn' : 'dim'}>{left.text}</span>
            ) : when ? (
              <time class="when" dateTime={when} title={moment(when, true)}>
                {ago(when)}
              </time>
            ) : null}
          </span>
        </span>
        <span class="ttl">{k.record.title ?? '—'}</span>
        <span class="row wrap s13">
          {k.by ? (
            <span class="who">
              <Avatar id={k.by.id} name={k.by.title} size="s" />
              <span class="cut">{k.by.title}</span>
            </span>
          ) : null}
          {summary.map((s) => (
            <span key={s.field} class="nowrap">
              <span class="dim">{s.title}</span> <Value def={summaryField(s)} value={s.value} compact />
            </span>
          ))}
          {box !== 'todo' && k.state ? (
            <Tag color={STATES[k.state] ?? 'grey'}>{stateTitle(k.state)}</Tag>
          ) : null}
          {box === 'done' && verb ? <span class="dim s12">{t(verb)}</span> : null}
        </span>
      </a>
      {box === 'todo' ? (
        <div class="ph tact">
          {actionOf(k, 'reject') ? (
            <Button kind="bad-q" onClick={() => props.onAct('reject')}>
              {t('reject')}
            </Button>
          ) : null}
          {actionOf(k, 'approve') ? (
            <Button
              kind="soft"
              icon={k.node === 'start' ? 'send' : 'check'}
              onClick={() => props.onAct('approve')}
            >
              {t(k.node === 'start' ? 'resubmit' : 'approve')}
            </Button>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}

export function TasksPage() {
  useTitle(t('tasks'));
  const q = params.value;
  const box = (BOXES.includes(q.get('box') as Box) ? q.get('box') : 'todo') as Box;
  const search = q.get('q') ?? '';
  const wanted = q.get('task');
  const [typed, setTyped] = useState(search);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const list = useTasks(box, search);
  const tasks = list.tasks ?? [];
  const desk = !phone.value;
  const current = tasks.find((k) => k.id === wanted) ?? (desk ? tasks[0] : undefined);
  const n = counts.value;

  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => setParams({ q: typed || null }), SEARCH_AFTER);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => setSelected(new Set()), [box]);

  useLive((e) => e.kind === 'task' || e.kind === 'record', list.reload);

  const open = (k: TaskItem) => setParams({ task: k.id });
  const step = (by: number) => {
    const order = groups(tasks, box).flatMap(([, l]) => l);
    const at = current ? order.findIndex((k) => k.id === current.id) : -1;
    const next = order[Math.max(0, Math.min(order.length - 1, at + by))];
    if (next) open(next);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => current && navigate(`/a/${current.app}/${current.form}/${current.record.id}`),
  });

  const actOn = async (k: TaskItem, action: string) => {
    const required = actionOf(k, action)?.comment === 'required';
    const body: VerdictBody = {};
    if (action !== 'approve' || required) {
      const text = await prompt({
        title: t(action as 'reject'),
        body: k.record.title ?? '',
        ok: t(action as 'reject'),
        danger: action === 'reject',
        comment: { label: required ? t('opinion_need') : t('opinion'), required },
      });
      if (text === null) return;
      if (text) body.comment = text;
    }
    try {
      await act(k.id, action, body);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
    list.reload();
  };

  const batch = async () => {
    const ids = [...selected];
    if (
      !(await confirm({ title: t('batch_title', { n: ids.length }), body: t('batch_text'), ok: t('batch') }))
    )
      return;
    try {
      const a = await api.post<{ results: { id: string; status: number }[] }>(
        '/tasks/batch',
        { ids, action: 'approve' },
        { key: newKey() },
      );
      const done = a.results.filter((r) => r.status < 300).length;
      const failed = a.results.length - done;
      toast(failed ? t('batch_some', { done, failed }) : t('batch_done', { n: done }), {
        kind: failed ? 'bad' : 'ok',
      });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
    setSelected(new Set());
    void refreshCounts();
    list.reload();
  };

  const none = search ? 'tasks_none_found' : (`tasks_none_${box}` as const);
  return (
    <>
      <header class="bar">
        <h1>{t('tasks')}</h1>
        <span class="push" />
        <SearchBox class="dk" hotkey value={typed} onInput={setTyped} label={t('search_tasks')} />
      </header>
      <Tabs
        label={t('boxes')}
        value={box}
        items={BOXES.map((b) => ({
          key: b,
          title: t(`box_${b}`),
          count: n ? n[b] : null,
          hot: b === 'todo',
          href: `?box=${b}`,
        }))}
      />
      <div class="split">
        <div class="tlist">
          {box === 'todo' && tasks.length > 0 ? (
            <div class="tools dk">
              <Check
                checked={selected.size > 0 && selected.size === tasks.length}
                mixed={selected.size > 0 && selected.size < tasks.length}
                aria={t('batch')}
                onChange={(on) => setSelected(on ? new Set(tasks.map((k) => k.id)) : new Set())}
              />
              <span class="push" />
              <Button size="xs" disabled={selected.size === 0} onClick={() => void batch()}>
                {t('batch')}
                {selected.size ? ` ${selected.size}` : ''}
              </Button>
            </div>
          ) : null}
          <div class="tlist-u">
            {list.failed ? (
              <Empty icon="circle-alert" title={t('failed')} text={list.failed}>
                <Button onClick={list.reload}>{t('retry')}</Button>
              </Empty>
            ) : !list.tasks ? (
              <Skeleton lines={9} label={t('loading')} />
            ) : tasks.length === 0 ? (
              <Empty
                icon={box === 'todo' ? 'check-check' : 'inbox'}
                title={t(none)}
                text={search ? undefined : t('tasks_none_text')}
              />
            ) : (
              groups(tasks, box).map(([g, all]) => (
                <section key={g} aria-label={t(g)}>
                  {g !== 'handled' ? (
                    <h2 class={`tgrp${g === 'overdue' ? ' bad' : g === 'due_today' ? ' wrn' : ''}`}>
                      {t(g)}
                      <span>{all.length}</span>
                    </h2>
                  ) : null}
                  <ul>
                    {all.map((k) => (
                      <TaskCard
                        key={k.id}
                        k={k}
                        box={box}
                        current={current?.id === k.id}
                        selected={selected.has(k.id)}
                        onSelect={
                          box === 'todo'
                            ? (on) => {
                                const s = new Set(selected);
                                if (on) s.add(k.id);
                                else s.delete(k.id);
                                setSelected(s);
                              }
                            : null
                        }
                        onOpen={() => open(k)}
                        onAct={(a) => void actOn(k, a)}
                      />
                    ))}
                  </ul>
                </section>
              ))
            )}
            {list.next ? (
              <div class="grid-end">
                <Button size="s" kind="ghost" onClick={() => void list.more()}>
                  {t('load_more')}
                </Button>
              </div>
            ) : null}
          </div>
        </div>
        <div class="prev">
          {current && desk ? (
            <RecordView
              key={current.id}
              mode="task"
              app={current.app}
              form={current.form}
              id={current.record.id}
              onChanged={list.reload}
            />
          ) : list.tasks ? (
            <Empty icon="list-checks" title={t('pick')} text={t('pick_text')} />
          ) : null}
        </div>
      </div>
    </>
  );
}
