// Around an import: a look at the file, columns by place, the rows that failed as a file that can be imported again, the list
// of imports.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip, until } from './lib.mjs';

const F = '/apps/desk/forms/ticket';

test('exchange', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const upload = async (file, fields = {}, { who = agent, query = '', name = 'rows.csv' } = {}) => {
    const body = new FormData();
    for (const [k, v] of Object.entries(fields)) body.set(k, v);
    body.set('file', file instanceof Blob ? file : new Blob([file]), name);
    return who.raw('POST', `${F}/import${query}`, body);
  };
  const job = async (r, who = agent) => {
    assert.equal(r.status, 202, JSON.stringify(r.body));
    return until(async () => {
      const j = (await who.get(`/jobs/${r.body.job}`)).body;
      return ['done', 'failed'].includes(j.state) && j;
    });
  };
  const look = async (file, fields = {}) => {
    const r = await upload(file, fields, { query: '?preview=1' });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body;
  };
  const guesses = (p) => p.columns.map((c) => [c.field, c.by]);

  await t.test('a look guesses by key, title, likeness and pinyin', async () => {
    const p = await look('title,数量 (必填)*,danjia,谁知道\n甲,1,2,3\n乙,"x, y",2,3\n');
    assert.deepEqual(guesses(p), [['title', 'key'], ['qty', 'alike'], ['price', 'pinyin'], [null, null]], JSON.stringify(p.columns));
    assert.deepEqual(p.rows, [['甲', '1', '2', '3'], ['乙', 'x, y', '2', '3']]);
    assert.equal(p.total, 2);
    assert.deepEqual(p.sheets, []);
    assert.ok(p.fields.some((f) => f.key === 'title' && f.write && f.required));
    assert.ok(!p.fields.some((f) => f.key === 'no' && f.write), 'a serial number is no target');
    assert.equal((await agent.get('/imports')).body.imports.length, 0, 'a look is no import');
  });

  await t.test('columns by place, twice the same header, a comma in it', async () => {
    const csv = '名,"a,b",名,\n一,2,3,x\n';
    const j = await job(await upload(csv, { mapping: JSON.stringify({ '#1': 'title', 'a,b': 'qty', '#3': 'price', '#4': 'note' }) }));
    assert.deepEqual([j.created, j.failed], [1, 0], JSON.stringify(j));
    const r = (await agent.get(`${F}/records?filter=${encodeURIComponent('title = "一"')}`)).body.records[0];
    assert.deepEqual([r.qty, r.price, r.note], [2, 3, 'x']);
    const bad = await upload(csv, { mapping: '{"#1":"title","#9":"note"}' });
    assert.deepEqual([bad.status, bad.body.code], [422, 'no_column']);
    const worse = await upload(csv, { mapping: '{"#1":7}' });
    assert.deepEqual([worse.status, worse.body.code], [422, 'bad_value']);
  });

  await t.test('what was mapped before is remembered, what was left out too', async () => {
    await job(await upload('怪名,数量,单价\n二,1,5\n', { mapping: JSON.stringify({ 怪名: 'title', 数量: '', 单价: 'price' }) }));
    const p = await look('怪名,数量,单价\n');
    assert.deepEqual(guesses(p), [['title', 'before'], [null, 'before'], ['price', 'before']]);
  });

  await t.test('failed rows come back as a file with why, corrected and imported again', async () => {
    const csv = '标题,qty,备注\n好,1,=1+1\n,2,没有标题\n坏,x,"两行\n在此"\n也好,3,\n';
    const tried = await job(await upload(csv, { dry_run: '1' }));
    assert.deepEqual([tried.created, tried.failed], [2, 2], JSON.stringify(tried));
    assert.ok(tried.rows_url, JSON.stringify(tried));
    const j = await job(await upload(csv));
    const file = await agent.get(j.rows_url);
    assert.equal(file.status, 200);
    assert.match(file.headers.get('content-disposition'), /import-.*-failed\.csv/);
    const lines = file.body.replace(/^\uFEFF/, '').split('\r\n');
    assert.match(lines[0], /^标题,qty,备注,导入失败原因$/);
    assert.match(lines[1], /^,2,没有标题,标题：/);
    assert.match(file.body, /坏,x,"两行\n在此",/);
    assert.equal((await boss.get(j.rows_url)).status, 404, 'another one sees nothing of it');
    const again = await job(await upload(file.body.replace(/^(\uFEFF?.*\r\n),2/, '$1补上,2').replace('坏,x', '坏,9')));
    assert.deepEqual([again.created, again.failed], [2, 0], JSON.stringify(again));
    const x = await fetch(`${s.base}${j.rows_url}?format=xlsx`, { headers: { Cookie: agent.cookie } });
    assert.equal(x.status, 200);
    const book = new Blob([await x.arrayBuffer()]);
    const p = await upload(book, {}, { query: '?preview=1', name: 'f.xlsx' });
    assert.deepEqual(p.body.rows[0].slice(0, 3), ['', '2', '没有标题'], JSON.stringify(p.body));
    assert.deepEqual(p.body.columns.map((c) => c.header), ['标题', 'qty', '备注', '导入失败原因']);
    assert.equal(p.body.sheets.length, 1);
    const third = await job(await upload(book, {}, { name: 'f.xlsx' }));
    assert.deepEqual([third.created, third.failed], [0, 2]);
    const twice = await agent.get(third.rows_url);
    assert.equal(twice.body.match(/导入失败原因/g).length, 1, 'one column of reasons, not two');
  });

  await t.test('what looks like a formula goes out defused and comes back as it was', async () => {
    const texts = ['=1+1', '+a', '-b', '@c', "'=x", "''=y", '-12.5', "it's", "'quoted'"];
    const j = await job(await upload(`title,note\n${texts.map((x) => `往返,"${x}"`).join('\n')}\n`, { mapping: JSON.stringify({ title: 'title', note: 'note' }) }));
    assert.equal(j.created, texts.length, JSON.stringify(j));
    const filter = 'title = "往返"';
    const out = await agent.post(`${F}/export`, { format: 'csv', filter, fields: 'title,note', sort: '_id', for: 'people' });
    assert.match(out.body, /"'=1\+1"/);
    const before = (await agent.get(`${F}/records?sort=_id&filter=${encodeURIComponent(filter)}`)).body.records.map((r) => r.note);
    const back = await job(await upload(out.body.replaceAll('往返', '回来')));
    assert.equal(back.created, texts.length, JSON.stringify(back));
    const after = (await agent.get(`${F}/records?sort=_id&filter=${encodeURIComponent('title = "回来"')}`)).body.records.map((r) => r.note);
    assert.deepEqual(after, before);
  });

  await t.test('more failures than are told one by one are all in the file', async () => {
    const n = 2500;
    const j = await job(await upload(`title,qty\n${Array.from({ length: n }, (_, i) => `行${i},x${i}`).join('\n')}\n`));
    assert.deepEqual([j.failed, j.created], [n, 0]);
    assert.equal((await agent.get(j.errors_url)).body.errors.length, 1000);
    const lines = (await agent.get(j.rows_url)).body.trim().split('\r\n');
    assert.equal(lines.length, n + 1);
    assert.match(lines[n], new RegExp(`^行${n - 1},x${n - 1},`));
  });

  await t.test('files that are wrong are refused in words, and cost no memory', async () => {
    const text = (s) => Buffer.from(s);
    const cases = [
      ['a million columns', text('a,'.repeat(1e6)), 'csv'],
      ['a cell of 3 MB', text(`title,note\nx,"${'y'.repeat(3e6)}"\n`), 'csv'],
      ['an open quote', text(`title\n"${'y\n'.repeat(1e6)}`), 'csv'],
      ['zero bytes', text('title\n\0\0\n'), 'encoding'],
      ['half a character of UTF-8', Buffer.concat([text('title\n甲乙丙'), Buffer.from([0xe7]), text('\n')]), 'encoding'],
      ['half a character of UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('title\nx\n', 'utf16le'), text('A')]), 'encoding'],
      ['nothing', text(''), 'empty_file'],
      ['only a byte order mark', text('\uFEFF'), 'empty_file'],
    ];
    for (const [what, bytes, code] of cases) {
      const r = await upload(bytes.length ? new Blob([bytes]) : '');
      const said = r.status === 202 ? (await job(r)).errors?.[0]?.code : r.body.code;
      assert.equal(said, code, `${what}: ${r.status} ${JSON.stringify(r.body)}`);
    }
    const gb = Buffer.concat([text('title\n'), Buffer.from([0xd6, 0xd0, 0xb9, 0xfa, 0xc9, 0xcc, 0xc6, 0xb7]), text('\n')]);
    assert.equal((await job(await upload(new Blob([gb])))).created, 1);
    assert.equal((await agent.get(`${F}/records?count=exact&filter=${encodeURIComponent('title = "中国商品"')}`)).body.total, 1);
  });

  await t.test('a file for machines updates by _id; without that, its ids say nothing', async () => {
    const made = await agent.post(`${F}/records`, { title: '按号', qty: 3 });
    const out = await agent.post(`${F}/export`, { format: 'csv', filter: 'title = "按号"', fields: 'title,qty', for: 'machine' });
    const j = await job(await upload(out.body.replace(',3', ',8'), { mode: 'update', key: '_id' }));
    assert.deepEqual([j.created, j.updated, j.failed], [0, 1, 0], JSON.stringify(j));
    assert.equal((await agent.get(`${F}/records/${made.body._id}`)).body.qty, 8);
    const more = await job(await upload(out.body));
    assert.deepEqual([more.created, more.failed], [1, 0], JSON.stringify(more));
    const gone = await job(await upload('_id,title\n0000000000009,x\n,y\nnonsense,z\n', { mode: 'update', key: '_id' }));
    assert.deepEqual([gone.updated, gone.failed], [0, 3], JSON.stringify(gone));
    const bad = await upload('_version,title\n1,x\n', { mode: 'update', key: '_version' });
    assert.deepEqual([bad.status, bad.body.code], [422, 'unknown_field']);
    const owner = await upload('_owner,title\nboss,x\n');
    assert.equal(owner.status, 403, 'a system column is not written');
  });

  await t.test('the list of imports, by form, page by page; an undone one says so', async () => {
    const all = (await agent.get('/imports?app=desk&form=ticket&limit=3')).body;
    assert.equal(all.imports.length, 3);
    assert.ok(all.next);
    const one = all.imports[0];
    assert.deepEqual([one.form, one.name, one.state, one.by.title.length > 0], ['ticket', 'rows.csv', 'done', true], JSON.stringify(one));
    const rest = (await agent.get(`/imports?app=desk&form=ticket&limit=100&after=${all.next}`)).body;
    assert.ok(rest.imports.length > 2 && rest.next === null);
    assert.ok(!rest.imports.some((i) => all.imports.some((k) => k.id === i.id)));
    assert.equal((await boss.get('/imports')).body.imports.length, 0);
    assert.equal((await agent.get('/imports?form=nope')).body.imports.length, 0);
    const done = [...all.imports, ...rest.imports].find((i) => i.created && !i.dry_run);
    const dry = await agent.post(`/imports/${done.id}/undo`, { dry_run: true });
    assert.equal(dry.status, 200);
    const find = async () => (await agent.get('/imports?limit=100')).body.imports.find((i) => i.id === done.id);
    assert.equal((await find()).undone_at, undefined);
    const u = await agent.post(`/imports/${done.id}/undo`, {});
    assert.equal(u.status, 200, JSON.stringify(u.body));
    assert.match((await find()).undone_at, /^\d{4}-/);
  });
});
