// Automations, outbox, webhooks, schedules: through the real program, with a receiver that fails as planned.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { call, folder, login, root, serve, skip, until } from './lib.mjs';
import { hmac, imap, mailbox, sign, sink } from './sink.mjs';

const F = '/apps/auto/forms';

/** A server whose endpoints all lead to `to` (a sink), with a clock that tests move. */
async function start(t, to, options = {}) {
  const apps = join(folder(), 'apps');
  cpSync(join(root, 'tests/http/apps_auto'), apps, { recursive: true });
  t.after(() => rmSync(dirname(apps), { recursive: true, force: true }));
  const file = join(apps, 'auto/app.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:9', to?.url ?? 'http://127.0.0.1:9'));
  const s = await serve(t, { apps, ...options, args: ['--test-clock', '--outbound-allow', '127.0.0.1', ...(options.args ?? [])] });
  return s;
}

const made = async (c, form, values) => {
  const r = await c.post(`${F}/${form}/records`, values);
  assert.equal(r.status, 201, JSON.stringify(r.body));
  return r.body;
};
const logs = async (c) => (await c.get(`${F}/log/records?limit=200&sort=_id`)).body.records.map((r) => r.what);
const has = (c, what) => until(async () => (await logs(c)).includes(what));
const clock = (s, body) => call(s, 'POST', '/test/clock', { body });

test('create: in the transaction, after the commit, committed()', { skip }, async (t) => {
  const to = await sink(t);
  const s = await start(t, to);
  const c = await login(s, 'seller');
  const r = await made(c, 'order', { name: 'A', amount: 12.5 });
  assert.ok((await logs(c)).includes('made A'), 'what runs in the transaction is there with the answer');
  await has(c, 'told A');
  await has(c, 'committed A');
  const hook = await until(() => to.calls.find((x) => x.path === '/sink'));
  assert.deepEqual(JSON.parse(hook.body), { event: 'made', id: r._id, name: 'A', amount: 12.5 });
  const h = hook.headers;
  assert.equal(h['webhook-signature'], sign('sink-secret-1', h['webhook-id'], h['webhook-timestamp'], hook.body));
  assert.ok(Math.abs(Number(h['webhook-timestamp']) - Date.now() / 1000) < 60);
  assert.ok(h['idempotency-key']);
});

test('update, delete, button; old values; notices', { skip }, async (t) => {
  const to = await sink(t);
  const s = await start(t, to);
  const c = await login(s, 'seller');
  const boss = await login(s, 'boss');
  const r = await made(c, 'order', { name: 'B', amount: 1, owner: boss.me.id });
  const p = await c.post(`${F}/order/records/${r._id}/buttons/pay`, {});
  assert.equal(p.status, 200, JSON.stringify(p.body));
  await has(c, 'pressed B');
  const paid = await until(() => to.json('/sink').find((b) => b.event === 'paid'));
  assert.equal(paid.note, 'was new', 'a step after an update sees it');
  const notice = await until(async () => (await boss.get('/notices')).body.notices.find((n) => n.title === 'B 已付'));
  assert.equal(notice.record, r._id);
  const child = await made(c, 'order', { name: 'C', amount: 5, above: r._id });
  const u = await c.patch(`${F}/order/records/${child._id}`, { amount: 8, _version: child._version });
  assert.equal(u.status, 200, JSON.stringify(u.body));
  assert.equal((await c.get(`${F}/order/records/${r._id}`)).body.amount, 4, 'the linked row, in the same transaction');
  const d = await c.del(`${F}/order/records/${child._id}`, { 'If-Match': `"${(await c.get(`${F}/order/records/${child._id}`)).body._version}"` });
  assert.equal(d.status, 204);
  const gone = await until(() => to.json('/sink').find((b) => b.event === 'gone'));
  assert.equal(gone.name, 'C');
});

test('what fails: the write with it, or the run alone, with its reason', { skip }, async (t) => {
  const s = await start(t, await sink(t));
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  const r = await c.post(`${F}/strict/records`, { name: 'now' });
  assert.equal(r.status, 422, JSON.stringify(r.body));
  assert.equal(r.body.code, 'automation_failed');
  assert.match(r.body.detail, /当时就做/);
  assert.equal((await c.get(`${F}/strict/records`)).body.records.length, 0);
  assert.deepEqual(await logs(c), [], 'no step of it is stored');
  await made(c, 'strict', { name: 'later' });
  const row = await until(async () => (await admin.get('/admin/outbox?state=waiting&automation=later')).body.rows.find((x) => x.attempts > 0));
  assert.match(row.error, /之后再做/);
  assert.deepEqual(await logs(c), [], 'the run is taken back whole');
  assert.equal((await c.get(`${F}/strict/records`)).body.records.length, 1);
  const designer = await admin.post(`/admin/apps/auto/outbox/${row.id}/replay`, {});
  assert.equal(designer.status, 200);
  assert.equal((await c.get('/admin/outbox')).status, 403);
});

test('a chain stops at its eighth link and says so', { skip }, async (t) => {
  const s = await start(t);
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  for (const how of ['later', 'now']) {
    const r = await made(c, 'chain', { name: how, how, n: 0 });
    const u = await c.patch(`${F}/chain/records/${r._id}`, { n: 1, _version: r._version });
    assert.equal(u.status, 200, JSON.stringify(u.body));
    await until(async () => (await c.get(`${F}/chain/records/${r._id}`)).body.n >= 9);
    const rows = await until(async () => {
      const list = (await admin.get('/admin/outbox?state=stopped')).body.rows.filter((x) => x.automation === how);
      return list.length && list;
    });
    assert.equal(rows.length, 1);
    assert.match(rows[0].error, /8/);
    assert.equal((await c.get(`${F}/chain/records/${r._id}`)).body.n, 9);
  }
});

test('back-off, dead letters and replay; the same id and body in each try', { skip }, async (t) => {
  let fail = true;
  const to = await sink(t, (x) => (x.path === '/sink' && fail ? { status: 500 } : {}));
  const s = await start(t, to);
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  await made(c, 'push', { name: 'x', to: 'sink' });
  await until(() => to.calls.length >= 1);
  const waits = [];
  for (let i = 0; i < 60; i++) {
    const row = await until(async () => {
      const r = (await admin.get('/admin/outbox?kind=webhook')).body.rows[0];
      return r.attempts === i + 1 ? r : null;
    });
    assert.equal(row.status, 500);
    assert.match(row.error, /HTTP 500/);
    if (row.state === 'dead') break;
    const wait = Date.parse(row.next_at) - Date.parse((await clock(s, { advance: 0 })).body.now ?? row.created_at);
    waits.push(wait / 1000);
    await clock(s, { now: row.next_at });
    await clock(s, { advance: 1 });
  }
  const row = (await admin.get('/admin/outbox?state=dead&kind=webhook')).body.rows[0];
  assert.ok(row, 'after a day it is dead');
  assert.ok(Date.parse(row.done_at) - Date.parse(row.created_at) > 22 * 3600e3);
  const mine = () => to.calls.filter((x) => x.path === '/sink');
  assert.equal(new Set(mine().map((x) => x.headers['webhook-id'])).size, 1);
  assert.equal(new Set(mine().map((x) => x.body)).size, 1);
  fail = false;
  const n = mine().length;
  const r = await admin.post(`/admin/outbox/${row.id}/replay`, {});
  assert.equal(r.status, 200, JSON.stringify(r.body));
  await until(() => mine().length > n);
  await until(async () => (await admin.get('/admin/outbox?state=done&kind=webhook')).body.rows.some((x) => x.id === row.id));
  assert.equal(mine().at(-1).headers['webhook-id'], mine()[0].headers['webhook-id']);
});

test('a receiver that hangs does not hold up the others', { skip }, async (t) => {
  const to = await sink(t, (x) => (x.path === '/slow' ? { hang: true } : {}));
  const s = await start(t, to);
  const c = await login(s, 'seller');
  for (let i = 0; i < 40; i++) await made(c, 'push', { name: `s${i}`, to: 'slow' });
  const begin = Date.now();
  for (let i = 0; i < 40; i++) await made(c, 'push', { name: `f${i}`, to: 'sink' });
  await until(() => to.calls.filter((x) => x.path === '/sink').length >= 40, 8000);
  assert.ok(Date.now() - begin < 8000);
});

test('robots and text messages', { skip }, async (t) => {
  const to = await sink(t, (x) => ({ body: x.path.startsWith('/corp') ? '{"errcode":93000,"errmsg":"no"}' : '{"errcode":0,"code":0}' }));
  const s = await start(t, to);
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  for (const k of ['robot', 'lark', 'corp', 'text']) await made(c, 'push', { name: `走 ${k}`, to: k });
  await until(() => to.calls.length >= 4);
  const by = (p) => to.calls.find((x) => x.path.startsWith(p));
  const ding = new URL(by('/robot').path, to.url);
  const ms = ding.searchParams.get('timestamp');
  assert.equal(ding.searchParams.get('sign'), hmac('robot-secret', `${ms}\nrobot-secret`));
  assert.deepEqual(JSON.parse(by('/robot').body), { msgtype: 'text', text: { content: '你好\n走 robot' } });
  const lark = JSON.parse(by('/lark').body);
  assert.equal(lark.sign, hmac(`${lark.timestamp}\nlark-secret`, ''));
  assert.deepEqual(lark.content, { text: '你好\n走 lark' });
  assert.equal(by('/sms').headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(new URLSearchParams(by('/sms').body).get('text'), '走 text');
  const failed = await until(async () => (await admin.get('/admin/outbox?kind=webhook&state=waiting')).body.rows.find((x) => x.target === 'corp'));
  assert.match(failed.error, /93000/, 'a robot that says no in a 200 is no success');
});

test('addresses inside are refused, at each hop', { skip }, async (t) => {
  const to = await sink(t, (x) => (x.path === '/sink' ? { status: 307, headers: { location: 'http://169.254.169.254/latest/' } } : {}));
  const s = await start(t, to);
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  await made(c, 'push', { name: 'x', to: 'sink' });
  const dead = await until(async () => (await admin.get('/admin/outbox?state=dead')).body.rows[0]);
  assert.match(dead.error, /outbound-allow/);
});

test('without --outbound-allow this machine is out of reach', { skip }, async (t) => {
  const to = await sink(t);
  const s = await start(t, to, { args: ['--outbound-allow', ''] });
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  await made(c, 'push', { name: 'x', to: 'sink' });
  const dead = await until(async () => (await admin.get('/admin/outbox?state=dead')).body.rows[0]);
  assert.match(dead.error, /outbound-allow/);
  assert.equal(to.calls.length, 0);
});

/** Sessions end when time jumps: sets the clock and logs in again. */
const at = async (s, now) => {
  await clock(s, { now });
  return login(s, 'seller');
};
const nap = (ms) => new Promise((r) => setTimeout(r, ms));

test('a schedule runs once for each record; a warning before; missed times once', { skip }, async (t) => {
  const s = await start(t, await sink(t));
  let c = await at(s, '2027-01-04T17:00:00Z'); // 01:00 in Shanghai; what was missed until then fires now
  await nap(1500);
  const boss = await login(s, 'boss');
  for (const n of ['N1', 'N2', 'N3']) await made(c, 'order', { name: n, owner: boss.me.id });
  c = await at(s, '2027-01-04T18:00:05Z'); // 02:00:05
  await has(c, 'nightly N3');
  await until(async () => (await c.get(`${F}/order/records?filter=${encodeURIComponent('status = "old"')}`)).body.records.length === 3);
  const job = await until(async () => (await (await login(s, 'admin')).get('/admin/jobs')).body.jobs.find((j) => j.kind === 'schedule' && j.state === 'done'));
  assert.equal(job.done, 3);
  c = await at(s, '2027-01-08T18:00:05Z'); // four nights later
  await made(c, 'order', { name: 'N4' });
  c = await at(s, '2027-01-09T18:31:05Z');
  await has(c, 'nightly N4');
  await until(async () => (await logs(c)).filter((x) => x === 'once').length >= 2);
  await nap(1500);
  const all = await logs(c);
  assert.equal(all.filter((x) => x === 'nightly N1').length, 1);
  assert.ok(all.filter((x) => x === 'once').length <= 3, 'one for each time it was looked at, not for each night missed');
});

test('date fields: the day before, half an hour before, moved dates', { skip }, async (t) => {
  const s = await start(t, await sink(t));
  let c = await at(s, '2027-01-05T04:00:00Z');
  await nap(1500); // the first look: from now on
  await made(c, 'order', { name: 'D', due: '2027-01-07', meet: '2027-01-05T05:00:00Z' });
  const moved = await made(c, 'order', { name: 'M', due: '2027-01-07' });
  await c.patch(`${F}/order/records/${moved._id}`, { due: '2027-02-07', _version: moved._version });
  c = await at(s, '2027-01-05T04:31:00Z');
  await has(c, 'soon D');
  assert.ok(!(await logs(c)).includes('ahead D'));
  c = await at(s, '2027-01-05T16:00:10Z'); // the 6th in Shanghai
  await has(c, 'ahead D');
  await nap(1200);
  assert.ok(!(await logs(c)).includes('ahead M'));
  assert.equal((await logs(c)).filter((x) => x === 'ahead D').length, 1);
});

test('a notice by mail', { skip }, async (t) => {
  const box = await mailbox(t);
  const s = await start(t, await sink(t), { args: ['--smtp', box.url, '--mail-from', '榫卯 <crm@example.com>'] });
  const c = await login(s, 'seller');
  const boss = await login(s, 'boss');
  const admin = await login(s, 'admin');
  const me = (await admin.get(`/apps/people/forms/member/records?filter=${encodeURIComponent('login = "boss"')}`)).body.records[0];
  const u = await admin.patch(`/apps/people/forms/member/records/${me._id}`, { mail: 'boss@example.com', _version: me._version });
  assert.equal(u.status, 200, JSON.stringify(u.body));
  const r = await made(c, 'order', { name: '信', amount: 7, owner: boss.me.id });
  await c.post(`${F}/order/records/${r._id}/buttons/pay`, {});
  const mail = await until(() => box.mails[0]);
  assert.equal(mail.from, 'crm@example.com');
  assert.equal(mail.to, 'boss@example.com');
  assert.ok(mail.text.includes(`Subject: =?UTF-8?B?${Buffer.from('信 已付').toString('base64')}?=`), mail.text);
  assert.match(mail.text, /Message-ID: <\w+@example.com>/);
  const sent = await until(async () => (await admin.get('/admin/outbox?kind=mail&state=done')).body.rows[0]);
  assert.equal(sent.target, null, 'addresses of people are not shown');
});

test('CSV and JSON that are read on a schedule', { skip }, async (t) => {
  let price = 5;
  const to = await sink(t, (x) =>
    x.path === '/feed'
      ? { body: `\ufeff编码,名称,单价\nA,"甲, 大",${price}\nB,乙,2.5\n`, headers: { 'content-type': 'text/csv' } }
      : x.path === '/list'
        ? { body: JSON.stringify({ total: 2, records: [{ code: 'C', price: 7 }, { code: 'D', price: -1 }] }) }
        : {},
  );
  const s = await start(t, to);
  let c = await at(s, '2027-01-05T04:01:00Z');
  await nap(1500);
  c = await at(s, '2027-01-05T04:10:01Z');
  const rows = async () => (await c.get(`${F}/ware/records?sort=code`)).body.records.map((r) => [r.code, r.name, r.price, r._version]);
  await until(async () => (await rows()).length === 3);
  assert.deepEqual(await rows(), [['A', '甲, 大', 5, 1], ['B', '乙', 2.5, 1], ['C', null, 7, 1]]);
  price = 6;
  const before = to.calls.length;
  c = await at(s, '2027-01-05T04:20:01Z');
  await until(() => to.calls.length >= before + 2);
  await until(async () => (await rows())[0][2] === 6);
  await nap(500);
  assert.deepEqual((await rows()).map((r) => r[3]), [2, 1, 1], 'only what changed was written');
});

test('messages of a mailbox', { skip }, async (t) => {
  const box = await imap(t, 'box-password-1');
  const gbk = Buffer.from('c4e3bac3a3acb1a8bcdb', 'hex'); // 你好，报价 in GBK
  box.put(`From: "Li" <li@example.com>
To: crm@example.com
Subject: =?gb2312?B?${gbk.toString('base64')}?= one
Date: Mon, 4 Jan 2027 12:00:00 +0800
Message-ID: <m1@example.com>
Content-Type: multipart/alternative; boundary="b1"

--b1
Content-Type: text/plain; charset=gbk
Content-Transfer-Encoding: base64

${gbk.toString('base64')}
--b1
Content-Type: text/html

<p>other</p>
--b1--
`);
  const s = await start(t, await sink(t));
  const admin = await login(s, 'admin');
  const put = await admin.put('/admin/endpoints/auto/box', { url: box.url, secret: 'box-password-1' });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  let c = await at(s, '2027-01-05T04:01:00Z');
  await nap(1500);
  c = await at(s, '2027-01-05T04:10:01Z');
  const rows = async () => (await c.get(`${F}/letter/records?sort=at`)).body.records.map((r) => [r.subject, r.sender, r.text, r.at]);
  await until(async () => (await rows()).length === 1);
  assert.deepEqual(await rows(), [['你好，报价 one', 'li@example.com', '你好，报价', '2027-01-04T04:00:00Z']]);
  box.put(`From: wang@example.com
Subject: second
Date: Tue, 5 Jan 2027 12:00:00 +0800
Message-ID: <m2@example.com>
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=utf-8

=E4=BD=A0=E5=A5=BD=
!
`);
  c = await at(s, '2027-01-05T04:20:01Z');
  await until(async () => (await rows()).length === 2);
  assert.deepEqual((await rows())[1], ['second', 'wang@example.com', '你好!', '2027-01-05T04:00:00Z']);
  await nap(800);
  assert.equal((await rows()).length, 2, 'each message once');
});

test('webhooks in: signature, window, replay', { skip }, async (t) => {
  const s = await start(t, await sink(t));
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  const body = JSON.stringify({ company: '外部公司', sum: 99.5, day: '2026-12-01' });
  const now = () => String(Math.floor(Date.now() / 1000));
  const post = (id, ts, text, signature) =>
    call(s, 'POST', '/hooks/auto/site', { raw: text, headers: { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': ts, 'webhook-signature': signature } });
  const ts = now();
  assert.equal((await post('m1', ts, body, sign('x', 'm1', ts, body))).status, 403, 'no secret, no entry');
  const put = await admin.put('/admin/endpoints/auto/site', { secret: 'incoming-secret' });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.equal((await post('m1', ts, body, sign('wrong', 'm1', ts, body))).status, 401);
  const old = String(Number(ts) - 400);
  assert.equal((await post('m1', old, body, sign('incoming-secret', 'm1', old, body))).status, 401);
  const ok = await post('m1', ts, body, sign('incoming-secret', 'm1', ts, body));
  assert.equal(ok.status, 202, JSON.stringify(ok.body));
  assert.equal(ok.body.accepted, 1);
  assert.equal((await post('m1', ts, body, sign('incoming-secret', 'm1', ts, body))).status, 409);
  assert.equal((await post('m2', ts, `${body} `, sign('incoming-secret', 'm2', ts, body))).status, 401);
  assert.equal((await call(s, 'POST', '/hooks/auto/nothing', { body: {} })).status, 404);
  const r = await until(async () => (await c.get(`${F}/order/records?filter=${encodeURIComponent('name = "外部公司"')}`)).body.records[0]);
  assert.equal(r.amount, 99.5);
  assert.equal(r.due, '2026-12-01');
  assert.equal(r._owner, null, 'nobody owns what came from outside');
});

test('the matrix: UI, API, batch, import and script set off the same', { skip }, async (t) => {
  const s = await start(t, await sink(t));
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  const token = (await c.post('/me/tokens', { title: 't', scopes: ['read', 'write'] })).body.token;
  await made(c, 'order', { name: 'by ui' });
  const api = await call(s, 'POST', `${F}/order/records`, { body: { name: 'by api' }, headers: { Authorization: `Bearer ${token}` } });
  assert.equal(api.status, 201);
  const batch = await c.post(`${F}/order/records/batch`, { create: [{ name: 'by batch' }] });
  assert.equal(batch.status, 200, JSON.stringify(batch.body));
  const form = new FormData();
  form.append('file', new Blob(['name\nby import\n']), 'x.csv');
  const imp = await fetch(`${s.base}/api/v1${F}/order/import`, { method: 'POST', body: form, headers: { Cookie: c.cookie, 'X-CSRF-Token': c.csrf } });
  assert.equal(imp.status, 202);
  const multi = await c.post('/batch', { requests: [{ method: 'POST', path: `${F}/order/records`, body: { name: 'by multi' } }] });
  assert.equal(multi.status, 200, JSON.stringify(multi.body));
  await made(c, 'order', { name: 'spawn' });
  for (const how of ['ui', 'api', 'batch', 'import', 'multi', 'script'])
    for (const what of ['made', 'told', 'committed']) await has(c, `${what} by ${how}`);
  const ui = (await logs(c)).filter((x) => x.startsWith('ui '));
  assert.deepEqual(ui, ['ui by ui', 'ui spawn'], '`from: [ui]` narrows it');
  const list = (await admin.get('/admin/apps/auto/automations')).body.automations.find((x) => x.key === 'only_ui');
  assert.deepEqual(list.skipped.map((x) => x.via).sort(), ['api', 'batch', 'import', 'script']);
});

test('kill -9: nothing is lost, nothing happens twice in the database', { skip }, async (t) => {
  const to = await sink(t, () => (Math.random() < 0.3 ? { drop: true } : {}));
  const data = folder();
  t.after(() => {
    for (const d of [data, `${data}.keys`]) rmSync(d, { recursive: true, force: true });
  });
  let names = 0;
  const rounds = Number(process.env.MORTISE_KILLS ?? 6);
  for (let i = 0; i < rounds; i++) {
    const s = await start(t, to, { data, mayFail: true });
    s.mayFail = true;
    const c = await login(s, 'seller');
    const posts = [];
    for (let k = 0; k < 10; k++) posts.push(made(c, 'order', { name: `K${names++}` }).catch(() => null));
    await Promise.all(posts);
    await new Promise((r) => setTimeout(r, Math.random() * 60));
    s.child.kill('SIGKILL');
    await s.exited;
  }
  to.plan = () => ({});
  const s = await start(t, to, { data });
  const c = await login(s, 'seller');
  const admin = await login(s, 'admin');
  await until(async () => {
    let left = 0;
    for (const kind of ['automation', 'committed', 'webhook']) left += (await admin.get(`/admin/outbox?state=waiting&kind=${kind}`)).body.rows.length;
    if (left) await clock(s, { advance: 3600 });
    return left === 0;
  }, 30_000);
  const all = [];
  for (let after = ''; ; ) {
    const r = (await c.get(`${F}/log/records?limit=200${after ? `&after=${encodeURIComponent(after)}` : ''}`)).body;
    all.push(...r.records.map((x) => x.what));
    if (!r.next) break;
    after = r.next;
  }
  for (let k = 0; k < names; k++)
    for (const what of ['made', 'told', 'committed'])
      assert.equal(all.filter((x) => x === `${what} K${k}`).length, 1, `${what} K${k}`);
  const got = to.calls.filter((x) => x.path === '/sink').map((x) => JSON.parse(x.body));
  const ids = new Set(to.calls.filter((x) => x.path === '/sink').map((x) => x.headers['idempotency-key']));
  for (let k = 0; k < names; k++) assert.ok(got.some((b) => b.name === `K${k}`), `delivered K${k}`);
  assert.equal(ids.size, names, 'one key for each event');
});
