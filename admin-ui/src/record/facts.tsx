import type { FieldDef, FormDef, Rec } from '../api/types';
import { Value } from '../form/display';
import { fieldOf } from '../form/system';
import { asList, isBlank, isNumeric, type Values } from '../form/values';
import { Icon } from '../kit';
import { t } from './text';
import { Why } from './why';

/* The values of a record, by the layout of its form. */

/** Values that an expression made: a button beside them says how. */
const EXPLAINED = new Set(['formula', 'rollup']);
const BLOCKS = new Set(['table', 'textarea', 'richtext', 'file', 'image']);

export function TableView({ def, rows }: { def: FieldDef; rows: Values[] }) {
  const columns = def.fields ?? [];
  if (!rows.length) return <p class="s13 dim">{t('no_rows')}</p>;
  return (
    <div class="card st-scroll">
      <table class="tbl" aria-label={def.title}>
        <thead>
          <tr>
            {columns.map((f) => (
              <th key={f.key} scope="col" class={isNumeric(f) ? 'end' : ''}>
                {f.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r, i) => (
            <tr key={String(r._id ?? i)}>
              {columns.map((f) => (
                <td key={f.key} class={isNumeric(f) ? 'end' : ''}>
                  <Value def={f} value={r[f.key]} compact />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** More hidden fields than this are named in one line. */
const FOLD_HIDDEN = 2;

interface FactsProps {
  def: FormDef;
  rec: Rec;
  rights: Record<string, string>;
  keys: string[];
  columns: number;
}

/** Label and value pairs; tables and long texts take the whole width. */
export function Facts({ def, rec, rights, keys, columns }: FactsProps) {
  const fields = keys
    .map((k) => fieldOf(def, k))
    .filter((f): f is FieldDef => f !== undefined && rights[f.key] !== 'absent');
  const hidden = fields.filter((f) => rights[f.key] === 'hidden');
  const folded = hidden.length > FOLD_HIDDEN;
  const shown = folded ? fields.filter((f) => rights[f.key] !== 'hidden') : fields;
  const small = shown.filter((f) => f.type !== 'table');
  const tables = shown.filter((f) => f.type === 'table');
  return (
    <>
      {small.length ? (
        <dl class={`facts facts--${Math.min(2, Math.max(1, columns))}`}>
          {small.map((f) => (
            <div key={f.key} class={BLOCKS.has(f.type) && !isBlank(rec[f.key]) ? 'span2 tall' : ''}>
              <dt>{f.title}</dt>
              <dd class={EXPLAINED.has(f.type) ? 'row gap1' : ''}>
                <Value
                  def={f}
                  value={rec[f.key]}
                  app={def.app}
                  right={rights[f.key] === 'hidden' ? 'hidden' : undefined}
                />
                {EXPLAINED.has(f.type) && rights[f.key] !== 'hidden' && rec._id ? (
                  <Why app={def.app} form={def.form} id={rec._id} def={f} />
                ) : null}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      {folded ? (
        <p class="row s13 dim hidden-line">
          <Icon name="lock" size="s" />
          <span>{t('hidden_fields', { list: hidden.map((f) => f.title).join(t('comma')) })}</span>
        </p>
      ) : null}
      {tables.map((f) => (
        <div class="sec" key={f.key}>
          <h3>
            {f.title}
            <span class="cnt">{t('rows_n', { n: asList(rec[f.key]).length })}</span>
          </h3>
          <TableView def={f} rows={asList(rec[f.key]) as Values[]} />
        </div>
      ))}
    </>
  );
}
