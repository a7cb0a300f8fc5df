// The same rows on SQLite and PostgreSQL: generated lists, counts, groups and searches answer with the same bytes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { skip } from '../http/lib.mjs';
import { apps, copyData, dice, fill, login, move, schema, serve, sqlite, WORDS } from './lib.mjs';

const N = Number(process.env.MORTISE_CASES ?? 5000);
const SEED = Number(process.env.MORTISE_SEED ?? 20261124);
const text = (d) => `"${d.pick(WORDS).replaceAll('"', '""')}"`;
const number = (d) => d.pick(['0', '1', '-3', '12.5', '100', '999.99', '0.1', '5']);

const ATOMS = [
  (d) => `${d.pick(['name', 'memo', 'city', 'maker.name', 'maker.city'])} ${d.pick(['=', '<>', '<', '<=', '>', '>='])} ${text(d)}`,
  (d) => `${d.pick(['name', 'memo', 'city', 'maker.name'])} CONTAINS ${text(d)}`,
  (d) => `${d.pick(['price', 'qty', 'ratio', 'share', 'total', 'maker.rank'])} ${d.pick(['=', '<>', '<', '<=', '>', '>='])} ${number(d)}`,
  (d) => `kind IN ["a", "${d.pick(['b', 'c'])}"]`,
  (d) => `tags CONTAINS "${d.pick(['x', 'y', 'z'])}"`,
  (d) => `${d.pick(['name', 'memo', 'kind', 'tags', 'price', 'qty', 'ratio', 'day', 'at', 'clock', 'done', 'maker', 'city'])} ${d.pick(['=', '<>'])} BLANK`,
  (d) => `done = ${d.pick(['TRUE', 'FALSE'])}`,
  (d) => `day ${d.pick(['<', '>=', '='])} DATE(20${20 + d.below(8)}, ${1 + d.below(12)}, ${1 + d.below(28)})`,
  (d) => `${d.pick(['YEAR', 'MONTH', 'DAY'])}(${d.pick(['day', 'at'])}) ${d.pick(['=', '>', '<'])} ${d.pick(['3', '10', '2024'])}`,
  (d) => `${d.pick(['price * qty', 'price + ratio', 'qty - share', 'price / qty', 'ROUND(price, 0)', 'ABS(price)', '-price'])} ${d.pick(['>', '<', '='])} ${number(d)}`,
  (d) => `LEN(name) ${d.pick(['>', '<', '='])} ${1 + d.below(9)}`,
  (d) => `LEFT(name, ${1 + d.below(3)}) = ${text(d)}`,
  (d) => `IF(${d.pick(['done', 'qty > 3', 'kind = "a"'])}, price, qty) > ${number(d)}`,
];

function condition(d, depth = 0) {
  if (depth > 2 || d.chance(0.55)) return d.pick(ATOMS)(d);
  if (d.chance(0.2)) return `NOT (${condition(d, depth + 1)})`;
  return `(${condition(d, depth + 1)} ${d.pick(['AND', 'OR'])} ${condition(d, depth + 1)})`;
}

const SORTS = ['name', 'memo', 'kind', 'price', 'qty', 'ratio', 'share', 'day', 'at', 'clock', 'done', 'maker', 'total', 'city', '_created_at'];
const sorts = (d) => Array.from({ length: 1 + d.below(3) }, () => (d.chance(0.5) ? '-' : '') + d.pick(SORTS)).join(',');

function list(d) {
  const q = { limit: String(d.pick([3, 20, 50, 200])), count: d.pick(['capped', 'exact', 'none']) };
  if (d.chance(0.75)) q.filter = condition(d);
  if (d.chance(0.7)) q.sort = sorts(d);
  if (d.chance(0.2)) q.search = d.pick(WORDS);
  if (d.chance(0.3)) q.fields = ['name', 'price', 'maker', 'city', 'total'].filter(() => d.chance(0.6)).join(',') || 'name';
  return `records?${new URLSearchParams(q)}`;
}

function groups(d) {
  const q = { metrics: ['COUNT()', 'SUM(price)', 'SUM(qty)', 'AVERAGE(price)', 'MIN(day)', 'MAX(price)', 'MIN(name)', 'COUNTD(kind)', 'MAX(at)', 'AVERAGE(ratio)'].filter(() => d.chance(0.3)).join(',') || 'COUNT()' };
  q.group = d.pick(['kind', 'done', 'city', 'maker', 'YEAR(day)', 'MONTH(day)', 'kind,done', 'name']);
  if (d.chance(0.5)) q.filter = condition(d);
  return `aggregate?${new URLSearchParams(q)}`;
}

/** Bytes that may differ: nothing but the cursor's signature is the server's own. */
const answer = async (client, path) => {
  const r = await client.get(path);
  const body = r.body && typeof r.body === 'object' && r.body.next ? { ...r.body, next: r.body.next.split('.')[0] } : r.body;
  return { status: r.status, body: JSON.stringify(body), next: r.body?.next };
};

test('equal answers', { skip: skip || (process.env.MORTISE_TEST_PG ? false : 'no PostgreSQL') }, async (t) => {
  const a = apps();
  const data = mkdtempSync(join(tmpdir(), 'mortise-parity-'));
  const url = schema('parity');
  t.after(() => {
    a.drop();
    for (const d of [data, `${data}-2`, `${data}.keys`, `${data}-2.keys`]) rmSync(d, { recursive: true, force: true });
  });
  await t.test('rows are made on SQLite and moved', async (t2) => {
    const s = await serve(t2, { data, apps: a.apps, args: ['--store', sqlite(data)] });
    await fill(s, 700);
    assert.equal(await s.stop(), 0);
    const moved = move(sqlite(data), url);
    assert.equal(moved.code, 0, moved.err);
  });
  const twin = copyData(data);
  const one = await serve(t, { data, apps: a.apps, args: ['--store', sqlite(data)], demo: false });
  const two = await serve(t, { data: twin, apps: a.apps, args: ['--store', url], demo: false });
  await t.test('lists are ordered by pinyin on both', async () => {
    const zh = new Intl.Collator('zh-u-co-pinyin-kn-true');
    for (const s of [one, two]) {
      const r = await (await login(s, 'chief')).get('/apps/shop/forms/item/records?sort=name&limit=200&filter=name%20%3C%3E%20BLANK');
      const names = r.body.records.map((x) => x.name);
      assert.equal(names.length, 200);
      for (let i = 1; i < names.length; i++) assert.ok(zh.compare(names[i - 1], names[i]) <= 0, `${names[i - 1]} before ${names[i]}`);
    }
  });
  for (const who of ['chief', 'clerk']) {
    await t.test(`${N / 2} generated queries as ${who}`, async () => {
      const [left, right] = [await login(one, who), await login(two, who)];
      const d = dice(SEED + who.length);
      const differ = [];
      let good = 0;
      for (let i = 0; i < N / 2; i++) {
        let path = `/apps/shop/forms/item/${d.chance(0.75) ? list(d) : groups(d)}`;
        for (let page = 0; page < 3; page++) {
          const [x, y] = await Promise.all([answer(left, path), answer(right, path)]);
          good += x.status === 200;
          if (x.status !== y.status || x.body !== y.body) differ.push({ path: decodeURIComponent(path), x: `${x.status} ${x.body.slice(0, 300)}`, y: `${y.status} ${y.body.slice(0, 300)}` });
          if (!x.next || !y.next || page || x.status !== 200 || !d.chance(0.2)) break;
          // the next page, each with its own cursor
          const [xn, yn] = await Promise.all([answer(left, `${path}&after=${x.next}`), answer(right, `${path}&after=${y.next}`)]);
          if (xn.body !== yn.body) differ.push({ path: `${decodeURIComponent(path)} page 2`, x: xn.body.slice(0, 300), y: yn.body.slice(0, 300) });
          break;
        }
        if (differ.length > 20) break;
      }
      assert.deepEqual(differ.slice(0, 5), [], `${differ.length} of ${N / 2} differ (seed ${SEED})`);
      assert.ok(good > N / 4, `only ${good} of ${N / 2} queries were answered`);
    });
  }
});
