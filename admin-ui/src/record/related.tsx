import { useEffect, useState } from 'preact/hooks';
import { api, formPath, query, say } from '../api/client';
import { useForm } from '../api/forms';
import type { FieldDef, FormDef, ListAnswer, Rec } from '../api/types';
import { Value } from '../form/display';
import { fieldOf } from '../form/system';
import { isNumeric } from '../form/values';
import { Button, Empty, Skeleton } from '../kit';
import { t } from './text';

/* Rows of another form that link to this record. */

const SHOWN = 20;
const COLUMNS = 5;

export function Related({
  def,
  rec,
  related,
}: {
  def: FormDef;
  rec: Rec;
  related: NonNullable<FormDef['related']>[number];
}) {
  const target = useForm(def.app, related.form);
  const [got, set] = useState<ListAnswer | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const other = target.state === 'ok' ? target.data : null;
  const view =
    other?.views.find((v) => v.key === related.view) ?? other?.views.find((v) => v.type === 'grid');
  const keys = (view?.columns ?? other?.fields.filter((f) => f.type !== 'table').map((f) => f.key) ?? [])
    .filter((k) => k !== related.by)
    .slice(0, COLUMNS);
  useEffect(() => {
    if (!other) return;
    const filter = `${related.by} = "${rec._id}"`;
    api
      .get<ListAnswer>(
        `${formPath(def.app, related.form)}/records${query({ filter, fields: keys.join(','), limit: SHOWN, sort: view?.sort?.join(',') })}`,
      )
      .then(set)
      .catch((e) => setFailed(say(e)));
  }, [other, rec._id, rec._version]);
  if (target.state === 'failed' || failed)
    return <Empty icon="lock" title={failed ?? say((target as { error?: unknown }).error)} />;
  if (!other || !got) return <Skeleton lines={4} />;
  const columns = keys.map((k) => fieldOf(other, k)).filter((f): f is FieldDef => f !== undefined);
  const create = related.create && other.rights.create;
  const q = query({ by: related.by, ref: rec._id, title: rec._title ?? '' });
  const button = create ? (
    <Button size="s" icon="plus" href={`/a/${def.app}/${related.form}/new${q}`}>
      {t('related_new', { title: other.title })}
    </Button>
  ) : null;
  if (!got.records.length)
    return (
      <Empty icon={other.icon ?? 'inbox'} title={t('related_none', { title: other.title })}>
        {button}
      </Empty>
    );
  return (
    <section class="sec">
      <h2>
        {other.title}
        <span class="cnt">{got.total}</span>
        <span class="push">{button}</span>
      </h2>
      <div class="card st-scroll">
        <table class="tbl" aria-label={other.title}>
          <thead>
            <tr>
              {columns.map((f) => (
                <th key={f.key} class={isNumeric(f) ? 'end' : ''}>
                  {f.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {got.records.map((r) => (
              <tr key={r._id}>
                {columns.map((f, i) => (
                  <td key={f.key} class={isNumeric(f) ? 'end' : ''}>
                    {i === 0 ? (
                      <a class="link" href={`/a/${def.app}/${related.form}/${r._id}`}>
                        <Value def={f} value={r[f.key]} compact />
                      </a>
                    ) : (
                      <Value def={f} value={r[f.key]} compact />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
