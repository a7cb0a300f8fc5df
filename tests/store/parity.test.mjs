// The same rows on SQLite and PostgreSQL: generated lists, counts, groups and searches answer with the same bytes.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { call, skip } from '../http/lib.mjs';
import { apps, copyData, dice, fill, login, move, NOW, schema, serve, sqlite } from './lib.mjs';
import { queries } from './queries.mjs';

const N = Number(process.env.MORTISE_CASES ?? 400);
const SEED = Number(process.env.MORTISE_SEED ?? 20261124);
const F = '/apps/shop/forms';
const MANY = 200; // pages of one cursor

/** What may differ: nothing but the cursor's signature, which is the server's own. */
async function answer(client, { method, path, body }) {
  const r = method === 'GET' ? await client.get(F + path) : await client.post(F + path, body);
  const next = r.body?.next;
  const shown = next ? { ...r.body, next: next.split('.')[0] } : r.body;
  if (shown && typeof shown === 'object') delete shown.request_id;
  return { status: r.status, text: typeof shown === 'string' ? shown : JSON.stringify(shown), next, ids: r.body?.records?.map((x) => x._id) };
}

/** The first place where two texts part. */
function parting(x, y) {
  let i = 0;
  while (i < x.length && x[i] === y[i]) i++;
  return [x.slice(Math.max(0, i - 60), i + 200), y.slice(Math.max(0, i - 60), i + 200)];
}

/** One request on both sides, its cursor to the end when it says so. */
async function compare(left, right, one) {
  const say = (x, y, page) => ({ ...one, path: decodeURIComponent(one.path.replaceAll('+', ' ')), page, x: x.status, y: y.status, parts: parting(x.text, y.text) });
  let [x, y] = await Promise.all([answer(left, one), answer(right, one)]);
  const seen = new Set(x.ids);
  const all = [x.ids];
  let rows = x.ids?.length ?? 0;
  for (let page = 1; ; page++) {
    if (x.status !== y.status || x.text !== y.text) return { status: x.status, differs: say(x, y, page), pages: page };
    if (x.status >= 500) return { status: x.status, differs: say(x, y, page), pages: page };
    if (!one.follow || !x.next || page === MANY) {
      const twice = one.follow && rows !== seen.size && { ...one, page, parts: [`${rows} rows, ${seen.size} of them different`, JSON.stringify(all)] };
      return { status: x.status, differs: twice || null, pages: page };
    }
    const at = (c) => ({ method: 'GET', path: `${one.path}&after=${encodeURIComponent(c)}` });
    [x, y] = await Promise.all([answer(left, at(x.next)), answer(right, at(y.next))]);
    for (const id of x.ids ?? []) seen.add(id);
    rows += x.ids?.length ?? 0;
    all.push(x.ids);
  }
}

test('equal answers', { skip: skip || (process.env.MORTISE_TEST_PG ? false : 'no PostgreSQL') }, async (t) => {
  const a = apps();
  const data = mkdtempSync(join(tmpdir(), 'mortise-parity-'));
  const url = schema('parity');
  t.after(() => {
    a.drop();
    for (const d of [data, `${data}-2`, `${data}.keys`, `${data}-2.keys`]) rmSync(d, { recursive: true, force: true });
  });
  let rows;
  await t.test('rows are made on SQLite and moved', async (t2) => {
    const s = await serve(t2, { data, apps: a.apps, args: ['--store', sqlite(data), '--test-clock'] });
    await call(s, 'POST', '/test/clock', { body: { now: NOW } });
    rows = await fill(s, 700);
    assert.equal(await s.stop(), 0);
    const moved = move(sqlite(data), url);
    assert.equal(moved.code, 0, moved.err);
  });
  const twin = copyData(data);
  const one = await serve(t, { data, apps: a.apps, args: ['--store', sqlite(data), '--test-clock'], demo: false });
  const two = await serve(t, { data: twin, apps: a.apps, args: ['--store', url, '--test-clock'], demo: false });
  for (const s of [one, two]) await call(s, 'POST', '/test/clock', { body: { now: NOW } });
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
    await t.test(`${N / 2} generated queries as ${who}, seed ${SEED}`, async (u) => {
      const [left, right] = [await login(one, who), await login(two, who)];
      const todo = queries(dice(SEED + who.length), N / 2, rows);
      const differ = [];
      const seen = {};
      let pages = 0;
      await Promise.all(
        Array.from({ length: 3 }, async () => {
          for (let request; differ.length < 20 && (request = todo.shift()); ) {
            const r = await compare(left, right, request);
            seen[r.status] = (seen[r.status] ?? 0) + 1;
            pages += r.pages;
            if (r.differs) differ.push(r.differs);
          }
        }),
      );
      u.diagnostic(`answers by status ${JSON.stringify(seen)}, ${pages} pages`);
      if (process.env.MORTISE_DIFFERS && differ.length) appendFileSync(process.env.MORTISE_DIFFERS, differ.map((x) => `${JSON.stringify({ who, ...x })}\n`).join(''));
      assert.deepEqual(differ.slice(0, 8), [], `${differ.length} differ (MORTISE_SEED=${SEED})`);
      assert.ok(seen[200] > (N / 2) * 0.6, `only ${seen[200]} of ${N / 2} queries were answered`);
    });
  }
});
