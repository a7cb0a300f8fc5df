// Approvals over HTTP: submit, the to-do list, one approver wins, locks, return, batch, simulation.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PNG, upload } from './files.mjs';
import { login, serve, skip } from './lib.mjs';

const L = '/apps/desk/forms/leave';

test('flow', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const outsider = await login(s, 'outsider');
  const submit = async (reason = '回家') => {
    const r = await agent.post(`${L}/records`, { reason, days: 2 });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    const todo = (await boss.get('/tasks?box=todo&limit=100')).body;
    const task = todo.tasks.find((x) => x.record.id === r.body._id);
    assert.ok(task, JSON.stringify(todo));
    return { rec: r.body, task };
  };

  await t.test('a submit runs, is locked, and lands in the to-do list', async () => {
    const { rec, task } = await submit();
    assert.equal(rec._state, 'running');
    assert.deepEqual([task.form, task.title, task.node], ['leave', '主管审批', 'boss']);
    assert.ok(task.actions.includes('approve'));
    const locked = await agent.patch(`${L}/records/${rec._id}`, { days: 3, _version: rec._version });
    assert.equal(locked.status, 423, JSON.stringify(locked.body));
    const view = (await agent.get(`${L}/records/${rec._id}/flow`)).body;
    assert.equal(view.state, 'running');
    assert.deepEqual(view.timeline.map((x) => x.action), ['submit']);
    assert.ok(view.can.includes('withdraw'));
    assert.equal((await agent.get('/tasks?box=started')).body.counts.started, 1);
  });

  await t.test('a task completes exactly once', async () => {
    const { rec, task } = await submit('两个人');
    const both = await Promise.all([1, 2].map(() => boss.post(`/tasks/${task.id}/approve`, {})));
    assert.deepEqual(both.map((r) => r.status).sort(), [200, 409]);
    const after = (await agent.get(`${L}/records/${rec._id}`)).body;
    assert.equal(after._state, 'approved');
    const view = (await agent.get(`${L}/records/${rec._id}/flow`)).body;
    assert.equal(view.timeline.filter((x) => x.action === 'approve').length, 1);
  });

  await t.test('not his task is 404, a missing comment 422, an unknown action 404 or 422', async () => {
    const { task } = await submit('别人');
    assert.equal((await agent.post(`/tasks/${task.id}/approve`, {})).status, 404);
    assert.equal((await outsider.post(`/tasks/${task.id}/approve`, {})).status, 404);
    assert.equal((await boss.post('/tasks/0000000000001/approve', {})).status, 404);
    assert.equal((await boss.post(`/tasks/${task.id}/reject`, {})).status, 422);
    assert.equal((await boss.post(`/tasks/${task.id}/reject`, { comment: '   ' })).status, 422);
    assert.ok([404, 409, 422].includes((await boss.post(`/tasks/${task.id}/explode`, {})).status));
    const r = await boss.post(`/tasks/${task.id}/reject`, { comment: '人手不够' });
    assert.equal(r.status, 200, JSON.stringify(r.body));
  });

  await t.test('a signature is a file of the one who signs, kept with the record', async () => {
    const { rec, task } = await submit('签名');
    const view = async (who) => (await who.get(`${L}/records/${rec._id}/flow`)).body;
    assert.equal((await view(boss)).task.actions.find((x) => x.action === 'approve').signature, 'optional');
    const text = (await upload(s, boss, Buffer.from('Li Ming'), '签名.txt')).body.id;
    assert.equal((await boss.post(`/tasks/${task.id}/approve`, { signature: text })).status, 422, 'no picture');
    const [mine, others] = [(await upload(s, boss, PNG, '签名.png')).body.id, (await upload(s, agent, PNG, '别人.png')).body.id];
    assert.ok(mine && others);
    for (const signature of ['0000000000001', others]) {
      const r = await boss.post(`/tasks/${task.id}/approve`, { signature });
      assert.equal(r.status, 422, JSON.stringify(r.body));
      assert.equal(r.body.errors[0].field, 'signature');
    }
    assert.equal((await boss.post(`/tasks/${task.id}/approve`, { signature: mine })).status, 200);
    const line = (await view(agent)).timeline.find((x) => x.action === 'approve');
    assert.equal(line.signature.id, mine);
    assert.equal((await view(agent)).timeline[0].signature, null);
    for (const who of [boss, agent]) assert.equal((await who.get(`/files/${mine}`)).status, 200);
    assert.equal((await outsider.get(`/files/${mine}`)).status, 404, 'who may not see the record sees no signature');
    assert.equal((await boss.del(`/files/${mine}`)).status, 404, 'it cannot be taken back');
    const sheet = await boss.get(`${L}/print/approval?ids=${rec._id}`);
    assert.match(sheet.body, new RegExp(`<td>同意</td><td><img alt="" src="/api/v1/files/${mine}"></td>`));
    const again = await submit('再签');
    assert.equal((await boss.post(`/tasks/${again.task.id}/approve`, { signature: mine })).status, 422, 'it is no longer loose');
  });

  await t.test('the approval sheet prints who decided what', async () => {
    const { rec, task } = await submit('打印<单>');
    await boss.post(`/tasks/${task.id}/approve`, { comment: '准&假' });
    const denied = await agent.get(`${L}/print/approval?ids=${rec._id}`);
    assert.equal(denied.status, 403, 'no right to print');
    const sheet = await boss.get(`${L}/print/approval?ids=${rec._id}`);
    assert.equal(sheet.status, 200, JSON.stringify(sheet.body));
    assert.match(sheet.body, /<th>事由<\/th><td>打印&lt;单&gt;<\/td>/);
    assert.match(sheet.body, /<td>主管审批<\/td><td>[^<]+<\/td><td>同意<\/td><td>准&amp;假<\/td>/);
    assert.equal((await outsider.get(`${L}/print/approval?ids=${rec._id}`)).status, 404);
  });

  await t.test('notices speak the language of who gets them; urging has a pause', async () => {
    assert.equal((await boss.patch('/me', { language: 'en' })).status, 200);
    const { rec, task } = await submit('语言');
    const last = async () => (await boss.get('/notices?limit=1')).body.notices[0];
    assert.deepEqual(Object.values(await last()).slice(5, 7), ["The boss's approval", 'Leave'], JSON.stringify(await last()));
    const urge = () => agent.post(`${L}/records/${rec._id}/flow/urge`, {});
    assert.equal((await urge()).status, 200);
    assert.deepEqual([(await last()).kind, (await last()).body], ['urge', 'Leave']);
    assert.equal((await agent.post(`/tasks/${task.id}/urge`, {})).status, 429);
    assert.equal((await boss.post(`/tasks/${task.id}/urge`, {})).status, 404, 'who waits for it urges');
    const again = await urge();
    assert.deepEqual([again.status, again.body.code], [429, 'urged_lately'], JSON.stringify(again.body));
    assert.equal((await agent.post(`${L}/records/${rec._id}/comments`, { text: '@boss 请看', mentions: [s.ids?.boss ?? (await boss.get('/session')).body.me.id] })).status, 201);
    assert.match((await last()).title, /mentioned you on/);
    assert.equal((await boss.patch('/me', { language: null })).status, 200);
    await submit('语言二');
    assert.equal((await last()).title, '主管审批');
  });

  await t.test('returned, changed, resubmitted', async () => {
    const { rec, task } = await submit('退回');
    assert.equal((await boss.post(`/tasks/${task.id}/return`, { comment: '写清楚', to: 'start' })).status, 200);
    const mine = (await agent.get('/tasks?box=todo')).body.tasks.find((x) => x.record.id === rec._id);
    assert.ok(mine);
    const again = await agent.post(`/tasks/${mine.id}/approve`, { values: { reason: '回家看父母' } });
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal((await agent.get(`${L}/records/${rec._id}`)).body.reason, '回家看父母');
  });

  await t.test('withdraw, and submit a draft', async () => {
    const { rec } = await submit('撤回');
    const w = await agent.post(`${L}/records/${rec._id}/flow/withdraw`, {});
    assert.equal(w.status, 200, JSON.stringify(w.body));
    const draft = await agent.post(`${L}/records?draft=1`, { reason: '草稿' });
    assert.deepEqual([draft.status, draft.body._state], [201, 'draft'], JSON.stringify(draft.body));
    const bad = await agent.post(`${L}/records/${draft.body._id}/flow/submit`, {});
    assert.equal(bad.status, 422, JSON.stringify(bad.body));
    const ok = await agent.post(`${L}/records/${draft.body._id}/flow/submit`, { values: { days: 1 } });
    assert.deepEqual([ok.status, ok.body._state], [200, 'running'], JSON.stringify(ok.body));
  });

  await t.test('a batch runs each task on its own', async () => {
    const a = await submit('批一');
    const b = await submit('批二');
    const r = await boss.post('/tasks/batch', { ids: [a.task.id, 'x', b.task.id], action: 'approve' });
    assert.deepEqual([r.status, r.body.results.map((x) => x.status)], [200, [200, 404, 200]], JSON.stringify(r.body));
  });

  await t.test('a simulation writes nothing', async () => {
    const before = (await agent.get(`${L}/records?count=exact&limit=1`)).body.total;
    const r = await agent.post(`${L}/flow/simulate`, { values: { reason: '试', days: 1 } });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.match(JSON.stringify(r.body.path), /boss/);
    assert.equal((await agent.get(`${L}/records?count=exact&limit=1`)).body.total, before);
    assert.equal((await agent.post(`${L}/flow/simulate`, { values: {}, member: boss.me.id })).status, 403);
  });

  await t.test('bad boxes and limits', async () => {
    assert.equal((await boss.get('/tasks?box=nope')).status, 422);
    assert.equal((await boss.get('/tasks?limit=0')).status, 422);
  });
});
