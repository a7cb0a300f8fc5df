import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, formPath, query } from '../api/client';
import type { FieldDef, FieldType, ListAnswer, OptionDef, Ref } from '../api/types';
import { number } from '../i18n/format';
import { Avatar, Check, Combo, Icon, type Ids, Input, type Option, Radios, Tag, Textarea } from '../kit';
import { Value } from './display';
import { FileControl, SignatureControl } from './files';
import type { Cell, FormModel } from './model';
import { LocationControl, RegionControl } from './region';
import { RichControl } from './rich';
import { SubTable } from './table';
import { t } from './text';
import { asList, asRef, asRefs, isBlank, parseNumber, resultType } from './values';

/*
 * The registry of controls, by the names of the engine's field types. Each row is a small component over one cell; a
 * new type is one more row.
 */

export interface ControlProps {
  cell: Cell;
  model: FormModel;
  ids: Ids;
  /** inside a table: small, without hints */
  dense?: boolean;
}
type Control = (p: ControlProps) => JSX.Element;

function str(v: unknown): string {
  return isBlank(v) ? '' : String(v);
}

function TextControl({ cell, model, ids, dense }: ControlProps) {
  const kind = TEXT_KINDS[cell.def.type];
  return (
    <Input
      {...ids}
      {...kind}
      label={dense ? cell.def.title : undefined!}
      value={str(cell.value.value)}
      placeholder={cell.def.placeholder ?? ''}
      required={cell.required.value}
      onInput={(v) => model.set(cell, v === '' ? null : v)}
    />
  );
}
const TEXT_KINDS: Partial<
  Record<FieldType, { type?: 'tel' | 'email' | 'url'; mode?: 'tel' | 'email' | 'url'; autocomplete?: string }>
> = {
  phone: { type: 'tel', mode: 'tel' },
  email: { type: 'email', mode: 'email' },
  url: { type: 'url', mode: 'url' },
};

function AreaControl({ cell, model, ids, dense }: ControlProps) {
  const ref = useRef<HTMLTextAreaElement>(null);
  const value = str(cell.value.value);
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    el.style.height = 'auto'; // grows with its text, through the CSSOM
    el.style.height = `${Math.min(el.scrollHeight + 2, 360)}px`;
  }, [value]);
  const left = cell.def.max_length ? cell.def.max_length - [...value].length : null;
  return (
    <>
      <Textarea
        {...ids}
        areaRef={ref}
        rows={dense ? 1 : 3}
        label={dense ? cell.def.title : undefined!}
        value={value}
        placeholder={cell.def.placeholder ?? ''}
        required={cell.required.value}
        onInput={(v) => model.set(cell, v === '' ? null : v)}
      />
      {left !== null && left < 50 ? <span class={`s12 end ${left < 0 ? 'bad' : 'dim'}`}>{left}</span> : null}
    </>
  );
}

/** Numbers are free text while one types and formatted when one leaves; full-width digits and commas are understood. */
function NumberControl({ cell, model, ids, dense }: ControlProps) {
  const pct = cell.def.type === 'percent';
  const v = cell.value.value;
  const shown = (n: unknown): string => {
    if (typeof n !== 'number') return '';
    const x = pct ? Math.round(n * 1e12) / 1e10 : n;
    return !pct && cell.def.scale != null ? x.toFixed(cell.def.scale) : String(x);
  };
  const [text, setText] = useState(shown(v));
  const [editing, setEditing] = useState(false);
  const [focused, setFocused] = useState(false);
  const grouped = (n: number): string => (pct ? shown(n) : number(n, cell.def.scale));
  const input = (raw: string) => {
    setText(raw);
    setEditing(true);
    const n = parseNumber(raw);
    if (n === undefined) {
      cell.error.value = t('not_number');
      return;
    }
    model.set(cell, n === null ? null : pct ? Math.round(n * 1e10) / 1e12 : n);
    if (cell.error.peek() === t('not_number')) cell.error.value = null;
  };
  const unit = pct ? '%' : cell.def.unit;
  const box = (
    <Input
      {...ids}
      class="num end"
      mode="decimal"
      label={dense ? cell.def.title : undefined!}
      value={editing ? text : focused || typeof v !== 'number' ? shown(v) : grouped(v)}
      onFocus={() => setFocused(true)}
      placeholder={cell.def.placeholder ?? ''}
      required={cell.required.value}
      onInput={input}
      onBlur={() => {
        setFocused(false);
        if (cell.error.peek() !== t('not_number')) setEditing(false);
        if (typeof cell.value.peek() === 'number' && cell.def.scale === 0 && !pct) setEditing(false);
      }}
    />
  );
  if (!unit) return box;
  return (
    <div class="with-unit">
      {box}
      <span class="unit">{unit}</span>
    </div>
  );
}

function RatingControl({ cell, model, ids }: ControlProps) {
  const max = Number(cell.def.max ?? 5);
  const now = Number(cell.value.value ?? 0);
  return (
    <div class="row gap1 h32 stars" role="radiogroup" aria-labelledby={`${ids.id}-l`} id={ids.id}>
      {Array.from({ length: max }, (_, i) => (
        <button
          type="button"
          key={i}
          role="radio"
          aria-checked={now === i + 1}
          class="ib ib--s"
          aria-label={t('stars', { n: i + 1 })}
          onClick={() => model.set(cell, now === i + 1 ? null : i + 1)}
        >
          <Icon name="star" class={i < now ? 'is-on' : 'is-off'} />
        </button>
      ))}
    </div>
  );
}

const DATE_KIND: Partial<Record<FieldType, 'date' | 'datetime-local' | 'time'>> = {
  date: 'date',
  datetime: 'datetime-local',
  time: 'time',
};
const pad = (n: number) => String(n).padStart(2, '0');

/** An instant as the browser's own control wants it: in the reader's zone, without one. */
function localInstant(iso: string): string {
  const d = new Date(iso);
  if (Number.isNaN(d.getTime())) return '';
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${pad(d.getHours())}:${pad(d.getMinutes())}`;
}

function DateControl({ cell, model, ids, dense }: ControlProps) {
  const kind = DATE_KIND[cell.def.type]!;
  const v = cell.value.value;
  const shown = isBlank(v)
    ? ''
    : kind === 'datetime-local'
      ? localInstant(String(v))
      : kind === 'time'
        ? String(v).slice(0, 5)
        : String(v).slice(0, 10);
  const change = (raw: string) => {
    if (!raw) return model.set(cell, null);
    if (kind !== 'datetime-local') return model.set(cell, raw);
    const d = new Date(raw);
    if (!Number.isNaN(d.getTime())) model.set(cell, d.toISOString().replace(/\.\d+Z$/, 'Z'));
  };
  return (
    <Input
      {...ids}
      type={kind}
      class="num"
      label={dense ? cell.def.title : undefined!}
      value={shown}
      required={cell.required.value}
      onInput={change}
    />
  );
}

function BooleanControl({ cell, model, ids, dense }: ControlProps) {
  return (
    <div class="h32 row">
      <Check
        {...ids}
        {...(cell.def.widget === 'checkbox' ? {} : { kind: 'switch' as const })}
        aria={dense ? cell.def.title : undefined!}
        checked={cell.value.value === true}
        onChange={(on) => model.set(cell, on)}
      />
    </div>
  );
}

function option(o: OptionDef): Option {
  return { key: o.key, title: o.title, color: o.color ?? 'grey', disabled: !!o.disabled };
}
const drawTag = (o: Option): ComponentChildren => <Tag color={o.color}>{o.title}</Tag>;
const plainWhenGrey = (options: OptionDef[]) => options.some((o) => o.color);

function SelectControl({ cell, model, ids, dense }: ControlProps) {
  const all = cell.def.options ?? [];
  const key = cell.value.value as string | null;
  const open = all.filter((o) => !o.disabled || o.key === key);
  if (cell.def.widget === 'radio' && !dense)
    return (
      <div class="h32 row">
        <Radios
          name={ids.id}
          labelledby={`${ids.id}-l`}
          value={key}
          items={open.map((o) => ({ key: o.key, title: o.title }))}
          onChange={(k) => model.set(cell, k)}
        />
      </div>
    );
  const now = all.find((o) => o.key === key);
  return (
    <Combo
      {...ids}
      label={dense ? cell.def.title : undefined!}
      options={open.map(option)}
      value={now ? [option(now)] : key ? [{ key, title: key }] : []}
      placeholder={cell.def.placeholder ?? undefined!}
      clearable={!cell.required.value}
      onChange={(v) => model.set(cell, v[0]?.key ?? null)}
      {...(plainWhenGrey(all) ? { draw: drawTag } : {})}
    />
  );
}

function MultiControl({ cell, model, ids, dense }: ControlProps) {
  const all = cell.def.options ?? [];
  const keys = asList(cell.value.value).map(String);
  if (cell.def.widget === 'checkboxes' && !dense)
    return (
      <div class="row wrap gap4" role="group" aria-labelledby={`${ids.id}-l`}>
        {all.map((o) => (
          <Check
            key={o.key}
            label={o.title}
            checked={keys.includes(o.key)}
            disabled={!!o.disabled}
            onChange={(on) => model.set(cell, on ? [...keys, o.key] : keys.filter((k) => k !== o.key))}
          />
        ))}
      </div>
    );
  return (
    <Combo
      {...ids}
      multi
      label={dense ? cell.def.title : undefined!}
      options={all.filter((o) => !o.disabled || keys.includes(o.key)).map(option)}
      value={keys.map((k) => option(all.find((o) => o.key === k) ?? { key: k, title: k }))}
      placeholder={cell.def.placeholder ?? undefined!}
      onChange={(v) =>
        model.set(
          cell,
          v.map((o) => o.key),
        )
      }
    />
  );
}

/** One select a level; the value is the list of keys from the top. */
function CascadeControl({ cell, model, ids }: ControlProps) {
  const keys = asList(cell.value.value).map(String);
  const levels: { options: OptionDef[]; key: string | null }[] = [];
  let options = cell.def.options ?? [];
  for (let i = 0; options.length > 0; i++) {
    const key = keys[i] ?? null;
    levels.push({ options, key });
    options = (key && options.find((o) => o.key === key)?.options) || [];
  }
  return (
    <div class="row">
      {levels.map((l, i) => {
        const now = l.options.find((o) => o.key === l.key);
        return (
          <Combo
            key={i}
            {...(i === 0 ? ids : {})}
            label={`${cell.def.title} ${i + 1}`}
            options={l.options.map(option)}
            value={now ? [option(now)] : []}
            onChange={(v) => model.set(cell, v[0] ? [...keys.slice(0, i), v[0].key] : keys.slice(0, i))}
          />
        );
      })}
    </div>
  );
}

// ---- links and people ------------------------------------------------------------------------------------------------

function literal(v: unknown): string {
  if (isBlank(v)) return 'BLANK';
  if (typeof v === 'number') return String(v);
  if (typeof v === 'boolean') return v ? 'TRUE' : 'FALSE';
  const ref = asRef(v);
  return `"${String(ref ? ref.id : v).replace(/"/g, '""')}"`;
}

/** The link's own filter with `this.x` replaced by what the form holds now. */
export function linkFilter(def: FieldDef, model: FormModel): string {
  if (!def.filter) return '';
  return def.filter.replace(
    /("(?:[^"]|"")*")|\bthis\.([a-z_][a-z0-9_]*)/gi,
    (whole, quoted: string | undefined, key: string) =>
      quoted ? whole : literal(model.cell(key)?.value.peek()),
  );
}

const LINK_PAGE = 20;

async function searchRows(model: FormModel, def: FieldDef, q: string): Promise<Option[]> {
  const path = `${formPath(model.def.app, def.form!)}/records`;
  const a = await api.get<ListAnswer>(
    path +
      query({ search: q, filter: linkFilter(def, model), fields: '_title', limit: LINK_PAGE, count: 'none' }),
  );
  return a.records.map((r) => ({ key: r._id, title: r._title ?? r._id }));
}

interface MemberRow {
  id: string;
  name?: string;
  title?: string;
  departments?: Ref[];
}
export async function searchMembers(q: string): Promise<Option[]> {
  const a = await api.get<{ members: MemberRow[] }>(`/members${query({ search: q })}`);
  return a.members.map((m) => ({
    key: m.id,
    title: m.name ?? m.title ?? m.id,
    sub: m.departments?.map((d) => d.title).join('、') || undefined,
    icon: 'user-round',
  }));
}
export async function searchDepartments(q: string): Promise<Option[]> {
  const a = await api.get<{ departments: (Ref & { name?: string })[] }>('/departments');
  const n = q.toLowerCase();
  return a.departments
    .map((d) => ({ key: d.id, title: d.title ?? d.name ?? d.id }))
    .filter((d) => !n || d.title.toLowerCase().includes(n));
}

function drawPerson(o: Option): ComponentChildren {
  return (
    <span class="who">
      <Avatar id={o.key} name={o.title} size="s" />
      <span class="cut">{o.title}</span>
    </span>
  );
}

function RefControl({ cell, model, ids, dense }: ControlProps) {
  const type = cell.def.type;
  const many = type.endsWith('s');
  const refs = asRefs(cell.value.value);
  const load =
    type === 'link' || type === 'links'
      ? (q: string) => searchRows(model, cell.def, q)
      : type === 'member' || type === 'members'
        ? searchMembers
        : searchDepartments;
  const back = (o: Option): Ref => ({ id: o.key, title: o.title });
  return (
    <Combo
      {...ids}
      multi={many}
      label={dense ? cell.def.title : undefined!}
      load={load}
      value={refs.map((r) => ({ key: r.id, title: r.title ?? t('no_access') }))}
      placeholder={cell.def.placeholder ?? undefined!}
      clearable={!cell.required.value}
      onChange={(v) => model.set(cell, many ? v.map(back) : v[0] ? back(v[0]) : null)}
      {...(type === 'member' ? { draw: drawPerson } : {})}
    />
  );
}

// ---- json ----

function JsonControl({ cell, model, ids, dense }: ControlProps) {
  const [text, setText] = useState(
    isBlank(cell.value.value) ? '' : JSON.stringify(cell.value.value, null, 2),
  );
  return (
    <Textarea
      {...ids}
      class="mono"
      label={dense ? cell.def.title : undefined!}
      value={text}
      onInput={(raw) => {
        setText(raw);
        try {
          model.set(cell, raw.trim() === '' ? null : JSON.parse(raw));
        } catch {
          cell.error.value = t('not_json');
        }
      }}
    />
  );
}

/** What nobody writes: computed, read-only, without the right. */
export function ReadControl({ cell, model, ids, dense }: ControlProps) {
  const blank = isBlank(cell.value.value);
  const serial = cell.def.type === 'serial' && blank;
  const dated = ['date', 'datetime'].includes(resultType(cell.def));
  const computed = cell.def.type === 'formula' || cell.def.type === 'rollup';
  return (
    <output
      id={ids.id}
      class={`input input--read${dense ? ' input--bare' : ''}`}
      aria-label={dense ? cell.def.title : undefined}
      aria-describedby={ids.describedby}
      aria-live={computed ? 'polite' : undefined}
    >
      {serial ? (
        <span class="dim">{t('serial_hint')}</span>
      ) : (
        <Value def={cell.def} value={cell.value.value} app={model.def.app} compact={!dated} />
      )}
      {computed && !dense ? <Icon name="sigma" size="s" class="push" /> : null}
    </output>
  );
}

function TableControl({ cell, model }: ControlProps) {
  return <SubTable cell={cell} model={model} />;
}

export const CONTROLS: Record<FieldType, Control> = {
  text: TextControl,
  textarea: AreaControl,
  richtext: RichControl,
  number: NumberControl,
  percent: NumberControl,
  rating: RatingControl,
  date: DateControl,
  datetime: DateControl,
  time: DateControl,
  boolean: BooleanControl,
  select: SelectControl,
  multiselect: MultiControl,
  cascade: CascadeControl,
  region: RegionControl,
  location: LocationControl,
  phone: TextControl,
  email: TextControl,
  url: TextControl,
  id_number: TextControl,
  member: RefControl,
  members: RefControl,
  department: RefControl,
  departments: RefControl,
  link: RefControl,
  links: RefControl,
  lookup: ReadControl,
  rollup: ReadControl,
  formula: ReadControl,
  serial: ReadControl,
  table: TableControl,
  image: FileControl,
  file: FileControl,
  signature: SignatureControl,
  json: JsonControl,
};

/** The control of a cell: its type's, or the read-only one. */
export function controlOf(cell: Cell): Control {
  if (cell.def.type === 'table') return TableControl;
  return cell.readonly.value ? ReadControl : (CONTROLS[cell.def.type] ?? TextControl);
}
