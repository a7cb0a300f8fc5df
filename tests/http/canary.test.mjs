// Every sensitive field type through every way in: a text of its own for each way and type, looked for in all files of the
// data folder (and in a dump of the database on PostgreSQL) while it runs and after a kill.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { clinic, found, ok, start } from './clinic.mjs';
import { upload } from './files.mjs';
import { folder, login, run, skip, until } from './lib.mjs';
import { xlsx } from './xlsx.mjs';

const S = ', sensitive: special, purpose: 诊疗, basis: consent, retention: 3 years, subject: self';
const FORM = (url) => `form: case
title: 个案
record_title: no & " " & name
fields:
  no: {type: serial, title: 编号, pattern: "C{0000}"}
  by: {type: text, title: 途径, search: true}
  name: {type: text, title: 姓名, search: true${S}}
  story: {type: textarea, title: 经过${S}}
  rich: {type: richtext, title: 说明${S}}
  phone: {type: phone, title: 手机${S}}
  mail: {type: email, title: 邮箱${S}}
  site: {type: url, title: 网址${S}}
  pid: {type: id_number, title: 证件号${S}}
  sum: {type: number, title: 金额, scale: 2${S}}
  rate: {type: number, title: 比率${S}}
  part: {type: percent, title: 占比${S}}
  day: {type: date, title: 日期${S}}
  at: {type: datetime, title: 时刻${S}}
  hour: {type: time, title: 钟点${S}}
  kind: {type: select, title: 类别, options: {geheimwahl: 甲, b: 乙}${S}}
  kinds: {type: multiselect, title: 多选, options: {vielwahl: 甲, b: 乙}${S}}
  place: {type: location, title: 位置${S}}
  data: {type: json, title: 数据${S}}
  scan: {type: file, title: 文件, max: 3${S}}
  low: {type: formula, title: 小写, value: LOWER(name)}
  kin:
    type: table
    title: 家属
    fields:
      who: {type: text, title: 姓名${S}}
flow:
  start: {title: 提交, can: doctor}
  nodes:
    check: {type: approve, title: 复核, to: [role: doctor], fields: {'*': write}, next: done}
    done: {type: end}
hooks: {script: case}
automations:
  tell: {trigger: create, do: [{webhook: {to: sink, body: {n: = name, s: = story}}}, {notify: {to: [role: doctor], title: "个案 {name}"}}]}
permissions:
  doctor: {role: doctor, can: all, fields: {name: write, story: write, rich: write, phone: write, mail: write, site: write, pid: write, sum: write, rate: write, part: write, day: write, at: write, hour: write, kind: write, kinds: write, place: write, data: write, scan: write, low: read, kin: write, kin.who: write}}
`;
const HOOK = `local case = {}
function case.after_create(rec, ctx)
  app.notify{to = app.user().id, title = "neu: " .. (rec.name or ""), body = rec.story or ""}
  cache.set("letzter", rec.name or "")
end
return case
`;
const C = '/apps/care/forms/case';
const q = encodeURIComponent;

test('a planted text of every type through every way is in clear nowhere', { skip }, async (t) => {
  const sink = http.createServer((req, res) => req.resume().on('end', () => res.writeHead(503).end())).listen(0, '127.0.0.1');
  await new Promise((r) => sink.once('listening', r));
  t.after(() => sink.close());
  const url = `http://127.0.0.1:${sink.address().port}/`;
  const apps = clinic({ 'forms/case.yaml': FORM(url) });
  writeFileSync(join(apps, 'care/app.yaml'), `app: care\ntitle: 诊所\nroles: {nurse: 护士, doctor: 医生}\nendpoints: {sink: {url: "${url}", secret: geheimnisdesendpunkts}}\n`);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(apps, 'care/scripts'), { recursive: true });
  mkdirSync(join(apps, 'care/prints'), { recursive: true });
  writeFileSync(join(apps, 'care/scripts/case.lua'), HOOK);
  writeFileSync(join(apps, 'care/prints/case.main.html'), '<p>{{name}} {{story}}</p>');
  const data = folder();
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  const s = await start(t, { apps, data, mayFail: true, args: ['--allow-private-endpoints'].slice(0, 0) });
  const [doc, admin] = [await login(s, 'doctor'), await login(s, 'admin')];

  const planted = [];
  let n = 0;
  /** A body with texts of its own. */
  const body = (way) => {
    const k = `${way}${String(++n).padStart(3, '0')}`;
    const num = 71_000_000 + n * 1111;
    const b = {
      by: way, name: `Nam${k}e`, story: `Gesch${k}ichte`, rich: `<p>Reich${k}text</p>`, phone: `1395${String(7000000 + n * 13)}`, mail: `post${k}@geheim.example`,
      site: `https://${k}.geheim.example/`, pid: '11010519491231002X', sum: num + 0.5, rate: num + 0.25, part: 0.3141592, day: '1949-12-31', at: '1949-12-30T03:04:05Z', hour: '03:17', kind: 'geheimwahl', kinds: ['vielwahl'],
      place: { lat: 31.2345678, lng: 121.7654321, address: `Ort${k}` }, data: { tief: `Daten${k}` }, kin: [{ who: `Sippe${k}` }],
    };
    planted.push(`Nam${k}e`, `nam${k}e`, `Gesch${k}ichte`, `Reich${k}text`, b.phone, b.mail, `${k}.geheim`, b.pid, String(num), '0.3141592', '1949-12-3', 'geheimwahl"', 'vielwahl', `Ort${k}`, `Daten${k}`, `Sippe${k}`, '31.2345678');
    return b;
  };
  const secrets = () => [...new Set(planted)];
  const clear = (what) => {
    const hits = found(data, secrets()).filter(([f, x]) => !(x === 'vielwahl' || x === 'geheimwahl"') || !/mortise\.db|pg_dump/.test(f)); // option keys stand in the definition
    assert.deepEqual(hits, [], what);
  };

  const made = ok(await doc.post(`${C}/records`, body('ui'), { 'Idempotency-Key': 'k1' }), 201);
  const read = ok(await doc.get(`${C}/records/${made._id}`));
  for (const key of ['name', 'story', 'phone', 'mail', 'sum', 'rate', 'day', 'hour', 'kind', 'kinds', 'data']) assert.notEqual(read[key], null, key);
  clear('a create');
  await t.test('change, wrong values, batch, import, drafts, approval', async () => {
    const second = ok(await doc.post(`${C}/records`, body('zwei'), { 'Idempotency-Key': 'k2' }), 201);
    const change = body('aend');
    const c = await doc.patch(`${C}/records/${second._id}`, { ...change, _version: second._version });
    assert.ok([200, 423].includes(c.status), JSON.stringify(c.body));
    assert.equal((await doc.post(`${C}/records`, { ...body('falsch'), day: 'kein Tag' })).status, 422);
    assert.equal((await doc.post(`${C}/records`, { ...body('fremd'), nope: 'Unbekanntgeheim' })).status, 422);
    ok(await doc.post(`${C}/records/batch`, { create: [body('batch'), body('batch')] }));
    await doc.post('/batch', { requests: [{ method: 'POST', path: `${C}/records`, body: body('viele') }] });
    const draft = ok(await doc.post(`${C}/records?draft=1`, body('entw')), 201);
    ok(await doc.get(`${C}/records/${draft._id}`));
    const todo = ok(await doc.get('/tasks?box=todo')).tasks;
    assert.ok(todo.length > 0);
    await doc.post(`/tasks/${todo[0].id}/approve`, { values: { name: body('knoten').name }, comment: 'gut' });
    await doc.post(`/tasks/${todo[1].id}/return`, { to: 'start', comment: 'nochmals' });
    clear('writes');
  });
  const importing = async (bytes, name) => {
    const form = new FormData();
    form.set('file', new Blob([bytes]), name);
    form.set('mode', 'insert');
    const job = ok(await doc.raw('POST', `${C}/import`, form), 202).job;
    return until(async () => { const j = ok(await doc.get(`/jobs/${job}`)); return ['done', 'failed'].includes(j.state) && j; });
  };
  await t.test('files to import, right and wrong rows', async () => {
    const a = body('csv'), b = body('xlsx'), bad = body('schief');
    await importing(`姓名,经过,手机\n${a.name},${a.story},${a.phone}\n${bad.name},${bad.story},keineNummerGeheim\n`, 'a.csv');
    planted.push('keineNummerGeheim');
    await importing(xlsx([['姓名', '经过', '手机'], [b.name, b.story, b.phone]]), 'b.xlsx');
    await doc.raw('POST', `${C}/import/check`, (() => { const f = new FormData(); f.set('file', new Blob([`姓名\n${body('pruef').name}\n`]), 'c.csv'); return f; })());
    assert.equal(ok(await doc.get(`${C}/records?filter=${q(`name = "${b.name}"`)}`)).records.length, 1);
    clear('imports');
  });
  await t.test('looking: filters, views, search, export, print, trace, files', async () => {
    const name = read.name;
    ok(await doc.get(`${C}/records?filter=${q(`name = "${name}"`)}`));
    ok(await doc.post(`${C}/query`, { filter: `phone = "${read.phone}"` }));
    ok(await doc.get(`${C}/records?search=${q(name)}`));
    const view = await doc.post(`${C}/views`, { title: 'meine', filter: `name = "${name}"` });
    assert.ok([200, 201].includes(view.status), JSON.stringify(view.body));
    assert.match(JSON.stringify(ok(await doc.get(`${C}/views`))), new RegExp(name));
    for (const format of ['csv', 'xlsx']) ok(await doc.post(`${C}/export`, { format, fields: ['name', 'story', 'phone'] }));
    assert.equal(run(['export', 'care/case', '--data', data, '--apps', apps]).code, 0);
    await doc.get(`${C}/print/main?ids=${made._id}`);
    await doc.get(`${C}/print/main?ids=${made._id}&format=pdf`);
    await doc.get(`${C}/records/${made._id}/trace?field=low`);
    ok(await doc.get(`${C}/records/${made._id}/history`));
    ok(await doc.post(`${C}/eval`, { expr: 'name', values: { name: body('eval').name } }));
    const file = (await upload(s, doc, `Dateigeheim ${name}`, `Akte ${name}.txt`)).body.id;
    await doc.get(`/files/${file}`);
    planted.push('Dateigeheim');
    ok(await doc.get(`${C}/records/${made._id}?as_of=${q(new Date().toISOString())}`));
    ok(await doc.post(`${C}/records/${made._id}/comments`, { text: 'frei' }), 201);
    clear('reads');
  });
  await t.test('bin, restore, notices, outbox', async () => {
    const gone = ok(await doc.post(`${C}/records?draft=1`, body('weg')), 201);
    await doc.del(`${C}/records/${gone._id}`, { 'If-Match': '"1"' });
    await doc.post(`${C}/records/${gone._id}/restore`, {});
    const notices = ok(await doc.get('/notices')).notices;
    assert.ok(notices.some((x) => x.title.includes('Nam')), 'a notice says it to its reader');
    await new Promise((r) => setTimeout(r, 500));
    clear('told');
  });
  ok(await admin.post('/admin/backups', {}), 201);
  ok(await admin.post('/admin/keys/rotate', {}), 202);
  await until(async () => ok(await admin.get('/admin/keys')).rotations.every((r) => r.state === 'done'), 20_000);
  assert.ok(ok(await doc.get('/notices')).notices.some((x) => x.title.includes('Nam')), 'after a rotation too');
  assert.match(JSON.stringify(ok(await doc.get(`${C}/views`))), new RegExp(read.name));
  clear('backup, rotation');
  s.child.kill('SIGKILL');
  await s.exited;
  writeFileSync(join(data, 'log.txt'), s.text);
  clear('after a kill, and the log');
  t.diagnostic(`${secrets().length} texts, ${n} bodies`);
});
