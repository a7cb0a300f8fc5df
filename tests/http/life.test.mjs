// The life of a server: start, drain, restart, one process a data folder, backups, and the commands beside it.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { PASSWORD, binary, call, folder, login, root, run, serve, skip, wire } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('drain: in flight is answered, new is refused, exit 0 in time', { skip, timeout: 60_000 }, async (t) => {
  const data = folder();
  const s = await serve(t, { data });
  const agent = await login(s, 'agent');
  let on = true;
  const acked = [];
  let cut = 0;
  const load = Array.from({ length: 8 }, async () => {
    while (on) {
      try {
        const r = await agent.post(`${F}/records`, { title: '排空' });
        if (r.status === 201) acked.push(r.body._id);
        else if (r.status !== 503) cut++;
      } catch {
        return; // the connection is closed: a refusal
      }
    }
  });
  await new Promise((r) => setTimeout(r, 500));
  // a request whose body is under way when the signal comes is still answered
  const body = JSON.stringify({ title: '慢慢来' });
  const slow = wire(s, '', {
    ms: 8000,
    parts: [
      `POST /api/v1${F}/records HTTP/1.1\r\nHost: x\r\nCookie: ${agent.cookie}\r\nX-CSRF-Token: ${agent.csrf}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 5)}`,
      800,
      body.slice(5),
    ],
  });
  await new Promise((r) => setTimeout(r, 200));
  const t0 = Date.now();
  const code = await s.stop();
  on = false;
  assert.equal(code, 0, s.text);
  assert.ok(Date.now() - t0 < 10_000);
  await Promise.all(load);
  assert.match(await slow, /^HTTP\/1\.1 (201|503)/);
  assert.equal(cut, 0);
  const again = await serve(t, { data });
  const boss = await login(again, 'boss');
  const ids = new Set();
  for (let after = ''; ; ) {
    const r = (await boss.get(`${F}/records?limit=200&fields=title${after && `&after=${after}`}`)).body;
    for (const x of r.records) ids.add(x._id);
    if (!(after = r.next)) break;
  }
  assert.deepEqual(acked.filter((id) => !ids.has(id)), []);
  assert.ok(acked.length > 20, `${acked.length} acknowledged`);
});

test('kill -9 under load loses nothing that was acknowledged', { skip, timeout: 60_000 }, async (t) => {
  const data = folder();
  for (let round = 0; round < 3; round++) {
    const s = await serve(t, { data, mayFail: true });
    const agent = await login(s, 'agent');
    const acked = [];
    const load = Array.from({ length: 4 }, async () => {
      for (;;) {
        try {
          const r = await agent.post(`${F}/records`, { title: '断电', items: [{ part: 'x', n: 1 }] });
          if (r.status === 201) acked.push(r.body._id);
        } catch {
          return;
        }
      }
    });
    await new Promise((r) => setTimeout(r, 400));
    s.child.kill('SIGKILL');
    await s.exited;
    await Promise.all(load);
    const again = await serve(t, { data });
    const boss = await login(again, 'boss');
    for (const id of acked) {
      const r = await boss.get(`${F}/records/${id}`);
      assert.equal(r.status, 200);
      assert.equal(r.body.items.length, 1);
    }
    assert.ok(acked.length > 5);
    assert.equal(run(['verify', '--data', data]).code, 0);
    await again.stop();
  }
});

test('one process a data folder; options, environment, wrong usage', { skip }, async (t) => {
  const s = await serve(t);
  const second = run(['serve', '--apps', s.apps, '--data', s.data, '--listen', '127.0.0.1:0']);
  assert.equal(second.code, 1);
  assert.match(second.err, /data folder|数据目录/);
  assert.equal(run(['serve', '--nonsense']).code, 2);
  assert.equal(run(['serve', '--workers', 'many', '--data', folder()]).code, 2);
  assert.equal(run(['nonsense']).code, 2);
  assert.equal(run([]).code, 2);
  assert.equal(run(['help']).code, 0);
  assert.match(run(['serve', '--help']).out, /--test-clock/);
  const taken = run(['serve', '--apps', s.apps, '--data', folder(), '--listen', `127.0.0.1:${s.port}`]);
  assert.equal(taken.code, 1);
  const env = run(['serve'], { env: { ...process.env, MORTISE_WORKERS: 'x' } });
  assert.equal(env.code, 2);
  assert.equal(run(['serve', '--test-clock', '--listen', '0.0.0.0:0', '--apps', s.apps, '--data', folder()]).code, 1);
});

test('demo password: generated once, kept for its owner only', { skip }, async (t) => {
  const data = folder();
  const s = await serve(t, { data, env: { MORTISE_DEMO_PASSWORD: '' } });
  const file = join(data, 'demo-password');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const password = readFileSync(file, 'utf8').trim();
  assert.ok(password.length >= 16 && s.text.includes(password));
  await login(s, 'boss', password);
  assert.equal((await call(s, 'POST', '/session', { body: { login: 'boss', password: PASSWORD } })).status, 401);
  await s.stop();
  const again = await serve(t, { data, env: { MORTISE_DEMO_PASSWORD: '' } });
  await login(again, 'boss', password);
});

test('members and backups beside a running server', { skip }, async (t) => {
  const s = await serve(t);
  const add = run(['member', 'add', 'han', '--name', '韩梅梅', '--role', 'desk:agent', '--department', '客服部', '--password-stdin', '--data', s.data], { input: `${PASSWORD}\n` });
  assert.equal(add.code, 0, add.out + add.err);
  const han = await login(s, 'han');
  assert.deepEqual([han.me.name, han.me.departments[0].title], ['韩梅梅', '客服部']);
  assert.equal(run(['member', 'add', 'han', '--name', 'x', '--password-stdin', '--data', s.data], { input: PASSWORD }).code, 1);
  assert.equal(run(['member', 'add', 'yu', '--role', 'desk:nope', '--data', s.data]).code, 1);

  const made = (await han.post(`${F}/records`, { title: '备份前' })).body;
  const file = join(folder(), 'b.mortise');
  const b = run(['backup', file, '--data', s.data]);
  assert.equal(b.code, 0, b.out + b.err);
  const bytes = readFileSync(file);
  assert.ok(!bytes.includes('备份前') && !bytes.includes('SQLite format'));
  assert.equal(run(['backup', file, '--data', s.data]).code, 1);
  assert.equal(run(['verify', file, '--data', s.data]).code, 0);
  assert.equal(run(['restore', file, '--data', s.data]).code, 1);

  const fresh = folder();
  const key = join(`${s.data}.keys`, 'backup.key');
  const r = run(['restore', file, '--data', fresh, '--backup-key', key]);
  assert.equal(r.code, 0, r.out + r.err);
  const flipped = Buffer.from(bytes);
  flipped[flipped.length >> 1] ^= 1;
  const bad = join(folder(), 'bad.mortise');
  writeFileSync(bad, flipped);
  assert.equal(run(['restore', bad, '--data', folder(), '--backup-key', key]).code, 1);
  assert.equal(run(['restore', file, '--data', folder()]).code, 1);

  const copy = await serve(t, { data: fresh });
  const again = await login(copy, 'han');
  assert.equal((await again.get(`${F}/records/${made._id}`)).body.title, '备份前');
  await copy.stop();
  rmSync(fresh, { recursive: true, force: true });

  const admin = await login(s, 'admin');
  const api = await admin.post('/admin/backups', {});
  assert.equal(api.status, 201, JSON.stringify(api.body));
  assert.equal((await admin.get('/admin/backups')).body.backups.length, 1);
  assert.equal((await han.post('/admin/backups', {})).status, 403);
});

test('eval, schema, doctor, version', { skip }, () => {
  const ev = (...args) => run(['eval', ...args]);
  assert.equal(ev('1 + 2 * 3').out, '7\n');
  assert.equal(ev('qty * price', '--set', 'qty=3', 'price=19.9').out, '59.7\n');
  assert.equal(ev('"a" & x', '--set', 'x="b"').out, '"ab"\n');
  const bad = ev('1 +');
  assert.equal(bad.code, 1);
  assert.ok(JSON.parse(bad.out).error.column >= 1);
  for (const via of ['native', 'sqlite']) {
    const r = run(['eval', '-', '--via', via], { input: '{"expr":"ROUND(1.005, 2)"}\n{"expr":"x + 1","vars":{"x":1}}\n{"expr":"1/0"}\n' });
    assert.deepEqual(r.out.trim().split('\n'), ['1.01', '2', 'null'], via);
  }
  const schema = JSON.parse(run(['schema']).out);
  assert.ok(schema.$defs || schema.properties);
  assert.equal(run(['doctor', '--data', folder(), '--apps', join(root, 'tests/http/apps')]).code, 0);
  assert.match(run(['version']).out, /mortise \d/);
  assert.ok(binary);
});
