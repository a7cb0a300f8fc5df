// A column that a publish puts away comes back with its key for 30 days; then a backup is made and it is removed for good.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip, until } from './lib.mjs';

const F = '/apps/shop/forms';

test('what is put away', { skip }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'mortise-retired-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const s = await serve(t, { apps: join(root, 'tests/http/apps_calc'), own: true, data, args: ['--test-clock'] });
  let [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(s, n)));
  const path = join(s.apps, 'shop/forms/item.yaml');
  const with_ = readFileSync(path, 'utf8');
  const without = with_.replace(/ {2}price:.*\n/, '');
  const publish = async (text) => {
    writeFileSync(path, text);
    const plan = (await admin.post('/admin/apps/shop/plan', {})).body;
    const r = await admin.post('/admin/apps/shop/publish', { plan_hash: plan.plan_hash, allow_data_loss: true });
    assert.equal(r.status, 200, JSON.stringify([r.body, plan]));
  };
  const id = (await boss.post(`${F}/item/records`, { name: 'a', price: 12.5 })).body._id;
  const price = async () => (await boss.get(`${F}/item/records/${id}`)).body.price;
  await publish(without);
  assert.equal(await price(), undefined);
  await publish(with_);
  assert.equal(await price(), 12.5);
  await publish(without);
  const backups = () => (existsSync(join(data, 'backups')) ? readdirSync(join(data, 'backups')) : []);
  assert.deepEqual(backups(), []);
  const moved = await admin.post('/test/clock', { advance: 31 * 86_400 });
  assert.equal(moved.status, 200, JSON.stringify(moved.body));
  await until(() => backups().some((f) => /^purge-.*\.mortise$/.test(f)), 15_000);
  [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(s, n)));
  await new Promise((done) => setTimeout(done, 500));
  await publish(with_);
  assert.equal(await price(), null);
});
