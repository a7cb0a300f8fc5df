import { useEffect, useRef, useState } from 'preact/hooks';
import { say } from '../api/client';
import { lang } from '../i18n';
import { bytes } from '../i18n/format';
import {
  Button,
  Dialog,
  Empty,
  Icon,
  IconButton,
  Menu,
  type MenuItem,
  params,
  Skeleton,
  setParams,
  toast,
  useKeys,
} from '../kit';
import type { Code } from './code';
import { DiffView } from './diffview';
import { type Buffer, type Draft, draftOf, type Saved } from './draft';
import { NewFile } from './newfile';
import { t } from './text';
import { Top } from './top';
import { Tree } from './tree';
import type { Mistake } from './types';

/* /admin/apps/{app}?file=&line=&col= : the files on the left, the text in the middle, what the check says below. */

const MAX_SIZE = 512 * 1024;
const address = (app: string, m: Mistake) =>
  `/admin/apps/${encodeURIComponent(app)}?file=${encodeURIComponent(m.file)}&line=${m.line}&col=${m.column}`;

/** Saves one file and answers the conflict, if there is one. */
async function saveOne(draft: Draft, path: string): Promise<Extract<Saved, { state: 'conflict' }> | null> {
  try {
    const s = await draft.save(path);
    if (s.state === 'conflict') return s;
    // mistakes show themselves in the list below
    if (!draft.errors.value.length) toast(t('saved'));
  } catch (e) {
    toast(say(e), { kind: 'bad' });
  }
  return null;
}

function ConflictDialog(props: {
  draft: Draft;
  buffer: Buffer;
  theirs: string | null;
  etag: string | null;
  onTake: () => void;
  onClose: () => void;
}) {
  const { draft, buffer, theirs, etag } = props;
  const mine = async () => {
    try {
      await draft.overwrite(buffer.path, etag);
      toast(t('saved'));
      props.onClose();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  return (
    <Dialog
      wide
      title={t('conflict_title', { file: buffer.path })}
      onClose={props.onClose}
      footer={
        <>
          <Button onClick={props.onClose}>{t('conflict_cancel')}</Button>
          <span class="push" />
          {theirs !== null ? <Button onClick={props.onTake}>{t('conflict_theirs')}</Button> : null}
          <Button kind="main" onClick={() => void mine()}>
            {t(theirs === null ? 'conflict_create' : 'conflict_mine')}
          </Button>
        </>
      }
    >
      <p class="mut">{t(theirs === null ? 'conflict_gone' : 'conflict_text')}</p>
      {theirs !== null ? (
        <div class="mt3">
          <DiffView file={buffer.path} was={theirs} is={buffer.text ?? buffer.base} />
        </div>
      ) : null}
    </Dialog>
  );
}

/** The text of one file. Stays mounted while files change, so that the library loads once. */
function CodePane(props: {
  draft: Draft;
  buffer: Buffer;
  code: { current: Code | null };
  onSave: () => void;
}) {
  const { draft, buffer } = props;
  const host = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const [failed, setFailed] = useState(false);
  const shown = useRef<Buffer | null>(null);
  const save = useRef(props.onSave);
  save.current = props.onSave;

  useEffect(() => {
    let live = true;
    import('./code')
      .then((m) => {
        if (!live || !host.current) return;
        props.code.current = m.mountCode(host.current, {
          onText: (text) => shown.current && draft.typed(shown.current.path, text),
          onSave: () => save.current(),
          app: draft.app,
          forms: () =>
            (draft.files.peek() ?? [])
              .map((f) => /^forms\/(\w+)\.yaml$/.exec(f.path)?.[1])
              .filter((f): f is string => !!f),
        });
        setReady(true);
      })
      .catch(() => live && setFailed(true));
    return () => {
      live = false;
      if (shown.current && props.code.current) shown.current.view = props.code.current.keep();
      props.code.current?.destroy();
      props.code.current = null;
    };
  }, []);

  const mark = () => {
    const of = (all: Mistake[]) => all.filter((m) => m.file === buffer.path);
    props.code.current?.mark(of(draft.errors.value), of(draft.warnings.value));
  };
  useEffect(() => {
    const code = props.code.current;
    if (!ready || !code) return;
    if (shown.current && shown.current !== buffer) shown.current.view = code.keep();
    if (shown.current !== buffer) {
      shown.current = buffer;
      code.show(buffer.path, buffer.text ?? buffer.base, t('editor_of', { file: buffer.path }), buffer.view);
      mark();
      if (!params.peek().get('line') && matchMedia('(min-width: 721px)').matches) code.focus();
    }
  }, [ready, buffer]);
  const errors = draft.errors.value;
  const warnings = draft.warnings.value;
  useEffect(mark, [ready, errors, warnings]);

  const line = Number(params.value.get('line') ?? 0);
  const col = Number(params.value.get('col') ?? 1);
  useEffect(() => {
    if (!ready || !line || shown.current !== buffer) return;
    props.code.current?.goto(line, col);
    setParams({ line: null, col: null });
  }, [ready, buffer, line, col]);

  if (failed) return <Empty icon="circle-alert" title={t('failed')} />;
  return (
    <div class="code">
      {ready ? null : <Skeleton lines={8} label={t('loading')} />}
      <div class={`code-h${ready ? '' : ' is-wait'}`} ref={host} data-editor={buffer.path} />
    </div>
  );
}

function Problems({ draft }: { draft: Draft }) {
  // hints alone do not take a phone's room
  const [wanted, setOpen] = useState<boolean | null>(null);
  const errors = draft.errors.value;
  const warnings = draft.warnings.value;
  const n = errors.length + warnings.length;
  const open = wanted ?? (errors.length > 0 || matchMedia('(min-width: 721px)').matches);
  const row = (kind: 'bad' | 'wrn') => (m: Mistake) => (
    <li key={`${kind}${m.file}:${m.line}:${m.column}:${m.message}`}>
      <a href={address(draft.app, m)}>
        <Icon name={kind === 'bad' ? 'circle-x' : 'triangle-alert'} class={kind} />
        <span class="grow">
          {m.message}
          <span class="s12 dim blk">
            <span class="mono">{m.file}</span>
            <span class="md" />
            {t('at_line', { line: m.line, col: m.column })}
          </span>
        </span>
      </a>
    </li>
  );
  return (
    <section class="probs" aria-label={t('problems')}>
      <div class="row probs-h">
        {draft.checking.value ? (
          <span class="s13 dim">{t('checking')}</span>
        ) : errors.length ? (
          <span class="s13 bad row gap1" role="status">
            <Icon name="circle-x" size="s" />
            {t('errors_n', { n: errors.length })}
          </span>
        ) : draft.checked.value ? (
          <span class="s13 ok row gap1" role="status">
            <Icon name="circle-check" size="s" />
            {t('check_ok')}
          </span>
        ) : null}
        {warnings.length ? <span class="s13 wrn">{t('warnings_n', { n: warnings.length })}</span> : null}
        {draft.dirty.value.size ? <span class="s12 dim cut dk">{t('check_saved')}</span> : null}
        <span class="push" />
        <Button
          size="xs"
          kind="ghost"
          icon="refresh-cw"
          onClick={() => void draft.check().catch((e) => toast(say(e), { kind: 'bad' }))}
        >
          {t('check')}
        </Button>
        {n ? (
          <IconButton
            small
            icon={open ? 'chevron-down' : 'chevron-up'}
            label={t(open ? 'hide' : 'show')}
            expanded={open}
            onClick={() => setOpen(!open)}
          />
        ) : null}
      </div>
      {open && n ? (
        <ul class="probs-l">
          {errors.map(row('bad'))}
          {warnings.map(row('wrn'))}
        </ul>
      ) : null}
    </section>
  );
}

type Shown =
  | { state: 'none' | 'loading' | 'removed' | 'gone' | 'big' }
  | { state: 'failed'; text: string }
  | { state: 'ok'; buffer: Buffer };

function useFile(draft: Draft, path: string | null): [Shown, () => void] {
  const [got, set] = useState<Shown>({ state: path ? 'loading' : 'none' });
  const turn = useRef(0);
  const files = draft.files.value;
  const load = () => {
    const mine = ++turn.current;
    if (!path) return set({ state: 'none' });
    const info = draft.files.peek()?.find((f) => f.path === path);
    if (info && info.size > MAX_SIZE) return set({ state: 'big' });
    draft
      .open(path)
      .then(
        (o) =>
          mine === turn.current &&
          set(o.state === 'ok' ? { state: 'ok', buffer: o.buffer } : { state: o.state }),
      )
      .catch((e) => mine === turn.current && set({ state: 'failed', text: say(e) }));
  };
  // once the list is known, so that a removed file is told from one that never was
  useEffect(load, [draft, path, files === null]);
  return [got, load];
}

export function EditorPage(props: { app: string }) {
  const draft = draftOf(props.app);
  const path = params.value.get('file');
  const [failed, setFailed] = useState<string | null>(null);
  const [fresh, setFresh] = useState(false);
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState<Extract<Saved, { state: 'conflict' }> | null>(null);
  const code = useRef<Code | null>(null);
  const [shown, reload] = useFile(draft, path);
  const l = lang.value;
  const start = () => {
    setFailed(null);
    draft.load().catch((e) => setFailed(say(e)));
    draft.check().catch(() => undefined);
  };
  useEffect(start, [draft]);

  const dirty = path ? draft.dirty.value.has(path) : false;
  // while the next file loads the one before stays, so that nothing flickers
  const buffer = path && shown.state === 'ok' ? shown.buffer : null;
  const save = async () => {
    if (!path || busy) return;
    setBusy(true);
    setConflict(await saveOne(draft, path));
    setBusy(false);
  };
  const saveAll = async () => {
    for (const p of [...draft.dirty.peek()]) {
      const c = await saveOne(draft, p);
      if (c) {
        setParams({ file: p });
        setConflict(c);
        return;
      }
    }
  };
  const again = async (what: () => Promise<unknown>, said: string) => {
    try {
      await what();
      toast(said);
      reload();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const remove = async () => {
    if (!path) return;
    try {
      const text = await draft.remove(path);
      reload();
      toast(t('deleted', { file: path }), {
        action: {
          title: t('undo'),
          run: () => void again(() => draft.put(path, text, null), t('restored', { file: path })),
        },
      });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  /** Lets go of what is typed: the server's text shows. */
  const discard = () => {
    if (path) draft.forget(path);
    setConflict(null);
    reload();
    void draft.load().catch(() => undefined);
    void draft.check().catch(() => undefined);
  };
  useKeys({ 'mod+s': () => void save(), n: () => setFresh(true) });

  const info = draft.files.value?.find((f) => f.path === path);
  const items: MenuItem[] = [
    ...(dirty ? [{ title: t('reload'), icon: 'undo-2', onPick: discard }] : []),
    ...(info?.change === 'changed'
      ? [
          {
            title: t('revert'),
            icon: 'history',
            onPick: () => void again(() => draft.revert(path!), t('reverted')),
          },
        ]
      : []),
    { title: t('delete_file'), icon: 'trash-2', danger: true, onPick: () => void remove() },
  ];
  const others = draft.dirty.value.size;

  return (
    <>
      <Top draft={draft} tab="files">
        <span class="s12 dim dk row gap1" role="status">
          {others ? (
            <>
              <span class="fdot" />
              {t('unsaved_n', { n: others })}
            </>
          ) : (
            <>
              <Icon name="cloud-check" size="s" />
              {t('all_saved')}
            </>
          )}
        </span>
        {others > 1 ? (
          <Button size="s" class="dk" onClick={() => void saveAll()}>
            {t('save_all')}
          </Button>
        ) : null}
        <Button size="s" kind="main" icon="save" busy={busy} disabled={!dirty} onClick={() => void save()}>
          {t('save')}
        </Button>
      </Top>
      {failed ? (
        <Empty icon="circle-alert" title={t('failed')} text={failed}>
          <Button onClick={start}>{t('retry')}</Button>
        </Empty>
      ) : (
        <div class={`ed${path ? ' ed--file' : ''}`} key={l}>
          <Tree draft={draft} file={path} onNew={() => setFresh(true)} />
          <section class="ed-m" aria-label={path ?? t('files')}>
            {path ? (
              <header class="row ed-h">
                <IconButton
                  icon="chevron-left"
                  label={t('back_files')}
                  class="ph"
                  href={`/admin/apps/${encodeURIComponent(props.app)}`}
                />
                <span class="mono cut">{path}</span>
                {dirty ? <span class="fdot" title={t('unsaved')} /> : null}
                {info?.change && shown.state === 'ok' ? (
                  <span class={`fch fch--${info.change}`}>{t(`change_${info.change}`)}</span>
                ) : null}
                <span class="push" />
                {buffer ? (
                  <>
                    <IconButton small icon="search" label="Ctrl+F" onClick={() => code.current?.find()} />
                    <Menu label={t('file_menu')} items={items} />
                  </>
                ) : null}
              </header>
            ) : null}
            {buffer ? (
              <CodePane draft={draft} buffer={buffer} code={code} onSave={() => void save()} />
            ) : shown.state === 'failed' ? (
              <Empty icon="circle-alert" title={t('failed')} text={shown.text}>
                <Button onClick={reload}>{t('retry')}</Button>
              </Empty>
            ) : shown.state === 'removed' ? (
              <Empty icon="trash-2" title={t('removed_title')} text={t('removed_text')}>
                <Button onClick={() => void again(() => draft.revert(path!), t('restored', { file: path! }))}>
                  {t('restore')}
                </Button>
              </Empty>
            ) : shown.state === 'gone' ? (
              <Empty icon="map" title={t('gone_title')} text={t('gone_text')} />
            ) : shown.state === 'big' ? (
              <Empty
                icon="file-text"
                title={path ?? ''}
                text={t('too_big', { size: bytes(info?.size ?? 0) })}
              />
            ) : shown.state === 'none' ? (
              <Empty icon="file-code" title={t('pick_file')} text={t('pick_file_text')} />
            ) : (
              <Skeleton lines={8} label={t('loading')} />
            )}
            <Problems draft={draft} />
          </section>
        </div>
      )}
      {fresh ? <NewFile draft={draft} onClose={() => setFresh(false)} /> : null}
      {conflict && buffer ? (
        <ConflictDialog
          draft={draft}
          buffer={buffer}
          theirs={conflict.theirs}
          etag={conflict.etag}
          onTake={discard}
          onClose={() => setConflict(null)}
        />
      ) : null}
    </>
  );
}
