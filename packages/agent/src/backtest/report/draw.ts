import type { EChartsCoreOption } from 'echarts/core';

/** Stands for the page's own text colour, light or dark; replaced once the picture is drawn. */
export const INK = '#010203';
/** The same for lines in the background. */
export const FAINT = '#040506';

/** Six colours that can be told apart by people of all kinds of sight, on light and dark. Source: Okabe and Ito (2008). */
export const PALETTE = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#cc79a7',
  '#56b4e9',
  '#999933',
  '#882255',
] as const;

/** Draws charts as SVG text, without a browser. */
export type Draw = (option: EChartsCoreOption, width: number, height: number) => string;

/** Loads the drawing library, which takes a moment; only reports need it. */
export async function openDrawing(): Promise<Draw> {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  core.use([
    charts.LineChart,
    charts.ScatterChart,
    charts.BarChart,
    charts.BoxplotChart,
    components.GridComponent,
    components.LegendComponent,
    components.MarkLineComponent,
    renderers.SVGRenderer,
  ]);
  return (option, width, height) => {
    const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      chart.setOption({
        animation: false,
        color: [...PALETTE],
        textStyle: { color: INK, fontFamily: 'inherit' },
        ...option,
      });
      return scalable(chart.renderToSVGString(), width, height);
    } finally {
      chart.dispose();
    }
  };
}

/** As wide as the page has room for, in the page's own colours. */
function scalable(svg: string, width: number, height: number): string {
  return svg
    .replace(/<svg width="\d+" height="\d+"/, `<svg viewBox="0 0 ${width} ${height}" role="img"`)
    .replaceAll(INK, 'currentColor')
    .replaceAll(FAINT, 'var(--faint)');
}
