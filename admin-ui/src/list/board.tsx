import './board.css';
import { useEffect, useState } from 'preact/hooks';
import { api, formPath, Problem, query, recordPath, say, send } from '../api/client';
import type { FieldDef, FormDef, ListAnswer, OptionDef, Rec, ViewDef } from '../api/types';
import { Value, text as valueText } from '../form/display';
import { fieldOf } from '../form/system';
import { isBlank, resultType } from '../form/values';
import { number } from '../i18n/format';
import { Button, Empty, Menu, Skeleton, toast } from '../kit';
import { colorOf } from '../kit/bits';
import type { ListQuery } from './data';
import { t } from './text';

/* A kanban view: a column for each option, cards that move by drag or by their menu. */

const LIMIT = 200;

interface Props {
  def: FormDef;
  view: ViewDef;
  q: ListQuery;
  current: string | null;
  onOpen: (r: Rec) => void;
  href: (r: Rec) => string;
  turn: number;
}

interface Sum {
  n: number;
  total: number | null;
}

function useBoard({ def, view, q, turn }: Props) {
  const [rows, setRows] = useState<Rec[] | null>(null);
  const [sums, setSums] = useState<Record<string, Sum>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [again, setAgain] = useState(0);
  const by = view.by!;
  const total = Object.entries(view.totals ?? {})[0];
  const fields = [...new Set([by, ...(view.card ?? [])])];
  const args = { view: view.key, search: q.search, filter: q.filter };
  const id = JSON.stringify([def.app, def.form, args]);
  useEffect(() => {
    const stop = new AbortController();
    const path = formPath(def.app, def.form);
    setFailed(null);
    api
      .get<ListAnswer>(
        `${path}/records${query({ ...args, fields: fields.join(','), limit: LIMIT, sort: q.sort, count: 'none' })}`,
        { signal: stop.signal },
      )
      .then((a) => setRows(a.records))
      .catch((e) => (e as Error).name !== 'AbortError' && setFailed(say(e)));
    const metrics = ['COUNT()', ...(total ? [`${total[1]}(${total[0]})`] : [])];
    api
      .get<{ rows: Record<string, unknown>[] }>(
        `${path}/aggregate${query({ ...args, group: by, metrics: metrics.join(',') })}`,
        { signal: stop.signal },
      )
      .then((a) =>
        setSums(
          Object.fromEntries(
            a.rows.map((r) => [
              String(r[by] ?? ''),
              { n: Number(r[metrics[0]!] ?? 0), total: metrics[1] ? Number(r[metrics[1]] ?? 0) : null },
            ]),
          ),
        ),
      )
      .catch(() => undefined);
    return () => stop.abort();
  }, [id, turn, again]);
  return { rows, setRows, sums, failed, total, reload: () => setAgain((n) => n + 1) };
}

export function Board(props: Props) {
  const { def, view } = props;
  const b = useBoard(props);
  const [drag, setDrag] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const field = fieldOf(def, view.by!);
  if (b.failed)
    return (
      <Empty icon="circle-alert" title={t('failed')} text={b.failed}>
        <Button onClick={b.reload}>{t('retry')}</Button>
      </Empty>
    );
  if (!field || !b.rows) return <Skeleton title lines={8} label={t('loading')} />;
  const canMove = field.writable !== false && field.readonly !== true && !!def.rights.update;
  const columns: OptionDef[] = (field.options ?? []).filter(
    (o) => !o.disabled || b.rows!.some((r) => r[field.key] === o.key),
  );

  const move = async (r: Rec, to: string, undo = true) => {
    const from = r[field.key] as string | null;
    if (from === to) return;
    const put = (v: string | null, version?: number) =>
      b.setRows(
        (all) =>
          all?.map((x) =>
            x._id === r._id ? { ...x, [field.key]: v, _version: version ?? x._version! } : x,
          ) ?? null,
      );
    put(to);
    try {
      const a = await send<Rec>('PATCH', recordPath(def.app, def.form, r._id), {
        [field.key]: to,
        _version: r._version,
      });
      const now = { ...r, [field.key]: to, _version: a.data._version ?? r._version! };
      put(to, now._version);
      const title = columns.find((c) => c.key === to)?.title ?? to;
      toast(
        t('moved', { title: r._title ?? '', to: title }),
        undo && from ? { action: { title: t('undo'), run: () => void move(now, from, false) } } : {},
      );
      b.reload();
    } catch (e) {
      put(from);
      toast(e instanceof Problem && e.errors[0] ? e.errors[0].message : say(e), { kind: 'bad' });
    }
  };

  return (
    <div class="board">
      {columns.map((c) => {
        const rows = b.rows!.filter((r) => r[field.key] === c.key);
        const sum = b.sums[c.key];
        return (
          <section
            key={c.key}
            class={`kcol${over === c.key ? ' is-over' : ''}`}
            aria-label={c.title}
            onDragOver={(e) => {
              if (!drag) return;
              e.preventDefault();
              setOver(c.key);
            }}
            onDragLeave={(e) =>
              !(e.currentTarget as Element).contains(e.relatedTarget as Node) && setOver(null)
            }
            onDrop={(e) => {
              e.preventDefault();
              const r = b.rows!.find((x) => x._id === drag);
              setOver(null);
              setDrag(null);
              if (r) void move(r, c.key);
            }}
          >
            <header>
              <span class={`dot d-${colorOf(c.color)}`} />
              <h2>{c.title}</h2>
              <span class="cnt">{number(sum?.n ?? rows.length)}</span>
              {sum?.total != null && b.total ? (
                <span class="cnt push num">{totalText(def, b.total[0], sum.total)}</span>
              ) : null}
            </header>
            <ul>
              {rows.map((r) => (
                <CardItem
                  key={r._id}
                  {...props}
                  r={r}
                  canMove={canMove}
                  dragged={drag === r._id}
                  onDrag={setDrag}
                  columns={columns.filter((o) => o.key !== c.key)}
                  onMove={(to) => void move(r, to)}
                />
              ))}
              {rows.length === 0 ? <li class="kempty">{t('column_empty')}</li> : null}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function totalText(def: FormDef, key: string, n: number): string {
  const f = fieldOf(def, key);
  return f ? valueText(f, n) : number(n);
}

function CardItem(
  props: Props & {
    r: Rec;
    canMove: boolean;
    dragged: boolean;
    onDrag: (id: string | null) => void;
    columns: OptionDef[];
    onMove: (to: string) => void;
  },
) {
  const { def, view, r } = props;
  const fields = (view.card ?? [])
    .map((k) => fieldOf(def, k))
    .filter((f): f is FieldDef => f !== undefined && !isBlank(r[f.key]));
  const head = fields.find((f) => ['text', 'link'].includes(resultType(f)));
  const rest = fields.filter((f) => f !== head);
  return (
    <li
      class={`kc${props.dragged ? ' is-drag' : ''}${props.current === r._id ? ' is-cur' : ''}`}
      draggable={props.canMove}
      onDragStart={(e) => {
        e.dataTransfer?.setData('text/plain', r._id);
        props.onDrag(r._id);
      }}
      onDragEnd={() => props.onDrag(null)}
    >
      <a
        href={props.href(r)}
        draggable={false}
        onClick={(e) => {
          if (e.metaKey || e.ctrlKey || e.shiftKey) return;
          e.preventDefault();
          props.onOpen(r);
        }}
      >
        {head ? <Value def={head} value={r[head.key]} compact /> : (r._title ?? '—')}
      </a>
      {rest.length ? (
        <div class="kfoot">
          {rest.map((f) => (
            <span key={f.key} class="cut" title={f.title}>
              <Value def={f} value={r[f.key]} compact />
            </span>
          ))}
        </div>
      ) : null}
      {props.canMove ? (
        <span class="kmenu">
          <Menu
            label={t('move_to')}
            items={props.columns.map((c) => ({
              title: t('move_to_x', { title: c.title }),
              icon: 'arrow-right',
              onPick: () => props.onMove(c.key),
            }))}
          />
        </span>
      ) : null}
    </li>
  );
}
