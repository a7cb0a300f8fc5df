import { Note } from '../kit';
import type { Column, Look, Mode, Plan, Target } from './data';
import { t } from './text';

/* Which column goes to which field, and how rows find the records that are there. */

export interface Draft {
  /** by the place of the column, from 1; '' leaves it out */
  fields: Record<number, string>;
  mode: Mode;
  key: string;
}

export function firstDraft(look: Look): Draft {
  const fields: Record<number, string> = {};
  for (const c of look.columns) fields[c.at] = c.field ?? '';
  return { fields, mode: 'insert', key: look.fields.find((f) => f.unique)?.key ?? '' };
}

/** Headers that stand once are named, so that the next file of the kind is understood; others go by place. */
export function planOf(look: Look, d: Draft, sheet: string): Plan {
  const seen = new Map<string, number>();
  for (const c of look.columns) seen.set(c.header, (seen.get(c.header) ?? 0) + 1);
  const mapping: Record<string, string> = {};
  for (const c of look.columns) {
    const named = c.header && seen.get(c.header) === 1 && !c.header.startsWith('#');
    mapping[named ? c.header : `#${c.at}`] = d.fields[c.at] ?? '';
  }
  return { mapping, mode: d.mode, key: d.key, sheet };
}

/** What keeps the import from starting, and what will make rows fail. */
export function troubles(look: Look, d: Draft): { stop: string | null; warn: string | null } {
  const used = Object.values(d.fields).filter(Boolean);
  const title = (key: string) => look.fields.find((f) => f.key === key)?.title ?? key;
  const twice = used.find((k, i) => used.indexOf(k) !== i);
  if (!used.length) return { stop: t('none'), warn: null };
  if (twice) return { stop: t('twice', { title: title(twice) }), warn: null };
  if (d.mode !== 'insert' && !used.includes(d.key)) return { stop: t('key_unmapped'), warn: null };
  const tables = new Set(used.filter((k) => k.includes('.')).map((k) => k.split('.')[0]));
  const missing = look.fields.filter(
    (f) =>
      f.required &&
      f.write &&
      !used.includes(f.key) &&
      (f.key.includes('.') ? tables.has(f.key.split('.')[0]) : d.mode !== 'update'),
  );
  const warn = missing.length ? t('missing', { list: missing.map((f) => f.title).join(t('sep')) }) : null;
  return { stop: null, warn };
}

function samples(look: Look, c: Column): string {
  const seen = new Set(look.rows.map((r) => r[c.at - 1] ?? '').filter(Boolean));
  return [...seen].slice(0, 3).join(' · ');
}

function Row({ look, c, draft, set }: { look: Look; c: Column; draft: Draft; set: (d: Draft) => void }) {
  const value = draft.fields[c.at] ?? '';
  const name = c.header || t('column_n', { n: c.at });
  const text = samples(look, c);
  const targets = look.fields.filter((f) => f.write || f.key === draft.key || f.key === value);
  return (
    <tr class={value ? undefined : 'is-out'}>
      <td>
        <b>{name}</b>
        {c.by && value === (c.field ?? '') ? (
          <span class="s12 mut xby">{t(`by_${c.by}` as 'by_key')}</span>
        ) : null}
      </td>
      <td class="xsample" title={text}>
        {text || '—'}
      </td>
      <td>
        <select
          class="input"
          aria-label={name}
          value={value}
          onChange={(e) => set({ ...draft, fields: { ...draft.fields, [c.at]: e.currentTarget.value } })}
        >
          <option value="">{t('leave_out')}</option>
          {targets.map((f: Target) => (
            <option key={f.key} value={f.key}>
              {f.title}
              {f.required ? ' *' : ''}
            </option>
          ))}
        </select>
      </td>
    </tr>
  );
}

export function Mapping({ look, draft, set }: { look: Look; draft: Draft; set: (d: Draft) => void }) {
  const keys = look.fields.filter((f) => !f.key.includes('.'));
  const { stop, warn } = troubles(look, draft);
  return (
    <>
      <p class="mut s13">{t('columns_help')}</p>
      <div class="xmap">
        <table class="tbl">
          <thead>
            <tr>
              <th>{t('col_file')}</th>
              <th>{t('col_sample')}</th>
              <th>{t('col_field')}</th>
            </tr>
          </thead>
          <tbody>
            {look.columns.map((c) => (
              <Row key={c.at} look={look} c={c} draft={draft} set={set} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="xgrid">
        <label class="col gap1">
          <span class="s13">{t('mode')}</span>
          <select
            class="input"
            value={draft.mode}
            onChange={(e) => set({ ...draft, mode: e.currentTarget.value as Mode })}
          >
            {(['insert', 'update', 'upsert'] as const).map((m) => (
              <option key={m} value={m}>
                {t(m)}
              </option>
            ))}
          </select>
        </label>
        {draft.mode !== 'insert' ? (
          <label class="col gap1">
            <span class="s13">{t('key')}</span>
            <select
              class="input"
              value={draft.key}
              onChange={(e) => set({ ...draft, key: e.currentTarget.value })}
            >
              <option value="">{t('key_pick')}</option>
              {keys.map((f) => (
                <option key={f.key} value={f.key}>
                  {f.title}
                </option>
              ))}
            </select>
          </label>
        ) : null}
      </div>
      {stop ? <Note kind="warn">{stop}</Note> : warn ? <Note>{warn}</Note> : null}
    </>
  );
}
