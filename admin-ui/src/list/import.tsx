import { useRef, useState } from 'preact/hooks';
import { api, formPath, say } from '../api/client';
import type { FormDef } from '../api/types';
import { Button, Dialog, Note } from '../kit';
import { t } from './text';

/* Rows of a CSV or Excel file: first tried without writing, then imported; errors by row, undo of the whole import. */

interface Job {
  id: string;
  state: string;
  done: number;
  total: number;
  created?: number;
  updated?: number;
  failed?: number;
  dry_run?: boolean;
  errors?: { field: string; message: string }[];
}

const wait = (ms: number) => new Promise((ok) => setTimeout(ok, ms));

export function ImportDialog({
  def,
  onClose,
  done,
}: {
  def: FormDef;
  onClose: () => void;
  done: () => void;
}) {
  const [file, setFile] = useState<File | null>(null);
  const [mode, setMode] = useState('insert');
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState('');
  const [job, setJob] = useState<Job | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const stop = useRef(false);
  const keys = def.fields.filter((f) => !['table', 'file', 'image', 'signature'].includes(f.type));
  const run = async (dry: boolean) => {
    if (!file) return;
    setFailed(null);
    setJob(null);
    setBusy(dry ? 'try' : 'go');
    try {
      const body = new FormData();
      body.append('mode', mode);
      if (mode !== 'insert') body.append('key', key);
      if (dry) body.append('dry_run', 'true');
      body.append('file', file, file.name);
      const { job: id } = await api.post<{ job: string }>(
        `${formPath(def.app, def.form)}/import`,
        undefined,
        {
          raw: body,
        },
      );
      for (;;) {
        const j = await api.get<Job>(`/jobs/${id}`);
        setJob(j);
        if (stop.current || j.state === 'done' || j.state === 'failed') break;
        await wait(400);
      }
      if (!dry) done();
    } catch (e) {
      setFailed(say(e));
    } finally {
      setBusy('');
    }
  };
  const undo = async () => {
    if (!job) return;
    setBusy('undo');
    try {
      const r = await api.post<{ undone: number; kept: number }>(`/imports/${job.id}/undo`);
      setJob(null);
      setFailed(t('import_undone', { n: r.undone, kept: r.kept }));
      done();
    } catch (e) {
      setFailed(say(e));
    } finally {
      setBusy('');
    }
  };
  const ended = job && (job.state === 'done' || job.state === 'failed');
  const ready = file && (mode === 'insert' || key) && !busy;
  return (
    <Dialog
      title={t('import_title', { title: def.title })}
      onClose={() => {
        stop.current = true;
        onClose();
      }}
      footer={
        <>
          {ended && !job.dry_run && job.state === 'done' ? (
            <Button icon="undo-2" busy={busy === 'undo'} onClick={() => void undo()}>
              {t('import_undo')}
            </Button>
          ) : null}
          <Button disabled={!ready} busy={busy === 'try'} onClick={() => void run(true)}>
            {t('import_try')}
          </Button>
          <Button kind="main" disabled={!ready} busy={busy === 'go'} onClick={() => void run(false)}>
            {t('import_go')}
          </Button>
        </>
      }
    >
      <div class="col gap3">
        <p class="mut s13">{t('import_help')}</p>
        <label class="col gap1">
          <span class="s13">{t('import_file')}</span>
          <input
            class="input"
            type="file"
            accept=".csv,.xlsx,.txt"
            onChange={(e) => {
              setFile(e.currentTarget.files?.[0] ?? null);
              setJob(null);
            }}
          />
        </label>
        <label class="col gap1">
          <span class="s13">{t('import_mode')}</span>
          <select class="input" value={mode} onChange={(e) => setMode(e.currentTarget.value)}>
            <option value="insert">{t('import_insert')}</option>
            <option value="update">{t('import_update')}</option>
            <option value="upsert">{t('import_upsert')}</option>
          </select>
        </label>
        {mode !== 'insert' ? (
          <label class="col gap1">
            <span class="s13">{t('import_key')}</span>
            <select class="input" value={key} onChange={(e) => setKey(e.currentTarget.value)}>
              <option value="" />
              {keys.map((f) => (
                <option key={f.key} value={f.key}>
                  {f.title}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        {failed ? (
          <Note kind="warn" role="alert">
            {failed}
          </Note>
        ) : null}
        {job && !ended ? (
          <progress max={job.total || 1} value={job.done} aria-label={t('import_go')} />
        ) : null}
        {ended ? (
          <Note kind={job.failed || job.state === 'failed' ? 'warn' : 'ok'} role="status">
            {t(job.dry_run ? 'import_tried' : 'import_done', {
              created: job.created ?? 0,
              updated: job.updated ?? 0,
              failed: job.failed ?? 0,
            })}
          </Note>
        ) : null}
        {job?.errors?.length ? (
          <ul class="s13 col gap1">
            {job.errors.map((e) => (
              <li key={e.field}>
                <b class="num">{e.field}</b> {e.message}
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </Dialog>
  );
}
