import { type Chain, type Hex, NATIVE_ADDRESS, type Pool, type ReadResult, type SwapFill } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { uniswapV2 } from '../../src/uniswap-v2/index.js';
import { uniswapV3 } from '../../src/uniswap-v3/index.js';
import { uniswapV4 } from '../../src/uniswap-v4/index.js';
import { type Bench, E6, erc20, fillOf, openBench, patient, venuesOf } from './bench.js';
import { curveOf } from './differential.js';

jest.setTimeout(60_000);

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof EvenkeelError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

/** The chain, with what `change` makes of the answers. */
function lying(change: (result: ReadResult, index: number) => ReadResult): Chain {
  const read: Chain['read'] = async (calls, signal) => {
    const { block, results } = await bench.chain.read(calls, signal);
    return { block, results: results.map(change) };
  };
  return { ...bench.chain, read };
}

const LIES: Readonly<Record<string, (result: ReadResult) => ReadResult>> = {
  reverts: () => ({ success: false, data: '0x' }),
  'answers nothing': () => ({ success: true, data: '0x' }),
  'cuts its answers off': ({ data }) => ({ success: true, data: data.slice(0, -2) as Hex }),
  'answers with words that fit no type': ({ data }) => ({
    success: true,
    data: `0x${'ff'.repeat(data.length / 2 - 1)}`,
  }),
  'adds to its answers': ({ data }) => ({ success: true, data: `${data}00` as Hex }),
};

describe('a chain that', () => {
  for (const [lie, change] of Object.entries(LIES)) {
    test(`${lie} is an error, never a pool`, async () => {
      for (const venue of Object.values(venuesOf(bench.local, lying(change)))) {
        const request = { chainId: bench.local.id, tokens: bench.tokens, signal: patient() };
        expect(await codeOf(() => venue.liquidity(request))).toBe('CONTRACT_UNREADABLE');
      }
    });
  }

  test('names a price that is not at its tick is an error', async () => {
    // Adds one hundredth to the square root of every price: slot0 of V3 and V4 begins with it and the tick.
    const shift = (result: ReadResult): ReadResult => {
      const words = result.data.slice(2).match(/.{64}/g) ?? [];
      const price = BigInt(`0x${words[0] ?? '0'}`);
      const isPrice = (words.length === 7 || words.length === 4) && price > 2n ** 40n && price < 2n ** 160n;
      if (!isPrice) return result;
      const moved = (price + price / 100n).toString(16).padStart(64, '0');
      return { ...result, data: `0x${[moved, ...words.slice(1)].join('')}` };
    };
    for (const venue of [venuesOf(bench.local, lying(shift)).v3, venuesOf(bench.local, lying(shift)).v4]) {
      const request = { chainId: bench.local.id, tokens: bench.tokens, signal: patient() };
      expect(await codeOf(() => venue.liquidity(request))).toBe('CONTRACT_UNREADABLE');
    }
  });

  test('changes during every read is an error that may be retried', async () => {
    // A word of the bitmap shows one tick more each time that it is looked at.
    let looks = 0n;
    const restless = lying((result) => {
      const isWord = result.data.length === 66 && BigInt(result.data) > 2n ** 100n && BigInt(result.data) < 2n ** 250n;
      return isWord
        ? { ...result, data: `0x${(BigInt(result.data) | (1n << looks++)).toString(16).padStart(64, '0')}` }
        : result;
    });
    const request = { chainId: bench.local.id, tokens: bench.tokens, signal: patient() };
    expect(await codeOf(() => venuesOf(bench.local, restless).v4.liquidity(request))).toBe('STATE_UNSETTLED');
  });
});

describe('what is asked', () => {
  test('about a chain that is not configured', async () => {
    const request = { chainId: 5, tokens: bench.tokens, signal: patient() };
    for (const venue of [bench.v2, bench.v3, bench.v4]) {
      expect(await codeOf(() => venue.liquidity(request))).toBe('CHAIN_NOT_CONFIGURED');
      expect(await codeOf(() => venue.targets(5))).toBe('CHAIN_NOT_CONFIGURED');
    }
  });

  test('about tokens without a pool, of other chains, or twice', async () => {
    const { USDC, WETH } = bench.local.tokens;
    for (const venue of [bench.v2, bench.v3, bench.v4]) {
      expect(await bench.pools(venue, [])).toEqual([]);
      expect(await bench.pools(venue, [WETH, WETH])).toEqual([]);
      expect(await bench.pools(venue, [WETH, { ...USDC, chainId: 99 }])).toEqual([]);
      const pools = await bench.pools(venue, [USDC, WETH, USDC]);
      expect(new Set(pools.map(({ id }) => id)).size).toBe(pools.length);
    }
  });

  test('by somebody who has given up', async () => {
    const request = { chainId: bench.local.id, tokens: bench.tokens, signal: AbortSignal.abort() };
    for (const venue of [bench.v2, bench.v3, bench.v4]) {
      expect(await codeOf(() => venue.liquidity(request))).toBe('ABORTED');
    }
  });
});

describe('build', () => {
  const changes: Readonly<Record<string, (fill: SwapFill) => SwapFill>> = {
    'no input': (fill) => ({ ...fill, amountIn: 0n }),
    'more than a word': (fill) => ({ ...fill, amountIn: 1n << 256n }),
    'no protection': (fill) => ({ ...fill, minReceived: 0n }),
    'a token that is not in the pool': (fill) => ({ ...fill, tokenIn: bench.local.tokens.USDT }),
    'the same token twice': (fill) => ({ ...fill, tokenOut: fill.tokenIn }),
    'nobody’s address': (fill) => ({ ...fill, recipient: NATIVE_ADDRESS }),
    'the router’s word for itself': (fill) => ({ ...fill, recipient: '0x0000000000000000000000000000000000000002' }),
    'another adapter’s pool': (fill) => ({ ...fill, pool: { ...fill.pool, adapter: 'another' } }),
    'a deadline in milliseconds of nothing': (fill) => ({ ...fill, deadline: Number.NaN }),
  };

  async function fills(): Promise<readonly (readonly [Bench['v2'], SwapFill])[]> {
    const both = [bench.v2, bench.v3, bench.v4].map(async (venue) => {
      const { USDC, WETH } = bench.local.tokens;
      const [pool] = await bench.pools(venue, [USDC, WETH]);
      return [venue, fillOf(pool!, 0, 1000n, 1n, bench.trader)] as const;
    });
    return Promise.all(both);
  }

  test.each(Object.keys(changes))('refuses %s', async (name) => {
    for (const [venue, fill] of await fills()) {
      expect(await codeOf(() => venue.build(changes[name]!(fill)))).toBe('FILL_MISMATCH');
    }
  });

  test('refuses a payload that it did not write', async () => {
    const [, ...withPayload] = await fills();
    for (const [venue, fill] of withPayload) {
      const pool: Pool = { ...fill.pool, payload: { router: bench.trader } };
      expect(await codeOf(() => venue.build({ ...fill, pool }))).toBe('INVALID_INPUT');
    }
  });

  test('is pure: the same calls each time, frozen, to the targets or the token, and the fill untouched', async () => {
    for (const [venue, fill] of await fills()) {
      const calls = venue.build(Object.freeze(fill));
      expect(venue.build(fill)).toEqual(calls);
      expect(Object.isFrozen(calls) && calls.every((call) => Object.isFrozen(call))).toBe(true);
      const allowed = [...venue.targets(bench.local.id), fill.tokenIn.address];
      for (const { to } of calls) expect(allowed).toContain(to);
    }
  });

  test('tokens that take a fee of each transfer are neither offered nor swapped', async () => {
    const { USDC, WETH } = bench.local.tokens;
    const { contracts } = bench.local;
    const taxed = { chain: bench.chain, feeOnTransfer: [USDC.address.toLowerCase() as Hex] };
    const id = bench.local.id;
    const venues = [
      uniswapV2({
        chains: { [id]: { ...taxed, factory: contracts.uniswapV2Factory, router: contracts.uniswapV2Router } },
      }),
      uniswapV3({
        chains: {
          [id]: {
            ...taxed,
            factory: contracts.uniswapV3Factory,
            tickLens: contracts.uniswapV3TickLens,
            router: contracts.uniswapV3SwapRouter02,
          },
        },
      }),
      uniswapV4({
        chains: {
          [id]: {
            ...taxed,
            stateView: contracts.uniswapV4StateView,
            permit2: contracts.permit2,
            universalRouter: contracts.universalRouter,
            universalRouterVersion: '2.0',
          },
        },
      }),
    ];
    for (const [index, [, fill]] of (await fills()).entries()) {
      expect(await bench.pools(venues[index]!, [USDC, WETH])).toEqual([]);
      expect(await codeOf(() => venues[index]!.build(fill))).toBe('FEE_ON_TRANSFER_TOKEN');
    }
  });

  test('an allowance that was left over by an approval whose swap was never sent is reset for USDT', async () => {
    const { USDC, USDT } = bench.local.tokens;
    const { contracts, id } = bench.local;
    const config = {
      chain: bench.chain,
      factory: contracts.uniswapV3Factory,
      tickLens: contracts.uniswapV3TickLens,
      router: contracts.uniswapV3SwapRouter02,
    };
    const careful = uniswapV3({ chains: { [id]: { ...config, resetAllowance: [USDT.address] } } });
    const [pool] = await bench.pools(careful, [USDC, USDT]);
    const side = pool!.tokens[0].address === USDT.address ? 0 : 1;
    const fill = fillOf(pool!, side, 100n * E6, 1n, bench.trader);
    const leftOver = erc20.encodeFunctionData('approve', [config.router, 5n]);
    await bench.send(bench.trader, USDT.address, leftOver);
    await expect(bench.sendAll(bench.trader, bench.v3.build(fill))).rejects.toThrow('revert');
    const calls = careful.build(fill);
    expect(calls.map(({ purpose }) => purpose)).toEqual(['revoke', 'approve', 'action']);
    await bench.sendAll(bench.trader, calls);
    expect(await bench.allowance(USDT, bench.trader, config.router)).toBe(0n);
  });
});

describe('configuration', () => {
  const v4Config = (): Parameters<typeof uniswapV4>[0]['chains'][number] => ({
    chain: bench.chain,
    stateView: bench.local.contracts.uniswapV4StateView,
    permit2: bench.local.contracts.permit2,
    universalRouter: bench.local.contracts.universalRouter,
    universalRouterVersion: '2.0',
  });

  test('refuses what cannot be right', async () => {
    const { contracts, id } = bench.local;
    const v2 = { chain: bench.chain, factory: contracts.uniswapV2Factory, router: contracts.uniswapV2Router };
    const key = {
      currency0: NATIVE_ADDRESS,
      currency1: contracts.weth,
      fee: 500,
      tickSpacing: 10,
      hooks: NATIVE_ADDRESS,
    };
    const attempts: readonly (() => unknown)[] = [
      () => uniswapV2({ chains: { 1: v2 } }),
      () => uniswapV2({ chains: { [id]: { ...v2, router: '0x12' } } }),
      () => uniswapV2({ chains: { [id]: { ...v2, feePpm: 0.3 } } }),
      () => uniswapV2({ chains: { [id]: { ...v2, feeOnTransfer: ['0x'] } } }),
      () => uniswapV3({ chains: {}, depthTicks: 20 }),
      () => uniswapV4({ chains: { [id]: { ...v4Config(), universalRouterVersion: '3' as '2.0' } } }),
      () => uniswapV4({ chains: { [id]: { ...v4Config(), poolKeys: [{ ...key, hooks: contracts.weth }] } } }),
      () => uniswapV4({ chains: { [id]: { ...v4Config(), poolKeys: [{ ...key, fee: 0x800000 }] } } }),
      () => uniswapV4({ chains: { [id]: { ...v4Config(), poolKeys: [{ ...key, tickSpacing: 0 }] } } }),
      () => uniswapV4({ chains: { [id]: { ...v4Config(), poolKeys: [{ ...key, currency1: NATIVE_ADDRESS }] } } }),
    ];
    for (const attempt of attempts) expect(await codeOf(attempt)).toBe('INVALID_INPUT');
  });

  test('the depth that is read is the depth that was asked for', async () => {
    const { contracts, id } = bench.local;
    for (const depthTicks of [256, 5000]) {
      const venue = uniswapV3({
        chains: {
          [id]: {
            chain: bench.chain,
            factory: contracts.uniswapV3Factory,
            tickLens: contracts.uniswapV3TickLens,
            router: contracts.uniswapV3SwapRouter02,
          },
        },
        depthTicks,
      });
      for (const pool of await bench.pools(venue)) {
        const { tick, tickRange, tickSpacing } = curveOf(pool);
        expect(tickRange.low).toBeLessThanOrEqual(tick - depthTicks);
        // The last spacing of a word holds no further tick.
        expect(tickRange.high + tickSpacing).toBeGreaterThan(tick + depthTicks);
      }
    }
  });
});
