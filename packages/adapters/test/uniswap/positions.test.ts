import { type Address, type Chain, NATIVE_ADDRESS, type PositionReading, type Token } from '@evenkeel/core';
import { Interface } from 'ethers';
import { erc20Holdings } from '../../src/erc20/index.js';
import { RpcUnreachableError } from '../../src/json-rpc/index.js';
import { uniswapV2Positions } from '../../src/uniswap-v2/index.js';
import { uniswapV3Positions } from '../../src/uniswap-v3/index.js';
import { type Bench, E18, erc20, FAR_DEADLINE, fillOf, openBench, patient } from './bench.js';
import { capacity } from './differential.js';

jest.setTimeout(60_000);

const manager = new Interface([
  'function collect((uint256,address,uint128,uint128)) returns (uint256, uint256)',
  'function decreaseLiquidity((uint256,uint128,uint256,uint256,uint256)) returns (uint256, uint256)',
  'function burn(uint256)',
  'function safeTransferFrom(address,address,uint256)',
]);
const router = new Interface([
  'function removeLiquidity(address,address,uint256,uint256,uint256,address,uint256) returns (uint256, uint256)',
]);

let bench: Bench;
let weth: Token;
let usdc: Token;
beforeAll(async () => {
  bench = await openBench();
  ({ WETH: weth, USDC: usdc } = bench.local.tokens);
});
afterAll(() => bench?.close());

type Known = Extract<PositionReading, { status: 'known' }>;

function known(reading: PositionReading | undefined): Known {
  if (reading?.status !== 'known') throw new Error(`not known: ${JSON.stringify(reading)}`);
  return reading;
}

function v3Source(chain: Chain = bench.chain, numeraires: readonly Token[] = [usdc], maxPositions = 200) {
  return uniswapV3Positions({
    chain,
    positionManager: bench.local.contracts.uniswapV3PositionManager,
    factory: bench.local.contracts.uniswapV3Factory,
    underlying: weth,
    numeraires,
    maxPositions,
  });
}

function v2Source(chain: Chain = bench.chain) {
  return uniswapV2Positions({
    chain,
    factory: bench.local.contracts.uniswapV2Factory,
    underlying: weth,
    numeraires: [usdc],
  });
}

function holdings(chain: Chain = bench.chain) {
  const native: Token = { chainId: chain.id, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };
  return erc20Holdings({
    chain,
    multicall3: bench.local.contracts.multicall3,
    tokens: [
      { token: weth, deltaPerUnit: '1', valuePerUnit: '0' },
      { token: usdc, deltaPerUnit: '0', valuePerUnit: '1' },
      { token: native, deltaPerUnit: '1', valuePerUnit: '0' },
    ],
  });
}

/** A chain whose node goes away when told to. */
function fragile(): { readonly chain: Chain; breakIt(): void } {
  let broken = false;
  const read: Chain['read'] = (calls, signal) =>
    broken ? Promise.reject(new RpcUnreachableError('http://gone', 'refused')) : bench.chain.read(calls, signal);
  return { chain: { ...bench.chain, read }, breakIt: () => void (broken = true) };
}

/** What `eth_call` of the owner would return. */
async function ask(abi: Interface, name: string, to: Address, args: readonly unknown[]): Promise<readonly bigint[]> {
  const call = { from: bench.provider, to, data: abi.encodeFunctionData(name, args) };
  const answer = await bench.local.rpc('eth_call', [call, 'latest']);
  return abi.decodeFunctionResult(name, String(answer)).toArray() as bigint[];
}

describe('Uniswap V3 positions', () => {
  test('are read in one request once known, with fees as collect() would pay them', async () => {
    for (const pool of await bench.pools(bench.v3)) {
      for (const side of [0, 1] as const) {
        const amountIn = capacity(pool, side).amountIn / 5n;
        await bench.sendAll(bench.trader, bench.v3.build(fillOf(pool, side, amountIn, 1n, bench.trader)));
      }
    }
    const source = v3Source();
    const first = await source.read(bench.provider, patient());
    const before = bench.chain.requestCount();
    const readings = await source.read(bench.provider, patient());
    expect(bench.chain.requestCount() - before).toBe(1);
    expect(readings).toEqual(first);
    // The world's liquidity provider has 5 + 3 positions of WETH/USDC, and 2 of USDC/USDT without the underlying.
    expect(readings).toHaveLength(8);
    const most = 2n ** 128n - 1n;
    let earned = 0n;
    for (const reading of readings) {
      const { id, position } = known(reading);
      if (position.kind !== 'concentrated-liquidity') throw new Error(position.kind);
      const tokenId = BigInt(id.split(':').at(-1)!);
      const to = bench.local.contracts.uniswapV3PositionManager;
      expect(await ask(manager, 'collect', to, [[tokenId, bench.provider, most, most]])).toEqual(position.owed);
      earned += position.owed[0] + position.owed[1];
      expect(position.underlyingIndex).toBe(weth.address.toLowerCase() < usdc.address.toLowerCase() ? 0 : 1);
    }
    expect(earned).toBeGreaterThan(0n);
  });

  test('follow their owner, and stay in the fees after their liquidity is gone', async () => {
    const source = v3Source();
    const before = await source.read(bench.provider, patient());
    const given = known(before[0]);
    const tokenId = BigInt(given.id.split(':').at(-1)!);
    const to = bench.local.contracts.uniswapV3PositionManager;
    if (given.position.kind !== 'concentrated-liquidity') throw new Error(given.position.kind);
    const all = [tokenId, given.position.liquidity, 0, 0, FAR_DEADLINE];
    await bench.send(bench.provider, to, manager.encodeFunctionData('decreaseLiquidity', [all]));
    const emptied = known((await source.read(bench.provider, patient())).find(({ id }) => id === given.id));
    expect(emptied.position).toMatchObject({ liquidity: 0n });
    const args = [tokenId, bench.provider, 2n ** 128n - 1n, 2n ** 128n - 1n];
    const collected = await ask(manager, 'collect', to, [args]);
    expect((emptied.position as { owed: unknown }).owed).toEqual(collected);
    await bench.send(bench.provider, to, manager.encodeFunctionData('collect', [args]));
    expect((await source.read(bench.provider, patient())).map(({ id }) => id)).not.toContain(given.id);
    await bench.send(bench.provider, to, manager.encodeFunctionData('burn', [tokenId]));
    expect(await source.read(bench.provider, patient())).toHaveLength(before.length - 1);

    const stranger = bench.world.accounts.stranger.address;
    const moved = BigInt(known(before[1]).id.split(':').at(-1)!);
    const transfer = manager.encodeFunctionData('safeTransferFrom', [bench.provider, stranger, moved]);
    await bench.send(bench.provider, to, transfer);
    expect(await source.read(bench.provider, patient())).toHaveLength(before.length - 2);
    const [received, ...others] = await source.read(stranger, patient());
    expect(others).toEqual([]);
    expect(known(received).position).toMatchObject({
      liquidity: (known(before[1]).position as { liquidity: bigint }).liquidity,
    });
  });

  test('against a token that is no numeraire, and too many of them, are unknown', async () => {
    const foreign = await v3Source(bench.chain, []).read(bench.provider, patient());
    expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set(['unknown']));
    const many = await v3Source(bench.chain, [usdc], 2).read(bench.provider, patient());
    expect(many).toMatchObject([{ status: 'unknown', reason: expect.stringContaining('more than the 2') }]);
  });

  test('are unknown when the node is gone, each under its id', async () => {
    const { breakIt, chain } = fragile();
    const source = v3Source(chain);
    const seen = await source.read(bench.provider, patient());
    breakIt();
    const gone = await source.read(bench.provider, patient());
    expect(gone.map(({ id, status }) => [id, status])).toEqual(seen.map(({ id }) => [id, 'unknown']));
    expect(await source.read(bench.trader, patient())).toMatchObject([{ status: 'unknown' }]);
    await expect(source.read(bench.trader, AbortSignal.abort())).rejects.toThrow();
  });
});

describe('Uniswap V2 shares', () => {
  test('are what withdrawing them would pay', async () => {
    const [reading, ...others] = await v2Source().read(bench.provider, patient());
    expect(others).toEqual([]);
    const { position } = known(reading);
    if (position.kind !== 'constant-product-liquidity') throw new Error(position.kind);
    const [pool] = await bench.pools(bench.v2);
    const { uniswapV2Router } = bench.local.contracts;
    const shares = await bench.balance({ ...weth, address: pool!.address! }, bench.provider);
    const approve = erc20.encodeFunctionData('approve', [uniswapV2Router, shares]);
    await bench.send(bench.provider, pool!.address!, approve);
    const [token0, token1] = pool!.tokens;
    const args = [token0.address, token1.address, shares, 0, 0, bench.provider, FAR_DEADLINE];
    expect(await ask(router, 'removeLiquidity', uniswapV2Router, args)).toEqual(position.amounts);
    expect(await v2Source().read(bench.trader, patient())).toEqual([]);
  });

  test('are unknown when the node is gone', async () => {
    const { breakIt, chain } = fragile();
    const source = v2Source(chain);
    const [seen] = await source.read(bench.provider, patient());
    breakIt();
    expect(await source.read(bench.provider, patient())).toMatchObject([{ id: seen!.id, status: 'unknown' }]);
  });
});

describe('holdings', () => {
  test('tokens and the native coin, in one request', async () => {
    const before = bench.chain.requestCount();
    const readings = await holdings().read(bench.trader, patient());
    expect(bench.chain.requestCount() - before).toBe(1);
    const atoms = readings.map((reading) => (known(reading).position as { amount: { atoms: bigint } }).amount.atoms);
    const wei = BigInt(String(await bench.local.rpc('eth_getBalance', [bench.trader, 'latest'])));
    expect(atoms).toEqual([await bench.balance(weth, bench.trader), await bench.balance(usdc, bench.trader), wei]);
    expect(wei).toBeGreaterThan(E18);
    expect(Object.isFrozen(readings[0])).toBe(true);
  });

  test('are unknown when the node is gone; what has no delta is known to add none', async () => {
    const { breakIt, chain } = fragile();
    const source = holdings(chain);
    const seen = await source.read(bench.trader, patient());
    breakIt();
    const gone = await source.read(bench.trader, patient());
    expect(gone.map(({ asOf, id }) => ({ asOf, id }))).toEqual(seen.map(({ asOf, id }) => ({ asOf, id })));
    expect(gone.map((each) => each.status === 'unknown' && each.deltaBounds)).toEqual([
      undefined,
      { low: '0', high: '0' },
      undefined,
    ]);
  });
});
