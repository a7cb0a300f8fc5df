// before_* sees sub-tables as arrays and may change them: rows come, go, change and move; every rule holds after.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip } from './lib.mjs';

const F = '/apps/shop/forms/order/records';
const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);

test('rows in before_*', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/apps_rows') });
  const boss = await login(s, 'boss');
  const items = [{ what: 'b', qty: 2, price: 3, due: '2026-01-02' }, { what: 'a', qty: 1, price: 1 }];
  const make = async (body) => ok(await boss.post(F, body), 201);
  const set = (r, mode, more = {}) => boss.patch(`${F}/${r._id}`, { mode, ...more, _version: r._version });

  await t.test('creating', async () => {
    assert.equal((await make({ mode: 'count', items })).name, '2');
    assert.equal((await make({ mode: 'count' })).name, '0', 'no rows are an empty array');
    const gift = await make({ mode: 'gift', items });
    assert.deepEqual(gift.items.map((x) => [x.what, x.qty, x.price, x.total]), [['b', 2, 6, 12], ['a', 1, 1, 1], ['赠品', 1, 0, 0]]);
    assert.deepEqual([gift.sum, gift.items[0].due], [13, '2026-01-02']);
    assert.deepEqual((await make({ mode: 'nil', items })).items, []);
  });

  await t.test('changing', async () => {
    let r = await make({ name: 'n', items: [...items, { what: 'c', qty: 1, price: 0.5 }] });
    const ids = r.items.map((x) => x._id);
    r = ok(await set(r, 'sort'));
    assert.deepEqual(r.items.map((x) => x.what), ['c', 'a', 'b']);
    assert.deepEqual(r.items.map((x) => x._id), [ids[2], ids[1], ids[0]], 'rows keep their ids');
    assert.equal(r.name, 'b', 'old.items');
    assert.equal(r.items[2].due, '2026-01-02');
    r = ok(await set(r, 'drop', { name: 'm' }));
    assert.deepEqual([r.items.map((x) => x.what), r.sum, r.name], [['a', 'b'], 7, 'm']);
    r = ok(await set(r, 'total'));
    assert.equal(r.items[0].total, 1, 'computed stays computed');
    for (const [mode, field, code] of [['bad', 'items[1].qty', null], ['rule', 'items[0].qty', null], ['key', 'items[0].nix', 'unknown_field'], ['kind', 'items', 'table'], ['many', 'items', 'table'], ['twice', 'items[1]', 'row_twice']]) {
      const bad = await set(r, mode);
      assert.equal(bad.status, 422, `${mode} ${JSON.stringify(bad.body)}`);
      assert.ok(bad.body.errors.some((e) => e.field === field && (!code || e.code === code)), `${mode} ${JSON.stringify(bad.body.errors)}`);
    }
    r = ok(await set(r, 'blank', { items: [{ ...r.items[1], total: undefined }] }));
    assert.deepEqual(r.items.map((x) => [x.what, x.due]), [['b', null]]);
    r = ok(await set(r, 'clear'));
    assert.deepEqual([r.items, r.sum], [[], 0]);
    const h = ok(await boss.get(`${F}/${r._id}/history`)).history[0];
    assert.equal(h.changes.find((c) => c.field === 'items').removed, 1, 'in the history');
  });

  await t.test('append-only rows', async () => {
    let r = await make({ name: 'l' });
    r = ok(await set(r, 'log'));
    assert.deepEqual(r.log.map((x) => x.text), ['von ui']);
    assert.equal((await set(r, 'unlog')).status, 403);
  });
});
