// The price goes to and fro at the edge of the band: who trades on every move pays for every move.

const HOUR = 3600;
/** The naive threshold is played for so long, which is as good as for any longer: every hour is like the one before. */
const NAIVE_SECONDS = HOUR;
const EVERY_SECONDS = 150;
const LIMIT_UNITS = 8;

export default {
  number: 8,
  title: 'Whipsaw',
  story:
    'A square wave of ±2.5 %, five minutes up and five down. For one hour a naive threshold trades it, back to the middle each time; then, for six hours, the policy. It costs at most 40 % of the naive threshold an hour, within the limits of the delta.',
  url: import.meta.url,
  tMaxSeconds: 900,
  retellSeconds: 1.5 * HOUR,
  world: { chains: 1, blockSeconds: EVERY_SECONDS },
  play: async ({ stage, record, expect, keep, endSeconds }) => {
    const portfolio = (rule) => ({
      adapters: ['uniswap-v3'],
      policy: { monitoringSeconds: EVERY_SECONDS, rule, riskAversion: { perNumeraire: 0.0006 } },
    });
    const agent = await stage.openAgent(portfolio({ kind: 'constant-band', halfWidthUnits: 2, tradeTo: 'middle' }));
    const kept = keep(agent, EVERY_SECONDS);
    await stage.runTo(NAIVE_SECONDS);
    agent.apply(stage.fileOf(portfolio({ kind: 'optimal' })));
    await stage.runTo(endSeconds);
    await kept.stop();

    const reports = record.events.filter(({ details, kind }) => kind === 'report' && details?.costs);
    // What brings the book into its place at first is the same for both.
    const [, ...rest] = reports;
    // What the market did between quote and fill is luck, and in a square wave it is all luck.
    const costs = (from, to) =>
      rest
        .filter(({ t }) => t > from && t <= to)
        .reduce((sum, { details }) => sum + Number(details.total) - Number(details.costs.delay), 0);
    const naive = costs(0, NAIVE_SECONDS) / NAIVE_SECONDS;
    const own = costs(NAIVE_SECONDS, endSeconds + HOUR) / (endSeconds - NAIVE_SECONDS);
    expect('the naive threshold pays', naive > 0, reports);
    expect('the policy pays at most 40 % of that', own <= 0.4 * naive, { naive: naive * HOUR, own: own * HOUR });
    const late = record.samples.filter(({ delta, t }) => t > NAIVE_SECONDS && delta !== null);
    const widest = Math.max(
      ...late.flatMap(({ delta }) => [Math.abs(Number(delta.low)), Math.abs(Number(delta.high))]),
    );
    expect(`the delta stays within ±${LIMIT_UNITS}`, widest <= LIMIT_UNITS, widest);
    return {
      agent,
      failures: kept.failures,
      note: `${(own * HOUR).toFixed(2)} USD an hour instead of ${(naive * HOUR).toFixed(2)}`,
    };
  },
};
