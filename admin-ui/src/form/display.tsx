import type { FieldDef, FileRef, OptionDef, Ref } from '../api/types';
import { lang } from '../i18n';
import { ago, bytes, day, moment, number, percent, yesNo } from '../i18n/format';
import { Icon, Person, Tag } from '../kit';
import { Thumb } from './files';
import { plainText, Rich } from './rich';
import { t } from './text';
import { asList, asRef, asRefs, isBlank, resultType } from './values';

/* A value as people read it: in lists, on records, in histories. */

function findOption(options: OptionDef[] | undefined, key: unknown): OptionDef | undefined {
  for (const o of options ?? []) {
    if (o.key === key) return o;
    const inside = findOption(o.options, key);
    if (inside) return inside;
  }
  return undefined;
}

export function optionTitle(def: FieldDef, key: unknown): string {
  return findOption(def.options, key)?.title ?? String(key);
}

export function OptionTag({ def, k }: { def: FieldDef; k: unknown }) {
  const o = findOption(def.options, k);
  // a field whose options have no colours is plain text: tags are for what one should see at a glance
  if (!def.options?.some((x) => x.color)) return <span class="cut">{o?.title ?? String(k)}</span>;
  return <Tag color={o?.color}>{o?.title ?? String(k)}</Tag>;
}

function join(list: string[]): string {
  return list.join(lang.value === 'zh-CN' ? '、' : ', ');
}

/** Plain text, for titles, summaries and where no markup fits. */
export function text(def: FieldDef, v: unknown): string {
  if (isBlank(v)) return '';
  const type = resultType(def);
  if (type === 'number') return typeof v === 'number' ? withUnit(def, number(v, def.scale)) : String(v);
  if (type === 'percent') return typeof v === 'number' ? percent(v, def.scale) : String(v);
  if (type === 'boolean') return yesNo(v === true);
  if (type === 'date') return day(String(v));
  if (type === 'datetime') return moment(String(v));
  if (type === 'time') return String(v).slice(0, 5);
  if (type === 'select') return optionTitle(def, v);
  if (type === 'multiselect' || type === 'cascade') return join(asList(v).map((k) => optionTitle(def, k)));
  if (type === 'richtext') return plainText(String(v));
  if (type === 'location') return place(v);
  if (type === 'table') return t('rows_n', { n: asList(v).length });
  if (Array.isArray(v))
    return join(v.map((x) => asRef(x)?.title ?? (typeof x === 'object' ? JSON.stringify(x) : String(x))));
  if (typeof v === 'object') return asRef(v)?.title ?? JSON.stringify(v);
  return String(v);
}

function place(v: unknown): string {
  const p = v as { lat?: unknown; lng?: unknown; address?: unknown };
  return [p.address, isBlank(p.lat) ? null : `${p.lat}, ${p.lng}`].filter((x) => !isBlank(x)).join(' · ');
}

function withUnit(def: FieldDef, s: string): string {
  if (!def.unit) return s;
  return /^[¥$€£]$/.test(def.unit) ? `${def.unit}${s}` : `${s} ${def.unit}`;
}

export function Blank() {
  return (
    <span class="dim" title={t('blank')}>
      —
    </span>
  );
}

function Links({ def, v, app }: { def: FieldDef; v: unknown; app: string | undefined }) {
  const refs = asRefs(v);
  return (
    <span class="row wrap gap1">
      {refs.map((r, i) => (
        <span key={r.id}>
          <LinkTo def={def} to={r} app={app} />
          {i < refs.length - 1 ? '、' : ''}
        </span>
      ))}
    </span>
  );
}

function LinkTo({ def, to, app }: { def: FieldDef; to: Ref; app: string | undefined }) {
  if (to.title === null)
    return (
      <span class="row gap1 dim">
        <Icon name="lock" size="s" />
        {t('no_access')}
      </span>
    );
  if (!app || !def.form) return <span class="cut">{to.title}</span>;
  return (
    <a class="link cut" href={`/a/${app}/${def.form}/${to.id}`}>
      {to.title}
    </a>
  );
}

function Files({ v }: { v: unknown }) {
  return (
    <span class="row wrap">
      {asRefs(v).map((f) => (
        <a
          class="file s13"
          key={f.id}
          href={`/api/v1/files/${encodeURIComponent(f.id)}`}
          target="_blank"
          rel="noreferrer"
        >
          <Thumb file={f} />
          <span class="cut">{f.title ?? f.id}</span>
          {f.size ? <span class="dim s12">{bytes(f.size)}</span> : null}
        </a>
      ))}
    </span>
  );
}

export interface ValueProps {
  def: FieldDef;
  value: unknown;
  /** links lead to the records of this app */
  app?: string | undefined;
  /** one line, as in a grid */
  compact?: boolean;
  /** this row's own right on the field */
  right?: 'hidden' | 'masked' | 'read' | undefined;
}

export function Value({ def, value, app, compact, right }: ValueProps) {
  if (right === 'hidden')
    return (
      <span class="row gap1 dim" title={t('hidden_why')}>
        <Icon name="lock" size="s" />
        {t('no_access')}
      </span>
    );
  if (isBlank(value)) return <Blank />;
  switch (resultType(def)) {
    case 'number':
    case 'percent':
      return <span class="num">{text(def, value)}</span>;
    case 'boolean':
      return value === true ? <Icon name="check" class="ok" /> : <span class="dim">{yesNo(false)}</span>;
    case 'rating':
      return <Stars n={Number(value)} max={Number(def.max ?? 5)} />;
    case 'select':
      return <OptionTag def={def} k={value} />;
    case 'multiselect':
      if (!def.options?.some((o) => o.color))
        return <span class={compact ? 'cut' : ''}>{text(def, value)}</span>;
      return (
        <span class={`row gap1${compact ? '' : ' wrap'}`}>
          {asList(value).map((k) => (
            <OptionTag def={def} k={k} key={String(k)} />
          ))}
        </span>
      );
    case 'datetime':
      return (
        <time class="num" dateTime={String(value)} title={moment(String(value), true)}>
          {compact ? capital(ago(String(value))) : moment(String(value))}
        </time>
      );
    case 'date':
      return (
        <time class="num" dateTime={String(value)}>
          {day(String(value), compact)}
        </time>
      );
    case 'member':
      return <Person who={asRef(value)} />;
    case 'members':
      return (
        <span class="row wrap">
          {asRefs(value).map((r) => (
            <Person who={r} key={r.id} />
          ))}
        </span>
      );
    case 'link':
    case 'links':
      return <Links def={def} v={value} app={compact ? undefined : app} />;
    case 'phone':
      return compact ? (
        <span class="num">{String(value)}</span>
      ) : (
        <Contact href={`tel:${value}`} text={String(value)} plain={String(value).includes('*')} />
      );
    case 'email':
      return compact ? (
        <span class="cut">{String(value)}</span>
      ) : (
        <Contact href={`mailto:${value}`} text={String(value)} plain={String(value).includes('*')} />
      );
    case 'url':
      return <Contact href={safeUrl(String(value))} text={String(value)} external />;
    case 'textarea':
      return compact ? <span class="cut">{String(value)}</span> : <span class="pre">{String(value)}</span>;
    case 'richtext':
      return compact ? <span class="cut">{plainText(String(value))}</span> : <Rich html={String(value)} />;
    case 'location':
      return <span class={compact ? 'cut' : ''}>{place(value)}</span>;
    case 'file':
    case 'image':
    case 'signature':
      return compact ? (
        <span class="row gap1">
          {(asRefs(value) as FileRef[]).slice(0, 3).map((f) => (
            <Thumb key={f.id} file={f} />
          ))}
          <span class="dim">{t('files_n', { n: asRefs(value).length })}</span>
        </span>
      ) : (
        <Files v={value} />
      );
    case 'json':
      return <code class="mono">{JSON.stringify(value)}</code>;
    default:
      return <span class={compact ? 'cut' : ''}>{text(def, value)}</span>;
  }
}

/** "yesterday" begins a cell: there it is written large. */
function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

function safeUrl(u: string): string | null {
  return /^https?:\/\//i.test(u) ? u : null;
}

function Contact(props: { href: string | null; text: string; external?: boolean; plain?: boolean }) {
  if (props.plain || !props.href) return <span class="num">{props.text}</span>;
  return (
    <a
      class="link num"
      href={props.href}
      {...(props.external ? { target: '_blank', rel: 'noreferrer noopener' } : {})}
    >
      {props.text}
    </a>
  );
}

function Stars({ n, max }: { n: number; max: number }) {
  return (
    <span class="row gap1 stars" role="img" aria-label={`${n} / ${max}`}>
      {Array.from({ length: max }, (_, i) => (
        <Icon name="star" size="s" key={i} class={i < n ? 'is-on' : 'is-off'} />
      ))}
    </span>
  );
}
