// What a create costs in µs, in batches of 200 in one transaction: without rollups, with five of them over a parent that
// has 100 and one that has 100,000 children; and sums of a million amounts to the cent.
//   node tests/bench/rollup.mjs [children=100000] [rows=1000000]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { login, serve, until } from '../http/lib.mjs';

const CHILDREN = Number(process.argv[2] ?? 100_000);
const ROWS = Number(process.argv[3] ?? 1_000_000);
const F = '/apps/sums/forms';

const fields = {
  plain: `  up: {type: link, title: 上级, form: free}
  amount: {type: number, title: 金额, scale: 2}`,
  child: `  up: {type: link, title: 上级, form: top}
  amount: {type: number, title: 金额, scale: 2}`,
  free: `  name: {type: text, title: 名称, unique: true}`,
  top: `  name: {type: text, title: 名称, unique: true}
  n: {type: rollup, title: 数, of: child.up, value: COUNT()}
  total: {type: rollup, title: 和, of: child.up, value: SUM(amount), scale: 2}
  mean: {type: rollup, title: 均, of: child.up, value: AVERAGE(amount), scale: 2}
  top: {type: rollup, title: 大, of: child.up, value: MAX(amount), scale: 2}
  low: {type: rollup, title: 小, of: child.up, value: MIN(amount), scale: 2}`,
  money: `  kind: {type: select, title: 类, options: [a, b, c, d]}
  up: {type: link, title: 上级, form: purse}
  amount: {type: number, title: 金额, scale: 2}`,
  purse: `  name: {type: text, title: 名称, unique: true}`,
};

function folder() {
  const dir = mkdtempSync(join(tmpdir(), 'mortise-bench-'));
  mkdirSync(join(dir, 'apps/sums/forms'), { recursive: true });
  writeFileSync(join(dir, 'apps/sums/app.yaml'), 'app: sums\ntitle: 和\nversion: "1"\nroles: {boss: 老板}\nmenu: [{form: child}]\n');
  for (const [form, text] of Object.entries(fields))
    writeFileSync(join(dir, 'apps/sums/forms', `${form}.yaml`), `form: ${form}\ntitle: ${form}\nfields:\n${text}\npermissions:\n  all: {role: boss, can: all}\n`);
  return dir;
}

const ended = [];
const t = { after: (f) => ended.push(f) };
const dir = folder();
const data = join(dir, 'data');
mkdirSync(data);
let s = await serve(t, { apps: join(dir, 'apps'), data });
let boss = await login(s, 'boss').catch((e) => { throw new Error(`${e.message}\n${s.text}`); });

async function load(form, header, count, line) {
  const chunk = 200_000;
  for (let from = 0; from < count; from += chunk) {
    const lines = Array.from({ length: Math.min(chunk, count - from) }, (_, i) => line(from + i));
    const body = new FormData();
    body.append('file', new Blob([`${header}\n${lines.join('\n')}\n`]), 'rows.csv');
    const r = await fetch(`${s.base}/api/v1${F}/${form}/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } });
    const { job } = await r.json();
    const j = await until(async () => {
      const x = (await boss.get(`/jobs/${job}`)).body;
      return ['done', 'failed'].includes(x.state) && x;
    }, 1_200_000);
    if (j.state !== 'done' || j.failed) throw new Error(JSON.stringify(j));
  }
}

async function make(form, values) {
  const r = await boss.post(`${F}/${form}/records`, values);
  if (r.status !== 201) throw new Error(JSON.stringify(r.body));
  return r.body._id;
}

/** µs a row: the median of nine batches of 200. */
async function cost(form, up) {
  const took = [];
  for (let k = 0; k < 9; k++) {
    const create = Array.from({ length: 200 }, (_, i) => ({ up, amount: ((i * 7919) % 100_000) / 100 }));
    const begin = performance.now();
    const r = await boss.post(`${F}/${form}/records/batch`, { create });
    if (r.status !== 200) throw new Error(JSON.stringify(r.body));
    took.push(((performance.now() - begin) * 1000) / 200);
  }
  return Math.round(took.sort((x, y) => x - y)[4]);
}

/** µs of one change of a row that holds the largest amount. */
async function lowered(up, n) {
  const took = [];
  for (let k = 0; k < n; k++) {
    const id = await make('child', { up, amount: 1_000_000 + k });
    const begin = performance.now();
    const r = await boss.patch(`${F}/child/records/${id}`, { amount: 1 }, { 'If-Match': '"1"' });
    if (r.status !== 200) throw new Error(JSON.stringify(r.body));
    took.push((performance.now() - begin) * 1000);
  }
  return Math.round(took.sort((x, y) => x - y)[Math.floor(n / 2)]);
}

const say = (what, figure) => console.log(`${what.padEnd(64)} ${figure}`);
const free = await make('free', { name: 'x' });
const few = await make('top', { name: 'few' });
const many = await make('top', { name: 'many' });
const line = (i) => ((i * 7919) % 10_000_000) / 100;
let begin = performance.now();
await load('child', 'up,amount', 100, (i) => `few,${line(i).toFixed(2)}`);
await load('child', 'up,amount', CHILDREN, (i) => `many,${line(i).toFixed(2)}`);
say(`import of ${CHILDREN} children with five rollups above them, µs a row`, Math.round(((performance.now() - begin) * 1000) / CHILDREN));
say('create without rollups, µs', await cost('plain', free));
say('create, five rollups, parent of 100 children, µs', await cost('child', few));
say(`create, five rollups, parent of ${CHILDREN} children, µs`, await cost('child', many));
say('the largest of 100 is lowered (request, fsync included), µs', await lowered(few, 9));
say(`the largest of ${CHILDREN} is lowered, µs`, await lowered(many, 9));

// a million rows straight into the table; the rollup over them comes with a publish, whose job fills it
for (let i = 0; i < 4; i++) await make('purse', { name: `p${i}` });
await s.stop();
const cents = (i) => ((i * 2_654_435_761) % 1_000_000_007) % 100_000_000;
const sql = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${ROWS})
INSERT INTO sums__money (_id, _version, _title, _created_at, _updated_at, kind, up, amount)
SELECT i + 1, 1, 'x', 0, 0, char(97 + i % 4), (SELECT _id FROM sums__purse WHERE name = 'p' || (i % 4)), i * 2654435761 % 1000000007 % 100000000 FROM n;`;
const loaded = spawnSync('sqlite3', [join(data, 'mortise.db')], { input: sql, encoding: 'utf8' });
if (loaded.status !== 0) throw new Error(loaded.stderr);
s = await serve(t, { apps: join(dir, 'apps'), data });
boss = await login(s, 'boss');
const admin = await login(s, 'admin');
const path = join(dir, 'apps/sums/forms/purse.yaml');
writeFileSync(path, readFileSync(path, 'utf8').replace('permissions:', '  total: {type: rollup, title: 和, of: money.up, value: SUM(amount), scale: 2}\npermissions:'));
const plan = (await admin.post('/admin/apps/sums/plan', {})).body;
begin = performance.now();
const published = await admin.post('/admin/apps/sums/publish', { plan_hash: plan.plan_hash });
if (published.status !== 200) throw new Error(JSON.stringify(published.body));
say(`publish of a rollup over ${ROWS} rows, ms`, (performance.now() - begin).toFixed(0));
if (published.body.job)
  await until(async () => (await admin.get(`/jobs/${published.body.job}`)).body.state === 'done', 120_000);
say('  and its job, ms', (performance.now() - begin).toFixed(0));
const want = [0n, 0n, 0n, 0n];
for (let i = 0; i < ROWS; i++) want[i % 4] += BigInt(cents(i));
const total = want.reduce((x, y) => x + y);
const exact = (text, key) => BigInt((/"code"/.test(text) ? fail(text) : new RegExp(`"${key.replace(/[()]/g, '\\$&')}":(-?[0-9.]+)`).exec(text))[1].replace('.', ''));
function fail(text) {
  throw new Error(text);
}
const ask = async (query) => {
  const r = await fetch(`${s.base}/api/v1${F}/${query}`, { headers: { Cookie: boss.cookie } });
  return r.text();
};
begin = performance.now();
const sum = exact(await ask(`money/aggregate?metrics=${encodeURIComponent('SUM(amount)')}`), 'SUM(amount)');
say(`SUM(amount) of ${ROWS}, ms`, (performance.now() - begin).toFixed(0));
say('  to the cent', sum === total ? `${sum} = ${total}` : `WRONG ${sum}, not ${total}`);
const groups = await ask(`money/aggregate?group=kind&sort=kind&metrics=${encodeURIComponent('SUM(amount)')}`);
const parts = [...groups.matchAll(/"SUM\(amount\)":(-?[0-9.]+)/g)].map((m) => BigInt(m[1].replace('.', '')));
say('  by group', parts.every((x, i) => x === want[i]) ? 'equal' : `WRONG ${parts} ${want}`);
const purses = await ask('purse/records?sort=name');
const rolled = [...purses.matchAll(/"total":(-?[0-9.]+)/g)].map((m) => BigInt(m[1].replace('.', ''))).slice(0, 4);
say('  by rollup', rolled.every((x, i) => x === want[i]) && rolled.length === 4 ? 'equal' : `WRONG ${rolled} ${want}`);
for (const f of ended.reverse()) await f();
rmSync(dir, { recursive: true, force: true });
process.exitCode = sum === total && parts.every((x, i) => x === want[i]) && rolled.every((x, i) => x === want[i]) ? 0 : 1;
