// Every route of the OpenAPI document with junk for parameters, queries and bodies: an answer below 500, and the server lives.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, login, serve, skip } from './lib.mjs';

/* A small generator of its own, so that a failing run can be repeated: JUNK_SEED=… */
function random(seed) {
  let x = seed >>> 0 || 1;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

const TEXTS = ['', ' ', '0', '-1', 'x', 'null', '1e999', '9'.repeat(40), "'", '"', '";DROP TABLE _member;--', '%', '_', '\\', '\u0000', '\ud800', '＝1+1', '{{7*7}}', '<b>', '../..', 'a'.repeat(5000), '工单', '0000000000001', 'title', 'title = 1', 'COUNT()', 'SUM(price)', '((((', 'IF(', 'LOOKUP(ticket, title, TRUE)', '-title,price', 'true', '2026-13-45'];
const KEYS = ['title', 'code', 'customer', 'qty', 'price', 'amount', 'status', 'cost', 'items', '_id', '_version', '_owner', '_state', '_deleted_at', '__proto__', 'constructor', 'set', 'where', 'ids', 'create', 'delete', 'requests', 'filter', 'expr', 'values', 'field', 'group', 'metrics', 'comment', 'to', 'action', 'member', 'plan_hash', 'scopes', 'login', 'password', 'text', 'mentions', 'limit', 'fields'];
const QUERY = ['filter', 'sort', 'fields', 'expand', 'view', 'search', 'limit', 'after', 'page', 'count', 'bin', 'group', 'metrics', 'box', 'member', 'key', 'from', 'to', 'what', 'draft', 'department'];

test('junk', { skip, timeout: 180_000 }, async (t) => {
  const s = await serve(t, { own: true });
  const seed = Number(process.env.JUNK_SEED ?? 20261124);
  t.diagnostic(`JUNK_SEED=${seed}`);
  const pick = random(seed);
  const one = (list) => list[pick(list.length)];
  const value = (depth = 0) => {
    const kind = pick(depth > 3 ? 5 : 8);
    if (kind === 0) return null;
    if (kind === 1) return pick(2) === 0;
    if (kind === 2) return [0, -1, 1.5, 1e15, 9007199254740993, -0, 1e300][pick(7)];
    if (kind < 5) return one(TEXTS).replace(/[\u0000\ud800]/g, '');
    if (kind === 5) return Array.from({ length: pick(4) }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: pick(5) }, () => [one(KEYS), value(depth + 1)]));
  };
  const clients = [];
  for (const who of ['boss', 'agent', 'admin', 'outsider']) clients.push(await login(s, who));
  const made = await clients[0].post('/apps/desk/forms/ticket/records', { title: '真的' });
  const id = made.body._id;
  const doc = (await clients[0].get('/openapi.json')).body;
  const admin = (await clients[2].get('/openapi.json')).body;
  const paths = { ...admin.paths, ...doc.paths };
  const operations = Object.entries(paths)
    .flatMap(([path, ops]) => Object.keys(ops).map((method) => ({ path, method: method.toUpperCase() })))
    .filter((o) => o.path !== '/events' && o.path !== '/test/clock' && !/backups|password|rollback|publish|session/.test(o.path));
  assert.ok(operations.length > 60, `${operations.length} operations`);

  const bad = [];
  for (let round = 0; round < 12; round++) {
    const batch = operations.map(async (o) => {
      const path = o.path.replace(/\{(\w+)\}/g, (_, name) =>
        encodeURIComponent(name === 'id' && pick(2) ? id : name === 'app' && pick(2) ? 'desk' : one(TEXTS).replace('\ud800', '') || 'x'),
      );
      const query = Array.from({ length: pick(4) }, () => one(QUERY))
        .filter((q, i, all) => all.indexOf(q) === i)
        .map((q) => `${q}=${encodeURIComponent(one(TEXTS).replace('\ud800', ''))}`)
        .join('&');
      const body = o.method === 'GET' ? undefined : pick(6) ? value() : one(TEXTS);
      const headers = pick(4) ? {} : { 'If-Match': one(['"1"', '"x"', '*', 'W/"1"']), 'Idempotency-Key': one(['a', 'b']) };
      const c = one(clients);
      try {
        const r = await call(s, o.method, `${path}${query && `?${query}`}`, {
          body,
          headers: { Cookie: c.cookie, 'X-CSRF-Token': c.csrf, ...headers },
        });
        if (r.status >= 500 && r.status !== 503) bad.push([r.status, o.method, path, query, JSON.stringify(body)?.slice(0, 300), r.body?.code]);
        if (r.status >= 400 && r.status !== 405) assert.equal(r.headers.get('content-type'), 'application/problem+json', `${o.method} ${path} ${r.status}`);
      } catch (e) {
        if (e.code === 'ERR_ASSERTION') throw e;
        bad.push(['no answer', o.method, path, query, JSON.stringify(body)?.slice(0, 300), String(e.cause ?? e)]);
      }
    });
    await Promise.all(batch);
  }
  assert.deepEqual(bad.slice(0, 10), []);
  assert.equal((await fetch(`${s.base}/readyz`)).status, 200);
  assert.equal((await clients[0].get(`/apps/desk/forms/ticket/records`)).status, 200);
  assert.equal((await clients[2].get('/admin/audit/verify')).body.ok, true);
});
