import { EvenkeelError } from '@evenkeel/intents';
import { Decimal } from '../model/decimal.js';
import type { CostCurve } from '../model/cost-curve.js';
import { decide } from '../policy/decide.js';
import { decideOn } from '../rebalancer.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';
import { readTrend, type TrendAnswer, type TrendPort } from './trend.js';

const NOW = 1_700_000_000;
const curve = (side: 'buy' | 'sell'): CostCurve => ({
  side,
  referencePrice: 100,
  fixedCost: 0.01,
  points: [0.1, 1, 10].map((sizeUnits) => ({ sizeUnits, cost: 0.01 + 0.1 * sizeUnits, marginalCost: 0.1 })),
});
const curves = { buy: curve('buy'), sell: curve('sell') };
const policy = {
  rule: { kind: 'optimal' },
  riskAversion: { perNumeraire: 0.02 },
  targetDeltaUnits: '0',
  monitoringSeconds: 3600,
  settlement: 'free',
  maxCostBps: 100,
  lotUnits: '0.0001',
} as const;
const decider = (more: object = {}) => ({
  portfolio: {
    policy: { ...policy, ...more },
    annualRate: 0,
    horizonSeconds: 30 * 86_400,
    latencySeconds: 12,
  } as unknown as Portfolio,
  ports: { clock: { now: () => NOW * 1000, sleep: () => Promise.resolve() } },
});
const exposureWith = (gammaPerUnit: number): Survey['exposure'] => ({
  underlying: 'ETH',
  spot: '100',
  positions: [],
  delta: { low: '0.05', high: '0.05' },
  unbounded: [],
  gammaPerUnit,
  vegaPerPoint: 0,
  thetaPerDay: 0,
  value: 0,
  widenings: [],
  asOf: { source: 'exposure', timeSeconds: NOW },
});
const seen = (trend: TrendAnswer | undefined, gammaPerUnit = -0.02) => ({
  annualVolatility: 0.7,
  atSeconds: NOW,
  exposure: exposureWith(gammaPerUnit),
  readings: [],
  trend,
});
const view = { annualDrift: 2, annualDriftPerReturn: 5, halfLifeSeconds: 5 * 86_400 };
const up: TrendAnswer = {
  kind: 'seen',
  model: 'week-trend',
  trend: view,
  asOf: { source: 'candles', timeSeconds: NOW },
};
const never = new AbortController().signal;

describe('a live decision ahead of a trend', () => {
  test('is the policy’s own with that trend, and says by how much the band has moved', () => {
    const live = decideOn(decider(), seen(up), curves, undefined);
    const own = decide({
      config: policy,
      exposure: exposureWith(-0.02),
      notional: 1,
      volatility: { annualVolatility: 0.7 },
      trend: view,
      annualRate: 0,
      buyCurve: curves.buy,
      sellCurve: curves.sell,
      horizonSeconds: 30 * 86_400,
      latencySeconds: 12,
      nowSeconds: NOW,
      holdingUnits: 0,
    });
    expect(live).toEqual({ ...own, trendReason: expect.any(String) });
    expect(live.inputs.trend).toEqual(view);
    const plain = decideOn(decider(), seen(undefined), curves, undefined);
    const lean = Number(live.band!.target) - Number(plain.band!.target);
    expect(lean).toBeGreaterThan(0.001);
    expect(live.trendReason).toContain(lean.toPrecision(4));
    expect(plain).not.toHaveProperty('trendReason');
  });

  test('says that a book that is long gamma is left alone', () => {
    const live = decideOn(decider(), seen(up, 0.02), curves, undefined);
    expect(live.band).toEqual(decideOn(decider(), seen(undefined, 0.02), curves, undefined).band);
    expect(live.trendReason).toContain('the band stays');
  });

  test('without one is as if nobody had been asked, with the reason', () => {
    const live = decideOn(decider(), seen({ kind: 'none', sentence: 'No candles.' }), curves, undefined);
    expect(live).toEqual({
      ...decideOn(decider(), seen(undefined), curves, undefined),
      trendReason: 'No candles.',
    });
  });

  test('is not what another rule or a person asks for', () => {
    const rule = { kind: 'whalley-wilmott-1997' } as const;
    expect(decideOn(decider({ rule }), seen(up), curves, undefined)).not.toHaveProperty('trendReason');
    const asked = decideOn(decider(), seen(up), curves, new Decimal('0.5'));
    expect(asked).toMatchObject({ reason: 'REQUESTED', deltaChangeUnits: '0.5', bandSource: 'closed-form' });
    expect(asked).toEqual(decideOn(decider(), seen(undefined), curves, new Decimal('0.5')));
  });
});

describe('the port', () => {
  const reading = (trend: TrendPort, lines: string[] = [], signal = never) =>
    readTrend({ trend, logger: { log: (level) => void lines.push(level) } }, 'ETH', signal);

  test('that fails stops no look; a bug and an abort are not hidden', async () => {
    const lines: string[] = [];
    const failing = () => Promise.reject(new EvenkeelError('CANDLES_GAP', 'Hours are missing.'));
    expect(await reading(failing, lines)).toMatchObject({
      kind: 'none',
      sentence: expect.stringContaining('CANDLES_GAP'),
    });
    expect(lines).toEqual(['warn']);
    await expect(reading(() => Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
    const stopped = AbortSignal.abort(new RangeError('stopped'));
    await expect(reading(failing, [], stopped)).rejects.toThrow(RangeError);
  });

  test('that is not there is not asked', async () => {
    expect(await readTrend({}, 'ETH', never)).toBeUndefined();
  });
});
