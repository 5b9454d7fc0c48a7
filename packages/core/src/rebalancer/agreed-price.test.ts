import type { Pool } from '../model/curve.js';
import type { Token } from '../model/token.js';
import { agreedPrice, type PriceWitnesses } from './agreed-price.js';

const weth: Token = { chainId: 1, address: `0x${'11'.repeat(20)}`, symbol: 'WETH', decimals: 18 };
const usdc: Token = { chainId: 1, address: `0x${'22'.repeat(20)}`, symbol: 'USDC', decimals: 6 };
const limits = { maxAgeSeconds: 60, maxDisagreementBps: 100 };
const never = new AbortController().signal;

/** A constant-product pool of 100 WETH at this price. */
function poolAt(price: bigint): Pool {
  return {
    id: 'only',
    adapter: 'uniswap-v2',
    chainId: 1,
    tokens: [weth, usdc],
    curve: { kind: 'constant-product', feePpm: 3000, reserves: [100n * 10n ** 18n, 100n * price * 10n ** 6n] },
    gas: { base: 100_000n, perTick: 0n },
    asOf: { source: 'uniswap-v2', timeSeconds: 1000 },
    payload: null,
  };
}

function agreed(price: bigint, witnesses: PriceWitnesses): ReturnType<typeof agreedPrice> {
  const market = { underlying: 'ETH', baseTokens: [weth], quoteTokens: [usdc], limits };
  return agreedPrice(market, [poolAt(price)], witnesses, 1000, never);
}

const feedAt = (value: string): PriceWitnesses['feed'] => ({
  price: async () => ({ value, asOf: { source: 'feed', timeSeconds: 1000 } }),
});

describe('a price that jumps between two looks', () => {
  test.each([200_000n, 20n])('is disputed when nobody confirms it: 2000 to %s', async (price) => {
    expect((await agreed(price, { lastSeen: '2000' })).dispute).toBeDefined();
  });

  test('is believed when the price feed says the same', async () => {
    expect((await agreed(200_000n, { lastSeen: '2000', feed: feedAt('200000') })).dispute).toBeUndefined();
  });

  test('is believed once it was seen before', async () => {
    expect((await agreed(200_000n, { lastSeen: '200000' })).dispute).toBeUndefined();
  });

  test('is no jump in the first look, nor within a factor of two', async () => {
    expect((await agreed(200_000n, {})).dispute).toBeUndefined();
    expect((await agreed(3_900n, { lastSeen: '2000' })).dispute).toBeUndefined();
  });
});
