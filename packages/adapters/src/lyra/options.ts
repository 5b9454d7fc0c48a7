import { type Clock, Decimal, type InstrumentAdapter, type TradeQuote, type TradeRequest } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { approveCalls } from '../common/erc20.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { type ContractRead, contractRead, readContracts } from '../common/read.js';
import { parsePayload } from '../common/schemas.js';
import { gasOf } from '../instruments/gas.js';
import {
  atLeast,
  atMost,
  checkTradeRequest,
  fromWad,
  mulWad,
  requireOwner,
  requireOwnQuote,
  validUntil,
} from '../instruments/request.js';
import { type Rehearsal, rehearse } from '../instruments/simulate.js';
import { configuredOn } from '../common/configured-on.js';
import { greekCacheAbi, optionMarketAbi, optionTokenAbi } from './abi.js';
import { isCall, isLong, LYRA_KINDS, type LyraKind, type LyraTrading } from './market.js';
import { allowanceOf, type LyraOrder, orderCall, orderCalls, payloadSchema } from './orders.js';
import { listOptions, type Option, readOption, unitGreeks } from './option.js';
import { planOrders, type PlannedOrder } from './plan.js';
import { type LyraPositionRow, positionsOutput } from './read.js';
import { refusal } from './refusal.js';

export interface LyraOptionsOptions {
  readonly chains: Readonly<Record<number, LyraTrading>>;
  readonly clock: Clock;
  /** What written calls are covered with. Default: `quote`. */
  readonly callCollateral?: 'base' | 'quote';
  /**
   * Collateral of written options in multiples of the least that the venue wants, up to full cover. Default: 1.5. The least
   * itself is liquidated by the next unfavourable move.
   */
  readonly collateralFactor?: number;
  /** How long a quote may be accepted. Default: 30 seconds. */
  readonly quoteLifeSeconds?: number;
  /** Default: `lyra`. */
  readonly id?: string;
}

const QUOTE_LIFE_SECONDS = 30;
/** More than any option costs, for rehearsals. */
const UNBOUNDED = 2n ** 128n;

/**
 * The options of Lyra as instruments, named by strike and type: `"8-call"`. Sizes are in options; a purchase closes written
 * ones first, a sale closes held ones first.
 *
 * A quote is the real `openPosition` or `closePosition` of the market, simulated from the owner's account: premium, fees,
 * the volatility that it moves, caps and bounds are those of the block. What the position is worth is reckoned at the
 * venue's averaged volatility, as {@link lyraPositions} does. The market enforces no deadline, only the total cost.
 *
 * @throws {InvalidInputError} for a configuration that cannot be right. `quote` throws INVALID_INPUT, CHAIN_NOT_CONFIGURED,
 * INSTRUMENT_UNKNOWN, LYRA_DELTA_OUT_OF_RANGE, LYRA_BOARD_CLOSED, LYRA_POOL_SHORT, LYRA_VOLATILITY_LIMIT,
 * LYRA_COLLATERAL_SHORT, LYRA_FEED_HALTED, TRADE_UNFUNDED, TRADE_REVERTS, CONTRACT_UNREADABLE and what the chain throws, `build`
 * FILL_MISMATCH and INVALID_INPUT.
 *
 * @example
 * ```ts
 * const options = lyraOptions({ chains: { 10: market }, clock })
 * const put = await options.quote({ chainId: 10, instrument: '8-put', units: '12', ...rest }, signal)
 * ```
 */
export function lyraOptions(options: LyraOptionsOptions): InstrumentAdapter {
  const { chains, clock, collateralFactor = 1.5, id = 'lyra', quoteLifeSeconds = QUOTE_LIFE_SECONDS } = options;
  const writtenCalls: LyraKind = options.callCollateral === 'base' ? 'short-call-base' : 'short-call-quote';
  if (!(collateralFactor >= 1 && Number.isFinite(collateralFactor))) {
    const hint = 'Write 1.5 for half as much again as the venue wants.';
    throw new InvalidInputError('collateralFactor', collateralFactor, 'is not 1 or more', hint);
  }
  const chainIds = Object.keys(chains).map(Number);
  const marketOn = (chainId: number): LyraTrading => configuredOn(id, chains, chainId);

  const quote = async (request: TradeRequest, signal: AbortSignal): Promise<TradeQuote> => {
    throwIfAborted(signal);
    const size = checkTradeRequest(request);
    const market = marketOn(request.chainId);
    const option = await readOption(id, market, request, signal);
    const end = validUntil(request.deadline, clock, option.block, quoteLifeSeconds);
    const planned = planOrders(size, { isCallOption: option.isCallOption, writtenCalls }, option.positions);
    const collaterals = await collateralsOf(market, option, planned, collateralFactor, signal);
    const loose = planned.map((order, index): LyraOrder => looseOrder(option.strikeId, order, collaterals[index]!));
    const tried = await tryOrders(id, market, request, loose, signal);
    const orders = loose.map((order, index) => withBounds(order, tried.costs[index]!, request.slippageBps));
    const allowances = orders.map((order, index) => allowanceOf(order, planned[index]!.held));
    const payload = {
      owner: request.owner,
      orders: orders.map(orderPayload),
      quoteAllowance: allowances.reduce((sum, { quote: atoms }) => sum + atoms, 0n).toString(),
      baseAllowance: allowances.reduce((sum, { base }) => sum + base, 0n).toString(),
    };
    const effect = effectOf(market, option, request, size, tried);
    const opened = planned.find(({ verb }) => verb === 'open');
    const closing =
      opened === undefined
        ? { cost: 0, gas: 0n }
        : await tryClosing(id, market, option, request, loose, opened, tried, signal);
    return deepFreeze({
      id: quoteId(id, payload, end),
      adapter: id,
      chainId: market.chain.id,
      instrument: request.instrument,
      units: request.units,
      ...effect,
      basis: 0,
      // What an option loses with time is its theta, against which its gamma earns: no cost of holding it.
      carryPerDay: 0,
      closingCost: closing.cost ?? effect.cost,
      gas: gasOf(market.chain.id, tried.rehearsal.gasUsed),
      closingGas: gasOf(market.chain.id, closing.gas),
      validUntil: end,
      asOf: {
        source: id,
        timeSeconds: option.block.timeSeconds,
        chainId: market.chain.id,
        blockNumber: option.block.number,
      },
      payload,
    } satisfies TradeQuote);
  };

  return deepFreeze({
    kind: 'instrument',
    id,
    name: 'Lyra',
    chains: chainIds,
    targets: (chainId) => Object.freeze([marketOn(chainId).optionMarket]),
    list: async (signal) => {
      throwIfAborted(signal);
      const found = await Promise.all(Object.values(chains).map((market) => listOptions(market, signal)));
      return deepFreeze(found.flat());
    },
    quote,
    build: (fill) => {
      requireOwnQuote(id, fill);
      const payload = parsePayload(payloadSchema, fill.quote.payload, id);
      requireOwner(id, fill.owner, payload.owner);
      return deepFreeze([...orderCalls(marketOn(fill.quote.chainId), payload)]);
    },
  } satisfies InstrumentAdapter);
}

const uint = v.bigint();

/** Collateral that each order leaves in its position; zero for options held, and for what is closed as a whole. */
async function collateralsOf(
  { chain, optionGreekCache }: LyraTrading,
  { expirySeconds, spot, strikePrice }: Option,
  planned: readonly PlannedOrder[],
  factor: number,
  signal: AbortSignal,
): Promise<readonly bigint[]> {
  const amounts = planned.map(({ amount, amountBefore, verb }) =>
    verb === 'open' ? amountBefore + amount : amountBefore - amount,
  );
  const reads = planned.map(({ kind }, index): ContractRead<bigint> => {
    const args = [LYRA_KINDS.indexOf(kind), strikePrice, expirySeconds, spot, amounts[index]!];
    return contractRead(greekCacheAbi, optionGreekCache, 'getMinCollateral', args, uint);
  });
  const { values } = await readContracts(chain, reads, signal);
  return planned.map(({ amount, amountBefore, held, kind, verb }, index) => {
    const after = amounts[index]!;
    if (isLong(kind) || after === 0n) return 0n;
    const wanted = scaled(values[index]!, factor);
    const cover = kind === 'short-call-base' ? after : kind === 'short-put-quote' ? mulWad(strikePrice, after) : wanted;
    const needed = wanted < cover ? wanted : cover;
    const kept = verb === 'open' ? held : (held * (amountBefore - amount)) / amountBefore;
    return kept > needed ? kept : needed;
  });
}

function scaled(atoms: bigint, factor: number): bigint {
  return BigInt(new Decimal(atoms.toString()).times(factor).integerValue(Decimal.ROUND_CEIL).toFixed());
}

function looseOrder(strikeId: bigint, { amount, kind, positionId, verb }: PlannedOrder, collateral: bigint): LyraOrder {
  return { verb, kind, strikeId, positionId, amount, collateral, minTotalCost: 0n, maxTotalCost: UNBOUNDED };
}

/** Who pays the premium bounds it from above, who gets it from below. */
function withBounds(order: LyraOrder, cost: bigint, slippageBps: number): LyraOrder {
  const pays = (order.verb === 'open') === isLong(order.kind);
  return pays
    ? { ...order, maxTotalCost: atMost(cost, slippageBps) }
    : { ...order, minTotalCost: atLeast(cost, slippageBps) };
}

function orderPayload(order: LyraOrder) {
  const { amount, collateral, maxTotalCost, minTotalCost, positionId, strikeId } = order;
  const numbers = { strikeId, positionId, amount, collateral, minTotalCost, maxTotalCost };
  const texts = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, value.toString()]));
  return { verb: order.verb, kind: order.kind, ...texts };
}

interface Tried {
  readonly rehearsal: Rehearsal;
  readonly costs: readonly bigint[];
  /** The owner's positions afterwards: id, strike, type, amount, collateral. */
  readonly positions: readonly LyraPositionRow[];
  /** The id that a new position gets. */
  readonly nextId: bigint;
}

async function tryOrders(
  id: string,
  market: LyraTrading,
  { instrument, owner, units }: TradeRequest,
  orders: readonly LyraOrder[],
  signal: AbortSignal,
): Promise<Tried> {
  const { baseAsset, chain, optionMarket, optionToken, quoteAsset } = market;
  const positions = contractRead(optionTokenAbi, optionToken, 'getOwnerPositions', [owner], positionsOutput);
  const next = contractRead(optionTokenAbi, optionToken, 'nextId', [], uint);
  const tokens = [quoteAsset, baseAsset];
  const rights = tokens.flatMap((token) => approveCalls(token, optionMarket, UNBOUNDED, false));
  const calls = [...rights, ...orders.map((order) => orderCall(market, order))];
  const rehearsal = await rehearse(chain, owner, calls, { reads: [positions, next], tokens }, signal);
  if (rehearsal.failed !== undefined) {
    const { call, result } = rehearsal.failed;
    throw refusal(id, { instrument, units, step: call.description }, result);
  }
  const costs = rehearsal.results.slice(rights.length).map(({ data }, index) => {
    const [result] = optionMarketAbi.decodeFunctionResult(`${orders[index]!.verb}Position`, data);
    return (result as readonly bigint[])[1]!;
  });
  return { rehearsal, costs, positions: rehearsal.after(positions), nextId: rehearsal.after(next) };
}

type Effect = Pick<TradeQuote, 'cost' | 'flows' | 'greeks' | 'tiedUp'>;

function effectOf(
  { baseAsset, quoteAsset }: LyraTrading,
  option: Option,
  { spot }: TradeRequest,
  size: bigint,
  { positions, rehearsal }: Tried,
): Effect {
  const flows = [quoteAsset, baseAsset].map((token) => ({ token: { ...token }, atoms: rehearsal.flow(token) }));
  const [quoteFlow, baseFlow] = flows.map(({ atoms }) => fromWad(atoms)) as [number, number];
  const held = collateralIn(option.positions.map(({ collateral, kind }) => [kind, collateral]));
  const after = collateralIn(
    positions
      .filter(
        ([, strikeId, type]) =>
          strikeId === option.strikeId && isCall(LYRA_KINDS[Number(type)]!) === option.isCallOption,
      )
      .map(([, , type, , collateral]) => [LYRA_KINDS[Number(type)]!, collateral]),
  );
  const quoteChange = quoteFlow + after.quote - held.quote;
  const baseChange = baseFlow + after.base - held.base;
  const unit = unitGreeks(option, spot);
  const units = fromWad(size);
  return {
    flows,
    greeks: {
      deltaUnits: units * unit.deltaUnits + baseChange,
      gammaPerUnit: units * unit.gammaPerUnit,
      vegaPerPoint: units * unit.vegaPerPoint,
      thetaPerDay: units * unit.thetaPerDay,
    },
    cost: -(quoteChange + baseChange * spot + units * unit.value),
    tiedUp: -(quoteFlow + baseFlow * spot),
  };
}

function collateralIn(positions: readonly (readonly [LyraKind, bigint])[]): {
  readonly quote: number;
  readonly base: number;
} {
  const sum = (of: (kind: LyraKind) => boolean): number =>
    fromWad(positions.reduce((total, [kind, atoms]) => total + (of(kind) ? atoms : 0n), 0n));
  return { quote: sum((kind) => kind !== 'short-call-base'), base: sum((kind) => kind === 'short-call-base') };
}

/** Opens and closes again what was opened; no cost where the venue does not let that be tried. */
async function tryClosing(
  id: string,
  market: LyraTrading,
  option: Option,
  request: TradeRequest,
  orders: readonly LyraOrder[],
  { amount, amountBefore, held, kind, positionId }: PlannedOrder,
  { nextId }: Tried,
  signal: AbortSignal,
): Promise<{ readonly cost: number | undefined; readonly gas: bigint }> {
  const way: LyraOrder = {
    ...looseOrder(option.strikeId, { verb: 'close', kind, amount, positionId, held, amountBefore }, held),
    positionId: positionId === 0n ? nextId - 1n : positionId,
  };
  const both = await tryOrders(id, market, request, [...orders, way], signal).catch(() => undefined);
  if (both === undefined) return { cost: undefined, gas: 0n };
  const paid = fromWad(both.costs.at(-1)!);
  const worth = fromWad(amount) * unitGreeks(option, request.spot).value;
  const gas = both.rehearsal.results.at(-1)!.gasUsed;
  return { cost: isLong(kind) ? worth - paid : paid - worth, gas };
}
