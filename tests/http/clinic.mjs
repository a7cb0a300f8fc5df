// What the tests of protection share: an app of sensitive fields, and looking for planted texts in all that is kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, onPg, serve, store } from './lib.mjs';

export const APP = `app: care
title: 诊所
roles: {nurse: 护士, doctor: 医生}
`;
export const person = (more = '') => `form: person
title: 病人
record_title: no & " " & name
fields:
  no: {type: serial, title: 编号, pattern: "P{0000}"}
  name: {type: text, title: 姓名, sensitive: personal, subject: self, search: true}
  phone: {type: phone, title: 手机, sensitive: personal, subject: self, unique: true}
  mail: {type: email, title: 邮箱, sensitive: personal, subject: self}
  pay: {type: number, title: 收入, scale: 2, sensitive: personal, subject: self}
  born: {type: date, title: 生日, sensitive: personal, subject: self}
  illness: {type: textarea, title: 病史, sensitive: special, purpose: 诊疗, basis: consent, retention: 3 years, subject: self}
  ward: {type: text, title: 病区, search: true}
  open: {type: text, title: 备注, max: 200${more}}
  card: {type: formula, title: 名片, value: name & " / " & phone}
  kin:
    type: table
    title: 家属
    fields:
      who: {type: text, title: 姓名, sensitive: personal, subject: self}
      tie: {type: text, title: 关系}
permissions:
  doctor: {role: doctor, can: all, fields: {name: write, phone: write, mail: write, pay: write, born: write, illness: write, card: read, kin: write, kin.who: write}}
  nurse: {role: nurse, can: [read, create, history]}
views:
  all: {title: 全部, type: grid, columns: [no, ward]}
`;
export const VISIT = `form: visit
title: 就诊
fields:
  who: {type: link, form: person, title: 病人}
  tel: {type: lookup, title: 电话, value: who.phone}
  notes: {type: text, title: 记录, sensitive: personal, subject: who}
  room: {type: text, title: 诊室}
flow:
  start: {title: 提交, can: doctor}
  nodes:
    check: {type: approve, title: 复核, to: [role: doctor], next: done}
    done: {type: end}
permissions:
  doctor: {role: doctor, can: all, fields: {tel: read, notes: write}}
`;
export const P = '/apps/care/forms/person';
export const V = '/apps/care/forms/visit';

/** A folder of apps with the clinic; `more`: files of the app by name. */
export function clinic(more = {}) {
  const apps = join(folder(), 'apps');
  mkdirSync(join(apps, 'care/forms'), { recursive: true });
  writeFileSync(join(apps, 'care/app.yaml'), APP);
  writeFileSync(join(apps, 'care/forms/person.yaml'), person());
  writeFileSync(join(apps, 'care/forms/visit.yaml'), VISIT);
  for (const [name, text] of Object.entries(more)) writeFileSync(join(apps, 'care', name), text);
  return apps;
}

export function files(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(dir, e.name)) : e.isFile() ? [join(dir, e.name)] : [],
  );
}

/** The whole text of the database of a data folder on PostgreSQL; on SQLite it is among the files. */
function dump(data) {
  const [, url] = store(data);
  if (!onPg || !url) return [];
  const [base, schema] = [url.replace(/[?&]schema=[^&]*/, ''), /schema=([^&]*)/.exec(url)[1]];
  const bin = process.env.PG_BIN ?? readdirSync('/usr/lib/postgresql').map((v) => `/usr/lib/postgresql/${v}/bin`).at(-1);
  const r = spawnSync(join(bin, 'pg_dump'), ['--schema', schema, base], { maxBuffer: 1 << 28 });
  assert.equal(r.status, 0, String(r.stderr));
  return [['pg_dump', r.stdout]];
}

/** Where the texts stand in clear in a data folder and its database: [file, text]. Also as UTF-16, base64 and hex. */
export function found(data, texts) {
  const hits = [];
  for (const [f, bytes] of [...files(data).map((f) => [f, readFileSync(f)]), ...dump(data)])
    for (const t of texts) {
      const b = Buffer.from(t);
      const forms = [b, Buffer.from(t, 'utf16le'), Buffer.from(b.toString('base64').replace(/=+$/, '').slice(0, -1)), Buffer.from(b.toString('hex'))];
      if (forms.some((x) => bytes.includes(x))) hits.push([f, t]);
    }
  return hits;
}

/** On a SQLite file: rows. */
export const sql = (db, text) => {
  const r = spawnSync('python3', ['-c', 'import sqlite3,sys,json\nc=sqlite3.connect(sys.argv[1])\nr=c.execute(sys.argv[2]).fetchall()\nc.commit()\nprint(json.dumps(r))', db, text], { encoding: 'utf8' });
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout);
};

export const start = (t, options) => serve(t, { ...options, args: ['--apps', options.apps, ...(options.args ?? [])] });
export const ok = (r, status = 200) => {
  assert.equal(r.status, status, JSON.stringify(r.body).slice(0, 400));
  return r.body;
};
