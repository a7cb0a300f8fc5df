// The Maven sales pipeline (8,800 opportunities, with its dirt) through `mortise import` and the real API:
// the numbers of the data set's own description must come out of the aggregates.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, data, folder, login, root, run, serve, start } from './lib.mjs';

const dir = data && join(data, 'crm/maven_crm');
const skip = !binary ? 'skipped: mortise is not built' : !dir ? 'skipped: no data' : false;

// What an admin types: file, form, which column is which field, and the field that tells rows apart.
const files = [
  ['sales_teams.csv', 'agent', 'sales_agent=name,manager=manager,regional_office=office', 'name', 35],
  ['products.csv', 'product', 'product=name,series=series,sales_price=price', 'name', 7],
  [
    'accounts.csv',
    'customer',
    'account=name,sector=source_industry,year_established=founded,revenue=turnover,employees=employees,' +
      'office_location=location,subsidiary_of=group_name',
    'name',
    85,
  ],
  [
    'sales_pipeline.csv',
    'opportunity',
    'opportunity_id=source_key,sales_agent=agent,product=product,account=customer,deal_stage=stage,' +
      'engage_date=engage_date,close_date=close_date,close_value=close_value',
    'source_key',
    8800,
  ],
];
const password = 'maven-pipeline-2017';

test('Maven: import, then the published numbers', { skip, timeout: 300_000 }, async (t) => {
  const store = folder(t);
  const apps = join(root, 'apps');
  const base = await serve(t, ['--apps', apps, '--data', store]);
  const added = run(
    ['member', 'add', 'boss', '--name', '总监', '--role', 'crm:director', '--password-stdin', '--data', store],
    { input: password },
  );
  assert.equal(added.code, 0, added.out + added.err);
  const boss = await login(base, 'boss', password);

  for (const [file, form, map, , rows] of files) {
    const started = Date.now();
    const r = await start(['import', `crm/${form}`, join(dir, file), '--map', map, '--as', 'boss', '--data', store]);
    assert.equal(r.code, 0, r.out + r.err);
    t.diagnostic(`${file}: ${rows} rows in ${Date.now() - started} ms`);
    const n = await boss.get(`/apps/crm/forms/${form}/aggregate?metrics=COUNT()`);
    assert.equal(n.body.rows[0]['COUNT()'], rows, form);
  }

  const sum = async (query) => {
    const r = await boss.get(`/apps/crm/forms/opportunity/aggregate?${new URLSearchParams(query)}`);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    return r.body.rows;
  };
  const won = 'stage = "Won"';

  await t.test('by stage', async () => {
    const rows = await sum({ group: 'stage', metrics: 'COUNT()' });
    assert.deepEqual(Object.fromEntries(rows.map((r) => [r.stage, r['COUNT()']])), {
      Won: 4238,
      Lost: 2473,
      Engaging: 1589,
      Prospecting: 500,
    });
  });
  await t.test('won revenue and win rate', async () => {
    const [revenue] = await sum({ metrics: 'SUM(close_value)', filter: won });
    assert.equal(revenue['SUM(close_value)'], 10005534);
    const rate = 'COUNTIF(stage, "Won") / (COUNTIF(stage, "Won") + COUNTIF(stage, "Lost"))';
    const [r] = await sum({ metrics: rate });
    assert.equal(Number(r[rate].toFixed(4)), 0.6315);
  });
  await t.test('by office, stored from the agent', async () => {
    const rows = await sum({ group: 'office', metrics: 'SUM(close_value)', filter: won });
    assert.deepEqual(Object.fromEntries(rows.map((r) => [r.office, r['SUM(close_value)']])), {
      Central: 3346293,
      West: 3568647,
      East: 3090594,
    });
  });
  await t.test('best agents', async () => {
    const rows = await sum({ group: 'agent', metrics: 'SUM(close_value)', filter: won, sort: '-SUM(close_value)', limit: 5 });
    assert.deepEqual(
      rows.map((r) => [r.agent.title, r['SUM(close_value)']]),
      [
        ['Darcel Schlecht', 1153214],
        ['Vicki Laflamme', 478396],
        ['Kary Hendrixson', 454298],
        ['Cassey Cress', 450489],
        ['Donn Cantrell', 445860],
      ],
    );
  });
  await t.test('the dirt: GTXPro found GTX Pro, blanks stay blank, technolgy is technology', async () => {
    const [gtx] = await sum({ metrics: 'COUNT()', filter: 'product.name = "GTX Pro"' });
    assert.equal(gtx['COUNT()'], 1480);
    const [noAccount] = await sum({ metrics: 'COUNT()', filter: 'customer = BLANK' });
    assert.equal(noAccount['COUNT()'], 1425);
    const [noDate] = await sum({ metrics: 'COUNT()', filter: 'engage_date = BLANK' });
    assert.equal(noDate['COUNT()'], 500);
    const tech = await boss.get(
      `/apps/crm/forms/customer/aggregate?${new URLSearchParams({ metrics: 'COUNT()', filter: 'industry = "technology"' })}`,
    );
    const said = readFileSync(join(dir, 'accounts.csv'), 'utf8').split('technolgy').length - 1;
    assert.equal(tech.body.rows[0]['COUNT()'], said);
  });
  await t.test('rollups agree with the aggregates', async () => {
    const agents = await boss.get(`/apps/crm/forms/agent/aggregate?${new URLSearchParams({ metrics: 'SUM(won),SUM(deals)' })}`);
    assert.equal(agents.body.rows[0]['SUM(won)'], 10005534);
    assert.equal(agents.body.rows[0]['SUM(deals)'], 4238);
  });
  const upload = async (name, text, fields) => {
    const form = new FormData();
    form.set('file', new Blob([text], { type: 'text/csv' }), name);
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    const r = await boss.post('/apps/crm/forms/opportunity/import', form);
    assert.equal(r.status, 202, JSON.stringify(r.body));
    const seen = [];
    for (;;) {
      const { body } = await boss.get(`/jobs/${r.body.job}`);
      seen.push(body.done);
      if (body.state === 'done' || body.state === 'failed') return { ...body, seen };
      await new Promise((next) => setTimeout(next, 100));
    }
  };
  const mapping = files[3][2];

  await t.test('the same file again over HTTP, matched by its own id, changes nothing', async () => {
    const job = await upload('sales_pipeline.csv', readFileSync(join(dir, 'sales_pipeline.csv')), {
      mapping,
      mode: 'upsert',
      key: 'source_key',
    });
    assert.deepEqual([job.state, job.created, job.updated, job.failed], ['done', 0, 8800, 0], JSON.stringify(job.errors));
    assert.deepEqual(job.seen, [...job.seen].sort((a, b) => a - b), 'progress goes forward');
    const [n] = await sum({ metrics: 'COUNT()' });
    assert.equal(n['COUNT()'], 8800);
    const [revenue] = await sum({ metrics: 'SUM(close_value)', filter: won });
    assert.equal(revenue['SUM(close_value)'], 10005534);
  });
  await t.test('a bad row is reported with its line and column, the good ones come in', async () => {
    const head = 'opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n';
    const job = await upload(
      'some.csv',
      `${head}NEW1,Moses Frase,GTXPro,Cancity,Won,2017-01-01,2017-02-01,100\n` +
        'NEW2,Moses Frase,GTX Pru,Cancity,Won,2017-01-01,2017-02-01,100\n' +
        'NEW3,Moses Frase,GTXPro,Cancity,Won,2017-01-01,2016-02-01,100\n',
      { mapping, mode: 'insert' },
    );
    assert.deepEqual([job.created, job.failed], [1, 2]);
    assert.deepEqual(job.errors.map((e) => e.field), ['3: product', '4: close_date']);
  });
});
