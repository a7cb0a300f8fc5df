// Sharing one record: what it gives, whom, until when; what it never gives.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { call, login, root, serve, skip } from './lib.mjs';
import { upload } from './files.mjs';

const F = '/apps/docs/forms/contract';

test('shares', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/paper'), args: ['--test-clock'] });
  let [rep, mgr, peer, viewer] = await Promise.all(['rep', 'mgr', 'peer', 'viewer'].map((n) => login(s, n)));
  const file = (await upload(s, rep, 'scan', 'scan.txt')).body.id;
  const rec = (await rep.post(`${F}/records`, { name: '甲', kind: 'buy', amount: 5, scan: [file], items: [{ part: 'p', qty: 2, price: 3 }] })).body;
  const other = (await rep.post(`${F}/records`, { name: '乙', kind: 'buy' })).body;
  const R = `${F}/records/${rec._id}`;

  await t.test('nobody sees it before; a share shows the row and nothing else', async () => {
    assert.equal((await viewer.get(R)).status, 404);
    assert.equal((await viewer.get(F)).status, 404);
    const r = await rep.post(`${R}/share`, { to: viewer.me.id, can: ['read', 'comment'] });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.deepEqual(r.body.shares.map((x) => [x.to.id, x.can, x.until]), [[viewer.me.id, ['read', 'comment'], null]]);
    const seen = (await viewer.get(R)).body;
    assert.deepEqual([seen.name, seen.amount, seen.items[0].total], ['甲', 5, 6]);
    assert.equal((await viewer.get(`${F}/records/${other._id}`)).status, 404);
    assert.deepEqual((await viewer.get(`${F}/records`)).body.records.map((x) => x.name), ['甲']);
    assert.equal((await viewer.get(`${F}/records?filter=${encodeURIComponent('name = "乙"')}`)).body.total, 0);
    assert.equal((await viewer.get(`/files/${file}`)).body, 'scan');
    assert.equal((await viewer.post(`${R}/comments`, { text: 'hi', mentions: [] })).status, 201);
    assert.equal((await viewer.patch(R, { name: 'x' }, { 'If-Match': '"1"' })).status, 403);
    assert.equal((await viewer.post(`${R}/share`, { to: peer.me.id })).status, 403);
    assert.equal((await viewer.get(`${R}/history`)).status >= 400, true);
    const n = (await viewer.get('/notices')).body.notices;
    assert.ok(n.some((x) => x.kind === 'share'));
  });

  await t.test('only what the giver sees is given on', async () => {
    await mgr.patch(R, { kind: 'sell' }, { 'If-Match': `"${(await mgr.get(R)).body._version}"` });
    assert.equal((await peer.post(`${R}/share`, { to: viewer.me.id })).status, 403, 'no right to share');
    const bad = [{ to: 'zzz' }, { to: viewer.me.id, can: ['update'] }, { to: [] }, { to: rep.me.id }, { to: viewer.me.id, until: '2001-01-01' }, {}];
    for (const b of bad) assert.equal((await rep.post(`${R}/share`, b)).status, 422, JSON.stringify(b));
    assert.equal((await rep.post(`${F}/records/${other._id}x/share`, { to: viewer.me.id })).status, 404);
  });

  await t.test('it ends by its day or when it is taken back', async () => {
    const until = new Date(Date.now() + 3600_000).toISOString();
    assert.equal((await rep.post(`${F}/records/${other._id}/share`, { to: [viewer.me.login ?? viewer.me.id], until })).status, 200);
    assert.equal((await viewer.get(`${F}/records/${other._id}`)).status, 200);
    await call(s, 'POST', '/test/clock', { body: { advance: 7200 } });
    assert.equal((await viewer.get(`${F}/records/${other._id}`)).status, 404);
    assert.equal((await rep.del(`${R}/share/${viewer.me.id}`)).status, 204);
    assert.equal((await rep.del(`${R}/share/${viewer.me.id}`)).status, 404);
    assert.equal((await viewer.get(R)).status, 404);
    assert.equal((await viewer.get(F)).status, 404);
    assert.equal((await viewer.get(`/files/${file}`)).status, 404);
  });
});
