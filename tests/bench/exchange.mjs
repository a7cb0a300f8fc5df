// Import and export at size: rows a second, and what the server's memory peaks at while it runs (VmHWM, reset before each
// step; RssAnon beside it, as pages of mapped files are the kernel's to take back), for files of several sizes.
//   node tests/bench/exchange.mjs [rows=10000,100000] [kinds=csv,xlsx] [form=plain]
// forms: plain (eight fields of their own), tied (a unique number, a link by title, a rollup above).
// On PostgreSQL: tests/pg.sh node tests/bench/exchange.mjs …
import { createWriteStream, mkdirSync, mkdtempSync, openAsBlob, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { login, onPg, serve, until } from '../http/lib.mjs';

const SIZES = (process.argv[2] ?? '10000,100000').split(',').map(Number);
const KINDS = (process.argv[3] ?? 'csv,xlsx').split(',');
const FORM = process.argv[4] ?? 'plain';
const F = '/apps/goods/forms';

const forms = {
  plain: `  no: {type: text, title: 编号}
  name: {type: text, title: 名称}
  kind: {type: select, title: 类别, options: {a: 甲, b: 乙, c: 丙}}
  price: {type: number, title: 单价, scale: 2}
  qty: {type: number, title: 数量}
  made: {type: date, title: 生产日期}
  ok: {type: boolean, title: 合格}
  note: {type: textarea, title: 备注}`,
  tied: `  no: {type: text, title: 编号, unique: true}
  maker: {type: link, title: 厂家, form: maker}
  name: {type: text, title: 名称, required: true, max: 60, search: true}
  kind: {type: select, title: 类别, options: {a: 甲, b: 乙, c: 丙}}
  price: {type: number, title: 单价, scale: 2, min: 0}
  qty: {type: number, title: 数量}
  amount: {type: formula, title: 金额, value: price * qty, scale: 2}
  made: {type: date, title: 生产日期}`,
  maker: `  name: {type: text, title: 名称, unique: true}
  n: {type: rollup, title: 数, of: tied.maker, value: COUNT()}
  total: {type: rollup, title: 和, of: tied.maker, value: SUM(amount), scale: 2}`,
};

const header = { plain: '编号,名称,类别,单价,数量,生产日期,合格,备注', tied: '编号,厂家,名称,类别,单价,数量,生产日期' };
const day = (i) => `20${10 + (i % 16)}-${String(1 + (i % 12)).padStart(2, '0')}-${String(1 + (i % 28)).padStart(2, '0')}`;
const row = {
  plain: (i) => [`P${String(i).padStart(7, '0')}`, `螺栓 M${i % 40} 第${i}号`, ['甲', '乙', '丙'][i % 3], (i % 9973) / 100, i % 100, day(i), i % 7 ? '是' : '否', i % 4 ? '' : `备注 ${i}, 含 "引号"`],
  tied: (i) => [`P${String(i).padStart(7, '0')}`, `厂家${i % 200}`, `螺栓 M${i % 40} 第${i}号`, ['甲', '乙', '丙'][i % 3], (i % 9973) / 100, i % 100, day(i)],
};

const dir = mkdtempSync(join(tmpdir(), 'mortise-bench-'));
const ended = [];
const t = { after: (f) => ended.push(f) };

function apps() {
  mkdirSync(join(dir, 'apps/goods/forms'), { recursive: true });
  writeFileSync(join(dir, 'apps/goods/app.yaml'), 'app: goods\ntitle: 货物\nversion: "1"\nroles: {boss: 老板}\nmenu: [{form: plain}]\n');
  for (const [form, text] of Object.entries(forms))
    writeFileSync(join(dir, 'apps/goods/forms', `${form}.yaml`), `form: ${form}\ntitle: ${form}\nfields:\n${text}\npermissions:\n  all: {role: boss, can: all}\n`);
  return join(dir, 'apps');
}

const cell = (v) => (/[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
async function csv(n, from) {
  const path = join(dir, `in-${n}.csv`);
  const out = createWriteStream(path);
  out.write(`${header[FORM]}\n`);
  for (let i = 0; i < n; i += 1000) {
    const lines = Array.from({ length: Math.min(1000, n - i) }, (_, k) => row[FORM](from + i + k).map(cell).join(','));
    if (!out.write(`${lines.join('\n')}\n`)) await new Promise((ok) => out.once('drain', ok));
  }
  await new Promise((ok) => out.end(ok));
  return path;
}

function memory(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kb = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)[1]);
  return { peak: kb('VmHWM') / 1024, anon: kb('RssAnon') / 1024 };
}
/** Seconds of processor time that the server has had. */
const cpu = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).reduce((n, x) => n + Number(x) / 100, 0);
const forget = (pid) => writeFileSync(`/proc/${pid}/clear_refs`, '5');

async function measured(s, what, n, run) {
  forget(s.child.pid);
  let anon = 0;
  const look = setInterval(() => (anon = Math.max(anon, memory(s.child.pid).anon)), 50);
  const from = performance.now();
  const worked = cpu(s.child.pid);
  const more = await run();
  const secs = (performance.now() - from) / 1000;
  clearInterval(look);
  const m = memory(s.child.pid);
  console.log(`${what.padEnd(20)} ${String(n).padStart(7)} rows ${secs.toFixed(1).padStart(7)} s ${Math.round(n / secs).toString().padStart(7)} rows/s   cpu ${((1e6 * (cpu(s.child.pid) - worked)) / n).toFixed(0).padStart(4)} us/row   VmHWM ${m.peak.toFixed(0).padStart(4)} MB   anon ${anon.toFixed(0).padStart(4)} MB   ${more}`);
}

async function load(s, boss, path, kind, extra = {}) {
  const body = new FormData();
  for (const [k, v] of Object.entries(extra)) body.append(k, v);
  body.append('file', await openAsBlob(path), `rows.${kind}`);
  const r = await fetch(`${s.base}/api/v1${F}/${FORM}/import`, { method: 'POST', body, headers: { Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf } });
  const answer = await r.json();
  if (r.status !== 202) throw new Error(JSON.stringify(answer));
  const j = await until(async () => {
    const x = (await boss.get(`/jobs/${answer.job}`)).body;
    return ['done', 'failed'].includes(x.state) && x;
  }, 3_600_000);
  if (j.state === 'failed') throw new Error(JSON.stringify(j));
  return `created ${j.created} updated ${j.updated} failed ${j.failed}${j.errors ? ` ${JSON.stringify(j.errors[0])}` : ''}`;
}

async function save(s, boss, format, path) {
  const r = await fetch(`${s.base}/api/v1${F}/${FORM}/export`, {
    method: 'POST', body: JSON.stringify({ format, for: 'people' }),
    headers: { 'Content-Type': 'application/json', Cookie: boss.cookie, 'X-CSRF-Token': boss.csrf },
  });
  if (r.status !== 200) throw new Error(await r.text());
  const out = createWriteStream(path);
  for await (const chunk of r.body) if (!out.write(chunk)) await new Promise((ok) => out.once('drain', ok));
  await new Promise((ok) => out.end(ok));
  return `${(statSync(path).size / 1e6).toFixed(1)} MB`;
}

try {
  console.log(`${onPg ? 'PostgreSQL' : 'SQLite'}, form ${FORM}`);
  const root = apps();
  for (const n of SIZES) {
    const data = join(dir, `data-${n}`);
    mkdirSync(data);
    const s = await serve(t, { apps: root, data });
    const boss = await login(s, 'boss');
    for (let i = 0; FORM === 'tied' && i < 200; i += 100)
      await boss.post(`${F}/maker/records/batch`, { create: Array.from({ length: 100 }, (_, k) => ({ name: `厂家${i + k}` })) });
    const file = await csv(n, 0);
    await measured(s, 'dry run of csv', n, () => load(s, boss, file, 'csv', { dry_run: 'true' }));
    await measured(s, 'import of csv', n, () => load(s, boss, file, 'csv'));
    for (const kind of KINDS) await measured(s, `export of ${kind}`, n, () => save(s, boss, kind, join(dir, `out-${n}.${kind}`)));
    if (KINDS.includes('xlsx')) {
      if (FORM === 'plain') await measured(s, 'import of xlsx', n, () => load(s, boss, join(dir, `out-${n}.xlsx`), 'xlsx'));
      else await measured(s, 'update by xlsx', n, () => load(s, boss, join(dir, `out-${n}.xlsx`), 'xlsx', { mode: 'update', key: '编号', mapping: '金额=' }));
    }
    await s.stop();
    rmSync(data, { recursive: true, force: true });
  }
} finally {
  for (const f of ended) await f();
  rmSync(dir, { recursive: true, force: true });
}
