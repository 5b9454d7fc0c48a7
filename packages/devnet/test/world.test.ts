import { AbiCoder, Interface } from 'ethers';
import { DevnetError, GENESIS_TIME_SECONDS, prepareWorld, startWorld } from '../src/index.js';
import type { Pool, World, WorldChain, WorldEvent } from '../src/index.js';
import { approve, balanceOf, send, view } from './support.js';

const coder = AbiCoder.defaultAbiCoder();
const HOUR = 3_600;
const ETH = 10n ** 18n;
const MAX_UINT160 = 2n ** 160n - 1n;
const POOL_KEY = 'tuple(address,address,uint24,int24,address)';

let world: World;
const events: WorldEvent[] = [];

beforeAll(async () => {
  await startWorld({ chains: 3 }).then((first) => first.close());
  world = await startWorld({ chains: 3, onProgress: (event) => events.push(event) });
}, 120_000);

afterAll(() => world?.close());

function poolOf<K extends Pool['kind']>(chain: WorldChain, kind: K): Extract<Pool, { kind: K }> {
  return chain.pools.find((pool): pool is Extract<Pool, { kind: K }> => pool.kind === kind)!;
}

describe('a started world', () => {
  test('comes from the cache the second time', () => {
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'state-loaded')).toHaveLength(3);
    expect(kinds).not.toContain('deployed');
    expect(events.at(-1)).toMatchObject({ kind: 'ready', fromCache: true });
  });

  test('has code at every address that it names', async () => {
    for (const chain of world.chains) {
      for (const [name, address] of Object.entries(chain.contracts)) {
        expect([name, (await chain.provider.getCode(address)).length > 2]).toEqual([name, true]);
      }
    }
  });

  test('keeps the hub on the first chain only', () => {
    expect(world.chains.map(({ contracts }) => contracts.acrossHubPool !== undefined)).toEqual([true, false, false]);
  });

  test('sorts WETH before USDC on some chains and after it on others', () => {
    const wethFirst = world.chains.map(({ tokens }) => BigInt(tokens.WETH.address) < BigInt(tokens.USDC.address));
    expect(new Set(wethFirst).size).toBe(2);
  });

  test('prices ETH within a few basis points of 3,000 USDC in all pools', async () => {
    for (const chain of world.chains) {
      const { USDC, WETH } = chain.tokens;
      const small = ETH / 10_000n;
      const path = [WETH.address, USDC.address];
      const signature = 'getAmountsOut(uint256,address[]) view returns (uint256[])';
      const [, v2] = await view(chain, chain.contracts.uniswapV2Router, signature, [small, path]);
      // After the pool's fee of 0.3 %.
      expect(Math.abs((Number(v2) / 0.997 / 300_000 - 1) * 1e4)).toBeLessThan(6);
    }
  });

  test('does not have its deepest V2 pool and its deepest V3 pool on the same chain', async () => {
    const depthOf = async (chain: WorldChain, pool: Pool & { address: string }) =>
      balanceOf(chain, chain.tokens.WETH, pool.address);
    const deepest = async (kind: 'uniswap-v2' | 'uniswap-v3') => {
      const depths = await Promise.all(world.chains.map((chain) => depthOf(chain, poolOf(chain, kind))));
      return depths.indexOf(depths.reduce((a, b) => (a > b ? a : b)));
    };
    expect(await deepest('uniswap-v2')).not.toBe(await deepest('uniswap-v3'));
  });

  test('is the same world when it is deployed anew, and another one for another seed', async () => {
    const describeWorld = async (options: object) => {
      const other = await startWorld({ chains: 1, ...options });
      const [chain] = other.chains as [WorldChain];
      const reserves = await view(
        chain,
        poolOf(chain, 'uniswap-v2').address,
        'getReserves() view returns (uint112,uint112,uint32)',
        [],
      );
      const summary = { contracts: chain.contracts, tokens: chain.tokens, reserves: String(reserves) };
      await other.close();
      return summary;
    };
    const cached = await describeWorld({ seed: 7 });
    expect(await describeWorld({ seed: 7, fresh: true })).toEqual(cached);
    expect((await describeWorld({ seed: 8 })).reserves).not.toBe(cached.reserves);
  }, 60_000);
});

test('a prepared world need not be built again, neither by a second preparation nor by a start', async () => {
  const options = { chains: 1, seed: 9 } as const;
  const heard: WorldEvent[] = [];
  const onProgress = (event: WorldEvent) => heard.push(event);
  await prepareWorld({ ...options, fresh: true, onProgress });
  expect(heard.filter(({ kind }) => kind === 'deployed')).toHaveLength(1);
  heard.length = 0;
  await prepareWorld({ ...options, onProgress });
  const artifacts = heard.filter((event) => event.kind === 'artifacts');
  expect(artifacts.map(({ cached }) => cached)).not.toContain(false);
  expect(heard.map(({ kind }) => kind)).not.toContain('deployed');
  heard.length = 0;
  const started = await startWorld({ ...options, onProgress });
  await started.close();
  expect(heard.at(-1)).toMatchObject({ kind: 'ready', fromCache: true });
}, 60_000);

describe('the clocks', () => {
  test('go in step', async () => {
    const before = await world.clockSeconds();
    await world.advance(HOUR);
    const times = await Promise.all(world.chains.map((chain) => chain.provider.getBlock('latest')));
    expect(new Set(times.map((block) => block!.timestamp)).size).toBe(1);
    expect(times[0]!.timestamp).toBeGreaterThanOrEqual(before + HOUR);
  });

  test('are not driven apart by many blocks on one chain', async () => {
    const [chain] = world.chains as [WorldChain];
    for (let block = 0; block < 20; block += 1) await chain.rpc('evm_mine');
    const clocks = await Promise.all(
      world.chains.map(async ({ provider }) => (await provider.getBlock('pending'))!.timestamp),
    );
    expect(Math.max(...clocks) - Math.min(...clocks)).toBeLessThanOrEqual(1);
  });
});

describe('snapshots', () => {
  test('can be reverted to again and again, clock included', async () => {
    const [chain] = world.chains as [WorldChain];
    const { owner } = world.accounts;
    const snapshot = await world.snapshot();
    const clock = await world.clockSeconds();
    for (const atoms of [5n, 7n]) {
      await world.fund(chain.tokens.USDC, owner.address, atoms);
      await world.advance(10 * HOUR);
      expect(await balanceOf(chain, chain.tokens.USDC, owner.address)).toBe(atoms);
      await world.revert(snapshot);
      expect(await balanceOf(chain, chain.tokens.USDC, owner.address)).toBe(0n);
      expect(Math.abs((await world.clockSeconds()) - clock)).toBeLessThanOrEqual(HOUR);
    }
  });

  test('end with a revert to an earlier one', async () => {
    const early = await world.snapshot();
    const late = await world.snapshot();
    await world.revert(early);
    await expect(world.revert(late)).rejects.toMatchObject({ code: 'UNKNOWN_SNAPSHOT' });
  });
});

describe('funding', () => {
  test.each(['WETH', 'USDC', 'USDT'] as const)('brings new %s', async (symbol) => {
    const chain = world.chains[1]!;
    const { stranger } = world.accounts;
    const before = await balanceOf(chain, chain.tokens[symbol], stranger.address);
    await world.fund(chain.tokens[symbol], stranger.address, 123n);
    expect(await balanceOf(chain, chain.tokens[symbol], stranger.address)).toBe(before + 123n);
  });

  test('adds native coins', async () => {
    const chain = world.chains[2]!;
    const { stranger } = world.accounts;
    const before = await chain.provider.getBalance(stranger.address);
    await world.fundNative(chain.id, stranger.address, 9n);
    expect(await chain.provider.getBalance(stranger.address)).toBe(before + 9n);
  });

  test('refuses a token of another chain', async () => {
    const [home, away] = world.chains as [WorldChain, WorldChain];
    const stray = { ...away.tokens.USDC, chainId: home.id };
    await expect(world.fund(stray, world.accounts.owner.address, 1n)).rejects.toMatchObject({ code: 'UNKNOWN_TOKEN' });
  });

  test('sets a base fee', async () => {
    await world.setBaseFee(31_339, 40);
    const block = await world.chains[2]!.provider.getBlock('latest');
    expect(block!.baseFeePerGas).toBe(40_000_000_000n);
  });
});

describe('USDT', () => {
  const RAW_APPROVE = 'approve(address,uint256)';

  test('wants an allowance reset before it is changed', async () => {
    const [chain] = world.chains as [WorldChain];
    const { stranger, trader } = world.accounts;
    const { USDT } = chain.tokens;
    const allow = (atoms: bigint) => send(chain, trader, USDT.address, RAW_APPROVE, [stranger.address, atoms]);
    const allowance = () =>
      view(chain, USDT.address, 'allowance(address,address) view returns (uint256)', [
        trader.address,
        stranger.address,
      ]);
    await allow(5n);
    await expect(allow(6n)).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
    expect(await allowance()).toBe(5n);
    await allow(0n);
    await allow(6n);
    expect(await allowance()).toBe(6n);
  });

  test('moves without saying so', async () => {
    const [chain] = world.chains as [WorldChain];
    const { stranger, trader } = world.accounts;
    const { USDT } = chain.tokens;
    const before = await balanceOf(chain, USDT, stranger.address);
    const data = new Interface(['function transfer(address,uint256)']).encodeFunctionData('transfer', [
      stranger.address,
      9n,
    ]);
    expect(await chain.provider.call({ from: trader.address, to: USDT.address, data })).toBe('0x');
    await send(chain, trader, USDT.address, 'transfer(address,uint256)', [stranger.address, 9n]);
    expect(await balanceOf(chain, USDT, stranger.address)).toBe(before + 9n);
    const tooMuch = send(chain, stranger, USDT.address, 'transfer(address,uint256)', [trader.address, 10n ** 18n]);
    await expect(tooMuch).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
    expect(await view(chain, USDT.address, 'decimals() view returns (uint8)', [])).toBe(6n);
    expect(await view(chain, USDT.address, 'symbol() view returns (string)', [])).toBe('USDT');
  });
});

describe('Uniswap', () => {
  test('V3 pays what its quoter says', async () => {
    for (const chain of world.chains) {
      const { trader } = world.accounts;
      const { USDC, WETH } = chain.tokens;
      const pool = poolOf(chain, 'uniswap-v3');
      const quoter =
        'quoteExactInputSingle((address,address,uint256,uint24,uint160)) returns (uint256,uint160,uint32,uint256)';
      const request = [WETH.address, USDC.address, 3n * ETH, pool.feePips, 0];
      const [quoted] = await view(chain, chain.contracts.uniswapV3QuoterV2, quoter, [request]);
      await approve(chain, trader, WETH, chain.contracts.uniswapV3SwapRouter02, 3n * ETH);
      const before = await balanceOf(chain, USDC, trader.address);
      const order = [WETH.address, USDC.address, pool.feePips, trader.address, 3n * ETH, quoted, 0];
      const swap = 'exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) returns (uint256)';
      await send(chain, trader, chain.contracts.uniswapV3SwapRouter02, swap, [order]);
      expect((await balanceOf(chain, USDC, trader.address)) - before).toBe(quoted);
    }
  });

  test('V4 swaps through the Universal Router and Permit2 for what its quoter says', async () => {
    for (const chain of world.chains) {
      const { trader } = world.accounts;
      const { permit2, universalRouter, uniswapV4Quoter } = chain.contracts;
      const { USDC, WETH } = chain.tokens;
      const { key } = poolOf(chain, 'uniswap-v4');
      const tuple = [key.currency0, key.currency1, key.fee, key.tickSpacing, key.hooks];
      const zeroForOne = key.currency0 === WETH.address;
      const quoter = `quoteExactInputSingle((${POOL_KEY.slice(5)},bool,uint128,bytes)) returns (uint256,uint256)`;
      const [quoted] = await view(chain, uniswapV4Quoter, quoter, [[tuple, zeroForOne, ETH, '0x']]);
      await approve(chain, trader, WETH, permit2, ETH);
      const grant = [WETH.address, universalRouter, MAX_UINT160, 2n ** 48n - 1n];
      await send(chain, trader, permit2, 'approve(address,address,uint160,uint48)', grant);
      const swap = coder.encode(
        [`tuple(${POOL_KEY},bool,uint128,uint128,bytes)`],
        [[tuple, zeroForOne, ETH, quoted, '0x']],
      );
      const settle = coder.encode(['address', 'uint256'], [WETH.address, ETH]);
      const take = coder.encode(['address', 'uint256'], [USDC.address, quoted]);
      // Swap exact input on one pool, settle all, take all.
      const input = coder.encode(['bytes', 'bytes[]'], ['0x060c0f', [swap, settle, take]]);
      const before = await balanceOf(chain, USDC, trader.address);
      const deadline = (await world.clockSeconds()) + HOUR;
      await send(chain, trader, universalRouter, 'execute(bytes,bytes[],uint256) payable', ['0x10', [input], deadline]);
      expect((await balanceOf(chain, USDC, trader.address)) - before).toBe(quoted);
    }
  });

  test('V4 pool ids are the hashes that the state view knows', async () => {
    const signature = 'getLiquidity(bytes32) view returns (uint128)';
    for (const chain of world.chains) {
      const liquidity = await view(chain, chain.contracts.uniswapV4StateView, signature, [
        poolOf(chain, 'uniswap-v4').id,
      ]);
      expect(liquidity).toBeGreaterThan(0n);
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['chains', { chains: 4 as 3 }],
    ['seed', { seed: -1 }],
    ['seed', { seed: 1.5 }],
    ['startTimeSeconds', { startTimeSeconds: GENESIS_TIME_SECONDS }],
    ['baseFeeGwei', { baseFeeGwei: [1] }],
    ['baseFeeGwei', { baseFeeGwei: [1, Number.NaN, 1] }],
    ['blockTimeSeconds', { blockTimeSeconds: -1 }],
  ])('a bad %s, before anything is started', async (field, options) => {
    const failure = await startWorld(options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DevnetError);
    expect(failure).toMatchObject({ code: 'INVALID_INPUT', details: { field } });
  });

  test('an unknown chain', () => {
    expect(() => world.chain(1)).toThrow(expect.objectContaining({ code: 'UNKNOWN_CHAIN' }));
  });

  test('a step of the clock that is not one', async () => {
    await expect(world.advance(0)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('a start that is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(startWorld({ chains: 1, signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('a closed world', async () => {
    const short = await startWorld({ chains: 1 });
    await short.close();
    await short.close();
    await expect(short.snapshot()).rejects.toMatchObject({ code: 'WORLD_CLOSED' });
  });
});
