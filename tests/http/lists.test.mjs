// Lists, aggregates, expressions, exports, the form's definition, dashboards, OpenAPI.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, login, serve, skip } from './lib.mjs';

const F = '/apps/desk/forms/ticket';
const q = (o) => new URLSearchParams(o).toString();

test('lists', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const rows = Array.from({ length: 130 }, (_, i) => ({
    title: `工单 ${String(i).padStart(3, '0')}`, qty: (i % 7) + 1, price: 10 + i, status: i % 3 ? 'open' : 'closed', note: i % 2 ? '单' : '双',
  }));
  for (let i = 0; i < rows.length; i += 65) {
    const r = await agent.post(`${F}/records/batch`, { create: rows.slice(i, i + 65).map(({ status, ...row }) => row) });
    assert.equal(r.status, 200, JSON.stringify(r.body).slice(0, 300));
    const ids = r.body.results.map((x) => x.id).filter((_, k) => rows[i + k].status === 'closed');
    assert.equal((await agent.post(`${F}/records/batch`, { set: { status: 'closed' }, ids })).status, 200);
  }
  await boss.post(`${F}/records`, { title: '主管的', cost: 12345.67 });

  await t.test('pages by cursor give every row once, in order', async () => {
    const seen = [];
    let after = '';
    for (;;) {
      const r = await agent.get(`${F}/records?${q({ sort: '-price', limit: 40, ...(after ? { after } : {}) })}`);
      assert.equal(r.status, 200, JSON.stringify(r.body));
      seen.push(...r.body.records.map((x) => x.price));
      if (!r.body.next) break;
      after = r.body.next;
    }
    assert.equal(seen.length, 130);
    assert.deepEqual(seen, [...seen].sort((a, b) => b - a));
    const bad = await agent.get(`${F}/records?${q({ after: `${after}x` })}`);
    assert.equal(bad.status, 422);
  });

  await t.test('count, page, limit and their bounds', async () => {
    const r = (await agent.get(`${F}/records?limit=10&count=exact`)).body;
    assert.deepEqual([r.records.length, r.total, r.total_is], [10, 130, 'exact']);
    assert.equal((await agent.get(`${F}/records?limit=10&count=none`)).body.total, null);
    const two = (await agent.get(`${F}/records?${q({ sort: 'price', limit: 50, page: 2 })}`)).body;
    assert.equal(two.records[0].price, 60);
    for (const bad of ['limit=201', 'limit=0', 'limit=-1', 'limit=x', 'count=all', 'page=0', 'view=nope', 'sort=nope', 'fields=nope', 'filter=nope%20%3D%201', 'filter=title%20%3D'])
      assert.equal((await agent.get(`${F}/records?${bad}`)).status, 422, bad);
  });

  await t.test('long answers are compressed for those who take it, sessions never', async () => {
    const long = await agent.get(`${F}/records?limit=50`, { 'Accept-Encoding': 'gzip' });
    assert.equal(long.headers.get('content-encoding'), 'gzip');
    assert.equal(long.body.records.length, 50);
    const plain = await agent.get(`${F}/records?limit=50`, { 'Accept-Encoding': 'identity' });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.deepEqual(plain.body, long.body);
    assert.equal((await agent.get('/session', { 'Accept-Encoding': 'gzip' })).headers.get('content-encoding'), null);
  });

  await t.test('filter, search, view and fields', async () => {
    const f = (await agent.get(`${F}/records?${q({ filter: 'price >= 100 and status = "open"', fields: 'title,price', count: 'exact' })}`)).body;
    assert.equal(f.total, rows.filter((r) => r.price >= 100 && r.status === 'open').length);
    assert.deepEqual(Object.keys(f.records[0]).sort(), ['_id', '_title', '_version', 'price', 'title']);
    assert.equal((await agent.get(`${F}/records?${q({ search: '工单 017' })}`)).body.records.length, 1);
    assert.equal((await agent.get(`${F}/records?${q({ view: 'open', count: 'exact', limit: 1 })}`)).body.total, rows.filter((r) => r.status === 'open').length);
    const post = await agent.post(`${F}/query`, { filter: 'price < 15', sort: 'price', fields: ['title', 'price'], limit: 3 });
    assert.deepEqual(post.body.records.map((x) => x.price), [10, 11, 12]);
    assert.equal((await agent.post(`${F}/query`, { limit: 'x' })).status, 422);
  });

  await t.test('a hidden field is unknown wherever one could ask', async () => {
    for (const [name, value] of [['filter', 'cost > 1'], ['sort', 'cost'], ['fields', 'cost'], ['filter', 'IF(cost > 1, TRUE, FALSE)']]) {
      const hidden = await agent.get(`${F}/records?${q({ [name]: value })}`);
      const absent = await agent.get(`${F}/records?${q({ [name]: value.replace('cost', 'cast') })}`);
      assert.equal(hidden.status, 422, `${name}=${value}`);
      assert.deepEqual(hidden.body.errors.map((e) => e.code), absent.body.errors.map((e) => e.code));
    }
    for (const query of ['group=cost&metrics=COUNT()', 'metrics=SUM(cost)', 'metrics=COUNT()&filter=cost%20%3E%201'])
      assert.equal((await agent.get(`${F}/aggregate?${query}`)).status, 422, query);
    assert.equal((await agent.post(`${F}/eval`, { expr: 'cost + 1', values: { cost: 1 } })).status, 422);
    assert.doesNotMatch(JSON.stringify((await agent.get(F)).body), /cost|成本/);
    assert.equal((await boss.get(`${F}/aggregate?metrics=SUM(cost)`)).body.rows[0]['SUM(cost)'], 12345.67);
  });

  await t.test('aggregates are over what one sees', async () => {
    const all = await agent.get(`${F}/aggregate?${q({ group: 'status', metrics: 'COUNT(),SUM(amount)', sort: 'status' })}`);
    assert.equal(all.status, 200, JSON.stringify(all.body));
    const sum = (st) => rows.filter((r) => r.status === st).reduce((n, r) => n + r.qty * r.price, 0);
    const by = Object.fromEntries(all.body.rows.map((r) => [r.status, r]));
    assert.equal(by.open['SUM(amount)'], sum('open'));
    assert.equal(by.closed['COUNT()'], rows.filter((r) => r.status === 'closed').length);
    assert.equal((await agent.get(`${F}/aggregate?metrics=COUNT()`)).body.rows[0]['COUNT()'], 130);
    assert.equal((await boss.get(`${F}/aggregate?metrics=COUNT()`)).body.rows[0]['COUNT()'], 131);
  });

  await t.test('eval computes what a page cannot', async () => {
    const r = await agent.post(`${F}/eval`, { values: { qty: 3, price: 2.5 }, expr: 'qty * price' });
    assert.deepEqual([r.status, r.body.value], [200, 7.5], JSON.stringify(r.body));
    const f = await agent.post(`${F}/eval`, { values: { qty: 2, price: 4 }, field: 'amount' });
    assert.equal(f.body.value, 8, JSON.stringify(f.body));
    assert.equal((await agent.post(`${F}/eval`, { values: {}, expr: 'qty +' })).status, 422);
    assert.equal((await agent.post(`${F}/eval`, { values: {}, field: 'nope' })).status, 422);
  });

  await t.test('export for people and machines; formulas are defused', async () => {
    await agent.post(`${F}/records`, { title: '=HYPERLINK("http://evil")', note: '+cmd' });
    const r = await agent.post(`${F}/export`, { format: 'csv', filter: 'note = "+cmd"', fields: ['no', 'title', 'status', 'note'] });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.match(r.headers.get('content-type'), /text\/csv/);
    const lines = r.body.replace(/^\ufeff/, '').trim().split('\r\n');
    assert.equal(lines[0], '编号,标题,状态,备注');
    assert.match(lines[1], /"'=HYPERLINK/);
    assert.match(lines[1], /打开,"'\+cmd/);
    const m = await agent.post(`${F}/export`, { for: 'machine', filter: 'note = "+cmd"', fields: 'status' });
    assert.match(m.body, /_id,status\r\n\w{13},open/);
    assert.equal((await agent.post('/apps/desk/forms/customer/export', {})).status, 403);
    assert.equal((await agent.post(`${F}/export`, { fields: 'cost' })).status, 422);
  });

  await t.test('related rows come with their count', async () => {
    const r = await agent.get(`${F}/records?limit=1`);
    assert.deepEqual((await agent.get(`${F}/records/${r.body.records[0]._id}/related`)).body, { related: [] });
  });
});

test('definitions', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const outsider = await login(s, 'outsider');

  await t.test('apps and forms as each may see them', async () => {
    const apps = (await agent.get('/apps')).body.apps;
    assert.deepEqual(apps.map((a) => a.app), ['desk']);
    assert.deepEqual(apps[0].forms.map((f) => f.form).sort(), ['customer', 'leave', 'ticket']);
    assert.deepEqual(apps[0].menu.map((m) => m.form ?? m.dashboard), ['ticket', 'board']);
    assert.deepEqual((await outsider.get('/apps')).body.apps, []);
    const f = (await agent.get(F)).body;
    assert.deepEqual(f.fields.map((x) => x.key), ['no', 'title', 'code', 'customer', 'qty', 'price', 'amount', 'status', 'note', 'items']);
    assert.equal(f.fields.find((x) => x.key === 'amount').local, true);
    assert.equal(f.rights.create, true);
    assert.equal(f.rights.transfer, false);
    assert.ok((await boss.get(F)).body.fields.some((x) => x.key === 'cost'));
    assert.equal((await boss.get('/apps/desk/forms/leave')).body.flow.start.can, false);
    assert.equal((await agent.get('/apps/desk/forms/leave')).body.flow.start.can, true);
  });

  await t.test('in English where there is a translation', async () => {
    const f = (await agent.get(F, { 'Accept-Language': 'en' })).body;
    assert.deepEqual([f.title, f.fields[1].title, f.fields[2].title], ['Ticket', 'Title', '代码']);
  });

  await t.test('dashboards', async () => {
    await agent.post(`${F}/records`, { title: 'd', price: 5 });
    const d = await agent.get('/apps/desk/dashboards/board');
    assert.equal(d.status, 200, JSON.stringify(d.body));
    assert.deepEqual(d.body.widgets.map((w) => w.key), ['count', 'by_status']);
    const w = await agent.get('/apps/desk/dashboards/board/widgets/by_status');
    assert.deepEqual([w.status, w.body.rows[0].n, w.body.labels.status.open], [200, 1, '打开'], JSON.stringify(w.body));
    assert.equal((await outsider.get('/apps/desk/dashboards/board')).status, 404);
    assert.equal((await agent.get('/apps/desk/dashboards/board/widgets/nope')).status, 404);
    assert.equal((await agent.get('/apps/desk/dashboards/nope')).status, 404);
  });

  await t.test('OpenAPI has the real forms and only their visible fields', async () => {
    const r = await agent.get('/openapi.json');
    assert.equal(r.status, 200);
    assert.equal(r.body.openapi, '3.1.0');
    assert.ok(r.body.paths['/apps/desk/forms/ticket/records/{id}'].patch);
    assert.ok(r.body.paths['/session'].post);
    const schema = r.body.components.schemas['desk.ticket'];
    assert.ok(schema.properties.title && !schema.properties.cost);
    assert.equal((await call(s, 'GET', '/openapi.json')).status, 401);
  });
});
