import { startWorld, type Actors, type World, type WorldChain, type WorldOptions } from '@evenkeel/devnet';
import { type Chain, type Journal, type Logger } from '@evenkeel/core';
import { createRebalancer, type Portfolio, type Rebalancer, type RebalancerPorts } from '@evenkeel/core/rebalancer';
import { type ExecutionEvent, memoryJournal } from '@evenkeel/core/execution';
import { Contract, Wallet } from 'ethers';
import { seededRandom } from '../src/assemble/ambient.js';
import { assemble } from '../src/assemble/portfolio.js';
import { parseConfig } from '../src/config/load.js';
import type { PortfolioConfigInput } from '../src/config/schema.js';
import { openPortfolio } from '../src/demo/open-portfolio.js';

/** A world with the demonstration's portfolio in it. */
export interface Stage {
  readonly world: World;
  readonly actors: Actors;
  readonly config: PortfolioConfigInput;
  /** Takes everything back to where the portfolio had just been opened. */
  rewind(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(options: WorldOptions = {}): Promise<Stage> {
  const world = await startWorld(options);
  // No transactions but those that a transfer needs: tests tell by the block numbers that nothing was sent.
  const actors = await world.startActors({ pollMs: 40, only: ['acrossRelayer', 'hyperlane'] });
  const config = withCalls(await openPortfolio(world), '-60');
  const snapshot = await world.snapshot();
  return {
    world,
    actors,
    config,
    rewind: () => world.revert(snapshot),
    close: () => world.close(),
  };
}

/** The portfolio with so many calls; fewer than the demonstration has, so that a trade moves its own market little. */
export function withCalls(config: PortfolioConfigInput, sizeUnits: string): PortfolioConfigInput {
  const { optionBook, ...rest } = config.positions!;
  const [call] = optionBook!['positions'] as readonly Record<string, unknown>[];
  return { ...config, positions: { ...rest, optionBook: { ...optionBook, positions: [{ ...call, sizeUnits }] } } };
}

/** One piece, so that a test executes once; looks often, and few venues, so that it is quick. */
const QUICK: Partial<PortfolioConfigInput> = {
  pollMs: 20,
  schedule: { kind: 'single' },
  adapters: ['uniswap-v2', 'uniswap-v3', 'across'],
};
const NODE_BUDGET = 3;

export interface Actor {
  readonly rebalancer: Rebalancer;
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts;
  readonly journal: Journal;
  /** Everything that was told, in order. */
  readonly events: ExecutionEvent[];
  /** Everything that was logged. */
  readonly lines: string[];
}

export interface ActorOptions {
  readonly config?: Partial<PortfolioConfigInput>;
  readonly journal?: Journal;
  readonly ports?: (ports: RebalancerPorts) => Partial<RebalancerPorts>;
  readonly portfolio?: (portfolio: Portfolio) => Partial<Portfolio>;
}

/** A rebalancer of the stage's portfolio, with whatever is to be different. */
export function actor({ config, world }: Stage, options: ActorOptions = {}): Actor {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields, bigints)}`),
  };
  const journal = options.journal ?? memoryJournal();
  const assembled = assemble(parseConfig({ ...config, ...QUICK, ...options.config }), {
    signer: new Wallet(world.accounts.owner.privateKey),
    journal,
    random: seededRandom(1),
    env: {},
    logger,
  });
  const ports = { ...assembled.ports, ...options.ports?.(assembled.ports) };
  const portfolio = { ...assembled.portfolio, nodeBudget: NODE_BUDGET, ...options.portfolio?.(assembled.portfolio) };
  const rebalancer = createRebalancer(portfolio, ports);
  const events: ExecutionEvent[] = [];
  rebalancer.on('execution', (event) => void events.push(event));
  return { rebalancer, portfolio, ports, journal, events, lines };
}

/** What takes a whole process with it. */
export class Death extends Error {}

/** Gone as soon as its first slice is at its end: whatever it would still write is not written. */
export const diesBetween = ({ journal }: RebalancerPorts): Partial<RebalancerPorts> => {
  let gone = false;
  const mortal = Object.fromEntries(
    Object.entries(journal).map(([name, method]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]) => {
        if (gone) throw new Death('the process is gone');
        const answer = await method(...args);
        gone = name === 'finishProgramme';
        return answer;
      },
    ]),
  );
  return { journal: mortal as unknown as Journal };
};

export const bigints = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

const ERC20 = [
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
];

export function balanceOf(chain: WorldChain, token: 'WETH' | 'USDC', holder: string): Promise<bigint> {
  const contract = new Contract(chain.tokens[token].address, ERC20, chain.provider);
  return contract.getFunction('balanceOf')(holder) as Promise<bigint>;
}

/** Everything of an account that a transaction would leave a trace in: heads, nonces, balances. */
export async function traces({ world }: Stage, owner: string = world.accounts.owner.address): Promise<unknown> {
  return Promise.all(
    world.chains.map(async (chain) => ({
      block: await chain.provider.getBlockNumber(),
      nonce: await chain.rpc('eth_getTransactionCount', [owner, 'pending']),
      wei: await chain.rpc('eth_getBalance', [owner, 'latest']),
      weth: await balanceOf(chain, 'WETH', owner),
      usdc: await balanceOf(chain, 'USDC', owner),
    })),
  );
}

const PERMIT2 = [
  'function allowance(address, address, address) view returns (uint160 amount, uint48 expiration, uint48 nonce)',
];

/** Allowances of the owner that are not zero, towards every contract that the portfolio knows of. */
export async function allowancesLeft({ world }: Stage): Promise<readonly string[]> {
  const owner = world.accounts.owner.address;
  const left: string[] = [];
  for (const chain of world.chains) {
    for (const symbol of ['WETH', 'USDC'] as const) {
      const token = chain.tokens[symbol].address;
      const permit2 = new Contract(chain.contracts.permit2, PERMIT2, chain.provider);
      for (const [name, spender] of Object.entries(chain.contracts)) {
        const direct = (await new Contract(token, ERC20, chain.provider).getFunction('allowance')(
          owner,
          spender,
        )) as bigint;
        const [through] = (await permit2.getFunction('allowance')(owner, token, spender)) as [bigint];
        if (direct !== 0n) left.push(`${chain.id} ${symbol} ${name} ${direct}`);
        if (through !== 0n) left.push(`${chain.id} ${symbol} permit2 ${name} ${through}`);
      }
    }
  }
  return left;
}

const V2_PAIR = ['function getReserves() view returns (uint112, uint112, uint32)'];
const V2_ROUTER = ['function swapExactTokensForTokens(uint256, uint256, address[], address, uint256)'];
const V3_POOL = ['function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)'];
const V3_ROUTER = [
  'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)) returns (uint256)',
];
const APPROVE = ['function approve(address, uint256)'];

type PairPool = Extract<WorldChain['pools'][number], { kind: 'uniswap-v2' | 'uniswap-v3' }>;

/** The Uniswap V2 and V3 pools of a chain between USDC and WETH. */
export function pairPools(chain: WorldChain, kinds: readonly PairPool['kind'][]): readonly PairPool[] {
  const pair = new Set<string>([chain.tokens.USDC.address, chain.tokens.WETH.address]);
  return chain.pools.filter(
    (pool): pool is PairPool =>
      kinds.includes(pool.kind as PairPool['kind']) && pair.has(pool.token0.address) && pair.has(pool.token1.address),
  );
}

/** Enough for a swap whatever time it is when it is mined: pools that write their history then need more than was estimated. */
const GAS = { gasLimit: 1_000_000n };

/** Somebody buys WETH from the pools until it costs `percent` more there. */
export async function pumpPools(
  { world }: Stage,
  chain: WorldChain,
  pools: readonly PairPool[],
  percent: number,
): Promise<void> {
  const trader = new Wallet(world.accounts.trader.privateKey, chain.provider);
  const { USDC, WETH } = chain.tokens;
  const { uniswapV2Router, uniswapV3SwapRouter02 } = chain.contracts;
  const plenty = 10n ** 15n;
  await world.fund(USDC, world.accounts.trader.address, plenty * BigInt(pools.length));
  const done = async (sent: Promise<unknown>): Promise<void> => {
    await ((await sent) as { wait(): Promise<unknown> }).wait();
  };
  const usdc = new Contract(USDC.address, APPROVE, trader);
  for (const spender of [uniswapV2Router, uniswapV3SwapRouter02]) {
    await done(usdc.getFunction('approve')(spender, plenty * 10n));
  }
  const root = Math.sqrt(1 + percent / 100);
  for (const pool of pools) {
    const usdcIs0 = pool.token0.address === USDC.address;
    if (pool.kind === 'uniswap-v2') {
      const reserves = (await new Contract(pool.address, V2_PAIR, chain.provider).getFunction(
        'getReserves',
      )()) as bigint[];
      const amountIn = (reserves[usdcIs0 ? 0 : 1]! * BigInt(Math.round((root - 1) * 1e6))) / 1_000_000n;
      const deadline = (await world.clockSeconds()) + 600;
      const path = [USDC.address, WETH.address];
      const router = new Contract(uniswapV2Router, V2_ROUTER, trader);
      await done(router.getFunction('swapExactTokensForTokens')(amountIn, 0n, path, trader.address, deadline, GAS));
    } else if (pool.kind === 'uniswap-v3') {
      const slot = (await new Contract(pool.address, V3_POOL, chain.provider).getFunction('slot0')()) as unknown[];
      const scale = BigInt(Math.round(root * 1e9));
      const now = slot[0] as bigint;
      const limit = usdcIs0 ? (now * 1_000_000_000n) / scale : (now * scale) / 1_000_000_000n;
      const router = new Contract(uniswapV3SwapRouter02, V3_ROUTER, trader);
      const order = [USDC.address, WETH.address, pool.feePips, trader.address, plenty, 0n, limit];
      await done(router.getFunction('exactInputSingle')(order, GAS));
    }
  }
}
