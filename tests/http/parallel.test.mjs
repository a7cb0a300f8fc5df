// Fifty at once on one record, one unique value, one key: nothing is lost, nothing happens twice.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip } from './lib.mjs';

const F = '/apps/past/forms/order';
const N = 50;

test('in parallel', { skip, timeout: 120_000 }, async (t) => {
  const data = (await import('./lib.mjs')).folder();
  const apps = join(root, 'tests/http/past');
  let s = await serve(t, { apps, data, mayFail: true });
  let boss = await login(s, 'boss');
  const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);
  const all = (fn) => Promise.all(Array.from({ length: N }, (_, i) => fn(i)));
  const make = async (body) => ok(await boss.post(`${F}/records`, body), 201);
  /* Reads, changes, writes with If-Match, and begins again where somebody was faster. */
  const retry = async (path, change) => {
    for (let tries = 0; tries < 400; tries++) {
      const got = await boss.get(path);
      const r = await boss.patch(path, change(got.body), { 'If-Match': got.headers.get('etag') });
      if (r.status === 200) return;
      assert.ok([412, 503].includes(r.status), JSON.stringify(r.body));
      await new Promise((go) => setTimeout(go, Math.random() * 20));
    }
    throw new Error('never got through');
  };

  await t.test('fifty increments of one number', async () => {
    const r = await make({ subject: '计数', amount: 0 });
    await all(() => retry(`${F}/records/${r._id}`, (now) => ({ amount: now.amount + 1 })));
    const now = ok(await boss.get(`${F}/records/${r._id}`));
    assert.deepEqual([now.amount, now._version], [N, N + 1]);
    const h = ok(await boss.get(`${F}/records/${r._id}/history`)).history;
    assert.equal(h.length, N + 1);
    assert.equal(new Set(h.map((e) => e.version)).size, N + 1);
  });

  await t.test('fifty rows added to one sub-table', async () => {
    const r = await make({ subject: '明细' });
    await all((i) => retry(`${F}/records/${r._id}`, (now) => ({ lines: [...now.lines, { part: `p${i}`, n: 1 }] })));
    const now = ok(await boss.get(`${F}/records/${r._id}`));
    assert.equal(new Set(now.lines.map((l) => l.part)).size, N);
  });

  await t.test('different fields of one version merge, the same field conflicts with both values', async () => {
    const fields = { subject: 's', amount: 7, cost: 8, due: '2026-02-03', region: 'north', tags: ['hot'] };
    const r = await make({ subject: '合' });
    const got = await Promise.all(Object.entries(fields).map(([k, v]) => boss.patch(`${F}/records/${r._id}`, { [k]: v, _version: 1 })));
    assert.deepEqual(got.map((x) => x.status), Array(6).fill(200), JSON.stringify(got.map((x) => x.body)));
    const now = ok(await boss.get(`${F}/records/${r._id}`));
    for (const [k, v] of Object.entries(fields)) assert.deepEqual(now[k], v);
    const both = await all((i) => boss.patch(`${F}/records/${r._id}`, { subject: `w${i}`, _version: now._version }));
    assert.equal(both.filter((x) => x.status === 200).length, 1);
    const lost = both.filter((x) => x.status === 409);
    assert.equal(lost.length, N - 1);
    const won = ok(await boss.get(`${F}/records/${r._id}`)).subject;
    for (const x of lost) {
      const e = x.body.errors[0];
      assert.deepEqual([e.field, e.theirs, /^w\d+$/.test(e.yours)], ['subject', won, true]);
    }
    const strict = await all((i) => boss.patch(`${F}/records/${r._id}`, { amount: i }, { 'If-Match': `"${now._version + 1}"` }));
    assert.deepEqual([strict.filter((x) => x.status === 200).length, strict.filter((x) => x.status === 412).length], [1, N - 1]);
    assert.equal((await boss.patch(`${F}/records/${r._id}`, { amount: 1 })).status, 428);
  });

  await t.test('fifty creators of one unique value: one wins', async () => {
    const got = await all((i) => boss.post(`${F}/records`, { subject: `u${i}`, code: 'U-1' }));
    assert.equal(got.filter((x) => x.status === 201).length, 1);
    assert.equal(got.filter((x) => x.status === 409).length, N - 1, JSON.stringify(got.map((x) => x.status)));
    assert.equal(ok(await boss.get(`${F}/records?filter=${encodeURIComponent('code = "U-1"')}&count=exact`)).total, 1);
  });

  await t.test('fifty serial numbers: no gap, no double', async () => {
    const made = await all(async (i) => make({ subject: `n${i}` }));
    const nos = made.map((r) => Number(r.no.slice(1))).sort((a, b) => a - b);
    assert.deepEqual(nos, nos.map((_, i) => nos[0] + i));
  });

  await t.test('one Idempotency-Key, fifty times at once: one record; other words are 422; kept over a crash', async () => {
    const key = { 'Idempotency-Key': 'k-1' };
    const got = await all(() => boss.post(`${F}/records`, { subject: '一次' }, key));
    assert.deepEqual([...new Set(got.map((x) => x.status))], [201], JSON.stringify(got.find((x) => x.status !== 201)?.body));
    assert.equal(new Set(got.map((x) => x.body._id)).size, 1);
    assert.equal((await boss.post(`${F}/records`, { subject: '别的' }, key)).status, 422);
    s.child.kill('SIGKILL');
    await s.exited;
    s = await serve(t, { apps, data, mayFail: true });
    boss = await login(s, 'boss');
    const again = await boss.post(`${F}/records`, { subject: '一次' }, key);
    assert.deepEqual([again.status, again.body._id, again.headers.get('idempotency-replayed')], [201, got[0].body._id, 'true']);
    assert.equal(ok(await boss.get(`${F}/records?filter=${encodeURIComponent('subject = "一次"')}`)).total, 1);
  });

  await t.test('a batch is all or nothing, and later parts name earlier ones', async () => {
    const r = ok(await boss.post('/batch', {
      requests: [
        { method: 'POST', path: '/apps/past/forms/buyer/records', body: { name: '批' } },
        { method: 'POST', path: `${F}/records`, body: { subject: '批单', buyer: '$0._id' } },
        { method: 'PATCH', path: `${F}/records/$1._id`, body: { amount: 3, _version: 1 } },
      ],
    }));
    assert.deepEqual(r.results.map((x) => x.status), [201, 201, 200]);
    assert.equal(r.results[2].record.buyer.id, r.results[0].id);
    const bad = await boss.post(`${F}/records/batch`, { create: [{ subject: 'b1' }, { subject: 'b2' }, { subject: '', lines: [{ part: 'x', n: 0 }] }] });
    assert.equal(bad.status, 422);
    assert.deepEqual(bad.body.errors.map((e) => e.field).sort(), ['create[2].lines[0].n', 'create[2].subject']);
    assert.equal(ok(await boss.get(`${F}/records?filter=${encodeURIComponent('subject = "b1"')}`)).total, 0);
  });
});
