import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, say } from '../api/client';
import { Button, Icon, IconButton, lazy, Skeleton } from '../kit';
import { figure, formatOf, full, metricTitle, type Shape, shape, shorts, toNumber } from './data';
import { t } from './text';
import type { Rows, Widget } from './types';

/* One card of a dashboard: its rows, and what is drawn of them. */

const Chart = lazy(
  async () => (await import('./chart')).Chart,
  () => <p class="s13 dim">{t('failed')}</p>,
);

export interface Cell {
  rows: Rows | null;
  error: string | null;
  busy: boolean;
}
/** What a bar may set: the dashboard's filter over the group of this widget. */
export type Pick = ((key: string, title: string) => void) | null;

const CHARTS = new Set(['line', 'area', 'column', 'pie', 'combo']);
const TABLE_ROWS = 50;
const FEW = 5; // bars that may be thick

function Indicator({ w, got }: { w: Widget; got: Rows }) {
  const metrics = w.metrics ?? [];
  const row = got.rows[0] ?? {};
  const last = metrics.length - 1;
  const value = toNumber(row[metrics[last]?.key ?? '']);
  const f = figure(value, formatOf(w, last));
  const rest = metrics.slice(0, last).filter((m) => m.title && m.title !== m.key);
  return (
    <>
      <p class="kv">
        <b class="num">{f.text}</b>
        {f.unit ? <span>{f.unit}</span> : null}
      </p>
      <p class="s12 dim kp-sub">
        {f.exact ? <span class="num">{f.exact}</span> : null}
        {rest.map((m) => (
          <span key={m.key}>
            {metricTitle(m)}{' '}
            <span class="num">{full(toNumber(row[m.key]), formatOf(w, metrics.indexOf(m)))}</span>
          </span>
        ))}
      </p>
    </>
  );
}

/** A bar that is as long as its share; an attribute of SVG, so that the CSP has nothing to refuse. */
function Bar({ share, hue }: { share: number; hue: number }) {
  const wide = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <svg class="hbar" aria-hidden="true">
      <rect class="bg" width="100%" height="100%" rx="2" />
      <rect class={`fg hue-${hue}`} width={wide} height="100%" rx="2" />
    </svg>
  );
}

function Bars({ w, s, pick }: { w: Widget; s: Shape; pick: Pick }) {
  const max = Math.max(...s.series.flatMap((x) => x.values.map((v) => Math.abs(v ?? 0))), 0);
  const many = s.series.length > 1;
  const texts = s.series.map((x) => shorts(x.values, x.format));
  return (
    <div class="dbody">
      {many ? (
        <p class="legend">
          {s.series.map((x, i) => (
            <span key={x.key}>
              <i class={`lgq hue-${i % 9}`} />
              {x.title}
            </span>
          ))}
        </p>
      ) : null}
      <table class={`btbl${s.axis.length <= FEW ? ' btbl--few' : ''}`} aria-label={w.title}>
        <tbody>
          {s.axis.map((a, i) => (
            <tr key={a.key ?? a.title}>
              <th scope="row">
                {pick && a.key !== null ? (
                  <button
                    type="button"
                    class="cut"
                    title={t('only', { what: a.title })}
                    onClick={() => pick(a.key!, a.title)}
                  >
                    {a.title}
                  </button>
                ) : (
                  <span class="cut">{a.title}</span>
                )}
              </th>
              <td class="bcell">
                {s.series.map((x, k) => (
                  <Bar key={x.key} share={max ? Math.abs(x.values[i] ?? 0) / max : 0} hue={k % 9} />
                ))}
              </td>
              <td class="num end">
                {s.series.map((x, k) => (
                  <span class="blk" key={x.key} title={full(x.values[i] ?? null, x.format)}>
                    {texts[k]![i]}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Bars in the middle, each with its share of the widest step. */
function Funnel({ w, s, pick }: { w: Widget; s: Shape; pick: Pick }) {
  const x = s.series[0];
  const max = Math.max(...(x?.values.map((v) => v ?? 0) ?? []), 0);
  const sum = x?.values.reduce<number>((n, v) => n + (v ?? 0), 0) ?? 0;
  return (
    <div class="dbody">
      <ol class="funnel" aria-label={w.title}>
        {s.axis.map((a, i) => {
          const v = x?.values[i] ?? 0;
          const share = max ? v / max : 0;
          return (
            <li key={a.key ?? a.title}>
              <span class="row">
                {pick && a.key !== null ? (
                  <button type="button" class="cut s13" onClick={() => pick(a.key!, a.title)}>
                    {a.title}
                  </button>
                ) : (
                  <span class="cut s13">{a.title}</span>
                )}
                <span class="push num m s13">{full(v, x?.format ?? null)}</span>
                <span class="num s12 dim fshare">{sum ? `${Math.round((v / sum) * 1000) / 10}%` : '—'}</span>
              </span>
              <svg class="hbar" aria-hidden="true">
                <rect class="bg" width="100%" height="14" rx="3" />
                <rect
                  class="fg"
                  x={`${(1 - share) * 50}%`}
                  width={`${share * 100}%`}
                  height="14"
                  rx="3"
                  opacity={1 - Math.min(0.5, i * 0.12)}
                />
              </svg>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Table({ w, s }: { w: Widget; s: Shape }) {
  const rows = s.axis.slice(0, TABLE_ROWS);
  const grouped = (w.group?.length ?? 0) > 0;
  return (
    <div class="dtable" tabIndex={0} role="region" aria-label={w.title}>
      <table class="tbl">
        <thead>
          <tr>
            {grouped ? <th scope="col">{'\u00a0'}</th> : null}
            {s.series.map((x) => (
              <th scope="col" class="end" key={x.key}>
                {x.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((a, i) => (
            <tr key={a.key ?? a.title}>
              {grouped ? <th scope="row">{a.title}</th> : null}
              {s.series.map((x) => (
                <td class="end num" key={x.key}>
                  {full(x.values[i] ?? null, x.format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {s.axis.length > TABLE_ROWS ? (
        <p class="s12 dim more">{t('more_rows', { n: s.axis.length - TABLE_ROWS })}</p>
      ) : null}
    </div>
  );
}

/** What a screen reader gets of a picture: its title and every point. */
function spoken(w: Widget, s: Shape): string {
  const rows = s.axis.slice(0, 40).map((a, i) => {
    const all = s.series.map((x) => full(x.values[i] ?? null, x.format)).join(' / ');
    return `${a.title} ${all}`;
  });
  return `${w.title}: ${rows.join('; ')}`;
}

function Drawn({ w, got, table, pick }: { w: Widget; got: Rows; table: boolean; pick: Pick }) {
  const s = useMemo(() => shape(w, got), [w, got]);
  if (w.type === 'indicator') return <Indicator w={w} got={got} />;
  if (!got.rows.length || (s.axis.length === 0 && s.series.length === 0))
    return (
      <div class="dnone">
        <p class="m">{t('empty')}</p>
        <p class="s12 dim">{t('empty_text')}</p>
      </div>
    );
  if (table || w.type === 'table' || w.type === 'pivot') return <Table w={w} s={s} />;
  if (w.type === 'bar') return <Bars w={w} s={s} pick={pick} />;
  if (w.type === 'funnel') return <Funnel w={w} s={s} pick={pick} />;
  if (CHARTS.has(w.type))
    return (
      <div class="dbody dbody--chart">
        <Chart
          type={w.type === 'combo' ? 'column' : w.type}
          shape={s}
          label={spoken(w, s)}
          other={t('blank')}
        />
      </div>
    );
  return <Table w={w} s={s} />;
}

/** Puts the card at its place of the grid; through the object model, as the CSP wants it. */
function usePlace(at: Widget['at']) {
  const ref = useRef<HTMLElement>(null);
  const [x, y, wide, high] = at;
  useEffect(() => {
    const st = ref.current?.style;
    st?.setProperty('--gc', `${x + 1} / span ${Math.max(1, wide)}`);
    st?.setProperty('--gr', `${y + 1} / span ${Math.max(1, high)}`);
  }, [x, y, wide, high]);
  return ref;
}

function Card(props: { w: Widget; kind: string; head?: ComponentChildren; children: ComponentChildren }) {
  const ref = usePlace(props.w.at);
  return (
    <section ref={ref} class={`card dw ${props.kind}`} aria-label={props.w.title} data-widget={props.w.key}>
      {props.head}
      {props.children}
    </section>
  );
}

export function WidgetCard(props: { w: Widget; cell: Cell; pick: Pick; onRetry: () => void }) {
  const { w, cell } = props;
  const [table, setTable] = useState(false);
  if (w.type === 'text')
    return (
      <Card w={w} kind="dtext">
        {w.title ? <h2 class="m">{w.title}</h2> : null}
        <p class="s13 mut">{w.text}</p>
      </Card>
    );
  const kpi = w.type === 'indicator';
  const picture = CHARTS.has(w.type) || w.type === 'bar' || w.type === 'funnel';
  const stale = cell.error && cell.rows ? <Icon name="triangle-alert" size="s" class="wrn" /> : null;
  const head = kpi ? (
    <h2 class="cut" title={w.title}>
      {w.title} {stale}
    </h2>
  ) : (
    <div class="card-h">
      <h2 class="cut">{w.title}</h2>
      {stale}
      <span class="push" />
      {picture && cell.rows?.rows.length ? (
        <IconButton
          small
          icon={table ? 'chart-column' : 'table-2'}
          label={t(table ? 'as_chart' : 'as_table')}
          pressed={table}
          onClick={() => setTable(!table)}
        />
      ) : null}
    </div>
  );
  return (
    <Card w={w} kind={kpi ? 'kpi' : `dw--${picture ? 'pic' : 'tab'}`} head={head}>
      {cell.rows ? (
        <Drawn w={w} got={cell.rows} table={table} pick={props.pick} />
      ) : cell.error ? (
        <div class="dnone" role="alert">
          <p class="s13">{cell.error}</p>
          <Button size="xs" onClick={props.onRetry}>
            {t('retry')}
          </Button>
        </div>
      ) : kpi ? (
        <div class="skels skels--kpi" role="status" aria-busy="true" aria-label={t('loading')}>
          <div class="skel skel--kpi" />
          <div class="skel skel--1" />
        </div>
      ) : (
        <Skeleton lines={6} label={t('loading')} />
      )}
    </Card>
  );
}

/** The rows of one widget, with the viewer's rights; errors as a sentence. */
export async function readRows(
  base: string,
  key: string,
  filter: string,
  signal: AbortSignal,
): Promise<Rows | string> {
  try {
    const q = filter ? `?filter=${encodeURIComponent(filter)}` : '';
    return await api.get<Rows>(`${base}/widgets/${encodeURIComponent(key)}${q}`, { signal });
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e;
    return say(e);
  }
}
