import {
  type Chain,
  type Clock,
  type InstrumentAdapter,
  type Token,
  type TradeQuote,
  type TradeRequest,
} from '@evenkeel/core';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { balanceRead } from '../common/erc20.js';
import { readContracts } from '../common/read.js';
import { addressSchema, parsePayload } from '../common/schemas.js';
import { InstrumentUnknownError, TradeRevertsError, TradeUnfundedError } from '../instruments/errors.js';
import { gasOf } from '../instruments/gas.js';
import {
  atLeast,
  checkTradeRequest,
  requireOwner,
  requireOwnQuote,
  unitsOf,
  validUntil,
} from '../instruments/request.js';
import { measureTokens } from '../instruments/measure.js';
import { rehearse } from '../instruments/simulate.js';
import {
  bestPurchase,
  bestSale,
  type CurveVenue,
  middleOf,
  poolsOf,
  swapCalls,
  swapOrder,
  swapPayload,
  swapSchema,
} from '../instruments/swap.js';
import { configuredOn } from '../common/configured-on.js';

/** The underlying as a token on one chain, and what it is paid with. */
export interface SpotMarket {
  readonly chain: Chain;
  readonly underlying: Token;
  /** Worth one numeraire a unit: USDC. */
  readonly numeraire: Token;
  readonly venues: readonly CurveVenue[];
}

export interface SpotInstrumentOptions {
  readonly chains: Readonly<Record<number, SpotMarket>>;
  readonly clock: Clock;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `spot`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
const payloadSchema = v.strictObject({ owner: addressSchema, swap: swapSchema });

/**
 * The underlying itself, bought with the numeraire or sold out of what the owner has, through the one pool of its venues
 * that is best for the size. Nothing has to be paid to hold it but what the money would earn elsewhere.
 *
 * @throws `quote` INVALID_INPUT, CHAIN_NOT_CONFIGURED, INSTRUMENT_UNKNOWN, TRADE_UNFUNDED, TRADE_TOO_LARGE, TRADE_REVERTS,
 * and what venues and chain throw; `build` FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const spot = spotInstrument({ chains: { 1: { chain, underlying: weth, numeraire: usdc, venues: [uniswap] } }, clock })
 * const { cost } = await spot.quote({ chainId: 1, instrument: 'WETH', units: '2.5', ...rest }, signal)
 * ```
 */
export function spotInstrument(options: SpotInstrumentOptions): InstrumentAdapter {
  const { chains, clock, id = 'spot', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  const chainIds = Object.keys(chains).map(Number);
  const marketOn = (chainId: number): SpotMarket => configuredOn(id, chains, chainId);

  const quote = async (request: TradeRequest, signal: AbortSignal): Promise<TradeQuote> => {
    throwIfAborted(signal);
    const size = checkTradeRequest(request);
    const { chain, numeraire, underlying, venues } = marketOn(request.chainId);
    if (request.instrument !== underlying.symbol) throw new InstrumentUnknownError(id, request.instrument);
    const { deadline, owner, slippageBps, spot } = request;
    const atoms = (size < 0n ? -size : size) / 10n ** BigInt(18 - underlying.decimals);
    const isSale = size < 0n;
    const [pools, { block, values }] = await Promise.all([
      poolsOf(venues, [underlying, numeraire], signal),
      readContracts(chain, [balanceRead(isSale ? underlying : numeraire, owner)], signal),
    ]);
    const end = validUntil(deadline, clock, block, quoteLifeSeconds);
    const sale = () => bestSale(id, pools, underlying, numeraire, atoms);
    const purchase = () => bestPurchase(id, pools, numeraire, underlying, atoms);
    const planned = isSale ? sale() : purchase();
    const opposite = isSale ? purchase() : sale();
    if (values[0] < planned.amountIn) {
      const { tokenIn } = planned;
      const [needed, held] = [planned.amountIn, values[0]].map((each) => unitsOf(tokenIn, each).toString());
      throw new TradeUnfundedError(id, tokenIn.symbol, needed!, held!);
    }
    const swap = swapOrder(planned, atLeast(planned.amountOut, slippageBps));
    const calls = swapCalls(id, venues, swap, owner, deadline);
    const tokens = [underlying, numeraire];
    const tried = await rehearse(chain, owner, calls, { tokens }, signal);
    if (tried.failed !== undefined) {
      throw new TradeRevertsError(id, tried.failed.call.description, tried.failed.result.error ?? 'no reason');
    }
    const bought = unitsOf(underlying, tried.flow(underlying));
    const paid = -unitsOf(numeraire, tried.flow(numeraire));
    const middle = middleOf(planned.pool, underlying);
    const oppositeUnits = unitsOf(underlying, atoms);
    const oppositeMoney = unitsOf(numeraire, isSale ? opposite.amountIn : opposite.amountOut);
    const payload = { owner, swap: swapPayload(swap) };
    const gas = gasOf(chain.id, tried.gasUsed);
    return deepFreeze({
      id: quoteId(id, payload, end),
      adapter: id,
      chainId: chain.id,
      instrument: request.instrument,
      units: request.units,
      flows: tokens.map((token) => ({ token: { ...token }, atoms: tried.flow(token) })),
      greeks: { deltaUnits: bought, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
      cost: paid - bought * spot,
      basis: bought * (middle - spot),
      carryPerDay: 0,
      tiedUp: paid,
      closingCost: (isSale ? 1 : -1) * (oppositeMoney - oppositeUnits * middleOf(opposite.pool, underlying)),
      gas,
      closingGas: gas,
      validUntil: end,
      asOf: { source: id, timeSeconds: block.timeSeconds, chainId: chain.id, blockNumber: block.number },
      payload,
    } satisfies TradeQuote);
  };

  return deepFreeze({
    kind: 'instrument',
    id,
    name: 'Spot',
    chains: chainIds,
    targets: (chainId) => Object.freeze(marketOn(chainId).venues.flatMap((venue) => venue.targets(chainId))),
    list: (signal) => {
      throwIfAborted(signal);
      const all = Object.values(chains).map(({ chain, underlying: { symbol } }) => {
        return { id: symbol, chainId: chain.id, kind: 'spot' as const, label: `${symbol} on ${chain.name}` };
      });
      return Promise.resolve(deepFreeze(all));
    },
    quote,
    build: (fill) => {
      requireOwnQuote(id, fill);
      const { owner, swap } = parsePayload(payloadSchema, fill.quote.payload, id);
      requireOwner(id, fill.owner, owner);
      const { venues } = marketOn(fill.quote.chainId);
      return deepFreeze([...swapCalls(id, venues, swap, owner, fill.deadline)]);
    },
    measure: (fill, logs) => measureTokens(fill.owner, marketOn(fill.quote.chainId), logs),
  } satisfies InstrumentAdapter);
}
