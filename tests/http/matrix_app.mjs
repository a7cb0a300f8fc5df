// Apps by chance, for the rights matrix: a few forms with links in a chain, lookups, formulas and titles over what is shown
// to some, sub-tables, grants that overlap.
import { chance } from './matrix.mjs';

const TYPES = ['text', 'text', 'number', 'number', 'date', 'select', 'boolean', 'phone', 'textarea', 'member', 'datetime', 'multiselect'];

function fieldText(c, key, type) {
  const more = { select: ', options: {a: 甲, b: 乙, c: 丙}', multiselect: ', options: [x, y]', number: ', scale: 2', text: c.yes(0.4) ? ', search: true' : '' }[type] ?? '';
  const sensitive = type === 'phone' && c.yes(0.7) ? ', sensitive: personal' : '';
  return `  ${key}: {type: ${type}, title: ${key}${more}${sensitive}${c.yes(0.3) ? ', group: money' : ''}}`;
}

function grants(c, keys, forms, key) {
  const roles = ['ra', 'rb', 'rc'];
  const rules = ['_owner = USER()', '_owner = BLANK', 'rule = "a"', 'rule = "b"', 'rule = "a" OR _owner = USER()', null];
  const out = [];
  for (const role of roles) {
    const n = c.int(4) - (key === forms[0] ? 0 : 1);
    for (let i = 0; i < n; i++) {
      const where = c.pick(rules);
      const fields = keys.filter(() => c.yes(0.3)).map((k) => `${k}: ${c.pick(['hidden', 'hidden', 'read', 'masked'])}`);
      if (c.yes(0.2)) fields.unshift(`'*': hidden`, 'rule: read');
      if (c.yes(0.3)) fields.push(`'@money': hidden`);
      const can = c.pick(['read', 'read, update, comment, history, export', 'create, read, update, import, history, export', 'read, export, restore, print', 'read, share, comment, print', 'create, read, import', 'read, update, delete, transfer']);
      out.push(`  ${role}${i}: {role: ${role}, can: [${can}]${where ? `, where: '${where}'` : ''}${fields.length ? `, fields: {${[...new Set(fields)].join(', ')}}` : ''}}`);
    }
  }
  return out;
}

/** path -> text of an app. */
export function generate(app, seed) {
  const c = chance(`app ${seed}`);
  const forms = ['one', 'two', 'three'];
  const out = { 'app.yaml': `app: ${app}\ntitle: ${app}\nversion: "1"\nlanguage: zh-CN\nroles: {ra: 甲, rb: 乙, rc: 丙}\nmenu:\n  - form: one\n` };
  const known = {};
  for (const [at, key] of forms.entries()) {
    const keys = [];
    const lines = [`form: ${key}`, `title: ${key}`];
    const fields = ['  name: {type: text, title: name, search: true}', '  rule: {type: select, title: rule, options: {a: 甲, b: 乙}}', '  budget: {type: number, title: budget, scale: 2, group: money}'];
    if (c.yes(0.6)) fields.push('  code: {type: text, title: code, unique: true, max: 30}');
    if (c.yes(0.6)) fields.push('  docs: {type: file, title: docs, group: money}');
    keys.push('name', 'budget');
    for (let i = 0; i < 5; i++) {
      const type = c.pick(TYPES);
      keys.push(`f${i}_${type}`);
      fields.push(fieldText(c, `f${i}_${type}`, type));
    }
    const num = keys.find((k) => k.endsWith('number'));
    if (num) {
      fields.push(`  twice: {type: formula, title: twice, value: ${num} * 2, scale: 2}`, `  again: {type: formula, title: again, value: twice + 1, scale: 2}`);
      known[key] = num;
    }
    if (at) {
      const to = forms[c.int(at)];
      fields.push(`  up: {type: link, title: up, form: ${to}}`, `  up_name: {type: lookup, title: up_name, value: up.name}`);
      keys.push('up');
      if (known[to]) fields.push(`  up_sum: {type: formula, title: up_sum, value: ${num ?? 0} + up.${known[to]}, scale: 2}`);
      if (c.yes(0.5)) fields.push(`  ups: {type: links, title: ups, form: ${to}}`);
    }
    if (c.yes(0.6)) fields.push('  items:', '    type: table', '    title: items', '    fields:', '      part: {type: text, title: part}', '      cost: {type: number, title: cost, scale: 2}', '      total: {type: formula, title: total, value: cost * 2, scale: 2}');
    const title = c.pick([null, `name & "/" & ${keys[2]}`.replace(/.*(multiselect|boolean).*/, 'name'), at ? 'name & "·" & up.name' : null]);
    if (title) lines.push(`record_title: '${title}'`);
    lines.push('fields:', ...fields, 'permissions:', ...grants(c, keys, forms, key), 'views:', `  all: {title: 全部, type: grid, columns: [name, ${keys.slice(1, 4).join(', ')}], sort: [-${keys[1].includes('multi') ? 'name' : keys[1]}]}`);
    out[`prints/${key}.sheet.html`] = `<h1>{{name}}</h1>{{budget}} {{_title}} ${at ? '{{up_name}} {{up.name}} ' : ''}${keys.map((k) => `{{${k}}}`).filter((k) => !/up|multi/.test(k)).join(' ')}${fields.includes('  items:') ? '{{#each items}}{{part}} {{cost}} {{total}}{{/each}}' : ''}`;
    out[`forms/${key}.yaml`] = `${lines.join('\n')}\n`;
  }
  return out;
}
