// The designer over HTTP: files with ETags, check, plan, publish while serving, versions, roll back; and the same with commands.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, run, serve, skip } from './lib.mjs';

const D = '/admin/apps/desk';
const F = '/apps/desk/forms/ticket';

test('design', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const admin = await login(s, 'admin');
  const agent = await login(s, 'agent');
  const file = (name) => join(s.apps, 'desk', name);
  const publish = async () => {
    const plan = (await admin.post(`${D}/plan`, {})).body;
    return admin.post(`${D}/publish`, { plan_hash: plan.plan_hash });
  };

  await t.test('only `design` may look', async () => {
    assert.equal((await agent.get('/admin/apps')).status, 403);
    assert.equal((await agent.get(`${D}/draft`)).status, 403);
    const apps = (await admin.get('/admin/apps')).body.apps;
    const desk = apps.find((a) => a.app === 'desk');
    assert.deepEqual([desk.version, desk.draft, desk.forms], [1, false, 3]);
  });

  await t.test('files: list, read, write with an ETag, mistakes in the answer', async () => {
    const list = (await admin.get(`${D}/draft`)).body;
    assert.equal(list.version, 1);
    assert.ok(list.files.some((f) => f.path === 'forms/ticket.yaml' && !f.change));
    const got = await admin.get(`${D}/draft/forms/ticket.yaml`);
    assert.match(got.headers.get('content-type'), /text\/yaml/);
    assert.equal(got.body, readFileSync(file('forms/ticket.yaml'), 'utf8'));
    const etag = got.headers.get('etag');
    const put = (text, headers) => admin.raw('PUT', `${D}/draft/forms/ticket.yaml`, text, { 'Content-Type': 'text/yaml', ...headers });
    assert.equal((await put(got.body, {})).status, 428);
    assert.equal((await put(got.body, { 'If-Match': '"nope"' })).status, 412);
    const broken = await put(got.body.replace('qty * price', 'qty * prize'), { 'If-Match': etag });
    assert.equal(broken.status, 200, JSON.stringify(broken.body));
    assert.equal(broken.body.errors[0].file, 'forms/ticket.yaml');
    assert.ok(broken.body.errors[0].line > 1);
    const check = (await admin.post(`${D}/check`, {})).body;
    assert.equal(check.errors.length, broken.body.errors.length);
    assert.equal((await publish()).status, 422);
    const fixed = await put(got.body, { 'If-Match': broken.headers.get('etag') });
    assert.deepEqual(fixed.body.errors, []);
  });

  await t.test('paths stay inside the app', async () => {
    for (const path of ['..%2fx.yaml', '%2e%2e/x.yaml', 'forms/.x.yaml', 'forms/x.sh', '/etc/passwd', 'a/b/c/d.yaml'])
      assert.ok([400, 404, 422].includes((await admin.raw('PUT', `${D}/draft/${path}`, 'x', { 'If-None-Match': '*', 'Content-Type': 'text/yaml' })).status), path);
  });

  await t.test('PATCH keeps comments', async () => {
    const got = await admin.get(`${D}/draft/app.yaml`);
    const r = await admin.raw('PATCH', `${D}/draft/app.yaml`, JSON.stringify([{ op: 'replace', path: '/title', value: '服务台二' }]), {
      'Content-Type': 'application/json-patch+json', 'If-Match': got.headers.get('etag'),
    });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    const text = readFileSync(file('app.yaml'), 'utf8');
    assert.match(text, /# A help desk/);
    assert.match(text, /服务台二/);
  });

  await t.test('publish needs the plan that was looked at; the new field is there at once', async () => {
    const path = file('forms/ticket.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('  note: ', '  urgent:   {type: boolean, title: 紧急}\n  note: '));
    const plan = (await admin.post(`${D}/plan`, {})).body;
    assert.ok(plan.changes.some((c) => c.kind === 'safe' && /urgent/.test(c.path + c.text)), JSON.stringify(plan));
    assert.equal((await admin.post(`${D}/publish`, {})).status, 422);
    assert.equal((await admin.post(`${D}/publish`, { plan_hash: 'x' })).status, 409);
    const key = { 'Idempotency-Key': 'publish-1' };
    const r = await admin.post(`${D}/publish`, { plan_hash: plan.plan_hash, note: '加紧急' }, key);
    assert.deepEqual([r.status, r.body.version], [200, 2], JSON.stringify(r.body));
    assert.deepEqual((await admin.post(`${D}/publish`, { plan_hash: plan.plan_hash, note: '加紧急' }, key)).body, { version: 2 });
    assert.ok((await agent.get(F)).body.fields.some((f) => f.key === 'urgent'));
    const made = await agent.post(`${F}/records`, { title: '新字段', urgent: true });
    assert.deepEqual([made.status, made.body.urgent], [201, true]);
  });

  await t.test('no request fails while definitions change', async () => {
    const path = file('forms/ticket.yaml');
    let on = true;
    const failures = [];
    const load = Array.from({ length: 4 }, async (_, i) => {
      while (on) {
        const r = i % 2 ? await agent.get(`${F}/records?limit=5`) : await agent.post(`${F}/records`, { title: '负载' });
        if (r.status >= 300) failures.push([r.status, JSON.stringify(r.body).slice(0, 200)]);
      }
    });
    for (let i = 0; i < 4; i++) {
      writeFileSync(path, readFileSync(path, 'utf8').replace('  note: ', `  extra${i}:   {type: text, title: 附加${i}}\n  note: `));
      assert.equal((await publish()).status, 200);
    }
    on = false;
    await Promise.all(load);
    assert.deepEqual(failures, []);
  });

  await t.test('removing a field is data loss and must be confirmed', async () => {
    const path = file('forms/ticket.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}urgent: .*\n/, ''));
    const plan = (await admin.post(`${D}/plan`, {})).body;
    assert.equal(plan.data_loss, true, JSON.stringify(plan));
    assert.equal((await admin.post(`${D}/publish`, { plan_hash: plan.plan_hash })).status, 409);
    assert.equal((await admin.post(`${D}/publish`, { plan_hash: plan.plan_hash, allow_data_loss: true })).status, 200);
    assert.ok(!(await agent.get(F)).body.fields.some((f) => f.key === 'urgent'));
  });

  await t.test('versions, their difference, roll back; values come back', async () => {
    const v = (await admin.get(`${D}/versions`)).body;
    assert.equal(v.running, v.versions[0].n);
    assert.equal(v.versions.find((x) => x.n === 2).note, '加紧急');
    const diff = (await admin.get(`${D}/versions/2/diff?from=1`)).body;
    assert.deepEqual([diff.from, diff.to, diff.files.map((f) => f.path)], [1, 2, ['app.yaml', 'forms/ticket.yaml']]);
    const back = await admin.post(`${D}/rollback`, { to: 2 });
    assert.equal(back.status, 200, JSON.stringify(back.body));
    assert.ok(readFileSync(file('forms/ticket.yaml'), 'utf8').includes('urgent'));
    const rows = (await agent.get(`${F}/records?filter=urgent`)).body;
    assert.equal(rows.records.length, 1, JSON.stringify(rows));
    assert.equal((await admin.post(`${D}/rollback`, { to: 999 })).status, 404);
  });

  await t.test('references', async () => {
    const r = (await admin.get(`${D}/references?key=ticket.price`)).body.references;
    assert.ok(r.length >= 2 && r.every((x) => x.file && x.line), JSON.stringify(r));
  });

  await t.test('plan and apply beside the running server', async () => {
    const path = file('forms/ticket.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('  note: ', '  byhand:   {type: text, title: 手工}\n  note: '));
    const plan = run(['plan', join(s.apps, 'desk'), '--data', s.data]);
    assert.equal(plan.code, 0, plan.out + plan.err);
    assert.match(plan.out, /\+ .*byhand/);
    const apply = run(['apply', join(s.apps, 'desk'), '--data', s.data]);
    assert.equal(apply.code, 0, apply.out + apply.err);
    assert.ok((await agent.get(F)).body.fields.some((f) => f.key === 'byhand'));
    assert.match(run(['plan', join(s.apps, 'desk'), '--data', s.data]).out, /没有变化|No changes/);
    writeFileSync(path, readFileSync(path, 'utf8').replace('qty * price', 'qty * prize'));
    const bad = run(['apply', join(s.apps, 'desk'), '--data', s.data]);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /forms\/ticket\.yaml:\d+:\d+: /);
  });
});
