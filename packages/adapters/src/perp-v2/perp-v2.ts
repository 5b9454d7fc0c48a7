import {
  type Address,
  type Call,
  type Clock,
  fromAtoms,
  type Hex,
  type Quote,
  type QuoteFill,
  type QuoteRequest,
  sameAddress,
  sameToken,
  type SimulatedResult,
  type SwapFill,
  type TokenAmount,
  type VenueAdapter,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { nowSeconds } from '../common/clock.js';
import { FillMismatchError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { decodeEvent } from '../common/read.js';
import { checkRequest } from '../common/request.js';
import { parsePayload } from '../common/schemas.js';
import { configuredOn } from '../common/configured-on.js';
import { clearingHouseAbi } from './abi.js';
import { PerpLiquidityShortError } from './errors.js';
import type { PerpV2Market } from './market.js';
import { refusal } from './refusal.js';

/** What trading needs of a market. */
export type PerpV2Trading = Pick<PerpV2Market, 'baseToken' | 'chain' | 'clearingHouse' | 'quoteToken'>;

export interface PerpV2Options {
  readonly chains: Readonly<Record<number, PerpV2Trading>>;
  readonly clock: Clock;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `perp-v2`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
const NO_REFERRAL = `0x${'00'.repeat(32)}`;
/** What later blocks may need above the simulation: a tick that is crossed for the first time, funding that is settled. */
const GAS_MARGIN_PERCENT = 25n;
/** The clearing house scales amounts by its fee and back, and rounds each time. */
const ROUNDING_ATOMS = 10n;

const payloadSchema = v.strictObject({ isBaseToQuote: v.boolean() });
const positionChanged = v.object({ trader: v.string(), baseToken: v.string(), fee: v.bigint() });

/**
 * Perp v2 as a venue. Its two virtual tokens are the pair: vETH into vUSD is a short, vUSD into vETH a long. Neither ever
 * leaves the clearing house; the trade rests on the margin that the sender has in the vault, so nothing is approved and
 * nothing arrives.
 *
 * A quote is the real `openPosition`, simulated from the sender's account: price impact, fee, margin, price limits and the
 * funding that it settles are those of the block that it was asked on. `build` gives that one call with the least output
 * and the deadline enforced by the clearing house.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `quote` throws INVALID_INPUT, CHAIN_NOT_CONFIGURED,
 * PERP_MARGIN_TOO_LOW, PERP_PRICE_LIMIT, PERP_LIQUIDITY_SHORT, PERP_TRADE_REFUSED and what the chain throws, `build`
 * FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const venue = perpV2({ chains: { 10: { chain, clearingHouse, baseToken: vEth, quoteToken: vUsd } }, clock })
 * const short = await venue.quote({ input: { token: vEth, atoms: 10n ** 18n }, tokenOut: vUsd, ...rest }, signal)
 * ```
 */
export function perpV2(options: PerpV2Options): VenueAdapter & Required<Pick<VenueAdapter, 'quote'>> {
  const { id = 'perp-v2', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  for (const [key, { chain }] of Object.entries(options.chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains.${key}.chain`, chain.id, `is not chain ${key}`, 'Use its id as the key.');
  }
  const tradingOn = (chainId: number): PerpV2Trading => configuredOn(id, options.chains, chainId);

  const quote = async (request: QuoteRequest, signal: AbortSignal): Promise<Quote> => {
    throwIfAborted(signal);
    checkRequest(request);
    const { deadline, input, recipient, sender, slippageBps, tokenOut } = request;
    const trading = tradingOn(input.token.chainId);
    const isBaseToQuote = directionOf(trading, request);
    requireOwnPosition(id, sender, recipient);
    const { chain, clearingHouse } = trading;
    const data = openCall(trading, { isBaseToQuote, atoms: input.atoms, least: 0n, deadline });
    const [block, [result]] = await Promise.all([
      chain.block('latest', signal),
      chain.simulate({ from: sender, calls: [{ to: clearingHouse, data, valueWei: 0n }] }, signal),
    ]);
    const now = nowSeconds(options.clock, block);
    if (deadline <= now) {
      throw new InvalidInputError('request.deadline', deadline, 'has passed', `It is ${now}: allow more time.`);
    }
    const { fee, output, units } = outcomeOf(id, input.atoms, isBaseToQuote, result!);
    const validUntil = Math.min(now + quoteLifeSeconds, deadline);
    const payload = { isBaseToQuote };
    return deepFreeze({
      id: quoteId(id, { ...payload, sender, input: input.atoms.toString(), output: output.toString() }, validUntil),
      adapter: id,
      kind: 'venue',
      input: { token: { ...input.token }, atoms: input.atoms },
      output: { token: { ...tokenOut }, atoms: output },
      minReceived: output - (output * BigInt(slippageBps)) / 10_000n,
      fees: fee === undefined ? [] : [{ kind: 'liquidity-provider', amount: inDollars(trading, fee), included: true }],
      gas: [{ chainId: chain.id, units }],
      timeSeconds: { expected: 15, worst: validUntil - now },
      validUntil,
      asOf: { source: id, timeSeconds: block.timeSeconds, chainId: chain.id, blockNumber: block.number },
      onFailure: 'revert',
      payload,
    } satisfies Quote);
  };

  return deepFreeze({
    kind: 'venue',
    id,
    name: 'Perp v2',
    capabilities: { chains: Object.keys(options.chains).map(Number), curve: false, quote: true },
    targets: (chainId) => Object.freeze([tradingOn(chainId).clearingHouse]),
    quote,
    build: (fill) => deepFreeze([buildCall(id, tradingOn, fill)]),
  } satisfies VenueAdapter);
}

function buildCall(id: string, tradingOn: (chainId: number) => PerpV2Trading, fill: SwapFill | QuoteFill): Call {
  if (fill.kind !== 'quote') throw new FillMismatchError(id, 'fill.kind', fill.kind, 'is not a quote');
  const { deadline, quote, recipient, sender } = fill;
  if (quote.adapter !== id) throw new FillMismatchError(id, 'fill.quote.adapter', quote.adapter, 'is another adapter');
  requireOwnPosition(id, sender, recipient);
  const { input, minReceived, output } = quote;
  const trading = tradingOn(input.token.chainId);
  const { isBaseToQuote } = parsePayload(payloadSchema, quote.payload, id);
  if (directionOf(trading, { input, tokenOut: output.token }) !== isBaseToQuote) {
    throw new FillMismatchError(id, 'fill.quote.payload', isBaseToQuote, 'is the other direction than its tokens');
  }
  const base = isBaseToQuote ? input : output;
  const verb = isBaseToQuote ? 'sell' : 'buy about';
  return {
    chainId: trading.chain.id,
    to: trading.clearingHouse,
    data: openCall(trading, { isBaseToQuote, atoms: input.atoms, least: minReceived, deadline }),
    valueWei: 0n,
    purpose: 'action',
    description: `${verb} ${fromAtoms(base.token, base.atoms)} ${base.token.symbol} of perpetual on Perp v2`,
  };
}

interface Order {
  readonly isBaseToQuote: boolean;
  readonly atoms: bigint;
  /** The least output; the clearing house takes zero for no limit at all. */
  readonly least: bigint;
  readonly deadline: number;
}

function openCall({ baseToken }: PerpV2Trading, { atoms, deadline, isBaseToQuote, least }: Order): Hex {
  const terms = [baseToken.address, isBaseToQuote, true, atoms, least, deadline, 0n, NO_REFERRAL];
  return clearingHouseAbi.encodeFunctionData('openPosition', [terms]) as Hex;
}

function directionOf(
  { baseToken, quoteToken }: PerpV2Trading,
  { input, tokenOut }: Pick<QuoteRequest, 'input' | 'tokenOut'>,
): boolean {
  if (sameToken(input.token, baseToken) && sameToken(tokenOut, quoteToken)) return true;
  if (sameToken(input.token, quoteToken) && sameToken(tokenOut, baseToken)) return false;
  throw new InvalidInputError(
    'request.tokenOut',
    tokenOut.symbol,
    `is not what ${input.token.symbol} is traded for here`,
    `Ask for ${baseToken.symbol} against ${quoteToken.symbol}.`,
  );
}

/** A position belongs to whoever sends the call. */
function requireOwnPosition(id: string, sender: Address, recipient: Address): void {
  if (sameAddress(sender, recipient)) return;
  throw new FillMismatchError(id, 'recipient', recipient, 'is not the sender, who alone can get the position');
}

function inDollars({ quoteToken }: PerpV2Trading, atoms: bigint): TokenAmount {
  return { token: { ...quoteToken }, atoms };
}

interface Outcome {
  readonly output: bigint;
  /** Atoms of the quote token. Unknown where the node simulates without logs; the output is net of it all the same. */
  readonly fee: bigint | undefined;
  readonly units: bigint;
}

function outcomeOf(id: string, atoms: bigint, isBaseToQuote: boolean, result: SimulatedResult): Outcome {
  if (!result.success) throw refusal(id, atoms, result.error ?? 'no reason');
  const [base, quote] = clearingHouseAbi.decodeFunctionResult('openPosition', result.data) as unknown as bigint[];
  const [taken, output] = isBaseToQuote ? [base!, quote!] : [quote!, base!];
  if (taken + ROUNDING_ATOMS < atoms) throw new PerpLiquidityShortError(id, atoms, taken);
  const changed = result.logs
    .map((log) => decodeEvent(clearingHouseAbi, 'PositionChanged', log, positionChanged))
    .find((event) => event !== undefined);
  return { output, fee: changed?.fee, units: (result.gasUsed * (100n + GAS_MARGIN_PERCENT)) / 100n };
}
