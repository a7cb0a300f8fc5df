import './record.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, newKey, Problem, query, recordPath, say, session } from '../api/client';
import { type Loaded, useForm } from '../api/forms';
import { useLive } from '../api/live';
import type { ButtonDef, Comment, FieldDef, FlowInfo, FormDef, HistoryItem, Rec } from '../api/types';
import { remember } from '../app/recent';
import { FlowSteps, flowAct, manageItems, Verdict, VerdictBar } from '../flow/verdict';
import { Value } from '../form/display';
import { settled } from '../form/files';
import { FormModel } from '../form/model';
import { fieldOf, STATES, stateTitle } from '../form/system';
import { isBlank, resultType } from '../form/values';
import { FieldBox, pagesOf } from '../form/view';
import { moment } from '../i18n/format';
import {
  Button,
  back,
  confirm,
  Dialog,
  Empty,
  Field,
  Icon,
  IconButton,
  Input,
  Menu,
  type MenuItem,
  Note,
  navigate,
  Skeleton,
  Tabs,
  Tag,
  toast,
  useKeys,
  useTitle,
} from '../kit';
import { Facts } from './facts';
import { Related } from './related';
import { ShareDialog } from './share';
import { t } from './text';
import { Composer, merge, Timeline } from './timeline';

/* One record: as a page, as a panel beside its list, inside the tasks. */

interface Props {
  app: string;
  form: string;
  id: string;
  position?: { n: number; of: number } | null;
  onStep?: (by: number) => void;
  onClose?: () => void;
  onChanged?: () => void;
}

export function RecordPage(props: Props) {
  return <RecordView {...props} mode="page" />;
}
export function RecordPanel(props: Props) {
  return (
    <aside class="panel" aria-label={t('details')}>
      <RecordView {...props} mode="panel" />
    </aside>
  );
}

interface Side {
  history: HistoryItem[];
  comments: Comment[];
  flow: FlowInfo | null;
}

/** The record and what surrounds it; `reload` reads everything again without a flash. */
function useRecord(def: FormDef | null, app: string, form: string, id: string, then: string | null) {
  const [rec, setRec] = useState<Loaded<Rec>>({ state: 'loading' });
  const [side, setSide] = useState<Side>({ history: [], comments: [], flow: null });
  const [turn, setTurn] = useState(0);
  const path = recordPath(app, form, id);
  useLive(
    (e) => e.kind === 'record' && e.id === id,
    () => setTurn((n) => n + 1),
  );
  useEffect(() => {
    let live = true;
    api
      .get<Rec>(`${path}${query({ as_of: then })}`)
      .then((data) => live && setRec({ state: 'ok', data }))
      .catch((error) => live && setRec({ state: 'failed', error }));
    return () => {
      live = false;
    };
  }, [path, turn, then]);
  const row = rec.state === 'ok' ? rec.data : null;
  const reads = (right: 'history' | 'comment') => (row?._can ? row._can.includes(right) : def?.rights[right]);
  useEffect(() => {
    if (!def || !row || then) return; // what surrounds a record of then is that of now
    let live = true;
    const take = (part: Partial<Side>) => live && setSide((s) => ({ ...s, ...part }));
    const quiet = () => undefined;
    if (reads('history'))
      api.get<{ history: HistoryItem[] }>(`${path}/history`).then((a) => take({ history: a.history }), quiet);
    if (reads('comment'))
      api.get<{ comments: Comment[] }>(`${path}/comments`).then((a) => take({ comments: a.comments }), quiet);
    return () => {
      live = false;
    };
  }, [def, row]);
  useEffect(() => {
    if (!def?.flow) return;
    let live = true;
    api.get<FlowInfo>(`${path}/flow`).then(
      (flow) => live && setSide((s) => ({ ...s, flow })),
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [def, path, turn]);
  return { rec, side, reload: () => setTurn((n) => n + 1) };
}

export function RecordView(props: Props & { mode: 'page' | 'panel' | 'task' }) {
  const got = useForm(props.app, props.form);
  const def = got.state === 'ok' ? got.data : null;
  const [then, setThen] = useState<string | null>(null);
  const { rec, side, reload } = useRecord(def, props.app, props.form, props.id, then);
  useTitle(props.mode === 'task' || rec.state !== 'ok' ? '' : rec.data._title || (def?.title ?? ''));
  const error = got.state === 'failed' ? got.error : rec.state === 'failed' ? rec.error : null;
  if (error) {
    const absent = error instanceof Problem && error.status === 404;
    return (
      <>
        <Bar {...props} def={def} rec={null} reload={reload} />
        <Empty
          icon={absent ? 'map' : 'circle-alert'}
          title={t(absent && then ? 'absent_then' : absent ? 'absent' : 'failed')}
          text={absent && then ? moment(then) : absent ? t('absent_text') : say(error)}
        >
          {then ? (
            <Button onClick={() => setThen(null)}>{t('then_end')}</Button>
          ) : absent ? (
            <Button href={`/a/${props.app}/${props.form}`}>{t('back_list')}</Button>
          ) : (
            <Button onClick={reload}>{t('retry')}</Button>
          )}
        </Empty>
      </>
    );
  }
  if (!def || rec.state !== 'ok')
    return (
      <>
        <Bar {...props} def={def} rec={null} reload={reload} />
        <Skeleton title lines={9} label={t('loading')} />
      </>
    );
  return (
    <Body {...props} def={def} rec={rec.data} side={side} reload={reload} then={then} setThen={setThen} />
  );
}

type BodyProps = Props & {
  mode: 'page' | 'panel' | 'task';
  def: FormDef;
  rec: Rec;
  side: Side;
  reload: () => void;
  then: string | null;
  setThen: (at: string | null) => void;
};

function Bar(
  props: Props & {
    mode: string;
    def: FormDef | null;
    rec: Rec | null;
    reload: () => void;
    can?: Set<string>;
    then?: string | null;
    setThen?: (at: string | null) => void;
  },
) {
  const [asking, setAsking] = useState(false);
  const { def, rec, mode, can } = props;
  const href = `/a/${props.app}/${props.form}/${props.id}`;
  const list = `/a/${props.app}/${props.form}`;
  const remove = async () => {
    const title = rec?._title ?? '';
    const ok = await confirm({
      title: t('delete_title', { title }),
      body: t('delete_text'),
      ok: t('delete'),
      danger: true,
    });
    if (!ok || !rec) return;
    const path = recordPath(props.app, props.form, rec._id);
    try {
      await api.del(path, { ifMatch: rec._version });
      toast(t('deleted', { title }), {
        action: {
          title: t('undo'),
          run: () =>
            void api
              .post(`${path}/restore`)
              .then(() => {
                toast(t('restored'));
                props.onChanged?.();
              })
              .catch((e) => toast(say(e), { kind: 'bad' })),
        },
      });
      props.onChanged?.();
      if (props.onClose) props.onClose();
      else navigate(list, { replace: true });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const [sharing, setSharing] = useState(false);
  const items: MenuItem[] = [
    {
      title: t('copy_link'),
      icon: 'link-2',
      onPick: () =>
        void navigator.clipboard?.writeText(location.origin + href).then(() => toast(t('copied'))),
    },
    { title: t('print'), icon: 'printer', onPick: () => print() },
    ...(can?.has('print') ? (def?.prints ?? []) : []).map((p) => ({
      title: t('print_as', { title: p.title }),
      icon: 'printer',
      onPick: () =>
        void window.open(
          `/a/${encodeURIComponent(props.app)}/${encodeURIComponent(props.form)}/print/${encodeURIComponent(p.key)}?ids=${props.id}`,
          '_blank',
          'noreferrer',
        ),
    })),
    ...(can?.has('share')
      ? [{ title: `${t('share')}…`, icon: 'share-2', onPick: () => setSharing(true) }]
      : []),
    ...(def?.rights.create
      ? [{ title: t('copy_new'), icon: 'copy', href: `${list}/new?copy=${props.id}` }]
      : []),
  ];
  if (can?.has('update') && def?.rights.delete && def.app !== 'people')
    items.push({ title: t('merge'), icon: 'git-fork', href: `${href}/merge` });
  if (can?.has('history') && props.setThen)
    items.push({ title: t('then_pick'), icon: 'history', onPick: () => setAsking(true) });
  if (can?.has('delete'))
    items.push({
      title: t('delete'),
      icon: 'trash-2',
      danger: true,
      line: true,
      onPick: () => void remove(),
    });
  return (
    <header class="bar bar--line">
      {mode === 'panel' ? (
        <>
          <IconButton icon="chevrons-right" label={t('close')} onClick={() => props.onClose?.()} />
          <IconButton icon="maximize-2" label={t('expand')} href={href} />
          {props.position ? (
            <>
              <span class="vline" />
              <IconButton
                icon="chevron-up"
                label={t('prev')}
                disabled={props.position.n <= 1}
                onClick={() => props.onStep?.(-1)}
              />
              <IconButton icon="chevron-down" label={t('next')} onClick={() => props.onStep?.(1)} />
              <span class="s13 dim num">{t('position', { n: props.position.n, of: props.position.of })}</span>
            </>
          ) : null}
        </>
      ) : mode === 'task' ? (
        <a class="link s13" href={href}>
          {def?.title ?? ''}
        </a>
      ) : (
        <>
          <span class="ph">
            <IconButton icon="chevron-left" label={t('back')} onClick={() => back(list)} />
          </span>
          <a class="crumb" href={list}>
            {def?.title ?? ''}
            <Icon name="chevron-right" size="s" class="dk" />
          </a>
          <h1 class="dk">{rec?._title ?? ''}</h1>
        </>
      )}
      <span class="push" />
      {rec ? <Menu label={t('more')} items={items} /> : null}
      {asking ? (
        <ThenDialog
          onClose={() => setAsking(false)}
          onPick={(at) => {
            setAsking(false);
            props.setThen?.(at);
          }}
        />
      ) : null}
      {sharing && def ? <ShareDialog def={def} id={props.id} onClose={() => setSharing(false)} /> : null}
      {mode === 'task' ? <IconButton icon="maximize-2" label={t('expand')} href={href} /> : null}
      {can?.has('update') && mode !== 'task' ? (
        <Button size="s" icon="pencil" href={`${href}/edit`}>
          {t('edit')}
          <kbd class="dk">E</kbd>
        </Button>
      ) : null}
    </header>
  );
}

/** Which moment the record is to be looked at. */
function ThenDialog(props: { onPick: (at: string) => void; onClose: () => void }) {
  const [at, setAt] = useState('');
  const when = at ? new Date(at) : null;
  const good = when !== null && !Number.isNaN(when.getTime()) && when.getTime() <= Date.now();
  return (
    <Dialog
      title={t('then_pick')}
      onClose={props.onClose}
      onSubmit={() => good && props.onPick(when.toISOString())}
      footer={
        <>
          <Button kind="ghost" onClick={props.onClose}>
            {t('cancel')}
          </Button>
          <Button kind="main" type="submit" disabled={!good}>
            {t('then_look')}
          </Button>
        </>
      }
    >
      <Field label={t('then_at')} hint={t('then_help')}>
        {(f) => <Input {...f} type="datetime-local" value={at} onInput={setAt} autofocus />}
      </Field>
    </Dialog>
  );
}

/** What may be done with this row: the record says, else the form's rights. */
function canOf(def: FormDef, rec: Rec): Set<string> {
  return new Set(
    rec._can ??
      Object.entries(def.rights)
        .filter(([, v]) => v)
        .map(([k]) => k),
  );
}

const SYSTEM = ['_owner', '_dept', '_created_by', '_created_at', '_updated_by', '_updated_at'];
const KPI_TYPES = new Set(['number', 'percent']);
const KPIS = 4;

/** Up to four figures that the form's own views add up or put on cards. */
function kpisOf(def: FormDef, rec: Rec): FieldDef[] {
  const keys = [
    ...new Set(
      def.views.flatMap((v) => [...Object.keys(v.totals ?? {}), ...(v.card ?? []), ...(v.columns ?? [])]),
    ),
  ];
  return keys
    .map((k) => fieldOf(def, k))
    .filter((f): f is FieldDef => f !== undefined && KPI_TYPES.has(resultType(f)) && !isBlank(rec[f.key]))
    .slice(0, KPIS);
}

function Body(props: BodyProps) {
  const { def, rec, side, mode } = props;
  const [tab, setTab] = useState('0');
  // what was then is looked at, not worked with
  const can = useMemo(() => (props.then ? new Set<string>() : canOf(def, rec)), [def, rec, props.then]);
  const changed = () => {
    props.reload();
    props.onChanged?.();
  };
  const versionBack = async (h: HistoryItem) => {
    const ok = await confirm({
      title: t('version_back_title', { when: moment(h.at) }),
      body: t('version_back_text'),
      ok: t('version_back'),
    });
    if (!ok) return;
    try {
      await api.post(
        `${recordPath(def.app, def.form, rec._id)}/restore`,
        { version: h.version },
        { ifMatch: rec._version },
      );
      toast(t('version_is_back'));
      changed();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  useEffect(() => {
    const me = session.peek()?.me.id;
    if (me && rec._title)
      remember(me, {
        href: `/a/${def.app}/${def.form}/${rec._id}`,
        title: rec._title,
        sub: def.title,
        icon: def.icon ?? 'file-text',
      });
  }, [rec._id]);
  useKeys({
    e: () => can.has('update') && mode !== 'task' && navigate(`/a/${def.app}/${def.form}/${rec._id}/edit`),
    ...(mode === 'page' ? { Escape: () => back(`/a/${def.app}/${def.form}`) } : {}),
  });
  const pages = pagesOf(def);
  const related = def.related ?? [];
  const tabs = [
    ...pages.map((p, i) => ({ key: String(i), title: i === 0 ? t('details') : (p.title ?? t('other')) })),
    ...related.map((r, i) => ({ key: `r${i}`, title: r.title })),
  ];
  const serial = def.fields.find((f) => f.type === 'serial');
  const status = def.fields.find((f) => f.type === 'select' && (f.key === 'status' || f.key === 'stage'));
  const task = side.flow?.task ?? null;
  const rights: Record<string, string> = { ...(rec._fields ?? {}) };
  const system = SYSTEM.filter((k) => !isBlank(rec[k]));
  const kpis = kpisOf(def, rec);
  const page = tab.startsWith('r') ? null : pages[Number(tab)];
  const shownRelated = tab.startsWith('r') ? related[Number(tab.slice(1))] : null;
  return (
    <>
      <Bar {...props} def={def} rec={rec} can={can} />
      <div class="rec">
        <div class="rec-main">
          <div class="rec-head">
            <div class="row wrap s13">
              {serial && rec[serial.key] ? <span class="dim num">{String(rec[serial.key])}</span> : null}
              {status && rec[status.key] ? <Value def={status} value={rec[status.key]} compact /> : null}
              {rec._state ? (
                <Tag
                  color={STATES[rec._state] ?? 'grey'}
                  icon={
                    rec._state === 'running'
                      ? 'hourglass'
                      : rec._state === 'approved'
                        ? 'shield-check'
                        : 'workflow'
                  }
                >
                  {stateTitle(rec._state)}
                </Tag>
              ) : null}
            </div>
            <h1>{rec._title || def.title}</h1>
            {props.then ? (
              <p class="note note--warn then">
                <Icon name="history" />
                <span>{t('then_note', { when: moment(props.then) })}</span>
                <Button size="s" onClick={() => props.setThen(null)}>
                  {t('then_end')}
                </Button>
              </p>
            ) : null}
            {props.then ? null : <Actions def={def} rec={rec} flow={side.flow} can={can} onDone={changed} />}
            {task ? (
              <p class="ph note note--warn">
                <Icon name="stamp" />
                <span>
                  {task.title}
                  <span class="md" />
                  {t('your_turn')}
                </span>
              </p>
            ) : null}
            {kpis.length > 1 ? (
              <dl class="kpis">
                {kpis.map((f) => (
                  <div key={f.key}>
                    <dt>{f.title}</dt>
                    <dd>
                      <Value def={f} value={rec[f.key]} />
                    </dd>
                  </div>
                ))}
              </dl>
            ) : null}
          </div>
          {tabs.length > 1 ? <Tabs label={t('sections')} value={tab} items={tabs} onChange={setTab} /> : null}
          <div class="rec-body">
            {page?.sections.map((s) => {
              const listed = s.title !== null && s.title !== t('other');
              const keys = s.fields
                .map((f) => f.key)
                .filter((k) => shownNow(def, rec, k) && (listed || rights[k] !== 'hidden'));
              return keys.length ? (
                <section class="sec" key={s.key}>
                  {s.title ? <h2>{s.title}</h2> : null}
                  <Facts def={def} rec={rec} rights={rights} keys={keys} columns={s.columns} />
                </section>
              ) : null;
            })}
            {page && tab === '0' && system.length ? (
              <section class="sec">
                <h2>{t('system')}</h2>
                <Facts def={def} rec={rec} rights={rights} keys={system} columns={2} />
              </section>
            ) : null}
            {shownRelated ? <Related def={def} rec={rec} related={shownRelated} /> : null}
          </div>
        </div>
        <div class="rec-side">
          {task && side.flow ? (
            <Verdict def={def} rec={rec} flow={side.flow} task={task} onDone={changed} />
          ) : null}
          {side.flow?.state ? <FlowSteps flow={side.flow} /> : null}
          <Timeline
            def={def}
            id={rec._id}
            entries={merge(side.history, side.flow, side.comments)}
            deletes={can.has('delete')}
            undoMerge={can.has('update') ? changed : undefined}
            then={{ look: props.setThen, back: can.has('update') ? (h) => void versionBack(h) : undefined }}
            onChanged={props.reload}
          />
          {can.has('comment') ? <Composer def={def} id={rec._id} onSent={props.reload} /> : null}
        </div>
      </div>
      {task && side.flow && mode !== 'panel' ? (
        <VerdictBar def={def} rec={rec} flow={side.flow} task={task} onDone={changed} />
      ) : null}
    </>
  );
}

/** A field whose condition does not hold came as blank and is left out; a hidden one stays to say so. */
function shownNow(def: FormDef, rec: Rec, key: string): boolean {
  const f = fieldOf(def, key);
  if (!f) return false;
  if (f.type === 'serial') return false; // stands in the head
  return !(typeof f.visible === 'string' && isBlank(rec[key]));
}

// ---- buttons -----------------------------------------------------------------------------------------------------------

function Actions({
  def,
  rec,
  flow,
  can,
  onDone,
}: {
  def: FormDef;
  rec: Rec;
  flow: FlowInfo | null;
  can: Set<string>;
  onDone: () => void;
}) {
  const [asking, setAsking] = useState<ButtonDef | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const buttons = def.buttons.filter((b) => (rec._buttons ? rec._buttons.includes(b.key) : !b.when));
  const run = async (b: ButtonDef, ask: Record<string, unknown> = {}) => {
    setBusy(b.key);
    try {
      await api.post(`${recordPath(def.app, def.form, rec._id)}/buttons/${b.key}`, ask, { key: newKey() });
      toast(t('button_done', { title: b.title }));
      setAsking(null);
      onDone();
      return null;
    } catch (e) {
      if (!b.ask?.length) toast(say(e), { kind: 'bad' });
      return e;
    } finally {
      setBusy(null);
    }
  };
  const start = async (b: ButtonDef) => {
    if (b.ask?.length) {
      setAsking(b);
      return;
    }
    if (
      b.confirm &&
      !(await confirm({ title: `${b.title}？`, body: b.confirm, ok: b.title, danger: !!b.danger }))
    )
      return;
    await run(b);
  };
  const mine = flow?.task != null; // nobody urges himself
  const verbs = (flow?.can ?? []).filter(
    (a) => a === 'withdraw' || a === 'submit' || (a === 'urge' && !mine),
  );
  const draft = rec._state === 'draft' && can.has('update') && !verbs.includes('submit');
  const manage = flow ? manageItems(def, rec._id, flow, onDone) : [];
  const again =
    ['withdrawn', 'rejected'].includes(rec._state ?? '') && def.rights.create && rec._created_by !== null;
  if (!buttons.length && !verbs.length && !draft && !again && !manage.length) return null;
  return (
    <div class="act">
      {draft || verbs.includes('submit') ? (
        <Button
          size="s"
          kind="main"
          icon="send"
          onClick={async () => {
            if (await flowAct(def, rec._id, 'submit')) onDone();
          }}
        >
          {t('submit')}
        </Button>
      ) : null}
      {buttons.map((b) => (
        <Button
          key={b.key}
          size="s"
          busy={busy === b.key}
          {...(b.danger ? { kind: 'bad-q' as const } : {})}
          onClick={() => void start(b)}
        >
          {b.title}
        </Button>
      ))}
      {verbs
        .filter((a) => a !== 'submit')
        .map((a) => (
          <Button
            key={a}
            size="s"
            icon={a === 'urge' ? 'bell' : 'undo-2'}
            onClick={async () => (await flowAct(def, rec._id, a)) && onDone()}
          >
            {t(a as 'withdraw')}
          </Button>
        ))}
      {manage.length ? (
        <Menu
          label={t('manage')}
          items={manage}
          end={false}
          trigger={(open, toggle) => (
            <Button size="s" icon="workflow" aria-haspopup="menu" aria-expanded={open} onClick={toggle}>
              {t('manage')}
            </Button>
          )}
        />
      ) : null}
      {again ? (
        <Button size="s" icon="copy" href={`/a/${def.app}/${def.form}/new?copy=${rec._id}`}>
          {t('submit_again')}
        </Button>
      ) : null}
      {asking ? (
        <AskDialog
          def={def}
          button={asking}
          busy={busy === asking.key}
          onClose={() => setAsking(null)}
          onGo={(v) => run(asking, v)}
        />
      ) : null}
    </div>
  );
}

/** The questions of a button, drawn by the same renderer as forms. */
function AskDialog(props: {
  def: FormDef;
  button: ButtonDef;
  busy: boolean;
  onClose: () => void;
  onGo: (v: Record<string, unknown>) => Promise<unknown>;
}) {
  const [failed, setFailed] = useState<string | null>(null);
  const model = useMemo(
    () =>
      new FormModel({
        ...props.def,
        fields: props.button.ask ?? [],
        layout: [],
        views: [],
        checks: [],
        buttons: [],
      }),
    [],
  );
  return (
    <Dialog
      title={props.button.title}
      onClose={props.onClose}
      onSubmit={async () => {
        setFailed(null);
        await settled();
        if (!model.validate()) return;
        const e = await props.onGo(model.body());
        if (e) {
          if (e instanceof Problem)
            model.place(e.errors.map((x) => ({ ...x, field: x.field?.replace(/^ask\./, '') })));
          setFailed(say(e));
        }
      }}
      footer={
        <>
          <Button onClick={props.onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" busy={props.busy}>
            {props.button.title}
          </Button>
        </>
      }
    >
      {props.button.confirm ? <p class="mut">{props.button.confirm}</p> : null}
      {failed ? (
        <Note kind="bad" role="alert">
          {failed}
        </Note>
      ) : null}
      <div class="col col4 mt2">
        {[...model.cells.values()].map((c) => (
          <FieldBox key={c.def.key} cell={c} model={model} span="" form="ask-" />
        ))}
      </div>
    </Dialog>
  );
}
