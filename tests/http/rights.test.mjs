// What one may not read must not show anywhere: not in answers, filters, groups, titles, history, exports, computed values.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const F = '/apps/lab/forms';
const q = encodeURIComponent;

test('rights', { skip }, async (t) => {
  const s = await serve(t);
  const [rep, peer, mgr, chief, viewer] = await Promise.all(['rep', 'peer', 'mgr', 'chief', 'viewer'].map((n) => login(s, n)));
  const make = async (who, form, body) => {
    const r = await who.post(`${F}/${form}/records`, body);
    assert.equal(r.status, 201, JSON.stringify(r.body));
    return r.body;
  };
  const top = await make(chief, 'acct', { name: 'TOPNAME', secret: 'TOPSECRET', vip: 1 });
  const sub = await make(chief, 'acct', { name: 'SUBNAME', secret: 'SUBSECRET', parent_acct: top._id });
  const own = await make(rep, 'acct', { name: 'OWNNAME' });
  const deal = await make(rep, 'deal', { name: 'R1', price: 50, items: [{ part: 'a' }] });
  const changed = await chief.patch(`${F}/deal/records/${deal._id}`, {
    acct: sub._id, cost: 42, memo: 'M', items: [{ part: 'b', cost: 9, acct: sub._id }], _version: 1,
  });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const path = `${F}/deal/records/${deal._id}`;

  await t.test('computed fields hide with what they are computed from', async () => {
    const all = (await chief.get(path)).body;
    assert.deepEqual([all.acct_secret, all.top_secret, all.secret_len, all.acct_name], ['SUBSECRET', 'TOPSECRET', 9, 'SUBNAME']);
    assert.deepEqual([all.items[0].owner_name, all.items[0].share], ['SUBNAME', 21]);
    for (const who of [rep, viewer]) {
      const r = await who.get(path);
      assert.doesNotMatch(JSON.stringify(r.body), /SECRET|SUBNAME/);
      assert.deepEqual(r.body.acct, { id: sub._id, title: null });
      assert.ok(!r.body.secret_len && !r.body.items[0].owner_name, JSON.stringify(r.body));
    }
    const mine = (await rep.get(path)).body;
    for (const k of ['cost', 'margin', 'm2', 'm3', 'items_cost', 'acct_secret', 'top_secret', 'secret_len']) assert.ok(!(k in mine), k);
    for (const k of ['cost', 'total', 'share']) assert.ok(!(k in mine.items[0]), k);
  });

  await t.test('hidden is unknown in every place of a request', async () => {
    for (const f of ['cost', 'margin', 'm3', 'top_secret', 'secret_len', 'items_cost', 'nope']) {
      const places = [
        `records?filter=${q(`${f} <> BLANK`)}`, `records?sort=-${f}`, `records?fields=${f}`, `records?expand=${f}`,
        `aggregate?group=${f}&metrics=COUNT()`, `aggregate?metrics=COUNT(${f})`,
      ];
      for (const p of places) {
        const r = await rep.get(`${F}/deal/${p}`);
        assert.deepEqual([r.status, r.body.code], [422, 'unknown_field'], p);
      }
      for (const [p, body] of [['records', { name: 'x', [f]: 1 }], ['export', { format: 'csv', fields: [f] }], ['eval', { values: {}, expr: f }], ['eval', { values: {}, field: f }]]) {
        const r = await rep.post(`${F}/deal/${p}`, body);
        assert.equal(r.status, 422, p);
        assert.match(JSON.stringify(r.body), /unknown_field/, p);
      }
    }
    for (const f of ['items.cost', 'items.share', 'items.nope', 'acct.secret', 'acct.parent_acct.secret', 'acct.nope']) {
      const r = await rep.get(`${F}/deal/records?filter=${q(f.startsWith('items') ? `SUM(${f}) > 0` : `${f} = "x"`)}`);
      assert.deepEqual([r.status, r.body.code], [422, 'unknown_field'], f);
    }
  });

  await t.test('a filter cannot guess what stands behind an invisible link', async () => {
    for (const f of ['acct.name = "SUBNAME"', 'acct_name = "SUBNAME"', 'LOOKUP(acct, name, name = "SUBNAME") <> BLANK', 'COUNTIF(items.owner_name, "SUBNAME") > 0', 'COUNTIF(items.acct.name, "SUBNAME") > 0']) {
      const r = await rep.get(`${F}/deal/records?filter=${q(f)}`);
      assert.deepEqual([r.status, r.body.total], [200, 0], `${f}: ${JSON.stringify(r.body)}`);
    }
    const found = await rep.get(`${F}/deal/records?search=SUBNAME`);
    assert.equal(found.body.total, 0);
  });

  await t.test('a guess in a body is answered the same, right or wrong', async () => {
    const v = (await rep.get(path)).body._version;
    const answers = await Promise.all(['SUBNAME', 'OTHER'].map((acct_name) => rep.patch(path, { acct_name, _version: v })));
    assert.equal(answers[0].status, answers[1].status);
    const guess = await rep.patch(path, { secret_len: 9, _version: v });
    assert.equal(guess.status, 422);
  });

  await t.test('history shows neither hidden fields nor what was computed from invisible rows', async () => {
    const r = await rep.get(`${path}/history`);
    assert.equal(r.status, 200);
    assert.doesNotMatch(JSON.stringify(r.body), /SECRET|SUBNAME|"cost"|secret_len/);
    const memo = await make(chief, 'memo', { text: 'x', acct: sub._id, accts: [sub._id, own._id] });
    const h = await rep.get(`${F}/memo/records/${memo._id}/history`);
    assert.equal(h.status, 200);
    assert.doesNotMatch(JSON.stringify(h.body), /SUBNAME/);
  });

  await t.test('a rollup hides with the rolled-up field', async () => {
    await make(chief, 'deal', { name: 'C1', price: 1, cost: 555, acct: own._id });
    const r = await rep.get(`${F}/acct/records/${own._id}`);
    assert.equal(r.body.n_deals, 1);
    assert.ok(!r.body.sum_cost, JSON.stringify(r.body));
    assert.equal((await rep.get(`${F}/acct/records?filter=${q('sum_cost > 500')}`)).status, 422);
    assert.equal((await chief.get(`${F}/acct/records/${own._id}`)).body.sum_cost, 555);
  });

  await t.test('a title is computed for its reader', async () => {
    const memo = await make(chief, 'memo', { text: 'hello', acct: sub._id, accts: [sub._id] });
    const r = await rep.get(`${F}/memo/records/${memo._id}`);
    assert.equal(r.body._title, ':hello');
    assert.deepEqual(r.body.accts, [{ id: sub._id, title: null }]);
    assert.ok(!r.body.owed, 'made of costs that he may not read');
    assert.equal((await rep.get(`${F}/memo/records?search=SUBNAME`)).body.total, 0);
    assert.equal((await rep.get(`${F}/memo/records?filter=${q('_title CONTAINS "SUB"')}`)).body.total, 0);
    const all = (await rep.get(`${F}/memo/records?sort=_title`)).body;
    assert.doesNotMatch(JSON.stringify(all), /SUBNAME/);
  });

  await t.test('explain names nothing that does not exist for the one who asks', async () => {
    const r = await rep.get(`${path}/explain`);
    assert.equal(r.status, 200);
    assert.doesNotMatch(JSON.stringify(r.body), /cost|margin|secret_len|top_secret/);
    assert.ok(r.body.grants.some((g) => g.grant === 'own' && g.file === 'forms/deal.yaml' && g.line > 0 && g.held && g.row));
    const one = await rep.get(`${path}/explain?op=delete&field=price`);
    assert.deepEqual(one.body.grants.filter((g) => g.held).map((g) => [g.grant, g.fields]), [['own', { price: 'write' }]]);
    assert.equal((await rep.get(`${path}/explain?field=cost`)).body.code, 'unknown_field');
    assert.equal((await rep.get(`${path}/explain?op=fly`)).status, 422);
  });

  await t.test('a row of one grant never gets the fields of another', async () => {
    await make(chief, 'deal', { name: 'A', price: 11, cost: 21, region: 'a', phone: '13800138000' });
    await make(chief, 'deal', { name: 'B', price: 12, cost: 22, region: 'b', phone: '13800138001' });
    const rows = (await peer.get(`${F}/deal/records?sort=name`)).body.records;
    assert.deepEqual(rows.map((r) => [r.name, r.price, r.cost, r.phone, r._title]), [
      ['A', null, 21, null, 'A/21'],
      ['B', 12, null, '138****8001', 'B/'],
    ]);
    const count = async (f) => (await peer.get(`${F}/deal/records?filter=${q(f)}`)).body.total;
    assert.deepEqual([await count('cost = 22'), await count('cost = BLANK'), await count('price = 11'), await count('phone <> BLANK'), await count('_title CONTAINS "22"')], [0, 1, 0, 0, 0]);
    const agg = (await peer.get(`${F}/deal/aggregate?metrics=${q('SUM(cost),SUM(price),COUNT(phone)')}`)).body;
    assert.deepEqual(Object.values(agg.rows?.[0] ?? agg), [21, 12, 0]);
  });

  await t.test('what one grant shows comes back with the body of another', async () => {
    const made = await make(rep, 'deal', { name: 'both', price: 3, region: 'shared' });
    await chief.patch(`${F}/deal/records/${made._id}`, { memo: 'M', _version: 1 });
    const r = await make(chief, 'deal', { name: 'shared', price: 3, region: 'shared', memo: 'hidden from rep' });
    const patch = async (id, body) => {
      const { _version } = (await chief.get(`${F}/deal/records/${id}`)).body;
      const a = await rep.patch(`${F}/deal/records/${id}`, { ...body, _version });
      return [a.status, a.body.errors?.[0]?.code];
    };
    assert.deepEqual(await patch(made._id, { memo: 'M', price: 3 }), [200, undefined]);
    assert.deepEqual(await patch(made._id, { memo: 'N' }), [403, 'read_only']);
    assert.deepEqual(await patch(r._id, { memo: 'N' }), [422, 'unknown_field']);
    assert.deepEqual(await patch(r._id, { price: 4 }), [403, 'read_only']);
    assert.deepEqual(await patch(r._id, { region: 'b' }), [403, undefined]);
  });

  await t.test('an export has every field the caller may read; machines get no masks', async () => {
    const people = (await mgr.post(`${F}/deal/export`, { format: 'csv', filter: 'name = "B"' })).body;
    assert.match(people, /成本/);
    assert.match(people, /138\*\*\*\*8001/);
    const machine = (await mgr.post(`${F}/deal/export`, { format: 'csv', for: 'machine', filter: 'name = "B"' })).body;
    assert.match(machine, /^\ufeff?_id,no,name,/);
    assert.doesNotMatch(machine, /138/);
    assert.equal((await peer.post(`${F}/deal/export`, { format: 'csv' })).status, 403);
  });

  await t.test('`requires` of a grant is asked', async () => {
    assert.equal((await viewer.get(`${F}/memo/records`)).status, 404);
  });

  await t.test('HASCERT is a certificate of the caller in people, valid today', async () => {
    const P = '/apps/people/forms/certificate/records';
    const admin = await login(s, 'admin');
    const memos = () => peer.get(`${F}/memo/records`);
    await make(chief, 'memo', { text: 'sealed' });
    await make(chief, 'memo', { text: 'open' });
    assert.equal((await memos()).status, 404);
    assert.equal((await peer.post(P, { member: peer.me.id, key: 'privacy' })).status, 403);
    const day = (n) => new Date(Date.now() + 8 * 3600e3 + n * 86400e3).toISOString().slice(0, 10);
    const give = async (member, valid_until, key = 'privacy') => {
      const r = await admin.post(P, { member, key, valid_until });
      assert.equal(r.status, 201, JSON.stringify(r.body));
      return r.body;
    };
    await give(peer.me.id, day(-1));
    await give(peer.me.id, null, 'other');
    await give(rep.me.id, null);
    assert.equal((await memos()).status, 404, 'expired, another key, somebody else');
    const cert = await give(peer.me.id, day(0));
    const r = await memos();
    assert.deepEqual([r.status, r.body.records.map((m) => m.text)], [200, ['sealed']]);
    assert.equal((await peer.get(`${F}/memo/records?filter=${q('HASCERT("privacy") AND NOT HASCERT("none")')}`)).body.total, 1);
    assert.equal((await peer.get(P)).body.total, 3, 'one sees his own certificates');
    assert.equal((await admin.del(`${P}/${cert._id}`, { 'If-Match': '"1"' })).status, 204);
    assert.equal((await memos()).status, 404);
  });

  await t.test('a task shows what its node says, sub-table columns included', async () => {
    const leave = await make(rep, 'leave', { reason: 'trip', days: 2, legs: [{ place: 'X', fare: 77 }] });
    const r = await mgr.get(`${F}/leave/records/${leave._id}`);
    assert.deepEqual([r.status, r.body.legs[0].place], [200, 'X'], JSON.stringify(r.body));
    assert.ok(!r.body.legs[0].fare && r.body.pay == null, JSON.stringify(r.body));
    assert.equal((await peer.get(`${F}/leave/records/${leave._id}`)).status, 404);
  });

  await t.test('a flow shows nobody a field but those who have a task that shows it', async () => {
    const leave = await make(rep, 'leave', { reason: 'pay', days: 8 });
    for (const who of [rep, mgr]) {
      const r = await who.get(`${F}/leave/records/${leave._id}`);
      assert.ok(r.status === 200 && !('pay' in r.body), JSON.stringify(r.body));
    }
    assert.equal((await rep.get(`${F}/leave/records?filter=${q('pay > 1')}`)).body.code, 'unknown_field');
    const act = async (who, action, body) => {
      const { tasks } = (await who.get('/tasks')).body;
      const task = tasks.find((x) => x.record.id === leave._id);
      const r = await who.post(`/tasks/${task.id}/${action}`, body);
      assert.equal(r.status, 200, JSON.stringify(r.body));
    };
    await act(mgr, 'return', { to: 'start', comment: 'again' });
    await act(rep, 'approve', { values: { days: 9 } });
    await act(mgr, 'approve', {});
    assert.ok('pay' in (await chief.get(`${F}/leave/records/${leave._id}`)).body);
    await act(chief, 'approve', { values: { pay: 4711 } });
    for (const who of [rep, mgr]) {
      for (const p of ['', '/history', '/flow']) {
        const r = await who.get(`${F}/leave/records/${leave._id}${p}`);
        assert.equal(r.status, 200, p);
        assert.doesNotMatch(JSON.stringify(r.body), /4711/);
      }
    }
  });
});
