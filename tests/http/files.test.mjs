// Files: uploading, who may read them, safe headers, ranges, copies, quotas, forgetting.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { call, login, root, run, serve, skip, until } from './lib.mjs';
import { PNG, upload } from './files.mjs';

const C = '/apps/docs/forms/contract/records';

test('files', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/paper'), args: ['--test-clock'] });
  const [rep, mgr, peer] = await Promise.all(['rep', 'mgr', 'peer'].map((n) => login(s, n)));
  const put = async (who, bytes, name, o) => {
    const r = await upload(s, who, bytes, name, o);
    assert.equal(r.status, 201, JSON.stringify(r.body));
    return r.body.id;
  };

  await t.test('an upload answers its id, name, size and the type its bytes say', async () => {
    const r = await upload(s, rep, PNG, '..\\..\\图 片.exe', { type: 'application/x-evil' });
    assert.equal(r.status, 201);
    assert.equal(r.body.type, 'image/png');
    assert.equal(r.body.size, PNG.length);
    assert.equal(r.body.name, '图 片.exe');
    const g = await rep.get(`/files/${r.body.id}`);
    assert.equal(g.status, 200);
    assert.equal(g.headers.get('x-content-type-options'), 'nosniff');
    assert.match(g.headers.get('content-security-policy'), /sandbox/);
    assert.match(g.headers.get('content-disposition'), /^inline; .*filename\*=UTF-8''%E5%9B%BE%20%E7%89%87\.exe$/);
    assert.equal((await upload(s, null, PNG, 'a.png')).status, 401);
    assert.equal((await upload(s, rep, '', 'a.png')).status, 422);
  });

  await t.test('what can act is never shown in place', async () => {
    const cases = [
      ['<!doctype html><script>alert(1)</script>', 'x.png', 'text/html'],
      ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'x.jpg', 'image/svg+xml'],
      ['hello <SCRIPT src=x>', 'x.txt', 'text/html'],
      ['%PDF-1.7 x', 'x.pdf', 'application/pdf'],
      ['PK\x03\x04xxxx', 'x.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
      ['alert(1)', 'x.js', 'text/javascript'],
    ];
    for (const [bytes, name, type] of cases) {
      const id = await put(rep, bytes, name);
      const g = await rep.get(`/files/${id}`);
      assert.equal(g.headers.get('content-type'), type, name);
      assert.match(g.headers.get('content-disposition'), /^attachment; /, name);
    }
  });

  await t.test('a loose file is its sender’s alone; a held one as visible as its field', async () => {
    const scan = await put(rep, 'scan text', 'scan.txt');
    const secret = await put(rep, 'secret text', 'secret.txt');
    const photo = await put(rep, PNG, 'p.png');
    const doc = await put(rep, 'doc text', 'doc.txt');
    assert.equal((await mgr.get(`/files/${scan}`)).status, 404);
    assert.equal((await mgr.post(C, { name: 'x', scan: [scan] })).status, 422, 'somebody else’s loose file');
    const r = await rep.post(C, {
      name: '甲', kind: 'buy', scan: [scan], secret: [secret], photo: [photo], items: [{ part: 'p', doc: [doc] }],
    });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    assert.deepEqual(r.body.scan[0], { id: scan, title: 'scan.txt', type: 'text/plain', size: 9 });
    for (const id of [scan, secret, photo, doc]) {
      assert.equal((await mgr.get(`/files/${id}`)).status, 200);
      assert.equal((await peer.get(`/files/${id}`)).status, 404, 'the row is invisible');
    }
    await mgr.patch(`${C}/${r.body._id}`, { kind: 'sell' }, { 'If-Match': '"1"' });
    assert.equal((await peer.get(`/files/${scan}`)).status, 200);
    assert.equal((await peer.get(`/files/${secret}`)).status, 404, 'a hidden field');
    assert.equal((await peer.get(`/files/${photo}`)).status, 404, 'a masked field');
    assert.equal((await peer.get(`/files/${doc}`)).status, 404, 'a hidden column');
    // out of the field: only the history names it
    const p = await mgr.patch(`${C}/${r.body._id}`, { scan: [] }, { 'If-Match': '"2"' });
    assert.equal(p.status, 200);
    assert.equal((await peer.get(`/files/${scan}`)).status, 404);
    assert.equal((await mgr.get(`/files/${scan}`)).status, 200);
    assert.equal((await mgr.patch(`${C}/${r.body._id}`, { scan: [scan] }, { 'If-Match': '"3"' })).status, 200);
    // what one may read elsewhere can be named again: a copy with an id of its own
    const two = await mgr.post(C, { name: '乙', scan: [scan] });
    assert.equal(two.status, 201, JSON.stringify(two.body));
    assert.notEqual(two.body.scan[0].id, scan);
    assert.equal((await mgr.get(`/files/${two.body.scan[0].id}`)).body, 'scan text');
    assert.equal((await rep.get(`/files/${two.body.scan[0].id}`)).status, 404);
    assert.equal((await rep.post(C, { name: '丙', scan: [two.body.scan[0].id] })).status, 422);
    assert.equal((await rep.post(C, { name: '丁', scan: ['zzzzzz'] })).status, 422);
  });

  await t.test('accept, max and kinds', async () => {
    const text = await put(rep, 'not an image', 'a.png');
    const gif = await put(rep, 'GIF89a123', 'a.gif');
    assert.equal((await rep.post(C, { name: 'a', photo: [text] })).body.errors[0].code, 'file_type');
    assert.equal((await rep.post(C, { name: 'a', photo: [gif] })).body.errors[0].code, 'file_type');
    assert.equal((await rep.post(C, { name: 'a', sign: [text] })).body.errors[0].code, 'file_type');
    const many = [];
    for (let i = 0; i < 4; i++) many.push(await put(rep, `f${i}`, `f${i}.txt`));
    assert.equal((await rep.post(C, { name: 'a', scan: many })).body.errors[0].code, 'too_many');
  });

  await t.test('ranges and validators', async () => {
    const id = await put(rep, '0123456789', 'n.txt');
    const at = (headers) => rep.get(`/files/${id}`, headers);
    const whole = await at({});
    const etag = whole.headers.get('etag');
    assert.equal(whole.headers.get('accept-ranges'), 'bytes');
    const cases = [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=8-', 206, '89', 'bytes 8-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=5-99999999999', 206, '56789', 'bytes 5-9/10'],
      ['bytes=10-', 416, '', 'bytes */10'],
      ['bytes=-0', 416, '', 'bytes */10'],
      ['bytes=1-2,4-5', 200, '0123456789', null],
      ['bytes=4-2', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
      ['bytes=99999999999999999999-', 200, '0123456789', null],
    ];
    for (const [range, status, body, said] of cases) {
      const r = await at({ Range: range });
      assert.equal(r.status, status, range);
      assert.equal(r.body, body, range);
      assert.equal(r.headers.get('content-range'), said, range);
    }
    assert.equal((await at({ Range: 'bytes=1-2', 'If-Range': etag })).status, 206);
    assert.equal((await at({ Range: 'bytes=1-2', 'If-Range': '"other"' })).status, 200);
    assert.equal((await at({ 'If-None-Match': etag })).status, 304);
  });

  await t.test('the same content is stored once, and nothing tells that it was there', async () => {
    const count = () => readdirSync(join(s.data, 'files'), { recursive: true }).filter((f) => f.length > 60).length;
    const a = await put(rep, 'same bytes', 'a.txt');
    const n = count();
    const b = await put(mgr, 'same bytes', 'b.txt');
    assert.equal(count(), n);
    const [ga, gb] = [await rep.get(`/files/${a}`), await mgr.get(`/files/${b}`)];
    assert.equal(gb.body, 'same bytes');
    assert.notEqual(ga.headers.get('etag'), gb.headers.get('etag'));
    assert.equal((await rep.del(`/files/${b}`)).status, 404);
    assert.equal((await mgr.del(`/files/${b}`)).status, 204);
    assert.equal((await rep.get(`/files/${a}`)).body, 'same bytes');
  });

  await t.test('an Idempotency-Key stands for the content', async () => {
    const h = { headers: { 'Idempotency-Key': 'up-1' } };
    const a = await upload(s, rep, 'one', 'k.txt', h);
    const b = await upload(s, rep, 'one', 'k.txt', h);
    assert.equal(a.body.id, b.body.id);
    assert.equal((await upload(s, rep, 'two', 'k.txt', h)).status, 422);
  });

  await t.test('visitors name only what they sent to this form', async () => {
    const form = (await mgr.get('/apps/docs/forms/contract')).body;
    const url = form.public.post.url;
    const token = url.split('/').pop();
    const r = await upload(s, null, 'cv', 'cv.txt', { path: `/public/${token}/files` });
    assert.equal(r.status, 201, JSON.stringify(r.body));
    const loose = await put(rep, 'mine', 'mine.txt');
    for (const id of [loose, r.body.id.split('.')[0], `${loose}.${r.body.id.split('.')[1]}`])
      assert.equal((await call(s, 'POST', `/public/${token}`, { body: { name: 'v', scan: [id] } })).status, 422, id);
    const ok = await call(s, 'POST', `/public/${token}`, { body: { name: 'v', scan: [{ id: r.body.id }] } });
    assert.equal(ok.status, 201, JSON.stringify(ok.body));
    const rec = (await mgr.get(`${C}/${ok.body.id}`)).body;
    assert.equal(rec.scan[0].title, 'cv.txt');
    assert.equal((await mgr.get(`/files/${rec.scan[0].id}`)).body, 'cv');
  });

  await t.test('a member’s loose files have a limit; they go after a day, their content too', async () => {
    let r;
    const ids = [];
    for (let i = 0; i < 210; i++) {
      r = await upload(s, peer, `peer ${i}`, `${i}.txt`);
      if (r.status !== 201) break;
      ids.push(r.body.id);
    }
    assert.equal(r.status, 429);
    assert.equal(r.body.code, 'loose_files');
    assert.equal(ids.length, 200);
    const old = new Date(Date.now() - 3 * 86400_000);
    const files = () => readdirSync(join(s.data, 'files'), { recursive: true }).filter((f) => f.length > 60);
    const kept = files();
    for (const f of kept) utimesSync(join(s.data, 'files', f), old, old);
    await call(s, 'POST', '/test/clock', { body: { advance: 25 * 3600 } });
    const again = await login(s, 'peer');
    await until(async () => (await again.get(`/files/${ids[0]}`)).status === 404, 15_000);
    await until(async () => files().length < kept.length - 199, 15_000);
    const held = (await (await login(s, 'mgr')).get(`${C}?filter=name="甲"`)).body.records[0];
    assert.equal((await (await login(s, 'mgr')).get(`/files/${held.scan[0].id}`)).body, 'scan text');
    assert.ok(existsSync(join(s.data, 'files')));
  });
});

test('files in backups', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'mortise-files-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const data = join(dir, 'one');
  const keys = ['--keys', join(dir, 'keys')];
  const s = await serve(t, { apps: join(root, 'tests/http/paper'), data, args: keys });
  const rep = await login(s, 'rep');
  const big = Buffer.alloc(300_000, 'abc');
  const id = (await upload(s, rep, big, 'big.txt')).body.id;
  const rec = (await rep.post(C, { name: 'kept', scan: [id] })).body;
  const file = join(dir, 'b.mortise');
  const made = run(['backup', file, '--data', data, ...keys]);
  assert.equal(made.code, 0, made.out + made.err);
  assert.equal(run(['verify', file, '--data', data, ...keys]).code, 0);
  await s.stop();
  const two = join(dir, 'two');
  const back = run(['restore', file, '--data', two, ...keys]);
  assert.equal(back.code, 0, back.out + back.err);
  const s2 = await serve(t, { apps: join(root, 'tests/http/paper'), data: two, args: keys });
  const again = await login(s2, 'rep');
  assert.equal((await again.get(`${C}/${rec._id}`)).body.name, 'kept');
  assert.equal((await again.get(`/files/${id}`)).body, big.toString());
});
