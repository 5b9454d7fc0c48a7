// The benchmark as a picture: loss and time of every router, without and with gas.
import * as echarts from 'echarts';

const COLOURS = { evenkeel: '#0b7285', tines: '#e8590c', pancake: '#5f3dc4', balancer: '#868e96', uniswap: '#d6336c' };
const FLOOR_BPS = 1e-5;

/** An SVG document of two by two panels. */
export function chartOf(summary, exponents) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 1200, height: 860 });
  const names = [...new Set(summary.map(({ name }) => name))];
  const panels = [
    { title: 'Median loss against the proven bound, without gas', gas: false, value: 'medianLossBps', unit: 'bp' },
    { title: 'Median loss against the proven bound, after gas', gas: true, value: 'medianLossBps', unit: 'bp' },
    { title: 'Warm time of a call, without gas', gas: false, value: 'warmMs', unit: 'ms' },
    { title: 'Warm time of a call, with gas', gas: true, value: 'warmMs', unit: 'ms' },
  ];
  const place = (i) => ({ left: i % 2 === 0 ? '7%' : '56%', top: i < 2 ? '15%' : '61%', width: '38%', height: '31%' });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    color: names.map((name) => COLOURS[name]),
    title: [
      { text: 'Routers over seeded markets', left: 'center', top: 8, textStyle: { fontSize: 20 } },
      ...panels.map(({ title, unit }, i) => ({
        text: `${title} (${unit})`,
        left: i % 2 === 0 ? '7%' : '56%',
        top: i < 2 ? '10.5%' : '56.5%',
        textStyle: { fontSize: 14, fontWeight: 'normal' },
      })),
    ],
    legend: { top: 42, data: names },
    grid: panels.map((_, i) => place(i)),
    xAxis: panels.map((_, i) => ({
      gridIndex: i,
      type: 'log',
      name: 'pools',
      nameLocation: 'middle',
      nameGap: 26,
      min: Math.min(...summary.map(({ pools }) => pools)) * 0.8,
      max: Math.max(...summary.map(({ pools }) => pools)) * 1.25,
    })),
    yAxis: panels.map(({ value }, i) => ({
      gridIndex: i,
      type: 'log',
      // A power of ten on a logarithmic axis may come as 0.00009999…
      axisLabel: { formatter: (at) => String(Number(at.toPrecision(3))) },
      ...(value === 'medianLossBps' ? { min: FLOOR_BPS } : {}),
    })),
    series: panels.flatMap(({ gas, value }, i) =>
      names.map((name) => ({
        type: 'line',
        name,
        xAxisIndex: i,
        yAxisIndex: i,
        symbolSize: 8,
        lineStyle: { width: name === 'evenkeel' ? 3 : 1.5 },
        data: summary
          .filter((row) => row.name === name && row.gas === gas && row[value] !== undefined)
          .map((row) => [row.pools, value === 'medianLossBps' ? Math.max(FLOOR_BPS, row[value]) : row[value]]),
      })),
    ),
    graphic: panels.slice(2).map(({ gas }, i) => ({
      type: 'text',
      left: i === 0 ? '8.5%' : '57.5%',
      top: '62.5%',
      style: { text: exponentText(exponents, gas), fontSize: 11, fill: '#495057' },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function exponentText(exponents, gas) {
  return Object.entries(exponents)
    .map(([name, each]) => [name, gas ? each.withGas : each.withoutGas])
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ~ pools^${value.toFixed(2)}`)
    .join('\n');
}
