// What the HTTP tests share: the real binary on a free port with a throw-away data folder, clients with a session, raw
// sockets for what a well-behaved client cannot send.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary =
  process.env.MORTISE_BIN ??
  ['release', 'debug', 'asan'].map((v) => join(root, 'build', v, 'mortise')).find((p) => existsSync(p));
export const skip = binary ? false : 'skipped: mortise is not built';
export const PASSWORD = 'correct-horse-9';

export function folder() {
  return mkdtempSync(join(tmpdir(), 'mortise-http-'));
}

/**
 * `--store` of a data folder when the suite runs on PostgreSQL (MORTISE_TEST_PG: a throw-away database): a schema of its
 * own. Nothing on SQLite.
 */
export function store(data) {
  const base = process.env.MORTISE_TEST_PG;
  if (!base || !data) return [];
  const schema = `h${createHash('sha256').update(resolve(data)).digest('hex').slice(0, 24)}`;
  return ['--store', `${base}${base.includes('?') ? '&' : '?'}schema=${schema}`];
}
export const onPg = !!process.env.MORTISE_TEST_PG;

/** The binary with arguments; on PostgreSQL a command that names a data folder gets that folder's store too. */
export function run(list, options = {}) {
  const at = list.indexOf('--data');
  const args = at > 0 && !list.includes('--store') ? [...list, ...store(list[at + 1])] : list;
  const r = spawnSync(binary, args, { encoding: 'utf8', timeout: 60_000, ...options });
  return { code: r.status, out: r.stdout ?? '', err: r.stderr ?? '' };
}

/**
 * Starts a server. options: apps (a folder of them), args (more arguments), demo (default true), data (folder, kept by the caller),
 * own (a copy of the apps of its own, to be changed), apps (another folder of apps). Ends with the test `t`.
 */
export async function serve(t, options = {}) {
  const data = options.data ?? folder();
  let apps = options.apps ?? join(root, 'tests/http/apps');
  if (options.own) {
    apps = join(folder(), 'apps');
    cpSync(options.apps ?? join(root, 'tests/http/apps'), apps, { recursive: true });
    t.after(() => rmSync(dirname(apps), { recursive: true, force: true }));
  }
  const args = ['serve', '--listen', '127.0.0.1:0', '--apps', apps, '--data', data, ...(options.args?.includes('--store') ? [] : store(data)), ...(options.args ?? [])];
  if (options.demo !== false) args.push('--demo');
  const child = spawn(binary, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MORTISE_DEMO_PASSWORD: PASSWORD, ...(options.env ?? {}) },
  });
  const s = { child, data, apps, text: '', code: undefined };
  s.exited = new Promise((done) => child.on('exit', (code, signal) => done((s.code = code ?? signal))));
  s.base = await new Promise((ok, fail) => {
    const timer = setTimeout(() => fail(new Error(`no address after 20 s: ${s.text}`)), 20_000);
    const read = (chunk) => {
      s.text += chunk;
      const m = /https?:\/\/127\.0\.0\.1:\d+/.exec(s.text);
      if (!m) return;
      clearTimeout(timer);
      ok(m[0]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => fail(new Error(`serve ended with ${code}: ${s.text}`)));
  });
  s.port = Number(new URL(s.base).port);
  s.stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 12_000);
    const code = await s.exited;
    clearTimeout(late);
    return code;
  };
  t.after(async () => {
    const code = await s.stop();
    if (!options.data) for (const d of [data, `${data}.keys`]) rmSync(d, { recursive: true, force: true });
    if (/AddressSanitizer|runtime error/.test(s.text)) throw new Error(s.text);
    if (code !== 0 && !options.mayFail && !s.mayFail) throw new Error(`serve ended with ${code}: ${s.text.slice(-2000)}`);
  });
  return s;
}

/** One request: {status, body (parsed JSON, or text), headers}. */
export async function call(s, method, path, { body, headers = {}, raw } = {}) {
  const h = { ...headers };
  if (body !== undefined) h['Content-Type'] ??= 'application/json';
  const r = await fetch(s.base + (path.startsWith('/api') || !path.startsWith('/') ? path : `/api/v1${path}`), {
    method,
    headers: h,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    redirect: 'manual',
  });
  const text = await r.text();
  const json = /json/.test(r.headers.get('content-type') ?? '');
  return { status: r.status, body: json && text ? JSON.parse(text) : text, headers: r.headers };
}

/** Logs in and answers a client with get, post, put, patch, del. */
export async function login(s, name, password = PASSWORD) {
  const r = await call(s, 'POST', '/session', { body: { login: name, password } });
  if (r.status !== 200) throw new Error(`login as ${name}: ${r.status} ${JSON.stringify(r.body)}`);
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const as = (method) => (path, body, headers = {}) =>
    call(s, method, path, { body, headers: { Cookie: cookie, 'X-CSRF-Token': r.body.csrf, ...headers } });
  return {
    me: r.body.me,
    csrf: r.body.csrf,
    cookie,
    get: (path, headers) => as('GET')(path, undefined, headers),
    post: as('POST'),
    put: as('PUT'),
    patch: as('PATCH'),
    del: (path, headers, body) => as('DELETE')(path, body, headers),
    raw: (method, path, raw, headers = {}) =>
      call(s, method, path, { raw, headers: { Cookie: cookie, 'X-CSRF-Token': r.body.csrf, ...headers } }),
  };
}

/** Sends bytes, answers all that comes back until the server closes or `ms` pass. */
export function wire(s, text, { ms = 3000, parts } = {}) {
  return new Promise((done) => {
    const chunks = [];
    const socket = net.connect(s.port, '127.0.0.1');
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      done(Buffer.concat(chunks).toString('utf8'));
    };
    const timer = setTimeout(end, ms);
    socket.on('data', (d) => chunks.push(d));
    socket.on('close', end);
    socket.on('error', end);
    socket.on('connect', async () => {
      for (const p of parts ?? [text]) {
        if (typeof p === 'number') await new Promise((r) => setTimeout(r, p));
        else if (!socket.destroyed) socket.write(p);
      }
    });
  });
}

/** Status codes of the answers in a raw text. */
export function statuses(text) {
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((m) => Number(m[1]));
}

/** Waits until fn answers something truthy. */
export async function until(fn, ms = 10_000) {
  for (const end = Date.now() + ms; ; ) {
    const v = await fn();
    if (v) return v;
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** Reads an event stream: {events, next(pred), close()}. */
export async function events(s, client, headers = {}) {
  const stop = new AbortController();
  const r = await fetch(`${s.base}/api/v1/events`, { headers: { Cookie: client.cookie, ...headers }, signal: stop.signal });
  const seen = [];
  let ended = false;
  (async () => {
    let text = '';
    try {
      for await (const chunk of r.body) {
        text += Buffer.from(chunk).toString('utf8');
        for (let at; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2)) {
          const lines = Object.fromEntries(
            text.slice(0, at).split('\n').map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1).trim()]),
          );
          if (lines.data) seen.push({ id: lines.id, event: lines.event, data: JSON.parse(lines.data) });
        }
      }
    } catch {
      /* closed by us */
    }
    ended = true;
  })();
  return {
    status: r.status,
    seen,
    ended: () => ended,
    next: (pred, ms) => until(() => seen.find(pred), ms),
    close: () => stop.abort(),
  };
}
