import { useEffect, useState } from 'preact/hooks';
import { Icon, Note } from '../kit';
import { allErrors, ended, type Job, type RowError } from './data';
import { t } from './text';

/* How an import goes and what came of it: counts, rows that failed with why, the file of them. */

const SHOWN = 200;

/** "17: items[2].qty" */
function parts(e: RowError): { row: string; field: string } {
  const m = /^(\d+): ?(.*)$/.exec(e.field);
  return m ? { row: m[1]!, field: m[2]! } : { row: '', field: e.field };
}

function Errors({ job, titles }: { job: Job; titles: (path: string) => string }) {
  const [errors, setErrors] = useState(job.errors ?? []);
  useEffect(() => {
    if (job.errors_url) void allErrors(job).then(setErrors, () => undefined);
  }, [job.id]);
  return (
    <>
      <div class="xerr">
        <table class="tbl" aria-label={t('rows_title')}>
          <thead>
            <tr>
              <th>{t('row')}</th>
              <th>{t('field')}</th>
              <th>{t('why')}</th>
            </tr>
          </thead>
          <tbody>
            {errors.slice(0, SHOWN).map((e, i) => {
              const p = parts(e);
              return (
                <tr key={i}>
                  <td class="num">{p.row}</td>
                  <td>{titles(p.field)}</td>
                  <td>{e.message}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {errors.length > SHOWN ? <p class="mut s13">{t('rows_more', { n: SHOWN })}</p> : null}
    </>
  );
}

export function RowsButtons({ url }: { url: string }) {
  return (
    <div class="xrows">
      <a class="btn btn--s" href={`${url}?format=xlsx`} download>
        <Icon name="file-spreadsheet" />
        {t('rows_xlsx')}
      </a>
      <a class="btn btn--s" href={`${url}?format=csv`} download>
        <Icon name="download" />
        {t('rows_csv')}
      </a>
    </div>
  );
}

export function Progress({ job, dry }: { job: Job | null; dry: boolean }) {
  const total = job?.total ?? 0;
  return (
    <div class="col gap3 xprog" role="status">
      <p>{t(dry ? 'trying' : 'importing')}</p>
      <progress max={total || 1} value={total ? (job?.done ?? 0) : undefined} aria-label={t('importing')} />
      {total ? <p class="mut s13 num">{t('of', { done: job?.done ?? 0, total })}</p> : null}
    </div>
  );
}

export function Result({ job, titles }: { job: Job; titles: (path: string) => string }) {
  if (!ended(job)) return null;
  const n = { created: job.created ?? 0, updated: job.updated ?? 0, failed: job.failed ?? 0 };
  const stopped = job.state === 'failed';
  return (
    <div class="col gap3">
      <Note kind={stopped ? 'bad' : n.failed ? 'warn' : 'ok'} role="status">
        {stopped
          ? t('stopped', { why: job.errors?.[0]?.message ?? '' })
          : t(job.dry_run ? 'tried' : 'done', n)}
      </Note>
      {!stopped && n.failed ? <Errors job={job} titles={titles} /> : null}
      {job.rows_url ? (
        <>
          <p class="mut s13">{t('rows_help')}</p>
          <RowsButtons url={job.rows_url} />
        </>
      ) : null}
    </div>
  );
}
