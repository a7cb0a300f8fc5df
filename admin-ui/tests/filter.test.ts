import { describe, expect, it } from 'vitest';
import type { FieldDef, FormDef } from '../src/api/types';
import { type Cond, filterText, readConds, writeConds } from '../src/list/filter';

const field = (key: string, type: FieldDef['type'], more: Partial<FieldDef> = {}): FieldDef => ({
  key,
  type,
  title: key,
  ...more,
});
const def = {
  app: 'crm',
  form: 'lead',
  title: '线索',
  layout: [],
  views: [],
  buttons: [],
  rights: {},
  fields: [
    field('company', 'text'),
    field('amount', 'number', { scale: 2 }),
    field('rate', 'percent'),
    field('at', 'date'),
    field('status', 'select', { options: [{ key: 'new', title: '新建' }] }),
    field('tags', 'multiselect'),
    field('hot', 'boolean'),
    field('channel', 'link', { form: 'channel' }),
  ],
} as FormDef;

describe('filterText', () => {
  const cases: [Cond[], string][] = [
    [[], ''],
    [[{ field: 'company', op: 'has', args: ['a"b'] }], 'company CONTAINS "a""b"'],
    [[{ field: 'company', op: 'has', args: [''] }], ''],
    [[{ field: 'amount', op: 'ge', args: ['1,000'] }], 'amount >= 1000'],
    [[{ field: 'amount', op: 'between', args: ['1', '5'] }], '(amount >= 1 AND amount <= 5)'],
    [[{ field: 'amount', op: 'between', args: ['1'] }], ''],
    [[{ field: 'rate', op: 'le', args: ['15'] }], 'rate <= 0.15'],
    [[{ field: 'at', op: 'after', args: ['2026-11-03'] }], 'at >= DATE(2026, 11, 3)'],
    [[{ field: 'at', op: 'last7', args: [] }], '(at >= TODAY() - 6 AND at < TODAY() + 1)'],
    [[{ field: 'status', op: 'in', args: ['new', 'won'] }], 'status IN ["new", "won"]'],
    [[{ field: 'status', op: 'out', args: ['new'] }], 'NOT (status IN ["new"])'],
    [[{ field: 'tags', op: 'has', args: ['a', 'b'] }], '(tags CONTAINS "a" OR tags CONTAINS "b")'],
    [[{ field: 'hot', op: 'no', args: [] }], '(hot = FALSE OR hot = BLANK)'],
    [[{ field: 'channel', op: 'in', args: [['c1', '恒拓']] }], 'channel IN ["c1"]'],
    [[{ field: '_owner', op: 'me', args: [] }], '_owner = USER()'],
    [[{ field: 'gone', op: 'is', args: ['x'] }], ''],
    [
      [
        { field: 'company', op: 'some', args: [] },
        { field: 'status', op: 'in', args: ['new'] },
      ],
      'company <> BLANK AND status IN ["new"]',
    ],
  ];
  for (const [conds, want] of cases)
    it(want || JSON.stringify(conds), () => expect(filterText(def, conds)).toBe(want));
});

describe('conditions in the address', () => {
  const conds: Cond[] = [
    { field: 'status', op: 'in', args: ['new'] },
    { field: 'at', op: 'today', args: [] },
    { field: 'channel', op: 'in', args: [['c1', '恒拓 & "co"']] },
  ];
  it('come back as they went', () => expect(readConds(writeConds(conds))).toEqual(conds));
  for (const bad of ['', '{', '[1,2]', 'null', '[["a"'])
    it(`survive ${bad}`, () => expect(Array.isArray(readConds(bad || null))).toBe(true));
});
