import '../form/form.css';
import './record.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, formPath, newKey, query, recordPath, say } from '../api/client';
import { useForm } from '../api/forms';
import type { FieldDef, FormDef, Rec } from '../api/types';
import { Value } from '../form/display';
import { asList, isBlank } from '../form/values';
import {
  Button,
  back,
  Combo,
  Empty,
  Field,
  Icon,
  Note,
  navigate,
  params,
  Skeleton,
  toast,
  useTitle,
} from '../kit';
import { t } from './text';

/* Two records of one form side by side: which one stays, and whose value each field keeps. */

interface Related {
  form: string;
  field: string;
  total: number;
}
interface Merged {
  merge: string;
  record: Rec;
  links: { form: string; field: string; records: number; moved: boolean }[];
}

/** What a merge never asks about: computed, or the record's own. */
const OWN = new Set(['serial', 'formula', 'lookup', 'rollup']);
const JOINED = new Set(['table', 'file', 'image']);

export function MergePage({ app, form, id }: { app: string; form: string; id: string }) {
  const got = useForm(app, form);
  const other = params.value.get('with');
  const def = got.state === 'ok' ? got.data : null;
  useTitle(t('merge_title'));
  if (got.state === 'failed') return <Empty icon="circle-alert" title={t('failed')} text={say(got.error)} />;
  if (!def) return <Skeleton title lines={8} label={t('loading')} />;
  return (
    <>
      <header class="bar bar--line">
        <a class="crumb" href={`/a/${app}/${form}`}>
          {def.title}
          <Icon name="chevron-right" size="s" />
        </a>
        <h1>{t('merge_title')}</h1>
      </header>
      {other && other !== id ? (
        <Pair key={`${id}/${other}`} def={def} ids={[id, other]} />
      ) : (
        <PickOther def={def} id={id} />
      )}
    </>
  );
}

/** Which record is the same as this one. */
function PickOther({ def, id }: { def: FormDef; id: string }) {
  return (
    <div class="merge">
      <p class="mut">{t('merge_text')}</p>
      <Field label={t('merge_other')}>
        {(f) => (
          <Combo
            {...f}
            value={[]}
            load={async (q) => {
              const a = await api.get<{ records: Rec[] }>(
                `${formPath(def.app, def.form)}/records${query({ search: q, fields: '_title', limit: 20, count: 'none' })}`,
              );
              return a.records
                .filter((r) => r._id !== id)
                .map((r) => ({ key: r._id, title: r._title || r._id }));
            }}
            onChange={(v) =>
              v[0] &&
              navigate(`/a/${def.app}/${def.form}/${id}/merge?with=${encodeURIComponent(v[0].key)}`, {
                replace: true,
              })
            }
          />
        )}
      </Field>
    </div>
  );
}

function Pair({ def, ids }: { def: FormDef; ids: [string, string] }) {
  const [recs, setRecs] = useState<[Rec, Rec] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    let live = true;
    Promise.all(ids.map((i) => api.get<Rec>(recordPath(def.app, def.form, i))))
      .then((r) => live && setRecs(r as [Rec, Rec]))
      .catch((e) => live && setFailed(say(e)));
    return () => {
      live = false;
    };
  }, []);
  if (failed)
    return (
      <Empty icon="circle-alert" title={t('absent')} text={failed}>
        <Button href={`/a/${def.app}/${def.form}`}>{t('back_list')}</Button>
      </Empty>
    );
  if (!recs) return <Skeleton lines={10} label={t('loading')} />;
  return <Choice def={def} recs={recs} />;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The fields that ask for a choice, and what is simply filled or joined. */
function sort(def: FormDef, keep: Rec, gone: Rec) {
  const ask: FieldDef[] = [];
  const filled: FieldDef[] = [];
  const joined: FieldDef[] = [];
  for (const f of def.fields) {
    const [mine, theirs] = [keep[f.key], gone[f.key]];
    if (OWN.has(f.type) || isBlank(theirs) || same(mine, theirs)) continue;
    if (JOINED.has(f.type)) joined.push(f);
    else if (isBlank(mine)) filled.push(f);
    else ask.push(f);
  }
  return { ask, filled, joined };
}

function mayRead(rec: Rec, f: FieldDef): boolean {
  const right = rec._fields?.[f.key];
  return right !== 'hidden' && right !== 'masked';
}
function mayTake(keep: Rec, gone: Rec, f: FieldDef): boolean {
  return f.writable !== false && mayRead(keep, f) && keep._fields?.[f.key] !== 'read' && mayRead(gone, f);
}

function Choice({ def, recs }: { def: FormDef; recs: [Rec, Rec] }) {
  // the older one stays unless said otherwise
  const [at, setAt] = useState(String(recs[0]._created_at) <= String(recs[1]._created_at) ? 0 : 1);
  const [take, setTake] = useState<Set<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [links, setLinks] = useState<Related[]>([]);
  const keep = recs[at]!;
  const gone = recs[1 - at]!;
  const { ask, filled, joined } = useMemo(() => sort(def, keep, gone), [at]);
  const may = [0, 1].map((i) => {
    const [k, g] = [recs[i]!, recs[1 - i]!];
    return (k._can?.includes('update') ?? true) && (g._can?.includes('delete') ?? true);
  });
  useEffect(() => {
    let live = true;
    setLinks([]);
    api.get<{ related: Related[] }>(`${recordPath(def.app, def.form, gone._id)}/related`).then(
      (a) => live && setLinks(a.related.filter((r) => r.total > 0)),
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [at]);
  const choose = (f: FieldDef, theirs: boolean) => {
    const next = new Set(take);
    if (theirs) next.add(f.key);
    else next.delete(f.key);
    setTake(next);
  };
  const undo = async (job: string) => {
    try {
      await api.post(`/imports/${job}/undo`, undefined, { key: newKey() });
      toast(t('merge_undone'));
      navigate(`/a/${def.app}/${def.form}/${gone._id}`, { force: true });
    } catch (e) {
      toast(say(e), { kind: 'bad' });
    }
  };
  const go = async () => {
    setBusy(true);
    setFailed(null);
    try {
      const done = await api.post<Merged>(
        `${recordPath(def.app, def.form, keep._id)}/merge`,
        { from: gone._id, take: ask.filter((f) => take.has(f.key)).map((f) => f.key) },
        { key: newKey() },
      );
      toast(t('merged'), { action: { title: t('undo'), run: () => void undo(done.merge) } });
      navigate(`/a/${def.app}/${def.form}/${keep._id}`, { replace: true, force: true });
    } catch (e) {
      setFailed(say(e));
    } finally {
      setBusy(false);
    }
  };
  const total = links.reduce((n, r) => n + r.total, 0);
  const sides = [0, 1];
  return (
    <>
      <div class="merge">
        <p class="mut">{t('merge_text')}</p>
        {failed ? (
          <Note kind="bad" role="alert">
            {failed}
          </Note>
        ) : null}
        {!may[at] ? <Note kind="warn">{t('merge_may_not')}</Note> : null}
        <table class="mtable">
          <thead>
            <tr>
              <th scope="col">{t('merge_stays')}</th>
              {sides.map((i) => (
                <th scope="col" key={i}>
                  <label class="mpick">
                    <input
                      type="radio"
                      name="survivor"
                      checked={at === i}
                      onChange={() => {
                        setAt(i);
                        setTake(new Set());
                      }}
                    />
                    <span class="b">{recs[i]!._title || recs[i]!._id}</span>
                  </label>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ask.map((f) => (
              <tr key={f.key}>
                <th scope="row">{f.title}</th>
                {sides.map((i) => {
                  const mine = i === at;
                  return (
                    <td key={i}>
                      <label class="mpick">
                        <input
                          type="radio"
                          name={`f-${f.key}`}
                          checked={take.has(f.key) !== mine}
                          disabled={!mine && !mayTake(keep, gone, f)}
                          onChange={() => choose(f, !mine)}
                        />
                        <Value def={f} value={recs[i]![f.key]} right={recs[i]!._fields?.[f.key] as 'read'} />
                      </label>
                    </td>
                  );
                })}
              </tr>
            ))}
            {[...filled, ...joined].map((f) => (
              <tr key={f.key} class="mfix">
                <th scope="row">{f.title}</th>
                {sides.map((i) => (
                  <td key={i}>
                    {f.type === 'table' ? (
                      <span>{t('rows_n', { n: asList(recs[i]![f.key]).length })}</span>
                    ) : (
                      <Value def={f} value={recs[i]![f.key]} right={recs[i]!._fields?.[f.key] as 'read'} />
                    )}
                    {i !== at ? (
                      <span class="s12 dim"> {t(JOINED.has(f.type) ? 'merge_joined' : 'merge_filled')}</span>
                    ) : null}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {!ask.length && !filled.length && !joined.length ? <p class="s13 dim">{t('merge_same')}</p> : null}
        <ul class="mwhat s13">
          {total ? <li>{t('merge_links', { n: total })}</li> : null}
          <li>{t('merge_goes', { title: gone._title || gone._id })}</li>
          <li>{t('merge_days')}</li>
        </ul>
      </div>
      <footer class="submit">
        <span class="push dk" />
        <Button onClick={() => back(`/a/${def.app}/${def.form}/${keep._id}`)}>{t('cancel')}</Button>
        <Button kind="main" icon="git-fork" busy={busy} disabled={!may[at]} onClick={() => void go()}>
          {t('merge_go')}
        </Button>
      </footer>
    </>
  );
}
