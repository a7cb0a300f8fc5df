// A column whose type changes is copied in small transactions before the publish swaps it: the server serves, what is
// written meanwhile is carried over, and one that was killed goes on.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip, until } from './lib.mjs';

const ROWS = Number(process.env.MORTISE_CONVERT_ROWS ?? 20_000);
const F = '/apps/shop/forms';
const q = encodeURIComponent;
const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);

test('type conversion', { skip }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'mortise-convert-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const first = await serve(t, { apps: join(root, 'tests/http/apps_convert'), own: true, data, mayFail: true });
  const apps = first.apps;
  let server = first;
  let [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(server, n)));
  const text = `code,size,tag,lines.qty\n${Array.from({ length: ROWS }, (_, i) => `c${i},${i % 100 === 3 ? 'n/a' : i},t${i % 3},${i % 7}`).join('\n')}\n`;
  const body = new FormData();
  body.append('file', new Blob([text]), 'rows.csv');
  const started = await (await fetch(`${server.base}/api/v1${F}/part/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } })).json();
  const made = await until(async () => {
    const j = (await boss.get(`/jobs/${started.job}`)).body;
    return ['done', 'failed'].includes(j.state) && j;
  }, 240_000);
  assert.equal(made.created, ROWS, JSON.stringify(made));

  const path = join(apps, 'shop/forms/part.yaml');
  const edit = (...pairs) => writeFileSync(path, pairs.reduce((s, [a, b]) => (assert.ok(s.includes(a), a), s.replace(a, b)), readFileSync(path, 'utf8')));
  const one = async (code) => {
    for (;;) {
      const r = await boss.get(`${F}/part/records?filter=${q(`code = "${code}"`)}`);
      if (r.status === 200) return r.body.records[0];
      assert.ok([409, 503].includes(r.status), JSON.stringify(r.body)); // the swap, at this very moment
    }
  };
  const full = async (code) => {
    const id = (await one(code))._id;
    return ok(await boss.get(`${F}/part/records/${id}`));
  };
  const plan = async () => ok(await admin.post('/admin/apps/shop/plan', {}));
  const publish = async (more = {}) => admin.post('/admin/apps/shop/publish', { plan_hash: (await plan()).plan_hash, ...more });

  // the plan tells what does not convert, and where
  edit(['size: {type: text, title: 尺寸}', 'size: {type: number, title: 尺寸, scale: 1}'], ['qty: {type: text', 'qty: {type: number, scale: 0']);
  const p = await plan();
  const change = p.changes.find((c) => c.kind === 'destructive');
  assert.equal(change.rows, Math.ceil((ROWS - 3) / 100), JSON.stringify(p.changes));
  assert.ok(change.examples.length > 0 && change.examples.length <= 20);
  assert.equal(ok(await boss.get(`${F}/part/records/${change.examples[0]}`)).size, 'n/a');
  assert.equal((await publish()).body.code, 'data_loss');

  // while it is copied the server reads and writes, quickly
  let stop = false;
  const worst = { read: 0, write: 0 };
  const timed = async (what, fn) => {
    const begin = performance.now();
    const r = await fn();
    worst[what] = Math.max(worst[what], performance.now() - begin);
    return r;
  };
  let n = 0;
  const written = new Map();
  const writer = (async () => {
    while (!stop) {
      const i = (n * 7919) % ROWS;
      const r = await one(`c${i}`);
      const to = String(1_000_000 + n++);
      const done = await timed('write', () => boss.patch(`${F}/part/records/${r._id}`, { size: typeof r.size === 'number' ? Number(to) : to, _version: r._version }));
      if (done.status === 200) written.set(`c${i}`, Number(to));
      else assert.ok([409, 422, 503].includes(done.status), JSON.stringify(done.body)); // the definition changed under it
    }
  })();
  const reader = (async () => {
    while (!stop) await timed('read', () => boss.get(`${F}/part/records?limit=20&sort=-code`));
  })();
  const begin = performance.now();
  let r = await publish({ allow_data_loss: true });
  for (let i = 0; i < 30 && r.body.code === 'plan_changed'; i++) r = await publish({ allow_data_loss: true });
  const ms = performance.now() - begin;
  if (r.status === 202) {
    const job = await until(async () => {
      const j = (await admin.get(`/jobs/${r.body.job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    }, 240_000);
    assert.equal(job.state, 'done', JSON.stringify(job));
  } else if (r.status !== 200) assert.fail(JSON.stringify(r.body) + server.text.slice(-1500));
  stop = true;
  await Promise.all([writer, reader]);
  t.diagnostic(server.text.split('\n').filter((l) => l.includes('"published"')).at(-1) ?? 'no log');
  t.diagnostic(`${ROWS} rows: publish ${ms.toFixed(0)} ms, slowest read ${worst.read.toFixed(0)} ms, slowest write ${worst.write.toFixed(0)} ms, ${n} writes meanwhile`);
  assert.ok(n > 0);
  // Connections made before the publish read on with the new definition, each of them.
  for (let i = 0; i < 40; i++) assert.equal((await boss.get(`${F}/part/records?limit=${1 + i % 5}`)).status, 200, `read ${i} after the publish`);

  for (const [code, to] of [...written].slice(-50)) assert.equal((await one(code)).size, to, `${code}: written meanwhile`);
  const plain = [...Array(200).keys()].map((i) => i * 97 % ROWS).filter((i) => i % 100 !== 3 && !written.has(`c${i}`)).slice(0, 40);
  for (const i of plain) assert.equal((await one(`c${i}`)).size, i);
  if (!written.has('c3')) assert.equal((await one('c3')).size, null, 'what does not convert is blank');
  assert.deepEqual((await full('c10')).lines.map((x) => x.qty), [3]);
  const bad = [...Array(ROWS).keys()].filter((i) => i % 100 === 3 && !written.has(`c${i}`)).length;
  assert.equal((await boss.get(`${F}/part/records?count=exact&limit=1&filter=${q('size = BLANK')}`)).body.total, bad);
  const small = [...Array(ROWS).keys()].filter((i) => i < 500 && i % 100 !== 3 && !written.has(`c${i}`)).length;
  assert.equal((await boss.get(`${F}/part/records?count=exact&limit=1&filter=${q('size < 500')}`)).body.total, small, 'a filter');

  // a unique rule over another type: killed in the middle, it goes on and publishes by itself
  edit(['code: {type: text, title: 代码, unique: true}', 'code: {type: textarea, title: 代码}'], ['tag: {type: text', 'tag: {type: multiselect, options: {t0: 零, t1: 一, t2: 二}']);
  const before = (await plan()).from;
  const pending = publish().catch(() => null);
  const seen = await until(async () => {
    const b = (await plan().catch(() => ({}))).backfill;
    return b?.publishing && b.done > 0 && b;
  }, 60_000, 5).catch(() => null);
  server.child.kill('SIGKILL');
  await server.exited;
  await pending;
  server = await serve(t, { apps, data, mayFail: true });
  [boss, admin] = await Promise.all(['boss', 'admin'].map((x) => login(server, x)));
  await until(async () => (await plan()).from === before + 1, 120_000);
  t.diagnostic(seen ? `killed at ${seen.done} of ${seen.total}` : 'it was faster than the kill');
  assert.equal((await plan()).backfill, undefined);
  const c11 = await one('c11');
  assert.deepEqual(c11.tag, ['t2']);
  assert.equal((await boss.get(`${F}/part/records?count=exact&limit=1&filter=${q('"t1" IN tag')}`)).body.total, [...Array(ROWS).keys()].filter((i) => i % 3 === 1).length);
  assert.equal((await boss.post(`${F}/part/records`, { code: 'c11', size: 1 })).status, 201, 'no longer unique');
  ok(await boss.post(`${F}/part/records/batch`, { delete: [(await one('c11'))._id] }));

  // and unique again: the folded column is copied too
  edit(['code: {type: textarea, title: 代码}', 'code: {type: text, title: 代码, unique: true}']);
  ok(await publish());
  assert.equal((await boss.post(`${F}/part/records`, { code: ' C11', size: 1 })).status, 409);
  assert.equal((await boss.post(`${F}/part/records`, { code: 'fresh', size: 1.25 })).body.size, 1.3);
});
