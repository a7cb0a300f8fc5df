// Two servers on one PostgreSQL: a due time fires once, each record of a run is done once, each event is delivered.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { call, root, skip, until } from '../http/lib.mjs';
import { sink } from '../http/sink.mjs';
import { login, schema, serve } from './lib.mjs';

const pg = { skip: skip || (process.env.MORTISE_TEST_PG ? false : 'no PostgreSQL') };
const F = '/apps/auto/forms';

test('two servers share schedules and the outbox', pg, async (t) => {
  const to = await sink(t);
  const dirs = [0, 1, 2, 3].map(() => mkdtempSync(join(tmpdir(), 'mortise-sched-')));
  t.after(() => dirs.forEach((d) => rmSync(d, { recursive: true, force: true })));
  const apps = join(dirs[0], 'apps');
  cpSync(join(root, 'tests/http/apps_auto'), apps, { recursive: true });
  const file = join(apps, 'auto/app.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:9', to.url));
  const args = ['--store', schema('sched'), '--keys', dirs[3], '--test-clock', '--outbound-allow', '127.0.0.1'];
  const one = await serve(t, { data: dirs[1], apps, args });
  const two = await serve(t, { data: dirs[2], apps, args, demo: false });
  const clock = (s, now) => call(s, 'POST', '/test/clock', { body: { now } });
  await Promise.all([one, two].map((s) => clock(s, '2027-01-04T17:00:00Z')));
  await new Promise((r) => setTimeout(r, 2500)); // what was missed until then
  let [left, right] = [await login(one, 'seller'), await login(two, 'seller')];
  const rows = await Promise.all(
    Array.from({ length: 120 }, (_, i) => (i % 2 ? left : right).post(`${F}/order/records`, { name: `P${i}` })),
  );
  assert.ok(rows.every((r) => r.status === 201));
  await until(() => new Set(to.calls.map((x) => x.headers['idempotency-key'])).size >= 120, 30_000);
  await Promise.all([one, two].map((s) => clock(s, '2027-01-04T18:31:00Z')));
  [left, right] = [await login(one, 'seller'), await login(two, 'seller')];
  const all = async () => {
    const out = [];
    for (let after = ''; ; ) {
      const r = (await right.get(`${F}/log/records?limit=200${after ? `&after=${encodeURIComponent(after)}` : ''}`)).body;
      out.push(...r.records.map((x) => x.what));
      if (!r.next) return out;
      after = r.next;
    }
  };
  await until(async () => (await all()).filter((x) => x.startsWith('nightly P')).length >= 120, 30_000);
  await new Promise((r) => setTimeout(r, 2500));
  const log = await all();
  assert.equal(log.filter((x) => x.startsWith('nightly P')).length, 120);
  for (const what of ['made', 'told', 'committed'])
    assert.equal(new Set(log.filter((x) => x.startsWith(`${what} P`))).size, log.filter((x) => x.startsWith(`${what} P`)).length, what);
  assert.equal(to.calls.filter((x) => x.path === '/sink').length, 120, 'without a crash each is delivered once');
});
