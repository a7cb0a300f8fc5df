// Print templates: values escaped and with their reader's rights, rows, several records, mistakes at check time.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { login, root, run, serve, skip } from './lib.mjs';

const F = '/apps/docs/forms/contract';

test('print', { skip }, async (t) => {
  const s = await serve(t, { apps: join(root, 'tests/http/paper'), own: true });
  const [rep, mgr, peer, viewer] = await Promise.all(['rep', 'mgr', 'peer', 'viewer'].map((n) => login(s, n)));
  const party = (await rep.post('/apps/docs/forms/party/records', { name: '甲<方>' })).body._id;
  const rec = (
    await rep.post(`${F}/records`, {
      name: '<script>alert(1)</script>', no: 'N1', kind: 'sell', tags: ['a', 'b'], rate: 0.065, amount: 1234.5, signed: '2026-11-23', paid: true, party,
      memo: `"quoted" & 'it'`, items: [{ part: '螺丝<b>', qty: 2, price: 3 }, { part: 'x', qty: 1, price: 1 }],
    })
  ).body;
  const two = (await rep.post(`${F}/records`, { name: '第二' })).body;

  await t.test('values are escaped and read as people write them', async () => {
    const r = await rep.get(`${F}/print/main?ids=${rec._id}`);
    assert.equal(r.status, 200, JSON.stringify(r.body));
    assert.match(r.headers.get('content-type'), /text\/html/);
    assert.match(r.headers.get('content-security-policy'), /default-src 'none'/);
    assert.match(r.body, /<h1>&lt;script&gt;alert\(1\)&lt;\/script&gt;<\/h1>/);
    assert.match(r.body, /N1 销售 甲、乙 6\.5% 2026-11-23 是 \[1234\.50\] 1234\.5 甲&lt;方&gt;/);
    assert.match(r.body, /<td>螺丝&lt;b&gt;<\/td><td>2<\/td><td>6\.00<\/td><td>N1\/螺丝&lt;b&gt;<\/td><\/tr><tr><td>x/);
    assert.match(r.body, /&quot;quoted&quot; &amp; &#39;it&#39;/);
  });

  await t.test('hidden fields are blank, invisible records are not there', async () => {
    const r = await peer.get(`${F}/print/main?ids=${rec._id}`);
    assert.equal(r.status, 200);
    assert.match(r.body, /\[\] /);
    assert.doesNotMatch(r.body, /1234/);
    assert.equal((await peer.get(`${F}/print/main?ids=${rec._id},${two._id}`)).status, 404);
    assert.equal((await viewer.get(`${F}/print/main?ids=${rec._id}`)).status, 404);
    assert.equal((await rep.get(`${F}/print/nope?ids=${rec._id}`)).status, 404);
    for (const q of ['', '?ids=', `?ids=${rec._id}&format=doc`]) assert.equal((await rep.get(`${F}/print/main${q}`)).status, 422, q);
    const pdf = await rep.get(`${F}/print/main?ids=${rec._id}&format=pdf`);
    assert.deepEqual([pdf.status, pdf.body.code], [501, 'no_pdf']);
    const both = await mgr.get(`${F}/print/main?ids=${two._id},${rec._id}`);
    assert.ok(both.body.indexOf('第二') < both.body.indexOf('N1'));
    assert.equal(both.body.match(/<body>/g).length, 1);
    assert.deepEqual((await rep.get(F)).body.prints, [{ key: 'main', title: '合同单' }]);
  });

  await t.test('a template is checked with the app', async () => {
    writeFileSync(join(s.apps, 'docs/prints/contract.bad.html'), '<p>{{nme}}</p>\n {{#each name}}x{{/each}}\n{{name');
    const r = run(['check', join(s.apps, 'docs')]);
    assert.equal(r.code, 1);
    assert.match(r.out, /prints\/contract\.bad\.html:1:6: /);
    assert.match(r.out, /prints\/contract\.bad\.html:2:\d+: /);
    assert.match(r.out, /prints\/contract\.bad\.html:3:1: /);
  });
});
