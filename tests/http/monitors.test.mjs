// Monitors by the clock, and changed rules replayed over stored records: through the real program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { call, login, root, serve, skip, until } from './lib.mjs';

const apps = join(root, 'tests/http/apps_monitor');
const O = '/apps/sales/forms/order';
const A = '/apps/sales/forms/alert';

const robust = `monitors:
  plain: {title: 渠道异常, metric: SUM(net), of: order, at: day, by: channel, window: month, against: {previous: 5, center: median, spread: mad}, alert: z <= -3, min_change: 0.2, every: day, to: [role: boss]}
`;

/** Four channels, six months; Online falls in the last one, Wholesale swings all the time. */
async function fill(boss) {
  const net = { 'In-Store': [90, 95, 92, 91, 93, 90], Online: [80, 82, 81, 80, 83, 40], Wholesale: [10, 90, 20, 95, 15, 30] };
  const create = Object.entries(net).flatMap(([channel, list]) =>
    list.map((price, m) => ({ no: `${channel}-${m}`, channel, day: `2030-0${m + 1}-01`, qty: 1, price, discount: 0 })),
  );
  const r = await boss.post(`${O}/records/batch`, { create });
  assert.equal(r.status, 200, JSON.stringify(r.body));
}

test('monitors', { skip }, async (t) => {
  const s = await serve(t, { apps, args: ['--test-clock'] });
  const clock = (now) => call(s, 'POST', '/test/clock', { body: { now } });
  await fill(await login(s, 'boss'));
  await clock('2030-07-02T02:00:00Z'); // sessions of before are over
  const boss = await login(s, 'boss');
  const rep = await login(s, 'rep');
  const admin = await login(s, 'admin');
  const alerts = async (who = boss) => (await who.get(`${A}/records?sort=subject`)).body.records ?? [];

  await t.test('what is due becomes alerts, once, for those who are told', async () => {
    const list = await until(async () => ((await alerts()).length >= 1 ? alerts() : null));
    // the mean of three months of Wholesale is 43.33: 30 is 31 % below
    assert.deepEqual(list.map((x) => [x.subject, x.window_start, x.value, x.change, x.status]).sort(), [
      ['批发', '2030-05-01', 15, -0.7805, 'new'], // of the months that ended while the clock stood still
      ['批发', '2030-06-01', 30, -0.3077, 'new'],
      ['线上', '2030-06-01', 40, -0.5082, 'new'],
    ]);
    assert.match(list.find((x) => x.subject === '线上').title, /^渠道下滑：线上，2030-06：40（基准 81.33，-50.82 %）$/);
    assert.equal((await alerts(rep)).length, 0);
    const told = (await boss.get('/notices')).body.notices.filter((n) => n.kind === 'alert');
    assert.equal(told.length, 3);
    assert.deepEqual([told[0].app, told[0].form], ['sales', 'alert']);
    await clock('2030-07-03T02:00:00Z');
    await clock('2030-07-04T02:00:00Z');
    await new Promise((ok) => setTimeout(ok, 2500));
    assert.equal((await alerts()).length, 3, 'the same window is told once');
  });

  await t.test('an alert is handled like any record', async () => {
    const [one] = await alerts();
    const r = await boss.patch(`${A}/records/${one._id}`, { status: 'handled', note: '已沟通', _version: one._version });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.equal((await boss.patch(`${A}/records/${one._id}`, { value: 1, _version: r.body._version })).status, 403);
    assert.equal((await rep.get(`${A}/records/${one._id}`)).status, 404);
    assert.equal((await boss.get(`${A}`)).body.title, '预警');
    const en = await call(s, 'GET', A, { headers: { ...boss.headers, 'Accept-Language': 'en' } });
    if (en.status === 200) assert.equal(en.body.title, 'Alert');
  });

  const simulate = (body, who = admin) => who.post('/admin/simulate', { app: 'sales', form: 'order', from: '2030-01-01', to: '2030-07-01', at: 'day', ...body });

  await t.test('a changed monitor replayed: the robust rule keeps quiet about Wholesale', async () => {
    const r = await simulate({ rules: { 'monitors.yaml': robust } });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    const total = r.body.totals['monitor.plain'];
    assert.deepEqual([total.was, total.would], [3, 1], JSON.stringify(r.body));
    assert.ok(r.body.differs.every((d) => !d.id.startsWith('线上 2030-06') || d.would));
    assert.equal((await alerts()).length, 3, 'nothing was written');
  });

  await t.test('flow, automation and computed field', async () => {
    const text = readFileSync(join(apps, 'sales/forms/order.yaml'), 'utf8');
    const rules = {
      'forms/order.yaml': text
        .replace('when: net > 100, to: big', 'when: net > 91, to: big')
        .replace('where: channel = "Online"', 'where: channel <> "Online"')
        .replace('IF(net > 100, "大"', 'IF(net > 94, "大"'),
    };
    const r = await simulate({ rules });
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.equal(r.body.rows, 18);
    const n = (rule) => r.body.totals[rule].differs;
    assert.equal(n('flow'), 4, JSON.stringify(r.body.totals));
    assert.equal(n('automation.assign'), 18);
    assert.equal(n('field.level'), 2);
    const flow = r.body.differs.find((d) => d.rule === 'flow');
    assert.deepEqual(flow.was.map((x) => x.node), ['done']);
    assert.deepEqual(flow.would.map((x) => x.node), ['big', 'done']);
    assert.deepEqual(flow.would[0].people, ['主管']);
    const assign = r.body.differs.find((d) => d.rule === 'automation.assign' && d.would);
    assert.deepEqual([assign.was, assign.would], [null, { handler: '线上组' }]);
    const same = await simulate({});
    assert.deepEqual([same.status, same.body.differs], [200, []], 'the saved draft is what runs');
  });

  await t.test('the right to design is none to read data', async () => {
    const { _id } = (await admin.get('/admin/members')).body.members.find((m) => m.login === 'rep') ?? {};
    const id = _id ?? (await admin.get('/admin/members')).body.members.find((m) => m.login === 'rep').id;
    const r0 = await admin.patch(`/admin/members/${id}`, { rights: ['design'] });
    assert.equal(r0.status, 200, JSON.stringify(r0.body));
    const designer = await login(s, 'rep');
    const text = readFileSync(join(apps, 'sales/forms/order.yaml'), 'utf8');
    const rules = { 'forms/order.yaml': text.replace('IF(net > 100, "大"', 'IF(net > 94, "大"').replace('set: {handler: 线上组}', 'set: {secret: 不给看}'), 'monitors.yaml': robust };
    const r = await simulate({ rules }, designer);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    const of = (rule) => r.body.differs.filter((d) => d.rule === rule);
    assert.equal(of('field.level').length, 2);
    assert.equal(of('automation.assign')[0].would.secret, '***');
    assert.ok(of('monitor.plain').every((d) => [true, null].includes(d.was) && /^[0-9]+ 2030/.test(d.id)), JSON.stringify(of('monitor.plain')));
  });

  await t.test('what is refused', async () => {
    assert.equal((await simulate({}, boss)).status, 403, 'a designer may');
    const bad = await simulate({ rules: { 'monitors.yaml': 'monitors:\n  x: {metric: SUM(nett)}\n' } });
    assert.equal(bad.status, 422);
    const text = readFileSync(join(apps, 'sales/forms/order.yaml'), 'utf8');
    const fresh = await simulate({ rules: { 'forms/order.yaml': text.replace('  handler:', '  more: {type: text, title: 新}\n  handler:') } });
    assert.deepEqual([fresh.status, fresh.body.code], [422, 'not_stored'], JSON.stringify(fresh.body));
    assert.equal((await simulate({ form: 'nothing' })).status, 404);
    assert.equal((await simulate({ limit: 10001 })).status, 422);
    assert.equal((await simulate({ at: 'no' })).status, 422);
    const few = await simulate({ limit: 5, rules: { 'monitors.yaml': robust } });
    assert.deepEqual([few.body.rows, few.body.more], [5, true]);
  });
});
