// Changing an app while it is used: no request fails but for 409 definition_changed; data follows renames, there and back.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, run, serve, skip } from './lib.mjs';

const D = '/apps/lab/forms/deal/records';
const A = '/admin/apps/lab';

test('change', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const [rep, chief, admin] = await Promise.all(['rep', 'chief', 'admin'].map((n) => login(s, n)));
  const file = join(s.apps, 'lab/forms/deal.yaml');
  const text = readFileSync(file, 'utf8');
  const publish = async (extra = {}) => {
    const plan = await admin.post(`${A}/plan`, {});
    assert.deepEqual(plan.body.errors, []);
    return admin.post(`${A}/publish`, { plan_hash: plan.body.plan_hash, ...extra });
  };

  await t.test('a field comes and goes under load', async () => {
    let stop = false;
    const wrong = [];
    let n = 0;
    const note = (r, what) => {
      n++;
      if (r.status >= 300 && !(r.status === 409 && r.body.code === 'definition_changed')) wrong.push(`${what}: ${r.status} ${JSON.stringify(r.body).slice(0, 200)}`);
      return r;
    };
    const users = [1, 2, 3].map(async () => {
      while (!stop) {
        const made = note(await chief.post(D, { name: 'load', price: 1 }), 'create');
        if (made.status === 201) note(await chief.patch(`${D}/${made.body._id}`, { price: 2, _version: 1 }), 'patch');
        note(await rep.get(`${D}?sort=-price`), 'list');
        note(await rep.get('/apps/lab/forms/deal'), 'form');
        note(await chief.get('/apps/lab/forms/deal/aggregate?group=stage&metrics=SUM(price)'), 'aggregate');
      }
    });
    for (let i = 0; i < 6; i++) {
      writeFileSync(file, i % 2 ? text : text.replace('  due: ', `  extra${i}: {type: text, title: 新, default: x, index: true}\n  due: `));
      if (i === 2) {
        const r = run(['apply', join(s.apps, 'lab'), '--data', s.data, '--allow-data-loss']);
        assert.equal(r.code, 0, r.out + r.err);
        continue;
      }
      for (let tries = 0; ; tries++) { // rows that came in between change the plan's counts
        const r = await publish({ allow_data_loss: true });
        if (r.status === 200) break;
        assert.ok(r.body.code === 'plan_changed' && tries < 20, JSON.stringify(r.body));
      }
    }
    stop = true;
    await Promise.all(users);
    assert.deepEqual(wrong, []);
    assert.ok(n > 20);
    writeFileSync(file, text);
  });

  await t.test('`was:` keeps the data, and so does a roll back', async () => {
    const first = (await admin.get(`${A}/versions`)).body.versions[0].n;
    const r = await chief.post(D, { name: 'kept', price: 1, memo: 'KEEP', due: '2026-01-02' });
    const path = `${D}/${r.body._id}`;
    writeFileSync(file, text.replaceAll('memo', 'remark').replace('title: 备注}', 'title: 备注, was: memo}'));
    assert.equal((await publish()).status, 200);
    let now = (await chief.get(path)).body;
    assert.deepEqual([now.remark, 'memo' in now], ['KEEP', false]);
    const back = await admin.post(`${A}/rollback`, { to: first });
    assert.equal(back.status, 200, JSON.stringify(back.body));
    now = (await chief.get(path)).body;
    assert.deepEqual([now.memo, 'remark' in now], ['KEEP', false]);
    assert.equal(readFileSync(file, 'utf8'), text);
    const again = await admin.post(`${A}/rollback`, { to: first + 1 });
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal((await chief.get(path)).body.remark, 'KEEP');
    assert.equal((await admin.post(`${A}/rollback`, { to: first })).status, 200);
  });

  await t.test('a dropped field needs a word, and comes back with its data', async () => {
    const r = await chief.post(D, { name: 'due', price: 1, due: '2026-01-02' });
    writeFileSync(file, text.replace(/ {2}due: .*\n/, ''));
    const refused = await publish();
    assert.deepEqual([refused.status, refused.body.code], [409, 'data_loss']);
    assert.equal((await publish({ allow_data_loss: true })).status, 200);
    assert.equal((await chief.get(`${D}?filter=due<>BLANK`)).body.code, 'unknown_field');
    writeFileSync(file, text);
    assert.equal((await publish()).status, 200);
    assert.equal((await chief.get(`${D}/${r.body._id}`)).body.due, '2026-01-02');
  });
});
