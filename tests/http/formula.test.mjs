// The formula editor's questions and "why is this value": context-aware candidates, types, mistakes with their extent, and a
// trace that never tells what its reader may not read.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const D = '/admin/apps/desk/complete';
const F = '/apps/desk/forms/ticket';

// the cursor is where the bar stands
const at = (text) => ({ text: text.replace('|', ''), offset: [...text.slice(0, text.indexOf('|'))].length });
const keys = (r, kind) => r.body.candidates.filter((c) => !kind || c.kind === kind).map((c) => c.key);

test('formula services', { skip }, async (t) => {
  const s = await serve(t, { own: true });
  const ticket = join(s.apps, 'desk/forms/ticket.yaml');
  writeFileSync(ticket, readFileSync(ticket, 'utf8')
    .replace('  cost: ', '  margin:   {type: formula, title: 毛利, value: (amount - cost) / amount, declassify: true}\n' +
      '  ratio:    {type: formula, title: 比率, value: amount / (qty - 1)}\n  cost: ')
    .replace('      n:    {', '      twice: {type: formula, title: 双倍, value: n * 2 + parent.qty, scale: 0}\n      n:    {'));
  const admin = await login(s, 'admin');
  const plan = (await admin.post('/admin/apps/desk/plan', {})).body;
  assert.deepEqual(plan.errors, []);
  assert.equal((await admin.post('/admin/apps/desk/publish', { plan_hash: plan.plan_hash })).status, 200);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const ask = (text, more = {}, who = admin) => who.post(D, { form: 'ticket', ...at(text), ...more });

  await t.test('fields with type and title, functions with help', async () => {
    const r = await ask('qty * pri|');
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.deepEqual([r.body.from, r.body.to], [6, 9]);
    const price = r.body.candidates.find((c) => c.key === 'price');
    assert.deepEqual([price.kind, price.title, price.type, price.insert], ['field', '单价', '数值', 'price']);
    const rou = (await ask('rou|')).body.candidates.find((c) => c.key === 'ROUND');
    assert.equal(rou.signature, 'ROUND(x, digits)');
    assert.match(rou.help, /四舍五入/);
    const en = await admin.raw('POST', D, JSON.stringify({ form: 'ticket', ...at('rou|') }), { 'Content-Type': 'application/json', 'Accept-Language': 'en' });
    assert.match(en.body.candidates.find((c) => c.key === 'ROUND').help, /nearest/);
    assert.deepEqual(keys(await ask('1 + 单|'), 'field'), ['price']);
    assert.ok(keys(await ask('|')).includes('_owner'));
  });

  await t.test('paths, options, roles, forms, rows of others, operators, units', async () => {
    assert.ok(keys(await ask('customer.|'), 'field').includes('name'));
    assert.ok(!keys(await ask('customer.|')).includes('qty'));
    assert.deepEqual(keys(await ask('SUM(items.|)'), 'field').filter((k) => !k.startsWith('_')).sort(), ['n', 'part', 'twice']);
    const options = await ask('status = "|');
    assert.deepEqual(options.body.candidates.map((c) => [c.kind, c.key, c.insert, c.title])[0], ['option', 'open', 'open"', '打开']);
    assert.deepEqual(keys(await ask('status IN ["open", "cl|"]')), ['closed']);
    assert.deepEqual(keys(await ask('SWITCH(status, "d|"')), ['doing', 'closed']);
    assert.deepEqual(keys(await ask('HASROLE("b|")')), ['boss']);
    assert.ok(keys(await ask('COUNTOF(cus|'), 'form').includes('customer'));
    assert.ok(keys(await ask('COUNTOF(customer, na|'), 'field').includes('name'));
    assert.ok(keys(await ask('COUNTOF(customer, name = this.ti|'), 'field').includes('title'));
    assert.ok(keys(await ask('qty > 1 a|'), 'word').includes('AND '));
    assert.deepEqual(keys(await ask('DATEDIF(_created_at, NOW(), "|")')), ['Y', 'M', 'D', 'YM', 'MD', 'YD']);
    assert.ok(keys(await ask('parent.|', { form: 'ticket.items' }), 'field').includes('qty'));
    assert.ok(keys(await ask('old.|', { old: 'ticket' }), 'field').includes('status'));
    assert.ok(!keys(await ask('PINY|', { place: 'filter' })).includes('PINYIN'));
  });

  await t.test('signature help, type of the whole, mistakes with their extent', async () => {
    const r = (await ask('ROUND(qty * price, |')).body;
    assert.deepEqual([r.call.name, r.call.argument], ['ROUND', 1]);
    assert.equal(r.type, null);
    const ok = (await ask('ROUND(qty * price, 2)|')).body;
    assert.deepEqual([ok.call, ok.type, ok.type_title, ok.errors], [null, 'number', '数值', []]);
    const bad = (await ask('qty * 北 + |')).body;
    assert.equal(bad.errors.length, 1);
    const name = (await ask('qty *\n  customer.nam|')).body.errors[0];
    assert.deepEqual([name.line, name.column, name.from, name.to], [2, 3, 8, 20]);
    assert.match(name.message, /name/);
    assert.equal((await ask('x|', { form: 'nope' })).status, 422);
    assert.equal((await ask('x|', { place: 'nope' })).status, 422);
    assert.equal((await ask('x|', { offset: 1e9 })).status, 200);
    assert.equal((await ask('x|', {}, agent)).status, 403);
  });

  await t.test('a caller completes with what he may name', async () => {
    const r = await agent.post(`${F}/complete`, at('co|'));
    assert.equal(r.status, 200);
    assert.ok(keys(r, 'field').includes('code'));
    assert.ok(!keys(r).includes('cost'));
    assert.ok(keys(await boss.post(`${F}/complete`, at('co|'))).includes('cost'));
    assert.equal((await agent.post(`${F}/complete`, at('cost > 1|'))).body.errors.length, 1);
  });

  await t.test('why is this value', async () => {
    const made = (await agent.post(`${F}/records`, { title: 'x', qty: 1, price: 20, items: [{ part: 'a', n: 3 }] })).body;
    const version = made._version;
    assert.equal((await boss.patch(`${F}/records/${made._id}`, { cost: 5, _version: version })).status, 200);
    const why = async (who, field, more = '') => (await who.get(`${F}/records/${made._id}/trace?field=${field}${more}`)).body;
    const amount = await why(agent, 'amount');
    assert.deepEqual([amount.value, amount.expr], [20, 'qty * price']);
    assert.deepEqual(amount.parts.map((p) => [p.text, p.value, p.depth]), [['qty', 1, 1], ['price', 20, 1], ['qty * price', 20, 0]]);
    const ratio = await why(agent, 'ratio');
    assert.equal(ratio.value, null);
    assert.match(ratio.parts.at(-1).reason, /除数/);
    const row = made.items[0]._id;
    const twice = await why(agent, 'items.twice', `&row=${row}`);
    assert.deepEqual([twice.value, twice.parts.at(-1).value], [7, 7]);
    // declassified: the value is shown, its hidden input is not
    const full = await why(boss, 'margin');
    assert.deepEqual(full.parts.find((p) => p.text === 'cost').value, 5);
    const part = await why(agent, 'margin');
    assert.equal(part.value, 0.75);
    assert.equal(part.expr, null);
    assert.ok(!JSON.stringify(part).includes('cost'));
    const hidden = part.parts.filter((p) => p.hidden);
    assert.ok(hidden.length >= 2 && hidden.every((p) => p.value === null && p.text === null && p.reason === null));
    assert.deepEqual(part.parts.filter((p) => !p.hidden).map((p) => p.value), [20, 20]);
    assert.equal((await agent.get(`${F}/records/${made._id}/trace?field=cost`)).status, 422);
    assert.equal((await agent.get(`${F}/records/${made._id}/trace?field=title`)).status, 422);
    assert.equal((await agent.get(`${F}/records/${made._id}/trace?field=items.twice`)).status, 422);
    assert.equal((await agent.get(`${F}/records/nope/trace?field=amount`)).status, 404);
    const other = (await boss.post(`${F}/records`, { title: 'y', qty: 2, price: 2 })).body;
    assert.equal((await agent.get(`${F}/records/${other._id}/trace?field=amount`)).status, 404);
  });
});
