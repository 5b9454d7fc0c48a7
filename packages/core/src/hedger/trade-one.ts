import { chooseInstrument, type Contender } from '../choose/choose-instrument.js';
import { holdingCurve } from '../choose/holding-curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { decideOn } from '../rebalancer.js';
import { competition, type ConsiderInput, type InstrumentDecision } from './consider.js';
import { TradeNotDecidedError } from './errors.js';

/** A size of one instrument, or of spot as `routed-spot`, that somebody asks for: to close what is held of it, or to open it in the place of another. */
export interface InstrumentOrder {
  readonly adapter: string;
  readonly chainId: number;
  readonly instrument: string;
  /** Signed. */
  readonly units: DecimalString;
}

/**
 * The decision to trade exactly one instrument: nobody competes, but its margin is looked at and what it costs is held
 * against the limits, as of any trade that is asked for.
 *
 * @throws {TradeNotDecidedError} where no such instrument is there, or the policy refuses; NO_INSTRUMENT where it does
 */
export async function decideOrder(
  input: Omit<ConsiderInput, 'requested'>,
  order: InstrumentOrder,
): Promise<InstrumentDecision> {
  const { portfolio, ports, signal, spot } = input;
  const { contenders, terms } = competition(input);
  const contender = contenders.find((each) => isOf(each, order));
  if (contender === undefined) throw new TradeNotDecidedError(order.adapter, order.chainId, 'it is not configured');
  const choice = await chooseInstrument([contender], { ...terms, deltaUnits: order.units }, signal);
  const side = order.units.startsWith('-') ? 'sell' : 'buy';
  const curves = { ...spot.curves, [side]: holdingCurve(side, [choice], terms) };
  const decision = decideOn({ portfolio, ports }, spot.before, curves, new Decimal(order.units));
  if (decision.action === 'hold') {
    throw new TradeNotDecidedError(order.adapter, order.chainId, `${decision.reason}: ${decision.sentence}`);
  }
  return Object.freeze({ before: spot.before, curves, decision, choice });
}

function isOf(
  { adapter, chainId, instrument }: Contender,
  order: Pick<InstrumentOrder, 'adapter' | 'chainId' | 'instrument'>,
): boolean {
  return adapter.id === order.adapter && chainId === order.chainId && instrument === order.instrument;
}
