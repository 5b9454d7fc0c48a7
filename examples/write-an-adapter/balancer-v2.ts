import {
  type Address,
  type Call,
  type Chain,
  type Clock,
  fromAtoms,
  type Hex,
  type Quote,
  type QuoteFill,
  type QuoteRequest,
  type ReadCall,
  sameToken,
  type SwapFill,
  type Token,
  tokenKey,
  type VenueAdapter,
} from '@evenkeel/core';
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { Interface, keccak256, toUtf8Bytes } from 'ethers';

/** A pool of two tokens that is registered with Balancer's Vault. */
export interface BalancerPool {
  /** 32 bytes; the first 20 are the pool's address. */
  readonly id: Hex;
  readonly tokens: readonly [Token, Token];
}

export interface BalancerChain {
  readonly chain: Chain;
  /** Balancer's Vault. */
  readonly vault: Address;
  readonly pools: readonly BalancerPool[];
}

export interface BalancerOptions {
  readonly chains: Readonly<Record<number, BalancerChain>>;
  readonly clock: Clock;
  /** How long a quote may be accepted. Seconds; default 60. */
  readonly quoteLifeSeconds?: number;
}

/** No pool trades these two tokens, or it cannot trade so much. Code `BALANCER_NO_TRADE`. */
export class BalancerNoTradeError extends EvenkeelError {
  constructor(request: QuoteRequest, why: string) {
    const { input, tokenOut } = request;
    super('BALANCER_NO_TRADE', `Balancer does not trade ${input.token.symbol} for ${tokenOut.symbol}: ${why}.`, {
      field: 'request.tokenOut',
      value: tokenKey(tokenOut),
      hint: 'Ask for a smaller amount, or add a pool of these tokens to the configuration.',
    });
  }
}

const ID = 'balancer-v2';
const GIVEN_IN = 0;
/** Receipts of an approval and a swap, at most. */
const GAS_UNITS = 200_000n;
const WAD = 10n ** 18n;

const vaultAbi = new Interface([
  'function swap((bytes32 poolId, uint8 kind, address assetIn, address assetOut, uint256 amount, bytes userData) singleSwap, (address sender, bool fromInternalBalance, address recipient, bool toInternalBalance) funds, uint256 limit, uint256 deadline) payable returns (uint256)',
  'function queryBatchSwap(uint8 kind, (bytes32 poolId, uint256 assetInIndex, uint256 assetOutIndex, uint256 amount, bytes userData)[] swaps, address[] assets, (address sender, bool fromInternalBalance, address recipient, bool toInternalBalance) funds) returns (int256[])',
]);
const poolAbi = new Interface(['function getSwapFeePercentage() view returns (uint256)']);
const tokenAbi = new Interface(['function approve(address spender, uint256 amount) returns (bool)']);

/**
 * Balancer V2 weighted pools as a venue that quotes. Their price is no curve that the core can replay, so that the Vault
 * itself is asked, in one read: what it says for a block is what a swap in that block pays.
 *
 * @throws InvalidInputError for a configuration that cannot be right. `quote` throws BALANCER_NO_TRADE, INVALID_INPUT
 * and what the chain throws, `build` INVALID_INPUT.
 *
 * @example
 * ```ts
 * const venue = balancerV2({ chains: { 1: { chain, vault, pools } }, clock })
 * const quote = await venue.quote(request, AbortSignal.timeout(2_000))
 * ```
 */
export function balancerV2(options: BalancerOptions): VenueAdapter & Required<Pick<VenueAdapter, 'quote'>> {
  for (const [key, { chain }] of Object.entries(options.chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains.${key}.chain`, chain.id, 'is another chain', `Give chain ${key}.`);
  }
  return deepFreeze({
    kind: 'venue',
    id: ID,
    name: 'Balancer V2',
    capabilities: { chains: Object.keys(options.chains).map(Number), curve: false, quote: true },
    targets: (chainId) => Object.freeze([configOf(options, chainId).vault]),
    quote: (request, signal) => quote(options, request, signal),
    build: (fill) => build(options, fill),
  } satisfies VenueAdapter);
}

async function quote(options: BalancerOptions, request: QuoteRequest, signal: AbortSignal): Promise<Quote> {
  const { input, slippageBps, tokenOut } = request;
  const config = configOf(options, input.token.chainId);
  const pool = poolOf(config, request);
  if (input.atoms <= 0n) {
    throw new InvalidInputError(
      'request.input.atoms',
      input.atoms,
      'is nothing to trade',
      'Ask for an amount above 0.',
    );
  }
  const { block, results } = await config.chain.read(
    [
      queryCall(config.vault, pool, request),
      { to: poolAddress(pool), data: encode(poolAbi, 'getSwapFeePercentage', []) },
    ],
    signal,
  );
  const [deltas, feePercentage] = results;
  const outputAtoms = deltas!.success ? outputOf(deltas!.data) : 0n;
  if (outputAtoms <= 0n || !feePercentage!.success)
    throw new BalancerNoTradeError(request, 'the Vault refuses the swap');

  const now = Math.max(Math.floor(options.clock.now() / 1_000), block.timeSeconds);
  if (request.deadline <= now) {
    throw new InvalidInputError('request.deadline', request.deadline, 'has passed', `It is ${now}: allow more time.`);
  }
  const validUntil = Math.min(now + (options.quoteLifeSeconds ?? 60), request.deadline);
  // Rounded up, as the pool rounds it, in favour of those who provide the liquidity.
  const feeAtoms = (input.atoms * BigInt(feePercentage!.data) + WAD - 1n) / WAD;
  return deepFreeze({
    id: keccak256(toUtf8Bytes([ID, pool.id, block.number, input.atoms, outputAtoms, validUntil].join())),
    adapter: ID,
    kind: 'venue',
    input: { token: { ...input.token }, atoms: input.atoms },
    output: { token: { ...tokenOut }, atoms: outputAtoms },
    minReceived: outputAtoms - (outputAtoms * BigInt(slippageBps)) / 10_000n,
    fees: [{ kind: 'liquidity-provider', amount: { token: { ...input.token }, atoms: feeAtoms }, included: true }],
    gas: [{ chainId: input.token.chainId, units: GAS_UNITS }],
    timeSeconds: { expected: 15, worst: validUntil - now },
    validUntil,
    asOf: { source: ID, timeSeconds: block.timeSeconds, chainId: config.chain.id, blockNumber: block.number },
    onFailure: 'revert',
    payload: { poolId: pool.id },
  } satisfies Quote);
}

/** An approval of exactly the input, then the swap that takes all of it: nothing is left to revoke. */
function build(options: BalancerOptions, fill: SwapFill | QuoteFill): readonly Call[] {
  if (fill.kind !== 'quote') {
    throw new InvalidInputError('fill.kind', fill.kind, 'must be "quote"', 'Balancer V2 has no curves here.');
  }
  const { deadline, quote: accepted, recipient, sender } = fill;
  if (accepted.adapter !== ID) {
    throw new InvalidInputError('fill.quote.adapter', accepted.adapter, `must be ${ID}`, 'Ask its own adapter.');
  }
  const { input, minReceived, output } = accepted;
  const config = configOf(options, input.token.chainId);
  const pool = payloadPool(config, accepted);
  const call = { chainId: config.chain.id, valueWei: 0n };
  const amount = `${fromAtoms(input.token, input.atoms)} ${input.token.symbol}`;
  const single = [pool.id, GIVEN_IN, input.token.address, output.token.address, input.atoms, '0x'];
  return deepFreeze([
    {
      ...call,
      to: input.token.address,
      data: encode(tokenAbi, 'approve', [config.vault, input.atoms]),
      purpose: 'approve',
      description: `let Balancer take ${amount}`,
    },
    {
      ...call,
      to: config.vault,
      data: encode(vaultAbi, 'swap', [single, [sender, false, recipient, false], minReceived, deadline]),
      purpose: 'action',
      description: `swap ${amount} for ${output.token.symbol} on Balancer V2`,
    },
  ] satisfies Call[]);
}

function configOf(options: BalancerOptions, chainId: number): BalancerChain {
  const config = options.chains[chainId];
  if (config !== undefined) return config;
  const known = Object.keys(options.chains).join(', ');
  throw new InvalidInputError('chainId', chainId, 'is not configured', `Ask for one of ${known}.`);
}

function poolOf({ pools }: BalancerChain, request: QuoteRequest): BalancerPool {
  const wanted = [request.input.token, request.tokenOut];
  const pool = pools.find(({ tokens }) => wanted.every((token) => tokens.some((each) => sameToken(each, token))));
  if (pool !== undefined && !sameToken(request.input.token, request.tokenOut)) return pool;
  throw new BalancerNoTradeError(request, 'no configured pool has both');
}

/** What comes back may have been stored, and may have been tampered with: it has to name a pool that we know. */
function payloadPool({ pools }: BalancerChain, { input, output, payload }: Quote): BalancerPool {
  const poolId = typeof payload === 'object' && payload !== null && 'poolId' in payload ? payload.poolId : undefined;
  const pool = pools.find(({ id, tokens }) => {
    return id === poolId && [input.token, output.token].every((token) => tokens.some((each) => sameToken(each, token)));
  });
  if (pool !== undefined) return pool;
  throw new InvalidInputError('fill.quote.payload', payload, 'names no known pool', 'Hand back the quote unchanged.');
}

function queryCall(vault: Address, pool: BalancerPool, { input, recipient, sender, tokenOut }: QuoteRequest): ReadCall {
  const step = [pool.id, 0, 1, input.atoms, '0x'];
  const assets = [input.token.address, tokenOut.address];
  const funds = [sender, false, recipient, false];
  return { to: vault, data: encode(vaultAbi, 'queryBatchSwap', [GIVEN_IN, [step], assets, funds]) };
}

/** The Vault's deltas are signed from its own side: what it pays is negative. */
function outputOf(data: Hex): bigint {
  const [deltas] = vaultAbi.decodeFunctionResult('queryBatchSwap', data) as unknown as [readonly [bigint, bigint]];
  return -deltas[1];
}

function poolAddress({ id }: BalancerPool): Address {
  return id.slice(0, 42) as Address;
}

function encode(abi: Interface, name: string, args: readonly unknown[]): Hex {
  return abi.encodeFunctionData(name, args) as Hex;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
