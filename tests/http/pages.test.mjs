// The pages: first HTML with its boot JSON, assets with caching and encodings; skipped where the binary has none.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { folder, login, serve, skip } from './lib.mjs';

function assets() {
  const dir = folder();
  mkdirSync(join(dir, 'assets'));
  const html = '<!doctype html><script type="application/json" id="boot">null</script><div id="root"></div>';
  writeFileSync(join(dir, 'app.html'), html);
  writeFileSync(join(dir, 'admin.html'), html.replace('root', 'admin'));
  writeFileSync(join(dir, 'assets/app-1a2b3c4d.js'), 'console.log(1)');
  writeFileSync(join(dir, 'assets/app-1a2b3c4d.js.br'), 'BROTLI');
  writeFileSync(join(dir, 'assets/app-1a2b3c4d.js.gz'), 'GZIP');
  const row = (...c) => c.join('\t');
  writeFileSync(
    join(dir, 'assets.tsv'),
    [
      row('/admin.html', 'text/html; charset=utf-8', 'aa', 'no-cache', 'admin.html', '-', '-'),
      row('/app.html', 'text/html; charset=utf-8', 'bb', 'no-cache', 'app.html', '-', '-'),
      row('/assets/app-1a2b3c4d.js', 'text/javascript', 'cc', 'immutable', 'assets/app-1a2b3c4d.js', 'assets/app-1a2b3c4d.js.gz', 'assets/app-1a2b3c4d.js.br'),
    ].join('\n') + '\n',
  );
  return dir;
}

const boot = (html) => JSON.parse(/id="boot">(.*?)<\/script>/.exec(html)[1]);

test('pages', { skip }, async (t) => {
  const s = await serve(t, { args: ['--assets', assets()] });

  await t.test('without a session: what the login page needs', async () => {
    const page = await fetch(`${s.base}/login`);
    assert.match(page.headers.get('content-type'), /text\/html/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    const b = boot(await page.text());
    assert.deepEqual([b.setup, b.session, b.lang], [false, null, 'zh-CN']);
  });

  await t.test('with one: session, apps and the form of the address, HTML-safe', async () => {
    const agent = await login(s, 'agent');
    const html = await (await fetch(`${s.base}/a/desk/ticket?view=open`, { headers: { Cookie: agent.cookie } })).text();
    const raw = /id="boot">(.*?)<\/script>/.exec(html)[1];
    assert.doesNotMatch(raw, /[<>&]/);
    const b = JSON.parse(raw);
    assert.deepEqual([b.session.me.login, b.apps[0].app, b.form.form], ['agent', 'desk', 'ticket']);
    assert.match(await (await fetch(`${s.base}/admin/apps`)).text(), /id="admin"/);
    const none = boot(await (await fetch(`${s.base}/a/desk/nope`, { headers: { Cookie: agent.cookie } })).text());
    assert.equal(none.form, undefined);
  });

  await t.test('assets: encodings, ETag, immutable, not found', async () => {
    const get = (path, headers = {}) => fetch(s.base + path, { headers });
    const js = '/assets/app-1a2b3c4d.js';
    const plain = await get(js, { 'Accept-Encoding': 'identity' });
    assert.equal(await plain.text(), 'console.log(1)');
    assert.match(plain.headers.get('cache-control'), /immutable/);
    assert.equal(plain.headers.get('vary'), 'Accept-Encoding');
    const same = await get(js, { 'If-None-Match': plain.headers.get('etag') });
    assert.equal(same.status, 304);
    const head = await fetch(s.base + js, { method: 'HEAD', headers: { 'Accept-Encoding': 'gzip, br' } });
    assert.equal(head.headers.get('content-encoding'), 'br');
    assert.equal((await get('/assets/nope.js')).status, 404);
    assert.equal((await get('/assets/assets.tsv')).status, 404);
    assert.equal((await fetch(`${s.base}/login`, { method: 'POST' })).status, 405);
  });

  await t.test('health, readiness and figures', async () => {
    assert.equal(await (await fetch(`${s.base}/healthz`)).text(), 'ok\n');
    assert.equal((await fetch(`${s.base}/readyz`)).status, 200);
    const m = await (await fetch(`${s.base}/metrics`)).text();
    assert.match(m, /mortise_requests_total\{class="2xx"\} \d+/);
    assert.match(m, /mortise_request_seconds_count \d+/);
    assert.equal((await fetch(`${s.base}/api/v1/healthz`)).status, 404);
  });
});
