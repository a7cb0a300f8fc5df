import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FieldDef, FormDef, Rec } from '../api/types';
import { Value } from '../form/display';
import { isBlank, isNumeric, resultType } from '../form/values';
import { Check, Icon } from '../kit';
import { t } from './text';

/* The grid of a desk and the cards of a phone. Long lists draw only the rows in sight. */

const TYPE_ICON: Record<string, string> = {
  text: 'type',
  textarea: 'text',
  number: 'hash',
  percent: 'percent',
  date: 'calendar',
  datetime: 'clock',
  boolean: 'toggle-right',
  select: 'circle-dot',
  multiselect: 'tag',
  link: 'link-2',
  member: 'user-round',
  department: 'network',
  phone: 'phone',
  email: 'mail',
  serial: 'list-ordered',
  formula: 'sigma',
  rollup: 'sigma',
  lookup: 'link-2',
  rating: 'star',
};

function widthClass(f: FieldDef): string {
  const type = resultType(f);
  if (f.width) return f.width >= 3 ? 'cw-l' : f.width === 2 ? 'cw-m' : 'cw-s';
  if (type === 'number' || type === 'date' || type === 'datetime' || type === 'member') return 'cw-m';
  if (type === 'percent' || type === 'select' || type === 'boolean' || type === 'rating') return 'cw-s';
  if (f.type === 'serial' || type === 'phone') return 'cw-m';
  return 'cw-l';
}

export interface GridProps {
  def: FormDef;
  columns: FieldDef[];
  rows: Rec[];
  sort: string;
  onSort: (sort: string) => void;
  selected: Set<string>;
  onSelect: ((ids: Set<string>) => void) | null;
  current: string | null;
  cursor: number;
  onOpen: (r: Rec) => void;
  href: (r: Rec) => string;
  onNearEnd: () => void;
  foot: preact.ComponentChildren;
}

const WINDOW_FROM = 150;
const OVERSCAN = 20;

/** The slice of rows in sight, and the heights of what is left out above and below. */
function useWindow(n: number, box: { current: HTMLElement | null }) {
  const [at, setAt] = useState({ top: 0, height: 900, row: 36 });
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const read = () => {
      const row = el.querySelector<HTMLElement>('tbody tr[data-i]')?.offsetHeight || 36;
      setAt((old) => {
        const top = Math.floor(el.scrollTop / row / 10) * 10 * row;
        return old.top === top && old.height === el.clientHeight && old.row === row
          ? old
          : { top, height: el.clientHeight, row };
      });
    };
    read();
    el.addEventListener('scroll', read, { passive: true });
    addEventListener('resize', read);
    return () => {
      el.removeEventListener('scroll', read);
      removeEventListener('resize', read);
    };
  }, [n > 0]);
  if (n < WINDOW_FROM) return { from: 0, to: n, before: 0, after: 0 };
  const from = Math.max(0, Math.floor(at.top / at.row) - OVERSCAN);
  const to = Math.min(n, Math.ceil((at.top + at.height) / at.row) + OVERSCAN + 10);
  return { from, to, before: from * at.row, after: (n - to) * at.row };
}

function Spacer({ height, span }: { height: number; span: number }) {
  const ref = useRef<HTMLTableCellElement>(null);
  useLayoutEffect(() => {
    if (ref.current) ref.current.style.height = `${height}px`;
  }, [height]);
  return height > 0 ? (
    <tr>
      <td ref={ref} colSpan={span} class="sp" />
    </tr>
  ) : null;
}

export function Grid(props: GridProps) {
  const { columns, rows, selected } = props;
  const box = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const w = useWindow(rows.length, box);
  const span = columns.length + (props.onSelect ? 1 : 0);

  useEffect(() => {
    const el = end.current;
    if (!el || !box.current) return;
    const seen = new IntersectionObserver((es) => es.some((e) => e.isIntersecting) && props.onNearEnd(), {
      root: box.current,
      rootMargin: '600px',
    });
    seen.observe(el);
    return () => seen.disconnect();
  });
  useEffect(() => {
    if (props.cursor >= 0)
      box.current?.querySelector(`tr[data-i="${props.cursor}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [props.cursor]);

  const cycle = (key: string) =>
    props.onSort(props.sort === key ? `-${key}` : props.sort === `-${key}` ? '' : key);
  const all = rows.length > 0 && rows.every((r) => selected.has(r._id));
  const toggle = (r: Rec, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(r._id);
    else next.delete(r._id);
    props.onSelect?.(next);
  };
  return (
    <div class="gridwrap" ref={box}>
      <table class="grid" aria-label={props.def.title} aria-rowcount={rows.length}>
        <thead>
          <tr>
            {props.onSelect ? (
              <th class="c0 w44" scope="col">
                <Check
                  checked={all}
                  mixed={!all && selected.size > 0}
                  aria={t('select_all')}
                  onChange={(on) => props.onSelect?.(on ? new Set(rows.map((r) => r._id)) : new Set())}
                />
              </th>
            ) : null}
            {columns.map((f, i) => {
              const dir =
                props.sort === f.key ? 'ascending' : props.sort === `-${f.key}` ? 'descending' : undefined;
              return (
                <th
                  key={f.key}
                  scope="col"
                  aria-sort={dir}
                  class={`${widthClass(f)}${i === 0 ? ` c1${props.onSelect ? '' : ' c1--0'}` : ''}${isNumeric(f) ? ' end' : ''}`}
                >
                  <button type="button" class="th" onClick={() => cycle(f.key)} title={f.help ?? f.title}>
                    <Icon
                      name={
                        dir === 'ascending' ? 'arrow-up' : dir ? 'arrow-down' : (TYPE_ICON[f.type] ?? 'type')
                      }
                    />
                    <span class="cut">{f.title}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          <Spacer height={w.before} span={span} />
          {rows.slice(w.from, w.to).map((r, k) => {
            const i = w.from + k;
            const mark = selected.has(r._id) || r._id === props.current;
            return (
              <tr
                key={r._id}
                data-i={i}
                class={`${mark ? 'is-sel' : ''}${i === props.cursor ? ' is-cur' : ''}`}
                aria-selected={selected.has(r._id)}
                onClick={(e) => {
                  if ((e.target as Element).closest('a,button,input,label')) return;
                  if (!getSelection()?.isCollapsed) return;
                  props.onOpen(r);
                }}
              >
                {props.onSelect ? (
                  <td class="c0">
                    <Check
                      checked={selected.has(r._id)}
                      aria={t('select_row', { title: r._title ?? r._id })}
                      onChange={(on) => toggle(r, on)}
                    />
                  </td>
                ) : null}
                {columns.map((f, c) => (
                  <td
                    key={f.key}
                    class={`${c === 0 ? `c1${props.onSelect ? '' : ' c1--0'}` : ''}${isNumeric(f) ? ' end' : ''}`}
                  >
                    {c === 0 ? (
                      <a
                        class="cut rowlink"
                        href={props.href(r)}
                        onClick={(e) => {
                          if (e.metaKey || e.ctrlKey || e.shiftKey) return;
                          e.preventDefault();
                          props.onOpen(r);
                        }}
                      >
                        {isBlank(r[f.key]) ? (r._title ?? '—') : <Value def={f} value={r[f.key]} compact />}
                      </a>
                    ) : (
                      <Value def={f} value={r[f.key]} compact />
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
          <Spacer height={w.after} span={span} />
        </tbody>
      </table>
      <div ref={end} class="grid-end">
        {props.foot}
      </div>
    </div>
  );
}

/** A card's parts from the columns: the first is its title, the first choice its tag, money in bold. */
export function Cards(props: {
  columns: FieldDef[];
  rows: Rec[];
  href: (r: Rec) => string;
  onNearEnd: () => void;
  foot: preact.ComponentChildren;
}) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = end.current;
    if (!el) return;
    const seen = new IntersectionObserver((es) => es.some((e) => e.isIntersecting) && props.onNearEnd(), {
      rootMargin: '400px',
    });
    seen.observe(el);
    return () => seen.disconnect();
  });
  const { columns } = props;
  const head =
    columns.find((f) => f.type !== 'serial' && ['text', 'link'].includes(resultType(f))) ?? columns[0];
  const choices = columns.filter((f) => resultType(f) === 'select' && f !== head);
  const tag =
    choices.find((f) => ['status', 'stage', '_state'].includes(f.key)) ??
    choices.find((f) => f.options?.some((o) => o.color)) ??
    choices[0];
  const big = columns.find((f) => isNumeric(f));
  const who = columns.find((f) => resultType(f) === 'member');
  const when = columns.find((f) => ['datetime', 'date'].includes(resultType(f)));
  const rest = columns.filter((f) => ![head, tag, big, who, when].includes(f)).slice(0, 3);
  return (
    <div class="mlist">
      {props.rows.map((r) => (
        <a class="mcard" key={r._id} href={props.href(r)}>
          <span class="row">
            <span class="m grow mcard-t">
              {head && !isBlank(r[head.key]) ? (
                <Value def={head} value={r[head.key]} compact />
              ) : (
                (r._title ?? '—')
              )}
            </span>
            {tag && !isBlank(r[tag.key]) ? <Value def={tag} value={r[tag.key]} compact /> : null}
          </span>
          {rest.some((f) => !isBlank(r[f.key])) ? (
            <span class="s13 mut mcard-r">
              {rest
                .filter((f) => !isBlank(r[f.key]))
                .map((f, i) => (
                  <span key={f.key}>
                    {i > 0 ? <span class="md" /> : null}
                    <Value def={f} value={r[f.key]} compact />
                  </span>
                ))}
            </span>
          ) : null}
          {[big, when, who].some((f) => f && !isBlank(r[f.key])) ? (
            <span class="row s13">
              {big && !isBlank(r[big.key]) ? (
                <b>
                  <Value def={big} value={r[big.key]} compact />
                </b>
              ) : null}
              <span class="push" />
              {when && !isBlank(r[when.key]) ? (
                <span class="dim">
                  <Value def={when} value={r[when.key]} compact />
                </span>
              ) : null}
              {who && !isBlank(r[who.key]) ? <Value def={who} value={r[who.key]} compact /> : null}
            </span>
          ) : null}
        </a>
      ))}
      <div ref={end} class="grid-end">
        {props.foot}
      </div>
    </div>
  );
}
