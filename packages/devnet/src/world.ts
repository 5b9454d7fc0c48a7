import type { JsonRpcProvider } from 'ethers';
import type { Actors, ActorsOptions } from './actors/actors.js';
import type { ChainParts, WorldPart } from './parts.js';
import type { Pool } from './pools.js';

/** `0x` and hexadecimal digits. */
export type Hex = `0x${string}`;
/** A 20-byte EVM address with its checksum. */
export type Address = `0x${string}`;

/** A fungible token on one chain. The zero address stands for the chain's native coin. */
export interface Token {
  readonly chainId: number;
  readonly address: Address;
  readonly symbol: string;
  /** How many decimal places one unit has: 1 USDC = 10^6 atoms. */
  readonly decimals: number;
}

/** A key that everybody may know: it holds play money on local chains only. */
export interface TestAccount {
  readonly address: Address;
  readonly privateKey: Hex;
}

export const ACCOUNT_NAMES = [
  'deployer',
  'owner',
  'trader',
  'relayer',
  'validator',
  'hyperlaneRelayer',
  'dataworker',
  'maker',
  'solver',
  'liquidityProvider',
  'arbitrageur',
  'feedKeeper',
  'stranger',
] as const;

/**
 * Who plays in the world. All have native coins on every chain.
 *
 * - `deployer` deployed and owns the contracts; `owner` holds no tokens until {@link World.fund} gives it some;
 * - `trader` holds WETH, USDC and USDT on every chain and has approved nothing;
 * - `relayer` fills Across deposits from its own inventory, `dataworker` proposes Across root bundles;
 * - `validator` signs Hyperlane messages (it needs no funds), `hyperlaneRelayer` delivers them;
 * - `maker` holds tokens to fill orders of UniswapX and signs the resting orders of 1inch's order book, `solver` may
 *   settle CoW batches;
 * - `liquidityProvider` owns the seeded pool positions and the LP shares of the Across hub;
 * - `arbitrageur` holds large stocks of WETH and USDC to bring pools back to an outside price;
 * - `feedKeeper` says the price of ETH to the feeds of those parts of the world that have one;
 * - `stranger` has nothing to do with anything.
 */
export type WorldAccounts = Readonly<Record<(typeof ACCOUNT_NAMES)[number], TestAccount>>;

/** Addresses of the protocol contracts of one chain. They are real: deployed from the protocols' own published bytecode. */
export interface WorldContracts {
  readonly multicall3: Address;
  readonly permit2: Address;
  readonly weth: Address;
  readonly uniswapV2Factory: Address;
  readonly uniswapV2Router: Address;
  readonly uniswapV3Factory: Address;
  readonly uniswapV3QuoterV2: Address;
  readonly uniswapV3SwapRouter02: Address;
  readonly uniswapV3PositionManager: Address;
  readonly uniswapV3TickLens: Address;
  readonly uniswapV4PoolManager: Address;
  readonly uniswapV4PositionManager: Address;
  readonly uniswapV4Quoter: Address;
  readonly uniswapV4StateView: Address;
  /** Uniswap's own router for tests of V4: unlike the Universal Router, it takes a price limit. */
  readonly uniswapV4PoolSwapTest: Address;
  readonly universalRouter: Address;
  readonly uniswapXExclusiveDutchReactor: Address;
  readonly uniswapXV2DutchReactor: Address;
  readonly uniswapXPriorityReactor: Address;
  readonly uniswapXOrderQuoter: Address;
  readonly cowSettlement: Address;
  readonly cowVaultRelayer: Address;
  readonly cowAuthenticator: Address;
  readonly balancerVault: Address;
  readonly balancerWeightedPoolFactory: Address;
  readonly acrossSpokePool: Address;
  readonly acrossMulticallHandler: Address;
  /** On the first chain only: the hub. */
  readonly acrossHubPool?: Address;
  readonly hyperlaneMailbox: Address;
  /** Message-id multisig ISM, 1 of 1: the world's `validator`. */
  readonly hyperlaneIsm: Address;
  readonly hyperlaneMerkleTreeHook: Address;
  readonly hyperlaneInterchainGasPaymaster: Address;
  readonly hyperlaneWarpUsdc: Address;
  readonly hyperlaneWarpWeth: Address;
}

export type ContractName = keyof WorldContracts;

/**
 * Symbols of the tokens that every chain has. USDT behaves as on Ethereum: an allowance must be reset to zero before it is
 * changed, and transfers and approvals return nothing.
 */
export type TokenSymbol = 'WETH' | 'USDC' | 'USDT';

/** One local chain with its contracts. */
export interface WorldChain {
  readonly id: number;
  readonly name: string;
  readonly rpcUrl: string;
  /** One JSON-RPC request; rejects with a {@link DevnetError} `RPC_FAILED` that carries the node's message. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** Polls often, caches nothing, and finds receipts also after the world was reverted. */
  readonly provider: JsonRpcProvider;
  readonly contracts: WorldContracts;
  readonly tokens: Readonly<Record<TokenSymbol, Token>>;
  /** The seeded pools. */
  readonly pools: readonly Pool[];
  /** What {@link WorldOptions.parts} asked for. */
  readonly parts: ChainParts;
  /** Hyperlane's name of the chain: equal to `id`. */
  readonly hyperlaneDomain: number;
}

/** A point of the whole world's history to come back to. Stays valid after {@link World.revert}. */
export interface WorldSnapshot {
  readonly id: number;
}

/** What happens while the world comes up. */
export type WorldEvent =
  | {
      readonly kind: 'artifacts';
      readonly package: string;
      readonly done: number;
      readonly total: number;
      /** Nothing had to be fetched for this package. */
      readonly cached: boolean;
    }
  | { readonly kind: 'chain-started'; readonly chainId: number; readonly rpcUrl: string }
  | { readonly kind: 'state-loaded'; readonly chainId: number }
  | { readonly kind: 'deployed'; readonly chainId: number; readonly transactions: number }
  | { readonly kind: 'ready'; readonly milliseconds: number; readonly fromCache: boolean };

export interface WorldOptions {
  /** How many chains. Default: 3. */
  readonly chains?: 1 | 2 | 3;
  /** Where artifacts and dumped states are kept. Default: `.cache/devnet` of the monorepo, else a folder of the user. */
  readonly cacheDir?: string;
  /** Varies depths and prices of the seeded pools. Same seed, same world. Default: 1. */
  readonly seed?: number;
  /** Protocols that are there only when they are asked for; whoever does not ask pays nothing for them. Default: none. */
  readonly parts?: readonly WorldPart[];
  /** Deploy anew instead of loading a dumped state. Default: false. */
  readonly fresh?: boolean;
  /** Unix time at which all clocks start. Default: the wall clock. Not before {@link GENESIS_TIME_SECONDS} + 1 day. */
  readonly startTimeSeconds?: number;
  /** Base fee of the first block per chain, in gwei, in the order of the chains. Default: 5, 0.1, 0.02. */
  readonly baseFeeGwei?: readonly number[];
  /** Seconds between blocks; 0 mines a block per transaction. Default: 0. */
  readonly blockTimeSeconds?: number;
  readonly onProgress?: (event: WorldEvent) => void;
  readonly signal?: AbortSignal;
}

/** Several local chains with the same clock. */
export interface World {
  /** 31337, 31338, 31339, in this order. */
  readonly chains: readonly WorldChain[];
  readonly accounts: WorldAccounts;
  readonly seed: number;
  /** @throws {DevnetError} `UNKNOWN_CHAIN`. */
  chain(id: number): WorldChain;
  /** The clock that all chains share: Unix time in seconds of the next block. */
  clockSeconds(): Promise<number>;
  snapshot(): Promise<WorldSnapshot>;
  /** Takes all chains and the clock back. A snapshot can be reverted to any number of times. */
  revert(snapshot: WorldSnapshot): Promise<void>;
  /** Moves all clocks forward in step and mines a block on each chain. */
  advance(seconds: number): Promise<void>;
  /**
   * Kills a chain's node with SIGKILL and starts it again after so long, with its blocks and without what was waiting to be
   * mined. Snapshots are gone then.
   */
  crash(chainId: number, downMilliseconds: number): Promise<void>;
  /**
   * Mines a block with this base fee. From there on it moves by EIP-1559, so that nearly empty blocks lower it by an
   * eighth each.
   */
  setBaseFee(chainId: number, gwei: number): Promise<void>;
  /** Gives `to` so many atoms more of a token of this world. */
  fund(token: Token, to: Address, atoms: bigint): Promise<void>;
  /** Gives `to` so much more of the native coin. */
  fundNative(chainId: number, to: Address, wei: bigint): Promise<void>;
  /** Starts those who fill, deliver and settle, and when asked those who move prices. They stop with the world. */
  startActors(options?: ActorsOptions): Promise<Actors>;
  /** Stops the actors and the chains. Safe to call twice. */
  close(): Promise<void>;
}

/** Time of the first block of every chain: 2025-06-01T00:00:00Z. */
export const GENESIS_TIME_SECONDS = 1_748_736_000;
