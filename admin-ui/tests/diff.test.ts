import { describe, expect, it } from 'vitest';
import { diffLines } from '../src/admin/diff';

const lines = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `l${i + from}`);
const text = (a: string[]) => `${a.join('\n')}\n`;

/** What the two sides of a difference are, put together again (without the folded lines). */
function sides(was: string, is: string) {
  const d = diffLines(was, is);
  const side = (skip: string) =>
    d.lines.filter((l) => l.kind !== skip && l.kind !== 'gap').map((l) => l.text);
  return { d, was: side('add'), is: side('del') };
}

describe('diffLines', () => {
  it('finds one changed line and folds the rest', () => {
    const a = lines(20);
    const b = [...a];
    b[10] = 'new';
    const { d } = sides(text(a), text(b));
    expect([d.added, d.removed]).toEqual([1, 1]);
    expect(d.lines.map((l) => l.kind)).toEqual([
      'gap',
      'same',
      'same',
      'same',
      'del',
      'add',
      'same',
      'same',
      'same',
      'gap',
    ]);
    expect(d.lines[0]!.n).toBe(7);
    expect(d.lines[4]).toMatchObject({ a: 11, text: 'l10' });
  });
  it('gives both texts back, whatever the edits', () => {
    const cases: [string[], string[]][] = [
      [
        ['a', 'b', 'c', 'a', 'b', 'b', 'a'],
        ['c', 'b', 'a', 'b', 'a', 'c'],
      ],
      [[], ['x', 'y']],
      [['x', 'y'], []],
      [['a', 'a', 'a'], ['a']],
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ];
    for (const [a, b] of cases) {
      const s = sides(a.length ? text(a) : '', b.length ? text(b) : '');
      expect(s.was).toEqual(a);
      expect(s.is).toEqual(b);
    }
  });
  it('says what is new and what is gone', () => {
    expect(diffLines(null, 'a\nb\n')).toMatchObject({ added: 2, removed: 0 });
    expect(diffLines('a\n', null)).toMatchObject({ added: 0, removed: 1 });
    expect(diffLines('a\n', 'a\n').lines).toEqual([{ kind: 'same', a: 1, b: 1, text: 'a' }]);
  });
  it('refuses what is too large instead of standing still', () => {
    const d = diffLines(text(lines(3000)), text(lines(3000, 5000)));
    expect(d.big).toBe(true);
  });
});
