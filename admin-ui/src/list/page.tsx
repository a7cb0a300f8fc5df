import './list.css';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, fetchBlob, formPath, newKey, Problem, recordPath, say, session } from '../api/client';
import { useForm } from '../api/forms';
import { useLive } from '../api/live';
import type { FieldDef, FormDef, Rec, ViewDef } from '../api/types';
import { remember } from '../app/recent';
import { text as valueText } from '../form/display';
import { fieldOf } from '../form/system';
import { number } from '../i18n/format';
import {
  Button,
  Check,
  confirm,
  Empty,
  Icon,
  IconButton,
  lazy,
  Menu,
  type MenuItem,
  navigate,
  Popover,
  params,
  phone,
  SearchBox,
  Skeleton,
  setParams,
  Tabs,
  toast,
  useKeys,
  useTitle,
} from '../kit';
import { type ListQuery, PAGE, useList, useTotals } from './data';
import { type Cond, filterText, readConds, writeConds } from './filter';
import { FilterBar } from './filters';
import { Cards, Grid } from './grid';
import { SaveDialog, savedItems, useSaved } from './saved';
import { t } from './text';

/* One form's rows: views as tabs, chips, grid or cards, the record in a panel beside them. All state is in the address. */

const VIEW_ICON: Record<string, string> = {
  grid: 'table-2',
  kanban: 'square-kanban',
  calendar: 'calendar-days',
  gantt: 'chart-gantt',
  gallery: 'layout-grid',
  list: 'list',
};
const SHOWN_TYPES = new Set(['grid', 'list', 'kanban']);
const SEARCH_AFTER = 220;

const Board = lazy(
  async () => (await import('./board')).Board,
  () => <Empty icon="circle-alert" title={t('failed')} />,
);
const ImportDialog = lazy(
  async () => (await import('../exchange/dialog')).ImportDialog,
  () => <Empty icon="circle-alert" title={t('failed')} />,
);
const RecordPanel = lazy(
  async () => (await import('../record/page')).RecordPanel,
  () => <Empty icon="circle-alert" title={t('failed')} />,
);

export function ListPage({ app, form }: { app: string; form: string }) {
  const def = useForm(app, form);
  if (def.state === 'failed') {
    const absent = def.error instanceof Problem && def.error.status === 404;
    return (
      <Empty
        icon={absent ? 'map' : 'circle-alert'}
        title={t(absent ? 'no_form' : 'failed')}
        text={absent ? t('no_form_text') : say(def.error)}
      >
        <Button href="/">{t('back_home')}</Button>
      </Empty>
    );
  }
  if (def.state === 'loading') return <Skeleton title lines={12} label={t('loading')} />;
  return <List def={def.data} />;
}

function defaultColumns(def: FormDef): string[] {
  return def.fields
    .filter((f) => !['table', 'textarea', 'richtext', 'file', 'image', 'json', 'signature'].includes(f.type))
    .slice(0, 8)
    .map((f) => f.key);
}

function columnsKey(def: FormDef, view: string): string {
  return `mortise.columns.${def.app}/${def.form}/${view}`;
}
function storedColumns(def: FormDef, view: string): string[] | null {
  try {
    const got = JSON.parse(localStorage.getItem(columnsKey(def, view)) ?? 'null') as string[] | null;
    return Array.isArray(got) ? got : null;
  } catch {
    return null;
  }
}

function List({ def }: { def: FormDef }) {
  useTitle(def.title);
  const q = params.value;
  const views = def.views.filter((v) => SHOWN_TYPES.has(v.type) && (v.type !== 'kanban' || v.by));
  const kept = useSaved(def);
  const saved = kept.views.find((v) => v.id === q.get('sv'));
  const [saving, setSaving] = useState(false);
  const view = saved
    ? views.find((v) => v.key === saved.view)
    : (views.find((v) => v.key === q.get('view')) ?? views[0]);
  const viewKey = saved ? `sv-${saved.id}` : (view?.key ?? 'all');
  const conds = readConds(q.get('f'));
  const sort = q.get('sort') ?? saved?.sort ?? '';
  const search = q.get('q') ?? saved?.search ?? '';
  const current = q.get('r');
  const [own, setOwn] = useState<Record<string, string[]>>({});
  const chosen =
    own[viewKey] ??
    storedColumns(def, viewKey) ??
    (saved?.columns.length ? saved.columns : null) ??
    (view?.columns?.length ? view.columns : defaultColumns(def));
  const columns = chosen.map((k) => fieldOf(def, k)).filter((f): f is FieldDef => f !== undefined);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const cursor = useSignal(-1); // read at once by the next key, before anything is drawn
  const [typed, setTyped] = useState(search);
  const said = filterText(def, conds);
  const filter = saved?.filter ? (said ? `(${saved.filter}) AND (${said})` : saved.filter) : said;
  const now = { view: view?.key ?? null, filter, sort, search, columns: chosen };
  const board = view?.type === 'kanban' ? view : null;
  const [turn, setTurn] = useState(0);
  const lq: ListQuery = { view: view?.key ?? null, search, filter, sort, fields: columns.map((f) => f.key) };
  const list = useList(def, lq);
  const totals = useTotals(def, view, lq, list.rows);
  const href = (r: Rec) => `/a/${def.app}/${def.form}/${r._id}`;

  useEffect(() => {
    const me = session.peek()?.me.id;
    if (me)
      remember(me, {
        href: `/a/${def.app}/${def.form}`,
        title: def.title,
        sub: t('all'),
        icon: def.icon ?? 'file-text',
      });
  }, [def]);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => setParams({ q: typed || null }), SEARCH_AFTER);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    setSelected(new Set());
    cursor.value = -1;
  }, [viewKey, search, filter, sort]);

  const open = (r: Rec) => {
    if (phone.peek()) navigate(href(r));
    else setParams({ r: r._id }, { replace: !!current });
  };
  const step = (by: number) => {
    const rows = list.rows ?? [];
    if (!rows.length) return;
    const at = Math.max(0, Math.min(rows.length - 1, cursor.peek() + by));
    cursor.value = at;
    if (current) open(rows[at]!);
  };
  const at = () => list.rows?.[cursor.peek()];
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    n: () => def.rights.create && navigate(`/a/${def.app}/${def.form}/new`),
    Enter: () => at() && open(at()!),
    e: () => at() && navigate(`${href(at()!)}/edit`),
    Escape: () => current && setParams({ r: null }),
  });

  const canSelect = !!def.rights.delete;
  const filtered = conds.length > 0 || search !== '';
  const count =
    list.total === null ? null : t(list.atLeast ? 'rows_least' : 'rows_n', { n: number(list.total) });
  const setColumns = (next: string[]) => {
    setOwn({ ...own, [viewKey]: next });
    try {
      localStorage.setItem(columnsKey(def, viewKey), JSON.stringify(next));
    } catch {
      /* lasts for this page */
    }
  };
  const reload = () => {
    list.reload();
    setTurn(turn + 1);
  };
  // a short list follows by itself; one that was scrolled on waits for a click, so that nothing jumps
  const [stale, setStale] = useState(false);
  useLive(
    (e) => e.kind === 'record' && e.app === def.app && e.form === def.form,
    () => ((list.rows?.length ?? 0) > PAGE || selected.size > 0 ? setStale(true) : reload()),
  );
  const refresh = () => {
    setStale(false);
    reload();
  };
  const rows = list.rows ?? [];
  const index = current ? rows.findIndex((r) => r._id === current) : -1;
  const foot = <ListFoot list={list} />;
  return (
    <>
      <header class="bar">
        <h1>{def.title}</h1>
        {count ? <span class="cnt">{count}</span> : null}
        <span class="push" />
        <SearchBox
          class="dk"
          hotkey
          value={typed}
          onInput={setTyped}
          label={t('search', { title: def.title })}
        />
        <ListMenu
          def={def}
          filter={filter}
          columns={columns}
          reload={refresh}
          views={savedItems({ def, at: saved, now, load: kept.load, onSave: () => setSaving(true) })}
        />
        {saving ? (
          <SaveDialog
            def={def}
            now={now}
            roles={kept.share_with}
            onClose={() => setSaving(false)}
            onSaved={(v) => {
              setSaving(false);
              void kept.load().then(() => setParams({ sv: v.id, f: null, sort: null, q: null }));
            }}
          />
        ) : null}
        {def.rights.create ? (
          <Button class="dk" kind="main" icon="plus" href={`/a/${def.app}/${def.form}/new`}>
            {t('new_', { title: def.title })}
          </Button>
        ) : null}
      </header>
      {views.length > 1 || kept.views.length ? (
        <Tabs
          label={t('views')}
          value={viewKey}
          items={[
            ...views.map((v) => ({
              key: v.key,
              title: v.title,
              icon: VIEW_ICON[v.type] ?? 'table-2',
              href: `?view=${encodeURIComponent(v.key)}`,
            })),
            ...(views.length ? [] : [{ key: 'all', title: t('all'), icon: 'table-2', href: '?' }]),
            ...kept.views.map((v) => ({
              key: `sv-${v.id}`,
              title: v.mine ? v.title : `${v.title} · ${v.by?.title ?? ''}`,
              icon: v.broken ? 'triangle-alert' : v.mine ? 'star' : 'users',
              href: `?sv=${v.id}`,
            })),
          ]}
        />
      ) : null}
      <div class="tools" role="toolbar" aria-label={t('tools')}>
        <SearchBox class="ph" value={typed} onInput={setTyped} label={t('search', { title: def.title })} />
        <FilterBar def={def} conds={conds} onChange={(c: Cond[]) => setParams({ f: writeConds(c) })} />
        <SortMenu columns={columns} sort={sort} view={view} def={def} />
        {board ? null : (
          <span class="dk">
            <ColumnMenu def={def} chosen={chosen} onChange={setColumns} />
          </span>
        )}
      </div>
      <div class="listbody">
        {list.busy && list.rows ? <div class="busybar" role="status" aria-label={t('loading')} /> : null}
        {board ? (
          <Board def={def} view={board} q={lq} current={current} onOpen={open} href={href} turn={turn} />
        ) : list.error && !list.rows ? (
          <Empty icon="circle-alert" title={t('failed')} text={say(list.error)}>
            <Button onClick={list.reload}>{t('retry')}</Button>
          </Empty>
        ) : !list.rows ? (
          <GridSkeleton columns={columns.length} />
        ) : rows.length === 0 ? (
          <ListEmpty
            def={def}
            filtered={filtered}
            clear={() => {
              setTyped('');
              setParams({ f: null, q: null });
            }}
          />
        ) : phone.value ? (
          <Cards columns={columns} rows={rows} href={href} onNearEnd={list.loadMore} foot={foot} />
        ) : (
          <Grid
            def={def}
            columns={columns}
            rows={rows}
            sort={sort || (view?.sort?.[0] ?? '')}
            onSort={(s) => setParams({ sort: s || null })}
            selected={selected}
            onSelect={canSelect ? setSelected : null}
            current={current}
            cursor={cursor.value}
            onOpen={(r) => {
              cursor.value = rows.indexOf(r);
              open(r);
            }}
            href={href}
            onNearEnd={list.loadMore}
            foot={foot}
          />
        )}
      </div>
      {!board && list.total !== null && rows.length > 0 ? (
        <footer class="foot dk">
          <span>{t(list.atLeast ? 'total_least' : 'total_n', { n: number(list.total) })}</span>
          {totals
            ? Object.entries(view?.totals ?? {}).map(([k, fn]) => {
                const f = fieldOf(def, k);
                return f && k in totals ? (
                  <span key={k}>
                    {t((fn as 'SUM') in TOTALS ? (fn as 'SUM') : 'sum_of', { title: f.title })}{' '}
                    <b class="num">{valueText(f, totals[k])}</b>
                  </span>
                ) : null;
              })
            : null}
          <span class="push" />
          <span>{t('shown', { n: number(rows.length) })}</span>
          {stale ? (
            <Button size="xs" kind="soft" icon="refresh-cw" onClick={refresh}>
              {t('stale')}
            </Button>
          ) : (
            <IconButton small icon="refresh-cw" label={t('refresh')} onClick={refresh} />
          )}
        </footer>
      ) : null}
      {selected.size ? (
        <SelectionBar
          def={def}
          rows={rows}
          selected={selected}
          clear={() => setSelected(new Set())}
          reload={list.reload}
        />
      ) : null}
      {def.rights.create ? (
        <a class="ph fab" href={`/a/${def.app}/${def.form}/new`} aria-label={t('new_', { title: def.title })}>
          <Icon name="plus" size="l" />
        </a>
      ) : null}
      {current ? (
        <RecordPanel
          key={current}
          app={def.app}
          form={def.form}
          id={current}
          position={index >= 0 ? { n: index + 1, of: list.total ?? rows.length } : null}
          onStep={(by: number) => {
            const next = rows[index + by];
            if (next) {
              cursor.value = index + by;
              open(next);
            }
          }}
          onClose={() => setParams({ r: null })}
          onChanged={reload}
        />
      ) : null}
    </>
  );
}

const TOTALS = { SUM: 1, AVERAGE: 1, MIN: 1, MAX: 1, COUNT: 1, COUNTA: 1, MEDIAN: 1 };

function ListFoot({ list }: { list: ReturnType<typeof useList> }) {
  if (list.error)
    return (
      <Button size="s" icon="refresh-cw" onClick={list.loadMore}>
        {t('retry')}
      </Button>
    );
  if (list.busy) return <span class="dim s12">{t('loading')}…</span>;
  if (list.more)
    return (
      <Button size="s" kind="ghost" onClick={list.loadMore}>
        {t('load_more')}
      </Button>
    );
  return null;
}

function GridSkeleton({ columns }: { columns: number }) {
  return (
    <div class="gskel" role="status" aria-busy="true" aria-label={t('loading')}>
      {Array.from({ length: 12 }, (_, i) => (
        <div class="gskel-r" key={i}>
          {Array.from({ length: Math.min(6, columns) }, (_, j) => (
            <div class={`skel skel--${((i + j) % 3) + 1}`} key={j} />
          ))}
        </div>
      ))}
    </div>
  );
}

function ListEmpty({ def, filtered, clear }: { def: FormDef; filtered: boolean; clear: () => void }) {
  if (filtered)
    return (
      <Empty icon="search" title={t('none', { title: def.title })} text={t('none_text')}>
        <Button onClick={clear}>{t('clear_filters')}</Button>
      </Empty>
    );
  return (
    <Empty
      icon={def.icon ?? 'inbox'}
      title={t('empty', { title: def.title })}
      text={t(def.rights.create ? 'empty_text' : 'empty_text_none')}
    >
      {def.rights.create ? (
        <Button kind="main" icon="plus" href={`/a/${def.app}/${def.form}/new`}>
          {t('new_', { title: def.title })}
        </Button>
      ) : null}
    </Empty>
  );
}

function SortMenu({
  columns,
  sort,
  view,
  def,
}: {
  columns: FieldDef[];
  sort: string;
  view: ViewDef | undefined;
  def: FormDef;
}) {
  const now = sort || (view?.sort?.[0] ?? '');
  const f = now ? fieldOf(def, now.replace(/^-/, '')) : undefined;
  const items = useMemo(
    () =>
      [...columns, fieldOf(def, '_created_at')!].filter(
        (c, i, all) => all.findIndex((x) => x.key === c.key) === i,
      ),
    [columns],
  );
  return (
    <Menu
      label={t('sort')}
      end={false}
      items={[
        { title: t('sort_default'), checked: !sort, onPick: () => setParams({ sort: null }) },
        ...items.flatMap((c) => [
          { title: `${c.title} ↑`, checked: sort === c.key, onPick: () => setParams({ sort: c.key }) },
          {
            title: `${c.title} ↓`,
            checked: sort === `-${c.key}`,
            onPick: () => setParams({ sort: `-${c.key}` }),
          },
        ]),
      ]}
      trigger={(open, toggle) => (
        <button
          type="button"
          class={`chip${sort ? ' is-on' : ''}`}
          aria-haspopup="menu"
          aria-expanded={open}
          onClick={toggle}
        >
          <Icon name={now.startsWith('-') ? 'arrow-down-wide-narrow' : 'arrow-down-wide-narrow'} />
          {f ? t('sort_by', { title: f.title }) : t('sort')}
        </button>
      )}
    />
  );
}

function ColumnMenu({
  def,
  chosen,
  onChange,
}: {
  def: FormDef;
  chosen: string[];
  onChange: (keys: string[]) => void;
}) {
  const all = [
    ...def.fields.filter((f) => f.type !== 'table'),
    ...['_owner', '_created_at', '_updated_at', ...(def.flow ? ['_state'] : [])].map((k) => fieldOf(def, k)!),
  ];
  return (
    <Popover
      label={t('columns')}
      trigger={(open, toggle) => (
        <button type="button" class="chip" aria-haspopup="dialog" aria-expanded={open} onClick={toggle}>
          <Icon name="columns-3" />
          {t('columns_n', { n: chosen.length, all: all.length })}
        </button>
      )}
    >
      {() => (
        <div class="listbox colbox">
          {all.map((f) => (
            <div class="mi" key={f.key}>
              <Check
                label={f.title}
                checked={chosen.includes(f.key)}
                disabled={chosen.length === 1 && chosen.includes(f.key)}
                onChange={(on) => onChange(on ? [...chosen, f.key] : chosen.filter((k) => k !== f.key))}
              />
            </div>
          ))}
        </div>
      )}
    </Popover>
  );
}

function ListMenu({
  def,
  filter,
  columns,
  reload,
  views,
}: {
  def: FormDef;
  filter: string;
  columns: FieldDef[];
  reload: () => void;
  views: MenuItem[];
}) {
  const [importing, setImporting] = useState(false);
  const download = async (format: 'csv' | 'xlsx') => {
    toast(t('exporting'), { kind: 'info' });
    try {
      const fields = columns.filter((c) => !c.key.startsWith('_')).map((c) => c.key);
      const blob = await fetchBlob(`${formPath(def.app, def.form)}/export`, {
        format,
        for: 'people',
        filter: filter || null,
        fields,
      });
      const a = document.createElement('a');
      a.href = URL.createObjectURL(blob);
      a.download = `${def.title}.${format}`;
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  return (
    <>
      <Menu
        label={t('more')}
        items={[
          { title: t('refresh'), icon: 'refresh-cw', onPick: reload },
          ...(def.rights.import
            ? [{ title: `${t('import_')}…`, icon: 'upload', onPick: () => setImporting(true) }]
            : []),
          ...(def.rights.export
            ? [
                { title: t('export_xlsx'), icon: 'file-spreadsheet', onPick: () => void download('xlsx') },
                { title: t('export_csv'), icon: 'download', onPick: () => void download('csv') },
              ]
            : []),
          ...(def.rights.restore
            ? [{ title: t('bin'), icon: 'trash-2', href: `/a/${def.app}/${def.form}/bin` }]
            : []),
          ...views,
        ]}
      />
      {importing ? <ImportDialog def={def} onClose={() => setImporting(false)} done={reload} /> : null}
    </>
  );
}

function SelectionBar(props: {
  def: FormDef;
  rows: Rec[];
  selected: Set<string>;
  clear: () => void;
  reload: () => void;
}) {
  const { def, selected } = props;
  const n = selected.size;
  const path = formPath(def.app, def.form);
  const restore = async (ids: string[]) => {
    try {
      for (const id of ids) await api.post(`${recordPath(def.app, def.form, id)}/restore`);
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
    props.reload();
  };
  const remove = async () => {
    const ok = await confirm({
      title: t('delete_title', { n, title: def.title }),
      body: t('delete_text'),
      ok: t('delete_go'),
      danger: true,
    });
    if (!ok) return;
    const ids = [...selected];
    try {
      await api.post(`${path}/records/batch`, { delete: ids }, { key: newKey() });
      toast(t('deleted', { n, title: def.title }), {
        action: { title: t('undo'), run: () => void restore(ids) },
      });
      props.clear();
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
    props.reload();
  };
  return (
    <div class="selbar dk" role="toolbar" aria-label={t('selected', { n })}>
      <span class="n">{t('selected', { n })}</span>
      <span class="sep" />
      {def.rights.print
        ? (def.prints ?? []).map((p) => (
            <button
              type="button"
              key={p.key}
              onClick={() =>
                void window.open(
                  `/a/${encodeURIComponent(def.app)}/${encodeURIComponent(def.form)}/print/${encodeURIComponent(p.key)}?ids=${[...selected].join(',')}`,
                  '_blank',
                  'noreferrer',
                )
              }
            >
              <Icon name="printer" />
              {p.title}
            </button>
          ))
        : null}
      {n === 2 && def.rights.update && def.app !== 'people' ? (
        <button
          type="button"
          onClick={() => {
            const [a, b] = [...selected];
            navigate(`/a/${def.app}/${def.form}/${a}/merge?with=${b}`);
          }}
        >
          <Icon name="git-fork" />
          {t('merge')}
        </button>
      ) : null}
      <button type="button" onClick={() => void remove()}>
        <Icon name="trash-2" />
        {t('delete')}
      </button>
      <span class="sep" />
      <button type="button" aria-label={t('close')} onClick={props.clear}>
        <Icon name="x" />
      </button>
    </div>
  );
}
