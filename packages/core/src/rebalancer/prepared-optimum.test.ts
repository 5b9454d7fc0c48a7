import { EvenkeelError } from '@evenkeel/intents';
import { standardBook } from '../lattice/book.js';
import { prepareBands } from '../lattice/prepare-bands.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { PolicyInput } from '../policy/decide.js';
import { decideWith, type OptimumPort, type OptimumQuestion } from './prepared-optimum.js';

const NOW = 1_700_000_000;
const curve = (side: 'buy' | 'sell'): CostCurve => ({
  side,
  referencePrice: 100,
  fixedCost: 0.01,
  points: [0.1, 1, 10].map((sizeUnits) => ({ sizeUnits, cost: 0.01 + 0.1 * sizeUnits, marginalCost: 0.1 })),
});
const input: PolicyInput = {
  config: {
    rule: { kind: 'optimal' },
    riskAversion: { perNumeraire: 0.02 },
    targetDeltaUnits: '0',
    monitoringSeconds: 86_400,
    settlement: 'free',
    maxCostBps: 100,
    lotUnits: '0.0001',
  },
  exposure: {
    underlying: 'ETH',
    spot: '100',
    positions: [],
    delta: { low: '-0.5', high: '-0.5' },
    unbounded: [],
    gammaPerUnit: -0.02,
    vegaPerPoint: 0,
    thetaPerDay: 0,
    value: 0,
    widenings: [],
    asOf: { source: 'exposure', timeSeconds: NOW },
  },
  notional: 100,
  volatility: { annualVolatility: 0.7 },
  annualRate: 0,
  buyCurve: curve('buy'),
  sellCurve: curve('sell'),
  horizonSeconds: 30 * 86_400,
  latencySeconds: 0,
  nowSeconds: NOW,
};
const table = prepareBands({
  book: standardBook('call', 100),
  spot: 100,
  annualVolatility: 0.7,
  years: 30 / 365,
  steps: 30,
  annualRate: 0,
  proportionalCost: 0.001,
  fixedCost: 0.01,
  riskAversion: 0.02,
  settlement: 'free',
});
const failing = (error: Error): OptimumPort => {
  return () => {
    throw error;
  };
};

describe('a decision beside the port of the optimum', () => {
  test('reads the table that the port gives, and says so', () => {
    const asked: OptimumQuestion[] = [];
    const port: OptimumPort = (question) => {
      asked.push(question);
      return { kind: 'prepared', bands: [{ table, units: 1 }], horizonSeconds: 29 * 86_400 };
    };
    const decision = decideWith(port, [], input, undefined);
    expect(decision).toMatchObject({ action: 'trade', bandSource: 'lattice', inputs: { horizonSeconds: 29 * 86_400 } });
    expect(asked).toMatchObject([
      { buyCurve: input.buyCurve, sellCurve: input.sellCurve, settlement: 'free', inputs: { spot: '100' } },
    ]);
  });

  test('is the closed form without a port, without a table, and for other rules', () => {
    const closed = decideWith(undefined, [], input, undefined);
    expect(closed).toMatchObject({ bandSource: 'closed-form' });
    const none = decideWith(
      () => ({ kind: 'none', code: 'NOT_PREPARED_YET', sentence: 'Not yet.' }),
      [],
      input,
      undefined,
    );
    expect(none).toEqual({ ...closed, bandCode: 'NOT_PREPARED_YET', bandReason: 'Not yet.' });
    const far = { ...table, prepared: { ...table.prepared, riskAversion: 1 } };
    const unfit = decideWith(
      () => ({ kind: 'prepared', bands: [{ table: far, units: 1 }], horizonSeconds: 86_400 }),
      [],
      input,
      undefined,
    );
    expect(unfit).toEqual({ ...closed, bandCode: 'NONE_FITS_MARKET', bandReason: expect.any(String) });
    const other = { ...input, config: { ...input.config, rule: { kind: 'whalley-wilmott-1997' } as const } };
    expect(decideWith(failing(new Error('asked')), [], other, undefined).bandSource).toBeUndefined();
  });

  test('is the closed form when the port fails by itself, with a line in the log; a bug is not hidden', () => {
    const lines: string[] = [];
    const logger = { log: (level: string) => void lines.push(level) };
    const refused = decideWith(failing(new EvenkeelError('POLICY_INPUT_INVALID', 'No.')), [], input, logger);
    expect(refused).toMatchObject({ action: 'trade', bandSource: 'closed-form', bandCode: 'TABLES_FAILED' });
    expect(lines).toEqual(['warn']);
    expect(() => decideWith(failing(new TypeError('bug')), [], input, logger)).toThrow(TypeError);
  });
});
