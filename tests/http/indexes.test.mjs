// Indexes follow from the definition: the plan says which are made and which are dropped, and why.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

test('indexes in the plan', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const admin = await login(s, 'admin');
  const boss = await login(s, 'boss');
  const file = join(s.apps, 'desk', 'forms/ticket.yaml');
  const before = readFileSync(file, 'utf8');
  const plan = async () => (await admin.post('/admin/apps/desk/plan', {})).body;
  const indexes = (p) => p.changes.map((c) => JSON.stringify(c)).filter((c) => c.includes('索引'));
  const publish = async (p) => {
    const r = await admin.post('/admin/apps/desk/publish', { plan_hash: p.plan_hash });
    assert.equal(r.status, 200, JSON.stringify(r.body));
  };
  assert.deepEqual(indexes(await plan()), []);
  writeFileSync(file, before.replace('views:\n', 'views:\n  dear: {title: 贵, type: grid, where: status = "open", columns: [title, cost], sort: [-cost]}\n'));

  const more = await plan();
  const made = indexes(more);
  assert.ok(made.some((c) => c.includes('建立索引') && c.includes('cost') && c.includes('dear')), made.join('\n'));
  assert.ok(!made.some((c) => c.includes('删除索引')), made.join('\n'));
  assert.ok(more.changes.every((c) => c.kind === 'safe'), JSON.stringify(more.changes));
  await publish(more);
  assert.deepEqual(indexes(await plan()), []);
  assert.equal((await boss.get('/apps/desk/forms/ticket/records?view=dear')).status, 200);

  writeFileSync(file, before);
  const less = await plan();
  assert.ok(indexes(less).some((c) => c.includes('删除索引')), JSON.stringify(less.changes));
  assert.ok(!indexes(less).some((c) => c.includes('建立索引')), JSON.stringify(less.changes));
  await publish(less);
  assert.deepEqual(indexes(await plan()), []);
});
