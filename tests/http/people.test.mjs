// Members and departments: changing, removing, the tree, the built-in app, external organisations and what they do not
// see, invitations, two-step login, sessions, delegation, notices, roles.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { PASSWORD, call, login, serve, skip } from './lib.mjs';

const ok = (r, status = 200) => {
  assert.equal(r.status, status, JSON.stringify(r.body));
  return r.body;
};
const field = (r) => r.body.errors?.[0]?.field;

async function people(admin) {
  const members = ok(await admin.get('/admin/members')).members;
  return Object.fromEntries(members.map((m) => [m.login, m]));
}

function totp(secret, at = Date.now(), step = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const c of secret) bits += alphabet.indexOf(c).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000) + step));
  const h = createHmac('sha1', key).update(counter).digest();
  const o = h[19] & 15;
  return String((h.readUInt32BE(o) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('members and departments', { skip }, async (t) => {
  const s = await serve(t);
  const admin = await login(s, 'admin');
  const who = await people(admin);

  await t.test('PATCH changes what it names and nothing else', async () => {
    const r = ok(await admin.patch(`/admin/members/${who.agent.id}`, { name: '坐席甲', manager: who.boss.id }));
    assert.equal(r.name, '坐席甲');
    assert.equal(r.manager.id, who.boss.id);
    assert.deepEqual(r.roles, ['desk:agent']);
    assert.equal(r.departments.length, 1);
  });

  await t.test('a login is unique, renaming it keeps the member', async () => {
    const taken = await admin.patch(`/admin/members/${who.agent.id}`, { login: 'BOSS' });
    assert.deepEqual([taken.status, field(taken)], [409, 'login']);
    ok(await admin.patch(`/admin/members/${who.agent.id}`, { login: 'agent2' }));
    assert.equal((await login(s, 'agent2')).me.id, who.agent.id);
    ok(await admin.patch(`/admin/members/${who.agent.id}`, { login: 'agent' }));
  });

  await t.test('managers form no circle', async () => {
    const r = await admin.patch(`/admin/members/${who.boss.id}`, { manager: who.agent.id });
    assert.deepEqual([r.status, field(r)], [422, 'manager']);
  });

  await t.test('the last one with a right keeps it', async () => {
    for (const body of [{ active: false }, { rights: ['design', 'operate'] }]) {
      const r = await admin.patch(`/admin/members/${who.admin.id}`, body);
      assert.deepEqual([r.status, r.body.code], [409, 'last_administrator']);
    }
    assert.equal((await admin.get('/session')).status, 200);
  });

  await t.test('nobody changes how one above him logs in', async () => {
    const hr = ok(await admin.post('/admin/members', { login: 'hr', name: '人事', password: PASSWORD, rights: ['people'] }), 201);
    const c = await login(s, 'hr');
    assert.equal((await c.patch(`/admin/members/${who.admin.id}`, { password: 'another-pass-1' })).status, 403);
    assert.equal((await c.patch(`/admin/members/${hr.id}`, { rights: ['people', 'design'] })).status, 403);
    assert.equal((await c.post(`/admin/members/${who.admin.id}/invite`, {})).status, 403);
    assert.equal((await c.patch(`/admin/members/${who.admin.id}`, { rights: [] })).status, 403);
  });

  await t.test('a reset password ends the sessions, and may have to be changed', async () => {
    const c = await login(s, 'agent');
    ok(await admin.patch(`/admin/members/${who.agent.id}`, { password: 'fresh-start-77', must_change: true }));
    assert.equal((await c.get('/session')).status, 401);
    const d = await login(s, 'agent', 'fresh-start-77');
    assert.equal(d.me.must_change, true);
    const no = await d.get('/apps');
    assert.deepEqual([no.status, no.body.code], [403, 'must_change']);
    ok(await d.post('/me/password', { current: 'fresh-start-77', password: PASSWORD }), 204);
    assert.equal((await d.get('/apps')).status, 200);
  });

  await t.test('who is put out of work is out at once', async () => {
    const c = await login(s, 'boss');
    const token = ok(await c.post('/me/tokens', { title: 'x', scopes: ['read'] }), 201).token;
    ok(await admin.patch(`/admin/members/${who.boss.id}`, { active: false }));
    assert.equal((await c.get('/session')).status, 401);
    assert.equal((await call(s, 'GET', '/session', { headers: { Authorization: `Bearer ${token}` } })).status, 401);
    assert.equal((await call(s, 'POST', '/session', { body: { login: 'boss', password: PASSWORD } })).status, 401);
    ok(await admin.patch(`/admin/members/${who.boss.id}`, { active: true }));
  });

  await t.test('DELETE removes one who left no trace only', async () => {
    const m = ok(await admin.post('/admin/members', { login: 'brief', name: '过客' }), 201);
    ok(await admin.del(`/admin/members/${m.id}`), 204);
    assert.equal((await admin.get(`/admin/members/${m.id}`)).status, 404);
    const used = await admin.del(`/admin/members/${who.agent.id}`);
    assert.deepEqual([used.status, used.body.code], [409, 'in_use']);
  });

  await t.test('the tree: rename, move, no circle, one name at a place, delete when empty', async () => {
    const d = async (body) => ok(await admin.post('/admin/departments', body), 201);
    const a = await d({ name: '华东' });
    const b = await d({ name: '上海', parent: a.id });
    const c = await d({ name: '浦东', parent: b.id, manager: who.boss.id });
    assert.deepEqual([(await admin.post('/admin/departments', { name: '上海', parent: a.id })).status], [409]);
    assert.equal((await d({ name: '上海' })).parent, null);
    const circle = await admin.patch(`/admin/departments/${a.id}`, { parent: c.id });
    assert.deepEqual([circle.status, field(circle)], [422, 'parent']);
    assert.equal(ok(await admin.patch(`/admin/departments/${c.id}`, { name: '浦东新区', parent: a.id })).parent, a.id);
    assert.equal((await admin.patch(`/admin/departments/${a.id}`, { parent: a.id })).status, 422);
    assert.equal((await admin.del(`/admin/departments/${a.id}`)).status, 409);
    ok(await admin.del(`/admin/departments/${b.id}`), 204);
    assert.equal((await admin.patch(`/admin/departments/${b.id}`, { name: 'x' })).status, 404);
    assert.equal((await admin.post('/admin/departments', { name: 'x', parent: b.id })).status, 422);
    ok(await admin.patch(`/admin/members/${who.agent.id}`, { departments: [c.id] }));
    assert.equal((await admin.del(`/admin/departments/${c.id}`)).status, 409);
  });

  await t.test('hand-over: a preview, then records, reports and departments are the other one’s', async () => {
    const leaver = ok(
      await admin.post('/admin/members', { login: 'leaver', name: '离职', password: PASSWORD, roles: ['desk:agent'] }),
      201,
    );
    const c = await login(s, 'leaver');
    for (const title of ['甲', '乙', '丙']) ok(await c.post('/apps/desk/forms/ticket/records', { title }), 201);
    ok(await admin.post('/admin/departments', { name: '待交接', manager: leaver.id }), 201);
    const path = `/admin/members/${leaver.id}/hand_over`;
    const preview = ok(await admin.post(path, { to: who.agent.id, preview: true }));
    assert.deepEqual([preview.records, preview.departments, preview.preview], [3, 1, true]);
    assert.equal(preview.forms[0].form, 'ticket');
    assert.equal((await admin.post(path, { to: leaver.id })).status, 422);
    assert.equal(ok(await admin.post(path, { to: who.agent.id })).records, 3);
    assert.equal(ok(await admin.post(path, { to: who.agent.id, preview: true })).records, 0);
    const agent = await login(s, 'agent');
    const seen = ok(await agent.get('/apps/desk/forms/ticket/records')).records;
    assert.equal(seen.filter((r) => ['甲', '乙', '丙'].includes(r.title)).length, 3);
  });
});

test('the built-in app people', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const admin = await login(s, 'admin');
  const who = await people(admin);
  const M = '/apps/people/forms/member';

  await t.test('members are records: list, filter, history', async () => {
    const list = ok(await admin.get(`${M}/records?filter=${encodeURIComponent('login = "agent"')}`)).records;
    assert.deepEqual(list.map((r) => [r._id, r.login, r.roles]), [[who.agent.id, 'agent', 'desk:agent']]);
    ok(await admin.patch(`/admin/members/${who.agent.id}`, { name: '改名' }));
    const r = ok(await admin.get(`${M}/records/${who.agent.id}`));
    assert.equal(r.name, '改名');
    assert.ok(ok(await admin.get(`${M}/records/${who.agent.id}/history`)).history.length >= 2);
  });

  await t.test('a record changed is a member changed, and the same things hold', async () => {
    const r = ok(await admin.get(`${M}/records/${who.agent.id}`));
    ok(await admin.patch(`${M}/records/${who.agent.id}`, { name: '记录改的', roles: 'desk:agent desk:boss', _version: r._version }));
    const m = ok(await admin.get(`/admin/members/${who.agent.id}`));
    assert.deepEqual([m.name, m.roles], ['记录改的', ['desk:agent', 'desk:boss']]);
    const me = ok(await admin.get(`${M}/records/${who.admin.id}`));
    const off = await admin.patch(`${M}/records/${who.admin.id}`, { active: false, _version: me._version });
    assert.deepEqual([off.status, (await admin.get('/session')).status], [409, 200]);
    const dup = await admin.patch(`${M}/records/${who.agent.id}`, { login: 'boss', _version: 99 }, { 'If-Match': '"0"' });
    assert.ok([409, 412].includes(dup.status));
    const bad = await admin.post(`${M}/records`, { name: 'x', login: 'x1', roles: 'desk:nothing' });
    assert.equal(bad.status, 422);
  });

  await t.test('a record made is a member; removed when unused', async () => {
    const r = ok(await admin.post(`${M}/records`, { name: '新人', login: 'fresh', roles: 'desk:agent' }), 201);
    assert.deepEqual(ok(await admin.get(`/admin/members/${r._id}`)).roles, ['desk:agent']);
    ok(await admin.del(`${M}/records/${r._id}`, { 'If-Match': `"${r._version}"` }), 204);
    assert.equal((await admin.get(`/admin/members/${r._id}`)).status, 404);
  });

  await t.test('import of members from CSV', async () => {
    const form = new FormData();
    form.append('file', new Blob(['姓名,登录名,部门,角色\n张一,zhang1,演示部门,desk:agent\n李二,li2,演示部门,\n坏,bad one,,\n']), 'm.csv');
    const job = ok(await admin.raw('POST', `${M}/import`, form), 202).job;
    let state;
    for (let i = 0; i < 100; i++) {
      state = ok(await admin.get(`/jobs/${job}`));
      if (['done', 'failed'].includes(state.state)) break;
      await new Promise((r) => setTimeout(r, 50));
    }
    const now = await people(admin);
    assert.deepEqual([state.state, state.created, state.failed], ['done', 2, 1], JSON.stringify(state));
    assert.deepEqual(now.zhang1.roles, ['desk:agent']);
    assert.equal(now.zhang1.departments[0].title, '演示部门');
    assert.equal(state.errors[0].field, '4: login');
  });

  await t.test('others read names, never roles; they write nothing', async () => {
    const c = await login(s, 'outsider');
    const r = ok(await c.get(`${M}/records/${who.boss.id}`));
    assert.equal(r.name, '主管');
    assert.ok(!('roles' in r) || r.roles === null);
    assert.equal((await c.post(`${M}/records`, { name: 'x', login: 'x2' })).status, 403);
    assert.equal((await c.patch(`${M}/records/${who.boss.id}`, { name: 'x', _version: 1 })).status, 403);
    assert.deepEqual(c.me.apps, []);
  });

  await t.test('an overlay adds a field, once its app is published', async () => {
    mkdirSync(join(s.apps, 'desk/people'), { recursive: true });
    writeFileSync(join(s.apps, 'desk/people/member.yaml'), 'form: member\nfields:\n  level: {type: number, title: 级别, scale: 0}\n');
    ok(await admin.post('/admin/apps/desk/publish', { plan_hash: ok(await admin.post('/admin/apps/desk/plan', {})).plan_hash }));
    const r = ok(await admin.get(`${M}/records/${who.agent.id}`));
    ok(await admin.patch(`${M}/records/${who.agent.id}`, { level: 7, _version: r._version }));
    assert.equal(ok(await admin.get(`${M}/records/${who.agent.id}`)).level, 7);
    writeFileSync(
      join(s.apps, 'desk/forms/room.yaml'),
      `form: room
title: 房间
fields:
  name: {type: text, title: 名称}
  floor: {type: number, title: 楼层, scale: 0, default: "= USER.level"}
  mine: {type: formula, title: 同级, value: floor = USER.level}
permissions:
  rows: {everyone: true, can: [read], where: floor <= USER.level}
  make: {everyone: true, can: [create, read], where: floor <= USER.level, requires: level > 5}
`,
    );
    ok(await admin.post('/admin/apps/desk/publish', { plan_hash: ok(await admin.post('/admin/apps/desk/plan', {})).plan_hash }));
    const agent = await login(s, 'agent');
    const boss = await login(s, 'boss');
    const room = ok(await agent.post('/apps/desk/forms/room/records', { name: '甲' }), 201);
    assert.deepEqual([room.floor, room.mine], [7, true]);
    assert.equal((await boss.post('/apps/desk/forms/room/records', { name: '乙' })).status, 403);
    assert.equal(ok(await boss.get('/apps/desk/forms/room/records')).records.length, 0);
    const by = (c, e) => c.get(`/apps/desk/forms/room/records?filter=${encodeURIComponent(e)}`);
    assert.equal(ok(await by(agent, 'floor = USER.level AND USER.login = "agent"')).records.length, 1);
    assert.equal((await by(agent, 'floor = USER.nothing')).status, 422);
    writeFileSync(join(s.apps, 'desk/people/member.yaml'), 'form: member\nfields:\n  login: {type: number, title: 级别}\n');
    const check = ok(await admin.post('/admin/apps/desk/check', {}));
    assert.ok(check.errors.some((e) => e.file === 'people/member.yaml' && e.line === 3), JSON.stringify(check.errors));
  });
});

test('external organisations', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const yaml = join(s.apps, 'desk/app.yaml');
  writeFileSync(
    yaml,
    `app: desk\ntitle: 服务台\nversion: "1.0"\nlanguage: zh-CN\ntimezone: Asia/Shanghai\nroles:\n  agent: 坐席\n  boss: 主管\n  outsider: {title: 外部, external: true}\nmenu:\n  - form: ticket\n`,
  );
  writeFileSync(
    join(s.apps, 'desk/forms/case.yaml'),
    `form: case
title: 案件
record_title: title
fields:
  title: {type: text, title: 标题}
  handler: {type: member, title: 经办人}
  unit: {type: department, title: 部门}
permissions:
  ext: {role: outsider, can: [create, read, update, comment, history]}
  boss: {role: boss, can: all}
`,
  );
  const admin = await login(s, 'admin');
  ok(await admin.post('/admin/apps/desk/publish', { plan_hash: ok(await admin.post('/admin/apps/desk/plan', {})).plan_hash }));
  const who = await people(admin);
  const org = ok(await admin.post('/admin/departments', { name: '甲公司', external: true }), 201);
  const rival = ok(await admin.post('/admin/departments', { name: '乙公司', external: true }), 201);
  const ext = async (name, body) =>
    ok(await admin.post('/admin/members', { login: name, name, password: PASSWORD, roles: ['desk:outsider'], ...body }), 201);
  const chief = await ext('extchief', { departments: [org.id], org_admin: true });
  const other = await ext('rivalman', { departments: [rival.id], org_admin: true });
  const c = await login(s, 'extchief');

  await t.test('one is external by his department; no rights, no roles of ours, no mixture', async () => {
    assert.equal(chief.organisation.id, org.id);
    for (const body of [{ rights: ['people'] }, { roles: ['desk:boss'] }, { departments: [org.id, rival.id] }])
      assert.equal((await admin.patch(`/admin/members/${chief.id}`, body)).status, 422, JSON.stringify(body));
    assert.equal((await admin.patch(`/admin/members/${chief.id}`, { manager: who.boss.id })).status, 422);
    assert.equal((await admin.patch(`/admin/departments/${org.id}`, { manager: who.boss.id })).status, 422);
  });

  await t.test('pickers show his organisation only', async () => {
    assert.deepEqual(ok(await c.get('/members')).members.map((m) => m.login), ['extchief']);
    assert.deepEqual(ok(await c.get('/members?search=boss')).members, []);
    assert.deepEqual(ok(await c.get(`/members?department=${encodeURIComponent('演示部门')}`)).members, []);
    assert.deepEqual(ok(await c.get('/departments')).departments.map((d) => d.title), ['甲公司']);
    const all = ok(await admin.get('/members')).members.map((m) => m.login);
    assert.ok(all.includes('extchief') && all.includes('boss'));
  });

  await t.test('records of people: his organisation only', async () => {
    for (const [form, n] of [['member', 1], ['department', 1]]) {
      const r = ok(await c.get(`/apps/people/forms/${form}/records`));
      assert.equal(r.records.length, n, form);
    }
    assert.equal((await c.get(`/apps/people/forms/member/records/${who.boss.id}`)).status, 404);
    assert.equal((await c.get(`/apps/people/forms/member/records/${other.id}`)).status, 404);
  });

  await t.test('titles, sorting, grouping, history and comments name nobody else', async () => {
    const boss = await login(s, 'boss');
    const rec = ok(await boss.post('/apps/desk/forms/case/records', { title: '一', handler: who.boss.id, unit: ok(await admin.get('/departments')).departments[0].id }), 201);
    const path = `/apps/desk/forms/case/records/${rec._id}`;
    ok(await boss.post(`${path}/comments`, { text: '内部', mentions: [who.agent.id] }), 201);
    ok(await boss.post(`${path}/comments`, { text: '请看', mentions: [chief.id] }), 201);
    assert.equal(ok(await c.get('/notices')).unread, 1);
    const bodies = [];
    for (const p of [path, `${path}/history`, `${path}/comments`, `${path}/related`, '/apps/desk/forms/case/records?sort=handler',
      '/apps/desk/forms/case/aggregate?group=handler,unit,_created_by&metrics=COUNT()', '/apps/desk/forms/case', '/notices', '/me/sessions', '/tasks?box=todo'])
      bodies.push(JSON.stringify(ok(await c.get(p))));
    for (const name of ['主管', '管理员', '演示部门', 'rivalman', '乙公司', '坐席'])
      for (const b of bodies) assert.ok(!b.includes(name), `${name} in ${b}`);
    assert.deepEqual(ok(await c.get(path)).handler, { id: who.boss.id, title: null });
    const f = (e) => c.get(`/apps/desk/forms/case/records?filter=${encodeURIComponent(e)}`);
    for (const e of [`MANAGER("${who.agent.id}") = "${who.boss.id}"`, `"${who.agent.id}" IN REPORTS("${who.boss.id}")`, `handler & "" = "主管"`, `STARTSWITH(handler & "", "主")`]) {
      const r = await f(e);
      assert.ok(r.status === 422 || r.body.records.length === 0, `${e}: ${JSON.stringify(r.body)}`);
    }
    const ev = await c.post('/apps/desk/forms/case/eval', { values: { handler: who.boss.id, unit: rival.id }, expr: 'handler & unit & ""' });
    assert.ok(!JSON.stringify(ev.body).includes('主管') && !JSON.stringify(ev.body).includes('乙公司'), JSON.stringify(ev.body));
    const men = await c.post(`${path}/comments`, { text: '@', mentions: [who.boss.id, other.id] });
    assert.ok(!JSON.stringify(men.body).includes('主管') && !JSON.stringify(men.body).includes('rivalman'), JSON.stringify(men.body));
    const w = await c.post('/apps/desk/forms/case/records', { title: '二', handler: who.boss.id });
    assert.equal(w.status, 422);
    assert.equal((await c.post('/apps/desk/forms/case/records', { title: '二', unit: rival.id })).status, 422);
    ok(await c.post('/apps/desk/forms/case/records', { title: '三', handler: chief.id }), 201);
    const ex = await c.get(`${path}/explain?member=${who.boss.id}&op=read`);
    assert.ok([403, 404, 422].includes(ex.status), JSON.stringify(ex.body));
  });

  await t.test('its administrator manages his own people and nobody else', async () => {
    assert.deepEqual(Object.keys(await people(c)), ['extchief']);
    for (const id of [who.boss.id, other.id]) {
      assert.equal((await c.get(`/admin/members/${id}`)).status, 404);
      assert.equal((await c.patch(`/admin/members/${id}`, { name: 'x' })).status, 404);
      assert.equal((await c.del(`/admin/members/${id}`)).status, 404);
      assert.equal((await c.post(`/admin/members/${id}/invite`, {})).status, 404);
      assert.equal((await c.get(`/admin/members/${id}/sessions`)).status, 404);
    }
    assert.deepEqual(ok(await c.get('/admin/roles')).roles.map((r) => r.role), ['outsider']);
    assert.equal((await c.get('/admin/roles/desk/boss')).status, 404);
    const make = (body) => c.post('/admin/members', { name: '同事', ...body });
    assert.equal((await make({ login: 'e1', roles: ['desk:boss'] })).status, 422);
    assert.equal((await make({ login: 'e1', rights: ['people'] })).status, 403);
    assert.equal((await make({ login: 'e1', departments: [rival.id] })).status, 422);
    const m = ok(await make({ login: 'e1', roles: ['desk:outsider'] }), 201);
    assert.equal(m.organisation.id, org.id);
    assert.equal((await c.patch(`/admin/members/${m.id}`, { departments: [ok(await admin.get('/departments')).departments[0].id] })).status, 422);
    assert.equal((await c.patch(`/admin/departments/${org.id}`, { external: false })).status, 403);
    assert.equal((await c.del(`/admin/departments/${org.id}`)).status, 403);
    const sub = ok(await c.post('/admin/departments', { name: '销售部' }), 201);
    assert.equal(sub.parent, org.id);
    assert.equal((await c.patch(`/admin/departments/${rival.id}`, { name: 'x' })).status, 404);
    for (const p of ['/admin/tokens', '/admin/audit', '/admin/apps', '/admin/jobs']) assert.equal((await c.get(p)).status, 403, p);
    const self = ok(await c.get(`/apps/people/forms/member/records/${m.id}`));
    assert.equal((await c.patch(`/apps/people/forms/member/records/${m.id}`, { roles: 'desk:boss', _version: self._version })).status, 422);
    const plain = await c.patch(`/admin/members/${m.id}`, { password: PASSWORD });
    assert.equal(plain.status, 200);
    const e1 = await login(s, 'e1');
    assert.equal((await e1.get('/admin/members')).status, 403);
    assert.equal((await e1.post('/admin/members', { login: 'e2', name: 'x' })).status, 403);
  });

  await t.test('an invitation works once, until it is over, and sets the password', async () => {
    const m = ok(await c.post('/admin/members', { login: 'guest', name: '客人', roles: ['desk:outsider'] }), 201);
    const first = ok(await c.post(`/admin/members/${m.id}/invite`, {}), 201);
    const inv = ok(await c.post(`/admin/members/${m.id}/invite`, { days: 3 }), 201);
    assert.equal((await call(s, 'GET', `/invitations/${first.token}`)).status, 404);
    assert.deepEqual(ok(await call(s, 'GET', `/invitations/${inv.token}`)).organisation, '甲公司');
    const weak = await call(s, 'POST', `/invitations/${inv.token}`, { body: { password: 'short' } });
    assert.deepEqual([weak.status, field(weak)], [422, 'password']);
    const both = await Promise.all(
      [1, 2].map(() => call(s, 'POST', `/invitations/${inv.token}`, { body: { password: 'guest-pass-123' } })),
    );
    assert.equal(both.filter((r) => r.status === 200).length, 1, JSON.stringify(both.map((b) => b.status)));
    assert.equal((await call(s, 'POST', `/invitations/${inv.token}`, { body: { password: 'guest-pass-124' } })).status, 404);
    assert.equal((await login(s, 'guest', 'guest-pass-123')).me.organisation.id, org.id);
  });

  await t.test('a role that is not external any more is gone for them', async () => {
    writeFileSync(yaml, `app: desk\ntitle: 服务台\nversion: "1.1"\nlanguage: zh-CN\ntimezone: Asia/Shanghai\nroles:\n  agent: 坐席\n  boss: 主管\n  outsider: 外部\nmenu:\n  - form: ticket\n`);
    ok(await admin.post('/admin/apps/desk/publish', { plan_hash: ok(await admin.post('/admin/apps/desk/plan', {})).plan_hash }));
    assert.equal((await c.get('/apps/desk/forms/case/records')).status, 404);
  });
});

test('two-step login', { skip }, async (t) => {
  const s = await serve(t, { args: ['--test-clock'] });
  const c = await login(s, 'agent');
  const now = async () => Date.parse(ok(await call(s, 'POST', '/test/clock', { body: { advance: '0s' } }), 200).now ?? new Date().toISOString());
  let at = Date.now();
  const begun = ok(await c.post('/me/totp', { password: PASSWORD }));
  assert.match(begun.uri, /^otpauth:\/\/totp\/Mortise:agent\?secret=[A-Z2-7]{32}&issuer=Mortise$/);
  assert.equal((await c.post('/me/totp', { code: '000000' })).status, 422);
  assert.equal(ok(await c.get('/me/totp')).enabled, false);
  const on = ok(await c.post('/me/totp', { code: totp(begun.secret, at, -1) }));
  assert.equal(on.recovery_codes.length, 10);
  assert.equal((await c.post('/me/totp', {})).status, 409);
  const log = (code) => call(s, 'POST', '/session', { body: { login: 'agent', password: PASSWORD, code } });
  const none = await log(undefined);
  assert.deepEqual([none.status, none.body.code], [401, 'totp_required']);
  assert.equal((await call(s, 'POST', '/session', { body: { login: 'agent', password: 'wrong-one-1' } })).body.code, 'wrong_password');
  assert.deepEqual([(await log('123456')).body.code], ['wrong_code']);
  at = Date.now();
  assert.equal((await log(totp(begun.secret, at, 0))).status, 200);
  assert.equal((await log(totp(begun.secret, at, 0))).status, 401, 'a code counts once');
  const spare = on.recovery_codes[3];
  assert.equal((await log(spare.toUpperCase().replaceAll('-', ' '))).status, 200);
  assert.equal((await log(spare)).status, 401, 'a recovery code counts once');
  assert.deepEqual(ok(await c.get('/me/totp')), { enabled: true, recovery_left: 9 });
  assert.equal(ok(await c.get('/session')).me.totp, true);
  assert.equal((await c.del('/me/totp', {}, { password: 'wrong-one-1' })).status, 422);
  ok(await c.del('/me/totp', {}, { password: PASSWORD }), 204);
  assert.equal((await log(undefined)).status, 200);
  void now;
});

test('sessions, tokens, delegation, notices, roles', { skip }, async (t) => {
  const s = await serve(t);
  const admin = await login(s, 'admin');
  const who = await people(admin);

  await t.test('the list of sessions; ending one, and the others', async () => {
    const a = await login(s, 'agent');
    const b = await login(s, 'agent');
    const list = ok(await a.get('/me/sessions')).sessions;
    assert.deepEqual(list.map((x) => x.current).sort(), [false, true]);
    const id = list.find((x) => !x.current).id;
    assert.equal((await admin.del(`/me/sessions/${id}`)).status, 404);
    ok(await a.del(`/me/sessions/${id}`), 204);
    assert.equal((await b.get('/session')).status, 401);
    const d = await login(s, 'agent');
    ok(await a.del('/me/sessions/others'), 204);
    assert.deepEqual([(await d.get('/session')).status, (await a.get('/session')).status], [401, 200]);
    ok(await admin.del(`/admin/members/${who.agent.id}/sessions`), 204);
    assert.equal((await a.get('/session')).status, 401);
  });

  await t.test('tokens: addresses, and what administration sees', async () => {
    const a = await login(s, 'agent');
    const make = (addresses) => a.post('/me/tokens', { title: 't', scopes: ['read'], addresses });
    const use = async (r) => (await call(s, 'GET', '/session', { headers: { Authorization: `Bearer ${r.body.token}` } })).status;
    assert.equal(await use(await make(['127.0.0.0/8'])), 200);
    assert.equal(await use(await make(['10.0.0.0/8', 'fd00::/8'])), 401);
    assert.equal((await make(['nonsense'])).status, 422);
    assert.equal((await make(['10.0.0.0/33'])).status, 422);
    const all = ok(await admin.get('/admin/tokens')).tokens;
    assert.equal(all.length, 2);
    assert.equal(all[0].member.id, who.agent.id);
    ok(await admin.del(`/admin/tokens/${all[0].id}`), 204);
    assert.equal((await a.get('/admin/tokens')).status, 403);
  });

  await t.test('delegation', async () => {
    const a = await login(s, 'agent');
    const day = (n) => new Date(Date.now() + n * 864e5).toISOString();
    assert.equal(ok(await a.get('/me/delegation')).to, null);
    assert.equal((await a.post('/me/delegation', { to: who.agent.id, from: day(0), until: day(1) })).status, 422);
    assert.equal((await a.post('/me/delegation', { to: who.boss.id, from: day(2), until: day(1) })).status, 422);
    assert.equal((await a.post('/me/delegation', { to: who.boss.id, until: day(1), forms: ['desk/none'] })).status, 422);
    ok(await a.post('/me/delegation', { to: who.boss.id, from: day(-1), until: day(1), forms: ['desk/leave'] }), 201);
    const d = ok(await a.get('/me/delegation'));
    assert.deepEqual([d.to.id, d.forms, d.active], [who.boss.id, ['desk/leave'], true]);
    ok(await a.del('/me/delegation'), 204);
    assert.equal(ok(await a.get('/me/delegation')).to, null);
  });

  await t.test('roles: who has one', async () => {
    ok(await admin.put('/admin/roles/desk/agent', { members: [who.agent.id, who.boss.id] }));
    assert.deepEqual(ok(await admin.get('/admin/roles/desk/agent')).members.map((m) => m.id).sort(), [who.agent.id, who.boss.id].sort());
    assert.deepEqual(ok(await admin.get(`/admin/members/${who.boss.id}`)).roles, ['desk:agent', 'desk:boss']);
    assert.equal((await admin.put('/admin/roles/desk/agent', { members: ['zzz'] })).status, 422);
    assert.equal((await admin.put('/admin/roles/people/admin', { members: [] })).status, 404);
    ok(await admin.put('/admin/roles/desk/agent', { members: [who.agent.id] }));
  });

  await t.test('notices: none yet, choices, language', async () => {
    const a = await login(s, 'agent');
    assert.deepEqual(ok(await a.get('/notices')), { notices: [], unread: 0, next: null });
    assert.equal((await a.put('/notices/zzz/read', {})).status, 404);
    assert.deepEqual(ok(await a.put('/notices/read', {})), { unread: 0 });
    assert.equal((await a.put('/me/notify', { muted: ['nothing'] })).status, 422);
    const k = ok(await a.put('/me/notify', { muted: ['urge'] })).kinds;
    assert.deepEqual(k.filter((x) => x.muted).map((x) => x.kind), ['urge']);
    assert.equal(ok(await a.patch('/me', { language: 'en' })).language, 'en');
    assert.equal((await a.patch('/me', { language: 'fr' })).status, 422);
  });
});
