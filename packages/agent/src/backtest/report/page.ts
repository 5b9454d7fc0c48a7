import type { Estimate } from '@evenkeel/core/backtest';
import { stringify } from 'yaml';
import type { PartResult, PolicyResult, Verdict } from '../evaluate.js';
import type { EpisodeOutcome } from '../run-range.js';
import type { Study } from '../study.js';
import { short, targetText } from '../text.js';
import { openDrawing } from './draw.js';
import { cumulativeCostChart, deltaChart, priceChart, type TimeScale } from './episode-charts.js';
import { burdenChart, distributionChart, frontierChart } from './policy-charts.js';
import { escaped, figure, STYLE, tableOf } from './html.js';

/** A policy whose deviation is so many times the median one's is named below a chart, not drawn in it. */
const MOST_SPREAD = 4;
const WIDTH = 960;

/** The whole report as one page: no network, no script, pictures inside. */
export async function reportPage(
  study: Study,
  parts: readonly PartResult[],
  outcomes: readonly EpisodeOutcome[],
): Promise<string> {
  const { config } = study;
  const [all] = parts;
  const hero = config.optimum ?? config.policies.at(-1)!.name;
  const title = escaped(config.name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${introduction(study, all!, outcomes)}</p>
${parts.map((part) => partSection(study, part)).join('\n')}
${await pictures(study, all!, outcomes, hero)}
<h2>What the words mean</h2>
${GLOSSARY}
<details><summary>Configuration, with every default</summary><pre>${escaped(stringify(config))}</pre></details>
</body>
</html>
`;
}

function introduction(
  { config, filledCandles, history }: Study,
  { episodes }: PartResult,
  outcomes: readonly EpisodeOutcome[],
): string {
  const decisions = outcomes.reduce((sum, each) => sum + each.decisions, 0);
  const data =
    history === undefined
      ? `simulated prices (${config.market.kind})`
      : `${history.prices.length.toLocaleString('en-US')} candles, of which ${filledCandles} were missing and stand at the close before them`;
  return escaped(
    `${config.policies.length} policies on ${episodes} episodes of ${data}; ${decisions.toLocaleString('en-US')} decisions; seed ${config.seed}; Node ${process.versions.node}.`,
  );
}

function partSection({ config }: Study, part: PartResult): string {
  const { confidencePercent, powerPercent } = config.statistics;
  const heading = part.name === 'all' ? 'Result' : escaped(part.name);
  const comparison =
    config.baseline === undefined || part.episodes < 2
      ? ''
      : `<h3>Against ${escaped(config.baseline)}</h3>
<p>Value, ${confidencePercent} % confidence interval (stationary bootstrap), and after ± the smallest true effect that a test at this level would have found with ${powerPercent} % power: what is smaller may be there unseen.</p>
${comparisonTable(part.policies)}`;
  const targets = part.targets.length === 0 ? '' : `<h3>Targets</h3>${targetTable(part)}`;
  return `<h2>${heading}: ${part.episodes} episodes</h2>
${policyTable(part.policies)}
${targets}
${comparison}`;
}

function policyTable(policies: readonly PolicyResult[]): string {
  const head = [
    'policy',
    'P&L',
    'std dev',
    'gross P&L',
    'cost',
    'fee',
    'impact',
    'gas',
    'trades',
    'tracking variance',
    'certainty equivalent',
    'efficiency',
    'cost + risk',
  ];
  return tableOf(
    head,
    policies.map(({ efficiency, name, summary }) => [
      name,
      short(summary.meanPnl),
      short(summary.pnlStdDev),
      short(summary.meanGrossPnl),
      short(summary.meanCost),
      short(summary.meanCostByKind.fee),
      short(summary.meanCostByKind.impact),
      short(summary.meanCostByKind.gas),
      short(summary.meanTrades),
      short(summary.meanTrackingVariance),
      short(summary.certaintyEquivalent),
      efficiency === undefined ? '–' : `${(100 * efficiency.efficiency).toFixed(1)} %`,
      efficiency === undefined ? '–' : `${short(efficiency.realised.cost)} + ${short(efficiency.realised.risk)}`,
    ]),
  );
}

/** Three digits: a whole estimate stands in one cell. */
function brief(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function estimateCells({ detectable, high, low, value }: Omit<Estimate, 'standardError'>): string {
  return `${brief(value)} [${brief(low)}, ${brief(high)}] ± ${brief(detectable)}`;
}

function comparisonTable(policies: readonly PolicyResult[]): string {
  return tableOf(
    ['policy', 'cost ratio', 'ratio of P&L std devs', 'gross P&L difference', 'P&L difference'],
    policies.flatMap(({ comparison, name }) =>
      comparison === undefined
        ? []
        : [
            [
              name,
              estimateCells(comparison.costRatio),
              estimateCells(comparison.pnlStdDevRatio),
              estimateCells(comparison.grossPnlDifference),
              estimateCells(comparison.pnlDifference),
            ],
          ],
    ),
  );
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  met: '✔ met',
  undecided: '? undecided: the interval holds the target',
  missed: '✘ missed',
};

function targetTable({ targets }: PartResult): string {
  return tableOf(
    ['target', '', 'measured'],
    targets.map((result) => [targetText(result), VERDICTS[result.verdict], estimateCells(result)]),
  );
}

async function pictures(
  study: Study,
  all: PartResult,
  outcomes: readonly EpisodeOutcome[],
  hero: string,
): Promise<string> {
  const draw = await openDrawing();
  const { config, history } = study;
  const scale: TimeScale = history === undefined ? 'days' : 'dates';
  const own = outcomes.filter(({ policy }) => policy === hero);
  const drawn = own.find(({ steps }) => steps !== undefined);
  const { drawable, left } = comparable(all.policies);
  const omitted = left.length === 0 ? '' : ` Not drawn, being far outside: ${left.map(({ name }) => name).join(', ')}.`;
  const name = escaped(hero);
  const figures = [
    drawn === undefined
      ? []
      : [
          figure(
            draw(priceChart(drawn, scale), WIDTH, 320),
            `Price of episode ${drawn.episode}, with the trades of ${name}.`,
          ),
          figure(
            draw(deltaChart(drawn, scale), WIDTH, 320),
            `Delta of the book with its hedge under ${name}, as it was found at each look before a trade, and the band outside of which it trades.`,
          ),
        ],
    figure(
      draw(frontierChart(all.policies), WIDTH, 400),
      'Cost against tracking error: towards the lower left is better.',
    ),
    config.optimum === undefined
      ? []
      : figure(
          draw(burdenChart(drawable), WIDTH, 90 + 40 * drawable.length),
          `Cost by kind and the price of the risk left open. The number is the rebalancing efficiency: the sum of ${escaped(config.optimum)} over the own one.${escaped(omitted)}`,
        ),
    figure(draw(cumulativeCostChart(own, scale), WIDTH, 320), `Cumulative cost of ${name} by kind.`),
    all.episodes < 2
      ? []
      : figure(
          draw(distributionChart(drawable, outcomes), WIDTH, 80 + 40 * drawable.length),
          `Distribution of profit and loss over the episodes.${escaped(omitted)}`,
        ),
  ].flat();
  return `<h2>Pictures</h2>\n${figures.join('\n')}`;
}

/** Policies whose spread lets the others be seen beside them. */
function comparable(policies: readonly PolicyResult[]): { drawable: PolicyResult[]; left: PolicyResult[] } {
  const spreads = policies.map(({ summary }) => summary.pnlStdDev).sort((a, b) => a - b);
  const most = MOST_SPREAD * spreads[Math.floor((spreads.length - 1) / 2)]!;
  const isDrawn = ({ summary }: PolicyResult): boolean => summary.pnlStdDev <= most;
  return { drawable: policies.filter(isDrawn), left: policies.filter((policy) => !isDrawn(policy)) };
}

const GLOSSARY = `<ul>
<li><b>Episode</b>: one book on one path, in an account that opens empty. Means are per episode, in the numeraire of the prices.</li>
<li><b>P&amp;L</b> = book (closing less opening value) + hedge + interest + funding − costs; the parts are kept beside the account and compared with it.</li>
<li><b>Gross P&amp;L</b>: before trading costs.</li>
<li><b>Tracking variance</b>: sum of the squared gains that open delta made. <b>Risk</b>: γ/2 times it.</li>
<li><b>Rebalancing efficiency</b>: (cost + risk) of the optimum over that of the policy, both means over the same paths.</li>
<li><b>Certainty equivalent</b>: −ln(mean of e<sup>−γ·P&amp;L</sup>)/γ, the sure sum that is worth as much.</li>
</ul>`;
