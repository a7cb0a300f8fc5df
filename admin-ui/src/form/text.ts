import type { FieldDef } from '../api/types';
import { dict } from '../i18n';
import { asList, isBlank } from './values';
import { zh } from './zh';

export const t = dict(zh, async () => (await import('./en')).en);

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const URL_ = /^https?:\/\/\S+$/i;

/** What is wrong with a value, as far as the field's own definition tells; null: nothing. */
export function problemText(def: FieldDef, v: unknown, required: boolean): string | null {
  const title = def.title;
  const blank = isBlank(v) || (typeof v === 'string' && v.trim() === '');
  if (blank) {
    if (!required) return null;
    const chosen = [
      'select',
      'multiselect',
      'link',
      'links',
      'member',
      'members',
      'department',
      'departments',
      'date',
      'cascade',
      'region',
    ];
    return t(def.type === 'table' ? 'need_rows' : chosen.includes(def.type) ? 'need_choice' : 'need', {
      title,
    });
  }
  if (typeof v === 'number') {
    const pct = def.type === 'percent';
    const show = (n: number) => (pct ? `${Math.round(n * 1e6) / 1e4}%` : String(n));
    if (typeof def.min === 'number' && v < def.min) return t('at_least', { title, n: show(def.min) });
    if (typeof def.max === 'number' && v > def.max) return t('at_most', { title, n: show(def.max) });
    if (def.scale === 0 && !pct && !Number.isInteger(v)) return t('whole', { title });
  }
  if (typeof v === 'string') {
    const n = [...v].length;
    if (def.max_length && n > def.max_length) return t('too_long', { title, max: def.max_length, n });
    if (def.type === 'email' && !EMAIL.test(v.trim())) return t('bad_email', { title });
    if (def.type === 'url' && !URL_.test(v.trim())) return t('bad_url', { title });
    if (def.type === 'date' && typeof def.min === 'string' && v < def.min)
      return t('not_before', { title, n: def.min });
    if (def.type === 'date' && typeof def.max === 'string' && v > def.max)
      return t('not_after', { title, n: def.max });
  }
  if (def.type === 'multiselect' && def.max_length && asList(v).length > def.max_length)
    return t('too_many', { title, max: def.max_length });
  return null;
}
