import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HedgingProblem, standardBook } from '@evenkeel/core/lattice';
import { cachedBands } from '../src/cache/band-cache.js';
import { benchPolicies, type PolicyBenchOptions } from '../src/commands/policy-bench.js';

const options: PolicyBenchOptions = {
  product: 'call',
  spot: '100',
  strike: '100',
  sigma: '0.7',
  days: '30',
  rate: '0',
  lambda: '0.0005',
  gas: '0.0025',
  impact: '0',
  gamma: '0.02',
  steps: '6',
  delay: '0',
  unwind: false,
  paths: '0',
  seed: 1,
  json: true,
};

describe('policy-bench refuses', () => {
  test.each([
    ['--days', { days: '-1' }],
    ['--sigma', { sigma: '0' }],
    ['--sigma', { sigma: 'NaN' }],
    ['--sigma', { sigma: '70%' }],
    ['--sigma', { sigma: '1000' }],
    ['--gas', { gas: '-0.1' }],
    ['--lambda', { lambda: '2' }],
    ['--steps', { steps: '1.5' }],
    ['--steps', { steps: 'Infinity' }],
    ['--gamma', { gamma: '0' }],
    ['--delay', { delay: '-1' }],
    ['--paths', { paths: '1e9' }],
  ])('a wrong %s', async (field, change) => {
    await expect(benchPolicies({ ...options, ...change }, new AbortController().signal)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field,
    });
  });
});

test('a table is prepared once, read back the same, and prepared again when it is damaged', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bands-'));
  try {
    const problem: HedgingProblem = {
      book: standardBook('lp', 100),
      spot: 100,
      annualVolatility: 0.7,
      years: 30 / 365,
      steps: 6,
      annualRate: 0,
      proportionalCost: 0.0005,
      fixedCost: 0.0025,
      riskAversion: 0.02,
      settlement: 'free',
    };
    const first = cachedBands(problem, folder);
    const [file] = readdirSync(folder);
    expect(cachedBands({ ...problem }, folder)).toEqual(first);
    expect(readdirSync(folder)).toEqual([file]);
    writeFileSync(join(folder, file!), '{"version":2');
    expect(cachedBands(problem, folder)).toEqual(first);
    cachedBands({ ...problem, fixedCost: 0.003 }, folder);
    expect(readdirSync(folder)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
