// Scripts that are saved: --dev publishes them at once; a mistake in one is told and never published, whoever publishes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const F = '/apps/desk/forms/ticket/records';

async function until(s, pattern) {
  const end = Date.now() + 20_000;
  for (; !pattern.test(s.text); await new Promise((ok) => setTimeout(ok, 100)))
    if (Date.now() > end) throw new Error(`no ${pattern} in: ${s.text}`);
}

test('serve --dev runs a hook as soon as it is saved', { skip }, async (t) => {
  const s = await serve(t, { own: true, args: ['--dev'] });
  const agent = await login(s, 'agent');
  const script = join(s.apps, 'desk/scripts/ticket.lua');
  const was = readFileSync(script, 'utf8');
  assert.equal((await agent.post(F, { title: 'refuse me' })).status, 422);
  writeFileSync(script, was.replace('"refuse me"', '"refuse you"'));
  await until(s, /desk: version 2/);
  const made = await agent.post(F, { title: 'refuse me' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await agent.post(F, { title: 'refuse you' })).status, 422);

  writeFileSync(script, `${was}\nlocal = 1\n`);
  await until(s, /desk\/scripts\/ticket\.lua:\d+:/);
  assert.equal((await agent.post(F, { title: 'refuse you' })).status, 422); // version 2 goes on
  assert.doesNotMatch(s.text, /version 3/);
  writeFileSync(script, was);
  await until(s, /desk: version 3/);
  assert.equal((await agent.post(F, { title: 'refuse me' })).status, 422);
});

test('who designs sees where a script failed, others what they are told', { skip }, async (t) => {
  const s = await serve(t, { own: true, args: ['--dev'] });
  const [admin, agent] = [await login(s, 'admin'), await login(s, 'agent')];
  const script = join(s.apps, 'desk/scripts/ticket.lua');
  const form = join(s.apps, 'desk/forms/ticket.yaml');
  writeFileSync(form, readFileSync(form, 'utf8').replace(/^permissions:\n/m, "permissions:\n  every: {everyone: true, can: [create, read]}\n"));
  writeFileSync(script, readFileSync(script, 'utf8').replace('error("不收这样的工单")', 'local x = nil; rec.title = x.y'));
  await until(s, /desk: version 2/);
  const seen = await admin.post(F, { title: 'refuse me' });
  assert.deepEqual([seen.status, seen.body.code, seen.body.file], [422, 'script_error', 'scripts/ticket.lua']);
  assert.match(seen.body.trace, /scripts\/ticket\.lua:\d+: attempt to index a nil value[^]*stack traceback/);
  const told = await agent.post(F, { title: 'refuse me' });
  assert.equal(told.status, 422);
  assert.equal(told.body.trace, undefined);
});

test('a script with a mistake is not published', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const admin = await login(s, 'admin');
  const script = join(s.apps, 'desk/scripts/ticket.lua');
  writeFileSync(script, `${readFileSync(script, 'utf8')}\nlocal = 1\n`);
  const D = '/admin/apps/desk';
  const [error] = (await admin.post(`${D}/check`, {})).body.errors;
  assert.equal(error.file, 'scripts/ticket.lua');
  assert.ok(error.line > 10);
  const { plan_hash } = (await admin.post(`${D}/plan`, {})).body;
  assert.equal((await admin.post(`${D}/publish`, { plan_hash: plan_hash ?? '' })).status, 422);
  assert.equal((await admin.get('/admin/apps')).body.apps.find((a) => a.app === 'desk').version, 1);
});
