import './form.css';
import { useState } from 'preact/hooks';
import type { Block, FormDef } from '../api/types';
import { Field, Icon, Note, Tabs } from '../kit';
import { controlOf } from './controls';
import type { Cell, FormModel } from './model';
import { t } from './text';
import { isBlank, isComputed } from './values';

/* The renderer: layout of the definition, one component a cell. Used by pages, approvals, dialogs and the preview. */

export interface Section {
  key: string;
  title: string | null;
  columns: number;
  collapsed: boolean;
  fields: { key: string; width: number }[];
}
export interface TabPage {
  title: string | null;
  sections: Section[];
}

/** Tabs of sections; a section after a tab belongs to it, what comes before the first tab is the first page. */
export function pagesOf(def: FormDef): TabPage[] {
  const pages: TabPage[] = [];
  const layout: Block[] = def.layout?.length
    ? def.layout
    : [{ columns: 2, fields: def.fields.map((f) => ({ key: f.key })) }];
  layout.forEach((b, i) => {
    if (b.tab != null || pages.length === 0) pages.push({ title: b.tab ?? null, sections: [] });
    pages[pages.length - 1]!.sections.push({
      key: `s${i}`,
      title: b.section ?? (b.tab != null ? null : i > 0 ? t('other') : null),
      columns: b.columns ?? 2,
      collapsed: !!b.collapsed,
      fields: b.fields.map((f) => ({ key: f.key, width: f.width ?? 1 })),
    });
  });
  const first = pages[0];
  if (first && first.title === null && pages.length > 1) first.title = t('basic');
  return pages;
}

const WIDE = new Set(['textarea', 'richtext', 'table', 'file', 'image', 'json']);

function hintOf(cell: Cell): string | undefined {
  if (cell.def.help) return cell.def.help;
  if (cell.def.type === 'lookup') return t('linked_hint');
  return undefined;
}

export function FieldBox({
  cell,
  model,
  span,
  form,
}: {
  cell: Cell;
  model: FormModel;
  span: string;
  form: string;
}) {
  if (!cell.shown.value) return null;
  const Control = controlOf(cell);
  const id = `f-${form}${cell.def.key}`;
  if (cell.def.type === 'table')
    return (
      <div class={`field ${span}`}>
        <span class="label" id={`${id}-l`}>
          {cell.def.title}
          {cell.required.value ? <span class="req">*</span> : null}
        </span>
        <Control cell={cell} model={model} ids={{ id, describedby: undefined, invalid: false }} />
      </div>
    );
  return (
    <Field
      id={id}
      class={span}
      label={cell.def.title}
      required={cell.required.value && !cell.readonly.value}
      error={cell.error.value}
      hint={hintOf(cell)}
    >
      {(ids) => <Control cell={cell} model={model} ids={ids} />}
    </Field>
  );
}

function isVain(c: Cell): boolean {
  if (c.def.type === 'rollup') return true;
  if (c.def.type === 'serial' || c.def.type === 'formula' || c.def.type === 'table') return false;
  return c.readonly.value && isBlank(c.value.value);
}

/** A new form leaves out sections in which there is nothing to fill in. */
export function worthShowing(model: FormModel, s: Section): boolean {
  if (model.record) return s.fields.some((f) => model.cell(f.key)?.shown.value);
  return s.fields.some((f) => {
    const c = model.cell(f.key);
    return !!c?.shown.value && !c.readonly.value;
  });
}

function SectionBox({ model, section, form }: { model: FormModel; section: Section; form: string }) {
  const [shut, setShut] = useState(section.collapsed);
  const cells = section.fields
    .map((f) => ({ cell: model.cell(f.key), width: f.width }))
    .filter((x): x is { cell: Cell; width: number } => x.cell !== undefined);
  const filling = !model.record;
  // what a new record cannot have yet, and nobody can fill in, only makes a new form longer
  const useful = cells.filter((x) => !filling || !isVain(x.cell));
  if (!useful.some((x) => x.cell.shown.value) || !worthShowing(model, section)) return null;
  return (
    <section class="fsec" id={`${form}${section.key}`}>
      {section.title ? (
        <h2>
          {section.collapsed ? (
            <button type="button" class="row gap1" aria-expanded={!shut} onClick={() => setShut(!shut)}>
              <Icon name={shut ? 'chevron-right' : 'chevron-down'} />
              {section.title}
            </button>
          ) : (
            section.title
          )}
        </h2>
      ) : null}
      {shut ? null : (
        <div class={`fgrid fgrid--${section.columns}`}>
          {useful.map(({ cell, width }) => (
            <FieldBox
              key={cell.def.key}
              cell={cell}
              model={model}
              form={form}
              span={WIDE.has(cell.def.type) ? 'span-all' : `span-${Math.min(width, section.columns)}`}
            />
          ))}
        </div>
      )}
    </section>
  );
}

/** All sections; tabs where the form has them. `form` prefixes ids when two forms are on one page. */
export function FormView({
  model,
  form = '',
  tab,
  onTab,
}: {
  model: FormModel;
  form?: string;
  tab: number;
  onTab: (n: number) => void;
}) {
  const pages = pagesOf(model.def);
  const page = pages[Math.min(tab, pages.length - 1)];
  return (
    <>
      {pages.length > 1 ? (
        <div class="ftabs">
          <Tabs
            label={t('sections')}
            value={String(tab)}
            items={pages.map((p, i) => ({
              key: String(i),
              title: p.title ?? t('basic'),
              count: tabErrors(model, p) || null,
              hot: true,
            }))}
            onChange={(k) => onTab(Number(k))}
          />
        </div>
      ) : null}
      {page?.sections.map((s) => (
        <SectionBox key={s.key} model={model} section={s} form={form} />
      ))}
    </>
  );
}

function cellErrors(cell: Cell | undefined): number {
  if (!cell) return 0;
  let n = cell.error.value ? 1 : 0;
  if (cell.def.type === 'table')
    for (const row of cell.value.value as { cells: Map<string, Cell> }[])
      for (const c of row.cells.values()) if (c.error.value) n++;
  return n;
}
export function sectionErrors(model: FormModel, s: Section): number {
  return s.fields.reduce((n, f) => n + cellErrors(model.cell(f.key)), 0);
}
function tabErrors(model: FormModel, p: TabPage): number {
  return p.sections.reduce((n, s) => n + sectionErrors(model, s), 0);
}

/** The page of tabs on which a cell stands. */
export function tabOf(model: FormModel, key: string): number {
  const at = pagesOf(model.def).findIndex((p) => p.sections.some((s) => s.fields.some((f) => f.key === key)));
  return Math.max(0, at);
}

/** Puts the focus into the field with a problem. */
export function focusCell(cell: Cell, model: FormModel, form = ''): void {
  const ids: string[] = [];
  if (cell.row) {
    const table = [...model.cells.values()].find(
      (c) => c.def.type === 'table' && (c.value.peek() as unknown[]).includes(cell.row),
    );
    for (const at of ['d', 'p']) ids.push(`${at}-${table?.def.key}-${cell.row.nth}-${cell.def.key}`);
  }
  ids.push(`f-${form}${cell.def.key}`);
  for (const id of ids) {
    const el = document.getElementById(id);
    if (el && el.offsetParent !== null) {
      el.scrollIntoView({ block: 'center' });
      el.focus({ preventScroll: true });
      return;
    }
  }
}

/** What is wrong, on top, each line a way to its field. */
export function ErrorSummary({
  model,
  goTo,
  failed,
  trace,
}: {
  model: FormModel;
  goTo: (c: Cell) => void;
  failed?: string | null;
  /** the stack of a script that failed, for those who design */
  trace?: string | undefined;
}) {
  const errors = model.errors();
  const general = model.general.value;
  const n = errors.length + general.length;
  if (!n && !failed) return null;
  if (!n)
    return (
      <Note kind="bad" role="alert">
        {failed}
        {trace ? (
          <details class="trace">
            <summary>{t('trace')}</summary>
            <pre>{trace}</pre>
          </details>
        ) : null}
      </Note>
    );
  return (
    <Note kind="bad" role="alert" title={t('fix_title', { n })}>
      <ul class="errlist">
        {errors.map((e) => (
          <li key={e.label + e.text}>
            <button type="button" class="link-bad" onClick={() => goTo(e.cell)}>
              {e.cell.row ? t('colon', { label: e.label, text: e.text }) : e.text}
            </button>
          </li>
        ))}
        {general.map((g) => (
          <li key={g}>{g}</li>
        ))}
      </ul>
    </Note>
  );
}

/** How many of the required fields are filled, for the outline. */
export function progress(model: FormModel): { done: number; all: number } {
  let done = 0;
  let all = 0;
  for (const c of model.cells.values()) {
    if (!c.shown.value || !c.required.value || c.readonly.value || isComputed(c.def)) continue;
    all++;
    if (!isBlank(c.value.value)) done++;
  }
  return { done, all };
}
