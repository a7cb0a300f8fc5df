import type { FieldDef, FormDef } from '../api/types';
import { optionTitle } from '../form/display';
import { fieldOf } from '../form/system';
import { parseNumber, resultType } from '../form/values';
import { day, number } from '../i18n/format';
import { t } from './text';

/*
 * Filter chips: a condition is a field, an operator and operands; together they are one expression of the engine's
 * language (AND). They live in the address as JSON, so a filtered list can be sent to a colleague.
 */

export type Op =
  | 'has'
  | 'is'
  | 'not'
  | 'in'
  | 'out'
  | 'ge'
  | 'le'
  | 'between'
  | 'yes'
  | 'no'
  | 'blank'
  | 'some'
  | 'today'
  | 'last7'
  | 'last30'
  | 'next7'
  | 'next30'
  | 'month'
  | 'year'
  | 'before'
  | 'after'
  | 'me';
export type Operand = string | number | [string, string];
export interface Cond {
  field: string;
  op: Op;
  args: Operand[];
}

type Kind = 'text' | 'number' | 'date' | 'select' | 'multi' | 'bool' | 'ref' | 'member';
const KIND: Record<string, Kind> = {
  number: 'number',
  percent: 'number',
  rating: 'number',
  date: 'date',
  datetime: 'date',
  select: 'select',
  multiselect: 'multi',
  boolean: 'bool',
  link: 'ref',
  department: 'ref',
  member: 'member',
};
const OPS: Record<Kind, Op[]> = {
  text: ['has', 'is', 'not', 'blank', 'some'],
  number: ['ge', 'le', 'between', 'is', 'blank', 'some'],
  date: [
    'today',
    'last7',
    'last30',
    'next7',
    'next30',
    'month',
    'year',
    'after',
    'before',
    'between',
    'blank',
    'some',
  ],
  select: ['in', 'out', 'blank', 'some'],
  multi: ['has', 'blank', 'some'],
  bool: ['yes', 'no'],
  ref: ['in', 'out', 'blank', 'some'],
  member: ['me', 'in', 'out', 'blank', 'some'],
};
export const NO_ARGS = new Set<Op>([
  'yes',
  'no',
  'blank',
  'some',
  'today',
  'last7',
  'last30',
  'next7',
  'next30',
  'month',
  'year',
  'me',
]);

export function kindOf(f: FieldDef): Kind {
  return KIND[resultType(f)] ?? 'text';
}
export function opsOf(f: FieldDef): Op[] {
  return OPS[kindOf(f)];
}

const quote = (s: string) => `"${s.replace(/"/g, '""')}"`;
const key = (a: Operand): string => (Array.isArray(a) ? a[0] : String(a));
const list = (args: Operand[]) => `[${args.map((a) => quote(key(a))).join(', ')}]`;

function dateLiteral(iso: string): string {
  const [y, m, d] = iso.split('-').map(Number);
  return `DATE(${y || 1970}, ${m || 1}, ${d || 1})`;
}

const DATE_EXPR: Partial<Record<Op, (f: string, a: string, b: string) => string>> = {
  today: (f) => `${f} >= TODAY() AND ${f} < TODAY() + 1`,
  last7: (f) => `${f} >= TODAY() - 6 AND ${f} < TODAY() + 1`,
  last30: (f) => `${f} >= TODAY() - 29 AND ${f} < TODAY() + 1`,
  next7: (f) => `${f} >= TODAY() AND ${f} < TODAY() + 8`,
  next30: (f) => `${f} >= TODAY() AND ${f} < TODAY() + 31`,
  month: (f) => `${f} > EOMONTH(TODAY(), -1) AND ${f} < EOMONTH(TODAY(), 0) + 1`,
  year: (f) => `${f} >= DATE(YEAR(TODAY()), 1, 1) AND ${f} < DATE(YEAR(TODAY()) + 1, 1, 1)`,
  after: (f, a) => `${f} >= ${a}`,
  before: (f, a) => `${f} < ${a} + 1`,
  between: (f, a, b) => `${f} >= ${a} AND ${f} < ${b} + 1`,
};

/** One condition in the engine's language; null while its operands are missing. */
export function expression(f: FieldDef, c: Cond): string | null {
  const k = f.key;
  if (c.op === 'blank') return `${k} = BLANK`;
  if (c.op === 'some') return `${k} <> BLANK`;
  if (c.op === 'me') return `${k} = USER()`;
  if (c.op === 'yes') return `${k} = TRUE`;
  if (c.op === 'no') return `(${k} = FALSE OR ${k} = BLANK)`;
  const kind = kindOf(f);
  if (kind === 'date') {
    const expr = DATE_EXPR[c.op];
    if (!NO_ARGS.has(c.op) && !c.args[0]) return null;
    if (c.op === 'between' && !c.args[1]) return null;
    return expr ? expr(k, dateLiteral(String(c.args[0] ?? '')), dateLiteral(String(c.args[1] ?? ''))) : null;
  }
  if (c.args.length === 0 || c.args[0] === '') return null;
  if (kind === 'number') {
    const [a, b] = c.args.map((x) => parseNumber(String(x)));
    const scale = resultType(f) === 'percent' ? 0.01 : 1;
    const n = (v: number) => String(Math.round(v * scale * 1e12) / 1e12);
    if (typeof a !== 'number') return null;
    if (c.op === 'ge') return `${k} >= ${n(a)}`;
    if (c.op === 'le') return `${k} <= ${n(a)}`;
    if (c.op === 'is') return `${k} = ${n(a)}`;
    return typeof b === 'number' ? `${k} >= ${n(a)} AND ${k} <= ${n(b)}` : null;
  }
  if (c.op === 'in') return `${k} IN ${list(c.args)}`;
  if (c.op === 'out') return `NOT (${k} IN ${list(c.args)})`;
  if (kind === 'multi') return `(${c.args.map((a) => `${k} CONTAINS ${quote(key(a))}`).join(' OR ')})`;
  const text = quote(String(c.args[0]));
  if (c.op === 'is') return `${k} = ${text}`;
  if (c.op === 'not') return `${k} <> ${text}`;
  return `${k} CONTAINS ${text}`;
}

export function filterText(def: FormDef, conds: Cond[]): string {
  const parts: string[] = [];
  for (const c of conds) {
    const f = fieldOf(def, c.field);
    const e = f ? expression(f, c) : null;
    if (e) parts.push(/ AND /.test(e) ? `(${e})` : e);
  }
  return parts.join(' AND ');
}

/** The operands as people read them. */
export function argsText(f: FieldDef, c: Cond): string {
  const kind = kindOf(f);
  const one = (a: Operand): string => {
    if (Array.isArray(a)) return a[1];
    if (kind === 'select' || kind === 'multi') return optionTitle(f, a);
    if (kind === 'date') return day(String(a), true);
    if (kind === 'number') {
      const n = parseNumber(String(a));
      return typeof n === 'number' ? number(n) + (resultType(f) === 'percent' ? '%' : '') : String(a);
    }
    return String(a);
  };
  if (c.op === 'between') return `${one(c.args[0] ?? '')} – ${one(c.args[1] ?? '')}`;
  const texts = c.args.map(one);
  return texts.length > 3
    ? t('and_more', { list: texts.slice(0, 2).join('、'), n: texts.length })
    : texts.join('、');
}

export function readConds(text: string | null): Cond[] {
  if (!text) return [];
  try {
    const all = JSON.parse(text) as [string, Op, Operand[]?][];
    return all
      .filter((c) => Array.isArray(c) && typeof c[0] === 'string')
      .map(([field, op, args]) => ({ field, op, args: args ?? [] }));
  } catch {
    return [];
  }
}
export function writeConds(conds: Cond[]): string | null {
  if (!conds.length) return null;
  return JSON.stringify(conds.map((c) => (c.args.length ? [c.field, c.op, c.args] : [c.field, c.op])));
}
