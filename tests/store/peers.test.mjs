// Two servers on one PostgreSQL: one winner of every race, events and publishes reach both.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { events, skip, until } from '../http/lib.mjs';
import { apps, login, run, schema, serve } from './lib.mjs';

const pg = { skip: skip || (process.env.MORTISE_TEST_PG ? false : 'no PostgreSQL') };
const F = '/apps/shop/forms/order/records';
const ORDER = `form: order
title: 单
record_title: code
fields:
  no: {type: serial, title: 编号, pattern: "D{0000}", reset: year}
  code: {type: text, title: 码, max: 40, unique: true}
  maker: {type: link, title: 厂家, form: maker}
  qty: {type: number, title: 数, scale: 0}
permissions:
  all: {role: chief, can: all}
`;

test('two servers', pg, async (t) => {
  const a = apps();
  writeFileSync(join(a.apps, 'shop/forms/order.yaml'), ORDER);
  const maker = readFileSync(join(a.apps, 'shop/forms/maker.yaml'), 'utf8');
  writeFileSync(join(a.apps, 'shop/forms/maker.yaml'), maker.replace('permissions:', '  orders: {type: rollup, title: 单数, of: order.maker, value: COUNT()}\npermissions:'));
  const url = schema('peers');
  const folders = [0, 1, 2].map(() => mkdtempSync(join(tmpdir(), 'mortise-peers-')));
  const keys = mkdtempSync(join(tmpdir(), 'mortise-peers-keys-'));
  t.after(() => {
    a.drop();
    for (const d of [...folders, keys]) rmSync(d, { recursive: true, force: true });
  });
  const args = ['--store', url, '--keys', keys];
  const one = await serve(t, { data: folders[0], apps: a.apps, args });
  const two = await serve(t, { data: folders[1], apps: a.apps, args, demo: false });
  const [left, right] = [await login(one, 'chief'), await login(two, 'chief')];

  await t.test('a session of one is one of the other', async () => {
    const r = await fetch(`${two.base}/api/v1/session`, { headers: { Cookie: left.cookie } });
    assert.equal(r.status, 200);
  });

  await t.test('a value that is unique has one winner, numbers have no double and no gap', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? left : right).post(F, { code: `C${Math.floor(i / 2)}`, qty: 1 })));
    const made = answers.filter((r) => r.status === 201);
    assert.equal(made.length, 100);
    assert.ok(answers.every((r) => r.status === 201 || (r.status === 409 && r.body.code === 'duplicate')), JSON.stringify(answers.find((r) => r.status !== 201 && r.status !== 409)?.body));
    const numbers = made.map((r) => r.body.no).sort();
    assert.deepEqual(numbers, Array.from({ length: 100 }, (_, i) => `D${String(i + 1).padStart(4, '0')}`));
    assert.equal(new Set(made.map((r) => r.body._id ?? r.body.id)).size, 100);
  });

  await t.test('one of two who change the same version wins; a rollup counts all', async () => {
    const m = await left.post('/apps/shop/forms/maker/records', { name: '厂' });
    const id = m.body._id ?? m.body.id;
    const rows = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? left : right).post(F, { code: `M${i}`, maker: id })));
    assert.ok(rows.every((r) => r.status === 201));
    assert.equal((await right.get(`/apps/shop/forms/maker/records/${id}`)).body.orders, 40);
    const etag = { 'If-Match': rows[0].headers.get('etag') ?? '"1"' };
    const row = rows[0].body._id ?? rows[0].body.id;
    const both = await Promise.all([left.patch(`${F}/${row}`, { qty: 2 }, etag), right.patch(`${F}/${row}`, { qty: 3 }, etag)]);
    assert.deepEqual(both.map((r) => r.status).sort(), [200, 412]);
  });

  await t.test('an event of one reaches a browser at the other', async () => {
    const stream = await events(two, right);
    const made = await left.post(F, { code: 'LIVE' });
    await stream.next((e) => e.data.id === (made.body._id ?? made.body.id), 3000);
    stream.close();
  });

  await t.test('a third program publishes: both know it within two seconds', async () => {
    writeFileSync(join(a.apps, 'shop/forms/order.yaml'), ORDER.replace('permissions:', '  extra: {type: text, title: 新}\npermissions:'));
    const r = run(['apply', join(a.apps, 'shop'), '--data', folders[2], ...args]);
    assert.equal(r.code, 0, r.err + r.out);
    for (const c of [left, right])
      await until(async () => (await c.post(F, { code: `X${c === left}${Math.random()}`, extra: 'x' })).status === 201, 2000);
  });

  await t.test('one is killed, the other goes on', async () => {
    one.child.kill('SIGKILL');
    for (let i = 0; i < 20; i++) assert.equal((await right.post(F, { code: `K${i}` })).status, 201);
    one.mayFail = true;
  });
});
