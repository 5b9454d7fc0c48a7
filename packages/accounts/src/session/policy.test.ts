import { parsePolicy } from './policy.js';
import { samplePolicy } from '../../test/support/sample-policy.js';

test('takes a policy as it is, and freezes it', () => {
  const parsed = parsePolicy(samplePolicy());
  expect(parsed).toEqual(samplePolicy());
  expect(Object.isFrozen(parsed) && Object.isFrozen(parsed.markets[0])).toBe(true);
});

const market = samplePolicy().markets[0]!;

test.each<[string, object]>([
  ['sessionKey', { sessionKey: `0x${'00'.repeat(20)}` }],
  ['sessionKey', { sessionKey: 'me' }],
  ['chainId', { chainId: 0 }],
  ['windowSeconds', { windowSeconds: 86_401 }],
  ['windowSeconds', { windowSeconds: 0 }],
  ['expiry', { expiry: 1 }],
  ['lossBps', { lossBps: 0 }],
  ['lossBps', { lossBps: 10_001 }],
  ['maxDeviationBps', { maxDeviationBps: 9_990 }],
  ['capAtoms', { capAtoms: -1n }],
  ['capAtoms', { capAtoms: 1n << 128n }],
  ['capAtoms', { capAtoms: 5 }],
  ['gasBudgetWei', { gasBudgetWei: 1n << 128n }],
  ['markets', { markets: [] }],
  ['markets.0', { markets: [{ ...market, low: market.outerLow - 1n }] }],
  ['markets.0', { markets: [{ ...market, high: market.outerHigh + 1n }] }],
  ['markets.0', { markets: [{ ...market, low: market.high + 1n }] }],
  ['markets.0.pools', { markets: [{ ...market, pools: [] }] }],
  ['markets.0.pools', { markets: [{ ...market, pools: Array(5).fill(market.base) }] }],
  ['markets.0.twapSeconds', { markets: [{ ...market, twapSeconds: 0 }] }],
])('names %s when it is wrong', (field, change) => {
  const parse = (): unknown => parsePolicy({ ...samplePolicy(), ...change });
  expect(parse).toThrow(expect.objectContaining({ code: 'GRANT_MALFORMED', field }));
});
