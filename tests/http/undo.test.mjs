// Taking back what one person, import or way did; a record to one of its versions.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { call, login, root, serve, skip, until, onPg } from './lib.mjs';

const F = '/apps/past/forms/order';

test('undo', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/past'), args: ['--test-clock'] });
  const tick = async (seconds = 60) => (await call(s, 'POST', '/test/clock', { body: { advance: seconds } })).body.now;
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const admin = await login(s, 'admin');
  const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);
  const get = async (id, who = boss) => ok(await who.get(`${F}/records/${id}`));
  const upload = async (who, csv, fields = {}) => {
    const fd = new FormData();
    fd.append('file', new Blob([csv], { type: 'text/csv' }), 'a.csv');
    for (const [k, v] of Object.entries(fields)) fd.append(k, v);
    const r = await fetch(`${s.base}/api/v1${F}/import`, { method: 'POST', headers: { Cookie: who.cookie, 'X-CSRF-Token': who.csrf }, body: fd });
    const { job } = await r.json();
    await until(async () => /done|failed/.test((await who.get(`/jobs/${job}`)).body.state), 60_000);
    return job;
  };

  await t.test('a person in a window: changes, rows, deletions, creations; what others changed since stays', async () => {
    const old = ok(await agent.post(`${F}/records`, { subject: 'a', amount: 1, region: 'north', status: 'new', lines: [{ part: 'p1', n: 1 }, { part: 'p2', n: 2 }] }), 201);
    const gone = ok(await agent.post(`${F}/records`, { subject: 'weg', amount: 3 }), 201);
    await tick();
    const from = await tick();
    ok(await agent.patch(`${F}/records/${old._id}`, {
      subject: 'b', amount: 2, status: 'won', lines: [{ part: 'p0', n: 9 }, { ...old.lines[1], n: 5 }], _version: 1,
    }));
    ok(await agent.patch(`${F}/records/${old._id}`, { amount: 3, _version: 2 }));
    assert.equal((await agent.del(`${F}/records/${gone._id}`, { 'If-Match': '"1"' })).status, 204);
    const made = ok(await agent.post(`${F}/records`, { subject: 'neu' }), 201);
    const taken = ok(await agent.post(`${F}/records`, { subject: 'neu2' }), 201);
    const until_ = await tick();
    await tick();
    ok(await boss.patch(`${F}/records/${old._id}`, { subject: 'c', cost: 4, _version: 3 }));
    ok(await boss.patch(`${F}/records/${taken._id}`, { amount: 7, _version: 1 }));

    const body = { app: 'past', who: 'agent', from, until: until_ };
    assert.equal((await boss.post('/admin/undo', body)).status, 403);
    const preview = ok(await admin.post('/admin/undo', { ...body, dry_run: true }));
    assert.deepEqual([preview.records, preview.undone, preview.partly, preview.kept], [4, 2, 1, 1], JSON.stringify(preview));
    const item = preview.items.find((i) => i.id === old._id);
    assert.deepEqual(item.undo.sort(), ['amount', 'lines', 'status']);
    assert.deepEqual(item.kept.map((k) => [k.field, k.because, k.by.title]), [['subject', 'changed', '主管']]);
    assert.equal((await get(old._id)).amount, 3);
    for (const i of preview.items) assert.ok(i.title === null || typeof i.title === 'string');

    const done = ok(await admin.post('/admin/undo', body));
    assert.deepEqual([done.undone, done.partly, done.kept], [2, 1, 1]);
    const now = await get(old._id);
    assert.deepEqual([now.subject, now.amount, now.status, now.cost], ['c', 1, 'new', 4]);
    assert.deepEqual(now.lines.map((l) => [l._id, l.part, l.n]), old.lines.map((l) => [l._id, l.part, l.n]));
    assert.equal((await get(gone._id)).amount, 3);
    assert.equal((await boss.get(`${F}/records/${made._id}`)).status, 404);
    assert.equal((await get(taken._id)).amount, 7);

    // The undo is history and can be taken back itself.
    const h = ok(await boss.get(`${F}/records/${old._id}/history`)).history[0];
    assert.equal(h.by.id, admin.me.id);
    const again = ok(await admin.post('/admin/undo', { app: 'past', job: done.job }));
    assert.deepEqual([again.undone + again.partly, again.kept], [3, 0], JSON.stringify(again));
    const back = await get(old._id);
    assert.deepEqual([back.subject, back.amount, back.status], ['c', 3, 'won']);
    assert.deepEqual(back.lines.map((l) => [l.part, l.n]), [['p0', 9], ['p2', 5]]);
    assert.equal((await boss.get(`${F}/records/${gone._id}`)).status, 404);
    assert.equal((await get(made._id)).subject, 'neu');
    const audit = ok(await admin.get('/admin/audit?what=undo')).audit ?? ok(await admin.get('/admin/audit?what=undo')).entries;
    assert.ok(JSON.stringify(audit ?? ok(await admin.get('/admin/audit?what=undo'))).includes('undo'));
  });

  await t.test('an import: what it made goes, what it changed goes back, a unique value that was taken stays', async () => {
    const a = ok(await agent.post(`${F}/records`, { subject: 'i1', code: 'I1', amount: 1 }), 201);
    const b = ok(await agent.post(`${F}/records`, { subject: 'i2', code: 'I2', amount: 2 }), 201);
    const job = await upload(agent, 'code,subject,amount\nI1,x1,10\nI2,x2,20\nI3,x3,30\n', { mode: 'upsert', key: 'code' });
    ok(await boss.patch(`${F}/records/${b._id}`, { amount: 99, _version: (await get(b._id))._version }));
    const r = ok(await agent.post(`/imports/${job}/undo`, {}));
    assert.deepEqual(r, { undone: 2, kept: 1 });
    assert.deepEqual([(await get(a._id)).subject, (await get(b._id)).subject, (await get(b._id)).amount], ['i1', 'i2', 99]);
    assert.equal(ok(await boss.get(`${F}/records?filter=${encodeURIComponent('code = "I3"')}`)).total, 0);

    const from = await tick();
    ok(await agent.patch(`${F}/records/${a._id}`, { code: 'J1', _version: (await get(a._id))._version }));
    const end = await tick();
    await tick();
    ok(await boss.post(`${F}/records`, { subject: 'thief', code: 'I1' }), 201);
    const u = ok(await admin.post('/admin/undo', { app: 'past', via: 'ui', who: 'agent', from, until: end }));
    assert.deepEqual([u.undone, u.kept], [0, 1], JSON.stringify(u));
    assert.deepEqual(u.items[0].kept.map((k) => [k.field, k.because]), [['code', 'duplicate']]);
    assert.equal((await get(a._id)).code, 'J1');
  });

  await t.test('append-only rows are never taken away', async () => {
    const from = await tick();
    ok(await boss.post('/apps/past/forms/ledger/records', { what: 'x', sum: 1 }), 201);
    const r = ok(await agent.post(`${F}/records`, { subject: 'tr', trace: [{ what: 'eins' }] }), 201);
    ok(await agent.patch(`${F}/records/${r._id}`, { trace: [...r.trace, { what: 'zwei' }], amount: 8, _version: 1 }));
    const u = ok(await admin.post('/admin/undo', { app: 'past', who: 'boss', from }));
    assert.deepEqual(u.items.map((i) => i.kept[0].because), ['append_only']);
  });

  await t.test('what is missing or wrong', async () => {
    for (const [body, field] of [
      [{ who: 'agent', from: '2026-01-01' }, 'app'],
      [{ app: 'past', from: '2026-01-01' }, 'who'],
      [{ app: 'past', who: 'agent' }, 'from'],
      [{ app: 'past', who: 'nobody', from: '2026-01-01' }, 'who'],
      [{ app: 'past', who: 'agent', from: 'x' }, 'from'],
      [{ app: 'past', who: 'agent', from: '2026-02-01', until: '2026-01-01' }, 'until'],
    ]) {
      const r = await admin.post('/admin/undo', body);
      assert.deepEqual([r.status, r.body.errors?.[0]?.field], [422, field], JSON.stringify(r.body));
    }
    assert.equal((await admin.post('/admin/undo', { app: 'nope', who: 'agent', from: '2026-01-01' })).status, 404);
  });

  await t.test('a version back, with the rights of the one who asks', async () => {
    const r = ok(await boss.post(`${F}/records`, { subject: 'v1', amount: 1, cost: 5, region: 'north', _owner: agent.me.id, lines: [{ part: 'a', n: 1, cost: 2 }] }), 201);
    ok(await boss.patch(`${F}/records/${r._id}`, { subject: 'v2', amount: 2, cost: 6, lines: [], _version: 1 }));
    ok(await boss.patch(`${F}/records/${r._id}`, { subject: 'v3', _version: 2 }));
    const mine = await agent.post(`${F}/records/${r._id}/restore`, { version: 1 });
    assert.deepEqual([mine.status, mine.body.subject, mine.body.amount, mine.body.lines.length], [200, 'v1', 1, 0], JSON.stringify(mine.body));
    assert.equal(mine.headers.get('x-kept-fields'), 'lines');
    assert.equal((await get(r._id)).cost, 6);
    const all = ok(await boss.post(`${F}/records/${r._id}/restore`, { version: 1 }));
    assert.deepEqual([all.cost, all.lines[0]._id, all.lines[0].cost, all._version], [5, r.lines[0]._id, 2, 5]);
    assert.equal((await boss.post(`${F}/records/${r._id}/restore`, { version: 9 })).status, 422);
    assert.equal((await boss.post(`${F}/records/${r._id}/restore`, { version: 2 }, { 'If-Match': '"3"' })).status, 412);
    assert.equal((await (await login(s, 'clerk')).post(`${F}/records/${r._id}/restore`, { version: 2 })).status, 403);
  });

  await t.test('more than ten thousand records: a job', { skip: onPg && 'too slow on a busy machine' }, async () => {
    let csv = 'subject,amount\n';
    for (let i = 0; i < 10050; i++) csv += `bulk${i},${i}\n`;
    const job = await upload(boss, csv);
    const count = async () => ok(await boss.get(`${F}/aggregate?metrics=COUNT()&filter=${encodeURIComponent('STARTSWITH(subject, "bulk")')}`)).rows[0]['COUNT()'];
    assert.equal(await count(), 10050);
    const r = ok(await admin.post('/admin/undo', { app: 'past', job }), 202);
    assert.equal(r.records, 10050);
    const end = await until(async () => {
      const j = (await admin.get(`/jobs/${r.job}`)).body;
      return /done|failed/.test(j.state) && j;
    }, 60_000);
    assert.deepEqual([end.state, end.undone, end.kept], ['done', 10050, 0], JSON.stringify(end));
    assert.equal(await count(), 0);
  });
});
