// Workbooks: what an import reads in them, what an export writes, both ways around, hostile files.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { login, root, run as command, serve, skip, until } from './lib.mjs';
import { unzip, xlsx, zip } from './xlsx.mjs';

const F = '/apps/docs/forms/contract';

test('workbooks', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/paper') });
  const [mgr, peer] = await Promise.all(['mgr', 'peer'].map((n) => login(s, n)));
  const post = async (file, parts = {}, name = 'rows.xlsx') => {
    const body = new FormData();
    body.append('file', new Blob([file]), name);
    for (const [k, v] of Object.entries(parts)) body.append(k, v);
    const r = await fetch(`${s.base}/api/v1${F}/import`, { method: 'POST', body, headers: { Cookie: mgr.cookie, 'X-CSRF-Token': mgr.csrf } });
    return { status: r.status, body: await r.json() };
  };
  const load = async (file, parts) => {
    const r = await post(file, parts);
    assert.equal(r.status, 202, JSON.stringify(r.body));
    return until(async () => {
      const j = (await mgr.get(`/jobs/${r.body.job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    });
  };
  const byName = async (name) => (await mgr.get(`${F}/records/${(await mgr.get(`${F}/records?filter=${encodeURIComponent(`name = "${name}"`)}`)).body.records[0]._id}`)).body;

  await t.test('typed cells: dates by their style, percent, booleans, formulas by their value, empty rows', async () => {
    const job = await load(
      xlsx([
        ['名称', '金额', '税率', '签订日', '时间', '已付', '类型', '标签', '负责人', '备注'],
        ['甲', 1234.5, { v: 0.06, s: 4 }, { v: 46349, s: 1 }, { v: 46349.5, s: 2 }, true, '采购', '甲、乙', 'rep', 13800000000],
        null,
        [],
        ['乙', { f: '1+1', v: 2 }, '6%', { v: 46349, s: 3 }, null, false, 'sell', null, null, { v: 1.5, s: 5 }],
        [{ xml: '<c r="@" t="inlineStr"><is><r><t>行</t></r><r><t>内</t></r></is></c>' }, '3.00', null, '2026-11-24'],
      ]),
    );
    assert.deepEqual([job.state, job.created, job.failed, job.total], ['done', 3, 0, 3], JSON.stringify(job));
    const a = await byName('甲');
    assert.deepEqual([a.amount, a.rate, a.signed, a.paid, a.kind, a.tags, a.who.title, a.memo], [1234.5, 0.06, '2026-11-23', true, 'buy', ['a', 'b'], a.who.title, '13800000000']);
    assert.equal(a.at, '2026-11-23T04:00:00Z');
    const b = await byName('乙');
    assert.deepEqual([b.amount, b.rate, b.signed, b.paid, b.kind, b.memo], [2, 0.06, '2026-11-23', false, 'sell', '1.5']);
    assert.equal((await byName('行内')).signed, '2026-11-24');
  });

  await t.test('errors name the row of the sheet; 1904 dates; a named sheet', async () => {
    const job = await load(xlsx([['name', 'amount'], ['ok', 1], null, ['bad', 'x'], [null, 5]]));
    assert.deepEqual((job.errors ?? []).map((e) => `${e.field} ${e.code}`), ['4: amount type', '5: name required']);
    await load(xlsx([['name', 'signed'], ['mac', { v: 44887, s: 1 }]], { date1904: true }));
    assert.equal((await byName('mac')).signed, '2026-11-23');
    const two = xlsx([['x'], ['y']], { sheets: ['一', '二'], extra: { 'xl/worksheets/sheet2.xml': '<worksheet><sheetData><row><c t="str"><v>name</v></c></row><row><c t="str"><v>second</v></c></row></sheetData></worksheet>' } });
    assert.equal((await post(two)).status, 422);
    assert.equal((await load(two, { sheet: '二' })).created, 1);
    assert.equal((await post(two, { sheet: '三' })).body.code, 'no_sheet');
    const csv = await load('name,amount\nc1,1\n\nc2,zz\n');
    assert.deepEqual((csv.errors ?? []).map((e) => e.field), ['4: amount']);
  });

  await t.test('UTF-16 and GB18030 text', async () => {
    const u16 = Buffer.from('\ufeff名称\t金额\n统一码\t7\n', 'utf16le');
    assert.equal((await load(u16)).created, 1);
    assert.equal((await byName('统一码')).amount, 7);
  });

  await t.test('rows of a sub-table under merged cells of their record, out and in again', async () => {
    const job = await load(
      xlsx([
        ['名称', '编号', '明细.品名', '明细.数量', '明细.单价'],
        ['订单一', 'O1', '螺丝', 10, 1.5],
        [null, null, '螺母', 20, 0.5],
        ['订单二', 'O2', '垫片', 3, 2],
        ['订单二', 'O2', '弹簧', 1, 4],
        ['订单三', 'O3'],
      ]),
    );
    assert.deepEqual([job.created, job.failed], [3, 0], JSON.stringify(job));
    const one = await byName('订单一');
    assert.deepEqual(one.items.map((r) => [r.part, r.qty, r.price, r.total]), [['螺丝', 10, 1.5, 15], ['螺母', 20, 0.5, 10]]);
    assert.equal(one.sum, 25);
    assert.equal((await byName('订单二')).items.length, 2);
    assert.equal((await byName('订单三')).items.length, 0);
    const r = await fetch(`${s.base}/api/v1${F}/export`, {
      method: 'POST',
      body: JSON.stringify({ format: 'xlsx', fields: ['name', 'no', 'items.part', 'items.qty', 'items.price'], filter: 'no <> BLANK', sort: 'no' }),
      headers: { Cookie: mgr.cookie, 'X-CSRF-Token': mgr.csrf, 'Content-Type': 'application/json' },
    });
    assert.equal(r.status, 200);
    assert.match(r.headers.get('content-type'), /spreadsheetml/);
    const file = Buffer.from(await r.arrayBuffer());
    const sheet = unzip(file)['xl/worksheets/sheet1.xml'];
    assert.match(sheet, /<mergeCell ref="A2:A3"\/>/);
    assert.match(sheet, /<mergeCell ref="B4:B5"\/>/);
    assert.match(sheet, /state="frozen"/);
    const back = await load(file, { mode: 'upsert', key: '编号' });
    assert.deepEqual([back.created, back.updated, back.failed], [0, 3, 0], JSON.stringify(back));
    assert.deepEqual((await byName('订单一')).items.map((x) => [x.part, x.qty, x.price]), [['螺丝', 10, 1.5], ['螺母', 20, 0.5]]);
  });

  await t.test('an export writes typed cells and only what its reader may see', async () => {
    const out = async (who, body) => {
      const r = await fetch(`${s.base}/api/v1${F}/export`, { method: 'POST', body: JSON.stringify(body), headers: { Cookie: who.cookie, 'X-CSRF-Token': who.csrf, 'Content-Type': 'application/json' } });
      return { status: r.status, parts: r.status === 200 ? unzip(Buffer.from(await r.arrayBuffer())) : await r.json() };
    };
    const all = await out(mgr, { format: 'xlsx', filter: 'name = "甲"' });
    const sheet = all.parts['xl/worksheets/sheet1.xml'];
    assert.match(sheet, /<v>46349<\/v>/, 'a date');
    assert.match(sheet, /<v>46349\.5<\/v>/, 'an instant, local');
    assert.match(sheet, /<v>1234\.5<\/v>/);
    assert.match(sheet, /采购/);
    assert.match(all.parts['xl/styles.xml'], /0\.00%/);
    const theirs = (await out(peer, { format: 'xlsx' })).parts['xl/worksheets/sheet1.xml'];
    assert.doesNotMatch(theirs, /金额|内部附件|明细\.附件/);
    assert.match(theirs, /乙/);
    assert.doesNotMatch(theirs, />甲</);
    assert.equal((await out(peer, { format: 'xlsx', fields: ['amount'] })).status, 422);
    assert.equal((await out(mgr, { format: 'pdf' })).status, 422);
  });

  await t.test('CSV for people is defused, for machines exact', async () => {
    await mgr.post(`${F}/records`, { name: '=1+1' });
    const csv = async (who) => (await mgr.post(`${F}/export`, { fields: ['name'], filter: 'name = "=1+1"', for: who })).body;
    assert.match(await csv('people'), /"'=1\+1"/);
    assert.match(await csv('machine'), /,=1\+1\r\n/);
  });

  await t.test('hostile workbooks are refused', async () => {
    const big = Buffer.alloc(40 << 20, ' ');
    const cases = {
      bomb: xlsx([], { sheet: Buffer.concat([Buffer.from('<worksheet><sheetData>'), big, Buffer.from('</sheetData></worksheet>')]) }),
      entities: xlsx([], { sheet: '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><worksheet><sheetData><row><c t="str"><v>&z;</v></c></row></sheetData></worksheet>' }),
      external: xlsx([], { strings: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst><si><t>&x;</t></si></sst>' }),
      broken: xlsx([], { sheet: '<worksheet><sheetData><row>' }),
      deep: xlsx([], { sheet: '<a>'.repeat(5000) }),
      columns: xlsx([], { sheet: '<worksheet><sheetData><row r="1"><c r="ZZZ1" t="str"><v>x</v></c></row></sheetData></worksheet>' }),
      rows: xlsx([], { sheet: '<worksheet><sheetData><row r="99999999"><c t="str"><v>x</v></c></row></sheetData></worksheet>' }),
      no_workbook: zip({ 'a.txt': 'x' }),
      cut: xlsx([['name'], ['a']]).subarray(0, 300),
      junk: Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(1000, 7)]),
    };
    for (const [name, file] of Object.entries(cases)) {
      const r = await post(file);
      assert.ok([413, 422].includes(r.status), `${name}: ${r.status} ${JSON.stringify(r.body)}`);
    }
  });

  await t.test('the command takes and gives workbooks', async () => {
    const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const dir = mkdtempSync(join(tmpdir(), 'mortise-xlsx-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const data = ['--data', s.data, '--apps', s.apps];
    writeFileSync(join(dir, 'a.xlsx'), xlsx([['name', 'amount'], ['命令', 3]]));
    const r = command(['import', 'docs/contract', join(dir, 'a.xlsx'), ...data]);
    assert.equal(r.code, 0, r.out + r.err);
    const e = command(['export', 'docs/contract', '--format', 'xlsx', '--filter', 'name = "命令"', ...data], { encoding: 'latin1' });
    assert.equal(e.code, 0, e.err);
    assert.match(unzip(Buffer.from(e.out, 'latin1'))['xl/worksheets/sheet1.xml'], /命令/);
  });
});
