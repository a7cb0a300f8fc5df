// Server-Sent Events: what one may see and nothing else; resuming; the end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, events, login, serve, skip, until } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('live events', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const outsider = await login(s, 'outsider');

  await t.test('only for members', async () => assert.equal((await call(s, 'GET', '/events')).status, 401));

  await t.test('ids and versions of rows one may read', async () => {
    const mine = await events(s, agent);
    const all = await events(s, boss);
    const none = await events(s, outsider);
    const a = (await agent.post(`${F}/records`, { title: '我的' })).body;
    const b = (await boss.post(`${F}/records`, { title: '主管的' })).body;
    await agent.patch(`${F}/records/${a._id}`, { title: '改', _version: 1 });
    await all.next((e) => e.data.id === b._id);
    const e = await mine.next((x) => x.data.id === a._id && x.data.op === 'update');
    assert.equal(e.event, 'record');
    assert.deepEqual(e.data, { app: 'desk', form: 'ticket', id: a._id, version: 2, op: 'update' });
    await agent.del(`${F}/records/${a._id}`, { 'If-Match': '"2"' });
    await mine.next((x) => x.data.id === a._id && x.data.op === 'delete');
    assert.ok(!mine.seen.some((x) => x.data.id === b._id));
    assert.equal(none.seen.length, 0);
    for (const x of [mine, all, none]) x.close();
  });

  await t.test('Last-Event-ID misses nothing; an unknown id resets', async () => {
    const one = await events(s, agent);
    const a = (await agent.post(`${F}/records`, { title: '一' })).body;
    const seen = await one.next((x) => x.data.id === a._id);
    one.close();
    const b = (await agent.post(`${F}/records`, { title: '二' })).body;
    const two = await events(s, agent, { 'Last-Event-ID': seen.id });
    await two.next((x) => x.data.id === b._id);
    assert.ok(!two.seen.some((x) => x.data.id === a._id));
    two.close();
    const three = await events(s, agent, { 'Last-Event-ID': '5' });
    await three.next((x) => x.event === 'reset');
    three.close();
  });

  await t.test('tasks and jobs reach those they concern', async () => {
    const mine = await events(s, agent);
    const hers = await events(s, boss);
    await agent.post('/apps/desk/forms/leave/records', { reason: '事', days: 1 });
    await hers.next((x) => x.event === 'task');
    const body = new FormData();
    body.set('file', new Blob(['title\nx\n']), 'x.csv');
    const r = await agent.raw('POST', `${F}/import`, body);
    await mine.next((x) => x.event === 'job' && x.data.id === r.body.job);
    assert.ok(!hers.seen.some((x) => x.event === 'job'));
    mine.close();
    hers.close();
  });

  await t.test('many streams; a drain ends them', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => events(s, agent)));
    const a = (await agent.post(`${F}/records`, { title: '众' })).body;
    await Promise.all(all.map((x) => x.next((e) => e.data.id === a._id)));
    const code = await s.stop();
    assert.equal(code, 0);
    await until(() => all.every((x) => x.ended()));
  });
});
