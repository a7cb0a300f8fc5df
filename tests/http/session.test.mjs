// Logging in and out, setup, CSRF, throttling, tokens, people.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PASSWORD, call, login, serve, skip } from './lib.mjs';

test('setup: the first visit makes the administrator, once', { skip }, async (t) => {
  const s = await serve(t, { demo: false });
  assert.deepEqual((await call(s, 'GET', '/setup')).body, { needed: true });
  const weak = await call(s, 'POST', '/setup', { body: { name: '管', login: 'root', password: 'short' } });
  assert.equal(weak.status, 422);
  assert.equal(weak.body.errors[0].field, 'password');
  const both = await Promise.all(
    ['root', 'rival'].map((l) => call(s, 'POST', '/setup', { body: { name: '管理员', login: l, password: PASSWORD } })),
  );
  assert.deepEqual(both.map((r) => r.status).sort(), [201, 409]);
  const won = both.find((r) => r.status === 201);
  assert.deepEqual(won.body.me.rights.sort(), ['design', 'operate', 'people']);
  assert.deepEqual((await call(s, 'GET', '/setup')).body, { needed: false });
  assert.equal((await call(s, 'POST', '/setup', { body: { name: 'x', login: 'x', password: PASSWORD } })).status, 409);
});

test('sessions', { skip }, async (t) => {
  const s = await serve(t);

  await t.test('the cookie is HttpOnly and SameSite, the token not guessable', async () => {
    const r = await call(s, 'POST', '/session', { body: { login: 'agent', password: PASSWORD } });
    assert.equal(r.status, 200);
    const cookie = r.headers.getSetCookie()[0];
    assert.match(cookie, /^sid=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax/);
    assert.equal(r.body.me.login, 'agent');
    assert.deepEqual(r.body.me.roles, ['desk:agent']);
    assert.deepEqual(r.body.me.apps, ['desk']);
    assert.ok(r.body.csrf.length >= 32);
  });

  await t.test('a new id at login, the old one dead; logout ends it', async () => {
    const a = await login(s, 'agent');
    const again = await call(s, 'POST', '/session', { body: { login: 'boss', password: PASSWORD }, headers: { Cookie: a.cookie } });
    assert.equal(again.status, 200);
    assert.equal((await a.get('/session')).status, 401);
    const b = await login(s, 'agent');
    assert.equal((await b.get('/session')).body.me.login, 'agent');
    assert.equal((await b.del('/session')).status, 204);
    assert.equal((await b.get('/session')).status, 401);
  });

  await t.test('unknown and wrong look the same', async () => {
    const wrong = await call(s, 'POST', '/session', { body: { login: 'outsider', password: 'nonono-1' } });
    const unknown = await call(s, 'POST', '/session', { body: { login: 'nobody-here', password: 'nonono-1' } });
    assert.equal(wrong.status, 401);
    assert.deepEqual(wrong.body, unknown.body);
  });

  await t.test('CSRF: no token, a wrong one, another origin', async () => {
    const a = await login(s, 'agent');
    const path = '/apps/desk/forms/customer/records';
    const body = { name: 'csrf' };
    const bare = await call(s, 'POST', path, { body, headers: { Cookie: a.cookie } });
    assert.deepEqual([bare.status, bare.body.code], [403, 'csrf']);
    assert.equal((await a.post(path, body, { 'X-CSRF-Token': 'x'.repeat(43) })).status, 403);
    assert.equal((await a.post(path, body, { Origin: 'https://evil.example' })).status, 403);
    assert.equal((await a.post(path, body, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
    const cross = await call(s, 'POST', '/session', { body: { login: 'agent', password: PASSWORD }, headers: { Origin: 'https://evil.example' } });
    assert.equal(cross.status, 403);
    assert.equal((await a.get('/apps/desk/forms/customer/records')).body.records.length, 0);
    assert.equal((await a.post(path, body, { Origin: s.base })).status, 201);
  });

  await t.test('successes are never counted', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => call(s, 'POST', '/session', { body: { login: 'agent', password: PASSWORD } })));
    assert.ok(all.every((r) => r.status === 200), all.map((r) => r.status).join());
  });
});

test('throttling', { skip }, async (t) => {
  const s = await serve(t, { args: ['--test-clock'] });
  const tryIt = (password) => call(s, 'POST', '/session', { body: { login: 'agent', password } });

  await t.test('wrong passwords wait, and the right one with them', async () => {
    const codes = [];
    let last;
    for (let i = 0; i < 8; i++) codes.push((last = await tryIt(`wrong-${i}-password`)).status);
    assert.deepEqual(codes.slice(0, 4), [401, 401, 401, 401]);
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
    assert.equal((await tryIt(PASSWORD)).status, 429);
  });

  await t.test('others are not locked out, and waiting helps', async () => {
    await login(s, 'boss');
    const moved = await call(s, 'POST', '/test/clock', { body: { advance: '1 h' } });
    assert.equal(moved.status, 200);
    assert.equal((await tryIt(PASSWORD)).status, 200);
    assert.equal((await tryIt('wrong-again-1')).status, 401);
    assert.equal((await tryIt(PASSWORD)).status, 200);
  });

  await t.test('a hundred at once count like a hundred one after the other', async () => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, i) => call(s, 'POST', '/session', { body: { login: 'outsider', password: `guess-${i}-xx` } })),
    );
    const tested = all.filter((r) => r.status === 401).length;
    assert.ok(tested <= 5, `${tested} passwords were looked at`);
    assert.ok(all.every((r) => [401, 429, 503].includes(r.status)));
  });
});

test('tokens', { skip }, async (t) => {
  const s = await serve(t, { args: ['--test-clock'] });
  const a = await login(s, 'agent');
  const bearer = (token, headers = {}) => ({ Authorization: `Bearer ${token}`, ...headers });

  await t.test('read reads, write writes, app narrows, and no token makes tokens', async () => {
    const made = await a.post('/me/tokens', { title: '只读', scopes: ['read'] });
    assert.equal(made.status, 201);
    const read = made.body.token;
    assert.equal((await call(s, 'GET', '/apps/desk/forms/ticket/records', { headers: bearer(read) })).status, 200);
    const body = { title: 'by token' };
    assert.equal((await call(s, 'POST', '/apps/desk/forms/ticket/records', { body, headers: bearer(read) })).status, 403);
    const write = (await a.post('/me/tokens', { title: '写', scopes: ['write', 'app:desk'] })).body.token;
    const r = await call(s, 'POST', '/apps/desk/forms/ticket/records', { body, headers: bearer(write) });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    const other = (await a.post('/me/tokens', { title: '别处', scopes: ['write', 'app:other'] })).body.token;
    assert.equal((await call(s, 'GET', '/apps/desk/forms/ticket/records', { headers: bearer(other) })).status, 404);
    assert.equal((await call(s, 'POST', '/me/tokens', { body: { title: 'x', scopes: ['write'] }, headers: bearer(write) })).status, 403);
  });

  await t.test('a token is shown once, expires, and can be taken back', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const made = (await a.post('/me/tokens', { title: '一小时', scopes: ['read'], expires: until })).body;
    const list = (await a.get('/me/tokens')).body.tokens;
    assert.ok(list.some((x) => x.id === made.id) && !JSON.stringify(list).includes(made.token));
    assert.equal((await call(s, 'GET', '/apps', { headers: bearer(made.token) })).status, 200);
    await call(s, 'POST', '/test/clock', { body: { advance: 7200 } });
    assert.equal((await call(s, 'GET', '/apps', { headers: bearer(made.token) })).status, 401);
    await call(s, 'POST', '/test/clock', { body: { advance: -7200 } });
    assert.equal((await a.del(`/me/tokens/${made.id}`)).status, 204);
    assert.equal((await call(s, 'GET', '/apps', { headers: bearer(made.token) })).status, 401);
    assert.equal((await a.del(`/me/tokens/${made.id}`)).status, 404);
    assert.equal((await call(s, 'GET', '/apps', { headers: bearer('nonsense') })).status, 401);
  });

  await t.test('bad wishes are all named', async () => {
    const r = await a.post('/me/tokens', { title: ' ', scopes: ['root'], expires: '2001-01-01' });
    assert.equal(r.status, 422);
    assert.deepEqual(r.body.errors.map((e) => e.field).sort(), ['expires', 'scopes', 'title']);
  });
});

test('people', { skip }, async (t) => {
  const s = await serve(t);
  const admin = await login(s, 'admin');
  const agent = await login(s, 'agent');

  await t.test('only `people` makes members; nobody gives what he lacks', async () => {
    assert.equal((await agent.get('/admin/members')).status, 403);
    const d = await admin.post('/admin/departments', { name: '华东区' });
    assert.equal(d.status, 201);
    const r = await admin.post('/admin/members', {
      login: 'li.lei', name: '李雷', password: PASSWORD, departments: [d.body.id], roles: ['desk:agent'], rights: ['people'],
    });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    assert.deepEqual([r.body.login, r.body.roles, r.body.departments[0].title], ['li.lei', ['desk:agent'], '华东区']);
    const li = await login(s, 'li.lei');
    assert.deepEqual(li.me.departments.map((x) => x.title), ['华东区']);
    const up = await li.post('/admin/members', { login: 'mei', name: '梅', password: PASSWORD, rights: ['design'] });
    assert.equal(up.status, 403);
    const dup = await admin.post('/admin/members', { login: 'LI.LEI', name: '重', password: PASSWORD });
    assert.equal(dup.status, 409, JSON.stringify(dup.body));
    const bad = await admin.post('/admin/members', { login: 'x y', name: '', password: PASSWORD, roles: ['desk:nope'] });
    assert.equal(bad.status, 422);
  });

  await t.test('pickers find by name and login', async () => {
    const found = (await agent.get('/members?search=boss')).body.members;
    assert.equal(found.length, 1);
    assert.ok((await agent.get('/departments')).body.departments.length >= 1);
  });

  await t.test('a changed password ends the other sessions', async () => {
    const one = await login(s, 'outsider');
    const two = await login(s, 'outsider');
    assert.equal((await one.post('/me/password', { current: 'wrong-wrong', password: 'another-horse-7' })).status, 422);
    assert.equal((await one.post('/me/password', { current: PASSWORD, password: 'another-horse-7' })).status, 204);
    assert.equal((await one.get('/session')).status, 200);
    assert.equal((await two.get('/session')).status, 401);
    await login(s, 'outsider', 'another-horse-7');
  });
});

test('the audit log', { skip }, async (t) => {
  const s = await serve(t);
  const admin = await login(s, 'admin');
  await call(s, 'POST', '/session', { body: { login: 'boss', password: 'wrong-wrong-1' } });
  await admin.post('/admin/members', { login: 'neu', name: '新人', password: PASSWORD });
  const lines = (await admin.get('/admin/audit')).body.audit;
  assert.deepEqual(lines.slice(0, 3).map((x) => x.what), ['member.add', 'login.failed', 'login']);
  assert.deepEqual([lines[1].detail.login, lines[0].by.title], ['boss', '管理员']);
  assert.ok(!JSON.stringify(lines).includes('wrong-wrong'));
  const v = (await admin.get('/admin/audit/verify')).body;
  assert.deepEqual([v.ok, v.rows], [true, lines.length], JSON.stringify(v));
  assert.equal((await admin.get('/admin/audit?what=login.failed')).body.audit.length, 1);
  const boss = await login(s, 'boss');
  assert.equal((await boss.get('/admin/audit')).status, 403);
});
