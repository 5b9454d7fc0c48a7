import { Interface } from 'ethers';
import type { Artifacts } from '../artifacts/fetch.js';
import { DevnetError } from '../errors.js';
import type { Rpc } from '../node/rpc.js';
import type { ChainParts, WorldPart } from '../parts.js';
import type { Pool } from '../pools.js';
import type { Address, WorldContracts } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import { equipArbitrageur } from './arbitrageur.js';
import { CANONICAL_BRIDGE, deployAcross, deployAcrossHub, settleAcross } from './across.js';
import type { AcrossHub } from './across.js';
import { createBuilder, finishBuilding } from './builder.js';
import type { Builder } from './builder.js';
import { deployCowAndBalancer } from './cow-balancer.js';
import { connectHyperlane, deployHyperlane } from './hyperlane.js';
import type { WarpCollateral, WarpDescription } from './hyperlane.js';
import { buildParts } from './parts.js';
import { seedPools } from './seed.js';
import { dressAsTether } from './tether.js';
import { deployTokens, mint } from './tokens.js';
import type { ChainTokens } from './tokens.js';
import { deployShared, deployUniswap, deployUniswapX, deployUniversalRouter } from './uniswap.js';

/** What is known of a chain once it is built; plain data that survives JSON but for its bigints. */
export interface BuiltChain {
  readonly chainId: number;
  readonly contracts: WorldContracts;
  readonly tokens: ChainTokens;
  readonly pools: readonly Pool[];
  readonly parts: ChainParts;
  /** On the first chain: near ends of the canonical bridge, by destination. */
  readonly acrossBridges?: Readonly<Record<number, Address>>;
}

export interface BuildOptions {
  readonly artifacts: Artifacts;
  readonly seed: number;
  readonly parts: readonly WorldPart[];
  readonly nodes: readonly { readonly chainId: number; readonly rpc: Rpc }[];
  readonly onDeployed?: (chainId: number, transactions: number) => void;
}

/** Gas price for deliveries by Hyperlane, a little above the base fees of the three chains, in wei. */
const REMOTE_GAS_PRICES_WEI = [6_000_000_000n, 150_000_000n, 30_000_000n] as const;

/** What the warp routes of the three chains can pay out. The third chain's USDC is meant to run short. */
const WARP_COLLATERAL: readonly WarpCollateral[] = [
  { usdcAtoms: 800_000_000_000n, wethWei: 300n * 10n ** 18n },
  { usdcAtoms: 400_000_000_000n, wethWei: 150n * 10n ** 18n },
  { usdcAtoms: 5_000_000_000n, wethWei: 80n * 10n ** 18n },
];

/** Native balance of every account once the world is open: 1,000 coins. */
const OPENING_BALANCE_WEI = 1_000n * 10n ** 18n;

/** Deploys and fills all chains: first each for itself, then what has to know of the others. */
export async function buildChains(options: BuildOptions): Promise<readonly BuiltChain[]> {
  const drafts = await Promise.all(options.nodes.map((_, index) => draftChain(options, index)));
  return Promise.all(drafts.map((draft) => connectChain(options, drafts, draft)));
}

type LocalContracts = Omit<WorldContracts, 'acrossHubPool'>;

interface Draft {
  readonly index: number;
  readonly builder: Builder;
  readonly contracts: LocalContracts;
  readonly tokens: ChainTokens;
  readonly pools: readonly Pool[];
  readonly parts: ChainParts;
}

async function draftChain({ artifacts, nodes, parts, seed }: BuildOptions, index: number): Promise<Draft> {
  const { chainId, rpc } = nodes[index] as BuildOptions['nodes'][number];
  const builder = await createBuilder(chainId, rpc, artifacts);
  const tokens = deployTokens(builder);
  const weth = tokens.WETH.address;
  const shared = await deployShared(builder, artifacts);
  await dressAsTether(builder, tokens.USDT.address);
  const uniswap = deployUniswap(builder, weth);
  const cow = deployCowAndBalancer(builder, weth);
  const across = deployAcross(builder, weth);
  const remotes = nodes.flatMap((node, at) =>
    at === index ? [] : [{ chainId: node.chainId, gasPriceWei: REMOTE_GAS_PRICES_WEI[at] ?? 0n }],
  );
  const hyperlane = await deployHyperlane(builder, tokens, remotes);
  const universalRouter = deployUniversalRouter(builder, weth, uniswap, across.acrossSpokePool);
  const uniswapX = deployUniswapX(builder);
  await builder.flush();
  const pools = await seedPools({ builder, tokens, seed, contracts: { ...uniswap, ...cow } });
  const arbitrage = equipArbitrageur(builder, tokens, uniswap);
  const contracts = {
    weth,
    ...shared,
    ...uniswap,
    ...arbitrage,
    ...cow,
    ...across,
    ...hyperlane,
    universalRouter,
    ...uniswapX,
  };
  const built = await buildParts({ builder, artifacts, tokens, uniswap }, parts);
  return { index, builder, contracts, tokens, pools, parts: built };
}

async function connectChain(options: BuildOptions, drafts: readonly Draft[], draft: Draft): Promise<BuiltChain> {
  const { builder, contracts, index, parts, pools, tokens } = draft;
  const isHome = index === 0;
  const warps = drafts.map(warpOf);
  const own = warps[index] as WarpDescription;
  const others = warps.filter((warp) => warp !== own);
  connectHyperlane(builder, own, others, tokens, WARP_COLLATERAL[index] as WarpCollateral);
  const hub = isHome ? deployAcrossHub(builder, drafts.map(spokeOf)) : undefined;
  settleAcross(builder, contracts, tokens, isHome);
  stockAccounts(builder, tokens);
  await builder.flush();
  if (hub !== undefined) await acceptHub(builder, contracts.acrossSpokePool, hub);
  await setOpeningBalances(builder.rpc);
  await finishBuilding(builder.rpc);
  options.onDeployed?.(builder.chainId, builder.transactionCount());
  return Object.freeze({
    chainId: builder.chainId,
    tokens,
    pools,
    parts,
    contracts: Object.freeze(hub === undefined ? contracts : { ...contracts, acrossHubPool: hub.hubPool }),
    ...(hub && { acrossBridges: await bridgesOf(builder, hub) }),
  });
}

const warpOf = ({ builder, contracts }: Draft): WarpDescription => ({
  chainId: builder.chainId,
  usdc: contracts.hyperlaneWarpUsdc,
  weth: contracts.hyperlaneWarpWeth,
});

const spokeOf = ({ builder, contracts, tokens }: Draft) => ({
  chainId: builder.chainId,
  spokePool: contracts.acrossSpokePool,
  tokens,
});

/** The hub's orders reach its own chain's spoke pool directly: it must be that pool's admin and get its returns. */
async function acceptHub(builder: Builder, spokePool: Address, { hubPool }: AcrossHub): Promise<void> {
  const order = new Interface(['function setWithdrawalRecipient(address)']);
  const data = order.encodeFunctionData('setWithdrawalRecipient', [hubPool]);
  const deployer = ACCOUNTS.deployer.address;
  builder.send(deployer, hubPool, 'relaySpokePoolAdminFunction(uint256,bytes)', [builder.chainId, data]);
  await builder.flush();
  const [recipient] = await builder.read(spokePool, 'withdrawalRecipient() view returns (address)');
  if (recipient !== hubPool) {
    throw new DevnetError('DEPLOYMENT_FAILED', `The spoke pool ${spokePool} does not obey the hub ${hubPool}.`);
  }
}

async function bridgesOf(builder: Builder, hub: AcrossHub): Promise<Record<number, Address>> {
  const entries = Object.entries(hub.bridges).map(async ([chainId, adapter]) => {
    const [bridge] = await builder.read(adapter, 'bridge() view returns (address)');
    return [chainId, bridge as Address] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function stockAccounts(builder: Builder, tokens: ChainTokens): void {
  const stock = (to: Address, eth: bigint, dollars: bigint): void => {
    mint(builder, tokens.WETH, to, eth * 10n ** 18n);
    mint(builder, tokens.USDC, to, dollars * 10n ** 6n);
    mint(builder, tokens.USDT, to, dollars * 10n ** 6n);
  };
  stock(ACCOUNTS.trader.address, 100n, 300_000n);
  stock(ACCOUNTS.maker.address, 300n, 1_000_000n);
  stock(ACCOUNTS.solver.address, 50n, 150_000n);
}

async function setOpeningBalances(rpc: Rpc): Promise<void> {
  const balance = `0x${OPENING_BALANCE_WEI.toString(16)}`;
  const accounts = [...Object.values(ACCOUNTS), CANONICAL_BRIDGE];
  await rpc.batch(accounts.map(({ address }) => ({ method: 'anvil_setBalance', params: [address, balance] })));
}
