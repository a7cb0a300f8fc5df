// Pages by key over every sort: blanks, equal values, pinyin, links, both directions; for all rows and for some.
import assert from 'node:assert/strict';
import test from 'node:test';
import { login, serve, skip } from './lib.mjs';

const F = '/apps/desk/forms/ticket';
const q = (o) => new URLSearchParams(o).toString();
const SORTS = ['_id', '-_id', 'title', '-title', 'note', '-note', 'price', '-price', 'status,-qty', '-status,note', 'customer', '-customer', '-_created_at', '_owner,-note,price', '-note,-price,title', 'qty * 2', '-_id,title', 'note,_id'];

async function all(who, sort, limit) {
  const ids = [];
  let after = '';
  for (let pages = 0; pages < 200; pages++) {
    const r = await who.get(`${F}/records?${q({ sort, limit, fields: 'title', ...(after ? { after } : {}) })}`);
    assert.equal(r.status, 200, `${sort}: ${JSON.stringify(r.body)}`);
    ids.push(...r.body.records.map((x) => x._id));
    if (!r.body.next) return ids;
    after = r.body.next;
  }
  throw new Error(`${sort}: no end`);
}

test('pages by key', { skip }, async (t) => {
  const s = await serve(t);
  const agent = await login(s, 'agent');
  const boss = await login(s, 'boss');
  const customers = [];
  for (const name of ['张三', '阿里', 'Zed', 'abe']) {
    const r = await boss.post('/apps/desk/forms/customer/records', { name });
    if (r.status === 201) customers.push(r.body._id);
  }
  const notes = [null, '乙', '甲', null, '甲', 'a', 'A', '赵', '钱'];
  const titles = ['钱', '赵', '孙', 'li', '李', 'Zhou', '周', '吴 2', '吴 10'];
  const row = (i) => ({
    title: titles[i % 9], note: notes[(i * 5) % 9], price: i % 4 ? (i * 7) % 5 : null, qty: (i % 3) + 1, customer: customers.length && i % 3 ? customers[i % customers.length] : null,
  });
  for (const [who, from] of [[boss, 0], [agent, 30]]) {
    const r = await who.post(`${F}/records/batch`, { create: Array.from({ length: 30 }, (_, i) => row(from + i)) });
    assert.equal(r.status, 200, JSON.stringify(r.body).slice(0, 300));
  }
  const free = (await all(boss, '_id', 200)).slice(0, 8);
  for (const id of free) {
    const { _version } = (await boss.get(`${F}/records/${id}`)).body;
    assert.equal((await boss.patch(`${F}/records/${id}`, { _owner: null, _version })).status, 200);
  }
  for (const [name, who, n] of [['boss', boss, 60], ['agent', agent, 38]])
    await t.test(`every row once, in the order of one long page: ${name}`, async () => {
      for (const sort of SORTS) {
        const whole = await all(who, sort, 200);
        assert.equal(new Set(whole).size, n, sort);
        for (const limit of [1, 7]) assert.deepEqual(await all(who, sort, limit), whole, `${sort} by ${limit}`);
      }
    });
});
