// The cost of a create with and without sealed fields, and with a parent that keeps rollups over it: median µs a record over batches of 200 in one transaction.
// node tests/bench/sealed.mjs
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { folder, login, serve, skip } from '../http/lib.mjs';

const form = (key, how, link = '') => `form: ${key}
title: ${key}
fields:
  name: {type: text, title: 姓名${how}}
  phone: {type: phone, title: 手机, unique: true${how}}
  mail: {type: email, title: 邮箱${how}}
  pay: {type: number, title: 收入, scale: 2${how}}
  ward: {type: text, title: 病区}
  room: {type: text, title: 房间}${link}
permissions:
  doctor: {role: doctor, can: all, fields: {name: write, phone: write, mail: write, pay: write}}
`;
const LINK = (house) => `
  house: {type: link, form: ${house}, title: 院区}`;
// three numbers of each parent are kept true by every create below it
const HOUSE = (key, of) => `form: ${key}
title: ${key}
fields:
  name: {type: text, title: 名称}
  n: {type: rollup, title: 人数, of: ${of}.house, value: COUNT()}
  total: {type: rollup, title: 合计, of: ${of}.house, value: SUM(score)}
  best: {type: rollup, title: 最高, of: ${of}.house, value: MAX(score)}
permissions:
  doctor: {role: doctor, can: all}
`;
const SCORE = `
  score: {type: number, title: 评分, scale: 2}`;
const KINDS = { plain: '', sealed: ', sensitive: personal', subject: ', sensitive: personal, subject: self', rollups: '', both: ', sensitive: personal, subject: self' };

test('create', { skip }, async (t) => {
  const apps = join(folder(), 'apps');
  mkdirSync(join(apps, 'care/forms'), { recursive: true });
  writeFileSync(join(apps, 'care/app.yaml'), 'app: care\ntitle: 诊所\nroles: {doctor: 医生}\n');
  for (const [k, how] of Object.entries(KINDS)) {
    const rolled = k === 'rollups' || k === 'both';
    writeFileSync(join(apps, `care/forms/${k}.yaml`), form(k, how, rolled ? SCORE + LINK(`house_${k}`) : ''));
    if (rolled) writeFileSync(join(apps, `care/forms/house_${k}.yaml`), HOUSE(`house_${k}`, k));
  }
  const data = folder();
  const s = await serve(t, { data, args: ['--apps', apps] });
  t.after(() => [data, `${data}.keys`].forEach((d) => rmSync(d, { recursive: true, force: true })));
  const doc = await login(s, 'doctor');
  const houses = {};
  for (const k of ['rollups', 'both']) {
    const r = await doc.post(`/apps/care/forms/house_${k}/records/batch`, { create: [...Array(20)].map((_, i) => ({ name: `h${i}` })) });
    houses[k] = r.body.results.map((x) => x.id);
  }
  const times = Object.fromEntries(Object.keys(KINDS).map((k) => [k, []]));
  let n = 0;
  for (let round = 0; round < 25; round++)
    for (const k of Object.keys(KINDS)) {
      const create = [...Array(200)].map(() => ({ name: `张三${n}`, phone: `13${String(n++).padStart(9, '0')}`, mail: `a${n}@x.example`, pay: n, ward: 'A', room: '3', ...(houses[k] ? { house: houses[k][n % 20], score: n % 97 } : {}) }));
      const from = performance.now();
      const r = await doc.post(`/apps/care/forms/${k}/records/batch`, { create });
      if (r.status !== 200) throw new Error(JSON.stringify(r.body).slice(0, 300));
      if (round) times[k].push(((performance.now() - from) * 1000) / create.length);
    }
  for (const [k, v] of Object.entries(times)) console.log(`${k}: ${v.sort((a, b) => a - b)[v.length >> 1].toFixed(1)} µs a create (median of ${v.length} batches of 200)`);
});
