import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { FormDef, Rec } from '../src/api/types';
import type { Compiled, Formula } from '../src/form/formula';
import { FormModel } from '../src/form/model';

const DEF: FormDef = {
  app: 'crm',
  form: 'lead',
  title: '线索',
  layout: [],
  views: [],
  buttons: [],
  rights: { create: true },
  fields: [
    { key: 'no', type: 'serial', title: '编号' },
    { key: 'company', type: 'text', title: '公司', required: true },
    {
      key: 'status',
      type: 'select',
      title: '状态',
      default: 'new',
      options: [
        { key: 'new', title: '新建' },
        { key: 'lost', title: '流失' },
      ],
    },
    { key: 'why', type: 'text', title: '原因', visible: 'status = "lost"', required: true },
    { key: 'secret', type: 'text', title: '无权', writable: false },
    {
      key: 'items',
      type: 'table',
      title: '产品',
      fields: [
        { key: 'qty', type: 'number', title: '数量', min: 1, default: 1, scale: 0 },
        { key: 'price', type: 'number', title: '单价', scale: 2 },
        { key: 'amount', type: 'formula', title: '小计', value: 'qty * price', scale: 2, result: 'number' },
      ],
    },
    { key: 'amount', type: 'formula', title: '金额', value: 'SUM(items.amount)', scale: 2, result: 'number' },
  ],
  checks: [{ expr: 'amount <= 100', message: '超出额度', at: 'amount' }],
};

/** Stands for formula.wasm: the four expressions of DEF by hand. */
function fake(): Formula {
  let row: Record<string, unknown> = {};
  const at = (i: number) => ((row.items as Record<string, number | null>[]) ?? [])[i] ?? {};
  const fns: Record<string, { refs: string[]; run: (i: number) => unknown }> = {
    'status = "lost"': { refs: ['status'], run: () => row.status === 'lost' },
    'qty * price': { refs: ['qty', 'price'], run: (i) => (at(i).qty ?? 0) * (at(i).price ?? 0) },
    'SUM(items.amount)': {
      refs: ['items.amount'],
      run: () => ((row.items as { amount: number }[]) ?? []).reduce((s, r) => s + (r.amount ?? 0), 0),
    },
    'amount <= 100': { refs: ['amount'], run: () => ((row.amount as number) ?? 0) <= 100 },
  };
  const names = Object.keys(fns);
  return {
    compile: (_table, text): Compiled | null =>
      fns[text] ? { handle: names.indexOf(text), refs: fns[text].refs, remote: false } : null,
    row: (v) => {
      row = v as Record<string, unknown>;
    },
    evaluate: (h, _table, i) => fns[names[h.handle]!]!.run(i),
  };
}
const settled = () => new Promise((r) => setTimeout(r, 0));

let model: FormModel;
beforeEach(() => {
  model = new FormModel(DEF);
  model.attach(fake());
});

describe('a new form', () => {
  it('starts with its defaults and sends only what is filled', () => {
    expect(model.body()).toEqual({ status: 'new' });
  });

  it('shows and requires a field when its condition holds', async () => {
    const why = model.cell('why')!;
    expect(why.shown.value).toBe(false);
    model.set(model.cell('status')!, 'lost');
    await settled();
    expect(why.shown.value).toBe(true);
    model.set(model.cell('company')!, '甲');
    expect(model.validate()).toBe(false);
    expect(why.error.value).toContain('原因');
  });

  it('neither checks nor sends what is not shown', async () => {
    model.set(model.cell('company')!, '甲');
    model.set(model.cell('why')!, '写过又藏起来');
    await settled();
    expect(model.validate()).toBe(true);
    expect(model.body()).toEqual({ company: '甲', status: 'new' });
  });

  it('computes rows, then what sums them, and rounds to the scale', async () => {
    const row = model.addRow('items')!;
    model.set(row.cells.get('qty')!, 3);
    model.set(row.cells.get('price')!, 0.335);
    await settled();
    expect(row.cells.get('amount')!.value.value).toBe(1.01);
    expect(model.cell('amount')!.value.value).toBe(1.01);
    model.removeRow('items', row);
    await settled();
    expect(model.cell('amount')!.value.value).toBe(0);
  });

  it('says every mistake at once, with its row', () => {
    const row = model.addRow('items')!;
    model.set(row.cells.get('qty')!, 0);
    expect(model.validate()).toBe(false);
    expect(model.errors().map((e) => e.cell.path())).toEqual(['company', 'items[0].qty']);
  });

  it('refuses what a check of the form refuses', async () => {
    model.set(model.cell('company')!, '甲');
    const row = model.addRow('items')!;
    model.set(row.cells.get('price')!, 101);
    await settled();
    expect(model.validate()).toBe(false);
    expect(model.cell('amount')!.error.value).toBe('超出额度');
  });

  it('puts errors of the server beside their fields', () => {
    model.addRow('items');
    model.place([
      { field: 'items[0].price', code: 'min', message: '太低' },
      { field: 'company', code: 'duplicate', message: '已有' },
      { field: 'nothing', code: 'x', message: '别处' },
    ]);
    expect(model.rows('items')[0]!.cells.get('price')!.error.value).toBe('太低');
    expect(model.cell('company')!.error.value).toBe('已有');
    expect(model.general.value).toEqual(['别处']);
  });

  it('never sends what the caller may not write', () => {
    model.cell('secret')!.value.value = 'x';
    model.cell('no')!.value.value = 'XS1';
    expect(Object.keys(model.body())).toEqual(['status']);
  });
});

describe('an edited record', () => {
  const rec: Rec = {
    _id: 'r1',
    _version: 7,
    no: 'XS1',
    company: '甲',
    status: 'new',
    why: null,
    secret: 's',
    amount: 2,
    items: [{ _id: 'a', qty: 1, price: 2, amount: 2 }],
  };
  it('sends only what changed', async () => {
    const m = new FormModel(DEF, { record: rec });
    m.attach(fake());
    expect(m.body()).toEqual({});
    m.set(m.cell('company')!, '乙');
    await settled();
    expect(m.body()).toEqual({ company: '乙' });
    m.set(m.cell('company')!, '甲');
    expect(m.body()).toEqual({});
  });
  it('sends a whole table with the ids of its rows', async () => {
    const m = new FormModel(DEF, { record: rec });
    m.attach(fake());
    m.set(m.rows('items')[0]!.cells.get('qty')!, 2);
    m.addRow('items');
    expect(m.body()).toEqual({
      items: [
        { _id: 'a', qty: 2, price: 2 },
        { qty: 1, price: null },
      ],
    });
  });
  it('keeps to the fields of an approval', () => {
    const m = new FormModel(DEF, { record: rec, only: ['why'] });
    expect(m.cell('company')!.readonly.value).toBe(true);
    expect(m.cell('why')!.readonly.value).toBe(false);
  });
  it('respects the rights of this row', () => {
    const m = new FormModel(DEF, { record: { ...rec, _fields: { company: 'read' } } });
    expect(m.cell('company')!.readonly.value).toBe(true);
  });
});

describe('a draft', () => {
  it('comes back with rows and is dirty', async () => {
    model.set(model.cell('company')!, '甲');
    const row = model.addRow('items')!;
    model.set(row.cells.get('price')!, 5);
    await settled();
    const m = new FormModel(DEF);
    m.attach(fake());
    m.restore(JSON.parse(JSON.stringify(model.snapshot())));
    await settled();
    expect(m.body()).toEqual(model.body());
    expect(m.dirty.value).toBe(true);
    expect(m.cell('amount')!.value.value).toBe(5);
  });
});

describe('without formula.wasm', () => {
  it('asks the server and shows what it says', async () => {
    vi.useFakeTimers();
    const answers = vi.fn(async (_url: string, init: RequestInit) => {
      const body = JSON.parse(String(init.body)) as { expr?: string };
      return new Response(JSON.stringify({ value: body.expr === 'status = "lost"' }), {
        headers: { 'Content-Type': 'application/json' },
      });
    });
    vi.stubGlobal('fetch', answers);
    const m = new FormModel(DEF);
    m.attach(null);
    m.set(m.cell('status')!, 'lost');
    await vi.advanceTimersByTimeAsync(1000);
    expect(answers).toHaveBeenCalled();
    expect(m.cell('why')!.shown.value).toBe(true);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
});
