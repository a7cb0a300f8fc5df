// Every field type of definitions.md §3 in every aspect: what a body may hold and what it becomes, what is refused, how it
// filters and sorts, what a file of people and of machines says, what an import takes, what a script sees.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, root, serve, skip, until } from './lib.mjs';

const F = '/apps/shop/forms';
const K = `${F}/kind`;
const q = encodeURIComponent;
const ID = '11010519491231002X';

/*
 * type: {good: [[in, out]], bad: [[in, code]], where: [true for the first good one], not: [false for it], no_filter, sort,
 * people, machine: the cell of an export, cells: [[cell of an import, value]], lua}
 * A function gets the ids of the fixtures.
 */
const types = {
  text: { good: [[' 甲 \n乙', '甲  乙'], ['x', 'x'], ['  ', null]], bad: [[5, 'type'], ['一二三四五六七八九十一二三四五六七八九十一', 'too_long'], [['a'], 'type']],
    where: ['text = "甲  乙"', 'text CONTAINS "乙"', 'text IN ["x","甲  乙"]', 'STARTSWITH(text, "甲")'], not: ['text = "乙"'], sort: true, people: '甲  乙', cells: [['abc', 'abc']] },
  textarea: { good: [['a\nb', 'a\nb']], bad: [[1, 'type']], where: ['textarea CONTAINS "b"'], not: ['textarea = BLANK'], sort: true, people: 'a\nb', cells: [['"p\nq"', 'p\nq']], lua: 'string:a b' },
  richtext: { good: [['<p onclick="x()">a<script>x</script><b>b', '<p>a<b>b</b></p>']], bad: [[1, 'type']], where: ['richtext CONTAINS "<b>"'], not: ['richtext = BLANK'], cells: [['<i>x</i><iframe src=x></iframe>', '<i>x</i>']], lua: 'string:<p>a<b>b</b></p>' },
  number: { good: [[1234.565, 1234.57], [-0.005, -0.01], [90071992547409.92, 90071992547409.92]], bad: [['1', 'type'], [true, 'type'], [90071992547409.94, 'too_large'], [-1e30, 'too_large'], [[1], 'type']],
    where: ['number = 1234.57', 'number > 1234.56', 'number IN [1, 1234.57]', 'number BETWEEN'].slice(0, 3), not: ['number < 0', 'number = BLANK'], sort: true, people: '1234.57', cells: [['"￥1,234.5"', 1234.5], ['(3)', -3]], lua: 'number:1234.57' },
  real: { good: [[0.1, 0.1], [1e15, 1e15]], bad: [['x', 'type']], where: ['real = 0.1'], not: ['real > 1'], sort: true, people: '0.1', cells: [['1e3', 1000]], lua: 'number:0.1' },
  percent: { good: [[0.30004, 0.3], [1, 1]], bad: [[1.1, 'max'], [-0.1, 'min'], ['30%', 'type']], where: ['percent = 0.3', 'percent = 30%'], not: ['percent > 0.5'], sort: true, cells: [['30%', 0.3], ['0.25', 0.25]], lua: 'number:0.3' },
  rating: { good: [[5, 5], [1, 1]], bad: [[6, 'max'], [0, 'min'], [2.5, 'type']], where: ['rating = 5'], not: ['rating < 5'], sort: true, people: '5', cells: [['4', 4]], lua: 'number:5' },
  date: { good: [['2026-11-23', '2026-11-23']], bad: [['2026-02-30', 'date'], ['1999-12-31', 'min'], ['23.11.2026', 'date'], [20261123, 'date']], where: ['date = DATE(2026,11,23)', 'YEAR(date) = 2026'], not: ['date < DATE(2026,1,1)'], sort: true, people: '2026-11-23', cells: [['2026年1月3日', '2026-01-03'], ['2026/1/3', '2026-01-03']], lua: 'string:2026-11-23' },
  datetime: { good: [['2026-11-23T08:00:00+08:00', '2026-11-23T00:00:00Z'], ['2026-11-23', '2026-11-22T16:00:00Z']], bad: [['soon', 'datetime']], where: ['datetime > DATETIME(2026,11,22,0,0,0)', 'HOUR(datetime) = 8'], not: ['datetime = BLANK'], sort: true, machine: '2026-11-23T00:00:00Z', cells: [['2026/1/3 8:05', '2026-01-03T00:05:00Z']], lua: 'string:2026-11-23T00:00:00Z' },
  time: { good: [['08:30', '08:30:00'], ['23:59:59', '23:59:59']], bad: [['24:00', 'time'], ['8', 'time']], where: ['time = TIME(8,30,0)', 'time < TIME(12,0,0)'], not: ['time > TIME(9,0,0)'], sort: true, cells: [['8:05', '08:05:00']], lua: 'string:08:30:00' },
  boolean: { good: [[true, true], [false, false]], bad: [['yes', 'type'], [1, 'type']], where: ['boolean', 'boolean = TRUE'], not: ['NOT boolean'], sort: true, machine: 'true', cells: [['是', true], ['no', false]], lua: 'boolean:true' },
  select: { good: [['web', 'web']], bad: [['官网', 'option'], [['web'], 'option'], [1, 'option']], where: ['select = "web"', 'select IN ["web"]'], not: ['select = "expo"', 'select = "zzz"'], sort: true, people: '官网', machine: 'web', cells: [['展会', 'expo'], ['web', 'web']], lua: 'string:web' },
  multiselect: { good: [[['web', 'ad', 'web'], ['web', 'ad']], [[], null], ['web', ['web']]], bad: [[['x'], 'option'], [[1], 'option']], where: ['multiselect CONTAINS "ad"', '"web" IN multiselect'], not: ['multiselect CONTAINS "expo"'], people: '官网、广告', cells: [['官网、展会', ['web', 'expo']]], lua: 'list:string:web' },
  cascade: { good: [[['east', 'hz'], ['east', 'hz']], [['west'], ['west']]], bad: [[['hz'], 'option'], [['east', 'x'], 'option']], where: ['cascade CONTAINS "hz"'], not: ['cascade CONTAINS "sh"'], cells: [['华东/上海', ['east', 'sh']]], lua: 'list:string:east' },
  region: { good: [['广东省深圳市南山区', '广东省/深圳市/南山区'], [['浙江省', '杭州市'], '浙江省/杭州市'], ['440305', '广东省/深圳市/南山区']], bad: [['火星', 'region'], ['广东省/杭州市', 'region'], [1, 'type']], where: ['region = "广东省/深圳市/南山区"', 'STARTSWITH(region, "广东省/")', 'region IN ["广东省/深圳市/南山区"]'], not: ['STARTSWITH(region, "浙江省/")'], sort: true, people: '广东省/深圳市/南山区', cells: [['广东/深圳/南山', '广东省/深圳市/南山区']], lua: 'string:广东省/深圳市/南山区' },
  location: { good: [[{ lat: 30.25, lng: 120.16, address: '西湖' }, { lat: 30.25, lng: 120.16, address: '西湖' }]], bad: [[{ lat: 91, lng: 0 }, 'location'], ['here', 'location'], [{ lat: 1 }, 'location']], cells: [['"30.25,120.16"', { lat: 30.25, lng: 120.16, address: null }]], lua: 'object:address+lat+lng' },
  phone: { good: [['138-0013-8000', '138-0013-8000']], bad: [['call me', 'phone'], [13800138000, 'type']], where: ['phone = "138-0013-8000"'], not: ['phone = BLANK'], sort: true, people: '138-0013-8000', cells: [['+86 139 0013 9000', '+86 139 0013 9000']], lua: 'string:138-0013-8000' },
  email: { good: [['a.b@example.com', 'a.b@example.com']], bad: [['a@b', 'email'], ['a b@c.de', 'email']], where: ['email = "a.b@example.com"'], not: ['email CONTAINS "zzz"'], sort: true, cells: [['x@y.cn', 'x@y.cn']], lua: 'string:a.b@example.com' },
  url: { good: [['example.com/x', 'https://example.com/x']], bad: [['javascript:alert(1)', 'url'], ['https://a b', 'url']], where: ['url CONTAINS "example"'], not: ['url = BLANK'], sort: true, cells: [['https://a.cn', 'https://a.cn']], lua: 'string:https://example.com/x' },
  id_number: { good: [['11010519491231002x', ID]], bad: [['110105194912310021', 'id_number'], ['110105194902310021', 'id_number'], ['123', 'id_number']], where: [`id_number = "${ID}"`], not: ['id_number = BLANK'], sort: true, people: ID, cells: [[ID, ID]], lua: `string:${ID}` },
  member: { good: [[(x) => x.boss, (x) => ({ id: x.boss, title: x.boss_name })]], bad: [['nobody', 'link'], ['0000000000009', 'link']], where: ['member = USER()'], not: ['member = BLANK'], sort: true, people: (x) => x.boss_name, cells: [['boss', (x) => ({ id: x.boss, title: x.boss_name })]], lua: (x) => `string:${x.boss}` },
  members: { good: [[(x) => [x.boss, x.boss], (x) => [{ id: x.boss, title: x.boss_name }]]], bad: [[['zz'], 'link']], where: ['members CONTAINS USER()', 'USER() IN members'], not: ['members = BLANK'], cells: [['boss', (x) => [{ id: x.boss, title: x.boss_name }]]], lua: (x) => `list:string:${x.boss}` },
  department: { good: [[(x) => x.dept, (x) => ({ id: x.dept, title: '销售部' })]], bad: [['zz', 'link']], where: ['department <> BLANK'], not: ['department = BLANK'], sort: true, people: '销售部', cells: [['销售部', (x) => ({ id: x.dept, title: '销售部' })]], lua: (x) => `string:${x.dept}` },
  departments: { good: [[(x) => [x.dept], (x) => [{ id: x.dept, title: '销售部' }]]], bad: [[['zz'], 'link']], where: ['departments <> BLANK'], not: ['departments = BLANK'], cells: [['销售部', (x) => [{ id: x.dept, title: '销售部' }]]], lua: (x) => `list:string:${x.dept}` },
  link: { good: [[(x) => x.a, (x) => ({ id: x.a, title: 'A' })], [(x) => ({ id: x.b, title: 'z' }), (x) => ({ id: x.b, title: 'B' })]], bad: [['A', 'link'], [5, 'link'], ['0000000000009', 'link']], where: [(x) => `link = "${x.a}"`, 'link.name = "A"'], not: ['link.name = "B"'], sort: true, people: 'A', cells: [['A', (x) => ({ id: x.a, title: 'A' })]], lua: (x) => `string:${x.a}` },
  links: { good: [[(x) => [x.a, x.b], (x) => [{ id: x.a, title: 'A' }, { id: x.b, title: 'B' }]]], bad: [[[5], 'link'], [['0000000000009'], 'link']], where: [(x) => `links CONTAINS "${x.b}"`], not: [(x) => `links CONTAINS "${x.c}"`], people: 'A、B', cells: [['A、B', (x) => [{ id: x.a, title: 'A' }, { id: x.b, title: 'B' }]]], lua: (x) => `list:string:${x.a}` },
  lookup: { computed: 'A', where: ['lookup = "A"'], not: ['lookup = "B"'], sort: true, people: 'A' },
  formula: { computed: 2469.14, where: ['formula > 2469'], not: ['formula < 0'], sort: true, people: '2469.14' },
  rollup: { computed: 0, where: ['rollup = 0'], not: ['rollup > 0'], sort: true, people: '0' },
  recent: { computed: 0, where: ['recent = 0'], not: ['recent > 0'], sort: true, people: '0' },
  serial: { serial: /^K\d{4}-\d{4}$/, where: ['STARTSWITH(serial, "K")'], not: ['serial = BLANK'], sort: true },
  table: { good: [[[{ a: 1 }, { a: 2 }], (x, v) => v.map((r) => r.a).join() === '1,2']], bad: [[[1], 'table'], ['x', 'table'], [[{ a: 'x' }], 'type']], where: ['SUM(table.a) = 3', 'table.a CONTAINS 2'], not: ['SUM(table.a) > 3'], lua: 'list:object:_id+a' },
  image: { file: 'image', bad: [['zz', 'file']] },
  file: { file: 'file', bad: [['zz', 'file'], [{ id: '0000000000009' }, 'file']] },
  signature: { file: 'signature', bad: [['zz', 'file']] },
  json: { good: [[{ a: [1, 'x', null] }, { a: [1, 'x', null] }], [[1], [1]]], bad: [['x'.repeat(70_000), 'too_long']], cells: [['"{""a"":1}"', { a: 1 }]], lua: 'object:a' },
};

const NAMES =
  'text textarea richtext number percent rating date datetime time boolean select multiselect cascade region location phone email url id_number member members department departments link links lookup rollup formula serial table image file signature json'.split(' ');

test('field types', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/apps_calc') });
  const [boss, admin] = await Promise.all(['boss', 'admin'].map((n) => login(s, n)));
  const made = await admin.post('/admin/departments', { name: '销售部' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const x = { boss: boss.me.id, boss_name: boss.me.name, dept: made.body.id };
  for (const name of ['a', 'b', 'c']) x[name] = (await boss.post(`${F}/owner/records`, { name: name.toUpperCase() })).body._id;
  const of = (v) => (typeof v === 'function' ? v(x) : v);
  const only = (field, v) => (field === 'text' ? { text: v } : { text: 'x', [field]: v });
  const total = async (filter) => {
    const r = await boss.get(`${K}/records?count=exact&filter=${q(filter)}`);
    return r.status === 200 ? r.body.total : `${r.status} ${r.body.code} ${r.body.detail} ${JSON.stringify(r.body.errors)}`;
  };

  await t.test('the table is complete', async () => {
    for (const name of NAMES) assert.ok(types[name], name);
    const def = (await boss.get(K)).body;
    for (const name of NAMES) assert.equal(def.fields.find((f) => f.key === name)?.type, name);
  });

  await t.test('values in and out, and what is refused', async () => {
    for (const [name, row] of Object.entries(types)) {
      for (const [given, want] of row.good ?? []) {
        const r = await boss.post(`${K}/records`, only(name, of(given)));
        assert.equal(r.status, 201, `${name} ${JSON.stringify([of(given), r.body])}`);
        const again = (await boss.get(`${K}/records/${r.body._id}`)).body;
        if (name === 'table') assert.ok(want(x, again.table), JSON.stringify(again.table));
        else assert.deepEqual(again[name], of(want), name);
        const same = await boss.patch(`${K}/records/${r.body._id}`, { [name]: again[name] }, { 'If-Match': '"1"' });
        assert.deepEqual([same.status, same.body._version], [200, 1], `${name}: what was read may be written, and changes nothing`);
        assert.equal((await boss.del(`${K}/records/${r.body._id}`, { 'If-Match': '"1"' })).status, 204);
      }
      for (const [given, code] of row.bad ?? []) {
        const r = await boss.post(`${K}/records`, only(name, given));
        assert.deepEqual([r.status, r.body.errors?.[0]?.code, r.body.errors?.[0]?.field.split('[')[0]], [422, code, name], `${name} ${JSON.stringify([given, r.body.errors]).slice(0, 300)}`);
      }
    }
    const computed = await boss.post(`${K}/records`, { text: 'x', formula: 1 });
    assert.equal(computed.status, 403);
  });

  await t.test('filters, sorts, exports and scripts', async () => {
    const values = { text: 'lua' };
    for (const [name, row] of Object.entries(types)) if (row.good && name !== 'text') values[name] = of(row.good[0][0]);
    values.json = { a: 1 };
    const r = await boss.post(`${K}/records`, values);
    assert.equal(r.status, 201, JSON.stringify(r.body));
    const seen = Object.fromEntries(r.body.seen.split(';').map((p) => [p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)]));
    const problems = [];
    const is = (got, want, what) => JSON.stringify(got) === JSON.stringify(want) || problems.push(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
    for (const [name, row] of Object.entries(types)) {
      if (row.computed !== undefined) is(r.body[name], row.computed, `${name} computed`);
      if (row.serial) is(row.serial.test(r.body.serial), true, 'serial');
      if (row.lua) is(seen[name], of(row.lua), `${name} in Lua`);
    }
    assert.equal((await boss.patch(`${K}/records/${r.body._id}`, { text: types.text.good[0][0] }, { 'If-Match': `"${r.body._version}"` })).status, 200);
    const csv = async (how) => {
      const file = await boss.post(`${K}/export`, { format: 'csv', for: how });
      const lines = [[]];
      for (const m of String(file.body).matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/g)) {
        lines.at(-1).push(m[1].replace(/^"|"$/g, '').replaceAll('""', '"'));
        if (m[2] !== ',') lines.push([]);
      }
      return { head: lines[0], row: lines[1] };
    };
    const [people, machine] = [await csv('people'), await csv('machine')];
    const column = Object.keys(types).filter((name) => name !== 'table');
    for (const [name, row] of Object.entries(types)) {
      for (const f of row.where ?? []) is(await total(of(f)), 1, `${name} WHERE ${of(f)}`);
      for (const f of row.not ?? []) is(await total(of(f)), 0, `${name} WHERE ${of(f)}`);
      const sorted = await boss.get(`${K}/records?sort=${q(`-${name}`)}`);
      if (row.sort) is(sorted.status, 200, `${name} sorts`);
      else is([200, 422].includes(sorted.status), true, `${name} sorts or says why not: ${sorted.status}`);
      const at = column.indexOf(name);
      if (row.people !== undefined) is(people.row[at].replace('\r', ''), of(row.people), `${name} for people`);
      if (row.machine !== undefined) is(machine.row[machine.head.indexOf(name)], row.machine, `${name} for machines`);
    }
    assert.deepEqual(problems, []);
    assert.equal((await boss.del(`${K}/records/${r.body._id}`, { 'If-Match': `"${r.body._version + 1}"` })).status, 204);
  });

  await t.test('cells of an import', async () => {
    const problems = [];
    for (const [name, row] of Object.entries(types)) {
      for (const [cell, want] of row.cells ?? []) {
        const body = new FormData();
        const mark = `i${problems.length}${name}`.slice(0, 20);
        body.append('file', new Blob([name === 'text' ? `text\n${cell}\n` : `text,${name}\n${mark},${cell}\n`]), 'rows.csv');
        const r = await fetch(`${s.base}/api/v1${K}/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } });
        const { job } = await r.json();
        const j = await until(async () => {
          const v = (await boss.get(`/jobs/${job}`)).body;
          return ['done', 'failed'].includes(v.state) && v;
        }, 5000);
        const rows = (await boss.get(`${K}/records?filter=${q(`text = "${name === 'text' ? cell : mark}"`)}`)).body.records ?? [];
        const got = rows.at(0)?.[name];
        if (JSON.stringify(got) !== JSON.stringify(of(want))) problems.push(`${name} ${cell}: ${JSON.stringify(got)}, not ${JSON.stringify(of(want))} ${JSON.stringify(j.errors ?? [])}`);
        for (const rec of rows) await boss.del(`${K}/records/${rec._id}`, { 'If-Match': `"${rec._version}"` });
      }
    }
    assert.deepEqual(problems, []);
  });

  await t.test('out to a file and in again, in every format', async () => {
    const values = { text: '往返' };
    for (const [name, row] of Object.entries(types)) if (row.good && name !== 'text') values[name] = of(row.good[0][0]);
    values.json = { a: [1, 'x'] };
    values.textarea = '=1+1\n"引号", 逗号';
    values.number = -1234.5;
    const fields = Object.keys(values).filter((k) => k !== 'table');
    const problems = [];
    for (const [format, who] of [['csv', 'people'], ['csv', 'machine'], ['xlsx', 'people'], ['xlsx', 'machine']]) {
      const r = await boss.post(`${K}/records`, values);
      assert.equal(r.status, 201, JSON.stringify(r.body));
      const before = (await boss.get(`${K}/records/${r.body._id}`)).body;
      const file = await fetch(`${s.base}/api/v1${K}/export`, {
        method: 'POST', headers: { 'Content-Type': 'application/json', Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf },
        body: JSON.stringify({ format, for: who, filter: 'text = "往返"', fields: [...fields, 'table.a'].join() }),
      });
      assert.equal(file.status, 200);
      assert.equal((await boss.del(`${K}/records/${r.body._id}`, { 'If-Match': '"1"' })).status, 204);
      const body = new FormData();
      body.append('file', new Blob([await file.arrayBuffer()]), `rows.${format}`);
      const up = await (await fetch(`${s.base}/api/v1${K}/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } })).json();
      const j = await until(async () => {
        const v = up.job ? (await boss.get(`/jobs/${up.job}`)).body : { state: 'failed', ...up };
        return ['done', 'failed'].includes(v.state) && v;
      }, 5000);
      const rec = (await boss.get(`${K}/records?filter=${q('text = "往返"')}`)).body.records[0];
      if (!rec) {
        problems.push(`${format} ${who}: not there ${JSON.stringify(j)}`);
        continue;
      }
      const again = (await boss.get(`${K}/records/${rec._id}`)).body;
      for (const k of fields) if (JSON.stringify(again[k]) !== JSON.stringify(before[k])) problems.push(`${format} ${who} ${k}: ${JSON.stringify(again[k])}, not ${JSON.stringify(before[k])}`);
      const column = (x) => JSON.stringify((x.table ?? []).map((y) => y.a));
      if (column(again) !== column(before)) problems.push(`${format} ${who} table: ${column(again)}, not ${column(before)}`);
      assert.equal((await boss.del(`${K}/records/${rec._id}`, { 'If-Match': `"${rec._version}"` })).status, 204);
    }
    assert.deepEqual(problems, []);
  });

  await t.test('a rollup over today is asked when it is read', async () => {
    const up = (await boss.post(`${K}/records`, { text: 'up' })).body._id;
    const day = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
    for (const n of [-30, 0, 1]) assert.equal((await boss.post(`${F}/kid/records`, { up, day: day(n) })).status, 201);
    const r = (await boss.get(`${K}/records/${up}`)).body;
    assert.deepEqual([r.rollup, r.recent], [3, 2]);
    assert.deepEqual([await total('recent = 2'), await total('recent > 2')], [1, 0]);
    const why = async (form, id, field) => (await boss.get(`${F}/${form}/records/${id}/trace?field=${field}`)).body;
    const rows = (await why('kind', up, 'recent')).rows;
    assert.deepEqual([rows.form, rows.top.length], ['kid', 2]);
    const link = (await boss.post(`${K}/records`, { text: 'why', link: x.a })).body._id;
    const seen = await why('kind', link, 'lookup');
    assert.deepEqual([seen.kind, seen.rows.form, seen.rows.top], ['lookup', 'owner', [{ id: x.a, title: 'A', value: 'A' }]]);
  });

  await t.test('a phone is unique whatever stands between its digits', async () => {
    assert.equal((await boss.post(`${K}/records`, { text: 'p', phone: '+86 137 0013 7000' })).status, 201);
    assert.equal((await boss.post(`${K}/records`, { text: 'p', phone: '137-00137000' })).status, 409);
  });

  await t.test('regions for pickers, cached; the same as the official list', async () => {
    const r = await boss.get('/regions');
    const areas = r.body.regions.flatMap((p) => p[1].flatMap((c) => (typeof c === 'string' ? [] : c[1])));
    assert.equal(r.body.regions.length, 34);
    assert.equal((await boss.get('/regions', { 'If-None-Match': r.headers.get('etag') })).status, 304);
    const data = join(process.env.MORTISE_DATA ?? join(root, '../shared/data'), 'matching/cn_division');
    if (!existsSync(data)) return t.diagnostic('skipped: no data');
    const lines = (f) => readFileSync(join(data, f), 'utf8').trim().split('\n').slice(1).map((l) => l.split(',')[1].replaceAll('"', ''));
    const mainland = r.body.regions.filter((p) => !/台湾|香港|澳门/.test(p[0]));
    const cities = mainland.flatMap((p) => p[1]);
    assert.deepEqual(mainland.map((p) => p[0]).sort(), lines('provinces.csv').sort());
    assert.deepEqual(cities.map((c) => (typeof c === 'string' ? c : c[0])).sort(), lines('cities.csv').sort());
    assert.deepEqual(cities.flatMap((c) => (typeof c === 'string' ? [] : c[1])).sort(), lines('areas.csv').sort());
    t.diagnostic(`${mainland.length} / ${cities.length} / ${lines('areas.csv').length} regions; ${areas.length} with Hong Kong, Macao, Taiwan`);
  });
});

test('serial numbers: 50 writers at once, some refused, no gap and no double', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/apps_calc') });
  const boss = await login(s, 'boss');
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => boss.post(`${K}/records`, i % 5 === 4 ? { text: 'x', rating: 9 } : { text: `w${i}` })));
  const good = answers.filter((r) => r.status === 201).map((r) => Number(r.body.serial.slice(-4)));
  assert.equal(good.length, 40);
  assert.deepEqual(good.sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i + 1));
  const batch = await boss.post(`${K}/records/batch`, { create: [{ text: 'a' }, { text: 'b', rating: 9 }] });
  assert.equal(batch.status, 422);
  assert.match((await boss.post(`${K}/records`, { text: 'next' })).body.serial, /-0041$/);
});
