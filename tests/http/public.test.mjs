// Public forms: only their fields, their limits, no session.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, login, serve, skip } from './lib.mjs';

test('public forms', { skip }, async (t) => {
  const s = await serve(t);
  const boss = await login(s, 'boss');
  const agent = await login(s, 'agent');
  const url = (await boss.get('/apps/desk/forms/ticket')).body.public.inquiry.url;
  const path = `/api/v1${url}`;

  await t.test('the address is shown to those with share or design only', async () => {
    assert.match(url, /^\/public\/[\w-]{22}$/);
    assert.equal((await agent.get('/apps/desk/forms/ticket')).body.public, undefined);
  });

  await t.test('a visitor sees its fields and no others', async () => {
    const r = await call(s, 'GET', path);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.deepEqual(r.body.show, ['title', 'note']);
    assert.deepEqual(r.body.form.fields.map((f) => f.key), ['title', 'note']);
    assert.equal((await call(s, 'GET', '/api/v1/public/nonsense')).status, 404);
  });

  await t.test('an answer is stored without an owner', async () => {
    const r = await call(s, 'POST', path, { body: { title: '灯坏了', note: '三楼' } });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    assert.deepEqual(Object.keys(r.body), ['id']);
    const seen = (await boss.get(`/apps/desk/forms/ticket/records/${r.body.id}`)).body;
    assert.deepEqual([seen.title, seen._owner, seen._created_by], ['灯坏了', null, null]);
  });

  await t.test('other fields, missing ones and system ones are refused', async () => {
    for (const body of [{ title: 'x', price: 1 }, { title: 'x', _owner: '0000000000001' }, { note: 'x' }, { title: 'x', __proto__x: 1 }]) {
      const r = await call(s, 'POST', path, { body });
      assert.equal(r.status, 422, JSON.stringify([body, r.body]));
    }
  });

  await t.test('so many a minute from one address', async () => {
    const codes = [];
    for (let i = 0; i < 8; i++) codes.push((await call(s, 'POST', path, { body: { title: `第 ${i}` } })).status);
    assert.ok(codes.includes(429), codes.join());
  });
});
