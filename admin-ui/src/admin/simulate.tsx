import { useEffect, useState } from 'preact/hooks';
import { api, Problem, say } from '../api/client';
import type { FormDef } from '../api/types';
import { number } from '../i18n/format';
import { Button, Empty, Field, Input, Note, Select, Tag } from '../kit';
import { draftOf } from './draft';
import { t } from './text';
import { Top } from './top';

/* /admin/apps/{app}/simulate: the saved draft over stored records, beside what runs. Nothing is written. */

type Path = { node: string; title?: string; found?: string | null; people: string[] }[];
type Figures = { value: number | null; baseline: number | null; z: number | null; change: number | null };
interface Differs {
  id: string;
  rule: string;
  was: unknown;
  would: unknown;
}
interface Answer {
  rows: number;
  more: boolean;
  differs: Differs[];
  totals: Record<string, { was: number; would: number; differs: number }>;
}
const SHOWN = 100;

function isPath(v: unknown): v is Path {
  return Array.isArray(v) && v.every((x) => x && typeof x === 'object' && 'node' in x);
}

function isFigures(v: unknown): v is Figures {
  return !!v && typeof v === 'object' && 'baseline' in v && 'change' in v;
}

function said(v: unknown): string {
  if (v === null || v === undefined) return t('sim_nothing');
  if (v === true) return t('sim_applies');
  if (isPath(v))
    return v.map((n) => [n.title || n.node, n.people.join('、')].filter(Boolean).join(' ')).join(' → ');
  if (isFigures(v))
    return t('sim_alert', {
      value: v.value === null ? '—' : number(v.value),
      baseline: v.baseline === null ? '—' : number(v.baseline),
      change: v.change === null ? '—' : number(Math.round(v.change * 1000) / 10),
    });
  if (typeof v === 'object')
    return Object.entries(v as Record<string, unknown>)
      .map(
        ([k, x]) =>
          `${k} = ${x && typeof x === 'object' && 'title' in x ? String(x.title) : String(x ?? '—')}`,
      )
      .join('，');
  return String(v);
}

function rule(key: string): string {
  const [kind, name] = key.split('.', 2);
  return t(`sim_rule_${kind}` as 'sim_rule_flow', { name: name ?? '' });
}

export function SimulatePage(props: { app: string }) {
  const draft = draftOf(props.app);
  const [form, setForm] = useState<string | null>(null);
  const [dates, setDates] = useState<{ key: string; title: string }[]>([]);
  const [at, setAt] = useState<string | null>(null);
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [got, setGot] = useState<Answer | null>(null);
  useEffect(() => void draft.load().catch(() => undefined), [draft]);
  useEffect(() => {
    setDates([]);
    setAt(null);
    setGot(null);
    if (!form) return;
    api
      .get<FormDef>(`/apps/${encodeURIComponent(props.app)}/forms/${encodeURIComponent(form)}`)
      .then((f) =>
        setDates(
          f.fields
            .filter((x) => x.type === 'date' || x.type === 'datetime')
            .map((x) => ({ key: x.key, title: x.title ?? x.key })),
        ),
      )
      .catch(() => undefined); // not his to read: the answer will say so
  }, [form]);
  const forms = (draft.files.value ?? [])
    .map((f) => /^forms\/([^/]+)\.yaml$/.exec(f.path)?.[1])
    .filter((x): x is string => !!x)
    .map((key) => ({ key, title: key }));
  const run = async () => {
    setBusy(true);
    setFailed(null);
    try {
      setGot(
        await api.post<Answer>('/admin/simulate', {
          app: props.app,
          form,
          ...(at ? { at } : {}),
          ...(from ? { from } : {}),
          ...(until ? { to: until } : {}),
        }),
      );
    } catch (e) {
      setGot(null);
      setFailed(e instanceof Problem && e.status === 404 ? t('sim_no_read') : say(e));
    } finally {
      setBusy(false);
    }
  };
  const totals = Object.entries(got?.totals ?? {});
  const differs = got?.differs.slice(0, SHOWN) ?? [];
  return (
    <>
      <Top draft={draft} tab="publish" />
      <div class="alist undo">
        <h1>{t('sim_title')}</h1>
        <p class="mut">{t('sim_text')}</p>
        <form
          class="undo-f"
          onSubmit={(e) => {
            e.preventDefault();
            if (form && !busy) void run();
          }}
        >
          <Field label={t('sim_form')} required>
            {(f) => <Select {...f} value={form} options={forms} onChange={setForm} />}
          </Field>
          <Field label={t('sim_at')} hint={t('sim_at_hint')}>
            {(f) => <Select {...f} value={at} clearable options={dates} onChange={setAt} />}
          </Field>
          <Field label={t('sim_from')}>
            {(f) => <Input {...f} type="date" value={from} onInput={setFrom} />}
          </Field>
          <Field label={t('sim_until')}>
            {(f) => <Input {...f} type="date" value={until} onInput={setUntil} />}
          </Field>
          <Button kind="main" type="submit" icon="scan-search" disabled={!form} busy={busy}>
            {t('sim_run')}
          </Button>
        </form>
        {failed ? (
          <Note kind="bad" role="alert">
            {failed}
          </Note>
        ) : null}
        {got && !totals.some(([, x]) => x.differs) ? (
          <Empty icon="check-check" title={t('sim_same')} text={t('sim_rows', { n: number(got.rows) })} />
        ) : null}
        {got && totals.some(([, x]) => x.differs) ? (
          <>
            <p class="s13 mut mt2" role="status">
              {t('sim_rows', { n: number(got.rows) })}
              {got.more ? ` ${t('sim_more')}` : ''}
            </p>
            <ul class="undo-l">
              {totals
                .filter(([, x]) => x.differs)
                .map(([key, x]) => (
                  <li key={key}>
                    <span class="col grow">
                      <b class="m">{rule(key)}</b>
                      <span class="s12 mut">
                        {t('sim_total', { was: number(x.was), would: number(x.would) })}
                      </span>
                    </span>
                    <Tag color="amber">{t('sim_differs', { n: number(x.differs) })}</Tag>
                  </li>
                ))}
            </ul>
            <ul class="undo-l" aria-label={t('sim_list')}>
              {differs.map((d) => (
                <li key={`${d.rule}/${d.id}`}>
                  <span class="col grow">
                    <span class="s12 dim">{rule(d.rule)}</span>
                    {d.rule.startsWith('monitor.') ? (
                      <b class="m">{d.id}</b>
                    ) : (
                      <a class="m" href={`/a/${encodeURIComponent(props.app)}/${form}/${d.id}`}>
                        {d.id}
                      </a>
                    )}
                    <span class="s13">
                      <del class="mut">{said(d.was)}</del>
                    </span>
                    <span class="s13">{said(d.would)}</span>
                  </span>
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </div>
    </>
  );
}
