// The working calendar of an app, edited by its designer: in the draft, then published; comments stay.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

test('calendar', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const admin = await login(s, 'admin');
  const agent = await login(s, 'agent');
  const path = '/admin/apps/desk/calendar';
  const file = join(s.apps, 'desk/app.yaml');
  const put = async (day, kind) => admin.put(path, { day, kind });
  const yaml = () => readFileSync(file, 'utf8');
  const publish = async () => {
    const plan = await admin.post('/admin/apps/desk/plan', {});
    const r = await admin.post('/admin/apps/desk/publish', { plan_hash: plan.body.plan_hash });
    assert.ok(r.status < 300, JSON.stringify(r.body));
  };
  const workdays = async (from, to) =>
    (await agent.post('/apps/desk/forms/ticket/eval', { expr: `NETWORKDAYS(DATEVALUE("${from}"), DATEVALUE("${to}"))`, values: {} })).body.value;

  await t.test('without one, weekdays; a day off and a day on', async () => {
    assert.equal(await workdays('2026-06-01', '2026-06-07'), 5);
    assert.equal((await agent.get(path)).status, 403);
    const a = await put('2026-06-03', 'holiday');
    assert.equal(a.status, 200, JSON.stringify(a.body));
    assert.deepEqual([a.body.draft.holidays, a.body.draft.make_up, a.body.running.holidays], [['2026-06-03'], [], []]);
    assert.deepEqual((await put('2026-06-06', 'make_up')).body.draft.make_up, ['2026-06-06']);
    assert.equal(await workdays('2026-06-01', '2026-06-07'), 5, 'not before it is published');
    await publish();
    assert.equal(await workdays('2026-06-01', '2026-06-04'), 3);
    assert.equal(await workdays('2026-06-01', '2026-06-07'), 5);
    assert.deepEqual((await admin.get(path)).body.running.holidays, ['2026-06-03']);
  });

  await t.test('the built-in days beside own ones; own ones win', async () => {
    await put('2026-06-03', 'plain');
    await put('2026-06-06', 'plain');
    assert.ok(!/holidays/.test(yaml()), yaml());
    writeFileSync(file, `${yaml().replace(/^calendar:.*\n( .*\n)*/m, '')}\ncalendar:\n  holidays: cn # by the State Council\n`);
    await publish();
    const year = (await admin.get(`${path}?year=2025`)).body;
    assert.ok(year.running.cn && year.cn.holidays.includes('2025-10-01') && year.cn.make_up.includes('2025-10-11'), JSON.stringify(year.cn));
    assert.equal(await workdays('2025-10-11', '2025-10-11'), 1);
    await put('2025-10-11', 'holiday');
    await put('2025-10-02', 'make_up');
    await put('2026-12-25', 'holiday');
    assert.match(yaml(), /# by the State Council/);
    await publish();
    assert.equal(await workdays('2025-10-11', '2025-10-11'), 0);
    assert.equal(await workdays('2025-10-02', '2025-10-02'), 1);
    assert.equal(await workdays('2025-10-01', '2025-10-01'), 0);
    assert.equal(await workdays('2026-12-25', '2026-12-25'), 0);
    await put('2026-12-25', 'make_up');
    const now = (await admin.get(path)).body.draft;
    assert.deepEqual([now.holidays, now.make_up], [['cn', '2025-10-11'], ['2025-10-02', '2026-12-25']]);
  });

  await t.test('what is no day, no kind, no app', async () => {
    for (const [body, field] of [[{ day: '2026-02-30', kind: 'holiday' }, 'day'], [{ day: 'x', kind: 'holiday' }, 'day'], [{ day: '2026-03-01', kind: 'fun' }, 'kind'], [{}, 'day']]) {
      const r = await admin.put(path, body);
      assert.deepEqual([r.status, r.body.errors?.[0]?.field], [422, field], JSON.stringify(r.body));
    }
    assert.equal((await admin.put('/admin/apps/nope/calendar', { day: '2026-03-01', kind: 'holiday' })).status, 404);
    assert.equal((await admin.get(`${path}?year=1`)).status, 422);
    assert.equal((await agent.put(path, { day: '2026-03-01', kind: 'holiday' })).status, 403);
  });
});
