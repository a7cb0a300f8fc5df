// Imports as jobs: progress, row errors, dry run, upsert, undo; uploads that are cut or too large.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { login, run, serve, skip, statuses, until, wire } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('import', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const upload = async (csv, fields = {}, who = agent, form = F) => {
    const body = new FormData();
    for (const [k, v] of Object.entries(fields)) body.set(k, v);
    body.set('file', new Blob([csv]), 'rows.csv');
    return who.raw('POST', `${form}/import`, body);
  };
  const job = async (r, who = agent) => {
    assert.equal(r.status, 202, JSON.stringify(r.body));
    return until(async () => {
      const j = (await who.get(`/jobs/${r.body.job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    });
  };

  await t.test('rows by title and key, row errors with their line', async () => {
    const j = await job(await upload('标题,qty,单价,代码\r\n一号,2,"1,234.50",C1\r\n,3,1,C2\r\n三号,x,1,C3\r\n四号,1,1,C1\r\n'));
    assert.equal(j.state, 'done', JSON.stringify(j));
    assert.deepEqual([j.total, j.created, j.failed], [4, 1, 3], JSON.stringify(j));
    assert.ok(j.errors_url);
    const errors = (await agent.get(j.errors_url)).body.errors;
    assert.ok(errors.some((e) => /3/.test(e.field)) && errors.every((e) => e.message), JSON.stringify(errors));
    assert.ok(errors.some((e) => e.code === 'duplicate'));
    const rows = (await agent.get(`${F}/records`)).body.records;
    assert.deepEqual(rows.map((r) => [r.title, r.price]), [['一号', 1234.5]]);
    assert.equal((await boss.get(`/jobs/${j.id}`)).status, 404);
  });

  await t.test('a dry run writes nothing', async () => {
    const j = await job(await upload('title\n甲\n乙\n', { dry_run: '1' }));
    assert.equal(j.state, 'done');
    assert.equal((await agent.get(`${F}/records?count=exact`)).body.total, 1);
  });

  await t.test('upsert by a key, then undo keeps what somebody changed', async () => {
    await agent.post(`${F}/records`, { title: '旧', code: 'K1' });
    const j = await job(await upload('code,title\nK1,新\nK2,二\nK3,三\n', { mode: 'upsert', key: 'code' }));
    assert.deepEqual([j.created, j.updated], [2, 1], JSON.stringify(j));
    const find = async (code) => (await agent.get(`${F}/records?filter=${encodeURIComponent(`code = "${code}"`)}`)).body.records[0];
    const k3 = await find('K3');
    await agent.patch(`${F}/records/${k3._id}`, { note: '我改过', _version: k3._version });
    const u = await agent.post(`/imports/${j.id}/undo`, {});
    assert.deepEqual([u.status, u.body], [200, { undone: 2, kept: 1 }], JSON.stringify(u.body));
    assert.equal((await find('K1')).title, '旧');
    assert.equal(await find('K2'), undefined);
    assert.equal((await find('K3')).note, '我改过');
  });

  await t.test('the same key and file are one job; another file is refused', async () => {
    const send = (csv) => {
      const body = new FormData();
      body.set('file', new Blob([csv]), 'rows.csv');
      return agent.raw('POST', `${F}/import`, body, { 'Idempotency-Key': 'imp-1' });
    };
    const one = await send('title\n同一份\n');
    const two = await send('title\n同一份\n');
    assert.deepEqual([one.status, two.status, two.body.job], [202, 202, one.body.job]);
    assert.equal((await send('title\n不同的文件\n')).status, 422);
    await job(one);
    assert.equal((await agent.get(`${F}/records?count=exact&filter=${encodeURIComponent('title = "同一份"')}`)).body.total, 1);
    assert.ok(!readdirSync(join(s.data, 'tmp')).some((f) => f.startsWith('import-')));
  });

  await t.test('refusals: no right, a hidden column, no file, a bad mode', async () => {
    assert.equal((await upload('name\nx\n', {}, agent, '/apps/desk/forms/customer')).status, 403);
    assert.equal((await upload('title,cost\nx,1\n')).status, 403);
    assert.equal((await agent.raw('POST', `${F}/import`, 'title\nx\n', { 'Content-Type': 'text/csv' })).status, 415);
    assert.equal((await upload('title\nx\n', { mode: 'replace' })).status, 422);
    const two = new FormData();
    two.set('a', new Blob(['title\nx\n']), 'a.csv');
    two.set('b', new Blob(['title\nx\n']), 'b.csv');
    assert.equal((await agent.raw('POST', `${F}/import`, two)).status, 422);
  });

  await t.test('a cut upload leaves nothing behind', async () => {
    const head = `POST /api/v1${F}/import HTTP/1.1\r\nHost: x\r\nCookie: ${agent.cookie}\r\nX-CSRF-Token: ${agent.csrf}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\ntitle\r\n`;
    await wire(s, head + 'x'.repeat(20000), { ms: 300 });
    await until(() => !readdirSync(join(s.data, 'tmp')).some((f) => f.startsWith('up-')));
    const large = await wire(s, head.replace('100000', '999999999'), { ms: 2000 });
    assert.deepEqual(statuses(large), [413]);
  });

  await t.test('the command beside the running server, as a member', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mortise-imp-'));
    const file = join(dir, 'rows.csv');
    writeFileSync(file, '\ufefftitle,code\n从命令,CL1\n坏,CL1\n');
    const r = run(['import', 'desk/ticket', 'rows.csv', '--as', 'agent', '--data', s.data], { cwd: dir });
    assert.equal(r.code, 1, r.out + r.err);
    assert.match(r.out, /新增 1.*失败 1/);
    const out = run(['export', 'desk/ticket', '--filter', 'code = "CL1"', '--fields', 'title', '--data', s.data]);
    assert.equal(out.code, 0, out.err);
    assert.match(out.out, /_id,title\r\n\w{13},从命令/);
    assert.equal(run(['import', 'desk/nope', file, '--data', s.data]).code, 1);
    assert.equal(run(['import', 'desk/ticket', '--data', s.data]).code, 2);
  });
});
