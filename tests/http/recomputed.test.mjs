// A computed value that changes with another row changes the ETag of those who see it, sends an event, and stands in
// nobody's way; the version and the ETag of those who do not see it stay.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { events, login, root, serve, skip } from './lib.mjs';

const F = '/apps/shop/forms';
const ok = (r, status = 200) => (assert.equal(r.status, status, JSON.stringify(r.body)), r.body);

test('recomputed rows', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/twins') });
  const mgr = await login(s, 'mgr');
  const c = ok(await mgr.post(`${F}/client/records`, { name: 'A' }), 201);
  const path = `${F}/client/records/${c._id}`;
  const look = async () => {
    const r = await mgr.get(path);
    return { ...ok(r), etag: r.headers.get('etag') };
  };
  const live = await events(s, mgr);
  t.after(() => live.close());
  const before = await look();
  assert.match(before.etag, /^"1-[0-9a-f]{8}"$/);
  assert.equal((await look()).etag, before.etag);
  const made = await mgr.post(`${F}/deal/records`, { title: 'd', client: c._id });
  assert.equal(made.headers.get('etag'), '"1"', 'nothing in it is made by others');
  const after = await look();
  assert.deepEqual([before.deals, after.deals, after._version], [0, 1, 1]);
  assert.notEqual(after.etag, before.etag);
  await live.next((e) => JSON.stringify(e).includes(c._id));
  const merged = ok(await mgr.patch(path, { city: 'x' }, { 'If-Match': before.etag }));
  assert.deepEqual([merged._version, merged.city, merged.deals], [2, 'x', 1], 'nobody wrote it since');
  assert.equal((await mgr.patch(path, { city: 'y' }, { 'If-Match': after.etag })).status, 412, 'somebody did');
  assert.equal((await mgr.patch(path, { city: 'y' }, { 'If-Match': '"9"' })).status, 412);
  assert.equal((await mgr.patch(path, { city: 'y' }, { 'If-Match': '"x-1"' })).status, 400);
  ok(await mgr.patch(path, { city: 'z' }, { 'If-Match': '"2"' }));
  const all = ok(await mgr.get(`${path}/history?computed=1`)).history;
  assert.deepEqual(all.map((h) => [h.version, h.op]), [[3, 'update'], [2, 'update'], [1, 'compute'], [1, 'create']]);
});
