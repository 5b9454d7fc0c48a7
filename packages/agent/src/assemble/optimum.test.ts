import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Position, PositionReading } from '@evenkeel/core';
import type { OptimumQuestion } from '@evenkeel/core/rebalancer';
import { preparedOptimum } from './optimum.js';

const NOW = 1_700_000_000;
const DAY = 86_400;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-bands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const port = preparedOptimum(() => 0, folder);
const known = (position: Position, id: string): PositionReading => ({
  status: 'known',
  id,
  label: id,
  position,
  asOf: { source: 'test', timeSeconds: NOW },
});
const call = (days: number, strike = '2000'): Position => ({
  kind: 'option',
  optionType: 'call',
  sizeUnits: '-10',
  strike,
  expirySeconds: NOW + days * DAY,
  annualVolatility: '0.7',
  forwardRatio: '1',
  annualRate: '0',
});
const perpetual: Position = {
  kind: 'perpetual',
  sizeUnits: '3',
  entryPrice: '2000',
  accruedFunding: '0',
  collateral: { amountUnits: '1000', deltaPerUnit: '0', valuePerUnit: '1' },
};
const liquidity: Position = {
  kind: 'concentrated-liquidity',
  liquidity: 10n ** 16n,
  tickLower: -202_000,
  tickUpper: -198_000,
  sqrtPriceX96: 1n << 96n,
  decimals: [18, 6],
  underlyingIndex: 0,
  owed: [0n, 0n],
};

function question(positions: readonly Position[], more: Partial<OptimumQuestion['inputs']> = {}): OptimumQuestion {
  return {
    readings: positions.map((position, i) => known(position, String(i))),
    inputs: {
      rule: { kind: 'optimal' },
      delta: { low: '0', high: '0' },
      spot: '2000',
      gammaPerUnit: -0.01,
      annualVolatility: 0.7,
      riskAversion: { perNumeraire: 0.0002, budgetBpsPerMonth: 10 },
      fixedCost: { buy: 1, sell: 1 },
      horizonSeconds: 30 * DAY,
      monitoringSeconds: DAY,
      latencySeconds: 12,
      latencyCostPerYear: 0,
      decidedAtSeconds: NOW,
      ...more,
    },
    proportionalCost: 0.001,
    annualRate: 0,
    settlement: 'free',
  };
}

test('linear positions need no table; options and liquidity do, and the horizon is the last expiry', () => {
  expect(port(question([perpetual]))).toBeUndefined();
  const prepared = port(question([perpetual, call(20), liquidity]))!;
  expect(prepared.horizonSeconds).toBe(20 * DAY);
  expect(prepared.bands[0]!.table.prepared.endsAtOnce).toBe(true);
  expect(port(question([call(20), call(10, '2200')]))!.bands[0]!.table.prepared.endsAtOnce).toBe(false);
});

test('what cannot be read, has expired, or the lattice does not know leaves the closed form', () => {
  const asOf = { source: 'test', timeSeconds: NOW };
  const unread: PositionReading = { status: 'unknown', id: 'x', label: 'x', reason: 'no answer', asOf };
  expect(port({ ...question([call(20)]), readings: [unread] })).toBeUndefined();
  expect(port(question([call(0)]))).toBeUndefined();
  expect(port({ ...question([call(20)]), settlement: 'none' })).toBeUndefined();
  const inverse: Position = { kind: 'inverse-perpetual', notional: '1', entryPrice: '2000', marginUnits: '1' };
  expect(port(question([call(20), inverse]))).toBeUndefined();
});

test('a small move of spot, gas and volatility within the day asks for no new table', () => {
  const before = readdirSync(folder).length;
  port(question([call(25)]));
  port(question([call(25)], { spot: '2010', annualVolatility: 0.705, fixedCost: { buy: 1.02, sell: 1.01 } }));
  expect(readdirSync(folder)).toHaveLength(before + 1);
  port(question([call(25)], { annualVolatility: 1.1 }));
  expect(readdirSync(folder)).toHaveLength(before + 2);
});
