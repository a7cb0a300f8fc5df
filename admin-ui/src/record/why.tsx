import { useEffect, useState } from 'preact/hooks';
import { api, recordPath, say } from '../api/client';
import type { FieldDef } from '../api/types';
import { lang } from '../i18n';
import { IconButton, Popover } from '../kit';
import { t } from './text';

/* "Why is this value": a computed value taken apart, as its reader may see it. */

interface Part {
  text: string | null;
  depth: number;
  type: string;
  value: unknown;
  reason: string | null;
  hidden: boolean;
  line: number;
  column: number;
}
interface Trace {
  expr: string | null;
  kind: 'formula' | 'rollup' | 'lookup';
  parts: Part[];
  rows?: { form: string; title: string; top: { id: string; title: string | null; value?: unknown }[] };
}

/** The parts come inner first; people read from the whole to its pieces. */
function fromTheWhole(parts: Part[], depth = 0): Part[] {
  const out: Part[] = [];
  let from = 0;
  parts.forEach((p, i) => {
    if (p.depth !== depth) return;
    out.push(p, ...fromTheWhole(parts.slice(from, i), depth + 1));
    from = i + 1;
  });
  return out;
}

function show(v: unknown): string {
  if (v === null || v === undefined) return t('why_blank');
  if (typeof v === 'number') return String(Number(v.toPrecision(15)));
  if (typeof v === 'boolean') return v ? 'TRUE' : 'FALSE';
  if (Array.isArray(v)) return v.map(show).join(lang.value === 'zh-CN' ? '、' : ', ');
  if (typeof v === 'object') return String((v as { title?: unknown }).title ?? JSON.stringify(v));
  return String(v);
}

function Parts({ trace }: { trace: Trace }) {
  if (trace.kind === 'rollup') return <p class="s13 dim">{t('why_rollup')}</p>;
  if (!trace.parts.length) return <p class="s13 dim">{t('why_none')}</p>;
  return (
    <ul class="why">
      {fromTheWhole(trace.parts).map((p) => (
        <li key={`${p.line}:${p.column}:${p.depth}:${p.text}`} class={`why-${Math.min(p.depth, 6)}`}>
          {p.hidden ? (
            <span class="dim">{t('why_hidden')}</span>
          ) : (
            <>
              <code>{p.text}</code> <span class="dim">=</span>{' '}
              <b class={p.value === null ? 'dim' : ''}>{show(p.value)}</b>
            </>
          )}
          {p.reason ? <div class="err">{p.reason}</div> : null}
        </li>
      ))}
    </ul>
  );
}

/** The rows that count, those that weigh most first. */
function Rows({ app, rows }: { app: string; rows: NonNullable<Trace['rows']> }) {
  if (!rows.top.length) return <p class="s13 dim">{t('why_no_rows', { title: rows.title })}</p>;
  return (
    <>
      <p class="s13 dim">{t('why_rows', { title: rows.title })}</p>
      <ul class="why">
        {rows.top.map((r) => (
          <li key={r.id}>
            <a class="link" href={`/a/${app}/${rows.form}/${r.id}`}>
              {r.title ?? r.id}
            </a>
            {r.value === undefined ? null : (
              <>
                {' '}
                <b>{show(r.value)}</b>
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Body({ app, form, id, field }: { app: string; form: string; id: string; field: string }) {
  const [trace, setTrace] = useState<Trace | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  useEffect(() => {
    let live = true;
    api
      .get<Trace>(`${recordPath(app, form, id)}/trace?field=${encodeURIComponent(field)}`)
      .then((x) => live && setTrace(x))
      .catch((e) => live && setFailed(e));
    return () => {
      live = false;
    };
  }, [app, form, id, field]);
  if (failed) return <p class="s13">{say(failed)}</p>;
  if (!trace) return <p class="s13 dim">…</p>;
  return (
    <>
      {trace.expr ? <pre class="why-expr">{trace.expr}</pre> : null}
      {trace.rows ? null : <Parts trace={trace} />}
      {trace.rows ? <Rows app={app} rows={trace.rows} /> : null}
    </>
  );
}

/** A small button beside a computed value. */
export function Why(props: { app: string; form: string; id: string; def: FieldDef }) {
  const label = t('why', { title: props.def.title });
  return (
    <Popover
      pad
      label={label}
      trigger={(open, toggle) => (
        <IconButton icon="circle-help" small label={label} expanded={open} onClick={toggle} />
      )}
    >
      {() => <Body app={props.app} form={props.form} id={props.id} field={props.def.key} />}
    </Popover>
  );
}
