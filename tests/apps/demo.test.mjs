// `serve --demo`: the CRM's demo rows load, every role finds its menu, and the main job works over HTTP:
// a channel rep registers a customer, the manager approves, a second registration opens a conflict.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { binary, folder, login, root, serve } from './lib.mjs';

const skip = binary ? false : 'skipped: mortise is not built';
const password = 'demo-rows-2026';
const roles = ['channel_rep', 'channel_manager', 'sales_rep', 'director', 'service', 'finance'];

const formsOf = (menu) => menu.flatMap((m) => (m.items ? formsOf(m.items) : m.form ? [m] : []));

test('the demo', { skip, timeout: 120_000 }, async (t) => {
  process.env.MORTISE_DEMO_PASSWORD = password;
  const base = await serve(t, ['--demo', '--apps', join(root, 'apps'), '--data', folder(t)]);
  const people = {};
  for (const role of roles) people[role] = await login(base, role, password);
  const list = async (who, form, query = '') => {
    const r = await people[who].get(`/apps/crm/forms/${form}/records?limit=200${query}`);
    assert.equal(r.status, 200, `${who} ${form}: ${JSON.stringify(r.body)}`);
    return r.body.records;
  };

  await t.test('every form and view of each role’s menu opens, with rows', async () => {
    for (const role of roles) {
      const { body } = await people[role].get('/apps');
      const crm = body.apps.find((a) => a.app === 'crm');
      assert.ok(crm, role);
      for (const item of formsOf(crm.menu)) {
        const form = await people[role].get(`/apps/crm/forms/${item.form}`);
        assert.equal(form.status, 200, `${role} ${item.form}`);
        await list(role, item.form, item.view ? `&view=${item.view}` : '');
      }
    }
    assert.equal((await list('director', 'lead')).length, 26);
    assert.equal((await list('director', 'customer')).length, 20);
    assert.equal((await list('director', 'registration')).length, 8);
  });

  await t.test('titles come in English too', async () => {
    const r = await people.director.get('/apps/crm/forms/lead');
    assert.equal(r.body.title, '线索');
    const e = await people.director.get('/apps/crm/forms/lead', { 'Accept-Language': 'en' });
    assert.equal(e.body.title, 'Lead');
    assert.equal(e.body.fields.find((f) => f.key === 'company').title, 'Company');
    assert.equal(e.body.layout[0].section, 'Basics');
  });

  await t.test('every widget of the dashboard answers', async () => {
    const d = await people.director.get('/apps/crm/dashboards/sales');
    assert.equal(d.status, 200);
    for (const w of d.body.widgets) {
      const r = await people.director.get(`/apps/crm/dashboards/sales/widgets/${w.key}`);
      assert.equal(r.status, 200, `${w.key}: ${JSON.stringify(r.body)}`);
      assert.ok(r.body.rows.length > 0, w.key);
    }
    const widget = async (key) => (await people.director.get(`/apps/crm/dashboards/sales/widgets/${key}`)).body;
    const [{ won, lost, rate }] = (await widget('win_rate')).rows;
    assert.ok(won > 0 && Math.abs(rate - won / (won + lost)) < 1e-9, `${won} ${lost} ${rate}`);
    assert.equal((await widget('by_office')).labels.office.East, '东区');
  });

  await t.test('a rep sees his own channel, masked where he should', async () => {
    const channels = await list('channel_rep', 'channel');
    assert.deepEqual(channels.map((c) => c.name), ['上海智联信息技术有限公司']);
    const pool = (await list('channel_rep', 'lead', '&view=pool'))[0];
    assert.ok(pool.company);
    assert.ok(!pool.phone);
    const hidden = await people.channel_rep.get(
      `/apps/crm/forms/channel/records?${new URLSearchParams({ filter: 'credit > 0' })}`,
    );
    assert.equal(hidden.status, 422, JSON.stringify(hidden.body));
  });

  await t.test('报备: submit, approve, protected; the second channel opens a conflict', async () => {
    const product = (await list('channel_rep', 'product'))[0];
    const made = await people.channel_rep.post('/apps/crm/forms/registration/records', {
      company: '嘉善长青塑胶有限公司',
      phone: '199 0000 4321',
      expected_close: new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10),
      evidence: '电话沟通两次，客户约下周上门',
      items: [{ product: product._id, qty: 2, price: 1000 }],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body._state, 'running');
    assert.equal(made.body.channel.title, '上海智联信息技术有限公司');
    assert.equal(made.body.amount, 2000);

    const todo = await people.channel_manager.get('/tasks?box=todo');
    const task = todo.body.tasks.find((x) => x.record.id === made.body._id);
    assert.ok(task, JSON.stringify(todo.body));
    const both = await Promise.all([
      people.channel_manager.post(`/tasks/${task.id}/approve`, {}),
      people.channel_manager.post(`/tasks/${task.id}/approve`, {}),
    ]);
    assert.deepEqual(both.map((r) => r.status).sort(), [200, 409], JSON.stringify(both.map((r) => r.body)));
    const after = await people.channel_rep.get(`/apps/crm/forms/registration/records/${made.body._id}`);
    assert.equal(after.body.status, 'protected');
    assert.equal(after.body._state, 'approved');

    const before = (await list('director', 'conflict')).length;
    const channels = await list('director', 'channel');
    const rival = await people.channel_manager.post('/apps/crm/forms/registration/records', {
      channel: channels.find((c) => c.name.startsWith('广州')).id ?? channels.find((c) => c.name.startsWith('广州'))._id,
      company: '嘉善 长青塑胶有限公司',
      expected_close: new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10),
      evidence: '展会认识',
      items: [{ product: product._id, qty: 1, price: 1000 }],
    });
    assert.equal(rival.status, 201, JSON.stringify(rival.body));
    const cases = await list('director', 'conflict');
    assert.equal(cases.length, before + 1);
    const opened = cases.find((c) => c.company === '嘉善长青塑胶有限公司');
    assert.equal(opened.type.key ?? opened.type, 'dup_reg');
  });

  await t.test('a draft opens no conflict, its submission does', async () => {
    const product = (await list('channel_rep', 'product'))[0];
    const before = (await list('director', 'conflict')).length;
    const draft = await people.channel_rep.post('/apps/crm/forms/registration/records?draft=1', {
      company: '深圳湾智造科技有限公司',
      expected_close: new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10),
      evidence: '客户总部介绍',
      items: [{ product: product._id, qty: 1, price: 1000 }],
    });
    assert.equal(draft.status, 201, JSON.stringify(draft.body));
    assert.equal(draft.body._state, 'draft');
    assert.equal((await list('director', 'conflict')).length, before);
    const sent = await people.channel_rep.post(`/apps/crm/forms/registration/records/${draft.body._id}/flow/submit`, {});
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    assert.equal((await list('director', 'conflict')).length, before + 1);
  });

  await t.test('the public form: a stranger complains, the script finds the customer and who serves him', async () => {
    const { public: links } = (await people.service.get('/apps/crm/forms/feedback')).body;
    const post = (body) =>
      fetch(`${base}/api/v1${links.feedback.url}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const complaint = { kind: 'complaint', title: '又打电话', content: '一天三个推销电话', topic: 'harass' };
    const made = await post({ ...complaint, company: '佛山和居家具集团有限公司' });
    assert.equal(made.status, 201, await made.clone().text());
    const { id } = await made.json();
    const row = (await people.service.get(`/apps/crm/forms/feedback/records/${id}`)).body;
    assert.equal(row.source, 'form');
    assert.equal(row.urgent, true);
    assert.equal(row.customer.title, '佛山和居家具集团有限公司');
    assert.equal(row.served_by.title, '广州云桥科技有限公司');
    const forged = await post({ ...complaint, status: 'closed' });
    assert.ok(forged.status === 422 || forged.status === 403, `${forged.status}`);
  });

  await t.test('leads that arrive together are still given in turn: each agent within one of his share', async () => {
    const made = await Promise.all(
      Array.from({ length: 48 }, (_, i) =>
        people.director.post('/apps/crm/forms/lead/records', { company: `同时到达 ${i}`, source: 'web', region: 'east' }),
      ),
    );
    assert.deepEqual([...new Set(made.map((r) => r.status))], [201]);
    const rules = await list('director', 'assign_rule', `&${new URLSearchParams({ filter: 'region = "east"' })}`);
    const rule = (await people.director.get(`/apps/crm/forms/assign_rule/records/${rules[0]._id}`)).body;
    for (const row of rule.pool) {
      const share = (rule.given * row.weight) / rule.total_weight;
      assert.ok(Math.abs(row.received - share) <= 1, `${row.agent.title}: ${row.received} of ${share}`);
    }
    const log = await people.director.get(
      `/apps/crm/forms/assign_log/aggregate?${new URLSearchParams({ metrics: 'COUNT()', filter: `rule = "${rule._id}"` })}`,
    );
    assert.equal(log.body.rows[0]['COUNT()'], rule.given);
  });

  await t.test('the pool: claim a lead, convert it to a customer', async () => {
    const lead = (await list('channel_rep', 'lead', '&view=pool'))[0];
    const path = `/apps/crm/forms/lead/records/${lead._id}`;
    const seen = (await people.channel_rep.get(path)).body;
    assert.deepEqual(seen._buttons, ['claim']);
    assert.ok(!('phone' in seen) || seen.phone === null);
    const claimed = await people.channel_rep.post(`${path}/buttons/claim`, {});
    assert.equal(claimed.status, 200, JSON.stringify(claimed.body));
    assert.ok(claimed.body.phone);
    assert.equal(claimed.body.agent.title, '林晓彤');
    const converted = await people.channel_rep.post(`${path}/buttons/convert`, { tier: 'B', opportunity: true });
    assert.equal(converted.status, 200, JSON.stringify(converted.body));
    const after = (await people.channel_rep.get(path)).body;
    assert.equal(after.status, 'converted');
    const customer = (await people.channel_rep.get(`/apps/crm/forms/customer/records/${after.customer.id}`)).body;
    assert.equal(customer.name, lead.company);
    assert.equal(customer.open_deals, 1);
  });

  await t.test('a duplicate customer is refused without telling whose it is', async () => {
    const r = await people.channel_rep.post('/apps/crm/forms/customer/records', { name: '南京紫岚新材料股份有限公司' });
    assert.equal(r.status, 409, JSON.stringify(r.body));
    assert.ok(!JSON.stringify(r.body).includes('陈思远'));
  });
});
