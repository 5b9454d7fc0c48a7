import {
  type Address,
  type AsOf,
  type Chain,
  Decimal,
  type DecimalString,
  type ForwardFeed,
  type OptionPosition,
  parseDecimal,
  type PositionReading,
  type PositionSource,
  type VolatilityFeed,
} from '@evenkeel/core';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { EvenkeelError } from '@evenkeel/intents';
import { positionId, unknownReading, unreadable } from '../positions/readings.js';
import { asOfBlock } from '../uniswap/pool.js';
import { runRead } from '../uniswap/read.js';
import { feedForward, feedVolatility, type OptionTerms, sizeBounds } from './parameters.js';
import { type OptionView, optionViews } from './view-read.js';

export interface OptionBookViewOptions {
  readonly chain: Chain;
  /** Answers `IOptionBookView`, whose source lies beside this file's. */
  readonly contract: Address;
  /** "ETH": what feeds are asked about, and what labels say. */
  readonly underlying: string;
  /** Asked where the contract states no forward. */
  readonly forwardFeed?: ForwardFeed;
  /** Asked where the contract states no volatility. */
  readonly volatilityFeed?: VolatilityFeed;
  /** Continuously compounded, per year: "0.04". Default: "0". */
  readonly annualRate?: DecimalString;
  /** Default: `option-book-view-` and the chain's id. */
  readonly id?: string;
}

/**
 * Options that a contract keeps for an owner, read through the view `IOptionBookView`: one request. A contract that
 * reverts, is none, or lists another number of options than it counts is *unknown* as a whole. An option without a
 * volatility, its own or a feed's, is unknown within the bounds of its size; zero never passes for one.
 *
 * A reading is as old as the oldest thing that it is made of: the block, the contract's own parameters, the feeds.
 *
 * @example
 * ```ts
 * const source = optionBookView({ chain, contract: '0x…', underlying: 'ETH', volatilityFeed, forwardFeed })
 * const readings = await source.read(owner, signal)
 * ```
 */
export function optionBookView(options: OptionBookViewOptions): PositionSource {
  const { chain, contract } = options;
  parseDecimal(options.annualRate ?? '0', 'annualRate');
  const source = {
    id: options.id ?? `option-book-view-${chain.id}`,
    name: `Options in ${contract} on ${chain.name}`,
    chain,
  };
  const lastSeen = new Map<Address, readonly PositionReading[]>();

  const read = async (owner: Address, signal: AbortSignal): Promise<readonly PositionReading[]> => {
    try {
      const { block, value: views } = await runRead(chain, optionViews(contract, owner), signal);
      const asOf = asOfBlock(source.id, chain.id, block);
      const readings = await Promise.all(views.map((view) => readingOf(source.id, options, owner, view, asOf, signal)));
      throwIfAborted(signal);
      lastSeen.set(owner, readings);
      return deepFreeze(readings);
    } catch (error) {
      return deepFreeze(unreadable(error, source, owner, lastSeen.get(owner) ?? [], signal));
    }
  };
  return Object.freeze({ id: source.id, name: source.name, read });
}

async function readingOf(
  source: string,
  options: OptionBookViewOptions,
  owner: Address,
  view: OptionView,
  asOf: AsOf,
  signal: AbortSignal,
): Promise<PositionReading> {
  const { annualRate = '0', forwardFeed, underlying, volatilityFeed } = options;
  const { expirySeconds, optionType, sizeUnits, strike } = view;
  const id = positionId(source, owner, view.id);
  const label = `${sizeUnits} ${underlying} ${optionType} ${strike}`;
  const terms: OptionTerms = { underlying, strike, expirySeconds };
  const stated = view.updatedAtSeconds === undefined ? {} : { atSeconds: view.updatedAtSeconds };
  const [forward, volatility] = await Promise.allSettled([
    view.forwardRatio === undefined ? feedForward(forwardFeed, terms, signal) : { value: view.forwardRatio, ...stated },
    view.annualVolatility === undefined
      ? feedVolatility(volatilityFeed, terms, signal)
      : { value: view.annualVolatility, ...stated },
  ]);
  if (forward.status === 'rejected') return unknownReading(id, label, `the forward: ${reasonOf(forward.reason)}`, asOf);
  if (volatility.status === 'rejected') {
    const reason = `the volatility: ${reasonOf(volatility.reason)}`;
    const deltaBounds = sizeBounds(optionType, sizeUnits, forward.value.value);
    return { ...unknownReading(id, label, reason, asOf), deltaBounds };
  }
  const times = [asOf.timeSeconds, forward.value.atSeconds, volatility.value.atSeconds].filter(
    (at) => at !== undefined,
  );
  const position: OptionPosition = {
    kind: 'option',
    optionType,
    sizeUnits,
    strike,
    expirySeconds,
    annualVolatility: volatility.value.value,
    forwardRatio: forward.value.value,
    annualRate: new Decimal(annualRate).toFixed(),
  };
  return { status: 'known', id, label, position, asOf: { ...asOf, timeSeconds: Math.min(...times) } };
}

function reasonOf(error: unknown): string {
  return error instanceof EvenkeelError ? error.message : 'the feed failed';
}
