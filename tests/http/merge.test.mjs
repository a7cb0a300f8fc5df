// Merging two records: links, rows, files and comments go to the survivor; undo brings both back.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { login, root, serve, skip } from './lib.mjs';
import { upload } from './files.mjs';

const A = '/apps/docs/forms';

test('merge', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/paper') });
  const [rep, mgr, peer] = await Promise.all(['rep', 'mgr', 'peer'].map((n) => login(s, n)));
  const file = (await upload(s, mgr, 'scan', 'scan.txt')).body.id;
  const one = (await mgr.post(`${A}/contract/records`, { name: '一', kind: 'sell', items: [{ part: 'a', qty: 1, price: 2 }] })).body._id;
  const two = (await mgr.post(`${A}/contract/records`, { name: '二', no: 'N2', scan: [file], items: [{ part: 'b', qty: 1, price: 3 }] })).body._id;
  await mgr.post(`${A}/contract/records/${two}/comments`, { text: 'hello', mentions: [] });
  const M = `${A}/contract/records/${one}/merge`;
  assert.equal((await peer.post(M, { from: two })).status, 403);
  assert.equal((await rep.post(M, { from: two })).status, 404);
  assert.equal((await mgr.post(M, { from: one })).status, 422);
  assert.equal((await mgr.post(M, { from: 'x' })).status, 404);
  const r = await mgr.post(M, { from: two });
  assert.equal(r.status, 200, JSON.stringify(r.body));
  const rec = r.body.record;
  assert.deepEqual([rec.name, rec.no, rec.items.map((x) => x.part), rec.sum], ['一', null, ['a', 'b'], 5]);
  assert.equal((await mgr.get(`/files/${rec.scan[0].id}`)).body, 'scan');
  assert.equal((await mgr.get(`${A}/contract/records/${two}`)).status, 404);
  assert.deepEqual((await mgr.get(`${A}/contract/records/${one}/comments`)).body.comments.map((x) => x.text), ['hello']);

  // links of another form
  const [p, q] = [(await mgr.post(`${A}/party/records`, { name: 'P', code: 'p' })).body._id, (await mgr.post(`${A}/party/records`, { name: 'Q', code: 'q' })).body._id];
  const c = (await mgr.post(`${A}/contract/records`, { name: 'L', party: q })).body._id;
  const parties = await mgr.post(`${A}/party/records/${p}/merge`, { from: q });
  assert.equal(parties.status, 200, JSON.stringify(parties.body));
  assert.equal((await mgr.get(`${A}/contract/records/${c}`)).body.party.id, p, 'what linked there links here');
  const kept = await mgr.post(`/imports/${parties.body.merge}/undo`);
  assert.equal(kept.status, 200);
  assert.equal((await mgr.get(`${A}/party/records/${q}`)).body.name, 'Q');
  const back = await mgr.post(`/imports/${r.body.merge}/undo`);
  assert.equal(back.status, 200, JSON.stringify(back.body));
  const again = (await mgr.get(`${A}/contract/records/${one}`)).body;
  assert.deepEqual([again.no, again.items.map((x) => x.part)], [null, ['a']]);
  assert.equal((await mgr.get(`${A}/contract/records/${two}`)).body.no, 'N2');
  // undo goes from the newest record back: a link newer than its target is told as kept, not lost
  if ((await mgr.get(`${A}/contract/records/${c}`)).body.party.id !== q) assert.ok(kept.body.kept >= 1, JSON.stringify(kept.body));
});
