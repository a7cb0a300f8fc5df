// The cases of tests/formula/*.fx in WebAssembly, and the exports the pages use.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { openWasm } from './wasm.mjs';

const dir = new URL('.', import.meta.url);

export function cases(file) {
  const lines = readFileSync(new URL(file, dir), 'utf8').split('\n');
  const out = [];
  let part = [];
  lines.forEach((line, i) => {
    if (!line || line.startsWith('#')) return;
    part.push(line);
    if (part.length === 3) {
      out.push({ at: `${file}:${i - 1}`, expr: part[0], vars: part[1], want: part[2] });
      part = [];
    }
  });
  assert.equal(part.length, 0, `${file} ends inside a case`);
  return out;
}

const fx = await openWasm();
const full = await openWasm('build/formula-full.wasm'); // with the texts of mistakes
for (const m of [fx, full]) m.now(1795449600000000, 0);

for (const file of readdirSync(dir).filter((f) => f.endsWith('.fx'))) {
  test(file, () => {
    for (const c of cases(file)) {
      const got = fx.vars(c.vars, c.expr);
      if (c.want.startsWith('!')) {
        const { error } = full.vars(c.vars, c.expr);
        assert.equal(got.error?.column, error?.column, `${c.at} ${c.expr}`);
        const said = error && `! ${error.column} ${error.message_en}`;
        assert.ok(said?.includes(c.want.slice(1).trim()), `${c.at} ${c.expr}: ${said ?? got.text}`);
      } else {
        assert.equal(got.error, undefined, `${c.at} ${c.expr}: ${got.error?.message_en}`);
        assert.deepEqual(JSON.parse(got.text), JSON.parse(c.want), `${c.at} ${c.expr}`);
      }
    }
  });
}

// JSON lines written by tests/unit/test_fx_random.c under MORTISE_PRINT
const random = process.env.MORTISE_PRINT;
test('random expressions', { skip: random && existsSync(random) ? false : 'no MORTISE_PRINT file' }, () => {
  let n = 0;
  for (const line of readFileSync(random, 'utf8').split('\n')) {
    if (!line) continue;
    const { expr, want } = JSON.parse(line);
    const vars = line.slice(line.indexOf(',"vars":') + 8, line.lastIndexOf(',"want":'));
    const got = fx.vars(vars, expr);
    assert.equal(got.error, undefined, `${expr}: ${got.error?.message_en}`);
    assert.deepEqual(JSON.parse(got.text), want, `${expr} over ${vars}`);
    n++;
  }
  console.log(`${n} random expressions agree`);
});

test('size and imports', () => {
  const gz = gzipSync(readFileSync('build/formula.wasm'), { level: 9 }).length;
  console.log(`formula.wasm: ${gz} bytes gzip`);
  assert.ok(gz <= 40 * 1024);
});

test('a form on the screen', () => {
  const field = { amount: { t: 'num', s: 2 }, qty: { t: 'num', s: 0 }, name: { t: 'text' } };
  assert.equal(
    fx.schema({
      forms: {
        lead: {
          fields: {
            company: { t: 'text' },
            status: { t: 'text', o: ['new', 'won'] },
            channel: { t: 'link', f: 'channel' },
            due: { t: 'date' },
            at: { t: 'datetime' },
            tags: { t: 'texts' },
            owner: { t: 'member' },
            items: { t: 'rows', f: 'lead.items' },
          },
        },
        'lead.items': { fields: { ...field, product: { t: 'link', f: 'product' } } },
        channel: { fields: { credit: { t: 'num', s: 2 }, status: { t: 'text' } } },
        product: { fields: { price: { t: 'num', s: 2 } } },
      },
      settings: { vat: 0.13 },
    }),
    0,
  );
  const id = '0000000000abc';
  fx.user({ id, dept: null, depts: ['0000000000abd'], roles: ['rep'], settings: {} });
  fx.now(1795449600000000, 8 * 3600);
  assert.equal(
    fx.row({
      company: '甲公司',
      status: 'new',
      channel: { id: '0000000000xyz', title: '渠道一', credit: 100.5, status: 'open' },
      due: '2026-11-23',
      at: '2026-11-22T18:00:00Z',
      tags: ['a', 'b'],
      owner: { id, title: '周' },
      items: [
        { qty: 2, amount: 0.1, product: { id: '0000000000p01', price: 3.5 } },
        { qty: 3, amount: 0.2, product: null },
      ],
    }),
    0,
  );
  const record = (expr) => {
    const c = fx.compile('lead', null, expr);
    assert.ok('handle' in c, `${expr}: ${JSON.stringify(c)}`);
    return fx.eval(c.handle);
  };
  assert.equal(record('SUM(items.amount)'), 0.3);
  assert.equal(record('SUMPRODUCT(items.qty, items.product.price)'), 7);
  assert.equal(record('channel.credit * SETTING("vat")'), 100.5 * 0.13);
  assert.equal(record('channel & "/" & company'), '渠道一/甲公司');
  assert.equal(record('DAY(at)'), 23);
  assert.equal(record('due + 1'), '2026-11-24');
  assert.equal(record('tags CONTAINS "b" AND status <> "won"'), true);
  assert.equal(record('owner = USER() AND HASROLE("rep")'), true);
  assert.equal(record('TODAY()'), '2026-11-24');
  assert.equal(record('_owner = BLANK'), true);
  assert.deepEqual(record('channel'), { id: '0000000000xyz', title: '渠道一' });
  fx.table('items');
  const line = fx.compile('lead.items', 'lead', 'qty * product.price + parent.channel.credit');
  assert.equal(fx.eval(line.handle, 0), 107.5);
  assert.equal(fx.eval(line.handle, 1), 100.5);
  assert.equal(fx.eval(line.handle, 2), undefined);
  assert.deepEqual(fx.refs(line.handle), {
    refs: ['qty', 'product.price', 'parent.channel.credit'],
    flags: 0,
    type: 'num',
  });
  assert.equal(fx.compile('lead', null, 'compny & 1').errors[0].column, 1);
});

test('mistakes', () => {
  full.schema({ forms: { lead: { fields: { company: { t: 'text' } } } } });
  const bad = full.compile('lead', null, 'company & compny').errors[0];
  assert.equal(bad.column, 11);
  assert.match(bad.message_en, /did you mean “company”/);
  assert.match(bad.message, /是不是“company”/);
});

test('speed', () => {
  fx.schema({
    forms: {
      lead: { fields: { items: { t: 'rows', f: 'lead.items' } } },
      'lead.items': { fields: { qty: { t: 'num', s: 0 }, amount: { t: 'num', s: 2 } } },
    },
  });
  fx.row({ company: 'x', items: [{ qty: 3, amount: 19.9 }] });
  fx.table('items');
  const c = fx.compile('lead.items', 'lead', 'qty * amount * (1 - 0.1)');
  const t = process.hrtime.bigint();
  for (let i = 0; i < 200000; i++) fx.x.fxw_eval(c.handle, 0);
  console.log(`${Number(process.hrtime.bigint() - t) / 200000} ns a call`);
});

test('noise does not trap', () => {
  const words = ['IF(', 'SUM(', ')', ',', '1', '"a"', 'x', '.', '+', '-', 'AND', '[', ']', '%', '^', '=', ' '];
  let seed = 7;
  const pick = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let i = 0; i < 20000; i++) {
    let s = '';
    for (let k = pick(12); k >= 0; k--) s += words[pick(words.length)];
    fx.vars('{"x":1}', s);
  }
});
