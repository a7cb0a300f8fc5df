import { useEffect, useState } from 'preact/hooks';
import { say } from '../api/client';
import type { FormDef } from '../api/types';
import { ago, moment } from '../i18n/format';
import { Button, Empty, Note, Skeleton, Tag } from '../kit';
import { ended, type Past, past } from './data';
import { RowsButtons } from './result';
import { t } from './text';

/* The caller's imports into this form: counts, rows that failed, undo. */

function state(p: Past): { text: string; color: string } | null {
  if (p.undone_at) return { text: t('past_undone'), color: 'grey' };
  if (p.state === 'queued') return { text: t('past_queued'), color: 'blue' };
  if (p.state === 'running') return { text: t('past_running'), color: 'blue' };
  if (p.state === 'failed') return { text: t('past_failed'), color: 'red' };
  return p.dry_run ? { text: t('past_dry'), color: 'grey' } : null;
}

export const undoable = (p: Past) =>
  ended(p) && !p.dry_run && !p.undone_at && (p.created ?? 0) + (p.updated ?? 0) > 0;

export function PastList({ def, undo, turn }: { def: FormDef; undo: (p: Past) => void; turn: number }) {
  const [list, setList] = useState<Past[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = async (after: string | null) => {
    try {
      const r = await past(def.app, def.form, after);
      setList((l) => [...(after ? (l ?? []) : []), ...r.imports]);
      setNext(r.next);
    } catch (e) {
      setFailed(say(e));
    }
  };
  useEffect(() => {
    void load(null);
  }, [turn]);
  if (failed) return <Note kind="bad">{failed}</Note>;
  if (!list) return <Skeleton lines={4} />;
  if (!list.length) return <Empty icon="upload" title={t('past_none')} text={t('past_none_text')} />;
  return (
    <>
      <ul class="xpast">
        {list.map((p) => {
          const s = state(p);
          return (
            <li key={p.id}>
              <div class="col">
                <div class="row">
                  <b class="cut">{p.name || '—'}</b>
                  {s ? <Tag color={s.color}>{s.text}</Tag> : null}
                </div>
                <span class="mut s13" title={moment(p.at)}>
                  {ago(p.at)}
                  {ended(p)
                    ? ` · ${t('past_counts', { created: p.created ?? 0, updated: p.updated ?? 0, failed: p.failed ?? 0 })}`
                    : null}
                </span>
                {p.rows_url ? <RowsButtons url={p.rows_url} /> : null}
              </div>
              {undoable(p) ? (
                <Button size="s" icon="undo-2" onClick={() => undo(p)}>
                  {t('undo')}
                </Button>
              ) : null}
            </li>
          );
        })}
      </ul>
      {next ? <Button onClick={() => void load(next)}>{t('more')}</Button> : null}
    </>
  );
}
