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

/** The operator behind the first piece of a part, as far as those that go together are one: a + b - c. */
function chain(whole: Part, first: Part | undefined): string {
  if (!whole.text || !first?.text) return '';
  const text = whole.text.startsWith(first.text) ? whole.text : whole.text.replace(/^\(\s*/, '');
  if (!text.startsWith(first.text)) return '';
  const op = /^\s*([-+*/&])/.exec(text.slice(first.text.length))?.[1] ?? '';
  return op === '-' ? '+' : op === '/' ? '*' : op;
}

/**
 * The parts come inner first; people read from the whole to its pieces. a + b + c is one sum, not a sum of a sum: the
 * inner one gives its pieces to the outer.
 */
export function fromTheWhole(parts: Part[], depth = 0, shown = depth): Part[] {
  const out: Part[] = [];
  let from = 0;
  parts.forEach((p, i) => {
    if (p.depth !== depth) return;
    const inner = parts.slice(from, i);
    const pieces = inner.filter((x) => x.depth === depth + 1);
    const first = pieces[0];
    const op = chain(p, first);
    const at = first ? inner.indexOf(first) : -1;
    const nested = inner.slice(0, Math.max(at, 0));
    const same =
      op !== '' &&
      first &&
      !first.reason &&
      op ===
        chain(
          first,
          nested.find((x) => x.depth === depth + 2),
        );
    out.push({ ...p, depth: shown });
    if (same) {
      const flat = fromTheWhole([...nested, first], depth + 1, shown);
      out.push(...flat.slice(1), ...fromTheWhole(inner.slice(at + 1), depth + 1, shown + 1));
    } else out.push(...fromTheWhole(inner, depth + 1, shown + 1));
    from = i + 1;
  });
  return out;
}

function show(v: unknown): string {
  if (v === null || v === undefined) return t('why_blank');
  if (typeof v === 'number') return v.toLocaleString(lang.value, { maximumSignificantDigits: 15 });
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

/** The whole is the first of its parts: it is not said twice. */
const squeezed = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, '');

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
      {trace.expr && (trace.rows || squeezed(trace.parts.at(-1)?.text) !== squeezed(trace.expr)) ? (
        <pre class="why-expr">{trace.expr}</pre>
      ) : null}
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
      {() => (
        <div class="why-box">
          <b class="s13">{label}</b>
          <Body app={props.app} form={props.form} id={props.id} field={props.def.key} />
        </div>
      )}
    </Popover>
  );
}
