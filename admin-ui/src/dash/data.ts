import { lang } from '../i18n';
import { number, percent } from '../i18n/format';
import { t } from './text';
import type { Format, Metric, Rows, Widget } from './types';

/* Rows of the aggregate API to what is drawn: one axis of categories, one or more series. No page, no library. */

export interface Series {
  key: string;
  title: string;
  format: Format | null;
  values: (number | null)[];
}
export interface Shape {
  /** keys and titles along the axis; the key is what a filter takes, null where it is no plain value */
  axis: { key: string | null; title: string }[];
  series: Series[];
  /** the axis is time: drawn in order, gaps stay gaps */
  time: boolean;
}

const PART = /^(YEAR|QUARTER|MONTH|DAY|WEEKNUM|ISOWEEKNUM)\((.+)\)$/i;

function part(expr: string | undefined): { fn: string; of: string } | null {
  const m = PART.exec((expr ?? '').trim());
  return m ? { fn: m[1]!.toUpperCase(), of: m[2]!.trim() } : null;
}

/** How many leading groups make one time axis: YEAR(d), MONTH(d) is "2026-11". */
function timeParts(group: string[]): number {
  const first = part(group[0]);
  if (!first) return 0;
  let n = 1;
  while (n < group.length && part(group[n])?.of === first.of) n++;
  return n;
}

const pad = (n: unknown) => String(n).padStart(2, '0');

function timeTitle(fns: string[], values: unknown[]): string {
  const by = new Map(fns.map((f, i) => [f, values[i]]));
  const y = by.get('YEAR');
  if (values.some((v) => v === null || v === undefined)) return t('blank');
  if (by.has('MONTH') && y !== undefined)
    return by.has('DAY')
      ? `${y}-${pad(by.get('MONTH'))}-${pad(by.get('DAY'))}`
      : `${y}-${pad(by.get('MONTH'))}`;
  if (by.has('QUARTER') && y !== undefined)
    return t('quarter', { y: String(y), q: String(by.get('QUARTER')) });
  const week = by.get('ISOWEEKNUM') ?? by.get('WEEKNUM');
  if (week !== undefined)
    return y === undefined
      ? t('week', { w: String(week) })
      : t('year_week', { y: String(y), w: String(week) });
  if (by.has('MONTH')) return t('month', { m: String(by.get('MONTH')) });
  return values.map(String).join('-');
}

/** TEXT(d, "YYYY-MM") is a month as well, in one group. */
const MONTH_TEXT = /^TEXT\(.+,\s*"YYYY-MM"\)$/i;

function monthIndex(v: unknown): number | null {
  const m = typeof v === 'string' ? /^(\d{4})-(\d\d)$/.exec(v) : null;
  return m ? Number(m[1]) * 12 + Number(m[2]) - 1 : null;
}

/** What people read for one value of a group. */
export function groupTitle(expr: string, v: unknown, labels: Rows['labels']): string {
  if (v === null || v === undefined || v === '') return t('blank');
  if (typeof v === 'object') {
    const ref = v as { id?: string; title?: string | null };
    return ref.title ?? t('unseen');
  }
  const known = labels?.[expr]?.[String(v)];
  if (known) return known;
  const p = part(expr);
  if (p) return timeTitle([p.fn], [v]);
  if (typeof v === 'boolean') return t(v ? 'yes' : 'no');
  return typeof v === 'number' ? number(v) : String(v);
}

function groupKey(v: unknown): string | null {
  if (v === null || v === undefined || v === '') return null;
  if (typeof v === 'object') return (v as { id?: string }).id ?? null;
  return String(v);
}

export function metricTitle(m: Metric): string {
  return m.title && m.title !== m.key ? m.title : m.key;
}

export function toNumber(v: unknown): number | null {
  return typeof v === 'number' && Number.isFinite(v) ? v : null;
}

/** A widget's `format` means its last metric, the one that was worked out; the others say their own. */
export function formatOf(w: Widget, i: number): Format | null {
  const m = w.metrics?.[i];
  const last = i === (w.metrics?.length ?? 0) - 1;
  if (last) return m?.format ?? w.format ?? null;
  return m?.format && m.format !== w.format ? m.format : null;
}

const place = (all: string[], key: string) => (all.indexOf(key) + all.length + 1) % (all.length + 1);

/** Months between the first and the last that have no row, so that a line does not hide them. */
function fillMonths(axis: Map<string, { sort: number; title: string; key: string | null }>): void {
  const all = [...axis.values()].map((a) => a.sort);
  const [lo, hi] = [Math.min(...all), Math.max(...all)];
  if (hi - lo > 600) return;
  for (let m = lo; m <= hi; m++) {
    const title = `${Math.floor(m / 12)}-${pad((m % 12) + 1)}`;
    if (!axis.has(title)) axis.set(title, { sort: m, title, key: null });
  }
}

export function shape(w: Widget, got: Rows): Shape {
  const group = w.group ?? [];
  const metrics = w.metrics ?? [];
  const parts = timeParts(group);
  const fns = group.slice(0, parts).map((g) => part(g)!.fn);
  const texts = MONTH_TEXT.test(group[0] ?? '');
  const monthly = texts || (fns.length === 2 && fns[0] === 'YEAR' && fns[1] === 'MONTH');
  const lead = parts || 1;
  const split = group[lead];
  const axis = new Map<string, { sort: number; title: string; key: string | null }>();
  const cells = new Map<string, Map<string, Map<string, number | null>>>();
  const splits = new Map<string, string>();
  got.rows.forEach((r, i) => {
    const vals = group.slice(0, lead).map((g) => r[g]);
    const title = parts ? timeTitle(fns, vals) : groupTitle(group[0] ?? '', vals[0], got.labels);
    const key = parts ? null : groupKey(vals[0]);
    const at = parts ? title : (key ?? '\u0000');
    const sort = monthly
      ? ((texts ? monthIndex(vals[0]) : Number(vals[0]) * 12 + Number(vals[1]) - 1) ?? Number.NaN)
      : parts
        ? vals.reduce<number>((n, v) => n * 400 + Number(v ?? 0), 0)
        : i;
    if (monthly && (!Number.isFinite(sort) || vals.some((v) => v == null))) return;
    if (!axis.has(at)) axis.set(at, { sort, title, key });
    const by = split ? (groupKey(r[split]) ?? '') : '';
    if (split && !splits.has(by)) splits.set(by, groupTitle(split, r[split], got.labels));
    const row = cells.get(at) ?? new Map<string, Map<string, number | null>>();
    cells.set(at, row);
    row.set(by, new Map(metrics.map((m) => [m.key, toNumber(r[m.key])])));
  });
  if (monthly && axis.size) fillMonths(axis);
  const keys = [...axis.entries()];
  if (parts || texts) keys.sort((a, b) => a[1].sort - b[1].sort);
  // the steps of a funnel come in the order of the options, not by size
  const steps = w.type === 'funnel' ? Object.keys(got.labels?.[group[0] ?? ''] ?? {}) : [];
  if (steps.length) keys.sort((a, b) => place(steps, a[0]) - place(steps, b[0]));
  const series: Series[] = (split ? [...splits.entries()] : [['', ''] as [string, string]]).flatMap(
    ([by, name]) =>
      metrics.map((m, i) => ({
        key: `${by}/${m.key}`,
        title: split ? (metrics.length > 1 ? `${name} ${metricTitle(m)}` : name) : metricTitle(m),
        format: formatOf(w, i),
        values: keys.map(([at]) => cells.get(at)?.get(by)?.get(m.key) ?? null),
      })),
  );
  return { axis: keys.map(([, a]) => ({ key: a.key, title: a.title })), series, time: parts > 0 || texts };
}

/* ---- numbers as people read them ---- */

const ZH_UNITS: [number, string][] = [
  [1e8, '亿'],
  [1e4, '万'],
];
const EN_UNITS: [number, string][] = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
];
const COMPACT_FROM = 100_000;

function digits(n: number): number {
  const a = Math.abs(n);
  return a >= 1000 ? 0 : a >= 100 ? 1 : 2;
}

/** A big number in two parts, "1,001" "万"; smaller ones as they are, with at most two decimals. */
export function compact(n: number, from = COMPACT_FROM): { text: string; unit: string } {
  if (Math.abs(n) >= from)
    for (const [size, unit] of lang.value === 'zh-CN' ? ZH_UNITS : EN_UNITS)
      if (Math.abs(n) >= size) return { text: round(n / size, digits(n / size)), unit };
  return { text: round(n, 2), unit: '' };
}

function round(n: number, d: number): string {
  return number(Number(n.toFixed(d)));
}

export function figure(
  n: number | null,
  format: Format | null,
): { text: string; unit: string; exact: string | null } {
  if (n === null) return { text: '—', unit: '', exact: null };
  if (format === 'percent')
    return { text: percent(Number(n.toFixed(4))).replace('%', ''), unit: '%', exact: null };
  const c = compact(n);
  const sign = format === 'money' ? '¥' : '';
  return { text: sign + c.text, unit: c.unit, exact: c.unit ? full(n, format) : null };
}

/** The whole number: tables, tooltips. */
export function full(n: number | null, format: Format | null): string {
  if (n === null) return '—';
  if (format === 'percent') return percent(Number(n.toFixed(4)));
  return (format === 'money' ? '¥' : '') + round(n, 2);
}

const SHORT_FROM = 10_000;

/** Short forms of one series, all in the unit and the decimals that its biggest value asks for. */
export function shorts(all: (number | null)[], format: Format | null): string[] {
  const top = Math.max(0, ...all.map((v) => Math.abs(v ?? 0)));
  const zh = lang.value === 'zh-CN';
  const [size, unit] =
    format === 'percent' || top < SHORT_FROM
      ? [1, '']
      : ((zh ? ZH_UNITS : EN_UNITS).find(([n]) => top >= n) ?? [1, '']);
  const d = !unit ? 2 : top / size >= 1000 ? 0 : top / size >= 10 ? 1 : 2;
  return all.map((v) => {
    if (v === null) return '—';
    if (format === 'percent') return percent(Number(v.toFixed(3)));
    if (v !== 0 && Number((v / size).toFixed(d)) === 0) return full(v, format);
    return (
      (format === 'money' ? '¥' : '') +
      (unit ? number(v / size, d) : round(v, d)) +
      (unit && zh ? ` ${unit}` : unit)
    );
  });
}

/** A mark of an axis: round numbers, so no decimals that say nothing (150K, not 150.0K). */
export function tick(n: number, format: Format | null): string {
  if (format === 'percent') return percent(Number(n.toFixed(3)));
  const c = compact(n, SHORT_FROM);
  const unit = c.unit && lang.value === 'zh-CN' ? ` ${c.unit}` : c.unit;
  return (format === 'money' ? '¥' : '') + c.text + unit;
}
