import './exchange.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { say } from '../api/client';
import type { FormDef } from '../api/types';
import { bytes, number } from '../i18n/format';
import { Button, confirm, Dialog, Icon, Note, Skeleton, Tabs } from '../kit';
import { ended, follow, type Job, type Look, look, start, undo as takeBack } from './data';
import { type Draft, firstDraft, Mapping, planOf, troubles } from './map';
import { PastList } from './past';
import { Progress, Result } from './result';
import { t } from './text';

/* Importing a file: choose it, check which column is which field, try it, import, look at what failed, undo. */

function Drop({ take }: { take: (f: File) => void }) {
  const [over, setOver] = useState(false);
  return (
    <label
      class={`xdrop${over ? ' is-over' : ''}`}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const f = e.dataTransfer?.files[0];
        if (f) take(f);
      }}
    >
      <Icon name="upload" />
      <b>{t('drop')}</b>
      <span class="mut s13">{t('drop_help')}</span>
      <input
        type="file"
        accept=".csv,.xlsx,.txt,.tsv"
        aria-label={t('drop')}
        onChange={(e) => {
          const f = e.currentTarget.files?.[0];
          if (f) take(f);
        }}
      />
    </label>
  );
}

function FileLine(props: {
  file: File;
  look: Look | null;
  sheet: string;
  pick: (sheet: string) => void;
  drop?: (() => void) | undefined;
}) {
  return (
    <div class="xfile">
      <Icon name="file-spreadsheet" />
      <div class="col">
        <b class="cut">{props.file.name}</b>
        <span class="mut s12 num">
          {bytes(props.file.size)}
          {props.look ? ` · ${t('rows_n', { n: number(props.look.total) })}` : ''}
        </span>
      </div>
      {props.look && props.look.sheets.length > 1 && props.drop ? (
        <select
          class="input"
          aria-label={t('sheet')}
          value={props.sheet || props.look.sheets[0]}
          onChange={(e) => props.pick(e.currentTarget.value)}
        >
          {props.look.sheets.map((s) => (
            <option key={s}>{s}</option>
          ))}
        </select>
      ) : null}
      {props.drop ? (
        <Button size="s" onClick={props.drop}>
          {t('other_file')}
        </Button>
      ) : null}
    </div>
  );
}

export function ImportDialog({
  def,
  onClose,
  done,
}: {
  def: FormDef;
  onClose: () => void;
  done: () => void;
}) {
  const [tab, setTab] = useState<'new' | 'past'>('new');
  const [file, setFile] = useState<File | null>(null);
  const [sheet, setSheet] = useState('');
  const [seen, setSeen] = useState<Look | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [busy, setBusy] = useState<'' | 'read' | 'try' | 'go' | 'undo'>('');
  const [job, setJob] = useState<Job | null>(null);
  const [said, setSaid] = useState<{ kind: 'bad' | 'ok'; text: string } | null>(null);
  const [turn, setTurn] = useState(0);
  const alive = useRef(true);
  useEffect(
    () => () => {
      alive.current = false;
    },
    [],
  );

  const guarded = async (what: typeof busy, run: () => Promise<void>) => {
    setSaid(null);
    setBusy(what);
    try {
      await run();
    } catch (e) {
      setSaid({ kind: 'bad', text: say(e) });
    } finally {
      setBusy('');
    }
  };
  const read = (f: File, of: string) =>
    guarded('read', async () => {
      setFile(f);
      setSheet(of);
      setSeen(null);
      setJob(null);
      const l = await look(def, f, of);
      setSeen(l);
      setDraft(firstDraft(l));
    });
  const run = (dry: boolean) =>
    guarded(dry ? 'try' : 'go', async () => {
      if (!file || !seen || !draft) return;
      setJob(null);
      const id = await start(def.app, def.form, file, planOf(seen, draft, sheet), dry);
      await follow(id, setJob, () => alive.current);
      if (!dry) done();
    });
  const undo = async (of: { id: string; created?: number; updated?: number }) => {
    const counts = { created: of.created ?? 0, updated: of.updated ?? 0 };
    if (
      !(await confirm({ title: t('undo_ask'), body: t('undo_text', counts), ok: t('undo_go'), danger: true }))
    )
      return;
    await guarded('undo', async () => {
      const r = await takeBack(of.id);
      setSaid({
        kind: 'ok',
        text: r.job ? t('undone_job') : t('undone', { n: r.undone ?? 0, kept: r.kept ?? 0 }),
      });
      setJob(null);
      setTurn((n) => n + 1);
      if (tab === 'new') reset();
      done();
    });
  };
  const reset = () => {
    setFile(null);
    setSeen(null);
    setDraft(null);
    setJob(null);
  };
  const titles = (path: string) => {
    const key = path.replace(/\[\d+\]/g, '');
    return (
      seen?.fields.find((f) => f.key === key)?.title ?? def.fields.find((f) => f.key === key)?.title ?? path
    );
  };
  const over = !!job && ended(job) && (busy === '' || busy === 'undo');
  const wrote = over && !job.dry_run && (job.created ?? 0) + (job.updated ?? 0) > 0;
  const stop = seen && draft ? troubles(seen, draft).stop : 'file';
  const mapping = !!seen && !!draft && (!job || (over && job.dry_run)) && busy !== 'try' && busy !== 'go';

  const footer =
    tab === 'past' || !file ? (
      <Button onClick={onClose}>{t('close')}</Button>
    ) : over && !job.dry_run ? (
      <>
        {wrote ? (
          <Button icon="undo-2" busy={busy === 'undo'} onClick={() => void undo(job)}>
            {t('undo')}
          </Button>
        ) : null}
        <Button onClick={reset}>{t('again')}</Button>
        <Button kind="main" onClick={onClose}>
          {t('close')}
        </Button>
      </>
    ) : (
      <>
        {over && job.dry_run ? <Button onClick={() => setJob(null)}>{t('back')}</Button> : null}
        {!over ? (
          <Button disabled={!!stop || !!busy} busy={busy === 'try'} onClick={() => void run(true)}>
            {t('try')}
          </Button>
        ) : null}
        <Button kind="main" disabled={!!stop || !!busy} busy={busy === 'go'} onClick={() => void run(false)}>
          {t('go', { n: number(seen?.total ?? 0) })}
        </Button>
      </>
    );

  return (
    <Dialog title={t('title', { title: def.title })} onClose={onClose} wide footer={footer}>
      <div class="xtabs">
        <Tabs
          label={t('title', { title: def.title })}
          value={tab}
          onChange={(k) => {
            setSaid(null);
            setTab(k);
          }}
          items={[
            { key: 'new', title: t('tab_new') },
            { key: 'past', title: t('tab_past') },
          ]}
        />
      </div>
      <div class="col gap3">
        {said ? (
          <Note kind={said.kind} role={said.kind === 'bad' ? 'alert' : 'status'}>
            {said.text}
          </Note>
        ) : null}
        {tab === 'past' ? (
          <PastList def={def} turn={turn} undo={(p) => void undo(p)} />
        ) : !file ? (
          <Drop take={(f) => void read(f, '')} />
        ) : (
          <>
            <FileLine
              file={file}
              look={seen}
              sheet={sheet}
              pick={(s) => void read(file, s)}
              drop={busy || (job && !job.dry_run) ? undefined : reset}
            />
            {busy === 'read' ? <Skeleton lines={4} label={t('reading')} /> : null}
            {busy === 'try' || busy === 'go' ? <Progress job={job} dry={busy === 'try'} /> : null}
            {over ? <Result job={job} titles={titles} /> : null}
            {mapping && !over ? <Mapping look={seen} draft={draft} set={setDraft} /> : null}
          </>
        )}
      </div>
    </Dialog>
  );
}
