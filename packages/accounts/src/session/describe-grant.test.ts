import fc from 'fast-check';
import { describeGrant } from './describe-grant.js';
import { samplePolicy, USDC, WETH } from '../../test/support/sample-policy.js';

const names = { tokens: [WETH, USDC], chainName: 'Base' };

test('says what is allowed, and the most that can be lost, per window and in total', () => {
  const { maxLossInTotal, maxLossPerWindow, sentences, text } = describeGrant(samplePolicy(), names);
  expect(maxLossPerWindow).toEqual({ quoteAtoms: 60_000_000n, gasWei: 20_000_000_000_000_000n });
  expect(maxLossInTotal).toEqual({ quoteAtoms: 1_800_000_000n, gasWei: 600_000_000_000_000_000n });
  expect(text).toBe(sentences.join('\n'));
  for (const words of [
    'Base',
    '8 WETH',
    '12 WETH',
    '4 WETH',
    '16 WETH',
    '12000 USDC',
    '60 USDC',
    '1800 USDC',
    '0.02 ETH',
  ]) {
    expect(text).toContain(words);
  }
});

test('names nobody, and tokens that are not known, as they are', () => {
  const nobody = `0x${'00'.repeat(20)}` as const;
  const { text } = describeGrant(samplePolicy({ policyKey: nobody, paymaster: nobody }), { tokens: [] });
  expect(text).toContain('Nobody can move these limits.');
  expect(text).toContain(`atoms of ${WETH.address}`);
  expect(text).toContain('chain 8453');
});

test('in total is never less than in a window, and covers a begun one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 ** 8 }),
      fc.integer({ min: 1, max: 10 ** 6 }),
      fc.integer({ min: 1, max: 9_000 }),
      (seconds, quarters, lossBps) => {
        const windowSeconds = quarters * 4;
        const policy = samplePolicy({
          expiry: 1_000 + seconds,
          start: 1_000,
          windowSeconds,
          lossBps,
          maxDeviationBps: 0,
        });
        const { maxLossInTotal, maxLossPerWindow } = describeGrant(policy, names);
        expect(maxLossPerWindow.quoteAtoms * 10_000n <= policy.capAtoms * BigInt(lossBps)).toBe(true);
        const windows = Number(maxLossInTotal.gasWei / maxLossPerWindow.gasWei);
        expect(windows * windowSeconds).toBeGreaterThanOrEqual(seconds);
        expect((windows - 1) * windowSeconds).toBeLessThan(seconds);
      },
    ),
  );
});

test('says of a delegation, which names no gas, that whoever redeems it pays', () => {
  const { maxLossPerWindow, text } = describeGrant(
    samplePolicy({ gasBudgetWei: 0n, paymaster: `0x${'00'.repeat(20)}` }),
    { tokens: [] },
  );
  expect(text).toContain('Gas is paid by whoever trades with the key, and not by you.');
  expect(text).not.toContain('of gas until');
  expect(maxLossPerWindow.gasWei).toBe(0n);
});
