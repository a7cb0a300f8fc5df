import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { en as appEn } from '../src/app/en';
import { zh as appZh } from '../src/app/zh';
import { en as formEn } from '../src/form/en';
import { zh as formZh } from '../src/form/zh';
import { dict } from '../src/i18n';
import { Combo, type Option } from '../src/kit/combo';
import { match } from '../src/kit/router';
import { en as listEn } from '../src/list/en';
import { zh as listZh } from '../src/list/zh';
import { en as recordEn } from '../src/record/en';
import { zh as recordZh } from '../src/record/zh';

let root: HTMLElement;
function show(vnode: preact.ComponentChild): void {
  root = document.createElement('div');
  document.body.append(root);
  act(() => render(vnode, root));
}
afterEach(() => {
  if (root) {
    act(() => render(null, root));
    root.remove();
  }
});
const press = (el: Element, key: string) =>
  act(() => void el.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })));

describe('Combo', () => {
  const options: Option[] = ['华北', '东北', '华东', '华南'].map((title, i) => ({ key: `k${i}`, title }));
  it('is walked and chosen from by keyboard', () => {
    const onChange = vi.fn();
    show(<Combo options={options} value={[]} onChange={onChange} label="地区" />);
    const button = root.querySelector('button')!;
    expect(button.getAttribute('aria-expanded')).toBe('false');
    press(button, 'ArrowDown');
    const list = root.querySelector('[role=listbox]')!;
    press(list, 'ArrowDown');
    press(list, 'ArrowDown');
    press(list, 'Enter');
    expect(onChange).toHaveBeenCalledWith([options[2]]);
    expect(root.querySelector('[role=listbox]')).toBe(null);
  });
  it('searches the server and takes the newest answer', async () => {
    vi.useFakeTimers();
    const load = vi.fn(
      (q: string) =>
        new Promise<Option[]>((r) =>
          setTimeout(() => r([{ key: q, title: `答 ${q}` }]), q === 'a' ? 500 : 10),
        ),
    );
    show(<Combo load={load} value={[]} onChange={() => undefined} label="客户" />);
    act(() => root.querySelector('button')!.click());
    const type = (v: string) =>
      act(() => {
        const input = root.querySelector('input')!;
        input.value = v;
        input.dispatchEvent(new Event('input', { bubbles: true }));
      });
    type('a');
    await act(async () => void (await vi.advanceTimersByTimeAsync(200)));
    type('ab');
    await act(async () => void (await vi.advanceTimersByTimeAsync(1000)));
    expect(root.querySelector('[role=option]')!.textContent).toContain('答 ab');
    vi.useRealTimers();
  });
  it('does nothing when read-only', () => {
    show(<Combo options={options} value={[options[0]!]} onChange={() => undefined} readonly />);
    act(() => root.querySelector('button')!.click());
    expect(root.querySelector('[role=listbox]')).toBe(null);
  });
});

describe('texts', () => {
  const say = dict({ n: '{n} 条', both: '{a|one {b}|{a} of {b}}' }, async () => ({
    n: '{n|one|{n} rows}',
    both: '',
  }));
  it('fill in', () => expect(say('n', { n: 3 })).toBe('3 条'));
  it('choose by number', () => {
    expect(say('both', { a: 1, b: 'x' })).toBe('one x');
    expect(say('both', { a: 2, b: 'x' })).toBe('2 of x');
  });
  const pairs: [string, Record<string, string>, Record<string, string>][] = [
    ['app', appZh, appEn],
    ['form', formZh, formEn],
    ['list', listZh, listEn],
    ['record', recordZh, recordEn],
  ];
  for (const [name, zh, en] of pairs) {
    it(`${name}: no half-width punctuation inside Chinese sentences`, () => {
      const bad = Object.entries(zh).filter(([, v]) => /[一-鿿][,;:?!]|[,;:?!][一-鿿]/.test(v));
      expect(bad).toEqual([]);
    });
    it(`${name}: both languages take the same arguments`, () => {
      const args = (s: string) => [...new Set([...s.matchAll(/\{(\w+)/g)].map((m) => m[1]))].sort().join();
      const bad = Object.keys(zh).filter((k) =>
        args(zh[k]!)
          .split(',')
          .some((a) => a && !args(en[k]!).split(',').includes(a) && !['title'].includes(a)),
      );
      expect(bad).toEqual([]);
    });
  }
});

describe('match', () => {
  const cases: [string, string, Record<string, string> | null][] = [
    ['/', '/', {}],
    ['/a/:app/:form', '/a/crm/lead', { app: 'crm', form: 'lead' }],
    ['/a/:app/:form', '/a/crm/lead/', { app: 'crm', form: 'lead' }],
    ['/a/:app/:form', '/a/crm', null],
    ['/a/:app/:form', '/a/crm//', null],
    ['/a/:app', '/a/%E0%A4%A', null],
  ];
  for (const [p, at, want] of cases) it(`${p} ${at}`, () => expect(match(p, at)).toEqual(want));
});
