// The US regional orders (7,991 of them, over four channels): the plain rule cries ten times, the robust one once, both
// as monitors replayed over the imported rows.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { folder as temp, login, root, run, serve, skip as unbuilt } from '../http/lib.mjs';
import { data } from './lib.mjs';

const file = data && join(data, 'crm/us_regional_sales/orders.csv');
const skip = unbuilt || (file ? false : 'skipped: no data');

const rule = (lines) => `monitors:
  plain: {title: 渠道异常, metric: SUM(net), of: order, at: day, by: channel, window: month, ${lines}, every: day, to: [role: boss]}
`;

/** One line of a CSV file with quotes. */
const cells = (line) => [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((m) => m[2] ?? m[1]);

/** What an admin does with the file before the import: dates as 2018-05-31, numbers without thousands' commas. */
function clean(text) {
  const [head, ...lines] = text.replace(/^\uFEFF/, '').trim().split(/\r?\n/);
  const names = cells(head).map((x) => x.trim());
  const at = (name) => names.indexOf(name);
  const out = ['no,channel,day,qty,price,discount'];
  for (const line of lines) {
    const v = cells(line).map((x) => x.trim());
    const [m, d, y] = v[at('OrderDate')].split('/').map(Number);
    const day = `20${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
    const number = (name) => v[at(name)].replaceAll(',', '');
    out.push([v[0], v[at('Sales Channel')], day, number('Order Quantity'), number('Unit Price'), number('Discount Applied')].join(','));
  }
  return out.join('\n');
}

test('US regional orders under two rules', { skip, timeout: 300_000 }, async (t) => {
  const dir = temp();
  const s = await serve(t, { apps: join(root, 'tests/http/apps_monitor'), data: join(dir, 'data') });
  writeFileSync(join(dir, 'orders.csv'), clean(readFileSync(file, 'utf8')));
  const r = run(['import', 'sales/order', join(dir, 'orders.csv'), '--as', 'boss', '--data', s.data], { timeout: 200_000 });
  assert.equal(r.code, 0, r.out + r.err);
  const admin = await login(s, 'admin');
  const { id } = (await admin.get('/admin/members')).body.members.find((m) => m.login === 'boss');
  assert.equal((await admin.patch(`/admin/members/${id}`, { rights: ['design'] })).status, 200);
  const boss = await login(s, 'boss'); // who reads every field is told the figures
  const [sum] = (await admin.get('/apps/sales/forms/order/aggregate?metrics=COUNT(),SUM(net)')).body.rows;
  assert.equal(sum['COUNT()'], 7991);
  assert.ok(Math.abs(sum['SUM(net)'] - 73143379.74) < 100, sum['SUM(net)']);
  const body = { app: 'sales', form: 'order', from: '2018-06-01', to: '2021-01-01', at: 'day', limit: 1 };
  const replay = async (lines) => {
    const started = Date.now();
    const r = await boss.post('/admin/simulate', { ...body, rules: { 'monitors.yaml': rule(lines) } });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    t.diagnostic(`31 months of 7,991 orders under two rules in ${Date.now() - started} ms`);
    return r.body;
  };
  const plain = await replay('against: {previous: 3, center: mean}, alert: change <= -0.3');
  assert.deepEqual([plain.totals['monitor.plain'].was, plain.totals['monitor.plain'].would], [10, 10]);
  const robust = await replay('against: {previous: 6, center: median, spread: mad}, alert: z <= -3, min_change: 0.2');
  assert.equal(robust.totals['monitor.plain'].would, 1);
  const [one] = robust.differs.filter((d) => d.would);
  // it cried under the plain rule too, with other figures
  assert.equal(one.id, '线上 2019-02-01');
  assert.deepEqual([one.would.z.toFixed(2), one.would.change.toFixed(3)], ['-3.21', '-0.292']);
});
