// Imports: what the file may hold, what it may not ask about, what a row that is wrong says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip, until } from './lib.mjs';

const F = '/apps/lab/forms';
const q = encodeURIComponent;

test('imports', { skip }, async (t) => {
  const s = await serve(t);
  const [rep, chief] = await Promise.all(['rep', 'chief'].map((n) => login(s, n)));
  const post = async (who, form, file, parts = {}) => {
    const body = new FormData();
    body.append('file', new Blob([file]), 'rows.csv');
    for (const [k, v] of Object.entries(parts)) body.append(k, v);
    const r = await fetch(`${s.base}/api/v1${F}/${form}/import`, { method: 'POST', body, headers: { Cookie: who.cookie, 'X-CSRF-Token': who.csrf } });
    return { status: r.status, body: await r.json() };
  };
  const run = async (who, form, file, parts) => {
    const r = await post(who, form, file, parts);
    assert.equal(r.status, 202, JSON.stringify(r.body));
    const job = await until(async () => {
      const j = (await who.get(`/jobs/${r.body.job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    }, 4000);
    return { ...job, codes: (job.errors ?? []).map((e) => `${e.field} ${e.code}`) };
  };
  const count = async (form, f) => (await chief.get(`${F}/${form}/records?filter=${q(f)}`)).body.total;

  await t.test('BOM, titles for headers and options, GB18030', async () => {
    assert.equal((await run(chief, 'deal', '\ufeff名称,价,阶段\nbom,"1,234.50",新\n')).created, 1);
    const gb = Buffer.from([0xc3, 0xfb, 0xb3, 0xc6, 0x2c, 0xbc, 0xdb, 0x0a, 0xd6, 0xd0, 0xce, 0xc4, 0x2c, 0x35, 0x0a]);
    assert.equal((await run(chief, 'deal', gb)).created, 1);
    assert.deepEqual([await count('deal', 'name = "bom" AND price = 1234.5'), await count('deal', 'name = "中文"')], [1, 1]);
  });

  await t.test('a file that cannot be imported is refused at once', async () => {
    const refused = [
      ['', {}], ['\u0000name\n', {}], ['foo,bar\n1,2\n', {}], ['name,name\n1,2\n', {}],
      ['name\na\n', { mode: 'zap' }], ['name\na\n', { mode: 'update' }], ['name\na\n', { mode: 'update', key: 'nope' }],
      ['name\na\n', { mode: 'upsert', key: 'kk' }], ['Nm\na\n', { mapping: '{x' }], ['Nm\na\n', { mapping: 'Other=name' }],
    ];
    for (const [file, parts] of refused) assert.equal((await post(chief, 'deal', file, parts)).status, 422, JSON.stringify([file, parts]));
    for (const column of ['cost', 'memo', 'grade', 'no', 'margin', 'phone']) assert.equal((await post(rep, 'deal', `name,${column}\na,1\n`)).status, 403, column);
    assert.equal((await run(chief, 'deal', 'Nm,Pr\nmapped,3\n', { mapping: '{"Nm":"name","Pr":"price"}' })).created, 1);
  });

  await t.test('rows are wrong each for itself; a dry run writes nothing', async () => {
    const file = 'name,price,stage\nok1,1,new\n,2,new\nbad,x,new\nbad,1,zzz\n';
    const dry = await run(chief, 'deal', file, { dry_run: 'true' });
    assert.deepEqual([dry.created, dry.failed, dry.codes], [1, 3, ['3: name required', '4: price type', '5: stage option']]);
    assert.equal(await count('deal', 'name = "ok1"'), 0);
    const r = await run(chief, 'deal', file);
    assert.deepEqual([r.created, r.failed, r.codes], [1, 3, dry.codes]);
  });

  await t.test('update and upsert by a key', async () => {
    await run(chief, 'acct', 'name,code\nOne,K1\n');
    const up = await run(chief, 'acct', 'name,code\nOne again,k1\nTwo,K2\n', { mode: 'upsert', key: 'code' });
    assert.deepEqual([up.created, up.updated], [1, 1]);
    const r = await run(chief, 'acct', 'name,code\nUno,K1\nNone,K9\n', { mode: 'update', key: 'code' });
    assert.deepEqual([r.state, r.updated, r.failed, r.codes], ['done', 1, 1, ['3:  not_found']]);
    const dup = await run(chief, 'acct', 'name,code\nx,K1\n');
    assert.deepEqual(dup.codes, ['2: code duplicate']);
  });

  await t.test('what one may not see is not found, whatever one guesses', async () => {
    await chief.post(`${F}/acct/records`, { name: 'HIDDENACCT', code: 'H1', secret: 'S1' });
    await rep.post(`${F}/acct/records`, { name: 'SEENACCT', code: 'V1' });
    const link = async (cell, header = 'acct') => (await run(rep, 'deal', `name,price,${header}\na,1,${cell}\n`)).codes;
    assert.deepEqual([await link('HIDDENACCT'), await link('H1'), await link('NOSUCH')], Array(3).fill(['2: acct not_found']));
    assert.deepEqual(await link('SEENACCT'), []);
    const named = async (h) => (await post(rep, 'deal', `name,price,${h}\na,1,S1\n`)).status;
    assert.equal(await named('acct.secret'), 422);
    const own = await rep.post(`${F}/deal/records`, { name: 'mine', price: 1 });
    const theirs = await chief.post(`${F}/deal/records`, { name: 'theirs', price: 1 });
    const update = (no) => run(rep, 'deal', `no,price\n${no},9\n`, { mode: 'update', key: 'no' });
    assert.equal((await update(own.body.no)).updated, 1);
    const [invisible, absent] = [await update(theirs.body.no), await update('D1999-001')];
    assert.deepEqual([invisible.codes, invisible.errors[0].message], [absent.codes, absent.errors[0].message]);
  });
});
