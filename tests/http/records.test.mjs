// One record over HTTP: create, read, change, conflicts, recycle, buttons, history, comments, batches, idempotency.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('records', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const outsider = await login(s, 'outsider');
  const make = async (body, who = agent) => {
    const r = await who.post(`${F}/records`, body);
    assert.equal(r.status, 201, JSON.stringify(r.body));
    return r.body;
  };

  await t.test('create answers the whole record with its ETag and address', async () => {
    const r = await agent.post(`${F}/records`, { title: '打印机坏了', qty: 3, price: 19.9, items: [{ part: '硒鼓', n: 2 }] });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    assert.match(r.body._id, /^[0-9a-hjkmnp-tv-z]{13}$/);
    assert.equal(r.body.amount, 59.7);
    assert.equal(r.body.no, 'T0001');
    assert.equal(r.body.status, 'open');
    assert.equal(r.body.items[0].part, '硒鼓');
    assert.equal(r.headers.get('etag'), '"1"');
    assert.match(r.headers.get('x-request-id'), /\w+/);
    assert.ok(!('cost' in r.body));
    const got = await agent.get(`${F}/records/${r.body._id}`);
    assert.equal(got.status, 200);
    assert.deepEqual(got.body._can.sort(), ['comment', 'delete', 'history', 'restore', 'update']);
    assert.deepEqual(got.body._buttons, ['take']);
  });

  await t.test('all mistakes at once, each at its field', async () => {
    const r = await agent.post(`${F}/records`, { qty: 0, price: -1, status: 'nope', items: [{ n: 0 }] });
    assert.equal(r.status, 422);
    assert.deepEqual(r.body.errors.map((e) => e.field).sort(), ['items[0].n', 'items[0].part', 'price', 'qty', 'status', 'title']);
    assert.ok(r.body.errors.every((e) => e.message.length > 3));
    const check = await agent.post(`${F}/records`, { title: 'x', qty: 1001 });
    assert.deepEqual([check.status, check.body.errors[0].field], [422, 'qty']);
    const zero = await agent.post(`${F}/records`, { title: '   ' });
    assert.equal(zero.status, 422);
  });

  await t.test('unknown and hidden keys look the same; read-only is 403', async () => {
    const hidden = await agent.post(`${F}/records`, { title: 'x', cost: 5 });
    const unknown = await agent.post(`${F}/records`, { title: 'x', cast: 5 });
    assert.deepEqual([hidden.status, hidden.body.errors[0].code], [422, 'unknown_field']);
    assert.deepEqual([unknown.status, unknown.body.errors[0].code], [422, 'unknown_field']);
    const own = await make({ title: '只读' });
    const r = await agent.patch(`${F}/records/${own._id}`, { no: 'T9999', _version: own._version });
    assert.equal(r.status, 403, JSON.stringify(r.body));
    assert.equal((await boss.get(`${F}/records/${own._id}`)).body.cost, null);
  });

  await t.test('invisible is 404, a form without grant too; a visible form without create is 403', async () => {
    const mine = await make({ title: '主管的' }, boss);
    const seen = await agent.get(`${F}/records/${mine._id}`);
    const absent = await agent.get(`${F}/records/0000000000001`);
    assert.equal(seen.status, 404);
    assert.deepEqual(seen.body, absent.body);
    for (const id of ['x', '999', mine._id.slice(1)]) assert.equal((await agent.get(`${F}/records/${id}`)).status, 404);
    assert.equal((await agent.patch(`${F}/records/${mine._id}`, { title: 'y', _version: 1 })).status, 404);
    assert.equal((await agent.del(`${F}/records/${mine._id}`, { 'If-Match': '"1"' })).status, 404);
    assert.equal((await outsider.get(`${F}/records`)).status, 404);
    assert.equal((await outsider.get(F)).status, 404);
    assert.equal((await agent.get('/apps/desk/forms/nope')).status, 404);
    assert.equal((await agent.get('/apps/nope/forms/ticket/records')).status, 404);
    assert.equal((await boss.post('/apps/desk/forms/leave/records', { reason: 'x', days: 1 })).status, 403);
  });

  await t.test('a change needs a version; a stale If-Match is 412 with both values', async () => {
    const r = await make({ title: '版本', note: 'a' });
    const path = `${F}/records/${r._id}`;
    assert.equal((await agent.patch(path, { title: 'b' })).status, 428);
    assert.equal((await agent.del(path)).status, 428);
    const ok = await agent.patch(path, { title: 'b' }, { 'If-Match': '"1"' });
    assert.deepEqual([ok.status, ok.body.title, ok.headers.get('etag')], [200, 'b', '"2"']);
    const stale = await agent.patch(path, { title: 'c', note: 'a' }, { 'If-Match': '"1"' });
    assert.equal(stale.status, 412);
    assert.equal(stale.body.version, 2);
    assert.deepEqual(
      stale.body.errors.map((e) => [e.field, e.yours, e.theirs]),
      [['title', 'c', 'b']],
    );
    assert.equal(stale.body.errors[0].by.title, '坐席');
    assert.equal((await agent.patch(path, { title: 'd' }, { 'If-Match': 'seven' })).status, 400);
  });

  await t.test('with _version only, other fields merge and the same field conflicts', async () => {
    const r = await make({ title: '合并', note: 'a' });
    const path = `${F}/records/${r._id}`;
    assert.equal((await boss.patch(path, { note: 'boss', _version: 1 })).status, 200);
    const merged = await agent.patch(path, { title: '合并了', _version: 1 });
    assert.deepEqual([merged.status, merged.body.title, merged.body.note], [200, '合并了', 'boss'], JSON.stringify(merged.body));
    const clash = await agent.patch(path, { note: 'agent', _version: 1 });
    assert.equal(clash.status, 409, JSON.stringify(clash.body));
    assert.deepEqual(
      clash.body.errors.map((e) => [e.field, e.code, e.yours, e.theirs]),
      [['note', 'conflict', 'agent', 'boss']],
    );
  });

  await t.test('two editors with one version: one wins', async () => {
    const r = await make({ title: '抢' });
    const both = await Promise.all([1, 2].map((i) => agent.patch(`${F}/records/${r._id}`, { title: `抢${i}` }, { 'If-Match': '"1"' })));
    assert.deepEqual(both.map((x) => x.status).sort(), [200, 412]);
  });

  await t.test('unique is 409 duplicate, and a recycled row frees its value', async () => {
    const first = await make({ title: 'u1', code: 'A-1' });
    const second = await agent.post(`${F}/records`, { title: 'u2', code: 'A-1' });
    assert.deepEqual([second.status, second.body.code === 'duplicate' || second.body.errors[0].code === 'duplicate'], [409, true], JSON.stringify(second.body));
    assert.equal((await agent.del(`${F}/records/${first._id}`, { 'If-Match': '"1"' })).status, 204);
    assert.equal((await agent.get(`${F}/records/${first._id}`)).status, 404);
    const third = await make({ title: 'u3', code: 'A-1' });
    const back = await agent.post(`${F}/records/${first._id}/restore`);
    assert.equal(back.status, 409, JSON.stringify(back.body));
    await agent.del(`${F}/records/${third._id}`, { 'If-Match': '"1"' });
    const again = await agent.post(`${F}/records/${first._id}/restore`);
    assert.deepEqual([again.status, again.body.code], [200, 'A-1'], JSON.stringify(again.body));
  });

  await t.test('transitions and buttons: 409 when they do not hold', async () => {
    const r = await make({ title: '状态' });
    const path = `${F}/records/${r._id}`;
    const closed = await agent.patch(path, { status: 'closed', _version: 1 });
    assert.equal(closed.status, 200);
    const back = await agent.patch(path, { status: 'open', _version: 2 });
    assert.deepEqual([back.status, JSON.stringify(back.body).includes('transition')], [409, true]);
    assert.equal((await agent.post(`${path}/buttons/take`, {})).status, 409);
    assert.equal((await agent.post(`${path}/buttons/nope`, {})).status, 404);
    const open = await make({ title: '领' });
    const took = await agent.post(`${F}/records/${open._id}/buttons/take`, {});
    assert.deepEqual([took.status, took.body.status], [200, 'doing'], JSON.stringify(took.body));
  });

  await t.test('a script that refuses rolls back and names its line; an endless one is killed', async () => {
    const count = async () => (await boss.get(`${F}/aggregate?metrics=COUNT()`)).body.rows[0]['COUNT()'];
    const before = await count();
    const r = await agent.post(`${F}/records`, { title: 'refuse me' });
    assert.equal(r.status, 422, JSON.stringify(r.body));
    assert.match(JSON.stringify(r.body), /不收这样的工单/);
    assert.match(JSON.stringify(r.body), /ticket\.lua/);
    const t0 = Date.now();
    const spin = await agent.post(`${F}/records`, { title: 'spin' });
    assert.ok(spin.status === 422 || spin.status === 503, JSON.stringify(spin.body));
    assert.ok(Date.now() - t0 < 1500);
    assert.equal(await count(), before);
  });

  await t.test('history and comments', async () => {
    const r = await make({ title: '历史' });
    await agent.patch(`${F}/records/${r._id}`, { title: '历史二', _version: 1 });
    const h = (await agent.get(`${F}/records/${r._id}/history`)).body.history;
    assert.deepEqual(h.map((x) => x.op), ['update', 'create']);
    assert.deepEqual([h[0].by.title, h[0].changes[0].field], ['坐席', 'title']);
    const path = `${F}/records/${r._id}/comments`;
    assert.equal((await agent.post(path, { text: '  ' })).status, 422);
    const c = await agent.post(path, { text: '请看 <b>这里</b>', mentions: [boss.me.id] });
    assert.deepEqual([c.status, c.body.by.title, c.body.mentions[0].title], [201, '坐席', '主管']);
    assert.equal((await boss.get(path)).body.comments.length, 1);
    assert.equal((await outsider.get(path)).status, 404);
  });

  await t.test('Idempotency-Key: forty at once are one; another body is 422', async () => {
    const key = { 'Idempotency-Key': 'k-1' };
    const all = await Promise.all(Array.from({ length: 40 }, () => agent.post(`${F}/records`, { title: '一次' }, key)));
    assert.ok(all.every((r) => r.status === 201), JSON.stringify(all.map((r) => r.status)));
    assert.equal(new Set(all.map((r) => r.body._id)).size, 1);
    assert.ok(all.every((r) => r.headers.get('etag') === '"1"'));
    const other = await agent.post(`${F}/records`, { title: '另一次' }, key);
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused']);
    const bossToo = await boss.post(`${F}/records`, { title: '一次' }, key);
    assert.equal(bossToo.status, 201);
    const failed = await agent.post(`${F}/records`, { title: ' ' }, { 'Idempotency-Key': 'k-2' });
    assert.equal(failed.status, 422);
    assert.equal((await agent.post(`${F}/records`, { title: '好' }, { 'Idempotency-Key': 'k-2' })).status, 201);
  });

  await t.test('a batch of rows is all or nothing', async () => {
    const ok = await agent.post(`${F}/records/batch`, { create: [{ title: 'b1' }, { title: 'b2' }] });
    assert.deepEqual([ok.status, ok.body.results.map((r) => r.status)], [200, [201, 201]], JSON.stringify(ok.body));
    const ids = ok.body.results.map((r) => r.id);
    const bad = await agent.post(`${F}/records/batch`, { create: [{ title: 'b3' }, { title: 'b4', qty: 0 }] });
    assert.deepEqual([bad.status, bad.body.errors[0].field], [422, 'create[1].qty'], JSON.stringify(bad.body));
    const list = await agent.get(`${F}/records?filter=${encodeURIComponent('title = "b3"')}`);
    assert.equal(list.body.records.length, 0);
    const set = await agent.post(`${F}/records/batch`, { set: { note: '一起' }, ids });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    const where = await agent.post(`${F}/records/batch`, { set: { qty: 9 }, where: 'note = "一起"' });
    assert.equal(where.body.results.length, 2, JSON.stringify(where.body));
    const foreign = await make({ title: '别人的' }, boss);
    assert.equal((await agent.post(`${F}/records/batch`, { delete: [ids[0], foreign._id] })).status, 404);
    assert.equal((await agent.get(`${F}/records/${ids[0]}`)).status, 200);
    assert.equal((await agent.post(`${F}/records/batch`, { delete: ids })).status, 200);
    assert.equal((await agent.post(`${F}/records/batch`, {})).status, 422);
  });

  await t.test('/batch refers to earlier results, in one transaction', async () => {
    const r = await agent.post('/batch', {
      requests: [
        { method: 'POST', path: '/apps/desk/forms/customer/records', body: { name: '批量客户' } },
        { method: 'POST', path: `${F}/records`, body: { title: '随客户', customer: '$0._id' } },
        { method: 'PATCH', path: `${F}/records/$1._id`, body: { note: '批', _version: 1 } },
      ],
    });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.deepEqual(r.body.results.map((x) => x.status), [201, 201, 200]);
    assert.equal(r.body.results[2].record.customer.title, '批量客户');
    const bad = await agent.post('/batch', {
      requests: [
        { method: 'POST', path: '/apps/desk/forms/customer/records', body: { name: '不该在' } },
        { method: 'POST', path: `${F}/records`, body: { title: ' ' } },
      ],
    });
    assert.deepEqual([bad.status, bad.body.errors[0].field], [422, 'requests[1].title'], JSON.stringify(bad.body));
    const list = await agent.get(`/apps/desk/forms/customer/records?filter=${encodeURIComponent('name = "不该在"')}`);
    assert.equal(list.body.records.length, 0);
    assert.equal((await agent.post('/batch', { requests: [{ method: 'POST', path: '/me/tokens', body: {} }] })).status, 422);
  });

  await t.test('explain names the grants with file and line', async () => {
    const r = await make({ title: '为什么' });
    const x = await agent.get(`${F}/records/${r._id}/explain`);
    assert.equal(x.status, 200);
    assert.match(JSON.stringify(x.body.grants), /forms\/ticket\.yaml/);
    assert.equal((await agent.get(`${F}/records/${r._id}/explain?member=boss`)).status, 403);
  });
});
