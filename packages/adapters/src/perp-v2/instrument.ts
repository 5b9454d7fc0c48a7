import {
  type Address,
  type Call,
  type Clock,
  Decimal,
  fromAtoms,
  type Hex,
  type InstrumentAdapter,
  type InstrumentTerms,
  type TradeFill,
  type TradeQuote,
  type TradeRequest,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { contractRead } from '../common/read.js';
import { atomsSchema, addressSchema, parsePayload } from '../common/schemas.js';
import { InstrumentUnknownError } from '../instruments/errors.js';
import { gasOf } from '../instruments/gas.js';
import {
  atLeast,
  atMost,
  checkTradeRequest,
  fromWad,
  requireOwner,
  requireOwnQuote,
  validUntil,
} from '../instruments/request.js';
import { rehearse } from '../instruments/simulate.js';
import { configuredOn } from '../common/configured-on.js';
import { accountBalanceAbi, clearingHouseAbi } from './abi.js';
import { PerpLiquidityShortError, PerpPriceLimitError } from './errors.js';
import type { PerpV2Market } from './market.js';
import { measurePerpTrade } from './measure.js';
import { refusal } from './refusal.js';
import { type PerpV2Terms, readPerpV2Terms } from './terms.js';

export interface PerpV2InstrumentOptions {
  readonly chains: Readonly<Record<number, PerpV2Market>>;
  readonly clock: Clock;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `perp-v2`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
const NO_REFERRAL = `0x${'00'.repeat(32)}`;
/** The clearing house scales amounts by its fee and back, and rounds each time. */
const ROUNDING_ATOMS = 10n;

const payloadSchema = v.strictObject({
  owner: addressSchema,
  /** `close`: all of the position, to the last atom. */
  verb: v.picklist(['open', 'close']),
  isShort: v.boolean(),
  /** Atoms of the base token. */
  base: atomsSchema,
  /** The least of the quote token that a sale brings, the most that a purchase takes. */
  bound: atomsSchema,
});
type Order = v.InferOutput<typeof payloadSchema>;

/**
 * A market of Perp v2 as an instrument: exact sizes both ways, and a position that is closed is closed to the last atom.
 * It trades on the margin that the owner has in the vault, which is not moved by it.
 *
 * A quote is the real `openPosition` or `closePosition`, simulated from the owner's account. Its basis is measured at the
 * pool's price, its carry is the funding of a day at the venue's own averages, and `tiedUp` the initial margin. What
 * closing costs is measured by the opposite trade in the present market; where the margin does not carry that, the
 * opening stands for it.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `quote` throws INVALID_INPUT, CHAIN_NOT_CONFIGURED,
 * INSTRUMENT_UNKNOWN, PERP_MARGIN_TOO_LOW, PERP_PRICE_LIMIT, PERP_LIQUIDITY_SHORT, PERP_TRADE_REFUSED,
 * CONTRACT_UNREADABLE and what the chain throws, `build` FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const perp = perpV2Instrument({ chains: { 10: market }, clock })
 * const { cost, carryPerDay } = await perp.quote({ chainId: 10, instrument: 'vETH', units: '-5', ...rest }, signal)
 * ```
 */
export function perpV2Instrument(options: PerpV2InstrumentOptions): InstrumentAdapter {
  const { chains, clock, id = 'perp-v2', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  const chainIds = Object.keys(chains).map(Number);
  for (const [key, { chain }] of Object.entries(chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains.${key}.chain`, chain.id, `is not chain ${key}`, 'Use its id as the key.');
  }
  const marketOn = (chainId: number): PerpV2Market => configuredOn(id, chains, chainId);

  const quote = async (request: TradeRequest, signal: AbortSignal): Promise<TradeQuote> => {
    throwIfAborted(signal);
    const size = checkTradeRequest(request);
    const market = marketOn(request.chainId);
    if (request.instrument !== market.baseToken.symbol) throw new InstrumentUnknownError(id, request.instrument);
    const terms = await readPerpV2Terms(market, request.owner, signal);
    const end = validUntil(request.deadline, clock, terms.block, quoteLifeSeconds);
    const [opening, opposite, closingGas] = await Promise.all([
      tryTrade(id, market, request, terms, size, signal),
      tryTrade(id, market, request, { ...terms, size: 0n }, -size, signal).catch(() => undefined),
      tryClosingGas(market, request, size, signal),
    ]);
    const units = fromWad(opening.base);
    const basis = units * (terms.poolPrice - request.spot);
    const cost = costOf(opening, request.spot);
    const oppositeBasis = opposite === undefined ? 0 : fromWad(opposite.base) * (terms.poolPrice - request.spot);
    const closingCost = opposite === undefined ? cost - basis : costOf(opposite, request.spot) - oppositeBasis;
    const after = terms.size + opening.base;
    const { bound, order } = opening;
    const payload = {
      owner: request.owner,
      verb: order.verb,
      isShort: order.isShort,
      base: order.base.toString(),
      bound: bound.toString(),
    };
    return deepFreeze({
      id: quoteId(id, payload, end),
      adapter: id,
      chainId: market.chain.id,
      instrument: request.instrument,
      units: request.units,
      flows: [],
      greeks: { deltaUnits: units, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
      cost,
      basis,
      carryPerDay: units * terms.fundingPerUnitDay,
      tiedUp: (fromWad(magnitude(after)) - fromWad(magnitude(terms.size))) * request.spot * terms.initialMarginRatio,
      closingCost,
      gas: gasOf(market.chain.id, opening.gas),
      closingGas: gasOf(market.chain.id, closingGas ?? opening.gas),
      validUntil: end,
      asOf: {
        source: id,
        timeSeconds: terms.block.timeSeconds,
        chainId: market.chain.id,
        blockNumber: terms.block.number,
      },
      payload,
    } satisfies TradeQuote);
  };

  return deepFreeze({
    kind: 'instrument',
    id,
    name: 'Perp v2',
    chains: chainIds,
    targets: (chainId) => Object.freeze([marketOn(chainId).clearingHouse]),
    list: (signal) => {
      throwIfAborted(signal);
      return Promise.resolve(deepFreeze(Object.values(chains).map(termsOf)));
    },
    quote,
    build: (fill) => deepFreeze([buildCall(id, marketOn, fill)]),
    measure: (fill, logs) => measurePerpTrade(marketOn(fill.quote.chainId), fill, logs),
  } satisfies InstrumentAdapter);
}

function termsOf({ baseToken, chain }: PerpV2Market): InstrumentTerms {
  const label = `perpetual on ${baseToken.symbol}, ${chain.name}`;
  return { id: baseToken.symbol, chainId: chain.id, kind: 'perpetual', label };
}

interface Trade {
  readonly order: Omit<Order, 'bound'>;
  /** The quote token within the tolerance. */
  readonly bound: bigint;
  /** Signed change of the position, and of the quote token, fee included. */
  readonly base: bigint;
  readonly quote: bigint;
  readonly gas: bigint;
}

async function tryTrade(
  id: string,
  market: PerpV2Market,
  { deadline, owner, slippageBps }: TradeRequest,
  terms: PerpV2Terms,
  size: bigint,
  signal: AbortSignal,
): Promise<Trade> {
  const isShort = size < 0n;
  const base = magnitude(size);
  const order = { owner, verb: terms.size === -size ? ('close' as const) : ('open' as const), isShort, base };
  const call = orderCall(market, { ...order, bound: 0n }, deadline);
  const sizeAfter = contractRead(
    accountBalanceAbi,
    market.accountBalance,
    'getTakerPositionSize',
    [owner, market.baseToken.address],
    v.bigint(),
  );
  const tried = await rehearse(market.chain, owner, [call], { reads: [sizeAfter] }, signal);
  if (tried.failed !== undefined) throw refusal(id, base, tried.failed.result.error ?? 'no reason');
  const verb = order.verb === 'close' ? 'closePosition' : 'openPosition';
  const answer = clearingHouseAbi.decodeFunctionResult(verb, tried.results[0]!.data) as unknown as readonly bigint[];
  const [taken, paid] = answer as [bigint, bigint];
  if (taken + ROUNDING_ATOMS < base) throw new PerpLiquidityShortError(id, base, taken);
  // A market that has moved far closes a part only.
  if (order.verb === 'close' && tried.after(sizeAfter) !== 0n) throw new PerpPriceLimitError(id, 'partial close', base);
  return {
    order,
    bound: isShort ? atLeast(paid, slippageBps) : atMost(paid, slippageBps),
    base: isShort ? -taken : taken,
    quote: isShort ? paid : -paid,
    gas: tried.gasUsed,
  };
}

/** Gas of closing right after opening: slots that hold something by then cost less. Unknown where that cannot be tried. */
async function tryClosingGas(
  market: PerpV2Market,
  { deadline, owner }: TradeRequest,
  size: bigint,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const order = { owner, base: magnitude(size), bound: 0n };
  const open = orderCall(market, { ...order, verb: 'open', isShort: size < 0n }, deadline);
  const close = orderCall(market, { ...order, verb: 'close', isShort: size > 0n }, deadline);
  const { failed, results } = await rehearse(market.chain, owner, [open, close], {}, signal);
  return failed === undefined ? results[1]!.gasUsed : undefined;
}

/** What is lost against the spot: less received than the size is worth, or more paid. */
function costOf({ base, quote }: Trade, spot: number): number {
  return -Number(new Decimal(fromAtoms(WAD, base)).times(spot).plus(fromAtoms(WAD, quote)));
}

const WAD = { decimals: 18 } as const;

function buildCall(id: string, marketOn: (chainId: number) => PerpV2Market, fill: TradeFill): Call {
  requireOwnQuote(id, fill);
  const order = parsePayload(payloadSchema, fill.quote.payload, id);
  requireOwner(id, fill.owner, order.owner);
  return orderCall(marketOn(fill.quote.chainId), order, fill.deadline);
}

function orderCall(market: PerpV2Market, order: Order, deadline: number): Call {
  const { base, isShort, verb } = order;
  const size = `${fromAtoms(market.baseToken, base)} ${market.baseToken.symbol}`;
  return {
    chainId: market.chain.id,
    to: market.clearingHouse,
    data: encode(market.baseToken.address, order, deadline),
    valueWei: 0n,
    purpose: 'action',
    description:
      verb === 'close'
        ? `close ${size} of perpetual on Perp v2`
        : `${isShort ? 'sell' : 'buy'} ${size} of perpetual on Perp v2`,
  };
}

function encode(baseToken: Address, { base, bound, isShort, verb }: Order, deadline: number): Hex {
  const rest = [bound, deadline] as const;
  const data =
    verb === 'close'
      ? clearingHouseAbi.encodeFunctionData('closePosition', [[baseToken, 0n, ...rest, NO_REFERRAL]])
      : // A sale says what it puts in, a purchase what it gets out.
        clearingHouseAbi.encodeFunctionData('openPosition', [
          [baseToken, isShort, isShort, base, ...rest, 0n, NO_REFERRAL],
        ]);
  return data as Hex;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
