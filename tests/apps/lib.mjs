// What the app tests share: the binary, throw-away folders, a server on a free port, one session.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The program: $MORTISE_BIN, else the newest kind of build there is. */
export const binary =
  process.env.MORTISE_BIN ??
  ['release', 'debug', 'asan'].map((v) => join(root, 'build', v, 'mortise')).find((p) => existsSync(p));

/** Folder of the public data sets, or null: they are no part of this repository. */
export const data = [process.env.MORTISE_DATA, join(root, '../shared/data')].find((p) => p && existsSync(p)) ?? null;

export function run(args, options = {}) {
  const r = spawnSync(binary, args, { encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 26, ...options });
  return { code: r.status, out: r.stdout ?? '', err: r.stderr ?? '' };
}

/** The same without stopping this process, for commands beside a running server. */
export function start(args, options = {}) {
  return new Promise((done) => {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    let err = '';
    child.stdout.on('data', (c) => (out += c));
    child.stderr.on('data', (c) => (err += c));
    child.on('close', (code) => done({ code, out, err }));
  });
}

export function folder(t) {
  const dir = mkdtempSync(join(tmpdir(), 'mortise-apps-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts a server on a port the kernel chooses; stops it when the test ends. */
export async function serve(t, args) {
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const base = await new Promise((ok, fail) => {
    const timer = setTimeout(() => fail(new Error(`no address after 20 s: ${text}`)), 20_000);
    const read = (chunk) => {
      text += chunk;
      const m = /https?:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (m) {
        clearTimeout(timer);
        ok(m[0]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => fail(new Error(`serve ended with ${code}: ${text}`)));
  });
  t.after(
    () =>
      new Promise((done) => {
        child.removeAllListeners('exit');
        child.on('exit', done);
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
      }),
  );
  return base;
}

/** A logged-in client: get(path), post(path, body) with answers as {status, body}. */
export async function login(base, name, password) {
  const r = await fetch(`${base}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ login: name, password }),
  });
  if (!r.ok) throw new Error(`login as ${name}: ${r.status} ${await r.text()}`);
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const { csrf } = await r.json();
  const call = async (method, path, body, more = {}) => {
    const headers = { Cookie: cookie, 'X-CSRF-Token': csrf, ...more };
    if (body !== undefined && !(body instanceof FormData)) headers['Content-Type'] = 'application/json';
    const a = await fetch(`${base}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
    });
    const text = await a.text();
    return { status: a.status, body: text ? JSON.parse(text) : null, headers: a.headers };
  };
  return {
    get: (path, more) => call('GET', path, undefined, more),
    post: (path, body, more) => call('POST', path, body, more),
    patch: (path, body, more) => call('PATCH', path, body, more),
  };
}
