import type { BandPolicy } from '@evenkeel/contracts';

const address = (last: string): `0x${string}` => `0x${last.padStart(40, '0')}`;

export const WETH = { chainId: 8453, address: address('e7'), symbol: 'WETH', decimals: 18 } as const;
export const USDC = { chainId: 8453, address: address('dc'), symbol: 'USDC', decimals: 6 } as const;

const ETH = 10n ** 18n;

/** A month, 12,000 USDC a day at half a percent, between 8 and 12 WETH. */
export function samplePolicy(change: Partial<BandPolicy> = {}): BandPolicy {
  return {
    chainId: 8453,
    sessionKey: address('5e'),
    policyKey: address('70'),
    paymaster: address('9a'),
    quote: USDC.address,
    start: 1_790_000_000,
    expiry: 1_790_000_000 + 30 * 86_400,
    windowSeconds: 86_400,
    lossBps: 50,
    maxDeviationBps: 300,
    paymasterOverheadGas: 30_000,
    capAtoms: 12_000_000_000n,
    gasBudgetWei: 2n * 10n ** 16n,
    markets: [
      {
        base: WETH.address,
        twapPool: address('a1'),
        twapSeconds: 900,
        feed: address('fe'),
        feedMaxAgeSeconds: 3_600,
        feedExponent: -20,
        low: 8n * ETH,
        high: 12n * ETH,
        outerLow: 4n * ETH,
        outerHigh: 16n * ETH,
        pools: [address('a1'), address('a2')],
      },
    ],
    ...change,
  };
}
