import type { FieldDef } from '../api/types';
import { number } from '../i18n/format';
import { Button, FieldError, Icon, IconButton, phone, toast } from '../kit';
import { controlOf } from './controls';
import type { Cell, FormModel, Row } from './model';
import { t } from './text';
import { isNumeric, resultType } from './values';

/* A sub-table: a table on a desk, cards on a phone; sums under its money columns. */

function columnClass(f: FieldDef): string {
  const type = resultType(f);
  if (type === 'percent' || (type === 'number' && f.scale === 0)) return 'st-s';
  if (type === 'number') return 'st-n';
  if (type === 'link' || type === 'text' || type === 'textarea') return 'st-w';
  if (type === 'boolean') return 'st-s';
  return 'st-m';
}

/** Below this the table scrolls: no column gets too narrow to read. */
const WIDTHS: Record<string, number> = { 'st-w': 150, 'st-n': 112, 'st-m': 132, 'st-s': 80 };
const FRAME = 36 + 76; // the row's number and its tools

function narrowest(columns: FieldDef[]): number {
  return columns.reduce((sum, f) => sum + WIDTHS[columnClass(f)]!, FRAME);
}

function CellBox({ cell, model, id }: { cell: Cell; model: FormModel; id: string }) {
  if (!cell.shown.value) return null;
  const Control = controlOf(cell);
  const error = cell.error.value;
  return (
    <>
      <Control
        cell={cell}
        model={model}
        dense
        ids={{ id, describedby: error ? `${id}-e` : undefined, invalid: !!error }}
      />
      {error ? <FieldError id={`${id}-e`} text={error} /> : null}
    </>
  );
}

/** One sum, redrawn alone when a number of its column changes. */
function Sum({ rows, f }: { rows: Row[]; f: FieldDef }) {
  return <>{columnSum(rows, f)}</>;
}

function hasSum(f: FieldDef): boolean {
  return resultType(f) === 'number' && f.scale != null && f.type !== 'number';
}

/** The sum of a scaled number column; ratios and unit prices of no scale have none. */
function columnSum(rows: Row[], f: FieldDef): string {
  let sum = 0;
  for (const r of rows) {
    const v = r.cells.get(f.key)?.value.value;
    if (typeof v === 'number') sum += v;
  }
  return number(sum, f.scale);
}

export function SubTable({ cell, model }: { cell: Cell; model: FormModel }) {
  const rows = cell.value.value as Row[];
  const columns = (cell.def.fields ?? []).filter((f) => f.type !== 'table');
  const locked = cell.readonly.value;
  const name = cell.def.key;
  const add = () => {
    const row = model.addRow(name);
    if (!row) return;
    const first = columns.find((f) => !row.cells.get(f.key)?.readonly.peek());
    requestAnimationFrame(() => {
      for (const at of ['d', 'p']) document.getElementById(`${at}-${name}-${row.nth}-${first?.key}`)?.focus();
    });
  };
  const remove = (row: Row) => {
    const copy: Record<string, unknown> = { _id: row.id };
    for (const [k, c] of row.cells) copy[k] = c.value.peek();
    model.removeRow(name, row);
    toast(t('row_removed'), { action: { title: t('undo'), run: () => void model.addRow(name, copy) } });
  };
  const locksRow = (row: Row) => locked || (cell.def.append_only && row.id !== null);
  const tools = (row: Row) =>
    locksRow(row) ? null : (
      <span class="row gap1">
        <IconButton small icon="copy" label={t('copy_row')} onClick={() => model.copyRow(name, row)} />
        <IconButton small icon="trash-2" label={t('remove_row')} onClick={() => remove(row)} />
      </span>
    );
  const hasSums = rows.length > 1 && columns.some(hasSum);
  return (
    <div class="subtable" id={`f-${name}`} tabIndex={-1}>
      {rows.length && !phone.value ? (
        <div class="card st-scroll">
          <table
            class="tbl tbl--in"
            aria-label={cell.def.title}
            ref={(el) => {
              if (el) el.style.minWidth = `${narrowest(columns)}px`;
            }}
          >
            <thead>
              <tr>
                <th scope="col" class="st-i">
                  #
                </th>
                {columns.map((f) => (
                  <th scope="col" key={f.key} class={`${columnClass(f)}${isNumeric(f) ? ' end' : ''}`}>
                    {f.title}
                    {f.required === true ? (
                      <span class="req" aria-hidden="true">
                        {' '}
                        *
                      </span>
                    ) : null}
                  </th>
                ))}
                <th class="st-t">
                  <span class="vh">{t('more')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={row.nth}>
                  <td class="dim num st-i">{i + 1}</td>
                  {columns.map((f) => (
                    <td key={f.key} class={isNumeric(f) ? 'end' : ''}>
                      <CellBox
                        cell={row.cells.get(f.key)!}
                        model={model}
                        id={`d-${name}-${row.nth}-${f.key}`}
                      />
                    </td>
                  ))}
                  <td class="st-t">{tools(row)}</td>
                </tr>
              ))}
            </tbody>
            {hasSums ? (
              <tfoot>
                <tr>
                  <td />
                  {columns.map((f, i) => (
                    <td key={f.key} class={hasSum(f) ? 'end num m' : ''}>
                      {hasSum(f) ? (
                        <Sum rows={rows} f={f} />
                      ) : i === 0 ? (
                        <span class="dim">{t('total')}</span>
                      ) : (
                        ''
                      )}
                    </td>
                  ))}
                  <td class="st-t" />
                </tr>
              </tfoot>
            ) : null}
          </table>
        </div>
      ) : rows.length ? null : (
        <p class="drop st-empty">{t('no_rows')}</p>
      )}
      {phone.value ? (
        <div class="subcards">
          {rows.map((row, i) => (
            <section class="card" key={row.nth} aria-label={t('row_n', { n: i + 1 })}>
              <header class="row">
                <b class="s13">{t('row_n', { n: i + 1 })}</b>
                <span class="push">{tools(row)}</span>
              </header>
              <div class="sub2">
                {columns.map((f) => {
                  const id = `p-${name}-${row.nth}-${f.key}`;
                  const c = row.cells.get(f.key)!;
                  return c.shown.value ? (
                    <div class={`field${columnClass(f) === 'st-w' ? ' span2' : ''}`} key={f.key}>
                      <label for={id}>
                        {f.title}
                        {c.required.value ? <span class="req">*</span> : null}
                      </label>
                      <CellBox cell={c} model={model} id={id} />
                    </div>
                  ) : null;
                })}
              </div>
            </section>
          ))}
        </div>
      ) : null}
      {locked ? null : (
        <div class="mt2">
          <Button size="s" kind="ghost" icon="plus" onClick={add}>
            {t('add_row')}
          </Button>
        </div>
      )}
      {hasSums ? (
        <p class="ph st-sum">
          {columns.filter(hasSum).map((f) => (
            <span key={f.key}>
              {f.title}{' '}
              <b class="num">
                <Sum rows={rows} f={f} />
              </b>
            </span>
          ))}
        </p>
      ) : null}
      {cell.error.value ? (
        <p class="err mt1" id={`f-${name}-e`}>
          <Icon name="circle-alert" />
          <span>{cell.error.value}</span>
        </p>
      ) : null}
    </div>
  );
}
