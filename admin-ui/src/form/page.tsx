import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, formPath, newKey, Problem, recordPath, say, send, session } from '../api/client';
import { type Loaded, useForm } from '../api/forms';
import type { FieldProblem, FormDef, Rec } from '../api/types';
import { moment } from '../i18n/format';
import {
  Button,
  back,
  confirm,
  Empty,
  Icon,
  IconButton,
  Note,
  navigate,
  params,
  Skeleton,
  setGuard,
  toast,
  useKeys,
  useTitle,
} from '../kit';
import { ConflictDialog } from './conflict';
import { type Draft, dropDraft, keepDraft, readDraft } from './draft';
import { settled } from './files';
import { openFormula } from './formula';
import { type Cell, FormModel } from './model';
import { t } from './text';
import {
  ErrorSummary,
  FormView,
  focusCell,
  pagesOf,
  progress,
  sectionErrors,
  tabOf,
  worthShowing,
} from './view';

/* Creating and editing one record, full width: outline, sections, the bar with the one main action. */

const DRAFT_AFTER = 1200;

export function FormPage({ app, form, id }: { app: string; form: string; id?: string }) {
  const def = useForm(app, form);
  const [rec, setRec] = useState<Loaded<Rec>>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  const copyOf = id ? null : params.peek().get('copy');
  const source = id ?? copyOf;
  useEffect(() => {
    if (!source) return;
    let live = true;
    const path = recordPath(app, form, source);
    const asked = id ? api.get<Rec>(path) : api.get<{ values: Rec }>(`${path}/copy`).then((a) => a.values); // without what is the record's own
    asked
      .then((data) => live && setRec({ state: 'ok', data }))
      .catch((error) => live && setRec({ state: 'failed', error }));
    return () => {
      live = false;
    };
  }, [app, form, source, turn]);
  const failed = def.state === 'failed' ? def.error : source && rec.state === 'failed' ? rec.error : null;
  const listHref = `/a/${app}/${form}`;
  if (failed)
    return (
      <Empty icon="circle-alert" title={t('not_here')} text={say(failed)}>
        <Button href={listHref}>{t('back_list')}</Button>
      </Empty>
    );
  if (def.state !== 'ok' || (source && rec.state !== 'ok')) return <Skeleton title lines={10} />;
  if (!id && !def.data.rights.create)
    return (
      <Empty icon="lock" title={t('no_create', { title: def.data.title })} text={t('no_create_text')}>
        <Button href={listHref}>{t('back_list')}</Button>
      </Empty>
    );
  const record = id && rec.state === 'ok' ? rec.data : null;
  if (record?._can && !record._can.includes('update'))
    return (
      <Empty icon="lock" title={t('no_update')} text={t('no_update_text')}>
        <Button href={`${listHref}/${id}`}>{t('back_record')}</Button>
      </Empty>
    );
  return (
    <Editor
      key={`${record?._version ?? 'new'}/${turn}`}
      def={def.data}
      record={record}
      copy={copyOf && rec.state === 'ok' ? rec.data : null}
      reload={() => {
        setRec({ state: 'loading' });
        setTurn(turn + 1);
      }}
    />
  );
}

/** A link given by the address (a new activity of this lead): ?by=lead&ref=ID&title=… */
function presetLink(model: FormModel): void {
  const q = params.peek();
  const by = q.get('by');
  const ref = q.get('ref');
  const cell = by ? model.cell(by) : undefined;
  if (cell && ref) model.set(cell, { id: ref, title: q.get('title') ?? ref });
  model.dirty.value = false;
}

function Editor({
  def,
  record,
  copy,
  reload,
}: {
  def: FormDef;
  record: Rec | null;
  /** a row whose values a new one starts with */
  copy: Rec | null;
  reload: () => void;
}) {
  const me = session.value!.me;
  const id = record?._id ?? null;
  const model = useMemo(() => new FormModel(def, { record, copy }), []);
  useTitle(record ? record._title || def.title : t('create', { title: def.title }));
  const [tab, setTab] = useState(0);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [trace, setTrace] = useState<string | undefined>();
  const [kept, setKept] = useState<string | null>(null);
  const [found, setFound] = useState<Draft | null>(null);
  const [conflict, setConflict] = useState<{ errors: FieldProblem[]; version: number | undefined } | null>(
    null,
  );
  // one key for one body: a lost answer is asked for again, never written twice
  const key = useRef({ key: newKey(), of: -1 });
  const done = useRef(false);
  const place = { app: def.app, form: def.form, id };
  const offered = useRef(false);
  const decided = () => {
    offered.current = false;
    setFound(null);
  };
  const scroller = useRef<HTMLDivElement>(null);
  const isDraft = record?._state === 'draft';
  const flow = def.flow && (!record || isDraft) ? def.flow : null;

  useEffect(() => {
    let live = true;
    if (!record) presetLink(model);
    if (!copy)
      void readDraft(place).then((old) => {
        if (!live || !old || (record && old.version !== record._version)) return;
        offered.current = true;
        setFound(old);
      });
    openFormula(def, me)
      .catch(() => null)
      .then((f) => live && model.attach(f));
    return () => {
      live = false;
    };
  }, []);

  // the draft follows the typing
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let said = ''; // what the server has
    const keep = async (last = false) => {
      // one that is offered is not overwritten
      if (done.current || offered.current || !model.dirty.peek()) return;
      const values = model.snapshot();
      const now = JSON.stringify(values);
      if (now === said) return;
      const at = await keepDraft(place, values, record?._version, last);
      if (!at) return;
      said = now;
      if (done.current && !last)
        void dropDraft(place); // handed in meanwhile
      else setKept(at);
    };
    const leaving = () => void keep(true);
    const stop = model.changes.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void keep(), DRAFT_AFTER);
    });
    addEventListener('pagehide', leaving);
    return () => {
      clearTimeout(timer);
      removeEventListener('pagehide', leaving);
      stop();
      void keep(true);
    };
  }, []);

  const dirty = model.dirty.value;
  useEffect(() => {
    if (!dirty) return;
    return setGuard(async () => {
      if (done.current) return true;
      const go = await confirm({
        title: t('leave_title'),
        body: t(record ? 'leave_text_edit' : 'leave_text'),
        ok: t('leave_go'),
      });
      return go;
    });
  }, [dirty]);

  const leave = (to: string) => {
    done.current = true;
    void dropDraft(place);
    navigate(to, { force: true, replace: true });
  };

  const goTo = (cell: Cell) => {
    const top = cell.row
      ? [...model.cells.values()].find(
          (c) => c.def.type === 'table' && (c.value.peek() as unknown[]).includes(cell.row),
        )
      : cell;
    setTab(tabOf(model, top?.def.key ?? cell.def.key));
    requestAnimationFrame(() => requestAnimationFrame(() => focusCell(cell, model)));
  };
  const showErrors = () => {
    requestAnimationFrame(() => {
      const first = model.errors()[0];
      if (first && model.errors().length === 1) goTo(first.cell);
      else scroller.current?.scrollTo({ top: 0 });
    });
  };

  const keyNow = (): string => {
    const of = model.changes.peek();
    if (key.current.of !== of) key.current = { key: newKey(), of };
    return key.current.key;
  };

  const submit = async (draft = false, without: string[] = [], version = record?._version) => {
    setFailed(null);
    setBusy(true);
    await settled();
    if (!draft && !model.validate()) {
      setBusy(false);
      showErrors();
      return;
    }
    try {
      const body = model.body();
      for (const k of without) delete body[k];
      if (record && isDraft && !draft) {
        await api.post(
          `${recordPath(def.app, def.form, record._id)}/flow/submit`,
          { values: body },
          { key: keyNow() },
        );
        toast(t('submitted', { title: def.title }));
        leave(`/a/${def.app}/${def.form}/${record._id}`);
      } else if (record) {
        const path = recordPath(def.app, def.form, record._id);
        if (Object.keys(body).length) await send<Rec>('PATCH', path, { ...body, _version: version });
        toast(t(isDraft ? 'draft_stored' : 'saved'));
        leave(`/a/${def.app}/${def.form}/${record._id}`);
      } else {
        const path = `${formPath(def.app, def.form)}/records${draft ? '?draft=1' : ''}`;
        const made = await api.post<Rec>(path, body, { key: keyNow() });
        const title = def.title;
        toast(draft ? t('draft_stored') : flow ? t('submitted', { title }) : t('created', { title }));
        leave(`/a/${def.app}/${def.form}/${made._id}`);
      }
    } catch (e) {
      if (
        e instanceof Problem &&
        record &&
        (e.status === 412 || e.status === 409) &&
        e.errors.some((x) => 'theirs' in x)
      ) {
        setConflict({ errors: e.errors.filter((x) => 'theirs' in x), version: e.body.version });
      } else {
        if (e instanceof Problem && e.status >= 400 && e.status < 500) key.current.of = -1; // decided: the next try is a new one
        if (e instanceof Problem) model.place(e.errors);
        setFailed(say(e));
        setTrace(e instanceof Problem ? e.body.trace : undefined);
        showErrors();
      }
    } finally {
      setBusy(false);
    }
  };
  useKeys({ 'mod+Enter': () => void submit() });

  const outline =
    pagesOf(def)
      .flatMap((p) => p.sections.map((s) => s.title ?? p.title))
      .filter(Boolean).length > 1;
  const back_ = () => back(record ? `/a/${def.app}/${def.form}/${record._id}` : `/a/${def.app}/${def.form}`);
  const time = (iso: string) => iso && new Date(iso).toTimeString().slice(0, 5);
  const title = record ? record._title || def.title : t('create', { title: def.title });
  return (
    <>
      <header class="bar bar--line">
        <span class="ph">
          <IconButton icon="x" label={t('cancel')} onClick={back_} />
        </span>
        <a class="crumb dk" href={`/a/${def.app}/${def.form}`}>
          {def.title}
          <Icon name="chevron-right" size="s" />
        </a>
        <h1>{title}</h1>
        <span class="push" />
        {kept ? (
          <span class="row gap1 s12 dim nowrap" role="status">
            <Icon name="cloud-check" size="s" />
            {t('draft_kept', { time: time(kept) })}
          </span>
        ) : null}
      </header>
      <div class={`formwrap${outline ? '' : ' formwrap--1'}`} ref={scroller}>
        {outline ? <Outline model={model} onTab={setTab} /> : null}
        <div class="formcol">
          <ErrorSummary model={model} goTo={goTo} failed={failed} trace={trace} />
          {found ? (
            <Note
              kind="acc"
              icon="history"
              role="status"
              aside={
                <span class="row gap1">
                  <Button
                    size="xs"
                    onClick={() => {
                      void dropDraft(place);
                      decided();
                    }}
                  >
                    {t('draft_drop')}
                  </Button>
                  <Button
                    size="xs"
                    kind="main"
                    onClick={() => {
                      model.restore(found.values);
                      setKept(found.at);
                      decided();
                    }}
                  >
                    {t('draft_continue')}
                  </Button>
                </span>
              }
            >
              {t('draft_found', { time: moment(found.at) })}
            </Note>
          ) : null}
          <FormView model={model} tab={tab} onTab={setTab} />
        </div>
      </div>
      <footer class="submit">
        <ToFix model={model} />
        <span class="push dk" />
        <Button class="dk" onClick={back_}>
          {t('cancel')}
        </Button>
        {!record || isDraft ? <Button onClick={() => void submit(true)}>{t('save_draft')}</Button> : null}
        <Button kind="main" busy={busy} onClick={() => void submit()}>
          {t(record && !isDraft ? 'save' : 'submit')}
          <span class="kb dk">Ctrl ↵</span>
        </Button>
      </footer>
      {conflict ? (
        <ConflictDialog
          def={def}
          errors={conflict.errors}
          onClose={() => setConflict(null)}
          onReload={() => {
            done.current = true;
            void dropDraft(place);
            setConflict(null);
            reload();
          }}
          onSave={(theirs) => {
            setConflict(null);
            void submit(false, theirs, conflict.version ?? record?._version);
          }}
        />
      ) : null}
    </>
  );
}

/** The chapters beside a form, with what is wrong in each and how far one is. */
function Outline({ model, onTab }: { model: FormModel; onTab: (n: number) => void }) {
  const named = pagesOf(model.def)
    .flatMap((p, i) => p.sections.map((s) => ({ ...s, tab: i, title: s.title ?? p.title })))
    .filter((s) => s.title && worthShowing(model, s));
  const did = progress(model);
  return (
    <nav class="outline" aria-label={t('sections')}>
      <span class="label">{t('sections')}</span>
      {named.map((s) => {
        const bad = sectionErrors(model, s);
        return (
          <button
            type="button"
            key={s.key}
            onClick={() => {
              onTab(s.tab);
              requestAnimationFrame(() => document.getElementById(s.key)?.scrollIntoView({ block: 'start' }));
            }}
          >
            <span class="cut">{s.title}</span>
            {bad ? <span class="badge badge--hot">{bad}</span> : null}
          </button>
        );
      })}
      {did.all ? (
        <div class="mt3">
          <p class="row s12 dim">
            {t('required_done')}
            <span class="push num">
              {did.done} / {did.all}
            </span>
          </p>
          <progress class="mt1" max={did.all} value={did.done} aria-label={t('required_done')} />
        </div>
      ) : null}
    </nav>
  );
}

function ToFix({ model }: { model: FormModel }) {
  const n = model.problems.value;
  if (!n) return null;
  return (
    <span class="row gap1 s13 bad dk">
      <Icon name="circle-alert" size="s" />
      {t('to_fix', { n })}
    </span>
  );
}
