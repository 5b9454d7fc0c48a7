import {
  type Address,
  type Call,
  type Chain,
  type Clock,
  Decimal,
  fromAtoms,
  type Hex,
  type InstrumentAdapter,
  type Pool,
  type Token,
  type TradeQuote,
  type TradeRequest,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { throwIfAborted } from '../common/abort.js';
import { approveCalls, revokeCall } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { parsePayload } from '../common/schemas.js';
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
import { rehearse } from '../instruments/simulate.js';
import {
  bestPurchase,
  bestSale,
  type CurveVenue,
  middleOf,
  type PlannedSwap,
  poolsOf,
  swapCalls,
  swapOrder,
  swapPayload,
} from '../instruments/swap.js';
import { configuredOn } from '../common/configured-on.js';
import { poolAbi } from './abi.js';
import {
  AaveCapacityShortError,
  AaveCollateralShortError,
  AaveNothingOwedError,
  AaveReserveClosedError,
} from './errors.js';
import { measureShort } from './measure-short.js';
import { shortPayload, type ShortSteps } from './short-payload.js';
import {
  readShortTerms,
  shortReads,
  shortState,
  type ShortState,
  type ShortTerms,
  type ShortTokens,
} from './short-state.js';

/** A market of Aave v3 in which the underlying is borrowed against a dollar, and where it is sold. */
export interface AaveShortMarket {
  readonly chain: Chain;
  /** PoolAddressesProvider. */
  readonly addressesProvider: Address;
  /** The pool, which governance never moves; held against what the provider says. */
  readonly pool: Address;
  readonly underlying: Token;
  /** Worth one numeraire a unit: USDC. Collateral, and what the sale brings. */
  readonly numeraire: Token;
  readonly venues: readonly CurveVenue[];
}

export interface AaveShortOptions {
  readonly chains: Readonly<Record<number, AaveShortMarket>>;
  readonly clock: Clock;
  /** Collateral × threshold over debt that each trade leaves. Default: 1.5: the spot may rise by half. */
  readonly healthFactor?: number;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `aave-short`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
const VARIABLE = 2n;
const MAX = 2n ** 256n - 1n;
const RAY = 10n ** 27n;
const YEAR_SECONDS = 31_536_000n;
const DAYS_PER_YEAR = 365;
/** A size within a thousandth of the debt means all of it: interest has been added since it was sold. */
const WHOLE_PARTS = 1_000n;

/**
 * Short the underlying by a loan: supply the numeraire, borrow the underlying, sell it, in one batch; and the way back: buy
 * it, repay, withdraw what is not needed any more. Sizes above zero repay.
 *
 * Collateral is what keeps the account at `healthFactor`. The quote simulates the whole batch from the owner's account:
 * what the sale brings is that of one pool, the best for the size; carry is the interest at the rates that the trade
 * itself leaves, less what the collateral earns.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `quote` throws INVALID_INPUT, CHAIN_NOT_CONFIGURED,
 * INSTRUMENT_UNKNOWN, TRADE_UNFUNDED, TRADE_TOO_LARGE, AAVE_COLLATERAL_SHORT, AAVE_CAPACITY_SHORT, AAVE_RESERVE_CLOSED,
 * AAVE_NOTHING_OWED, TRADE_REVERTS and what venues and chain throw, `build` FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const loan = aaveShort({ chains: { 1: { chain, addressesProvider, pool, underlying: weth, numeraire: usdc, venues } }, clock })
 * const short = await loan.quote({ chainId: 1, instrument: 'WETH', units: '-5', ...rest }, signal)
 * ```
 */
export function aaveShort(options: AaveShortOptions): InstrumentAdapter {
  const { chains, clock, healthFactor = 1.5, id = 'aave-short', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  if (!(healthFactor > 1 && Number.isFinite(healthFactor))) {
    const hint = 'Write 1.5, so that the spot may rise by half.';
    throw new InvalidInputError('healthFactor', healthFactor, 'is not above 1', hint);
  }
  const chainIds = Object.keys(chains).map(Number);
  const marketOn = (chainId: number): AaveShortMarket => configuredOn(id, chains, chainId);

  const quote = async (request: TradeRequest, signal: AbortSignal): Promise<TradeQuote> => {
    throwIfAborted(signal);
    const size = checkTradeRequest(request);
    const market = marketOn(request.chainId);
    const { chain, numeraire, underlying, venues } = market;
    if (request.instrument !== underlying.symbol) throw new InstrumentUnknownError(id, request.instrument);
    const { deadline, owner } = request;
    const tokens: ShortTokens = { collateral: numeraire, debt: underlying };
    const [terms, pools] = await Promise.all([
      readShortTerms(chain, market.addressesProvider, owner, tokens, signal),
      poolsOf(venues, [underlying, numeraire], signal),
    ]);
    const end = validUntil(deadline, clock, terms.block, quoteLifeSeconds);
    const atoms = (size < 0n ? -size : size) / 10n ** BigInt(18 - underlying.decimals);
    const { opposite, planned, steps } = plan(id, market, request, {
      terms,
      pools,
      atoms,
      isSale: size < 0n,
      healthFactor,
    });
    const calls = stepCalls(id, market, steps, owner, deadline);
    const reads = shortReads(terms.contracts, owner, tokens);
    const watched = [underlying, numeraire];
    const tried = await rehearse(chain, owner, calls, { reads, tokens: watched }, signal);
    if (tried.failed !== undefined) {
      throw refusal(id, tried.failed.call.description, tried.failed.result.error ?? 'no reason');
    }
    const after = shortState((read) => tried.after(read), reads);
    const flows = watched.map((token) => ({ token: { ...token }, atoms: tried.flow(token) }));
    const [underlyingFlow, money] = flows.map(({ token, atoms: change }) => unitsOf(token, change)) as [number, number];
    const deltaUnits = underlyingFlow - unitsOf(underlying, after.owed - terms.owed);
    const change = money + unitsOf(numeraire, after.supplied - terms.supplied);
    const middle = middleOf(planned.pool, underlying);
    const payload = {
      owner,
      supply: steps.supply.toString(),
      withdraw: steps.withdraw.toString(),
      borrow: steps.borrow.toString(),
      repay: steps.repay.toString(),
      isWhole: steps.isWhole,
      swap: swapPayload(steps.swap),
    };
    const gas = gasOf(chain.id, tried.gasUsed);
    return deepFreeze({
      id: quoteId(id, payload, end),
      adapter: id,
      chainId: chain.id,
      instrument: request.instrument,
      units: request.units,
      flows,
      greeks: { deltaUnits, gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
      cost: -(change + deltaUnits * request.spot),
      basis: deltaUnits * (middle - request.spot),
      carryPerDay: interestPerDay(tokens, after, request.spot) - interestPerDay(tokens, terms, request.spot),
      tiedUp: -(money + underlyingFlow * request.spot),
      closingCost: sideCost(opposite, underlying, numeraire),
      gas,
      closingGas: gas,
      validUntil: end,
      asOf: { source: id, timeSeconds: terms.block.timeSeconds, chainId: chain.id, blockNumber: terms.block.number },
      payload,
    } satisfies TradeQuote);
  };

  return deepFreeze({
    kind: 'instrument',
    id,
    name: 'Aave v3 loan',
    chains: chainIds,
    targets: (chainId) => {
      const { pool, venues } = marketOn(chainId);
      return Object.freeze([pool, ...venues.flatMap((venue) => venue.targets(chainId))]);
    },
    list: (signal) => {
      throwIfAborted(signal);
      const all = Object.values(chains).map(({ chain, underlying: { symbol } }) => {
        const label = `${symbol} borrowed on Aave v3, ${chain.name}`;
        return { id: symbol, chainId: chain.id, kind: 'loan' as const, label };
      });
      return Promise.resolve(deepFreeze(all));
    },
    quote,
    build: (fill) => {
      requireOwnQuote(id, fill);
      const { owner, ...steps } = parsePayload(shortPayload, fill.quote.payload, id);
      requireOwner(id, fill.owner, owner);
      return deepFreeze([...stepCalls(id, marketOn(fill.quote.chainId), steps, owner, fill.deadline)]);
    },
    measure: (fill, logs) => measureShort(marketOn(fill.quote.chainId), fill, logs),
  } satisfies InstrumentAdapter);
}

interface Given {
  readonly terms: ShortTerms;
  readonly pools: readonly Pool[];
  readonly atoms: bigint;
  readonly isSale: boolean;
  readonly healthFactor: number;
}

interface Plan {
  readonly steps: ShortSteps;
  readonly planned: PlannedSwap;
  /** The same size the other way, in the present market. */
  readonly opposite: PlannedSwap;
}

function plan(id: string, market: AaveShortMarket, request: TradeRequest, given: Given): Plan {
  return given.isSale ? planSale(id, market, request, given) : planRepayment(id, market, request, given);
}

function planSale(id: string, market: AaveShortMarket, { slippageBps }: TradeRequest, given: Given): Plan {
  const { atoms, healthFactor, pools, terms } = given;
  const { numeraire, underlying } = market;
  if (!terms.canBorrow) throw new AaveReserveClosedError(id, 'a reserve is frozen, or nothing can be borrowed of it');
  if (terms.available < atoms) {
    throw new AaveCapacityShortError(
      id,
      `${fromAtoms(underlying, terms.available)} ${underlying.symbol} can be borrowed`,
    );
  }
  const needed = collateralFor(market, terms, terms.owed + atoms, healthFactor);
  const supply = needed > terms.supplied ? needed - terms.supplied : 0n;
  if (supply > terms.wallet.collateral) throw unfunded(id, numeraire, supply, terms.wallet.collateral);
  const planned = bestSale(id, pools, underlying, numeraire, atoms);
  const swap = swapOrder(planned, atLeast(planned.amountOut, slippageBps));
  return {
    planned,
    opposite: bestPurchase(id, pools, numeraire, underlying, atoms),
    steps: { supply, withdraw: 0n, borrow: atoms, repay: 0n, isWhole: false, swap },
  };
}

function planRepayment(id: string, market: AaveShortMarket, { deadline, units }: TradeRequest, given: Given): Plan {
  const { atoms, healthFactor, pools, terms } = given;
  const { numeraire, underlying } = market;
  const { owed } = terms;
  const isWhole = distance(atoms, owed) * WHOLE_PARTS <= owed;
  if (owed === 0n || (atoms > owed && !isWhole)) {
    throw new AaveNothingOwedError(id, units, fromAtoms(underlying, owed));
  }
  // The debt grows until the batch is in a block; what is bought too much of stays in the wallet.
  const seconds = BigInt(Math.max(0, deadline - terms.block.timeSeconds));
  const growth = isWhole ? (owed * terms.borrowRate * seconds) / (RAY * YEAR_SECONDS) + 1n : 0n;
  const bought = isWhole ? owed + growth : atoms;
  const planned = bestPurchase(id, pools, numeraire, underlying, bought);
  if (planned.amountIn > terms.wallet.collateral) {
    throw unfunded(id, numeraire, planned.amountIn, terms.wallet.collateral);
  }
  const needed = isWhole ? 0n : collateralFor(market, terms, owed - atoms, healthFactor);
  const free = terms.supplied > needed ? terms.supplied - needed : 0n;
  return {
    planned,
    opposite: bestSale(id, pools, underlying, numeraire, atoms),
    steps: {
      supply: 0n,
      withdraw: free,
      borrow: 0n,
      repay: bought,
      isWhole,
      // What is repaid has to be there: the purchase gets no tolerance below it.
      swap: swapOrder(planned, isWhole ? owed : bought),
    },
  };
}

/** Atoms of collateral that keep a debt at a health factor, by the market's own prices. */
function collateralFor(
  { numeraire, underlying }: AaveShortMarket,
  { collateralPrice, debtPrice, thresholdBps }: ShortTerms,
  owed: bigint,
  healthFactor: number,
): bigint {
  const debtValue = new Decimal(fromAtoms(underlying, owed)).times(debtPrice.toString());
  const value = debtValue.times(healthFactor).times(10_000).div(thresholdBps);
  const units = value.div(collateralPrice.toString()).shiftedBy(numeraire.decimals);
  return BigInt(units.integerValue(Decimal.ROUND_CEIL).toFixed());
}

function interestPerDay({ collateral, debt }: ShortTokens, state: ShortState, spot: number): number {
  const yearly = (rate: bigint): number => Number(rate) / Number(RAY);
  const paid = unitsOf(debt, state.owed) * spot * yearly(state.borrowRate);
  const earned = unitsOf(collateral, state.supplied) * yearly(state.supplyRate);
  return (paid - earned) / DAYS_PER_YEAR;
}

/** What a swap loses against the middle of its pool. */
function sideCost({ amountIn, amountOut, pool, tokenIn }: PlannedSwap, underlying: Token, numeraire: Token): number {
  const middle = middleOf(pool, underlying);
  return tokenIn.address === underlying.address
    ? unitsOf(underlying, amountIn) * middle - unitsOf(numeraire, amountOut)
    : unitsOf(numeraire, amountIn) - unitsOf(underlying, amountOut) * middle;
}

function stepCalls(
  id: string,
  { chain, numeraire, pool, underlying, venues }: AaveShortMarket,
  { borrow, isWhole, repay, supply, swap, withdraw }: ShortSteps,
  owner: Address,
  deadline: number,
): readonly Call[] {
  const order = (name: string, args: readonly unknown[], description: string): Call => ({
    chainId: chain.id,
    to: pool,
    data: poolAbi.encodeFunctionData(name, args) as Hex,
    valueWei: 0n,
    purpose: 'action',
    description: `${description} on Aave v3`,
  });
  const say = (token: Token, atoms: bigint): string => `${fromAtoms(token, atoms)} ${token.symbol}`;
  const swapped = swapCalls(id, venues, swap, owner, deadline);
  const opening = [
    ...(supply > 0n
      ? [
          ...approveCalls(numeraire, pool, supply, false),
          order('supply', [numeraire.address, supply, owner, 0], `supply ${say(numeraire, supply)}`),
        ]
      : []),
    ...(borrow > 0n
      ? [order('borrow', [underlying.address, borrow, VARIABLE, 0, owner], `borrow ${say(underlying, borrow)}`)]
      : []),
  ];
  const closing = [
    ...(repay > 0n
      ? [
          ...approveCalls(underlying, pool, repay, false),
          order(
            'repay',
            [underlying.address, isWhole ? MAX : repay, VARIABLE, owner],
            isWhole ? `repay all ${underlying.symbol}` : `repay ${say(underlying, repay)}`,
          ),
          ...(isWhole ? [revokeCall(underlying, pool)] : []),
        ]
      : []),
    ...(withdraw > 0n
      ? [
          order(
            'withdraw',
            [numeraire.address, isWhole ? MAX : withdraw, owner],
            isWhole ? `withdraw all ${numeraire.symbol}` : `withdraw ${say(numeraire, withdraw)}`,
          ),
        ]
      : []),
  ];
  return [...opening, ...swapped, ...closing];
}

/** Aave v3.0's codes (`Errors.sol` of its core). */
function refusal(id: string, step: string, reason: string): Error {
  if (/^(35|36|34|6)$/.test(reason)) return new AaveCollateralShortError(id, `Aave's code ${reason}`);
  if (/^(50|51|52|53)$/.test(reason)) return new AaveCapacityShortError(id, `Aave's code ${reason}`);
  if (/^(27|28|29|30)$/.test(reason)) return new AaveReserveClosedError(id, `Aave's code ${reason}`);
  return new TradeRevertsError(id, step, reason);
}

function unfunded(id: string, token: Token, needed: bigint, held: bigint): TradeUnfundedError {
  return new TradeUnfundedError(id, token.symbol, fromAtoms(token, needed), fromAtoms(token, held));
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
