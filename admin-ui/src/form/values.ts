import type { FieldDef, FileRef, Ref } from '../api/types';

/* Values of fields as the API has them: blank is null, links are {id,title}, tables are lists of objects. */

export type Values = Record<string, unknown>;

export function isBlank(v: unknown): boolean {
  return v === null || v === undefined || v === '' || (Array.isArray(v) && v.length === 0);
}

export function isRef(v: unknown): v is Ref {
  return typeof v === 'object' && v !== null && !Array.isArray(v) && typeof (v as Ref).id === 'string';
}

export function asRef(v: unknown): Ref | null {
  if (isRef(v)) return v;
  return typeof v === 'string' && v !== '' ? { id: v, title: null } : null;
}

export function asRefs(v: unknown): FileRef[] {
  if (Array.isArray(v)) return v.map(asRef).filter((r): r is Ref => r !== null);
  const one = asRef(v);
  return one ? [one] : [];
}

export function asList(v: unknown): unknown[] {
  return Array.isArray(v) ? v : isBlank(v) ? [] : [v];
}

/** Equal as stored: refs by id, blanks alike, lists and rows member by member. */
export function same(a: unknown, b: unknown): boolean {
  if (isBlank(a) || isBlank(b)) return isBlank(a) && isBlank(b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => same(x, b[i]));
  if (isRef(a) || isRef(b)) return asRef(a)?.id === asRef(b)?.id;
  if (typeof a === 'object' && typeof b === 'object') {
    const x = a as Values;
    const y = b as Values;
    return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((k) => same(x[k], y[k]));
  }
  return a === b;
}

const COMPUTED = new Set(['formula', 'lookup', 'rollup', 'serial']);

/** Never written by a person, whoever he is. */
export function isComputed(def: FieldDef): boolean {
  return COMPUTED.has(def.type);
}

/** The value as a body carries it. */
export function toServer(def: FieldDef, v: unknown): unknown {
  if (isBlank(v)) return null;
  if (Array.isArray(v)) return v.map((x) => (isRef(x) ? x.id : x));
  if (isRef(v)) return v.id;
  if (typeof v === 'string' && def.type === 'text') return v.trim() === '' ? null : v;
  return v;
}

/** What a computed field is drawn as. */
export function resultType(def: FieldDef): FieldDef['type'] | 'list' {
  if (COMPUTED.has(def.type) && def.type !== 'serial')
    return def.result ?? (def.scale != null ? 'number' : 'text');
  return def.type;
}

const NUMERIC = new Set(['number', 'percent', 'rating']);
export function isNumeric(def: FieldDef): boolean {
  return NUMERIC.has(resultType(def));
}

/** Half away from zero on 15 significant digits, as the engine rounds. */
export function round(n: number, scale: number): number {
  const exact = Number(n.toPrecision(15));
  const text = Math.abs(exact).toString();
  if (text.includes('e')) return exact;
  const rounded = Number(`${Math.round(Number(`${text}e${scale}`))}e-${scale}`);
  return exact < 0 ? -rounded : rounded;
}

/** "1,234.5", "１２３", "12%" as a number; null: blank; undefined: not a number. */
export function parseNumber(text: string): number | null | undefined {
  const t = text
    .normalize('NFKC')
    .replace(/[\s,，￥¥$%]/g, '')
    .replace(/^[−–]/, '-');
  if (t === '') return null;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i.test(t)) return undefined;
  const n = Number(t);
  return Number.isFinite(n) ? n : undefined;
}
