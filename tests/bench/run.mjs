/*
 * Lines beside their floor, in one run:  node tests/bench/run.mjs [--rows N] [--seconds S]
 * The floor is tests/bench/floor.c on a copy of the same database.  Ratios are what to compare: machines are noisy.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const option = (name, otherwise) => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? otherwise : Number(process.argv[i + 1]);
};
const ROWS = option('rows', 100_000);
const SECONDS = option('seconds', 5);
const bin = resolve(process.env.MORTISE_BIN ?? 'build/release/mortise');
const floorBin = resolve(process.env.MORTISE_FLOOR ?? 'build/release/tests/bench/floor');
const apps = resolve('tests/bench/apps');
const dir = mkdtempSync(join(tmpdir(), 'mortise-bench-'));
const data = join(dir, 'data');
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const results = [];

function serve(folder, extra = []) {
  const child = spawn(bin, ['serve', '--apps', apps, '--data', folder, '--listen', '127.0.0.1:0', ...extra], {
    env: { ...process.env, MORTISE_DEMO_PASSWORD: 'bench-pass-2026' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((done, fail) => {
    let text = '';
    const started = process.hrtime.bigint();
    const look = (chunk) => {
      text += chunk;
      const at = text.match(/http:\/\/127\.0\.0\.1:(\d+)/);
      if (at) done({ child, url: at[0], ms: Number(process.hrtime.bigint() - started) / 1e6 });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('exit', (code) => fail(new Error(`server ended ${code}: ${text.slice(-2000)}`)));
  });
}

async function stop(server) {
  server.child.removeAllListeners('exit');
  const ended = new Promise((r) => server.child.once('exit', r));
  server.child.kill('SIGTERM');
  await ended;
}

async function token(url, login) {
  const s = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ login, password: 'bench-pass-2026' }),
  });
  if (!s.ok) throw new Error(`log-in of ${login}: ${s.status} ${await s.text()}`);
  const cookie = s.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const { csrf } = await s.json();
  const t = await fetch(`${url}/api/v1/me/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Cookie: cookie, 'X-CSRF-Token': csrf },
    body: JSON.stringify({ title: 'bench', scopes: ['read', 'write'] }),
  });
  if (!t.ok) throw new Error(`token: ${t.status} ${await t.text()}`);
  return (await t.json()).token;
}

/** Requests a second and the p99 in ms of one address, by wrk. */
async function load(address, connections, { bearer, body } = {}) {
  const script = join(dir, 'wrk.lua');
  writeFileSync(
    script,
    `${bearer ? `wrk.headers["Authorization"] = "Bearer ${bearer}"\n` : ''}${
      body ? `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${body}]==]\n` : ''
    }`,
  );
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${SECONDS}s`, '--latency', '-s', script, address]);
  const rate = Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]);
  const [, n, unit] = stdout.match(/99%\s+([\d.]+)(us|ms|s)/);
  const bad = stdout.match(/Non-2xx or 3xx responses: (\d+)/);
  if (bad) throw new Error(`${address}: ${bad[1]} answers were not 2xx`);
  return { rate, p99: Number(n) * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

function line(name, value, floor, note = '') {
  results.push({ name, value, floor });
  console.log(`${name.padEnd(34)} ${value.padEnd(34)} ${floor.padEnd(34)} ${note}`);
}
const shown = (r) => `${Math.round(r.rate)}/s p99 ${r.p99.toFixed(1)} ms`;

async function compare(name, address, options, floorAddress, connections) {
  const ours = [];
  const floors = [];
  for (let i = 0; i < 3; i++) {
    ours.push(await load(address, connections, options));
    floors.push(await load(floorAddress, connections, options.body ? { body: options.body } : {}));
  }
  const middle = (list) => list.find((r) => r.rate === median(list.map((x) => x.rate)));
  const a = middle(ours);
  const b = middle(floors);
  line(name, shown(a), shown(b), `${(b.rate / a.rate).toFixed(2)} x floor`);
}

/** Milliseconds of n requests, one after the other: {p50, p95}. */
async function times(address, bearer, n) {
  const list = [];
  for (let i = 0; i < n; i++) {
    const began = performance.now();
    const r = await fetch(address, { headers: bearer ? { Authorization: `Bearer ${bearer}` } : {} });
    await r.arrayBuffer();
    if (r.status !== 200) throw new Error(`${address}: ${r.status}`);
    list.push(performance.now() - began);
  }
  list.sort((a, b) => a - b);
  return { p50: list[n >> 1], p95: list[Math.floor(n * 0.95)] };
}
const ms = (t) => `p50 ${t.p50.toFixed(2)} ms p95 ${t.p95.toFixed(2)} ms`;

/** One connection: what a person waits for. Three turns each, the middle one counts. */
async function wait(name, address, bearer, floorAddress, n = 200) {
  const ours = [];
  const floors = [];
  for (let i = 0; i < 3; i++) {
    ours.push(await times(address, bearer, n));
    floors.push(await times(floorAddress, '', n));
  }
  const middle = (list) => list.find((t) => t.p50 === median(list.map((x) => x.p50)));
  line(name, ms(middle(ours)), ms(middle(floors)), `${(middle(ours).p50 / middle(floors).p50).toFixed(2)} x floor (p50)`);
  return middle(ours);
}

/** Indexes that were left for later, and the search index, are there when a search is answered from it. */
async function settled(db) {
  for (let i = 0; i < 600; i++) {
    const left = execFileSync('sqlite3', [db, "SELECT COUNT(*) FROM _search WHERE upto < 9223372036854775807"]).toString().trim();
    if (left === '0') return;
    await new Promise((r) => setTimeout(r, 500));
  }
  throw new Error('the search index is not filled after 5 minutes');
}

const CITIES = ['北京', '上海', '深圳', '广州', '杭州', '成都'];

function rowsCsv() {
  const regions = ['north', 'south', 'east', 'west'];
  const out = ['name,region,status,qty,price,by'];
  for (let i = 0; i < ROWS; i++)
    out.push(`${CITIES[i % 6]}${String.fromCodePoint(0x4e00 + ((i * 7919) % 3000), 0x4e00 + ((i * 104729) % 3000))}${i % 3 ? '科技' : '贸易'}有限公司 ${i},${regions[i % 4]},${i % 3 ? 'new' : 'done'},${1 + (i % 9)},${(i % 500) + 0.5},${i % 10 ? 'other' : 'rep'}`);
  const file = join(dir, 'rows.csv');
  writeFileSync(file, `${out.join('\n')}\n`);
  return file;
}

function rss(pid) {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
}

async function main() {
  mkdirSync(data);
  console.log(`${'benchmark'.padEnd(34)} ${'mortise'.padEnd(34)} ${'floor'.padEnd(34)} ratio (floor rate / ours)`);
  let server = await serve(data, ['--demo']);
  await stop(server);

  const csv = rowsCsv();
  const began = Date.now();
  execFileSync(bin, ['import', 'bench/item', csv, '--data', data, '--apps', apps, '--as', 'boss'], { stdio: 'ignore' });
  const seconds = (Date.now() - began) / 1000;
  const floorBegan = Date.now();
  execFileSync('sqlite3', [':memory:', '.mode csv', `.import ${csv} item`, 'SELECT COUNT(*) FROM item;'], { stdio: 'ignore' });
  const floorSeconds = (Date.now() - floorBegan) / 1000;
  line(`import of ${ROWS} rows`, `${Math.round(ROWS / seconds)} rows/s`, `${Math.round(ROWS / floorSeconds)} rows/s`, `${(seconds / floorSeconds).toFixed(1)} x floor (sqlite3 .import, no hook, no history)`);

  server = await serve(data, ['--demo']);
  cpSync(data, join(dir, 'copy'), { recursive: true, filter: (file) => !file.endsWith('.sock') });
  const boss = await token(server.url, 'boss');
  const rep = await token(server.url, 'rep');
  const db = join(dir, 'copy', 'mortise.db');
  const port = 20000 + (process.pid % 20000);
  const floor = spawn(floorBin, [db, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((r) => floor.stdout.once('data', r));
  const base = `${server.url}/api/v1/apps/bench/forms/item/records`;
  const bare = `http://127.0.0.1:${port}`;
  const first = await (await fetch(`${base}?limit=1`, { headers: { Authorization: `Bearer ${boss}` } })).json();
  const oneId = first.records[0]._id;
  const raw = execFileSync('sqlite3', [db, 'SELECT MAX(_id) FROM bench__item']).toString().trim();

  const body = JSON.stringify({ name: '新条目', region: 'east', qty: 3, price: 12.5 });
  const filter = encodeURIComponent('region = "east" AND status = "new"');
  await compare('read one, 64 connections', `${base}/${oneId}`, { bearer: boss }, `${bare}/one?id=${raw}`, 64);
  await compare(`list of 50 at ${ROWS}, admin`, `${base}?filter=${filter}&sort=-_id`, { bearer: boss }, `${bare}/list`, 16);
  await compare(`list of 50 at ${ROWS}, member`, `${base}?filter=${filter}&sort=-_id`, { bearer: rep }, `${bare}/member`, 16);
  const list = `${base}?filter=${filter}&sort=-_id`;
  await settled(join(data, 'mortise.db'));
  const admin = await wait(`list of 50, 1 connection, admin`, list, boss, `${bare}/list`);
  const member = await wait(`list of 50, 1 connection, member`, list, rep, `${bare}/member`);
  line('member beside admin', ms(member), ms(admin), `${(member.p50 / admin.p50).toFixed(2)} x admin (p50)`);
  const sums = `${server.url}/api/v1/apps/bench/forms/item/aggregate?group=region&metrics=${encodeURIComponent('COUNT(),SUM(amount)')}`;
  const ways = {};
  for (const way of ['sorter', 'covering', 'scan']) ways[way] = await times(`${bare}/${way}`, '', 7);
  const best = Object.entries(ways).sort((a, b) => a[1].p50 - b[1].p50)[0];
  const ours = await times(sums, boss, 7);
  line('aggregate by region', ms(ours), ms(best[1]), `${(ours.p50 / best[1].p50).toFixed(2)} x ${best[0]} (${Object.entries(ways).map(([k, t]) => `${k} ${t.p50.toFixed(0)} ms`).join(', ')})`);
  for (const word of ['北京', '科技', '限公', '京一', '丁万']) line(`search ${word}`, ms(await times(`${base}?search=${encodeURIComponent(word)}`, boss, 100)), '-', 'p95 within 10 ms');
  const page = async (skip) => {
    const at = execFileSync('sqlite3', [db, `SELECT _id FROM bench__item ORDER BY _id DESC LIMIT 1 OFFSET ${skip}`]).toString().trim();
    let after = '';
    if (skip) {
      const r = await (await fetch(`${base}?limit=50&page=${Math.floor(skip / 50)}&count=none`, { headers: { Authorization: `Bearer ${boss}` } })).json();
      after = `&after=${encodeURIComponent(r.next)}`;
    }
    return { at, ...(await times(`${base}?limit=50&count=none${after}`, boss, 100)) };
  };
  const pages = [];
  for (const skip of [0, 10_000, 100_000, ROWS - 1000].filter((n) => n < ROWS)) pages.push([skip, await page(skip)]);
  line('keyset pages', pages.map(([n, t]) => `${n}: ${t.p50.toFixed(2)}`).join('  '), '-', 'p50 ms of the page behind so many rows');
  await compare('create with hook, 64 connections', base, { bearer: boss, body }, `${bare}/create`, 64);
  floor.kill('SIGTERM');
  await stop(server);

  const starts = [];
  for (let i = 0; i < 5; i++) {
    server = await serve(data);
    starts.push(server.ms);
    if (i < 4) await stop(server);
  }
  await new Promise((r) => setTimeout(r, 500));
  line('cold start', `${median(starts).toFixed(0)} ms`, '-', 'median of 5, until the address is printed');
  line('idle memory', `${rss(server.child.pid).toFixed(1)} MB`, '-', 'resident');
  await stop(server);
  mkdirSync('build', { recursive: true });
  writeFileSync('build/bench.json', JSON.stringify(results, null, 2));
}

main()
  .catch((e) => {
    console.error(e);
    process.exitCode = 1;
  })
  .finally(() => rmSync(dir, { recursive: true, force: true }));
