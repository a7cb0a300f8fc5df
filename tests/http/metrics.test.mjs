// Metrics take all aggregates, grouped or not, alone or in arithmetic.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('metrics', { skip }, async (t) => {
  const s = await serve(t);
  const boss = await login(s, 'boss');
  const rows = [[1, 10], [2, 20.5], [3, null], [4, 40], [5, 2]];
  for (const [qty, price] of rows)
    assert.equal((await boss.post(`${F}/records`, { title: 'm', code: `m${qty}`, qty, price, note: qty > 3 ? 'x' : null })).status, 201);
  const ask = async (metrics, more = '') => {
    const r = await boss.get(`${F}/aggregate?metrics=${encodeURIComponent(metrics)}&filter=${encodeURIComponent('title = "m"')}${more}`);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body.rows;
  };
  const one = async (metric) => (await ask(metric))[0][metric];
  const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} ${b}`);

  await t.test('every aggregate', async () => {
    assert.equal(await one('MEDIAN(price)'), 15.25);
    near(await one('STDEV(price)'), Math.sqrt([10, 20.5, 40, 2].reduce((q, x) => q + (x - 18.125) ** 2, 0) / 3));
    assert.equal(await one('PRODUCT(qty)'), 120);
    assert.equal(await one('LARGE(price, 2)'), 20.5);
    assert.equal(await one('SMALL(price, 1)'), 2);
    assert.equal(await one('LARGE(price, 9)'), null);
    assert.equal(await one('COUNTA(note)'), 2);
    assert.equal(await one('COUNTBLANK(price)'), 1);
    assert.equal(await one('COUNTD(status)'), 1);
    near(await one('MEDIAN(price) / COUNT() + LARGE(qty, 1)'), 15.25 / 5 + 5);
    assert.equal(await one('MEDIAN(qty * price)'), 10);
  });

  await t.test('in groups, sorted by them; of nothing; mistakes', async () => {
    const groups = await ask('MEDIAN(price),COUNTBLANK(price)', `&group=note&sort=${encodeURIComponent('-MEDIAN(price)')}`);
    assert.deepEqual(groups.map((g) => [g.note, g['MEDIAN(price)'], g['COUNTBLANK(price)']]), [['x', 21, 0], [null, 15.25, 1]]);
    const none = (await boss.get(`${F}/aggregate?metrics=${encodeURIComponent('MEDIAN(price),STDEV(price),PRODUCT(price),COUNTBLANK(price)')}&filter=${encodeURIComponent('title = "nothing"')}`)).body.rows[0];
    assert.deepEqual(Object.values(none ?? { a: null, b: null, c: 0, d: 0 }), [null, null, 0, 0]);
    for (const bad of ['MEDIAN(title)', 'LARGE(price, qty)', 'LARGE(price)', 'MEDIAN(MAX(price))'])
      assert.equal((await boss.get(`${F}/aggregate?metrics=${encodeURIComponent(bad)}`)).status, 422, bad);
  });
});
