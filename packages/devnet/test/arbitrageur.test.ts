import { startWorld } from '../src/index.js';
import type {
  ActorEvent,
  Actors,
  Address,
  ArbitragedPool,
  Hex,
  Pool,
  TestAccount,
  Token,
  World,
  WorldChain,
  WorldSnapshot,
} from '../src/index.js';
import { approve, balanceOf, send, view } from './support.js';

const ETH = 10n ** 18n;
const DOLLARS = 10n ** 6n;
const OPENING_PRICE = 3_000;
/** Ends of what V4 takes as a root price. */
const MIN_ROOT_PRICE = 4_295_128_739n;
const MAX_ROOT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n;
const POOL_KEY = '(address,address,uint24,int24,address)';
const POOLS_PER_CHAIN = 5;

let world: World;
let start: WorldSnapshot;
let actors: Actors;

beforeAll(async () => {
  world = await startWorld({ chains: 3 });
  actors = await world.startActors({ only: [] });
  start = await world.snapshot();
}, 120_000);

afterEach(async () => {
  actors.arbitrageur.setPrice(OPENING_PRICE);
  await world.revert(start);
});

afterAll(() => world?.close());

const nameOf = (pool: ArbitragedPool): Hex => (pool.kind === 'uniswap-v4' ? pool.id : pool.address);
const feeOf = (pool: ArbitragedPool): number => (pool.kind === 'uniswap-v2' ? 0.003 : pool.feePips / 1e6);
const tokensOf = (chain: WorldChain, sellEth: boolean): readonly [Token, Token] =>
  sellEth ? [chain.tokens.WETH, chain.tokens.USDC] : [chain.tokens.USDC, chain.tokens.WETH];

function poolsOf(chain: WorldChain): readonly ArbitragedPool[] {
  const isWatched = (pool: Pool): pool is ArbitragedPool =>
    pool.kind !== 'balancer-weighted' && ![pool.token0.symbol, pool.token1.symbol].includes('USDT');
  return chain.pools.filter(isWatched);
}

const poolOf = (chain: WorldChain, kind: ArbitragedPool['kind']): ArbitragedPool =>
  poolsOf(chain).find((pool) => pool.kind === kind)!;

/** Runs one pass and returns what came of it. */
async function tick(): Promise<readonly ActorEvent[]> {
  const before = actors.events().length;
  await actors.arbitrageur.tick();
  return actors.events().slice(before);
}

/** USDC for one ETH that the pool gives (or takes, fee included) at the margin, by Uniswap's own quoters. */
async function marginalPrice(chain: WorldChain, pool: ArbitragedPool, sellEth: boolean): Promise<number> {
  const [tokenIn, tokenOut] = tokensOf(chain, sellEth);
  const amountIn = sellEth ? ETH / 1_000n : 3n * DOLLARS;
  const { contracts } = chain;
  const quote = async (): Promise<bigint> => {
    switch (pool.kind) {
      case 'uniswap-v2': {
        const signature = 'getAmountsOut(uint256,address[]) view returns (uint256[])';
        const path = [tokenIn.address, tokenOut.address];
        return (await view(chain, contracts.uniswapV2Router, signature, [amountIn, path]))[1];
      }
      case 'uniswap-v3': {
        const signature =
          'quoteExactInputSingle((address,address,uint256,uint24,uint160)) returns (uint256,uint160,uint32,uint256)';
        const request = [tokenIn.address, tokenOut.address, amountIn, pool.feePips, 0];
        return (await view(chain, contracts.uniswapV3QuoterV2, signature, [request]))[0];
      }
      case 'uniswap-v4': {
        const signature = `quoteExactInputSingle((${POOL_KEY},bool,uint128,bytes)) returns (uint256,uint256)`;
        const zeroForOne = pool.key.currency0 === tokenIn.address;
        const request = [Object.values(pool.key), zeroForOne, amountIn, '0x'];
        return (await view(chain, contracts.uniswapV4Quoter, signature, [request]))[0];
      }
    }
  };
  const amountOut = await quote();
  const [eth, usdc] = sellEth ? [amountIn, amountOut] : [amountOut, amountIn];
  return Number(usdc) / 1e6 / (Number(eth) / 1e18);
}

/** Trades against a pool so that its price moves far. */
async function push(chain: WorldChain, pool: ArbitragedPool, sellEth: boolean, wei = 80n * ETH): Promise<void> {
  const { trader } = world.accounts;
  const [tokenIn, tokenOut] = tokensOf(chain, sellEth);
  const amount = sellEth ? wei : (wei * 3_000n * DOLLARS) / ETH;
  const { contracts } = chain;
  const deal = async (router: Address, signature: string, args: readonly unknown[]): Promise<void> => {
    await approve(chain, trader, tokenIn, router, amount);
    // Not estimated: an arbitrageur that trades in between makes the way through the pool a longer one.
    await send(chain, trader, router, signature, args, { gasLimit: 5_000_000n });
  };
  switch (pool.kind) {
    case 'uniswap-v2': {
      const swap = 'swapExactTokensForTokens(uint256,uint256,address[],address,uint256) returns (uint256[])';
      const path = [tokenIn.address, tokenOut.address];
      return deal(contracts.uniswapV2Router, swap, [amount, 0, path, trader.address, 2n ** 64n]);
    }
    case 'uniswap-v3': {
      const swap = 'exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) returns (uint256)';
      const order = [tokenIn.address, tokenOut.address, pool.feePips, trader.address, amount, 0, 0];
      return deal(contracts.uniswapV3SwapRouter02, swap, [order]);
    }
    case 'uniswap-v4': {
      const swap = `swap(${POOL_KEY},(bool,int256,uint160),(bool,bool),bytes) payable returns (int256)`;
      const zeroForOne = pool.key.currency0 === tokenIn.address;
      const limit = zeroForOne ? MIN_ROOT_PRICE + 1n : MAX_ROOT_PRICE - 1n;
      const args = [Object.values(pool.key), [zeroForOne, -amount, limit], [false, false], '0x'];
      return deal(contracts.uniswapV4PoolSwapTest, swap, args);
    }
  }
}

const holdings = async (chain: WorldChain, { address }: TestAccount) => ({
  weth: await balanceOf(chain, chain.tokens.WETH, address),
  usdc: await balanceOf(chain, chain.tokens.USDC, address),
  native: await chain.provider.getBalance(address),
});

describe.each(['uniswap-v2', 'uniswap-v3', 'uniswap-v4'] as const)('a %s pool', (kind) => {
  // WETH is token 0 on some of these chains and token 1 on others.
  test.each([
    [31_337, true],
    [31_337, false],
    [31_338, true],
    [31_339, false],
  ])('that was pushed away on chain %i (ETH sold: %s) comes back until no trade pays', async (chainId, soldEth) => {
    const chain = world.chain(chainId);
    const pool = poolOf(chain, kind);
    const { arbitrageur } = world.accounts;
    await push(chain, pool, soldEth);
    // Whoever buys where ETH was sold, and sells where it was bought, gets more than the outside price.
    const advantage = async () => (soldEth ? -1 : 1) * ((await marginalPrice(chain, pool, !soldEth)) / 3_000 - 1);
    expect(await advantage()).toBeGreaterThan(0.005);
    const before = await holdings(chain, arbitrageur);
    const events = await tick();
    const after = await holdings(chain, arbitrageur);

    const [tokenIn, tokenOut] = tokensOf(chain, !soldEth);
    const where = { chainId, venue: kind, pool: nameOf(pool), tokenIn: tokenIn.address, tokenOut: tokenOut.address };
    expect(events).toEqual([expect.objectContaining({ kind: 'arbitraged', ...where })]);
    const [{ amountIn, amountOut }] = events as [Extract<ActorEvent, { kind: 'arbitraged' }>];
    const [eth, usdc] = soldEth ? [amountOut, -amountIn] : [-amountIn, amountOut];
    expect([after.weth - before.weth, after.usdc - before.usdc]).toEqual([eth, usdc]);
    expect(after.native).toBeLessThan(before.native);
    // It earned something at the outside price, and nothing is left to earn, but for the fee that V2 keeps in its pool.
    expect(Number(eth) / 1e18 + Number(usdc) / 1e6 / 3_000).toBeGreaterThan(0);
    const left = await advantage();
    expect(left).toBeLessThan(1e-6);
    expect(left).toBeGreaterThan(kind === 'uniswap-v2' ? -2e-3 : -1e-5);
    expect(await tick()).toEqual([]);
  });
});

test('pools within their fees are left alone', async () => {
  const [chain] = world.chains as [WorldChain];
  const pool = poolOf(chain, 'uniswap-v2');
  expect(await tick()).toEqual([]);
  await push(chain, pool, true, ETH / 20n);
  expect(await tick()).toEqual([]);
  const before = await marginalPrice(chain, pool, true);
  // 0.2 % off is less than the fee of 0.3 %.
  actors.arbitrageur.setPrice(OPENING_PRICE * 1.002);
  const moved = await tick();
  const touched = moved.map((event) => event.kind === 'arbitraged' && event.pool);
  expect(touched).not.toContain(nameOf(pool));
  expect(await marginalPrice(chain, pool, true)).toBe(before);
});

test.each([2_400, 3_900.5])('all pools of all chains follow the outside price to %d', async (price) => {
  actors.arbitrageur.setPrice(price);
  const events = await tick();
  expect(events.map(({ kind }) => kind)).toEqual(Array(3 * POOLS_PER_CHAIN).fill('arbitraged'));
  for (const chain of world.chains) {
    for (const pool of poolsOf(chain)) {
      const [bid, ask] = [await marginalPrice(chain, pool, true), await marginalPrice(chain, pool, false)];
      expect(bid).toBeLessThanOrEqual(price * (1 + 1e-6));
      expect(ask).toBeGreaterThanOrEqual(price * (1 - 1e-6));
      // Bid and ask are two fees apart, and the outside price lies between them.
      expect(ask / bid - 1).toBeLessThan(2 * feeOf(pool) + 1e-4);
    }
  }
});

test('it acts again on a history that was taken back', async () => {
  const [chain] = world.chains as [WorldChain];
  await push(chain, poolOf(chain, 'uniswap-v3'), true);
  const pushed = await world.snapshot();
  const first = await tick();
  await world.revert(pushed);
  const amounts = (events: readonly ActorEvent[]) =>
    events.map((event) => event.kind === 'arbitraged' && [event.pool, event.amountIn, event.amountOut]);
  const second = await tick();
  expect(first).toHaveLength(1);
  expect(amounts(second)).toEqual(amounts(first));
});

test('it trades as far as its stock goes, and says once when that is gone', async () => {
  const [, chain] = world.chains as [WorldChain, WorldChain];
  const { arbitrageur, stranger } = world.accounts;
  const { USDC } = chain.tokens;
  const stock = await balanceOf(chain, USDC, arbitrageur.address);
  const left = 500n * DOLLARS;
  await send(chain, arbitrageur, USDC.address, 'transfer(address,uint256)', [stranger.address, stock - left]);
  for (const kind of ['uniswap-v2', 'uniswap-v3', 'uniswap-v4'] as const) {
    const back = await world.snapshot();
    const pool = poolOf(chain, kind);
    await push(chain, pool, true);
    expect(await tick()).toMatchObject([{ kind: 'arbitraged', pool: nameOf(pool), amountIn: left }]);
    const failure = { kind: 'arbitrage-failed', chainId: chain.id, pool: nameOf(pool), reason: 'no-inventory' };
    expect(await tick()).toMatchObject([failure]);
    expect(await tick()).toEqual([]);
    await world.fund(USDC, arbitrageur.address, stock);
    expect(await tick()).toMatchObject([{ kind: 'arbitraged', pool: nameOf(pool) }]);
    await world.revert(back);
  }
});

test.each([0, -1, Number.NaN, Infinity, 1e-9])('a price of %d is refused and changes nothing', async (price) => {
  expect(() => actors.arbitrageur.setPrice(price)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  expect(await tick()).toEqual([]);
});

describe('at a speed of its own', () => {
  afterEach(() => actors.arbitrageur.setShare(1));

  test.each(['uniswap-v2', 'uniswap-v3', 'uniswap-v4'] as const)(
    'it brings a %s pool back pass by pass',
    async (kind) => {
      const [chain] = world.chains as [WorldChain];
      const pool = poolOf(chain, kind);
      await push(chain, pool, true);
      actors.arbitrageur.setShare(0.5);
      // What it pays for a unit at the margin, below the outside price.
      const gap = async () => -Math.log((await marginalPrice(chain, pool, false)) / OPENING_PRICE);
      let before = await gap();
      for (let pass = 0; pass < 3; pass++) {
        await tick();
        const left = await gap();
        expect(left / before).toBeGreaterThan(0.45);
        expect(left / before).toBeLessThan(0.55);
        before = left;
      }
    },
  );

  test.each([0, -1, 1.1, Number.NaN])('a share of %d is refused', (share) => {
    expect(() => actors.arbitrageur.setShare(share)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

describe('by itself', () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 150));

  test.each([{ only: [], arbitrageur: true }, { only: ['arbitrageur'] as const }])(
    'it acts when asked to (%j), not while it is paused, and never once it is stopped',
    async (options) => {
      const [chain] = world.chains as [WorldChain];
      const pool = poolOf(chain, 'uniswap-v3');
      let heard: (event: ActorEvent) => void = () => {};
      const next = () => new Promise<ActorEvent>((resolve) => (heard = resolve));
      const own = await world.startActors({ ...options, pollMs: 10, onEvent: (event) => heard(event) });
      const first = next();
      await push(chain, pool, true);
      expect(await first).toMatchObject({ kind: 'arbitraged', pool: nameOf(pool) });
      own.arbitrageur.pause();
      await own.arbitrageur.tick();
      await push(chain, pool, false);
      const second = next();
      await pause();
      expect(own.events()).toHaveLength(1);
      own.arbitrageur.resume();
      expect(await second).toMatchObject({ kind: 'arbitraged', pool: nameOf(pool) });
      await own.arbitrageur.stop();
      await push(chain, pool, true, 40n * ETH);
      own.arbitrageur.resume();
      await own.arbitrageur.tick();
      await pause();
      expect(own.events()).toHaveLength(2);
      await own.stop();
    },
  );

  test('it does not act unless it is asked to', async () => {
    const [chain] = world.chains as [WorldChain];
    const own = await world.startActors({ pollMs: 10 });
    await push(chain, poolOf(chain, 'uniswap-v3'), true);
    await pause();
    expect(own.events()).toEqual([]);
    await own.arbitrageur.tick();
    expect(own.events()).toMatchObject([{ kind: 'arbitraged' }]);
    await own.stop();
  });
});
