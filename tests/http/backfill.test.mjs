// Computed columns that a publish makes untrue are filled by a job: values are right at every moment, writes keep theirs,
// and a server that was killed goes on where it stopped.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip, until } from './lib.mjs';

const ROWS = 20_000;
const OWNERS = 40;
const F = '/apps/shop/forms';
const q = encodeURIComponent;

test('back-fill', { skip }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'mortise-fill-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const start = (apps) => serve(t, { apps, own: apps === undefined, data, mayFail: true });
  const first = await serve(t, { apps: join(root, 'tests/http/apps_calc'), own: true, data, mayFail: true });
  const apps = first.apps;
  let [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(first, n)));

  const upload = async (s, form, text) => {
    const body = new FormData();
    body.append('file', new Blob([text]), 'rows.csv');
    const r = await fetch(`${s.base}/api/v1${F}/${form}/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } });
    const { job } = await r.json();
    return until(async () => {
      const j = (await boss.get(`/jobs/${job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    }, 120_000);
  };
  await upload(first, 'owner', `name\n${Array.from({ length: OWNERS }, (_, i) => `o${i}`).join('\n')}\n`);
  const price = (i) => ((i * 37) % 10_000) / 100;
  const rows = Array.from({ length: ROWS }, (_, i) => `i${i},o${i % OWNERS},${(i % 9) + 1},${price(i).toFixed(2)}`);
  const imported = await upload(first, 'item', `name,owner,qty,price\n${rows.join('\n')}\n`);
  assert.equal(imported.created, ROWS, JSON.stringify(imported));

  const amount = (i) => Math.round(price(i) * 100) * ((i % 9) + 1);
  const all = Array.from({ length: ROWS }, (_, i) => amount(i));
  const want = (k) => all.reduce((sum, x, i) => (i % OWNERS === k ? sum + x : sum), 0);

  const edit = (form, field) => {
    const path = join(apps, 'shop/forms', `${form}.yaml`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('permissions:', `${field}\npermissions:`));
  };
  const publish = async () => {
    const plan = (await admin.post('/admin/apps/shop/plan', {})).body;
    const begin = performance.now();
    const r = await admin.post('/admin/apps/shop/publish', { plan_hash: plan.plan_hash });
    assert.equal(r.status, 200, JSON.stringify([r.body, plan]));
    return { ...r.body, ms: performance.now() - begin };
  };
  const cents = (x) => Math.round(x * 100);
  const check = async (what) => {
    const k = 7;
    const owner = (await boss.get(`${F}/owner/records?filter=${q(`name = "o${k}"`)}`)).body.records[0];
    assert.equal(cents(owner.total), want(k), `${what}: the total of an owner`);
    const i = ROWS - 5;
    const one = (await boss.get(`${F}/item/records?filter=${q(`name = "i${i}"`)}`)).body.records[0];
    assert.equal(cents(one.amount), all[i], `${what}: the amount of the last rows`);
    const found = (await boss.get(`${F}/item/records?count=exact&limit=1&filter=${q('amount > 500')}`)).body.total;
    assert.equal(found, all.filter((x) => x > 50_000).length, `${what}: a filter`);
    const sum = (await boss.get(`${F}/item/aggregate?metrics=${q('SUM(amount)')}`)).body.rows[0]['SUM(amount)'];
    assert.equal(cents(sum), all.reduce((x, y) => x + y), `${what}: the sum`);
    const top = (await boss.get(`${F}/item/records?sort=-amount&limit=1`)).body.records[0];
    assert.equal(cents(top.amount), Math.max(...all), `${what}: sorted`);
  };

  edit('item', '  amount: {type: formula, title: 金额, value: qty * price, scale: 2}');
  edit('owner', '  total: {type: rollup, title: 合计, of: item.owner, value: SUM(amount), scale: 2}');
  const published = await publish();
  assert.ok(published.job, 'the publish answers the job');
  await check('filling');

  // a write during the fill keeps its value, and what reads it follows
  const write = async (i, to) => {
    const r = (await boss.get(`${F}/item/records?filter=${q(`name = "i${i}"`)}`)).body.records[0];
    const done = await boss.patch(`${F}/item/records/${r._id}`, { qty: to }, { 'If-Match': `"${r._version}"` });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    all[i] = Math.round(price(i) * 100) * to;
    assert.equal(cents(done.body.amount), all[i]);
  };
  await write(7, 50);
  await write(ROWS - 33, 60);
  await check('written while filling');

  const before = (await admin.get(`/jobs/${published.job}`)).body ?? {};
  assert.ok(before.done < ROWS, 'killed in the middle');
  first.child.kill('SIGKILL');
  await first.exited;
  const second = await start(apps);
  [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(second, n)));
  await check('after kill -9');
  await write(47, 70);
  const job = await until(async () => {
    const j = (await admin.get(`/jobs/${published.job}`)).body;
    return ['done', 'failed'].includes(j.state) && j;
  }, 60_000);
  assert.equal(job.state, 'done', JSON.stringify(job));
  t.diagnostic(`publish ${published.ms.toFixed(0)} ms; killed at ${before.done ?? '?'} of ${ROWS}; job ${job.done}/${job.total}`);
  await check('filled');
  assert.equal((await admin.post('/admin/apps/shop/plan', {})).body.backfill, undefined);
  await write(87, 80);
  await check('written after');
  const owners = (await boss.get(`${F}/owner/records?limit=100`)).body.records;
  for (const o of owners) assert.equal(cents(o.total), want(Number(o.name.slice(1))), o.name);
});
