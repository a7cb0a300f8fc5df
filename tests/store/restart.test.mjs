// PostgreSQL is killed under two servers: answers in between are 503, what was acknowledged is there once, and afterwards writing,
// listening and events go on by themselves.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { events, root, skip, until } from '../http/lib.mjs';
import { apps, login, serve } from './lib.mjs';

const F = '/apps/shop/forms/maker/records';
const wait = (ms) => new Promise((r) => setTimeout(r, ms));

/** A cluster of its own, to be killed: {url, data, kill(), start(), end()}. */
async function cluster() {
  const child = spawn(join(root, 'tests/pg.sh'), ['bash', '-c', 'echo "$MORTISE_TEST_PG|$MORTISE_TEST_PG_DATA"; cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise((r) => child.on('exit', r));
  const [url, data] = await new Promise((ok, fail) => {
    let text = '';
    child.stdout.on('data', (x) => {
      text += x;
      if (text.includes('\n')) ok(text.trim().split('|'));
    });
    child.on('exit', () => fail(new Error('no cluster')));
  });
  const base = '/usr/lib/postgresql';
  const bin = join(base, readdirSync(base).sort((a, b) => a - b).at(-1), 'bin');
  const as = process.getuid() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const ctl = (...args) => spawnSync([...as, join(bin, 'pg_ctl')][0], [...as, join(bin, 'pg_ctl'), '-D', data, ...args].slice(1), { encoding: 'utf8', cwd: '/' });
  return {
    url,
    kill: () => process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL'),
    start: () => until(() => ctl('-l', join(data, '../log'), '-w', '-t', '20', 'start').status === 0, 30_000),
    end: async () => {
      child.stdin.end();
      await gone;
    },
  };
}

test('the database is killed', { skip: skip || (process.env.MORTISE_TEST_PG ? false : 'no PostgreSQL'), timeout: 180_000 }, async (t) => {
  const pg = await cluster();
  const a = apps();
  const dirs = [0, 1, 2].map(() => mkdtempSync(join(tmpdir(), 'mortise-restart-')));
  t.after(async () => {
    await pg.end();
    a.drop();
    for (const d of dirs) rmSync(d, { recursive: true, force: true });
  });
  const args = ['--store', `${pg.url}&schema=restart`, '--keys', dirs[2]];
  await t.test('served by two', async (t2) => {
    const one = await serve(t2, { data: dirs[0], apps: a.apps, args });
    const two = await serve(t2, { data: dirs[1], apps: a.apps, args, demo: false });
    const both = [await login(one, 'chief'), await login(two, 'chief')];
    const said = new Map();
    const statuses = {};
    let stop = false;
    const writers = Array.from({ length: 6 }, async (_, w) => {
      for (let i = 0; !stop; i++) {
        const name = `w${w}-${i}`;
        const r = await both[w % 2].post(F, { name, rank: 1 }, { 'Idempotency-Key': `${name}-key` });
        statuses[r.status] = (statuses[r.status] ?? 0) + 1;
        said.set(name, r.status);
        if (r.status !== 201) await wait(50);
      }
    });
    for (let round = 0; round < 2; round++) {
      await wait(700);
      pg.kill();
      await wait(500);
      await pg.start();
    }
    const before = statuses[201];
    await until(() => statuses[201] > before + 10, 30_000);
    stop = true;
    await Promise.all(writers);

    t2.diagnostic(`answers ${JSON.stringify(statuses)}`);
    assert.deepEqual(Object.keys(statuses).filter((x) => x !== '201' && x !== '503'), [], JSON.stringify(statuses));
    assert.ok(statuses[503] > 0, 'nobody noticed');
    const there = new Map();
    for (let next = ''; next !== null; ) {
      const r = await both[0].get(`${F}?limit=200&fields=name&filter=${encodeURIComponent('STARTSWITH(name, "w")')}${next ? `&after=${encodeURIComponent(next)}` : ''}`);
      assert.equal(r.status, 200, JSON.stringify(r.body));
      for (const x of r.body.records) there.set(x.name, (there.get(x.name) ?? 0) + 1);
      next = r.body.next;
    }
    for (const [name, status] of said) if (status === 201) assert.equal(there.get(name), 1, `${name} was acknowledged`);
    assert.deepEqual([...there].filter(([, n]) => n > 1), []);

    const stream = await events(two, both[1]);
    await until(async () => {
      const made = await both[0].post(F, { name: 'after' });
      return made.status === 201 && until(() => stream.seen.find((e) => e.data.id === made.body._id), 1500).catch(() => false);
    }, 20_000);
    stream.close();
  });
});
