// Reading as of an instant: values of then with the rights of today.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { call, login, root, serve, skip } from './lib.mjs';

const F = '/apps/past/forms/order';
const B = '/apps/past/forms/buyer';

test('as of', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/past'), args: ['--test-clock'] });
  const tick = async (seconds = 60) => {
    const r = await call(s, 'POST', '/test/clock', { body: { advance: seconds } });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body.now;
  };
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const clerk = await login(s, 'clerk');
  const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);
  const q = (at) => `as_of=${encodeURIComponent(at)}`;

  const buyer = ok(await boss.post(`${B}/records`, { name: '甲公司', level: 'A' }), 201);
  const before = await tick();
  await tick();
  const a = ok(
    await agent.post(`${F}/records`, {
      subject: '一', code: 'X1', buyer: buyer._id, region: 'north', amount: 10.5, due: '2026-01-02', tags: ['hot'],
      lines: [{ part: '螺丝', n: 1 }, { part: '螺母', n: 2 }],
    }),
    201,
  );
  const b = ok(await agent.post(`${F}/records`, { subject: '二', region: 'north', amount: 20, buyer: buyer._id }), 201);
  const t1 = await tick();
  await tick();
  const lines = a.lines.map((l) => ({ ...l }));
  const a2 = ok(
    await agent.patch(`${F}/records/${a._id}`, {
      subject: '一改', amount: 99.25, due: '2026-05-06', tags: ['cold', 'new'], region: 'south',
      lines: [{ part: '垫片', n: 9 }, { ...lines[1], n: 7 }], _version: 1,
    }),
  );
  ok(await boss.patch(`${F}/records/${a._id}`, { cost: 5, _version: a2._version }));
  ok(await boss.patch(`${B}/records/${buyer._id}`, { name: '乙公司', level: 'B', _version: (await boss.get(`${B}/records/${buyer._id}`)).body._version }));
  assert.equal((await agent.del(`${F}/records/${b._id}`, { 'If-Match': '"1"' })).status, 204);
  const c = ok(await agent.post(`${F}/records`, { subject: '三', region: 'north', amount: 1 }), 201);
  const t2 = await tick();
  await tick();

  await t.test('one record: values, sub-rows, title, link and stamps of then', async () => {
    const r = ok(await boss.get(`${F}/records/${a._id}?${q(t1)}`));
    assert.deepEqual(
      [r.subject, r._title, r.amount, r.due, r.tags, r.region, r.cost, r._version, r.grade],
      ['一', '一', 10.5, '2026-01-02', ['hot'], 'north', null, 1, 'A'],
    );
    assert.deepEqual(r.lines.map((l) => [l._id, l.part, l.n]), lines.map((l) => [l._id, l.part, l.n]));
    assert.equal(r.buyer.title, '甲公司');
    assert.ok(!('_can' in r) && !('_buttons' in r));
    assert.ok(r._as_of);
    const now = ok(await boss.get(`${F}/records/${a._id}?${q(t2)}`));
    assert.deepEqual([now.subject, now.buyer.title, now.lines.map((l) => l.part)], ['一改', '乙公司', ['垫片', '螺母']]);
    assert.equal((await boss.get(`${F}/records/${a._id}?${q(before)}`)).status, 404);
    assert.equal((await boss.get(`${F}/records/${c._id}?${q(t1)}`)).status, 404);
  });

  await t.test('a rollup as it was stored then', async () => {
    assert.equal(ok(await boss.get(`${B}/records/${buyer._id}?${q(t1)}`)).total, 30.5);
    assert.equal(ok(await boss.get(`${B}/records/${buyer._id}?${q(before)}`)).total, 0);
    assert.equal(ok(await boss.get(`${B}/records/${buyer._id}?${q(t2)}`)).total, 99.25);
    const h = ok(await boss.get(`${B}/records/${buyer._id}/history`)).history;
    assert.deepEqual(h.map((e) => e.op), ['update', 'create']);
  });

  await t.test('a list: filter, sort, count, cursor; deleted rows of now are there, later ones are not', async () => {
    const l = ok(await boss.get(`${F}/records?${q(t1)}&sort=-amount`));
    assert.deepEqual(l.records.map((r) => r.subject), ['二', '一']);
    assert.equal(l.total, 2);
    const f = ok(await boss.get(`${F}/records?${q(t1)}&filter=${encodeURIComponent('buyer.level = "A" AND SUM(lines.n) = 3')}`));
    assert.deepEqual(f.records.map((r) => r.subject), ['一']);
    const page = ok(await boss.get(`${F}/records?${q(t1)}&sort=amount&limit=1`));
    const rest = ok(await boss.get(`${F}/records?${q(t1)}&sort=amount&limit=1&after=${encodeURIComponent(page.next)}`));
    assert.deepEqual([page.records[0].subject, rest.records[0].subject, rest.next], ['一', '二', null]);
    const p = ok(await boss.post(`${F}/query`, { as_of: t1, filter: 'region = "north"', count: 'exact' }));
    assert.equal(p.total, 2);
    assert.equal(ok(await boss.get(`${F}/records?${q(t1)}&search=${encodeURIComponent('一改')}`)).total, 0);
    assert.equal(ok(await boss.get(`${F}/records?${q(t1)}&expand=buyer`)).records.find((r) => r.subject === '一').buyer.level, 'A');
  });

  await t.test('an aggregate', async () => {
    const g = ok(await boss.get(`${F}/aggregate?${q(t1)}&group=region&metrics=SUM(amount),COUNT()`));
    assert.deepEqual(g.rows, [{ region: 'north', 'SUM(amount)': 30.5, 'COUNT()': 2 }]);
    const n = ok(await boss.get(`${F}/aggregate?${q(t2)}&group=region&metrics=SUM(amount)&sort=region`));
    assert.deepEqual(n.rows, [{ region: 'north', 'SUM(amount)': 1 }, { region: 'south', 'SUM(amount)': 99.25 }]);
  });

  await t.test('rights are those of today', async () => {
    // The clerk sees the north: order one lies in the south now, so he does not see it in the north of then.
    assert.deepEqual(ok(await clerk.get(`${F}/records?${q(t1)}`)).records.map((r) => r.subject), ['二']);
    assert.equal((await clerk.get(`${F}/records/${a._id}?${q(t1)}`)).status, 404);
    assert.equal((await clerk.get(`${F}/records?${q(t1)}&filter=${encodeURIComponent('amount > 1')}`)).status, 422);
    assert.ok(!('amount' in ok(await clerk.get(`${F}/records?${q(t1)}`)).records[0]));
    // The agent's own: handed over now, gone in the past too.
    const mine = ok(await agent.get(`${F}/records?${q(t1)}`)).records;
    assert.ok(!('cost' in mine[0]) && mine[0].lines.every((l) => !('cost' in l)));
    const now = ok(await boss.get(`${F}/records/${a._id}`));
    ok(await boss.patch(`${F}/records/${a._id}`, { _owner: boss.me.id, _version: now._version }));
    assert.equal((await agent.get(`${F}/records/${a._id}?${q(t1)}`)).status, 404);
    assert.deepEqual(ok(await agent.get(`${F}/records?${q(t1)}`)).records.map((r) => r.subject), ['二']);
    assert.deepEqual(ok(await agent.get(`${F}/aggregate?${q(t1)}&metrics=COUNT()`)).rows, [{ 'COUNT()': 1 }]);
    const outsider = await login(s, 'outsider');
    assert.equal((await outsider.get(`${F}/records?${q(t1)}`)).status, 404);
  });

  await t.test('what is no instant, or has not come', async () => {
    for (const bad of ['yesterday', '2026-13-01', '2999-01-01T00:00:00Z']) {
      const r = await boss.get(`${F}/records?as_of=${encodeURIComponent(bad)}`);
      assert.deepEqual([r.status, r.body.errors?.[0]?.field ?? 'as_of'], [422, 'as_of'], JSON.stringify(r.body));
    }
    assert.equal((await boss.get(`${F}/records?bin=1&${q(t1)}`)).status, 422);
    // and nothing of the past is left behind on the connection
    for (let i = 0; i < 8; i++) assert.equal(ok(await boss.get(`${F}/records?filter=${encodeURIComponent('subject = "一改"')}`)).total, 1);
  });

  await t.test('history says what changed in the rows, with the rights of the reader', async () => {
    const h = ok(await boss.get(`${F}/records/${a._id}/history`)).history;
    const e = h.find((x) => x.version === 2);
    const rows = e.changes.find((x) => x.field === 'lines');
    assert.deepEqual([rows.added, rows.removed, rows.changed], [1, 1, 1]);
    assert.deepEqual(rows.rows.map((r) => [r.old?.n ?? null, r.new?.n ?? null]), [[null, 9], [2, 7], [1, null]]);
    assert.ok(!e.changes.some((x) => x.field === '_title'));
  });
});
