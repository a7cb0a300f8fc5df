import './dash.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, formPath, Problem, query, say } from '../api/client';
import { loadForm } from '../api/forms';
import { useLive } from '../api/live';
import type { FieldDef, ListAnswer } from '../api/types';
import { searchDepartments, searchMembers } from '../form/controls';
import { lang } from '../i18n';
import { ago, before } from '../i18n/format';
import {
  Button,
  Combo,
  Empty,
  IconButton,
  type Option,
  params,
  Select,
  Skeleton,
  setParams,
  useTitle,
} from '../kit';
import { t } from './text';
import type { Dashboard, DashFilter, Widget } from './types';
import { type Cell, readRows, WidgetCard } from './widget';

/* /a/{app}/d/{key}: the widgets in their grid, filters in the address, figures that keep themselves fresh. */

const EVERY = 60;
const NO_ROWS = new Set(['text', 'image', 'shortcut', 'embed']);

/** Filters live in the address as f.KEY=value. */
function chosen(d: Dashboard): Record<string, string> {
  const out: Record<string, string> = {};
  for (const f of d.filters) {
    const v = params.value.get(`f.${f.key}`) ?? (typeof f.default === 'string' ? f.default : null);
    if (v) out[f.key] = v;
  }
  return out;
}
const filterArg = (on: Record<string, string>) =>
  Object.entries(on)
    .map(([k, v]) => `${k}:${v}`)
    .join(',');

/** The field behind a filter, as the viewer may see it in the first widget's form that has it. */
async function fieldOf(d: Dashboard, f: DashFilter): Promise<FieldDef | null> {
  const forms = [...new Set(d.widgets.map((w) => w.form).filter((x): x is string => !!x))];
  for (const form of forms) {
    try {
      const def = await loadForm(d.app, form);
      const field = def.fields.find((x) => x.key === (f.field ?? f.key));
      if (field) return field;
    } catch {
      /* a form that this viewer may not open has no say */
    }
  }
  return null;
}

async function searchRows(app: string, form: string, q: string): Promise<Option[]> {
  const a = await api.get<ListAnswer>(
    `${formPath(app, form)}/records${query({ search: q, fields: '_title', limit: 20, count: 'none' })}`,
  );
  return a.records.map((r) => ({ key: r._id, title: r._title ?? r._id }));
}

function FilterBox(props: { d: Dashboard; f: DashFilter; field: FieldDef | null; value: string | null }) {
  const { d, f, field, value } = props;
  const [titles, setTitles] = useState<Record<string, string>>({});
  const name = field && (!f.title || f.title === f.key) ? field.title : f.title;
  const label = t('all_of', { what: name });
  const set = (v: string | null) => setParams({ [`f.${f.key}`]: v });
  const options = field?.options?.map((o) => ({ key: o.key, title: o.title, disabled: o.disabled }));
  if (options?.length)
    return (
      <Select
        class="input--s dfilter"
        label={name}
        placeholder={label}
        clearable
        options={options}
        value={value}
        onChange={set}
      />
    );
  const load =
    field?.type === 'member'
      ? searchMembers
      : field?.type === 'department'
        ? searchDepartments
        : field?.form
          ? (q: string) => searchRows(d.app, field.form!, q)
          : null;
  if (!load) return null;
  return (
    <Combo
      class="input--s dfilter"
      label={name}
      placeholder={label}
      load={load}
      value={value ? [{ key: value, title: titles[value] ?? value }] : []}
      onChange={(v) => {
        const o = v[0];
        if (o) setTitles({ ...titles, [o.key]: o.title });
        set(o?.key ?? null);
      }}
    />
  );
}

/** "2 minutes ago", kept true. */
function Freshness({ at }: { at: number }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return <span class="s12 dim cut dk">{t('fresh', { when: before(ago(new Date(at).toISOString())) })}</span>;
}

function Board({ d }: { d: Dashboard }) {
  useTitle(d.title);
  const base = `/apps/${encodeURIComponent(d.app)}/dashboards/${encodeURIComponent(d.key)}`;
  const on = chosen(d);
  const filter = filterArg(on);
  const [cells, setCells] = useState<Record<string, Cell>>({});
  const [fields, setFields] = useState<Record<string, FieldDef | null>>({});
  const [fresh, setFresh] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const run = useRef<AbortController | null>(null);
  const l = lang.value;

  const put = (key: string, change: (was: Cell) => Cell) =>
    setCells((all) => ({ ...all, [key]: change(all[key] ?? { rows: null, error: null, busy: false }) }));
  const one = async (w: Widget, signal: AbortSignal) => {
    put(w.key, (was) => ({ ...was, busy: true, error: was.rows ? was.error : null }));
    try {
      const got = await readRows(base, w.key, filter, signal);
      put(w.key, (was) =>
        typeof got === 'string'
          ? { ...was, error: got, busy: false }
          : { rows: got, error: null, busy: false },
      );
    } catch {
      /* overtaken by a newer reading */
    }
  };
  const all = async () => {
    run.current?.abort();
    const mine = new AbortController();
    run.current = mine;
    setBusy(true);
    await Promise.all(d.widgets.filter((w) => !NO_ROWS.has(w.type)).map((w) => one(w, mine.signal)));
    if (mine.signal.aborted) return;
    setBusy(false);
    setFresh(Date.now());
  };
  useEffect(() => {
    void all();
    const timer = setInterval(
      () => document.visibilityState === 'visible' && void all(),
      Math.max(10, typeof d.refresh === 'number' ? d.refresh : EVERY) * 1000,
    );
    return () => {
      clearInterval(timer);
      run.current?.abort();
    };
  }, [d, filter, l]);
  useEffect(() => {
    let live = true;
    for (const f of d.filters)
      fieldOf(d, f).then((field) => live && setFields((was) => ({ ...was, [f.key]: field })));
    return () => {
      live = false;
    };
  }, [d, l]);

  useLive(
    (e) =>
      d.refresh === 'live' &&
      e.kind === 'record' &&
      e.app === d.app &&
      d.widgets.some((w) => w.form === e.form),
    () => void all(),
  );

  /** A bar over the field of a filter sets that filter. */
  const pickOf = (w: Widget) => {
    const f = d.filters.find((x) => (x.field ?? x.key) === w.group?.[0]);
    return f ? (key: string) => setParams({ [`f.${f.key}`]: on[f.key] === key ? null : key }) : null;
  };
  const sorted = [...d.widgets].sort((a, b) => a.at[1] - b.at[1] || a.at[0] - b.at[0]);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    grid.current?.style.setProperty('--cols', String(d.columns || 12));
  }, [d.columns]);
  const hasFilters = Object.keys(on).length > 0;
  return (
    <>
      <header class="bar bar--line dbar-h">
        <h1>{d.title}</h1>
        {fresh ? <Freshness at={fresh} key={fresh} /> : null}
        <span class="push" />
        <span class="row dfilters">
          {d.filters.map((f) => (
            <FilterBox key={f.key} d={d} f={f} field={fields[f.key] ?? null} value={on[f.key] ?? null} />
          ))}
          {hasFilters ? (
            <Button
              size="s"
              kind="ghost"
              icon="x"
              onClick={() => setParams(Object.fromEntries(d.filters.map((f) => [`f.${f.key}`, null])))}
            >
              {t('clear')}
            </Button>
          ) : null}
        </span>
        <IconButton
          icon="refresh-cw"
          label={t('refresh')}
          class={busy ? 'is-turning' : ''}
          onClick={() => void all()}
        />
      </header>
      {!d.widgets.length ? (
        <Empty icon="layout-dashboard" title={t('none')} text={t('none_text')} />
      ) : (
        <div class="scroll dash" tabIndex={0} role="region" aria-label={d.title}>
          <div class="dgrid" ref={grid}>
            {sorted.map((w) => (
              <WidgetCard
                key={w.key}
                w={w}
                cell={cells[w.key] ?? { rows: null, error: null, busy: true }}
                pick={pickOf(w)}
                onRetry={() => void one(w, (run.current ?? new AbortController()).signal)}
              />
            ))}
          </div>
        </div>
      )}
    </>
  );
}

export function DashPage(props: { app: string; dash: string }) {
  const [got, set] = useState<{ d: Dashboard } | { e: unknown } | null>(null);
  const l = lang.value;
  const load = () => {
    api
      .get<Dashboard>(`/apps/${encodeURIComponent(props.app)}/dashboards/${encodeURIComponent(props.dash)}`)
      .then((d) => set({ d: { ...d, filters: d.filters ?? [], widgets: d.widgets ?? [] } }))
      .catch((e) => set({ e }));
  };
  useEffect(load, [props.app, props.dash, l]);
  if (!got) return <Skeleton title lines={10} label={t('loading')} />;
  if ('e' in got) {
    const gone = got.e instanceof Problem && got.e.status === 404;
    return (
      <Empty
        icon={gone ? 'map' : 'circle-alert'}
        title={t(gone ? 'absent' : 'failed')}
        text={gone ? t('absent_text') : say(got.e)}
      >
        {gone ? (
          <Button href={`/a/${props.app}`}>{t('back')}</Button>
        ) : (
          <Button onClick={load}>{t('retry')}</Button>
        )}
      </Empty>
    );
  }
  return <Board d={got.d} />;
}
