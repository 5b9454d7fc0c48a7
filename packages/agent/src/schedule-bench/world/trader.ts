import { jsonRpcChain } from '@evenkeel/adapters/json-rpc';
import { uniswapV2 } from '@evenkeel/adapters/uniswap-v2';
import { uniswapV3 } from '@evenkeel/adapters/uniswap-v3';
import { uniswapV4 } from '@evenkeel/adapters/uniswap-v4';
import {
  type Address,
  type Call,
  type CostCurve,
  costCurve,
  fromAtoms,
  type HedgeRequest,
  type HedgeRoute,
  type Hex,
  NATIVE_ADDRESS,
  type Pool,
  routeHedge,
  type Token,
  type TokenAmount,
  type VenueAdapter,
} from '@evenkeel/core';
import type { BookedFlow as Flow } from '@evenkeel/core/report';
import type { TestAccount, WorldChain } from '@evenkeel/devnet';
import { Interface, toBeHex, toQuantity, Wallet } from 'ethers';
import { RevertedSliceError } from './errors.js';
import { latestSeconds } from './latest-seconds.js';

/** One slice as it was done. */
export interface Sale {
  /** The router's way; its fees are those of its pools. */
  readonly route: HedgeRoute;
  /** What receipts and their logs tell. */
  readonly flows: readonly Flow[];
}

/** Sells the underlying on one chain, by the router over what the adapters read, with an account that pays for its gas. */
export interface Trader {
  readonly base: Token;
  readonly quote: Token;
  readonly native: Token;
  /** C(q) of selling, on the pools as they stand. */
  curve(price: number, sizes: readonly number[]): Promise<CostCurve>;
  /** What selling so many units would cost beyond gas, as a share of their worth at the price. */
  costShare(units: number, price: number): Promise<number>;
  /** @throws {RevertedSliceError} and what the router throws where the pools don't take so much */
  sell(atoms: bigint, price: number): Promise<Sale>;
  balances(): Promise<readonly TokenAmount[]>;
  /** The chain was taken back: what was seen of it counts no more. */
  forget(): void;
}

const ERC20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);
const TRANSFER = ERC20.getEvent('Transfer')!.topicHash;
const GAS_LIMIT = 3_000_000n;
/** Nothing moves between a look and its trade. */
const SLIPPAGE_BPS = 1;
const RECEIPT_MS = 2;
const DEADLINE_SECONDS = 600;

export function traderOn(chain: WorldChain, account: TestAccount, gasGwei: number, signal: AbortSignal): Trader {
  const { USDC: quote, WETH: base } = chain.tokens;
  const native: Token = { chainId: chain.id, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };
  const wallet = new Wallet(account.privateKey);
  const gasPriceWei = BigInt(Math.round(gasGwei * 1e9));
  let venues = venuesOn(chain);
  const pools = async (): Promise<readonly Pool[]> => {
    const request = { chainId: chain.id, tokens: [base, quote], signal };
    return (await Promise.all(venues.map(async (venue) => (await venue.liquidity?.(request)) ?? []))).flat();
  };
  const asked = async (price: number): Promise<Omit<HedgeRequest, 'deltaUnits'>> => ({
    side: 'sell',
    baseTokens: [base],
    quoteTokens: [quote],
    pools: await pools(),
    bridges: [],
    inventories: [{ token: base, atoms: await balanceOf(chain, base, account.address) }],
    gasPriceWei: { [chain.id]: gasPriceWei },
    nativePrice: { [chain.id]: price.toFixed(8) },
    referencePrice: price.toFixed(8),
    timeAtRisk: { kind: 'price', bpsPerHour: '0' },
    slippageBps: SLIPPAGE_BPS,
  });
  const send = async ({ data, to, valueWei }: Call, nonce: number): Promise<Receipt> => {
    const raw = await wallet.signTransaction({
      ...{ type: 2, chainId: chain.id, nonce, to, data, value: valueWei, gasLimit: GAS_LIMIT },
      ...{ maxFeePerGas: gasPriceWei, maxPriorityFeePerGas: 0n },
    });
    const [, hash] = await Promise.all([
      chain.rpc('anvil_setNextBlockBaseFeePerGas', [toQuantity(gasPriceWei)]),
      chain.rpc('eth_sendRawTransaction', [raw]) as Promise<Hex>,
    ]);
    const receipt = await receiptOf(chain, hash);
    if (Number(receipt.status) === 1) return receipt;
    throw new RevertedSliceError(hash);
  };
  return Object.freeze({
    base,
    quote,
    native,
    curve: async (price, sizes) => costCurve(await asked(price), sizes),
    async costShare(units, price) {
      const { received } = routeHedge({ ...(await asked(price)), deltaUnits: units.toFixed(6) });
      const atoms = received.reduce((sum, each) => sum + each.atoms, 0n);
      return 1 - Number(fromAtoms(quote, atoms)) / (units * price);
    },
    async sell(atoms, price) {
      const route = routeHedge({ ...(await asked(price)), deltaUnits: fromAtoms(base, atoms) });
      const flows: Flow[] = [];
      const [seconds, sent] = await Promise.all([
        latestSeconds(chain),
        chain.rpc('eth_getTransactionCount', [account.address, 'latest']),
      ]);
      const calls = callsOf(route, venues, account.address, seconds + DEADLINE_SECONDS);
      for (const [i, call] of calls.entries()) {
        flows.push(...flowsOf(await send(call, Number(sent) + i), account.address, [base, quote], native));
      }
      return { route, flows };
    },
    async balances() {
      const held = async (token: Token) => ({ token, atoms: await balanceOf(chain, token, account.address) });
      const nativeHeld = async () => {
        const wei = (await chain.rpc('eth_getBalance', [account.address, 'latest'])) as Hex;
        return { token: native, atoms: BigInt(wei) };
      };
      return Promise.all([held(base), held(quote), nativeHeld()]);
    },
    forget: () => {
      venues = venuesOn(chain);
    },
  } satisfies Trader);
}

function venuesOn({ contracts, id, name, rpcUrl }: WorldChain): readonly VenueAdapter[] {
  const chain = jsonRpcChain({ id, name, url: rpcUrl, multicall3: contracts.multicall3 });
  const { permit2, uniswapV2Factory, uniswapV2Router, uniswapV3Factory, uniswapV3SwapRouter02 } = contracts;
  const { uniswapV3TickLens: tickLens, uniswapV4StateView: stateView, universalRouter } = contracts;
  const v3 = { chain, factory: uniswapV3Factory, tickLens, router: uniswapV3SwapRouter02 };
  const v4 = { chain, stateView, permit2, universalRouter, universalRouterVersion: '2.0' } as const;
  return [
    uniswapV2({ chains: { [id]: { chain, factory: uniswapV2Factory, router: uniswapV2Router } } }),
    uniswapV3({ chains: { [id]: v3 } }),
    uniswapV4({ chains: { [id]: v4 } }),
  ];
}

function callsOf(
  { hops }: HedgeRoute,
  venues: readonly VenueAdapter[],
  account: Address,
  deadline: number,
): readonly Call[] {
  return hops.flatMap((hop) => {
    if (hop.kind !== 'swap') throw new RangeError('A route on one chain has no transfers.');
    const { amountIn, minReceived, pool, tokenIn, tokenOut } = hop;
    const venue = venues.find(({ id }) => id === hop.adapter)!;
    const fill = { kind: 'swap', pool, tokenIn, tokenOut, amountIn, minReceived, deadline } as const;
    return venue.build({ ...fill, sender: account, recipient: account });
  });
}

interface Receipt {
  readonly transactionHash: Hex;
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly logs: readonly {
    readonly address: Hex;
    readonly topics: readonly Hex[];
    readonly data: Hex;
    readonly logIndex: Hex;
  }[];
}

async function receiptOf(chain: WorldChain, hash: Hex): Promise<Receipt> {
  for (;;) {
    const receipt = (await chain.rpc('eth_getTransactionReceipt', [hash])) as Receipt | null;
    if (receipt !== null) return receipt;
    await new Promise((resolve) => setTimeout(resolve, RECEIPT_MS));
  }
}

function flowsOf(receipt: Receipt, account: Address, tokens: readonly Token[], native: Token): readonly Flow[] {
  const { effectiveGasPrice, gasUsed, logs, transactionHash: txHash } = receipt;
  const own = account.toLowerCase();
  const side = (topic: Hex | undefined): boolean => topic !== undefined && toBeHex(topic, 20) === own;
  const swapped = logs.flatMap(({ address, data, logIndex, topics }): Flow[] => {
    const token = tokens.find((each) => each.address.toLowerCase() === address.toLowerCase());
    if (token === undefined || topics[0] !== TRANSFER) return [];
    const id = `${txHash}:${Number(logIndex)}`;
    if (side(topics[1])) return [{ id, kind: 'swap-in', token, atoms: -BigInt(data), txHash }];
    return side(topics[2]) ? [{ id, kind: 'swap-out', token, atoms: BigInt(data), txHash }] : [];
  });
  const gas = -(BigInt(gasUsed) * BigInt(effectiveGasPrice));
  return [{ id: `${txHash}:gas`, kind: 'gas', token: native, atoms: gas, txHash }, ...swapped];
}

async function balanceOf(chain: WorldChain, token: Token, account: Address): Promise<bigint> {
  const data = ERC20.encodeFunctionData('balanceOf', [account]);
  return BigInt((await chain.rpc('eth_call', [{ to: token.address, data }, 'latest'])) as Hex);
}
