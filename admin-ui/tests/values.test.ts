import { describe, expect, it } from 'vitest';
import type { FieldDef } from '../src/api/types';
import { problemText } from '../src/form/text';
import { isBlank, parseNumber, round, same, toServer } from '../src/form/values';

const f = (d: Partial<FieldDef>): FieldDef => ({ key: 'x', type: 'text', title: '字段', ...d });

describe('parseNumber', () => {
  const cases: [string, number | null | undefined][] = [
    ['', null],
    ['  ', null],
    ['12', 12],
    ['1,234.50', 1234.5],
    ['１２３', 123],
    ['−5', -5],
    ['¥3', 3],
    ['15%', 15],
    ['.5', 0.5],
    ['1e3', 1000],
    ['abc', undefined],
    ['1.2.3', undefined],
    ['--1', undefined],
    ['1e999', undefined],
  ];
  for (const [text, want] of cases) it(JSON.stringify(text), () => expect(parseNumber(text)).toBe(want));
});

describe('round', () => {
  const cases: [number, number, number][] = [
    [1.005, 2, 1.01],
    [2.5, 0, 3],
    [-2.5, 0, -3],
    [0.1 + 0.2, 2, 0.3],
    [1234.5678, 2, 1234.57],
    [0, 2, 0],
  ];
  for (const [n, scale, want] of cases) it(`${n} to ${scale}`, () => expect(round(n, scale)).toBe(want));
});

describe('same', () => {
  const cases: [unknown, unknown, boolean][] = [
    [null, '', true],
    [[], null, true],
    [0, null, false],
    [{ id: 'a', title: 'x' }, { id: 'a', title: 'y' }, true],
    [{ id: 'a', title: 'x' }, 'a', true],
    [{ id: 'a', title: 'x' }, { id: 'b', title: 'x' }, false],
    [['a', 'b'], ['b', 'a'], false],
    [[{ qty: 1, note: null }], [{ qty: 1 }], true],
  ];
  for (const [a, b, want] of cases) it(JSON.stringify([a, b]), () => expect(same(a, b)).toBe(want));
});

describe('toServer', () => {
  it('writes blanks as null', () => expect(toServer(f({}), '   ')).toBe(null));
  it('writes links as ids', () =>
    expect(toServer(f({ type: 'links' }), [{ id: 'a', title: 'A' }])).toEqual(['a']));
  it('keeps false and zero', () => {
    expect(toServer(f({ type: 'boolean' }), false)).toBe(false);
    expect(toServer(f({ type: 'number' }), 0)).toBe(0);
    expect(isBlank(0)).toBe(false);
  });
});

describe('problemText', () => {
  const cases: [Partial<FieldDef>, unknown, boolean, RegExp | null][] = [
    [{}, '', true, /请填写字段/],
    [{}, '   ', true, /请填写字段/],
    [{ type: 'select' }, null, true, /请选择字段/],
    [{ type: 'table' }, [], true, /至少添加一行/],
    [{}, '', false, null],
    [{ type: 'number', min: 1 }, 0, false, /不能小于 1/],
    [{ type: 'percent', max: 0.5 }, 0.6, false, /不能大于 50%/],
    [{ type: 'number', scale: 0 }, 1.5, false, /整数/],
    [{ max_length: 3 }, '四个字呢', false, /最多 3 个字/],
    [{ max_length: 2 }, '𠮷𠮷', false, null], // code points, not UTF-16 units
    [{ type: 'email' }, 'a@b', false, /邮箱/],
    [{ type: 'email' }, 'a@b.cn', false, null],
    [{ type: 'url' }, 'javascript:alert(1)', false, /http/],
    [{ type: 'date', min: '2026-01-01' }, '2025-12-31', false, /不能早于/],
  ];
  for (const [def, v, required, want] of cases)
    it(`${JSON.stringify(def)} ${JSON.stringify(v)}`, () => {
      const got = problemText(f(def), v, required);
      if (want) expect(got).toMatch(want);
      else expect(got).toBe(null);
    });
});
