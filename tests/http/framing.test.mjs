// What HTTP itself must refuse: smuggling, odd targets, bodies over their limit, drips. Raw sockets.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { call, login, serve, skip, statuses, wire } from './lib.mjs';

test('framing', { skip }, async (t) => {
  const s = await serve(t);
  const hidden = 'GET /healthz?hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const post = (headers, body = '') => `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;

  const refused = {
    'two Content-Length': post('Content-Length: 2\r\nContent-Length: 60\r\n', `{}${hidden}`),
    'Content-Length and Transfer-Encoding': post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
    'Transfer-Encoding other than chunked': post('Transfer-Encoding: gzip\r\n', hidden),
    'Transfer-Encoding twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
    'Transfer-Encoding in HTTP/1.0': post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`).replace('HTTP/1.1', 'HTTP/1.0'),
    'Content-Length with a sign': post('Content-Length: +2\r\n', `{}${hidden}`),
    'blank before the colon': post('Content-Length : 2\r\n', `{}${hidden}`),
    'two Host': `GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${hidden}`,
    'no Host': `GET /healthz HTTP/1.1\r\n\r\n${hidden}`,
    'Host with a path': `GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n${hidden}`,
    'two Authorization': `GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n${hidden}`,
    'a body on GET': `GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    '%00 in the path': `GET /api/v1/apps%00 HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    '%00 in the query': `GET /api/v1/apps?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'bad UTF-8 in the path': `GET /api/v1/apps/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'bad UTF-8 in the query': `GET /api/v1/apps?a=%c0%af HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'dots': `GET /assets/../api HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'encoded dots': `GET /assets/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'a bad escape': `GET /api/v1/apps?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'a backslash': `GET /assets/%5c..%5cx HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
    'absolute target': `GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`,
  };
  for (const [name, bytes] of Object.entries(refused)) {
    await t.test(`refuses and closes: ${name}`, async () => {
      const answer = await wire(s, bytes, { ms: 2000 });
      const codes = statuses(answer);
      // libmicrohttpd's own refusals repeat their header block: what counts is that nothing was answered with 200
      assert.ok(codes.length >= 1 && codes.every((c) => c === 400 || c === 501), answer);
      assert.match(answer, /connection: close/i);
    });
  }

  await t.test('a parameter twice is 400', async () => {
    const me = await login(s, 'agent');
    const r = await me.get('/apps/desk/forms/ticket/records?limit=1&limit=100');
    assert.equal(r.status, 400);
  });

  await t.test('unknown methods are 405 or 501 and echo nothing', async () => {
    for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'get']) {
      const answer = await wire(s, `${method} /api/v1/apps HTTP/1.1\r\nHost: x\r\nX-Canary: hello\r\nConnection: close\r\n\r\n`);
      assert.ok([405, 501].includes(statuses(answer)[0]), `${method}: ${answer}`);
      assert.doesNotMatch(answer, /hello/);
    }
    const r = await call(s, 'DELETE', '/apps');
    assert.equal(r.status, 405);
    assert.match(r.headers.get('allow'), /GET/);
  });

  await t.test('a body over its limit is refused by its header, at once', async () => {
    const answer = await wire(s, post('Content-Length: 10000000000\r\n'), { ms: 2000 });
    assert.deepEqual(statuses(answer), [413], answer);
  });

  await t.test('a chunked body over its limit is cut off', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const answer = await wire(s, '', { ms: 3000, parts: [post('Transfer-Encoding: chunked\r\n'), ...Array(40).fill(chunk)] });
    assert.deepEqual(statuses(answer), [413], answer);
  });

  await t.test('a chunked body within its limit works', async () => {
    const body = JSON.stringify({ login: 'agent', password: 'wrong-wrong' });
    const answer = await wire(s, post('Connection: close\r\nTransfer-Encoding: chunked\r\n', `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`));
    assert.deepEqual(statuses(answer), [401], answer);
  });

  await t.test('two requests in one packet are two answers', async () => {
    const one = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await wire(s, one + one.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.deepEqual(statuses(answer), [200, 200]);
  });

  await t.test('broken JSON is 400, never 500', async () => {
    const bodies = ['', '{', '[]', '"x"', 'null', '{"a":1,"a":2}', '{"a":NaN}', '\ufeff{}', '{"a":"\\ud800"}', '{"a":1}x', '['.repeat(10000), `{"a":${'['.repeat(80)}${']'.repeat(80)}}`];
    for (const raw of bodies) {
      const r = await call(s, 'POST', '/session', { raw, headers: { 'Content-Type': 'application/json' } });
      assert.ok(r.status === 400 || r.status === 422, `${r.status} for ${raw.slice(0, 30)}: ${JSON.stringify(r.body)}`);
    }
    const r = await call(s, 'POST', '/session', { raw: 'login=agent', headers: { 'Content-Type': 'text/plain' } });
    assert.equal(r.status, 415);
  });

  await t.test('every answer carries the security headers', async () => {
    for (const path of ['/healthz', '/api/v1/apps', '/api/v1/nope', '/assets/nope.js']) {
      const r = await fetch(s.base + path);
      assert.match(r.headers.get('content-security-policy'), /default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'/, path);
      assert.equal(r.headers.get('x-content-type-options'), 'nosniff', path);
      assert.equal(r.headers.get('server'), null, path);
      assert.equal(r.headers.get('access-control-allow-origin'), null, path);
      assert.ok(r.headers.get('cache-control'), path);
      await r.text();
    }
  });

  await t.test('problems speak the reader’s language', async () => {
    const zh = await call(s, 'GET', '/apps');
    assert.equal(zh.status, 401);
    assert.equal(zh.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(Object.keys(zh.body).sort(), ['code', 'detail', 'errors', 'status', 'title', 'type']);
    assert.match(zh.body.detail, /登录/);
    const en = await call(s, 'GET', '/apps', { headers: { 'Accept-Language': 'en-GB,en;q=0.9' } });
    assert.match(en.body.detail, /log in/i);
    const wishes = { 'zh;q=0.1,en;q=0.9': /log in/i, 'en;q=0': /登录/, 'en;q=0.5, zh-CN': /登录/, 'fr, en;q=0.2': /log in/i, ';;,q=,x': /登录/ };
    for (const [wish, text] of Object.entries(wishes)) assert.match((await call(s, 'GET', '/apps', { headers: { 'Accept-Language': wish } })).body.detail, text, wish);
  });

  await t.test('a slow head does not hold up others, and is cut', { timeout: 60_000 }, async () => {
    const drip = ['GET /healthz HTTP/1.1\r\n'];
    for (let i = 0; i < 34; i++) drip.push(1000, `X-${i}: y\r\n`);
    const started = Date.now();
    const slow = Array.from({ length: 20 }, () => wire(s, '', { ms: 45_000, parts: drip }));
    for (let i = 0; i < 20; i++) {
      const t0 = Date.now();
      assert.equal((await fetch(`${s.base}/healthz`)).status, 200);
      assert.ok(Date.now() - t0 < 500);
    }
    await Promise.all(slow);
    assert.ok(Date.now() - started < 31_000, `shed after ${Date.now() - started} ms`);
  });
});

test('resting connections make place for those that want something', { skip, timeout: 60_000 }, async (t) => {
  const s = await serve(t, { args: ['--connections', '400'] });
  const open = Array.from({ length: 800 }, () => {
    const c = net.connect(s.port, '127.0.0.1');
    c.on('error', () => {});
    return c;
  });
  await new Promise((r) => setTimeout(r, 1000));
  for (let i = 0; i < 10; i++) {
    const r = await fetch(`${s.base}/healthz`, { headers: { Connection: 'close' }, signal: AbortSignal.timeout(8000) });
    assert.equal(r.status, 200);
  }
  for (const c of open) c.destroy();
});
