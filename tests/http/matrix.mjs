// The rights matrix: from any app's definition, two databases that differ only in what a role may not see (hidden values,
// invisible rows), and every way of reading asked of both. Any difference in any answer is a leak.
//
// The data come from the form as an all-seeing role sees it, so a new field type, view or route of the app is in the matrix
// by itself. What the contract says is told to everybody is left out by name: fields that conditions of the definition read
// (visible, when, where …) and inputs of rollups, which are one number for everybody.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { absence, askOther, fileProbes, moreProbes } from './matrix_more.mjs';
import { upload } from './files.mjs';
import { call, events, folder, login, onPg, run, serve, store } from './lib.mjs';

export const SEER = 'zz_seer';
const CLOCK = '2026-11-24T08:00:00Z'; // the past; the two sides part at SPLIT and are asked at ASKED
const SPLIT = '2026-11-24T09:00:00Z';
const ASKED = '2026-11-24T11:00:00Z';
const WORDS = ['榫卯', '北京', '木作', '渠道', '张三', '李四', '上海', '报价', 'acme', '2026', 'x7'];

/* ---- chance, the same every time ---- */

export function chance(seed) {
  let s = [...String(seed)].reduce((h, c) => (Math.imul(h, 31) + c.codePointAt(0)) | 0, 7) >>> 0;
  const next = () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, int: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)], yes: (p) => next() < p };
}

/* ---- the app, with a role that sees everything ---- */

function files(dir, out = []) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) files(path, out);
    else out.push(path);
  }
  return out;
}

/** Copies apps/<key> into a folder of its own and adds the seeing role to its text. Answers what must not be changed. */
export function prepareApp(from, key, { text } = {}) {
  const apps = join(folder(), 'apps');
  const dir = join(apps, key);
  if (from) cpSync(join(from, key), dir, { recursive: true });
  for (const [path, body] of Object.entries(text ?? {})) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), body);
  }
  const told = new Set();
  const rolled = new Set();
  const views = new Set();
  for (const path of files(dir).filter((p) => p.endsWith('.yaml'))) {
    let body = readFileSync(path, 'utf8');
    if (path.endsWith('/app.yaml') && path === join(dir, 'app.yaml')) body = body.replace(/^roles:.*$/m, (m) => (/\{/.test(m) ? m.replace('{', `{${SEER}: 看全, `) : `${m}\n  ${SEER}: 看全`));
    if (/\/forms\/[^/]+\.yaml$/.test(path)) {
      const sensitive = [...body.matchAll(/^ {2}(\w+):[^\n]*sensitive:/gm)].map((m) => `${m[1]}: write`);
      body = body.replace(/^permissions:.*$/m, (m) => `${m}\n  ${SEER}: {role: ${SEER}, can: all, fields: {${sensitive.join(', ')}}}`);
      for (const line of body.split('\n')) {
        const view = /^ {2}(\w+):.*type: (?:grid|kanban|calendar|gantt|gallery|tree|list)\b.*where:/.exec(line);
        if (view) views.add(view[1]); /* sees every field, the contract says */
        for (const m of view ? [] : line.matchAll(/(?:visible|readonly|when|where|ensure|restrict|check)\s*:\s*('[^']*'|"[^"]*"|[^,}]*)/g))
          for (const w of m[1].matchAll(/[a-z_][a-z0-9_]*/g)) told.add(w[0]);
      }
      for (const m of body.matchAll(/^ {2}(\w+):[^\n]*unique: true/gm)) told.add(m[1]); /* one's value is taken, whoever has it */
      for (const m of body.matchAll(/type: rollup[^\n]*/g)) {
        for (const w of m[0].matchAll(/[a-z_][a-z0-9_]*/g)) told.add(w[0]);
        rolled.add(/of: (\w+)/.exec(m[0])?.[1]);
      }
    }
    writeFileSync(path, body);
  }
  return { apps, key, told, rolled, views, remove: () => rmSync(join(apps, '..'), { recursive: true, force: true }) };
}

/* ---- values ---- */

function number(f, c) {
  const low = f.min ?? 1;
  const high = Math.min(f.max ?? low + 500, low + 500);
  const scale = Math.min(f.scale ?? 2, 4);
  const v = low + c.next() * (high - low);
  return Number(v.toFixed(f.type === 'rating' ? 0 : scale));
}

const two = (n) => String(n).padStart(2, '0');
const MAKE = {
  text: (f, c) => `${c.pick(WORDS)}${c.pick(WORDS)}${c.int(900)}`.slice(0, f.max_length ?? 40),
  textarea: (f, c) => `${c.pick(WORDS)}，${c.pick(WORDS)}${c.int(900)}`,
  richtext: (f, c) => `<p>${c.pick(WORDS)}${c.int(900)}</p>`,
  number, percent: number, rating: (f, c) => 1 + c.int(f.max ?? 5),
  date: (f, c) => `2026-${two(1 + c.int(12))}-${two(1 + c.int(28))}`,
  datetime: (f, c) => `2026-${two(1 + c.int(12))}-${two(1 + c.int(28))}T${two(c.int(24))}:00:00Z`,
  time: (f, c) => `${two(c.int(24))}:${two(c.int(60))}`,
  boolean: (f, c) => c.yes(0.5),
  select: (f, c) => c.pick((f.options ?? []).filter((o) => !o.disabled))?.key,
  multiselect: (f, c) => [c.pick(f.options ?? [])?.key].filter(Boolean),
  phone: (f, c) => `138${String(10000000 + c.int(89999999))}`,
  email: (f, c) => `u${c.int(1e6)}@example.com`,
  url: (f, c) => `https://example.com/${c.int(1e6)}`,
  link: (f, c, w) => c.pick(w.rows[f.form] ?? []),
  links: (f, c, w) => [c.pick(w.rows[f.form] ?? [])].filter(Boolean),
  member: (f, c, w) => c.pick(w.members),
  members: (f, c, w) => [c.pick(w.members)],
  table: (f, c, w) => Array.from({ length: c.int(3) }, () => row(f.fields, c, w, 0.8)),
};

function row(fields, c, w, share) {
  const out = {};
  for (const f of fields) {
    if (!f.writable || !MAKE[f.type] || (!f.required && !c.yes(share))) continue;
    const v = MAKE[f.type](f, c, w);
    if (v !== undefined) out[f.key] = v;
  }
  return out;
}

/** Creates until it is accepted: what is refused by name is made anew or left out. */
async function create(who, path, fields, c, w) {
  let body = row(fields, c, w, 0.75);
  for (let tries = 0; tries < 8; tries++) {
    const r = await who.post(path, body);
    if (r.status === 201) return r.body;
    const keys = (r.body.errors ?? []).map((e) => e.field?.split(/[.[]/)[0]).filter(Boolean);
    if (!keys.length) body = row(fields, c, w, 0.75);
    for (const k of keys) {
      const f = fields.find((x) => x.key === k);
      const v = f && f.writable && MAKE[f.type] && body[k] === undefined ? MAKE[f.type](f, c, w) : undefined;
      if (v === undefined) delete body[k];
      else body[k] = v;
    }
  }
  return null;
}

/* ---- the common past ---- */

async function formsOf(who, app) {
  const r = await who.get(`/apps`);
  const mine = r.body.apps.find((a) => a.app === app);
  const out = {};
  for (const f of mine?.forms ?? []) {
    const one = await who.get(`/apps/${app}/forms/${f.form}`);
    if (one.status === 200) out[f.form] = one.body;
  }
  return out;
}

const ROWS = 7;

/** A data folder with rows of every form, owned by members of every role, commented on. */
export async function past(t, prepared, seed) {
  const data = folder();
  const s = await serve(t, { apps: prepared.apps, data, args: ['--test-clock'] });
  await call(s, 'POST', '/test/clock', { body: { now: CLOCK } });
  if (!new RegExp(`\\b${SEER}\\b`).test(s.text)) throw new Error(`not published: ${s.text}`);
  const seer = await login(s, SEER);
  const roles = /demo logins: (.*)/.exec(s.text)[1].trim().split(/\s+/).filter((n) => n !== SEER);
  const members = [];
  for (const n of roles) members.push((await login(s, n)).me.id);
  const forms = await formsOf(seer, prepared.key);
  const w = { rows: {}, members };
  for (const key of Object.keys(forms)) {
    const r = await seer.get(`/apps/${prepared.key}/forms/${key}/records?limit=20&count=none`);
    w.rows[key] = (r.body.records ?? []).map((x) => x._id);
  }
  const c = chance(`${seed} past`);
  for (let round = 0; round < 2; round++)
    for (const [key, form] of Object.entries(forms))
      for (let i = 0; i < ROWS && w.rows[key].length < 3 * ROWS; i++) {
        const path = `/apps/${prepared.key}/forms/${key}/records`;
        const made = await create(seer, path, form.fields, c, w);
        if (!made) continue;
        w.rows[key].push(made._id);
        await seer.patch(`${path}/${made._id}`, { _owner: c.pick(members), _version: made._version });
        if (c.yes(0.3)) await seer.post(`${path}/${made._id}/comments`, { text: c.pick(WORDS) });
      }
  const files = [];
  const saved = {};
  for (const [key, form] of Object.entries(forms)) {
    const path = `/apps/${prepared.key}/forms/${key}`;
    for (const f of form.fields.filter((x) => x.type === 'file' && x.writable))
      for (const id of w.rows[key].slice(0, 6)) {
        const up = await upload(s, seer, `secret of ${key} ${id}`, `${key}-${id}.txt`);
        const now = (await seer.get(`${path}/records/${id}`)).body;
        const done = up.status === 201 && (await seer.patch(`${path}/records/${id}`, { [f.key]: [up.body.id], _version: now._version })).status === 200;
        if (done) files.push({ form: key, field: f.key, row: id, id: up.body.id });
      }
    saved[key] = [];
    for (const f of form.fields.filter((x) => /^(text|number|date|select|lookup|formula)$/.test(x.type)).slice(0, 8)) {
      const v = await seer.post(`${path}/views`, { title: f.key, filter: `${f.key} <> BLANK`, sort: `-${f.key}`, shared: roles });
      if (v.status === 201) saved[key].push(v.body.id);
    }
  }
  await s.stop();
  return { data, roles, rows: w.rows, members, files, saved };
}

function copy(data) {
  const to = folder();
  if (onPg) {
    const url = (folder) => store(folder)[1];
    const moved = run(['move', '--from', url(data), '--to', url(to)], { timeout: 120_000 });
    if (moved.code !== 0) throw new Error(`move: ${moved.err}`);
  }
  cpSync(data, to, { recursive: true, filter: (f) => !f.endsWith('.sock') });
  if (existsSync(`${data}.keys`)) cpSync(`${data}.keys`, `${to}.keys`, { recursive: true });
  return to;
}

/* ---- two presents that differ in what the role may not see ---- */

async function side(t, prepared, data, role) {
  const s = await serve(t, { apps: prepared.apps, data: copy(data), args: ['--test-clock'] });
  t.after(() => [s.data, `${s.data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  await call(s, 'POST', '/test/clock', { body: { now: SPLIT } });
  return { s, role: await login(s, role), seer: await login(s, SEER) };
}

const blank = (v) => v === null || v === undefined || (Array.isArray(v) && !v.length);
const masked = (v) => typeof v === 'string' && v.includes('***');

const plain = (v) => JSON.stringify(Array.isArray(v) ? v.map((x) => x?.id ?? x) : v?.id ?? v ?? null);

/* What the stars leave of a value may be seen: it stays. */
function behindStars(f, now, c) {
  const digits = (n) => String(n).padStart(4, '0');
  const phones = [c.int(5000), 5000 + c.int(5000)].map((n) => `${now.slice(0, 3)}${digits(n)}${now.slice(-4)}`);
  return f.type === 'phone' && /^\d{11}$/.test(now) && !phones.includes(now) ? phones : null;
}

/* Two values that are neither today's nor each other's, so that both sides count the same writes. */
function pairOf(f, now, c, w) {
  const out = [];
  for (let i = 0; i < 12 && out.length < 2; i++) {
    const v = MAKE[f.type](f, c, w);
    if (v !== undefined && plain(v) !== plain(now) && out.every((x) => plain(x) !== plain(v))) out.push(v);
  }
  if (out.length === 1 && !f.required && !blank(now)) out.push(null);
  return out.length === 2 ? out : null;
}

/* 1 written differently on both sides, 0 on neither. */
async function change(pair, path, f, c, w, stars) {
  const write = async (p, v) => {
    const now = await p.seer.get(path);
    return now.status === 200 && (await p.seer.patch(path, { [f.key]: v, _version: now.body._version })).status === 200;
  };
  const now = (await pair[0].seer.get(path)).body[f.key];
  const values = stars ? behindStars(f, now, c) : pairOf(f, now, c, w);
  if (!values || !(await write(pair[0], values[0]))) return 0;
  for (const v of [values[1], values[0]]) if (await write(pair[1], v)) return 1;
  return -1; /* what stands there already, different on both sides, lets it be on one side only */
}

/** Changes every cell that the role does not see, differently on both sides. */
async function diverge(pair, prepared, p, forms, mine, c) {
  let cells = 0;
  const odd = new Set();
  const all = {};
  for (const [key, form] of Object.entries(forms)) {
    const base = `/apps/${prepared.key}/forms/${key}/records`;
    all[key] = { visible: [], invisible: [] };
    for (const id of p.rows[key]) {
      const full = (await pair[0].seer.get(`${base}/${id}`)).body;
      const got = await pair[0].role.get(`${base}/${id}`);
      all[key][got.status === 200 ? 'visible' : 'invisible'].push(id);
      for (const f of form.fields) {
        if (!f.writable || !MAKE[f.type] || prepared.told.has(f.key)) continue;
        const his = mine[key]?.fields.find((x) => x.key === f.key);
        const stars = got.status === 200 && his && !blank(got.body[f.key]) && masked(got.body[f.key]);
        const hidden = got.status !== 200 || !his || stars || (blank(got.body[f.key]) && !blank(full[f.key]));
        if (!hidden || f.type === 'table' && got.status === 200 && his) continue;
        const done = await change(pair, `${base}/${id}`, f, c, { rows: p.rows, members: p.members }, stars);
        if (done < 0 && got.status === 200) odd.add(id); /* its version tells */
        cells += Math.max(done, 0);
      }
    }
    for (const id of all[key].invisible.slice(0, 2)) for (const [i, x] of pair.entries()) await x.seer.post(`${base}/${id}/comments`, { text: `secret ${i}`, mentions: [x.role.me.id] });
    if (prepared.rolled.has(key) || !all[key].invisible.length) continue;
    /* One side has rows more. */
    const like = (await pair[1].seer.get(`${base}/${all[key].invisible[0]}`)).body;
    const body = row(form.fields, c, { rows: p.rows, members: p.members }, 0.7);
    for (const f of form.fields) if (prepared.told.has(f.key) && f.writable && like[f.key] !== undefined && f.type !== 'table') body[f.key] = like[f.key]?.id ?? like[f.key];
    const made = await pair[1].seer.post(base, body);
    if (made.status !== 201) continue;
    await pair[1].seer.patch(`${base}/${made.body._id}`, { _owner: like._owner?.id ?? null, _version: made.body._version });
    if ((await pair[1].role.get(`${base}/${made.body._id}`)).status === 200) await pair[1].seer.del(`${base}/${made.body._id}`, {}, { _version: 2 });
    else cells++;
  }
  if (odd.size) throw new Error(`written on one side only: ${[...odd]}`);
  return { cells, all };
}

/* ---- every way of reading ---- */

const q = encodeURIComponent;

function literals(f) {
  if (/number|percent|rating/.test(f.type) || f.result === 'number') return [`${f.key} > 100`, `${f.key} < 250`, `${f.key} = 0`];
  if (f.type === 'date') return [`${f.key} >= DATE(2026,6,1)`, `MONTH(${f.key}) = 6`];
  if (f.type === 'select') return (f.options ?? []).slice(0, 2).map((o) => `${f.key} = "${o.key}"`);
  if (f.type === 'boolean') return [f.key];
  if (/^(text|textarea|serial|phone|email)$/.test(f.type) || f.result === 'text') return WORDS.slice(0, 3).map((x) => `${f.key} CONTAINS "${x}"`);
  return [];
}

function listProbes(base, form, hidden, forms, words, skipViews) {
  const out = [`${base}`, `${base}/records`, `${base}/records?count=exact&limit=3`, `${base}/records?limit=2&page=2`, `${base}/records?bin=1`];
  const list = (p) => out.push(`${base}/records?count=exact&${p}`);
  const keys = form ? [...form.fields.map((f) => f.key), '_title', '_owner', '_created_at', '_created_by', '_state', '_dept'] : [];
  for (const k of [...keys, ...hidden]) {
    for (const p of [`sort=${k}`, `sort=-${k}`, `filter=${q(`${k} = BLANK`)}`, `filter=${q(`NOT (${k} <> BLANK)`)}`, `fields=${k}`, `expand=${k}`]) list(p);
    out.push(`${base}/aggregate?group=${k}&metrics=COUNT()`, `${base}/aggregate?metrics=${q(`COUNT(${k})`)}`, `${base}/aggregate?metrics=${q(`MAX(${k})`)},${q(`COUNTD(${k})`)}`);
  }
  for (const f of form?.fields ?? []) {
    for (const e of literals(f)) list(`filter=${q(e)}`);
    if (/number|percent/.test(f.type) || f.result === 'number') out.push(`${base}/aggregate?group=_owner&metrics=${q(`SUM(${f.key})`)},${q(`AVERAGE(${f.key})`)}&sort=${q(`-SUM(${f.key})`)}`);
    if (f.type === 'link') {
      list(`sort=${f.key}&expand=${f.key}`);
      for (const g of forms[f.form]?.fields ?? []) {
        list(`filter=${q(`${f.key}.${g.key} <> BLANK`)}`);
        list(`sort=${q(`${f.key}.${g.key}`)}`);
        for (const e of literals(g).slice(0, 1)) list(`filter=${q(e.replace(g.key, `${f.key}.${g.key}`))}`);
      }
    }
    for (const g of f.fields ?? []) {
      list(`filter=${q(`COUNT(${f.key}.${g.key}) > 0`)}`);
      list(`filter=${q(`SUM(${f.key}.${g.key}) > 100`)}`);
    }
  }
  for (const v of (form?.views ?? []).filter((x) => !skipViews.has(x.key))) out.push(`${base}/records?view=${v.key}`, `${base}/aggregate?view=${v.key}&metrics=COUNT()`);
  for (const x of words) out.push(`${base}/records?search=${q(x)}&count=exact`);
  return out;
}

function foreignProbes(base, forms) {
  const out = [];
  for (const [key, form] of Object.entries(forms)) {
    const f = form.fields.find((x) => /number/.test(x.type));
    const g = form.fields.find((x) => x.type === 'text');
    out.push(`COUNTOF(${key}, TRUE)`);
    if (f) out.push(`SUMOF(${key}, ${f.key}, TRUE)`, `MAXOF(${key}, ${f.key}, ${f.key} > 50)`);
    if (g) out.push(`LOOKUP(${key}, ${g.key}, ${g.key} <> BLANK)`);
  }
  return out.map((e) => ['POST', `${base}/eval`, { values: {}, expr: e }]).concat(out.slice(0, 6).map((e) => ['GET', `${base}/records?filter=${q(`${e} <> BLANK`)}`]));
}

function probes(prepared, forms, mine, all, words, dashboards) {
  const out = [];
  for (const key of Object.keys(forms)) {
    const base = `/apps/${prepared.key}/forms/${key}`;
    const hidden = forms[key].fields.map((f) => f.key).filter((k) => !mine[key]?.fields.some((f) => f.key === k));
    for (const p of listProbes(base, mine[key], hidden, forms, words, prepared.views)) out.push(['GET', p]);
    for (const id of [...all[key].visible, ...all[key].invisible])
      for (const p of ['', '/history', '/related', '/explain', '/comments', '/flow', '?expand=*']) out.push(['GET', `${base}/records/${id}${p}`]);
    for (const body of [{ format: 'csv' }, { format: 'csv', for: 'machine' }, { format: 'csv', search: words[0] }, ...hidden.map((k) => ({ format: 'csv', fields: [k] }))]) out.push(['POST', `${base}/export`, body]);
    out.push(['POST', `${base}/query`, { search: words[1], count: 'exact' }], ['POST', `${base}/records/batch`, { set: {}, where: 'TRUE' }]);
    for (const id of all[key].invisible.slice(0, 2)) {
      out.push(['PATCH', `${base}/records/${id}`, { _version: 1 }], ['DELETE', `${base}/records/${id}`, { _version: 1 }], ['POST', `${base}/records/${id}/comments`, { text: 'x' }]);
      for (const b of forms[key].buttons ?? []) out.push(['POST', `${base}/records/${id}/buttons/${b.key}`, {}]);
      for (const [k, form] of Object.entries(mine))
        for (const f of form.fields.filter((x) => x.type === 'link' && x.form === key && x.writable)) out.push(['POST', `/apps/${prepared.key}/forms/${k}/eval`, { values: { [f.key]: id }, expr: f.key }]);
    }
    if (mine[key]) out.push(...foreignProbes(base, forms));
  }
  for (const d of dashboards) out.push(['GET', `/apps/${prepared.key}/dashboards/${d}`]);
  for (const box of ['todo', 'done', 'started', 'cc']) out.push(['GET', `/tasks?box=${box}`], ['GET', `/tasks?box=${box}&search=${q(words[0])}`]);
  out.push(['GET', '/apps'], ['GET', '/members'], ['GET', '/departments'], ['GET', '/notices']);
  return out;
}

/* Clocks run on, and what is written on the way has ids of its own. */
const bare = (text) =>
  text.replace(/"request_id":"[^"]*"/g, '').replace(/2026-11-24[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'now').replace(/("history":.*)/s, (m) => m.replace(/"id":"[^"]*",?/g, ''));

async function ask(p, [method, path, body]) {
  if (method === 'IMPORT' || method === 'XLSX') {
    const r = await askOther(p, [method, path, body]);
    return { ...r, text: bare(r.text), etag: null };
  }
  const r = await fetch(`${p.s.base}/api/v1${path}`, {
    method,
    headers: { Cookie: p.role.cookie, 'X-CSRF-Token': p.role.csrf, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body && JSON.stringify(body),
  });
  return { status: r.status, text: bare(await r.text()), etag: r.headers.get('etag') };
}

/* Titles and texts that stand on either side, for what asks by them. */
async function worthAsking(pair, app, forms, rows) {
  const titles = {};
  const texts = {};
  for (const [key, form] of Object.entries(forms)) {
    const t = new Set();
    texts[key] = {};
    for (const id of rows[key])
      for (const x of pair) {
        const r = (await x.seer.get(`/apps/${app}/forms/${key}/records/${id}`)).body;
        if (r._title) t.add(r._title);
        for (const f of form.fields.filter((g) => g.type === 'text' && r[g.key])) (texts[key][f.key] ??= new Set()).add(r[f.key]);
      }
    titles[key] = [...t];
    for (const k of Object.keys(texts[key])) texts[key][k] = [...texts[key][k]];
  }
  return { titles, texts };
}

/** Answers the number of probes and the differences of one role. */
export async function matrix(t, prepared, p, role, seed) {
  const pair = [await side(t, prepared, p.data, role), await side(t, prepared, p.data, role)];
  const forms = await formsOf(pair[0].seer, prepared.key);
  const mine = await formsOf(pair[0].role, prepared.key);
  const live = await Promise.all(pair.map((x) => events(x.s, x.role)));
  const c = chance(`${seed} ${role}`);
  const { cells, all } = await diverge(pair, prepared, p, forms, mine, c);
  for (const x of pair) await call(x.s, 'POST', '/test/clock', { body: { now: ASKED } });
  const apps = (await pair[0].role.get('/apps')).body.apps ?? [];
  const dashboards = (apps.find((a) => a.app === prepared.key)?.dashboards ?? []).map((d) => d.key ?? d.dashboard ?? d);
  const widgets = [];
  for (const d of dashboards) {
    const r = await pair[0].role.get(`/apps/${prepared.key}/dashboards/${d}`);
    for (const k of Array.isArray(r.body.widgets) ? r.body.widgets.map((x) => x.key) : Object.keys(r.body.widgets ?? {})) widgets.push(['GET', `/apps/${prepared.key}/dashboards/${d}/widgets/${k}`]);
  }
  const w = { all, members: p.members, saved: p.saved, ...(await worthAsking(pair, prepared.key, forms, p.rows)) };
  const more = moreProbes(prepared.key, forms, mine, w);
  const list = [...more.filter((x) => !x[3]), ...probes(prepared, forms, mine, all, WORDS, dashboards), ...widgets];
  const differs = [];
  const most = Number(process.env.MORTISE_MATRIX_MOST ?? 1200);
  const asked = list.filter(() => list.length <= most || c.yes(most / list.length));
  const one = async (probe) => {
    const [a, b] = await Promise.all(pair.map((x) => ask(x, probe)));
    if (a.status >= 500 || b.status >= 500) differs.push({ probe, a, b });
    else if (a.status !== b.status || a.text !== b.text || a.etag !== b.etag) differs.push({ probe, a, b });
  };
  const n = asked.length;
  const readers = Array.from({ length: 4 }, async () => {
    for (let probe; (probe = asked.shift()); ) await one(probe);
  });
  await Promise.all(readers);
  const made = new Set();
  for (const probe of more.filter((x) => x[3])) {
    const [a, b] = [await ask(pair[0], probe), await ask(pair[1], probe)];
    for (const r of [a, b]) if (r.status === 201) made.add(JSON.parse(r.text)._id);
    if (a.status !== b.status || (a.status !== 201 && a.text !== b.text)) differs.push({ probe, a, b });
  }
  const none = await absence(pair[0], prepared.key, mine, w, { most: Number(process.env.MORTISE_MATRIX_ABSENT ?? 160), chance: c });
  differs.push(...none.differs);
  const shown = new Set();
  for (const f of p.files) {
    const r = await pair[0].role.get(`/apps/${prepared.key}/forms/${f.form}/records/${f.row}`);
    if (r.status === 200 && (r.body[f.field] ?? []).some((x) => x.id === f.id)) shown.add(f.id);
  }
  differs.push(...(await fileProbes(pair[0], p.files.filter((f) => !shown.has(f.id)))));
  const heard = live.map((e) => e.seen.filter((x) => x.event === 'record').map((x) => x.data));
  const seen = new Set(Object.values(all).flatMap((x) => x.visible));
  for (const h of heard) for (const e of h) if (!seen.has(e.id) && !made.has(e.id)) differs.push({ probe: ['SSE', e.form, e.id], a: { text: 'an invisible row was told of' }, b: { text: '' } });
  for (const e of live) e.close();
  return { probes: n, absent: none.asked, cells, differs, invisible: Object.values(all).reduce((n, x) => n + x.invisible.length, 0) };
}

/** The first place where two texts part. */
export function parting(a, b) {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return `…${a.slice(Math.max(0, i - 120), i + 400)}…  |  …${b.slice(Math.max(0, i - 20), i + 60)}…`;
}
