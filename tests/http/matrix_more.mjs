// The rest of the rights matrix: reading by detours (as-of, traces, prints, imports, saved views, workbooks, batches), and what
// is not there: a row that may not be seen answers like one that never was, with the same text, headers and statements.
import { until } from './lib.mjs';
import { unzip } from './xlsx.mjs';

const q = encodeURIComponent;

/* ---- reading by detours ---- */

function titleOf(row) {
  return row?._title ?? row?.name ?? null;
}

/* Rows of a file: links named by titles that one side has and the other has not, keys of rows nobody may see. */
function importProbes(base, form, forms, w) {
  const out = [];
  const writable = (form?.fields ?? []).filter((f) => f.writable && f.type === 'text');
  if (!form?.rights?.import) return [['IMPORT', `${base}/import`, { csv: 'name\nx\n' }]];
  for (const f of (form.fields ?? []).filter((x) => x.writable && x.type === 'link'))
    for (const t of (w.titles[f.form] ?? []).slice(0, 6)) out.push(['IMPORT', `${base}/import`, { csv: `name,${f.key}\nprobe,"${String(t).replaceAll('"', '""')}"\n`, dry_run: 'true' }]);
  for (const f of writable.slice(0, 4))
    for (const t of (w.texts[form.form ?? form.key]?.[f.key] ?? []).slice(0, 4))
      out.push(['IMPORT', `${base}/import`, { csv: `${f.key}\n"${String(t).replaceAll('"', '""')}"\n`, mode: 'update', key: f.key, dry_run: 'true' }]);
  return out;
}

/** What listProbes leaves out. forms: as the seer sees them, mine: as the role does, w: {all, titles, texts, members}. */
export function moreProbes(app, forms, mine, w) {
  const out = [];
  for (const key of Object.keys(forms)) {
    const base = `/apps/${app}/forms/${key}`;
    const form = mine[key];
    const keys = forms[key].fields.map((f) => f.key);
    const hidden = keys.filter((k) => !form?.fields.some((f) => f.key === k));
    const { visible, invisible } = w.all[key];
    const ids = [...visible.slice(0, 4), ...invisible.slice(0, 4)];
    for (const at of ['2026-11-24', '2026-11-24T10:00:00Z', '2026-11-24T08:30:00Z']) {
      out.push(['GET', `${base}/records?as_of=${at}&count=exact`], ['GET', `${base}/aggregate?as_of=${at}&metrics=COUNT()`]);
      for (const k of hidden.slice(0, 3)) out.push(['GET', `${base}/records?as_of=${at}&filter=${q(`${k} <> BLANK`)}`], ['GET', `${base}/records?as_of=${at}&sort=${k}`]);
      for (const id of ids.slice(0, 3)) out.push(['GET', `${base}/records/${id}?as_of=${at}`]);
    }
    for (const id of ids) {
      for (const p of ['/copy', '/share', '/history?computed=1', '/merge']) out.push(['GET', `${base}/records/${id}${p}`]);
      for (const k of [...keys.slice(0, 12), ...hidden]) out.push(['GET', `${base}/records/${id}/trace?field=${k}`]);
      for (const k of hidden.slice(0, 2)) out.push(['GET', `${base}/records/${id}/explain?field=${k}`]);
      for (const p of forms[key].prints ?? []) out.push(['GET', `${base}/print/${p.key ?? p}?ids=${id}`]);
    }
    for (const p of forms[key].prints ?? []) out.push(['GET', `${base}/print/${p.key ?? p}?ids=${visible.slice(0, 5).join(',')}`]);
    for (const k of hidden) {
      out.push(['GET', `${base}/aggregate?metrics=${q(`SUM(${k})`)}`], ['GET', `${base}/aggregate?group=_owner&metrics=COUNT()&sort=${k}`], ['GET', `${base}/aggregate?metrics=COUNT()&filter=${q(`${k} = BLANK`)}`]);
      out.push(['POST', `${base}/complete`, { text: k.slice(0, 2), place: 'filter' }], ['POST', `${base}/eval`, { values: {}, field: k }], ['POST', `${base}/views`, { title: 'v', filter: `${k} <> BLANK` }]);
    }
    for (const k of keys.filter((x) => !hidden.includes(x)).slice(0, 6))
      out.push(['GET', `${base}/aggregate?group=${k}&metrics=${q(`COUNT(),COUNTD(_owner),COUNT(${k}) * 2 + COUNT()`)}&sort=-COUNT()`], ['GET', `${base}/aggregate?group=${q(`${k} = BLANK`)}&metrics=COUNT()&limit=1`]);
    out.push(['GET', `${base}/views`], ['POST', `${base}/complete`, { text: '', place: 'value' }], ['POST', `${base}/match`, { values: { name: titleOf(w.rows?.[key]?.[0]) ?? 'x' } }]);
    for (const v of w.saved?.[key] ?? []) out.push(['GET', `${base}/records?view=${v}`]);
    out.push(['XLSX', `${base}/export`, { format: 'xlsx' }], ['XLSX', `${base}/export`, { format: 'xlsx', for: 'machine' }]);
    for (const sub of ['items', ...forms[key].fields.filter((f) => f.type === 'table').map((f) => f.key)]) out.push(['POST', `${base}/export`, { format: 'csv', fields: [sub] }]);
    out.push(...importProbes(base, form && { ...form, form: key }, forms, w));
    const ask = (method, path, body) => ({ method, path: `/api/v1${path}`, body });
    out.push(['POST', '/batch', { requests: ids.slice(0, 2).map((id) => ask('GET', `${base}/records/${id}`)) }]);
    // what is unique is unique for all; whose it is, nobody is told
    for (const f of (form?.fields ?? []).filter((x) => x.unique && x.writable))
      for (const t of (w.texts[key]?.[f.key] ?? []).slice(0, 4)) out.push(['POST', `${base}/records`, { [f.key]: t, name: 'probe' }, 'only if refused']);
  }
  out.push(['GET', '/notices?limit=50'], ['GET', '/me/drafts'], ['GET', '/jobs/0000000000000'], ['GET', '/openapi.json']);
  return out;
}

/* ---- asking in other ways than JSON ---- */

function formData(parts) {
  const body = new FormData();
  body.append('file', new Blob([parts.csv]), 'rows.csv');
  for (const [k, v] of Object.entries(parts)) if (k !== 'csv') body.append(k, v);
  return body;
}

/** IMPORT: a file, its job to the end, its errors. XLSX: the sheets of a workbook. */
export async function askOther(p, [method, path, body]) {
  const headers = { Cookie: p.role.cookie, 'X-CSRF-Token': p.role.csrf };
  const at = `${p.s.base}/api/v1`;
  if (method === 'XLSX') {
    const r = await fetch(at + path, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const bytes = Buffer.from(await r.arrayBuffer());
    const text = r.status === 200 ? Object.entries(unzip(bytes)).filter(([n]) => /sheet|shared/i.test(n)).map(([n, x]) => `${n}:${x}`).join('\n') : bytes.toString();
    return { status: r.status, text };
  }
  const r = await fetch(at + path, { method: 'POST', headers, body: formData(body) });
  const text = await r.text();
  if (r.status !== 202) return { status: r.status, text };
  const id = JSON.parse(text).job;
  const job = await until(async () => {
    const j = await (await fetch(`${at}/jobs/${id}`, { headers })).json();
    return ['done', 'failed'].includes(j.state) && j;
  }, 20_000);
  const errors = await (await fetch(`${at}/jobs/${id}/errors`, { headers })).text();
  return { status: 202, text: (JSON.stringify(job) + errors).replaceAll(id, 'JOB') };
}

/* ---- what is not there ---- */

const MADE = '0123456789abcdefghjkmnpqrstvwxyz';

/* An id like this one that no row has: of the same moment, another number. */
function noSuch(id, known) {
  for (const c of MADE) for (const d of MADE) {
    const other = id.slice(0, -2) + c + d;
    if (!known.has(other)) return other;
  }
  return id;
}

function absenceProbes(base, form, w) {
  const out = [];
  const get = (p) => out.push(['GET', p]);
  for (const p of ['', '/history', '/related', '/explain', '/comments', '/copy', '/share', '/flow', '/merge', '?as_of=2026-11-24T10:00:00Z', '?expand=*']) get(`ID${p}`);
  get(`ID/trace?field=${form?.fields[0]?.key ?? 'name'}`);
  out.push(['PATCH', 'ID', { _version: 1 }], ['PATCH', 'ID', { _version: 1, [form?.fields.find((f) => f.writable && f.type === 'text')?.key ?? 'name']: 'y' }], ['PATCH', 'ID', {}]);
  out.push(['DELETE', 'ID', { _version: 1 }], ['POST', 'ID/restore', {}], ['POST', 'ID/comments', { text: 'x' }], ['PATCH', 'ID/comments/0000000000000', { text: 'x' }]);
  out.push(['POST', 'ID/share', { to: [w.members[0]], can: ['read'] }], ['DELETE', `ID/share/${w.members[0]}`], ['POST', 'ID/merge', { from: 'OTHER' }], ['POST', 'OTHER/merge', { from: 'ID' }]);
  out.push(['POST', 'ID/flow/submit', {}], ['POST', 'ID/flow/withdraw', {}]);
  for (const b of form?.buttons ?? []) out.push(['POST', `ID/buttons/${b.key}`, {}]);
  for (const p of form?.prints ?? []) out.push(['GET', `../print/${p.key ?? p}?ids=ID`]);
  out.push(['POST', 'batch', { set: {}, ids: ['ID'] }], ['POST', 'batch', { delete: ['ID'] }], ['POST', 'batch', { set: {}, ids: ['OTHER', 'ID'] }]);
  return out.map(([m, p, b]) => [m, p.startsWith('../') ? `${base}/${p.slice(3)}` : `${base}/records/${p}`, b]);
}

async function statements(p) {
  const text = await (await fetch(`${p.s.base}/metrics`)).text();
  return Number(/mortise_store_queries_total (\d+)/.exec(text)[1]);
}

const put = (x, id, other) => x && JSON.parse(JSON.stringify(x).replaceAll('OTHER', other).replaceAll('ID', id));

async function one(p, [method, path, body], id, other) {
  const before = await statements(p);
  const r = await fetch(`${p.s.base}/api/v1${put(path, id, other)}`, {
    method,
    headers: { Cookie: p.role.cookie, 'X-CSRF-Token': p.role.csrf, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body && JSON.stringify(put(body, id, other)),
  });
  const text = (await r.text()).replaceAll(id, 'ID').replace(/"request_id":"[^"]*"/g, '');
  const n = (await statements(p)) - before;
  const headers = ['content-type', 'etag', 'content-length', 'cache-control', 'content-disposition'].map((h) => r.headers.get(h)).join('|');
  return { status: r.status, text, headers, n };
}

/**
 * A row that may not be seen beside an id that no row has: the same answer from the same number of statements. Other work of
 * the server may count in between, so numbers are asked for again before they differ.
 */
export async function absence(p, app, mine, w, { rows = 2, most = 160, chance } = {}) {
  const differs = [];
  let asked = 0;
  const share = most / Math.max(1, Object.entries(w.all).reduce((n, [key, x]) => n + Math.min(rows, x.invisible.length) * absenceProbes('', mine[key], w).length, 0));
  for (const [key, { visible, invisible }] of Object.entries(w.all)) {
    const known = new Set([...visible, ...invisible]);
    const other = visible[0] ?? invisible.at(-1);
    const base = `/apps/${app}/forms/${key}`;
    for (const id of invisible.slice(0, rows))
      for (const probe of absenceProbes(base, mine[key], w)) {
        if (!chance.yes(share)) continue;
        const none = noSuch(id, known);
        let a;
        let b;
        for (let i = 0; i < 4; i++) {
          a = await one(p, probe, id, other);
          b = await one(p, probe, none, other);
          if (a.n === b.n) break;
        }
        asked++;
        if (a.status !== b.status || a.text !== b.text || a.headers !== b.headers) differs.push({ probe: [`${probe[0]} absent`, put(probe[1], id, other), probe[2]], a, b });
        else if (a.n !== b.n) differs.push({ probe: [`${probe[0]} statements`, put(probe[1], id, other), probe[2]], a: { ...a, text: `${a.n} statements` }, b: { ...b, text: `${b.n} statements` } });
      }
  }
  return { asked, differs };
}

/* ---- files ---- */

/** Files of rows or fields that may not be seen answer like one that is not there. */
export async function fileProbes(p, files) {
  const get = async (id) => {
    const r = await fetch(`${p.s.base}/api/v1/files/${id}`, { headers: { Cookie: p.role.cookie } });
    return { status: r.status, text: (await r.text()).replaceAll(id, 'ID').replace(/"request_id":"[^"]*"/g, '') };
  };
  const differs = [];
  for (const f of files) {
    const [a, b] = [await get(f.id), await get(noSuch(f.id, new Set(files.map((x) => x.id))))];
    if (a.status !== b.status || a.text !== b.text) differs.push({ probe: ['file', f.id], a, b });
  }
  return differs;
}
