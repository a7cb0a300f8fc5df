// Around a record: comments, recycle bin, views, copies, drafts, append-only rows, settings with a day.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { call, login, root, serve, skip, until } from './lib.mjs';

const F = '/apps/past/forms/order';
const L = '/apps/past/forms/ledger';

test('keep', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/past'), args: ['--test-clock'] });
  const tick = async (seconds = 60) => (await call(s, 'POST', '/test/clock', { body: { advance: seconds } })).body.now;
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const clerk = await login(s, 'clerk');
  const admin = await login(s, 'admin');
  const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);
  const make = async (body, who = agent) => ok(await who.post(`${F}/records`, body), 201);

  await t.test('comments: mentions of readers are told, of others told apart; edit, delete', async () => {
    const r = await make({ subject: '谈', region: 'south' });
    const path = `${F}/records/${r._id}/comments`;
    const c = ok(await agent.post(path, { text: '请看 @主管 @文员', mentions: [boss.me.id, clerk.me.id] }), 201);
    assert.deepEqual([c.mentions.map((m) => m.title), c.not_told.map((m) => m.title), c.mine], [['主管'], ['文员'], true]);
    const told = async (who) => ok(await who.get('/notices')).notices.filter((n) => n.kind === 'mention');
    const sees = await agent.get('/notices');
    if (sees.status === 200) {
      assert.equal((await told(boss)).length, 1);
      assert.equal((await told(clerk)).length, 0);
    }
    const e = ok(await agent.patch(`${path}/${c.id}`, { text: '改了', mentions: [boss.me.id] }));
    assert.equal(e.text, '改了');
    assert.ok(e.edited_at);
    if (sees.status === 200) assert.equal((await told(boss)).length, 1);
    const list = ok(await boss.get(path)).comments;
    assert.deepEqual([list.length, list[0].mine, list[0].earlier[0].text], [1, false, '请看 @主管 @文员']);
    assert.equal((await boss.patch(`${path}/${c.id}`, { text: 'x' })).status, 403);
    assert.equal((await clerk.get(path)).status, 404);
    assert.equal((await agent.patch(`${path}/${c.id}`, { text: '  ' })).status, 422);
    const north = await make({ subject: '北', region: 'north' });
    assert.equal((await clerk.post(`${F}/records/${north._id}/comments`, { text: 'x' })).status, 403);
    assert.equal((await agent.del(`${F}/records/${north._id}/comments/${c.id}`)).status, 404);
    assert.equal((await agent.del(`${path}/${c.id}`)).status, 204);
    assert.equal(ok(await agent.get(path)).comments.length, 0);
    const b = ok(await boss.post(path, { text: '主管的' }), 201);
    assert.equal((await agent.del(`${path}/${b.id}`)).status, 204); // he may delete the record
  });

  await t.test('the bin: list, restore with links, collisions, purge by hand', async () => {
    const buyer = ok(await boss.post('/apps/past/forms/buyer/records', { name: '丙' }), 201);
    const r = await make({ subject: '链', buyer: buyer._id, code: 'B1' });
    ok(await boss.del(`/apps/past/forms/buyer/records/${buyer._id}`, { 'If-Match': `"${(await boss.get(`/apps/past/forms/buyer/records/${buyer._id}`)).body._version}"` }), 204);
    assert.equal(ok(await agent.get(`${F}/records/${r._id}`)).buyer, null);
    ok(await boss.post(`/apps/past/forms/buyer/records/${buyer._id}/restore`));
    assert.equal(ok(await agent.get(`${F}/records/${r._id}`)).buyer.title, '丙');
    assert.equal((await agent.del(`${F}/records/${r._id}?purge=1`)).status, 404); // it is not in the bin
    ok(await agent.del(`${F}/records/${r._id}`, { 'If-Match': '"1"' }), 204);
    assert.deepEqual(ok(await agent.get(`${F}/records?bin=1`)).records.map((x) => x.subject), ['链']);
    assert.equal((await clerk.get(`${F}/records?bin=1`)).status, 403);
    await make({ subject: '占', code: 'B1' });
    assert.equal((await agent.post(`${F}/records/${r._id}/restore`)).status, 409);
    assert.equal((await clerk.del(`${F}/records/${r._id}?purge=1`)).status, 404);
    ok(await agent.del(`${F}/records/${r._id}?purge=1`), 204);
    assert.equal(ok(await agent.get(`${F}/records?bin=1`)).total, 0);
    assert.equal((await agent.post(`${F}/records/${r._id}/restore`)).status, 404);
  });

  await t.test('views of one\'s own, shared with a role by those who may', async () => {
    const v = ok(await boss.post(`${F}/views`, { title: '大单', filter: 'amount > 100', sort: '-amount', columns: ['subject', 'amount'], shared: ['clerk', 'agent'] }), 201);
    assert.deepEqual([v.mine, v.broken, v.columns], [true, false, ['subject', 'amount']]);
    assert.equal((await agent.post(`${F}/views`, { title: 'x', shared: ['boss'] })).status, 403);
    assert.equal((await agent.post(`${F}/views`, { title: 'x', filter: 'cost > 1' })).status, 422);
    assert.equal((await agent.post(`${F}/views`, { title: 'x', columns: ['cost'] })).status, 422);
    assert.equal((await agent.post(`${F}/views`, { title: ' ' })).status, 422);
    const own = ok(await agent.post(`${F}/views`, { title: '我的', filter: 'region = "north"' }), 201);
    const seen = ok(await agent.get(`${F}/views`)).views;
    assert.deepEqual(seen.map((x) => [x.title, x.mine]), [['大单', false], ['我的', true]]);
    const clerks = ok(await clerk.get(`${F}/views`)).views;
    assert.deepEqual([clerks.length, clerks[0].broken, clerks[0].filter, clerks[0].columns], [1, true, null, ['subject']]);
    assert.equal((await agent.put(`${F}/views/${v.id}`, { title: '我改' })).status, 404);
    ok(await agent.put(`${F}/views/${own.id}`, { title: '北方', filter: 'region = "north"' }));
    assert.equal((await boss.del(`${F}/views/${own.id}`)).status, 404);
    ok(await agent.del(`${F}/views/${own.id}`), 204);
    const outsider = await login(s, 'outsider');
    assert.equal((await outsider.get(`${F}/views`)).status, 404);
  });

  await t.test('a copy leaves out what is the record\'s own', async () => {
    const r = await make({ subject: '原', code: 'C1', amount: 5, due: '2026-03-04', lines: [{ part: 'p', n: 2 }], trace: [{ what: 'x' }] });
    const { values } = ok(await agent.get(`${F}/records/${r._id}/copy`));
    assert.deepEqual(values, { subject: '原', amount: 5, due: '2026-03-04', status: 'new', lines: [{ part: 'p', n: 2 }] });
    assert.equal((await clerk.get(`${F}/records/${r._id}/copy`)).status, 404);
    ok(await agent.post(`${F}/records`, values), 201);
  });

  await t.test('append-only forms and rows, on any way; the log of a field', async () => {
    const l = ok(await agent.post(`${L}/records`, { what: '记', sum: 1 }), 201);
    assert.equal((await agent.patch(`${L}/records/${l._id}`, { sum: 2, _version: 1 })).status, 403);
    assert.equal((await agent.del(`${L}/records/${l._id}`, { 'If-Match': '"1"' })).status, 403);
    assert.equal((await agent.post(`${L}/records/batch`, { set: { sum: 3 }, ids: [l._id] })).status, 403);
    assert.equal((await agent.post(`${L}/records/batch`, { delete: [l._id] })).status, 403);
    assert.equal((await boss.post('/batch', { requests: [{ method: 'DELETE', path: `${L}/records/${l._id}`, body: { _version: 1 } }] })).status, 403);
    const r = await make({ subject: '轨', trace: [{ what: '一' }, { what: '二' }] });
    const p = `${F}/records/${r._id}`;
    assert.equal((await agent.patch(p, { trace: [{ ...r.trace[0], what: '改' }, r.trace[1]], _version: 1 })).status, 403);
    assert.equal((await agent.patch(p, { trace: [r.trace[1]], _version: 1 })).status, 403);
    assert.equal((await boss.patch(p, { trace: [], _version: 1 })).status, 403);
    const added = ok(await agent.patch(p, { trace: [...r.trace, { what: '三' }], _version: 1 }));
    assert.deepEqual(added.trace.map((x) => x.what), ['一', '二', '三']);

    for (const key of ['tamper', 'tamper_all']) assert.ok([403, 422].includes((await agent.post(`${p}/buttons/${key}`, {})).status), key);
    assert.equal(ok(await agent.get(p)).trace.length, 3);

    await tick(7200);
    const won = ok(await agent.patch(p, { status: 'won', _version: 2 }));
    await tick(3600);
    const lost = ok(await agent.patch(p, { status: 'lost', _version: 3 }));
    assert.deepEqual(won.stages.map((x) => [x.from, x.to, x.by.title, x.hours]), [['新建', '赢单', '业务', 2]]);
    assert.deepEqual(lost.stages.map((x) => [x.from, x.to, x.hours]), [['新建', '赢单', 2], ['赢单', '丢单', 1]]);
    assert.equal((await boss.patch(p, { stages: [], _version: 4 })).status, 403);
    assert.equal((await agent.post(`${F}/records`, { subject: 'x', stages: [{ from: 'a', to: 'b' }] })).status, 403);
    assert.equal(ok(await agent.get(p)).stages.length, 2);
  });

  await t.test('settings from a day on', async () => {
    const S = '/admin/apps/past/settings';
    const rate = async (expr) => ok(await boss.post(`${F}/eval`, { expr, values: {} })).value;
    assert.equal(await rate('SETTING("rate")'), 0.06);
    assert.equal((await boss.get(S)).status, 403);
    ok(await admin.put(`${S}/rate`, { value: 0.03, day: '2026-01-01' }));
    const list = ok(await admin.put(`${S}/rate`, { value: 0.13, day: '2099-01-01' })).settings;
    assert.deepEqual(list.find((x) => x.key === 'rate').versions.map((v) => [v.day, v.value]), [['2099-01-01', 0.13], ['2026-01-01', 0.03]]);
    assert.equal(await rate('SETTING("rate")'), 0.03);
    assert.equal(await rate('SETTING("rate", DATE(2099,6,1))'), 0.13);
    assert.equal(await rate('SETTING("rate", DATE(2025,6,1))'), 0.06);
    ok(await admin.put(`${S}/motto`, { value: '守信' }));
    assert.equal(await rate('SETTING("motto")'), '守信');
    assert.equal((await admin.put(`${S}/motto`, { value: 'x', day: '2026-01-01' })).status, 422);
    assert.equal((await admin.put(`${S}/rate`, { value: 'viel' })).status, 422);
    assert.equal((await admin.put(`${S}/nope`, { value: 1 })).status, 404);
    ok(await admin.put(`${S}/rate`, { value: null, day: '2099-01-01' }));
    assert.equal(await rate('SETTING("rate", DATE(2099,6,1))'), 0.03);
  });

  await t.test('drafts are their author\'s', async () => {
    assert.deepEqual(ok(await agent.get('/me/drafts')).drafts, []);
  });

  await t.test('after thirty days the bin is emptied', async () => {
    const old = await make({ subject: '旧' });
    ok(await agent.del(`${F}/records/${old._id}`, { 'If-Match': '"1"' }), 204);
    await tick(29 * 86400);
    const later = await login(s, 'agent');
    const young = await make({ subject: '新' }, later);
    ok(await later.del(`${F}/records/${young._id}`, { 'If-Match': '"1"' }), 204);
    await tick(2 * 86400);
    const bin = async () => ok(await later.get(`${F}/records?bin=1`));
    await until(async () => (await bin()).total === 1, 15_000);
    assert.equal((await bin()).records[0].subject, '新');
  });
});
