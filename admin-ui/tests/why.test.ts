import { expect, test } from 'vitest';
import { fromTheWhole } from '../src/record/why';

const part = (text: string, depth: number) => ({
  text,
  depth,
  type: 'num',
  value: 1,
  reason: null,
  hidden: false,
  line: 1,
  column: 1,
});
const shape = (parts: ReturnType<typeof part>[]) => fromTheWhole(parts).map((p) => `${p.depth} ${p.text}`);

test('the whole comes before its pieces', () => {
  expect(shape([part('n', 2), part('n > 1', 1), part('x', 1), part('IF(n > 1, x, 0)', 0)])).toEqual([
    '0 IF(n > 1, x, 0)',
    '1 n > 1',
    '2 n',
    '1 x',
  ]);
});

test('a sum of sums is one sum', () => {
  const sum = [
    part('a', 3),
    part('b', 3),
    part('a + b', 2),
    part('c', 2),
    part('a + b - c', 1),
    part('d * 2', 1),
  ];
  expect(shape([...sum, part('a + b - c + d * 2', 0)])).toEqual([
    '0 a + b - c + d * 2',
    '1 a',
    '1 b',
    '1 c',
    '1 d * 2',
  ]);
  expect(shape([part('a', 2), part('b', 2), part('a * b', 1), part('c', 1), part('a * b + c', 0)])).toEqual([
    '0 a * b + c',
    '1 a * b',
    '2 a',
    '2 b',
    '1 c',
  ]);
});
