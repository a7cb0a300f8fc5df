// Writes that are wrong in odd ways: versions, sub-rows, buttons, batches, scripts. Nothing of a refused one is stored.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const D = '/apps/lab/forms/deal/records';
const q = encodeURIComponent;

test('writes', { skip }, async (t) => {
  const s = await serve(t);
  const [rep, mgr, chief] = await Promise.all(['rep', 'mgr', 'chief'].map((n) => login(s, n)));
  const make = async (body, who = chief) => {
    const r = await who.post(D, { price: 1, ...body });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    return r.body;
  };

  await t.test('a version that never was', async () => {
    const r = await make({ name: 'v' });
    const patch = (v) => chief.patch(`${D}/${r._id}`, { name: 'w', _version: v });
    for (const v of ['1', 0, -1, 1.5, 1e300, {}, [1], true]) assert.equal((await patch(v)).status, 422, JSON.stringify(v));
    assert.equal((await patch(null)).status, 428);
    assert.equal((await patch(99)).status, 409);
    assert.equal((await chief.get(`${D}/${r._id}`)).body.name, 'v');
  });

  await t.test('rows of a sub-table: none twice, none of another record', async () => {
    const r = await make({ name: 'rows', items: [{ part: 'a' }, { part: 'b' }] });
    const other = await make({ name: 'other', items: [{ part: 'c' }] });
    const patch = (items) => chief.patch(`${D}/${r._id}`, { items, _version: 1 });
    const id = r.items[0]._id;
    assert.equal((await patch([{ _id: id, qty: 5 }, { _id: id, qty: 6 }])).status, 422);
    for (const _id of [other.items[0]._id, 5, {}, 'x', '0000000000001']) assert.equal((await patch([{ _id }])).status, 422, JSON.stringify(_id));
    assert.equal((await patch(Array.from({ length: 1001 }, () => ({ part: 'p' })))).status, 422);
    const kept = await patch([{ _id: r.items[1]._id }, { _id: id, qty: 7 }]);
    assert.deepEqual(kept.body.items.map((x) => [x.part, x.qty]), [['b', 1], ['a', 7]]);
    assert.equal((await chief.get(`${D}/${other._id}`)).body.items.length, 1);
  });

  await t.test('transitions with can, when and require', async () => {
    const r = await make({ name: 'tr', price: 20 });
    const go = async (who, body) => {
      const { _version } = (await chief.get(`${D}/${r._id}`)).body;
      const a = await who.patch(`${D}/${r._id}`, { ...body, _version });
      return [a.status, a.body.code ?? a.body.stage];
    };
    assert.deepEqual(await go(chief, { stage: 'won' }), [409, 'transition']);
    assert.deepEqual(await go(chief, { stage: 'work' }), [200, 'work']);
    assert.deepEqual(await go(chief, { stage: 'won' }), [200, 'won']);
    assert.deepEqual(await go(chief, { stage: 'work', price: 5 }), [409, 'transition']);
    assert.deepEqual(await go(chief, { stage: 'work', price: 15 }), [200, 'work']);
    assert.deepEqual(await go(chief, { stage: 'lost' }), [422, 'validation']);
    assert.deepEqual(await go(chief, { stage: 'lost', why: 'x', why2: 'y' }), [200, 'lost']);
    assert.deepEqual(await go(chief, { stage: 'new' }), [409, 'transition']);
    assert.deepEqual(await go(mgr, { stage: 'new' }), [200, 'new']);
    const now = (await chief.get(`${D}/${r._id}`)).body;
    assert.deepEqual([now.why, now.why2], ['x', null]);
    assert.deepEqual(await go(mgr, { why: 'not while it is hidden' }), [200, 'new']);
    assert.equal((await chief.get(`${D}/${r._id}`)).body.why, 'x');
    const born = await chief.post(D, { name: 'tr', price: 1, stage: 'work' });
    assert.deepEqual([born.status, born.body.code], [409, 'transition']);
  });

  await t.test('a button takes what it asks for, nothing else', async () => {
    const r = await make({ name: 'btn', price: 5 }, rep);
    const press = (key, body, who = rep) => who.post(`${D}/${r._id}/buttons/${key}`, body);
    for (const body of [{}, { by: 11 }, { by: '3' }, { by: 3, price: 9 }]) assert.equal((await press('bump', body)).status, 422, JSON.stringify(body));
    const ok = await press('bump', { by: 3 });
    assert.deepEqual([ok.status, ok.body.price, 'cost' in ok.body], [200, 8, false]);
    assert.equal((await chief.get(`${D}/${r._id}`)).body.cost, 77);
    assert.equal((await press('boom', {})).status, 403);
    const boom = await press('boom', {}, chief);
    assert.deepEqual([boom.status, boom.body.file, boom.body.line], [422, 'scripts/deal.lua', 13]);
    const t0 = Date.now();
    const loop = await press('loop', {}, chief);
    assert.deepEqual([loop.status, loop.body.code, loop.body.file, loop.body.line], [422, 'script_limit', 'scripts/deal.lua', 14]);
    assert.ok(Date.now() - t0 < 1000);
    assert.equal((await chief.get(`${D}/${r._id}`)).body.price, 8);
  });

  await t.test('a script that catches an error is blamed for its own only; what it caught left nothing', async () => {
    const r = await make({ name: 'caught', price: 2 });
    const press = async () => chief.post(`${D}/${r._id}/buttons/caught`, {});
    const own = await press();
    assert.deepEqual([own.status, own.body.code, own.body.line], [422, 'script_error', 18], JSON.stringify(own.body));
    const { _version } = (await chief.get(`${D}/${r._id}`)).body;
    await chief.patch(`${D}/${r._id}`, { price: 1, _version });
    const ok = await press();
    assert.deepEqual([ok.status, ok.body.memo], [200, '0'], JSON.stringify(ok.body));
  });

  await t.test('a script sees what the one who pressed may see', async () => {
    await make({ name: 'theirs', cost: 5 });
    const r = await make({ name: 'mine' }, rep);
    const seen = await rep.post(`${D}/${r._id}/buttons/peek`, {});
    assert.equal(seen.status, 200, JSON.stringify(seen.body));
    const mine = (await rep.get(`${D}?limit=200`)).body.total;
    assert.equal(seen.body.region, `nil,false,${mine}`);
  });

  await t.test('scripts that will not end are ended', async () => {
    for (const name of ['spin', 'pat', 'mem', 'pspin']) {
      const t0 = Date.now();
      const r = await chief.post(D, { name, price: 1 });
      assert.deepEqual([r.status, r.body.code], [422, 'script_limit'], name);
      assert.ok(Date.now() - t0 < 1500, name);
      assert.equal((await chief.get(`${D}?filter=${q(`name = "${name}"`)}`)).body.total, 0);
    }
  });

  await t.test('batches: all or nothing', async () => {
    const count = async (name) => (await chief.get(`${D}?filter=${q(`name = "${name}"`)}`)).body.total;
    const bad = await chief.post(`${D}/batch`, { create: [{ name: 'b1', price: 1 }, { name: 'b1', price: 1, items: [{ qty: 0 }] }] });
    assert.deepEqual([bad.status, bad.body.errors[0].field], [422, 'create[1].items[0].qty']);
    assert.equal(await count('b1'), 0);
    const mine = await make({ name: 'mine' }, rep);
    const theirs = await make({ name: 'theirs' });
    assert.equal((await rep.post(`${D}/batch`, { delete: [mine._id, theirs._id] })).status, 404);
    assert.equal((await rep.get(`${D}/${mine._id}`)).status, 200);
    const where = await rep.post(`${D}/batch`, { set: { name: 'x' }, where: 'cost > 1' });
    assert.deepEqual([where.status, where.body.code, where.body.errors[0].field], [422, 'unknown_field', 'where']);
    for (const base of ['', '/api/v1']) {
      const path = `${base}/apps/lab/forms/deal/records`;
      const two = await chief.post('/batch', { requests: [
        { method: 'POST', path, body: { name: 'r1', price: 1 } },
        { method: 'PATCH', path: `${path}/$0._id`, body: { name: 'r2', _version: 1 } },
      ] });
      assert.deepEqual([two.status, two.body.results?.[1].record.name], [200, 'r2'], JSON.stringify(two.body));
      const none = await chief.post('/batch', { requests: [{ method: 'POST', path, body: { name: 'r9', price: 1 } }, { method: 'POST', path, body: {} }] });
      assert.equal(none.status, 422);
      assert.equal(await count('r9'), 0);
    }
    for (const path of ['/admin/members', '/session', '/batch', '/../session']) {
      const r = await chief.post('/batch', { requests: [{ method: 'POST', path, body: {} }] });
      assert.equal(r.status, 422, path);
    }
  });

  await t.test('twenty with one Idempotency-Key are one', async () => {
    const key = { 'Idempotency-Key': 'race-1' };
    const all = await Promise.all(Array.from({ length: 20 }, () => chief.post(D, { name: 'race', price: 1 }, key)));
    assert.deepEqual([...new Set(all.map((r) => `${r.status} ${r.body._id}`))].length, 1);
    assert.equal((await chief.post(D, { name: 'race2', price: 1 }, key)).status, 422);
  });
});
