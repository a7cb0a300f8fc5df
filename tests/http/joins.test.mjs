// Join tables of links: a database of an older program gets them at the start, filled by the job; moved and copied they stay.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { login, onPg, root, run, serve, skip, until } from './lib.mjs';

const F = '/apps/shop/forms';
const q = encodeURIComponent;
const sqlite = spawnSync('sqlite3', ['--version']).status === 0;

test('join tables', { skip }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'mortise-joins-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const first = await serve(t, { apps: join(root, 'tests/http/twins'), own: true, data, mayFail: true });
  let mgr = await login(first, 'mgr');
  const make = async (form, values) => (await mgr.post(`${F}/${form}/records`, values)).body._id;
  const [a, b] = [await make('client', { name: 'A' }), await make('client', { name: 'B' })];
  const ids = [];
  for (let i = 0; i < 30; i++) ids.push(await make('deal', { title: `d${i}`, others: i % 3 ? [a] : [b, a] }));
  const holds = async (id) => (await mgr.get(`${F}/deal/records?count=exact&limit=1&filter=${q(`others CONTAINS "${id}"`)}`)).body.total;
  assert.deepEqual([await holds(a), await holds(b)], [30, 10]);
  const admin = await login(first, 'admin');

  await t.test('a field comes, is renamed, goes and comes back', async () => {
    const path = join(first.apps, 'shop/forms/deal.yaml');
    const text = readFileSync(path, 'utf8');
    const publish = async (s) => {
      writeFileSync(path, s);
      const plan = (await admin.post('/admin/apps/shop/plan', {})).body;
      const r = await admin.post('/admin/apps/shop/publish', { plan_hash: plan.plan_hash, allow_data_loss: true });
      assert.equal(r.status, 200, JSON.stringify([plan, r.body]));
    };
    const count = async (field, id) => (await mgr.get(`${F}/deal/records?count=exact&limit=1&filter=${q(`${field} CONTAINS "${id}"`)}`)).body.total;
    await publish(text.replace('others: {type: links, title: 相关客户, form: client}', 'friends: {type: links, title: 相关客户, form: client, was: others}'));
    assert.equal(await count('friends', b), 10);
    await mgr.patch(`${F}/deal/records/${ids[1]}`, { friends: [b], _version: 1 });
    assert.equal(await count('friends', b), 11);
    await publish(text.replace(/^ {2}others:.*\n/m, ''));
    await publish(text.replace('others: {type: links', 'friends: {type: links'));
    assert.equal(await count('friends', b), 11, 'its column came back');
    await publish(text.replace('others: {type: links, title: 相关客户, form: client}', 'others: {type: links, title: 相关客户, form: client, was: friends}'));
    await until(async () => (await admin.post('/admin/apps/shop/plan', {})).body.backfill === undefined, 20_000);
    assert.deepEqual([await holds(a), await holds(b)], [29, 11]);
  });

  await t.test('a database of an older program', { skip: onPg || !sqlite ? 'skipped: needs sqlite3 and SQLite' : false }, async () => {
    first.child.kill('SIGTERM');
    await first.exited;
    const r = spawnSync('sqlite3', [join(data, 'mortise.db'), 'DROP TABLE shop__deal__others; DROP TABLE shop__client__parent_of;'], { encoding: 'utf8' });
    assert.match(r.stderr, /no such table: shop__client__parent_of/);
    const s = await serve(t, { apps: first.apps, data, mayFail: true });
    mgr = await login(s, 'mgr');
    assert.deepEqual([await holds(a), await holds(b)], [29, 11], 'at once');
    await mgr.patch(`${F}/deal/records/${ids[2]}`, { others: [b], _version: 1 });
    assert.deepEqual([await holds(a), await holds(b)], [28, 12]);
    const count = () => spawnSync('sqlite3', ['-readonly', join(data, 'mortise.db'), 'SELECT count(*) FROM shop__deal__others; SELECT count(*) FROM _backfill'], { encoding: 'utf8' }).stdout.trim().split('\n');
    await until(() => count()[1] === '0', 20_000);
    assert.equal(count()[0], '40', 'filled by the job');
    assert.deepEqual([await holds(a), await holds(b)], [28, 12]);
    s.child.kill('SIGTERM');
    await s.exited;
    const moved = mkdtempSync(join(tmpdir(), 'mortise-moved-'));
    t.after(() => rmSync(moved, { recursive: true, force: true }));
    const m = run(['move', '--from', `sqlite:${join(data, 'mortise.db')}`, '--to', `sqlite:${join(moved, 'mortise.db')}`]);
    assert.equal(m.code, 0, m.out + m.err);
    assert.equal(spawnSync('sqlite3', ['-readonly', join(moved, 'mortise.db'), 'SELECT count(*) FROM shop__deal__others'], { encoding: 'utf8' }).stdout.trim(), '40');
  });
});
