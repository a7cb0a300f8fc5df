// An app of awkward rows, served from SQLite and, moved over with its ids, from PostgreSQL.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { login, run, serve } from '../http/lib.mjs';

const FILES = {
  'app.yaml': `app: shop
title: 店
timezone: Asia/Shanghai
roles: {clerk: 店员, chief: 店长}
menu: [{form: item}, {form: maker}]
`,
  'forms/maker.yaml': `form: maker
title: 厂家
record_title: name
fields:
  name: {type: text, title: 名称, max: 60, search: true}
  city: {type: text, title: 城市, max: 40}
  rank: {type: number, title: 级别, scale: 0}
  kinds: {type: multiselect, title: 类别, options: {a: 甲, b: 乙, c: 丙}}
  since: {type: date, title: 始于}
  owner: {type: member, title: 负责人}
  stock: {type: rollup, title: 库存, of: item.maker, value: SUM(qty)}
  made: {type: rollup, title: 品种, of: item.maker, value: COUNT()}
permissions:
  all: {role: chief, can: all}
  some: {role: clerk, can: [read], where: rank >= 2, fields: {since: hidden}}
views:
  all: {title: 全部, type: grid, columns: [name, city, rank, stock], sort: [city, -rank], totals: {stock: SUM}}
`,
  'forms/item.yaml': `form: item
title: 货
record_title: name
fields:
  name: {type: text, title: 名称, max: 60, search: true}
  memo: {type: textarea, title: 备注, search: true}
  kind: {type: select, title: 类别, options: {a: 甲, b: 乙, c: 丙}}
  tags: {type: multiselect, title: 标签, options: {x: 一, y: 二, z: 三}}
  price: {type: number, title: 价, scale: 2}
  qty: {type: number, title: 数, scale: 0}
  ratio: {type: number, title: 率}
  share: {type: percent, title: 占比, scale: 4}
  day: {type: date, title: 日}
  at: {type: datetime, title: 时}
  clock: {type: time, title: 钟}
  done: {type: boolean, title: 完}
  maker: {type: link, title: 厂家, form: maker}
  who: {type: member, title: 人}
  crew: {type: members, title: 组}
  also: {type: links, title: 又, form: maker}
  stars: {type: rating, title: 星}
  mail: {type: email, title: 信}
  lines:
    type: table
    title: 行
    fields:
      part: {type: text, title: 件, max: 40}
      n: {type: number, title: 量, scale: 0}
      cost: {type: number, title: 价, scale: 2}
      due: {type: date, title: 期}
      sum: {type: formula, title: 计, value: n * cost, scale: 2}
  total: {type: formula, title: 额, value: price * qty, scale: 2}
  parts: {type: formula, title: 件额, value: SUM(lines.sum), scale: 2}
  label: {type: formula, title: 签, value: 'UPPER(LEFT(name, 3)) & "-" & kind'}
  age: {type: formula, title: 龄, value: TODAY() - day, scale: 0}
  city: {type: lookup, title: 城市, value: maker.city}
permissions:
  all: {role: chief, can: all}
  own: {role: clerk, can: [read], where: 'kind = "a" OR qty > 5', fields: {price: hidden}}
  rest: {role: clerk, can: [read], where: done = TRUE, fields: {memo: hidden, mail: masked}}
views:
  all: {title: 全部, type: grid, columns: [name, kind, price, qty, maker], sort: [-day, name], totals: {price: SUM}}
  cheap: {title: 便宜, type: grid, where: price < 100 OR price = BLANK, columns: [name, price, city], sort: [price, -name]}
  board: {title: 看板, type: kanban, by: kind, card: [name, price, maker], totals: {price: SUM}}
  plan: {title: 日程, type: calendar, start: at, title_field: name}
  recent: {title: 近期, type: grid, where: day >= TODAY() - 30, sort: [-at, city]}
  far: {title: 外, type: list, where: maker.rank > 1 AND maker.city <> BLANK, sort: [maker, -qty]}
`,
};

export const WORDS = ['北京', '上海', '重庆', '长沙', '张三', '李四', '王五', '赵六', '阿里', '银行', 'alpha', 'Beta', 'beta', 'ALPHA', '榫卯', '100%', 'a_b', '中文 mixed', 'Ωmega', '👩‍👩‍👧', '“引号”', "o'clock", '\\', '1', '10', '9', '乐', '行长', '厦门', 'ＡＢＣ'];

/** A generator of numbers from a seed, the same everywhere. */
export function dice(seed) {
  let s = seed >>> 0 || 1;
  const next = () => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return s;
  };
  const below = (n) => next() % n;
  return { below, pick: (list) => list[below(list.length)], chance: (p) => below(1000) < p * 1000 };
}

const pad = (n) => String(n).padStart(2, '0');

/** The day that the rows and the queries lie around. */
export const NOW = '2026-11-24T08:00:00Z';
const DAY = (d) => (d.chance(0.3) ? new Date(Date.parse(NOW) + (d.below(80) - 40) * 86400000).toISOString().slice(0, 10) : `20${pad(20 + d.below(8))}-${pad(1 + d.below(12))}-${pad(1 + d.below(28))}`);

function lineRow(d) {
  return { part: d.chance(0.1) ? null : d.pick(WORDS), n: d.below(9) - 2, cost: d.below(9999) / 100, due: d.chance(0.2) ? null : DAY(d) };
}

function itemRow(d, makers, members) {
  const maybe = (v) => (d.chance(0.15) ? null : v);
  const text = () => Array.from({ length: 1 + d.below(3) }, () => d.pick(WORDS)).join(d.pick(['', ' ', '-']));
  return {
    name: maybe(text()),
    memo: maybe(Array.from({ length: d.below(12) }, text).join('，')),
    kind: maybe(d.pick(['a', 'b', 'c'])),
    tags: maybe(['x', 'y', 'z'].filter(() => d.chance(0.5))),
    price: maybe((d.below(200000) - 50000) / 100),
    qty: maybe(d.below(20) - 5),
    ratio: maybe(d.pick([0.1, 1 / 3, -2.5, 1e-9, 12345678.9, 0, d.below(1000) / 7])),
    share: maybe(d.below(10001) / 10000),
    day: maybe(DAY(d)),
    at: d.chance(0.2) ? `${DAY(d)}T${pad(d.below(24))}:${pad(d.below(60))}:${pad(d.below(60))}Z` : maybe(`2026-${pad(1 + d.below(12))}-${pad(1 + d.below(28))}T${pad(d.below(24))}:${pad(d.below(60))}:00Z`),
    clock: maybe(`${pad(d.below(24))}:${pad(d.below(60))}:00`),
    done: maybe(d.chance(0.5)),
    maker: maybe(d.pick(makers)),
    who: maybe(d.pick(members)),
    crew: maybe(members.filter(() => d.chance(0.4))),
    also: maybe([...new Set(Array.from({ length: d.below(4) }, () => d.pick(makers)))]),
    stars: maybe(1 + d.below(5)),
    mail: maybe(`u${d.below(30)}@example.com`),
    lines: Array.from({ length: d.chance(0.4) ? d.below(4) : 0 }, () => lineRow(d)),
  };
}

/** Writes the app into a folder of its own. */
export function apps() {
  const dir = mkdtempSync(join(tmpdir(), 'mortise-store-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(dir, 'apps/shop', path, '..'), { recursive: true });
    writeFileSync(join(dir, 'apps/shop', path), text);
  }
  return { dir, apps: join(dir, 'apps'), drop: () => rmSync(dir, { recursive: true, force: true }) };
}

async function ok(promise) {
  const r = await promise;
  if (r.status >= 300) throw new Error(`${r.status} ${JSON.stringify(r.body).slice(0, 400)}`);
  return r.body;
}

/** Fills a server with n items. */
export async function fill(s, n, seed = 7) {
  const chief = await login(s, 'chief');
  const clerk = await login(s, 'clerk');
  const members = [chief.me.id, clerk.me.id];
  const d = dice(seed);
  const F = '/apps/shop/forms';
  const bulk = async (form, rows) => {
    const ids = [];
    for (let i = 0; i < rows.length; i += 100) {
      const r = await ok(chief.post(`${F}/${form}/records/batch`, { create: rows.slice(i, i + 100) }));
      for (const x of r.results) {
        if (x.status >= 300) throw new Error(JSON.stringify(x));
        ids.push(x.id);
      }
    }
    return ids;
  };
  const makers = await bulk('maker', Array.from({ length: 30 }, (_, i) => ({ name: `${d.pick(WORDS)}${i}`, city: d.chance(0.2) ? null : d.pick(WORDS), rank: d.below(4), kinds: ['a', 'b', 'c'].filter(() => d.chance(0.4)), since: d.chance(0.2) ? null : DAY(d), owner: d.chance(0.3) ? null : d.pick(members) })));
  const items = await bulk('item', Array.from({ length: n }, () => itemRow(d, makers, members)));
  for (const id of items.filter(() => d.chance(0.05))) await chief.del(`${F}/item/records/${id}`, { 'If-Match': '*' });
  return { makers, items, members };
}

export const sqlite = (data) => `sqlite:${join(data, 'mortise.db')}`;
export function schema(name) {
  const base = process.env.MORTISE_TEST_PG;
  return `${base}${base.includes('?') ? '&' : '?'}schema=${name}${process.pid}`;
}

export function move(from, to, options = {}) {
  return run(['move', '--from', from, '--to', to], { timeout: 120_000, ...options });
}

/** A copy of a data folder (keys too) that another server may use. */
export function copyData(data) {
  const copy = `${data}-2`;
  cpSync(data, copy, { recursive: true, filter: (p) => !/(\.sock|mortise\.db.*|lock)$/.test(p) });
  try {
    cpSync(`${data}.keys`, `${copy}.keys`, { recursive: true });
  } catch {
    /* no keys were made */
  }
  return copy;
}
export { login, run, serve };
