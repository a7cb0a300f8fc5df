import { BarChart, LineChart, PieChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'preact/hooks';
import { lang } from '../i18n';
import { theme } from '../kit';
import { full, type Series, type Shape, tick } from './data';

/*
 * The charts that need a library: line, area, column, pie. Loaded with the first widget that draws one. SVG, so that
 * text stays text; tooltips drawn as rich text, because the CSP lets no markup bring its own style.
 */
echarts.use([LineChart, BarChart, PieChart, GridComponent, TooltipComponent, LegendComponent, SVGRenderer]);

const HUES = [
  '--accent',
  '--c-teal-s',
  '--c-orange-s',
  '--c-purple-s',
  '--c-blue-s',
  '--c-amber-s',
  '--c-pink-s',
  '--c-green-s',
  '--c-grey-s',
];
const SLICES = 8;

interface Paint {
  fg: string;
  dim: string;
  line: string;
  line2: string;
  bg: string;
  raised: string;
  font: string;
  hues: string[];
}

function paint(): Paint {
  const s = getComputedStyle(document.documentElement);
  const v = (name: string) => s.getPropertyValue(name).trim();
  return {
    fg: v('--fg'),
    dim: v('--fg-3'),
    line: v('--line'),
    line2: v('--line-2'),
    bg: v('--bg'),
    raised: v('--bg-raised'),
    font: v('--font'),
    hues: HUES.map(v),
  };
}

function tooltip(p: Paint) {
  return {
    renderMode: 'richText' as const,
    confine: true,
    backgroundColor: p.raised,
    borderColor: p.line2,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { color: p.fg, fontFamily: p.font, fontSize: 12, lineHeight: 18 },
    transitionDuration: 0,
  };
}

const textOf = (p: Paint, color = p.dim) => ({ color, fontFamily: p.font, fontSize: 12 });

function hint(title: string, rows: { name: string; text: string }[]): string {
  return [title, ...rows.map((r) => (r.name ? `${r.name}  ${r.text}` : r.text))].join('\n');
}

function cartesian(type: string, s: Shape, p: Paint) {
  const line = type === 'line' || type === 'area';
  const many = s.series.length > 1;
  const one = (x: Series, i: number) => {
    const color = p.hues[i % p.hues.length]!;
    const base = { name: x.title, data: x.values, itemStyle: { color }, emphasis: { disabled: true } };
    if (!line)
      return {
        ...base,
        type: 'bar' as const,
        barMaxWidth: 28,
        itemStyle: { color, borderRadius: [3, 3, 0, 0] },
      };
    return {
      ...base,
      type: 'line' as const,
      symbol: 'circle',
      symbolSize: 6,
      showSymbol: s.axis.length <= 1,
      lineStyle: { color, width: 2 },
      areaStyle: type === 'area' || !many ? { color, opacity: 0.07 } : undefined,
    };
  };
  return {
    grid: { left: 4, right: 14, top: 16, bottom: many ? 30 : 4, containLabel: true },
    legend: many
      ? {
          bottom: 0,
          left: 0,
          icon: 'roundRect',
          itemWidth: 10,
          itemHeight: 10,
          itemGap: 14,
          type: 'plain' as const,
          textStyle: textOf(p),
        }
      : { show: false },
    tooltip: {
      ...tooltip(p),
      trigger: 'axis' as const,
      axisPointer: {
        type: line ? ('line' as const) : ('shadow' as const),
        lineStyle: { color: p.dim },
        shadowStyle: { color: p.dim, opacity: 0.08 },
      },
      formatter: (at: unknown) => {
        const all = at as { dataIndex: number; seriesIndex: number; seriesName?: string; name: string }[];
        return hint(
          all[0]?.name ?? '',
          all.map((a) => {
            const x = s.series[a.seriesIndex]!;
            return { name: many ? x.title : '', text: full(x.values[a.dataIndex] ?? null, x.format) };
          }),
        );
      },
    },
    xAxis: {
      type: 'category' as const,
      data: s.axis.map((a) => a.title),
      boundaryGap: !line,
      axisLine: { lineStyle: { color: p.line2 } },
      axisTick: { show: false },
      axisLabel: {
        ...textOf(p),
        hideOverlap: true,
        margin: 10,
        ...(line ? {} : { width: 84, overflow: 'truncate' as const }),
      },
    },
    yAxis: {
      type: 'value' as const,
      splitNumber: 4,
      axisLabel: { ...textOf(p), formatter: (v: number) => tick(v, s.series[0]?.format ?? null) },
      splitLine: { lineStyle: { color: p.line } },
    },
    series: s.series.map(one),
  };
}

function pie(s: Shape, p: Paint, other: string) {
  const x = s.series[0];
  const rows = s.axis.map((a, i) => ({ name: a.title, value: Math.max(0, x?.values[i] ?? 0) }));
  rows.sort((a, b) => b.value - a.value);
  const shown = rows.slice(0, SLICES);
  const rest = rows.slice(SLICES).reduce((n, r) => n + r.value, 0);
  if (rest > 0) shown.push({ name: other, value: rest });
  return {
    legend: {
      type: 'scroll' as const,
      orient: 'vertical' as const,
      right: 0,
      top: 'middle',
      icon: 'roundRect',
      itemWidth: 10,
      itemHeight: 10,
      textStyle: textOf(p),
    },
    tooltip: {
      ...tooltip(p),
      trigger: 'item' as const,
      formatter: (at: unknown) => {
        const a = at as { name: string; value: number; percent: number };
        return hint(a.name, [{ name: '', text: `${full(a.value, x?.format ?? null)}  ${a.percent}%` }]);
      },
    },
    series: [
      {
        type: 'pie' as const,
        radius: ['48%', '78%'],
        center: ['34%', '50%'],
        label: { show: false },
        itemStyle: { borderColor: p.bg, borderWidth: 2 },
        data: shown.map((r, i) => ({ ...r, itemStyle: { color: p.hues[i % p.hues.length] } })),
      },
    ],
  };
}

/** `label` is what a screen reader says instead of the picture. */
export function Chart(props: { type: string; shape: Shape; label: string; other: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
  const look = `${theme.value}/${lang.value}`;
  const draw = () => {
    const p = paint();
    const option =
      props.type === 'pie' ? pie(props.shape, p, props.other) : cartesian(props.type, props.shape, p);
    chart.current?.setOption(
      { animation: false, aria: { enabled: false }, textStyle: { fontFamily: p.font }, ...option } as never,
      true,
    );
  };
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    chart.current = echarts.init(el, null, { renderer: 'svg' });
    const fit = new ResizeObserver(() => chart.current?.resize());
    fit.observe(el);
    return () => {
      fit.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    return () => dark.removeEventListener('change', draw);
  }, [props.shape, props.type, look]);
  return <div class="dchart" ref={box} role="img" aria-label={props.label} />;
}
