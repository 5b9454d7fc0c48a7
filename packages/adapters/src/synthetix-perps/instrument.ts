import {
  type Call,
  type Clock,
  fromAtoms,
  type Hex,
  type InstrumentAdapter,
  type InstrumentTerms,
  type LogEntry,
  sameAddress,
  type TradeQuote,
  type TradeRequest,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { configuredOn } from '../common/configured-on.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { contractRead, readContracts } from '../common/read.js';
import { addressSchema, parsePayload } from '../common/schemas.js';
import { InstrumentUnknownError, TradeRevertsError } from '../instruments/errors.js';
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
import { marketAbi } from './abi.js';
import { asOfBlock, positionRead, valueRead } from './account.js';
import type { SynthetixPerpsMarket } from './market.js';
import { measureSynthetixTrade } from './measure.js';
import { refusal } from './refusal.js';

export interface SynthetixPerpsInstrumentOptions {
  readonly chains: Readonly<Record<number, SynthetixPerpsMarket>>;
  readonly clock: Clock;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `synthetix-perps`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
const WAD = { decimals: 18 } as const;
/** More than any price, for rehearsals. */
const UNBOUNDED = 2n ** 127n;

const signedAtoms = v.pipe(
  v.string(),
  v.regex(/^-?[1-9]\d{0,38}$/, 'is not a signed whole number of atoms'),
  v.transform((text) => BigInt(text)),
);
const payloadSchema = v.strictObject({
  owner: addressSchema,
  /** Signed change of the position. */
  size: signedAtoms,
  /** All of it, whatever it is by then. */
  isWhole: v.boolean(),
  /** The worst price of the fill, 18 decimals. */
  bound: signedAtoms,
});
type Order = Omit<v.InferOutput<typeof payloadSchema>, 'owner'>;

/**
 * A market of Synthetix PerpsV2 as an instrument, by orders that are filled at once at the feed's price with the premium of
 * the skew. It trades on the margin that the owner has in the market, which is not moved by it.
 *
 * A quote is the real `modifyPosition` or `closePosition`, simulated from the owner's account; fee and price are those that the
 * market tells of it. Its basis is the premium at the present skew, its carry the funding of a day at the present rate, which
 * moves on with the skew, and `tiedUp` what the venue no longer lets be withdrawn. The market enforces no deadline, only the
 * price.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `quote` throws INVALID_INPUT, CHAIN_NOT_CONFIGURED,
 * INSTRUMENT_UNKNOWN, SYNTHETIX_MARGIN_TOO_LOW, SYNTHETIX_MARKET_CLOSED, TRADE_TOO_LARGE, TRADE_REVERTS,
 * CONTRACT_UNREADABLE and what the chain throws, `build` FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const perps = synthetixPerps({ chains: { 10: market }, clock })
 * const { carryPerDay, cost } = await perps.quote({ chainId: 10, instrument: 'sETH', units: '-5', ...rest }, signal)
 * ```
 */
export function synthetixPerps(options: SynthetixPerpsInstrumentOptions): InstrumentAdapter {
  const { chains, clock, id = 'synthetix-perps', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  for (const [key, { chain }] of Object.entries(chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains.${key}.chain`, chain.id, `is not chain ${key}`, 'Use its id as the key.');
  }
  const marketOn = (chainId: number): SynthetixPerpsMarket => configuredOn(id, chains, chainId);

  const quote = async (request: TradeRequest, signal: AbortSignal): Promise<TradeQuote> => {
    throwIfAborted(signal);
    const size = checkTradeRequest(request);
    const market = marketOn(request.chainId);
    const { owner, slippageBps, spot } = request;
    if (request.instrument !== market.symbol) throw new InstrumentUnknownError(id, request.instrument);
    const [remaining, accessible] = ['remainingMargin', 'accessibleMargin'].map((name) =>
      valueRead(market, name, [owner]),
    );
    const rate = contractRead(marketAbi, market.market, 'currentFundingRate', [], v.bigint());
    const { block, values } = await readContracts(
      market.chain,
      [positionRead(market, owner), remaining!, accessible!, valueRead(market, 'fillPrice', [0n]), rate],
      signal,
    );
    const [{ size: held }, [remainingBefore], [accessibleBefore], [middle], fundingRate] = values;
    const end = validUntil(request.deadline, clock, block, quoteLifeSeconds);
    const order: Order = { size, isWhole: held === -size, bound: size > 0n ? UNBOUNDED : 1n };
    const back: Order = { size: -size, isWhole: false, bound: size > 0n ? 1n : UNBOUNDED };
    const calls = [orderCall(market, order)];
    const tried = await rehearse(market.chain, owner, calls, { reads: [remaining!, accessible!] }, signal);
    if (tried.failed !== undefined) {
      const { call, result } = tried.failed;
      throw refusal(id, call.description, request.units, result.error ?? 'no reason');
    }
    const fill = fillIn(id, market, tried.results[0]!.logs);
    const closing = await tryClosing(id, market, owner, [...calls, orderCall(market, back)], signal);
    const [units, price] = [fromWad(size), fromWad(middle)];
    const costOf = (signed: number, each: Fill): number => each.fee + signed * (each.price - spot);
    const cost = costOf(units, fill);
    const basis = units * (price - spot);
    const bound = size > 0n ? atMost(fill.atoms, slippageBps) : atLeast(fill.atoms, slippageBps);
    const payload = { owner, size: size.toString(), isWhole: order.isWhole, bound: bound.toString() };
    const boundAfter = tried.after(remaining!)[0] - tried.after(accessible!)[0];
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
      carryPerDay: units * fromWad(fundingRate) * price,
      tiedUp: fromWad(boundAfter - (remainingBefore - accessibleBefore)),
      closingCost: closing === undefined ? cost - basis : costOf(-units, closing.fill) + basis,
      gas: gasOf(market.chain.id, tried.gasUsed),
      closingGas: gasOf(market.chain.id, closing?.gas ?? tried.gasUsed),
      validUntil: end,
      asOf: { ...asOfBlock(market, block), source: id },
      payload,
    } satisfies TradeQuote);
  };

  return deepFreeze({
    kind: 'instrument',
    id,
    name: 'Synthetix PerpsV2',
    chains: Object.keys(chains).map(Number),
    targets: (chainId) => Object.freeze([marketOn(chainId).market]),
    list: (signal) => {
      throwIfAborted(signal);
      return Promise.resolve(deepFreeze(Object.values(chains).map(termsOf)));
    },
    quote,
    build: (fill) => {
      requireOwnQuote(id, fill);
      const { owner, ...order } = parsePayload(payloadSchema, fill.quote.payload, id);
      requireOwner(id, fill.owner, owner);
      return deepFreeze([orderCall(marketOn(fill.quote.chainId), order)]);
    },
    measure: (fill, logs) => measureSynthetixTrade(marketOn(fill.quote.chainId), fill, logs),
  } satisfies InstrumentAdapter);
}

function termsOf({ chain, symbol }: SynthetixPerpsMarket): InstrumentTerms {
  return { id: symbol, chainId: chain.id, kind: 'perpetual', label: `perpetual on ${symbol}, ${chain.name}` };
}

/** How the market has filled an order: sUSD. */
interface Fill {
  readonly price: number;
  readonly fee: number;
  /** The price with 18 decimals. */
  readonly atoms: bigint;
}

/** @throws {TradeRevertsError} for an order that the market says nothing of */
function fillIn(id: string, { market }: SynthetixPerpsMarket, logs: readonly LogEntry[]): Fill {
  for (const { address, data, topics } of logs) {
    if (!sameAddress(address, market)) continue;
    const event = marketAbi.parseLog({ data, topics: [...topics] });
    if (event?.name !== 'PositionModified') continue;
    const [atoms, fee] = [event.args['lastPrice'], event.args['fee']] as [bigint, bigint];
    return { price: fromWad(atoms), fee: fromWad(fee), atoms };
  }
  throw new TradeRevertsError(id, 'trade the perpetual', 'the market tells of no change');
}

/** Closing right after opening; unknown where that cannot be tried. */
async function tryClosing(
  id: string,
  market: SynthetixPerpsMarket,
  owner: TradeRequest['owner'],
  calls: readonly Call[],
  signal: AbortSignal,
): Promise<{ readonly fill: Fill; readonly gas: bigint } | undefined> {
  const { failed, results } = await rehearse(market.chain, owner, calls, {}, signal);
  if (failed !== undefined) return undefined;
  const last = results.at(-1)!;
  return { fill: fillIn(id, market, last.logs), gas: last.gasUsed };
}

function orderCall({ chain, market, symbol }: SynthetixPerpsMarket, { bound, isWhole, size }: Order): Call {
  const units = fromAtoms(WAD, size < 0n ? -size : size);
  const data = isWhole
    ? marketAbi.encodeFunctionData('closePosition', [bound])
    : marketAbi.encodeFunctionData('modifyPosition', [size, bound]);
  const verb = isWhole ? 'close' : size > 0n ? 'buy' : 'sell';
  return {
    chainId: chain.id,
    to: market,
    data: data as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: `${verb} ${units} ${symbol} of perpetual on Synthetix PerpsV2`,
  };
}
