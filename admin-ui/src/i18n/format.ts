import { dict, lang } from '.';

/* Numbers, dates and times as people read them, by language. */

const zh = {
  now: '刚刚',
  min: '{n} 分钟前',
  today: '今天 {t}',
  yesterday: '昨天 {t}',
  yes: '是',
  no: '否',
  left_m: '剩 {n} 分钟',
  left_h: '剩 {n} 小时',
  left_d: '剩 {n} 天',
  over_m: '超时 {n} 分钟',
  over_h: '超时 {n} 小时',
  over_d: '超时 {n} 天',
};
const en = {
  now: 'just now',
  min: '{n} min ago',
  today: 'today {t}',
  yesterday: 'yesterday {t}',
  yes: 'Yes',
  no: 'No',
  left_m: '{n} min left',
  left_h: '{n} h left',
  left_d: '{n|1 day|{n} days} left',
  over_m: '{n} min overdue',
  over_h: '{n} h overdue',
  over_d: '{n|1 day|{n} days} overdue',
} satisfies typeof zh;
const t = dict(zh, async () => en);

const cache = new Map<string, Intl.NumberFormat>();
function nf(min: number, max: number): Intl.NumberFormat {
  const key = `${lang.value}/${min}/${max}`;
  let f = cache.get(key);
  if (!f) {
    f = new Intl.NumberFormat(lang.value, { minimumFractionDigits: min, maximumFractionDigits: max });
    cache.set(key, f);
  }
  return f;
}

/** 1234.5 with scale 2 is 1,234.50; without a scale as many decimals as there are (at most 10). */
export function number(n: number, scale?: number | null): string {
  const text = scale == null ? nf(0, 10).format(n) : nf(scale, scale).format(n);
  return text.replace('-', '−');
}

/** The fraction 0.1575 is 15.75 %. `scale` is that of the fraction. */
export function percent(n: number, scale?: number | null): string {
  const p = Math.round(n * 1e12) / 1e10;
  return `${number(p, scale == null ? null : Math.max(0, Math.min(scale - 2, decimals(p))))}%`;
}
function decimals(n: number): number {
  const s = String(n);
  return s.includes('.') ? s.length - s.indexOf('.') - 1 : 0;
}

const pad = (n: number) => String(n).padStart(2, '0');

/** `2026-11-23` with the year only when it is not this one. */
export function day(iso: string, short = false): string {
  if (!/^\d{4}-\d\d-\d\d/.test(iso)) return iso;
  const y = Number(iso.slice(0, 4));
  return short && y === new Date().getFullYear() ? iso.slice(5, 10) : iso.slice(0, 10);
}

/** An instant in the reader's zone: `2026-11-23 09:12`. */
export function moment(iso: string, seconds = false): string {
  const d = new Date(iso);
  if (Number.isNaN(d.getTime())) return iso;
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}${seconds ? `:${pad(d.getSeconds())}` : ''}`;
}

/** How long ago: 刚刚, 5 分钟前, 今天 09:12, 昨天 16:20, 11-03, 2025-11-03. */
export function ago(iso: string, now = Date.now()): string {
  const d = new Date(iso);
  const ms = now - d.getTime();
  if (Number.isNaN(ms)) return iso;
  const hm = `${pad(d.getHours())}:${pad(d.getMinutes())}`;
  if (ms >= 0 && ms < 60_000) return t('now');
  if (ms >= 0 && ms < 3_600_000) return t('min', { n: Math.floor(ms / 60_000) });
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  if (d.getTime() >= midnight.getTime() && d.getTime() < midnight.getTime() + 86_400_000)
    return t('today', { t: hm });
  if (d.getTime() >= midnight.getTime() - 86_400_000 && d.getTime() < midnight.getTime())
    return t('yesterday', { t: hm });
  const local = `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
  return day(local, true);
}

/** A time that a Chinese word follows: a space stands between a digit and a character, as everywhere. */
export function before(when: string): string {
  return lang.value === 'zh-CN' && /\d$/.test(when) ? `${when} ` : when;
}

/** How much is left until a due time, or by how much it is over. */
export function due(iso: string, now = Date.now()): { text: string; late: boolean; soon: boolean } {
  const ms = new Date(iso).getTime() - now;
  const abs = Math.abs(ms);
  const late = ms < 0;
  const unit = abs < 3_600_000 ? 'm' : abs < 86_400_000 ? 'h' : 'd';
  const n = Math.max(1, Math.floor(abs / { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]));
  return { text: t(`${late ? 'over' : 'left'}_${unit}`, { n }), late, soon: !late && abs < 86_400_000 };
}

export function yesNo(b: boolean): string {
  return t(b ? 'yes' : 'no');
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${Math.round(n / 1024)} KB`;
  return `${number(Math.round(n / 104857.6) / 10)} MB`;
}
