// What is sensitive is nowhere in clear: every file of the data folder is read for planted texts after every way in was
// used; sealed values that were moved or changed are noticed; keys that are missing, wrong, replaced; erasing a person.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { clinic, files, found, ok, P, person, sql, start, V } from './clinic.mjs';
import { call, folder, login, PASSWORD, run, skip, until, onPg } from './lib.mjs';

test('nothing sensitive is in clear, whatever way it took', { skip }, async (t) => {
  const apps = clinic();
  const data = folder();
  const s = await start(t, { apps, data });
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  const doc = await login(s, 'doctor');
  const nurse = await login(s, 'nurse');
  const admin = await login(s, 'admin');
  const C = ['Kanarienvogel', '13711112222', 'canary@mail.example', '91827364', 'Windpocken', 'Notizvogel', 'Muttervogel', '13733334444', 'Neuername', 'Csvvogel', '13755556666', 'Altbestand', '13777778888', 'Entwurfvogel'];
  const body = { name: C[0], phone: C[1], mail: C[2], pay: 91827364.55, born: '1987-06-05', illness: C[4], ward: 'A1', kin: [{ who: C[6], tie: '母' }] };
  const made = ok(await doc.post(`${P}/records`, body, { 'Idempotency-Key': 'one' }), 201);
  const again = await doc.post(`${P}/records`, body, { 'Idempotency-Key': 'one' });
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.body._id, made._id);
  assert.equal((await doc.post(`${P}/records`, { ward: 'x' }, { 'Idempotency-Key': 'one' })).status, 422);
  const id = made._id;
  const read = ok(await doc.get(`${P}/records/${id}`));
  assert.deepEqual([read.name, read.phone, read.pay, read.born, read.illness, read.kin[0].who], [C[0], C[1], 91827364.55, '1987-06-05', C[4], C[6]]);
  assert.equal(read.card, `${C[0]} / ${C[1]}`);
  assert.match(read._title, /^P0001 Kanarienvogel$/);

  await t.test('equality, IN, unique, import by key; nothing else', async () => {
    const find = async (filter, n) => assert.equal(ok(await doc.get(`${P}/records?filter=${encodeURIComponent(filter)}`)).records.length, n, filter);
    await find(`phone = "${C[1]}"`, 1);
    await find('phone = "13700000000"', 0);
    await find(`phone IN ["1", "${C[1]}"]`, 1);
    await find(`phone <> "${C[1]}"`, 0);
    await find('phone = BLANK', 0);
    await find('pay = 91827364.55', 1);
    await find('pay = 91827364.551', 0);
    await find('born = DATE(1987,6,5)', 1);
    await find(`name = "${C[0]}" AND ISBLANK(open)`, 1);
    for (const bad of ['CONTAINS(name, "a")', 'pay > 1', 'name < "z"', `name & "" = "x"`]) assert.equal((await doc.get(`${P}/records?filter=${encodeURIComponent(bad)}`)).status, 422, bad);
    assert.equal((await doc.get(`${P}/records?sort=name`)).status, 422);
    assert.equal((await doc.get(`${P}/aggregate?group=name&metrics=COUNT()`)).status, 422);
    assert.equal((await doc.get(`${P}/aggregate?metrics=SUM(pay)`)).status, 422);
    assert.equal((await doc.post(`${P}/records`, { phone: '137 1111 2222' })).status, 409);
    assert.equal((await nurse.post(`${P}/records`, { ward: 'B' })).status, 201);
  });

  await t.test('masked for one without the right', async () => {
    const r = ok(await nurse.get(`${P}/records/${id}`));
    assert.ok(r.phone === null || /\*/.test(r.phone), JSON.stringify(r.phone));
    assert.ok(!JSON.stringify(r).includes(C[0]) && !JSON.stringify(r).includes(C[1]), JSON.stringify(r));
    const h = JSON.stringify(ok(await nurse.get(`${P}/records/${id}/history`)));
    assert.ok(!h.includes(C[0]) && !h.includes(C[1]));
  });

  ok(await doc.patch(`${P}/records/${id}`, { name: C[8], phone: C[7], _version: read._version }));
  assert.match(JSON.stringify(ok(await doc.get(`${P}/records/${id}/history`))), new RegExp(`${C[0]}.*${C[8]}|${C[8]}.*${C[0]}`));
  const visit = ok(await doc.post(`${V}/records`, { who: id, notes: C[5], room: '3' }), 201);
  const seen = ok(await doc.get(`${V}/records/${visit._id}`));
  assert.deepEqual([seen.notes, seen.tel], [C[5], C[7]]);
  ok(await doc.post(`${V}/records?draft=1`, { who: id, notes: C[13] }), 201);
  const todo = ok(await doc.get('/tasks?box=todo')).tasks;
  if (todo.length) ok(await doc.post(`/tasks/${todo[0].id}/approve`, {}));

  const form = new FormData();
  form.set('file', new Blob([`姓名,手机\n${C[9]},${C[10]}\n坏,不是号码\n`]), 'p.csv');
  form.set('mode', 'insert');
  const job = ok(await doc.raw('POST', `${P}/import`, form), 202).job;
  const done = await until(async () => { const j = ok(await doc.get(`/jobs/${job}`)); return ['done', 'failed'].includes(j.state) && j; });
  assert.equal(done.state, 'done', JSON.stringify(done));
  const csv = (await doc.post(`${P}/export`, { format: 'csv', fields: ['name', 'phone'] })).body;
  assert.ok(String(csv).includes(C[9]), String(csv).slice(0, 200));
  ok(await doc.get(`${P}/records?search=${encodeURIComponent(C[8])}`));
  ok(await doc.post(`${P}/records/${id}/comments`, { text: 'ruft zurück' }), 201);
  ok(await doc.post(`${P}/query`, { filter: `phone = "${C[10]}"` }));
  await doc.post(`${P}/match`, { values: { phone: C[7] } });

  await t.test('a publish that makes a field sensitive leaves no copy in clear; one that does not any more opens it', async () => {
    const old = ok(await doc.post(`${P}/records`, { phone: C[12], open: C[11], ward: 'A2' }), 201);
    const bin = ok(await doc.post(`${P}/records`, { open: C[11] }), 201);
    assert.equal((await doc.del(`${P}/records/${bin._id}`, { 'If-Match': '"1"' })).status, 204);
    const publish = async (text) => {
      writeFileSync(join(apps, 'care/forms/person.yaml'), text);
      const plan = ok(await admin.post('/admin/apps/care/plan', {}));
      assert.deepEqual(plan.errors, []);
      ok(await admin.post('/admin/apps/care/publish', { plan_hash: plan.plan_hash, allow_data_loss: true }));
    };
    const sealed = person(', sensitive: personal, subject: self').replace('nurse: {role', 'nurse: {role').replace('illness: write,', 'illness: write, open: write,');
    await publish(sealed);
    assert.equal(ok(await doc.get(`${P}/records/${old._id}`)).open, C[11]);
    assert.match(JSON.stringify(ok(await doc.get(`${P}/records/${old._id}/history`))), new RegExp(C[11]));
    assert.deepEqual(found(data, [C[11]]), []);
    await publish(sealed.replace('  open: {type', '  remark: {was: open, type').replace('open: write', 'remark: write')); // renamed under its seal
    assert.equal(ok(await doc.get(`${P}/records/${old._id}`)).remark, C[11]);
    assert.equal(ok(await doc.get(`${P}/records?filter=${encodeURIComponent(`remark = "${C[11]}"`)}`)).records.length, 1);
    assert.match(JSON.stringify(ok(await doc.get(`${P}/records/${old._id}/history`))), new RegExp(C[11]));
    await publish(sealed.replace('born: {type: date', 'born: {type: text')); // another type, and `open` back again
    assert.equal(ok(await doc.get(`${P}/records/${id}`)).born, '1987-06-05');
  });

  ok(await admin.post('/admin/backups', {}), 201);
  assert.equal(run(['backup', join(data, 'b.bak'), '--data', data]).code, 0);
  assert.deepEqual(found(data, C), []);
  writeFileSync(join(data, 'log.txt'), s.text);
  assert.deepEqual(found(data, C), [], 'the log');
  assert.equal(await s.stop(), 0);
  assert.deepEqual(found(data, C), [], 'after the end');
  assert.ok(existsSync(join(`${data}.keys`, 'master.key')));
  assert.equal(statSync(join(`${data}.keys`, 'master.key')).mode & 0o777, 0o600);
  assert.ok(!files(data).some((f) => /master\.key|backup\.key/.test(f)));
});

test('a sealed value that was moved or changed is an error that names it', { skip: skip || (onPg && 'looks into a SQLite file') }, async (t) => {
  const apps = clinic();
  const data = folder();
  let s = await start(t, { apps, data });
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  let doc = await login(s, 'doctor');
  const a = ok(await doc.post(`${P}/records`, { name: '甲', mail: 'a@x.example', phone: '13800000001' }), 201)._id;
  const b = ok(await doc.post(`${P}/records`, { name: '乙', mail: 'b@x.example', phone: '13800000002' }), 201)._id;
  await s.stop();
  const db = join(data, 'mortise.db');
  const rows = sql(db, 'SELECT CAST(_id AS TEXT), name, mail FROM care__person ORDER BY _id');
  assert.ok(rows.every((r) => /^v1\.\d+\./.test(r[1])), JSON.stringify(rows));
  const cases = [
    ['another row', `UPDATE care__person SET name = '${rows[1][1]}' WHERE _id = ${rows[0][0]}`, 'name'],
    ['another field', `UPDATE care__person SET mail = name WHERE _id = ${rows[0][0]}`, 'mail'],
    ['a changed byte', `UPDATE care__person SET name = substr(name, 1, 40) || CASE substr(name, 41, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(name, 42) WHERE _id = ${rows[0][0]}`, 'name'],
    ['plain text', `UPDATE care__person SET name = 'x' WHERE _id = ${rows[0][0]}`, 'name'],
  ];
  for (const [what, text, field] of cases) {
    sql(db, text);
    s = await start(t, { apps, data });
    doc = await login(s, 'doctor');
    const r = await doc.get(`${P}/records/${a}`);
    assert.ok(r.status >= 500 && r.body.errors?.[0]?.code === 'sealed_damaged', `${what}: ${r.status} ${JSON.stringify(r.body).slice(0, 300)}`);
    assert.match(JSON.stringify(r.body), new RegExp(field), what);
    assert.equal(ok(await doc.get(`${P}/records/${b}`)).name, '乙', what);
    await s.stop();
    sql(db, `UPDATE care__person SET name = '${rows[0][1]}', mail = '${rows[0][2]}' WHERE _id = ${rows[0][0]}`);
  }
});

test('keys: missing, wrong, readable by others', { skip }, async (t) => {
  const apps = clinic();
  const data = folder();
  const keys = `${data}.keys`;
  let s = await start(t, { apps, data });
  t.after(() => [data, keys].forEach((d) => rmSync(d, { recursive: true, force: true })));
  const doc = await login(s, 'doctor');
  ok(await doc.post(`${P}/records`, { name: '甲' }), 201);
  await s.stop();
  const file = join(keys, 'master.key');
  renameSync(file, `${file}.away`);
  const refused = run(['export', 'care/person', '--data', data, '--apps', apps], { env: { ...process.env, MORTISE_LANG: 'en' } });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /no key file .*master\.key/);
  assert.ok(!existsSync(file), 'no key was made');
  await assert.rejects(start(t, { apps, data, mayFail: true }), /master\.key/);
  const other = folder();
  const o = await start(t, { apps, data: other });
  await o.stop();
  copyFileSync(join(`${other}.keys`, 'master.key'), file);
  chmodSync(file, 0o600);
  assert.match(run(['export', 'care/person', '--data', data, '--apps', apps]).err, /master\.key/);
  renameSync(`${file}.away`, file);
  chmodSync(file, 0o644);
  assert.match(run(['export', 'care/person', '--data', data, '--apps', apps]).err, /0600/);
  chmodSync(file, 0o600);
  s = await start(t, { apps, data });
  await s.stop();
  [other, `${other}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true }));
});

/** Columns of any table that hold a text sealed by a key that is no more: [table.column, rows]. */
function sealedByLostKeys(db) {
  const columns = sql(db, `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.sql LIKE 'CREATE TABLE%' AND c.type = 'TEXT'`);
  assert.ok(columns.length > 100);
  const count = ([table, column]) => {
    const key = `CAST(substr("${column}", 4, instr(substr("${column}", 4), '.') - 1) AS INTEGER)`;
    return `SELECT '${table}.${column}' AS at, count(*) AS n FROM "${table}" WHERE "${column}" LIKE 'v1.%.%' AND ${key} IN (SELECT id FROM _vault_key WHERE wrapped IS NULL)`;
  };
  const found = [];
  for (let i = 0; i < columns.length; i += 200)
    found.push(...sql(db, `SELECT at, n FROM (${columns.slice(i, i + 200).map(count).join(' UNION ALL ')}) WHERE n > 0`));
  return found;
}

test('rotation while people write; a kill in the middle goes on', { skip: skip || (onPg && 'looks into a SQLite file') }, async (t) => {
  const apps = clinic();
  const data = folder();
  let s = await start(t, { apps, data, mayFail: true });
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  let doc = await login(s, 'doctor');
  let admin = await login(s, 'admin');
  const create = [...Array(900)].map((_, i) => ({ name: `人${i}`, phone: `139${String(i).padStart(8, '0')}`, kin: [{ who: `亲${i}` }] }));
  const ids = [];
  for (let i = 0; i < create.length; i += 300) ids.push(...ok(await doc.post(`${P}/records/batch`, { create: create.slice(i, i + 300) })).results.map((r) => r.id));
  const before = sql(join(data, 'mortise.db'), 'SELECT count(*) FROM _vault_key')[0][0];
  assert.ok(before > 900, 'a key a person');
  assert.equal((await doc.post('/admin/keys/rotate', {})).status, 403);
  let stop = false;
  const wrong = [];
  const writers = [0, 1, 2].map(async (w) => {
    for (let i = 0; !stop; i++) {
      const id = ids[(i * 3 + w) % ids.length];
      const r = await doc.get(`${P}/records/${id}`);
      const u = r.status === 200 && (await doc.patch(`${P}/records/${id}`, { mail: `w${w}i${i}@x.example`, _version: r.body._version }));
      if (r.status !== 200 || ![200, 409].includes(u.status)) wrong.push([r.status, u.status, JSON.stringify(u.body ?? r.body).slice(0, 200)]);
    }
  });
  ok(await doc.raw('PUT', `${P}/draft`, JSON.stringify({ values: { name: '没写完的人' } }), { 'Content-Type': 'application/json' }));
  const state = ok(await admin.post('/admin/keys/rotate', {}), 202);
  assert.deepEqual(state.keys.map((k) => k.current), [false, true]);
  assert.equal(state.keys[0].wraps, 0);
  await new Promise((r) => setTimeout(r, 60));
  stop = true;
  await Promise.all(writers);
  s.child.kill('SIGKILL');
  await s.exited;
  assert.deepEqual(wrong, []);
  s = await start(t, { apps, data });
  doc = await login(s, 'doctor');
  admin = await login(s, 'admin');
  await until(async () => ok(await admin.get('/admin/keys')).rotations[0].state === 'done', 20_000);
  const db = join(data, 'mortise.db');
  assert.equal(sql(db, "SELECT count(*) FROM _vault_key WHERE app = 'care' AND state = 'old'")[0][0], 0);
  assert.ok(sql(db, "SELECT count(*) FROM _vault_key WHERE state = 'retired' AND wrapped IS NULL")[0][0] >= 900);
  assert.deepEqual(sealedByLostKeys(db), [], 'what a destroyed key sealed can be read by nobody');
  assert.equal(ok(await doc.get(`${P}/draft`)).draft.values.name, '没写完的人');
  for (const i of [0, 1, 450, 899]) {
    const r = ok(await doc.get(`${P}/records/${ids[i]}`));
    assert.deepEqual([r.name, r.phone, r.kin[0].who], [`人${i}`, create[i].phone, `亲${i}`]);
    assert.match(JSON.stringify(ok(await doc.get(`${P}/records/${ids[i]}/history`))), new RegExp(`人${i}`));
  }
  assert.equal(ok(await doc.get(`${P}/records?filter=${encodeURIComponent('phone = "13900000450"')}`)).records.length, 1);
  assert.equal(run(['key', 'rotate', '--data', data]).code, 0);
  const list = run(['key', 'list', '--data', data]);
  assert.match(list.out, /old[^]*old[^]*current/);
  assert.equal(ok(await doc.get(`${P}/records/${ids[5]}`)).name, '人5');
});

test('erasing a person: here, in history, in a backup restored later', { skip }, async (t) => {
  const apps = clinic();
  const data = folder();
  const s = await start(t, { apps, data });
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  const [doc, nurse, admin] = [await login(s, 'doctor'), await login(s, 'nurse'), await login(s, 'admin')];
  const her = ok(await doc.post(`${P}/records`, { name: '张三丰', phone: '13812345678', ward: 'A', kin: [{ who: '张翠山' }] }), 201)._id;
  const him = ok(await doc.post(`${P}/records`, { name: '李四光', phone: '13812345679' }), 201)._id;
  const visit = ok(await doc.post(`${V}/records`, { who: her, notes: '咳嗽三天' }), 201)._id;
  const ask = { app: 'care', form: 'person', record: her };
  assert.equal((await nurse.post('/admin/privacy/requests', { kind: 'erase', ...ask })).status, 403);
  assert.equal((await admin.post('/admin/privacy/requests', { kind: 'sell', ...ask })).status, 422);
  assert.equal((await admin.post('/admin/privacy/requests', { kind: 'erase', ...ask, record: '0000000000001' })).status, 404);
  const find = async (text) => ok(await admin.post('/admin/privacy/find', { text })).found;
  assert.equal((await nurse.post('/admin/privacy/find', { text: '张三丰' })).status, 403);
  assert.equal((await admin.post('/admin/privacy/find', {})).status, 422);
  for (const text of ['张三丰', '138 1234 5678', '张翠山', '咳嗽三天']) {
    const hits = await find(text); // by his fields, a sub-table, a visit of his
    assert.deepEqual([hits.length, hits[0]?.record, hits[0]?.form], [1, her, 'person'], text);
    assert.ok(!JSON.stringify(hits).includes('张三丰'), 'no sensitive value is shown');
  }
  assert.deepEqual(await find('张三'), []);
  const got = ok(await admin.post('/admin/privacy/requests', { kind: 'access', ...ask }), 201);
  assert.ok(!JSON.stringify(got).includes('张三丰'), 'operate is no right to read');
  const backup = join(data, 'b.bak');
  assert.equal(run(['backup', backup, '--data', data]).code, 0);
  const erased = ok(await admin.post('/admin/privacy/requests', { kind: 'erase', ...ask }), 201);
  assert.equal(erased.keys, 1);
  assert.equal(erased.rows, 3);
  assert.deepEqual(await find('张三丰'), []);
  const check = async (c) => {
    const r = ok(await c.get(`${P}/records/${her}`));
    assert.deepEqual([r.name, r.phone, r.ward, r.kin[0].who], [null, null, 'A', null]);
    const v = ok(await c.get(`${V}/records/${visit}`));
    assert.deepEqual([v.notes, v.tel], [null, null]);
    assert.ok(!/张三丰|13812345678|张翠山/.test(JSON.stringify(ok(await c.get(`${P}/records/${her}/history`)))));
    assert.equal(ok(await c.get(`${P}/records/${him}`)).name, '李四光');
  };
  await check(doc);
  assert.equal(ok(await admin.get('/admin/privacy/requests')).requests.length, 2);
  assert.match(readFileSync(join(`${data}.keys`, 'erased'), 'utf8'), /^\d+ /);
  await s.stop();
  const fresh = folder();
  t.after(() => [fresh, `${fresh}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  assert.equal(run(['restore', backup, '--data', fresh]).code, 1, 'not without its keys');
  const r = run(['restore', backup, '--data', fresh, '--keys', `${data}.keys`]);
  assert.equal(r.code, 0, r.out + r.err);
  const again = await start(t, { apps, data: fresh, args: ['--keys', `${data}.keys`] });
  await check(await login(again, 'doctor'));
});

/** A one-time code (RFC 6238). */
function code(secret, at = Date.now()) {
  const bits = [...secret].map((ch) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(ch).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('secrets of two-step login are sealed, those of before at the start', { skip: skip || (onPg && 'looks into a SQLite file') }, async (t) => {
  const apps = clinic();
  const data = folder();
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  let s = await start(t, { apps, data });
  const doc = await login(s, 'doctor');
  const { secret } = ok(await doc.post('/me/totp', { password: PASSWORD }));
  assert.deepEqual(found(data, [secret]), [], 'begun');
  ok(await doc.post('/me/totp', { code: code(secret, Date.now() - 30000) }));
  assert.deepEqual(found(data, [secret]), [], 'on');
  assert.equal(await s.stop(), 0);
  const db = join(data, 'mortise.db');
  assert.match(sql(db, "SELECT totp FROM _member WHERE login = 'doctor'")[0][0], /^v1\./);
  sql(db, `UPDATE _member SET totp = '${secret}' WHERE login = 'doctor'`);
  assert.notDeepEqual(found(data, [secret]), []);
  s = await start(t, { apps, data });
  await until(() => found(data, [secret]).length === 0);
  const log = (body) => call(s, 'POST', '/session', { body: { login: 'doctor', password: PASSWORD, ...body } });
  assert.equal((await log({})).body.code, 'totp_required');
  assert.equal((await log({ code: code(secret) })).status, 200);
  assert.match(sql(db, "SELECT totp FROM _member WHERE login = 'doctor'")[0][0], /^v1\./);
});
