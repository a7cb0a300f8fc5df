// Fifty people approve the same request at the same moment: one wins, the others hear 409, everything happens once.
// Due times over HTTP on the test clock. Jump, restart, moving to a new version.
import assert from 'node:assert/strict';
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { folder, login, PASSWORD, serve, skip } from './lib.mjs';

const L = '/apps/desk/forms/leave';
const PEOPLE = 50;

/** Polls until `ask` gives something truthy; fails after five seconds. */
async function eventually(ask) {
  for (let i = 0; i < 100; i++) {
    const got = await ask();
    if (got) return got;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail('nothing came in five seconds');
}

test('fifty approvers at once', { skip }, async (t) => {
  const s = await serve(t);
  const admin = await login(s, 'admin');
  const agent = await login(s, 'agent');
  const members = [];
  for (let i = 0; i < PEOPLE; i++) {
    const body = { login: `boss${i}`, name: `主管${i}`, password: PASSWORD, roles: ['desk:boss'] };
    const r = await admin.post('/admin/members', body);
    assert.equal(r.status, 201, JSON.stringify(r.body));
    members.push(body.login);
  }
  const sessions = [];
  for (const m of members) sessions.push(await login(s, m));
  const rec = (await agent.post(`${L}/records`, { reason: '五十人', days: 1 })).body;
  const tasks = [];
  for (const who of sessions) {
    const todo = (await who.get('/tasks?box=todo')).body;
    assert.equal(todo.counts.todo, 1);
    tasks.push(todo.tasks.find((x) => x.record.id === rec._id).id);
  }
  const answers = await Promise.all(sessions.map((who, i) => who.post(`/tasks/${tasks[i]}/approve`, { comment: `${i}` })));
  const won = answers.filter((r) => r.status === 200).length;
  const lost = answers.filter((r) => r.status === 409).length;
  assert.deepEqual([won, lost], [1, PEOPLE - 1], JSON.stringify(answers.map((r) => r.status)));
  const view = (await agent.get(`${L}/records/${rec._id}/flow`)).body;
  assert.equal(view.state, 'approved');
  assert.equal(view.timeline.filter((x) => x.action === 'approve').length, 1);
  assert.equal(view.timeline.filter((x) => x.action === 'end').length, 1);
  for (const who of sessions) assert.equal((await who.get('/tasks?box=todo')).body.counts.todo, 0);
});

test('one task, two verbs at the same moment: one of them happens', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const file = join(s.apps, 'desk/forms/leave.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('withdraw: {}', 'withdraw: {}, transfer: {}, add_sign: {}'));
  const admin = await login(s, 'admin');
  const plan = (await admin.post('/admin/apps/desk/plan', {})).body;
  assert.equal((await admin.post('/admin/apps/desk/publish', { plan_hash: plan.plan_hash })).status, 200);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const other = (await login(s, 'outsider')).me?.id ?? (await admin.get('/admin/members')).body.members.find((m) => m.login === 'outsider').id;
  const verbs = {
    approve: (task) => boss.post(`/tasks/${task}/approve`, {}),
    reject: (task) => boss.post(`/tasks/${task}/reject`, { comment: '不' }),
    return: (task) => boss.post(`/tasks/${task}/return`, { comment: '补', to: 'start' }),
    transfer: (task) => boss.post(`/tasks/${task}/transfer`, { to: other }),
    before: (task) => boss.post(`/tasks/${task}/add_sign`, { to: [other], where: 'before' }),
    withdraw: (task, id) => agent.post(`${L}/records/${id}/flow/withdraw`, {}),
    stop: (task, id) => admin.post(`${L}/records/${id}/flow/stop`, {}),
  };
  const pairs = Object.keys(verbs).flatMap((a, i) => Object.keys(verbs).slice(i).map((b) => [a, b]));
  for (const [a, b] of pairs) {
    const id = (await agent.post(`${L}/records`, { reason: `${a} ${b}`, days: 1 })).body._id;
    const task = (await boss.get(`${L}/records/${id}/flow`)).body.task.id;
    const answers = (await Promise.all([verbs[a](task, id), verbs[b](task, id)])).map((r) => r.status);
    const whole = ['withdraw', 'stop']; // these end whatever the other one made of it
    const won = answers.filter((x) => x === 200).length;
    assert.ok(answers.every((x) => [200, 403, 404, 409].includes(x)), `${a} ${b}: ${answers}`);
    if (![a, b].some((v) => whole.includes(v))) assert.equal(won, 1, `${a} ${b}: ${answers}`);
    else assert.ok(won >= 1, `${a} ${b}: ${answers}`);
    const view = (await boss.get(`${L}/records/${id}/flow`)).body;
    const once = view.timeline.filter((x) => ['approve', 'reject', 'return', 'transfer'].includes(x.action));
    assert.ok(once.length <= 1, JSON.stringify(view.timeline));
    if (!['running', 'returned'].includes(view.state)) assert.ok(!(await boss.get('/tasks?box=todo&limit=200')).body.tasks.some((x) => x.record.id === id));
  }
});

test('managing approvals', { skip }, async (t) => {
  const s = await serve(t, { own: true, args: ['--test-clock'] });
  const file = join(s.apps, 'desk/forms/leave.yaml');
  const admin = await login(s, 'admin');
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const state = async (id) => (await agent.get(`${L}/records/${id}`)).body._state;
  const publish = async (change) => {
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const plan = (await admin.post('/admin/apps/desk/plan', {})).body;
    const r = await admin.post('/admin/apps/desk/publish', { plan_hash: plan.plan_hash });
    assert.equal(r.status, 200, JSON.stringify(r.body));
  };
  const submit = async (reason) => (await agent.post(`${L}/records`, { reason, days: 1 })).body._id;
  const taskOf = async (who, id) => (await who.get('/tasks?box=todo')).body.tasks.find((x) => x.record.id === id);

  const before = await submit('老版本');
  await publish((text) =>
    text
      .replace('    boss:\n      type: approve', '    chief:\n      type: approve')
      .replace('mode: any', 'mode: any\n      due: {after: 2 hours, then: [remind, {reject: {after: 1 hour}}]}'),
  );

  await t.test('a due time reminds, then acts as nobody', async () => {
    const id = await submit('没人管');
    assert.ok((await taskOf(boss, id)).due_at);
    await agent.post('/test/clock', { advance: '2 hours' });
    await eventually(async () => (await agent.get(`${L}/records/${id}/flow`)).body.timeline.some((x) => x.action === 'remind'));
    assert.equal(await state(id), 'running');
    await agent.post('/test/clock', { advance: '61 minutes' });
    await eventually(async () => (await state(id)) === 'rejected');
    const line = (await agent.get(`${L}/records/${id}/flow`)).body.timeline.find((x) => x.action === 'reject');
    assert.deepEqual([line.auto, line.by], [true, null]);
  });

  await t.test('a running approval moves to the new version by a map of nodes', async () => {
    const move = (body) => admin.post('/admin/apps/desk/forms/leave/flow/move', body);
    assert.equal((await boss.post('/admin/apps/desk/forms/leave/flow/move', {})).status, 403);
    const dry = (await move({ dry_run: true })).body;
    assert.deepEqual([dry.moved, dry.kept.map((x) => x.why)], [0, ['no_node']]);
    const done = (await move({ nodes: { boss: 'chief' } })).body;
    assert.deepEqual([done.moved, done.kept], [1, []]);
    assert.equal((await taskOf(boss, before)).node, 'chief');
    assert.equal((await boss.post(`/tasks/${(await taskOf(boss, before)).id}/approve`, {})).status, 200);
    assert.equal(await state(before), 'approved');
  });

  await t.test('who operates jumps and starts anew; others may not', async () => {
    const id = await submit('跳转');
    assert.equal((await agent.post(`${L}/records/${id}/flow/jump`, { to: 'done' })).status, 403);
    assert.equal((await admin.post(`${L}/records/${id}/flow/jump`, { to: 'nowhere' })).status, 422);
    assert.equal((await admin.post(`${L}/records/${id}/flow/jump`, { to: 'done', comment: '已口头批准' })).status, 200);
    assert.equal(await state(id), 'approved');
    assert.equal((await admin.post(`${L}/records/${id}/flow/restart`, {})).status, 200);
    assert.equal(await state(id), 'running');
  });

  await t.test('figures of each node', async () => {
    assert.equal((await agent.get(`${L}/flow/stats`)).status, 403);
    const { nodes } = (await admin.get(`${L}/flow/stats`)).body;
    const chief = nodes.find((x) => x.key === 'chief');
    assert.ok(chief.done >= 1 && chief.open >= 1, JSON.stringify(nodes));
  });
});

test('a timer that came due while the server was down fires once', { skip }, async (t) => {
  const data = folder();
  let s = await serve(t, { own: true, data, args: ['--test-clock'] });
  const apps = s.apps;
  const file = join(apps, 'desk/forms/leave.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('mode: any', 'mode: any\n      due: {after: 2 hours, then: [remind]}'));
  const admin = await login(s, 'admin');
  const plan = (await admin.post('/admin/apps/desk/plan', {})).body;
  assert.equal((await admin.post('/admin/apps/desk/publish', { plan_hash: plan.plan_hash })).status, 200);
  const agent = await login(s, 'agent');
  const id = (await agent.post(`${L}/records`, { reason: '停机', days: 1 })).body._id;
  await s.stop();
  s = await serve(t, { apps, data, args: ['--test-clock'] });
  const again = await login(s, 'agent');
  const reminders = async () => (await again.get(`${L}/records/${id}/flow`)).body.timeline.filter((x) => x.action === 'remind').length;
  await again.post('/test/clock', { advance: '1 day' });
  await eventually(reminders);
  await again.post('/test/clock', { advance: '1 day' });
  await new Promise((r) => setTimeout(r, 300));
  assert.equal(await reminders(), 1);
});
