import { beforeEach, describe, expect, it } from 'vitest';
import { figure, formatOf, full, groupTitle, shape, shorts } from '../src/dash/data';
import type { Widget } from '../src/dash/types';
import { setLang } from '../src/i18n';

const widget = (more: Partial<Widget>): Widget => ({
  key: 'w',
  type: 'line',
  title: 'W',
  at: [0, 0, 6, 4],
  metrics: [{ key: 'sum', title: '金额' }],
  ...more,
});

describe('shape', () => {
  it('takes option titles from the labels and keeps the order of the server', () => {
    const s = shape(widget({ group: ['office'] }), {
      rows: [
        { office: 'b', sum: 2 },
        { office: 'a', sum: 1 },
        { office: null, sum: 3 },
      ],
      labels: { office: { a: '东区', b: '西区' } },
    });
    expect(s.axis).toEqual([
      { key: 'b', title: '西区' },
      { key: 'a', title: '东区' },
      { key: null, title: '（空）' },
    ]);
    expect(s.series[0]!.values).toEqual([2, 1, 3]);
  });

  it('makes one time axis of YEAR and MONTH, in order, with the months that have no row', () => {
    const g = ['YEAR(d)', 'MONTH(d)'];
    const row = (y: number, m: number, sum: number) => ({ [g[0]!]: y, [g[1]!]: m, sum });
    const s = shape(widget({ group: g }), { rows: [row(2027, 1, 3), row(2026, 11, 1)] });
    expect(s.axis.map((a) => a.title)).toEqual(['2026-11', '2026-12', '2027-01']);
    expect(s.series[0]!.values).toEqual([1, null, 3]);
    expect(s.time).toBe(true);
  });

  it('knows a month that is a text', () => {
    const g = 'TEXT(d, "YYYY-MM")';
    const s = shape(widget({ group: [g] }), {
      rows: [
        { [g]: '2026-09', sum: 2 },
        { [g]: null, sum: 9 },
        { [g]: '2026-07', sum: 1 },
      ],
    });
    expect(s.axis.map((a) => a.title)).toEqual(['2026-07', '2026-08', '2026-09']);
    expect(s.series[0]!.values).toEqual([1, null, 2]);
  });

  it('puts the steps of a funnel in the order of the options', () => {
    const s = shape(widget({ type: 'funnel', group: ['stage'] }), {
      rows: [
        { stage: 'won', sum: 9 },
        { stage: null, sum: 1 },
        { stage: 'new', sum: 3 },
      ],
      labels: { stage: { new: '新', won: '赢' } },
    });
    expect(s.axis.map((a) => a.title)).toEqual(['新', '赢', '（空）']);
  });

  it('makes a series of every value of a second group', () => {
    const s = shape(widget({ group: ['office', 'stage'] }), {
      rows: [
        { office: 'a', stage: 'won', sum: 1 },
        { office: 'a', stage: 'lost', sum: 2 },
        { office: 'b', stage: 'lost', sum: 4 },
      ],
      labels: { stage: { won: '赢单', lost: '输单' } },
    });
    expect(s.series.map((x) => [x.title, x.values])).toEqual([
      ['赢单', [1, null]],
      ['输单', [2, 4]],
    ]);
  });

  it('shows links by their title and says when it is hidden', () => {
    expect(groupTitle('agent', { id: 'x', title: '何思远' }, {})).toBe('何思远');
    expect(groupTitle('agent', { id: 'x', title: null }, {})).toBe('（无权查看）');
  });

  it('gives the format of a widget to its last metric only', () => {
    const w = widget({
      format: 'percent',
      metrics: [
        { key: 'won', format: 'percent' },
        { key: 'rate', format: 'percent' },
      ],
    });
    expect([formatOf(w, 0), formatOf(w, 1)]).toEqual([null, 'percent']);
  });
});

describe('figures', () => {
  beforeEach(() => setLang('zh-CN'));
  it('says big numbers short, with the whole one beside', () => {
    expect(figure(10005534, null)).toEqual({ text: '1,001', unit: '万', exact: '10,005,534' });
    expect(figure(0.6315, 'percent')).toEqual({ text: '63.15', unit: '%', exact: null });
    expect(figure(3, null)).toEqual({ text: '3', unit: '', exact: null });
    expect(figure(null, 'money').text).toBe('—');
    expect(full(-1234.5, 'money')).toBe('¥−1,234.5');
  });
  it('uses one unit for a series', () =>
    expect(shorts([1153214, 450000, null, 90], null)).toEqual(['115.3 万', '45.0 万', '—', '90']));
  it('counts in thousands and millions in English', async () => {
    await setLang('en');
    expect(figure(10005534, null)).toEqual({ text: '10.01', unit: 'M', exact: '10,005,534' });
    expect(shorts([45_200, 900], null)).toEqual(['45.2K', '0.9K']);
  });
});
