import type { World, WorldChain } from '@evenkeel/devnet';
import { Contract, parseUnits, toQuantity, Wallet } from 'ethers';
import type { PortfolioConfigInput } from '../config/schema.js';

/** How much of each token the owner has on each chain, in the order of the chains: deliberately uneven. */
const INVENTORY = [
  { USDC: '140000', WETH: '4' },
  { USDC: '3000', WETH: '2.5' },
  { USDC: '600', WETH: '0' },
] as const;
const NATIVE_ETHER = '1';
/** The liquidity position: on the second chain, in the 0.05 % pool, about ±13 % around the price. */
const LP = { chain: 1, feePips: 500, halfWidthTicks: 1200, WETH: '4', USDC: '12000' } as const;
const DAY_SECONDS = 86_400;

const ERC20 = ['function approve(address spender, uint256 amount) returns (bool)'];
const POOL = ['function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)'];
const POSITION_MANAGER = [
  'function mint((address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper, uint256 amount0Desired, uint256 amount1Desired, uint256 amount0Min, uint256 amount1Min, address recipient, uint256 deadline)) payable returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)',
];

/**
 * Gives the owner of the demonstration something to keep level: inventory spread unevenly over the chains, a Uniswap V3
 * position that is really minted, and a short call position. Answers the portfolio's configuration, the same that a
 * user writes into a file.
 */
export async function openPortfolio(world: World): Promise<PortfolioConfigInput> {
  const owner = world.accounts.owner.address;
  for (const [index, chain] of world.chains.entries()) {
    const { USDC, WETH } = INVENTORY[index]!;
    await chain.rpc('anvil_setBalance', [owner, toQuantity(parseUnits(NATIVE_ETHER, 'ether'))]);
    await world.fund(chain.tokens.USDC, owner, parseUnits(USDC, 6));
    await world.fund(chain.tokens.WETH, owner, parseUnits(WETH, 18));
  }
  await mintPosition(world, world.chains[LP.chain] ?? world.chains[0]!);
  const now = await world.clockSeconds();
  return configOf(world, now);
}

async function mintPosition(world: World, chain: WorldChain): Promise<void> {
  const owner = new Wallet(world.accounts.owner.privateKey, chain.provider);
  const pool = chain.pools.find((each) => each.kind === 'uniswap-v3' && each.feePips === LP.feePips);
  if (pool?.kind !== 'uniswap-v3') throw new Error(`Chain ${chain.id} has no Uniswap V3 pool at ${LP.feePips} pips.`);
  const amounts = { WETH: parseUnits(LP.WETH, 18), USDC: parseUnits(LP.USDC, 6) };
  await world.fund(chain.tokens.WETH, owner.address as `0x${string}`, amounts.WETH);
  await world.fund(chain.tokens.USDC, owner.address as `0x${string}`, amounts.USDC);
  const [, tick] = (await new Contract(pool.address, POOL, chain.provider).getFunction('slot0')()) as [bigint, bigint];
  const nearest = (ticks: number): number => Math.round(ticks / pool.tickSpacing) * pool.tickSpacing;
  const manager = chain.contracts.uniswapV3PositionManager;
  const amountOf = (symbol: string): bigint => (symbol === 'WETH' ? amounts.WETH : amounts.USDC);
  const approve = async (token: string, atoms: bigint): Promise<void> => {
    const sent = (await new Contract(token, ERC20, owner).getFunction('approve')(manager, atoms)) as {
      wait(): Promise<unknown>;
    };
    await sent.wait();
  };
  for (const token of [pool.token0, pool.token1]) await approve(token.address, amountOf(token.symbol));
  const minted = (await new Contract(manager, POSITION_MANAGER, owner).getFunction('mint')({
    token0: pool.token0.address,
    token1: pool.token1.address,
    fee: pool.feePips,
    tickLower: nearest(Number(tick) - LP.halfWidthTicks),
    tickUpper: nearest(Number(tick) + LP.halfWidthTicks),
    amount0Desired: amountOf(pool.token0.symbol),
    amount1Desired: amountOf(pool.token1.symbol),
    amount0Min: 0n,
    amount1Min: 0n,
    recipient: owner.address,
    deadline: BigInt((await world.clockSeconds()) + 600),
  })) as { wait(): Promise<unknown> };
  await minted.wait();
  for (const token of [pool.token0, pool.token1]) await approve(token.address, 0n);
}

function configOf(world: World, nowSeconds: number): PortfolioConfigInput {
  return {
    name: 'demonstration',
    underlying: 'ETH',
    owner: world.accounts.owner.address,
    annualVolatilityPercent: 65,
    policy: { riskAversion: { perNumeraire: 0.001 } },
    chains: world.chains.map(({ contracts: c, hyperlaneDomain, id, name, rpcUrl, tokens }) => ({
      id,
      name,
      rpcUrl,
      base: { address: tokens.WETH.address, symbol: 'WETH', decimals: 18 },
      quote: { address: tokens.USDC.address, symbol: 'USDC', decimals: 6 },
      hyperlaneDomain,
      hyperlaneWarpRoutes: { base: c.hyperlaneWarpWeth, quote: c.hyperlaneWarpUsdc },
      contracts: {
        multicall3: c.multicall3,
        permit2: c.permit2,
        uniswapV2Factory: c.uniswapV2Factory,
        uniswapV2Router: c.uniswapV2Router,
        uniswapV3Factory: c.uniswapV3Factory,
        uniswapV3SwapRouter02: c.uniswapV3SwapRouter02,
        uniswapV3TickLens: c.uniswapV3TickLens,
        uniswapV3PositionManager: c.uniswapV3PositionManager,
        uniswapV4PoolManager: c.uniswapV4PoolManager,
        uniswapV4StateView: c.uniswapV4StateView,
        universalRouter: c.universalRouter,
        acrossSpokePool: c.acrossSpokePool,
        acrossMulticallHandler: c.acrossMulticallHandler,
        hyperlaneMailbox: c.hyperlaneMailbox,
      },
    })),
    across: { fees: { kind: 'schedule', relayerFeeBps: 4, relayer: world.accounts.relayer.address } },
    positions: {
      uniswapV3: true,
      optionBook: {
        underlying: 'ETH',
        volatilityAnnualPercent: '65',
        forwardRatioToSpot: '1.003',
        positions: [
          {
            id: 'short-call',
            optionType: 'call',
            sizeUnits: '-100',
            strikeNumeraire: '3200',
            expiryUnixSeconds: nowSeconds + 30 * DAY_SECONDS,
          },
        ],
      },
    },
  };
}
