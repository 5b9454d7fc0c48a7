import { EvenkeelError } from '@evenkeel/intents';
import { chooseInstrument, type ChoiceTerms, type Contender } from '../choose/choose-instrument.js';
import { chooseMove } from '../choose/choose-move.js';
import type { CureSource } from '../margin/cure-source.js';
import type { MarginLimits } from '../margin/limits.js';
import type {
  MarginPayment,
  MarginPosition,
  MarginReading,
  MarginVenue,
  PaymentReading,
} from '../margin/margin-venue.js';
import { amountsWithin } from '../margin/plans.js';
import { Decimal } from '../model/decimal.js';
import { sameToken, type Token } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { Survey } from '../rebalancer/survey.js';

export const REDUCE = 'reduce' as const;

/** Numeraire for units of gas on a chain. */
export type GasCost = (chainId: number, gasUnits: bigint) => number;

export interface WayTerms {
  readonly gasCost: GasCost;
  /** Until what is decided now is mined. */
  readonly seconds: number;
}

/** A payment into an account with one payment only needs no name of its own. */
const nameOf = (way: string, { payments }: MarginVenue, { id }: MarginPayment): string =>
  payments.length === 1 ? way : `${way}/${id}`;

const purseOf = ({ address, chainId }: Token): string => `${chainId}:${address.toLowerCase()}`;

/** Money beside the account. What it could earn elsewhere is not counted: it is the same for money from anywhere. */
export function walletSource(
  venue: MarginVenue,
  payment: MarginPayment,
  reading: PaymentReading,
  { gasCost, seconds }: WayTerms,
): CureSource {
  const { gasUnits, id, token } = payment;
  return {
    id: nameOf('wallet', venue, payment),
    change: reading.change,
    available: units(token, payableAtoms(reading)),
    seconds,
    cost: () => gasCost(venue.chainId, gasUnits),
    purse: purseOf(token),
    ...inletOf(id, token, reading),
  };
}

/** What of the wallet may be paid in now. */
export function payableAtoms({ roomAtoms, walletAtoms }: Pick<PaymentReading, 'roomAtoms' | 'walletAtoms'>): bigint {
  return roomAtoms !== undefined && roomAtoms < walletAtoms ? roomAtoms : walletAtoms;
}

function inletOf(id: string, token: Token, { roomAtoms }: PaymentReading): Pick<CureSource, 'inlet'> {
  return roomAtoms === undefined ? {} : { inlet: { id, room: units(token, roomAtoms) } };
}

/** A name for one lane, unique among those that lead to one account. */
const laneId = ({ adapter, from }: HedgeBridge): string => `${adapter}:${from.chainId}`;

/** Money on other chains, over each bridge that takes it. Early enough is by the bridge's own worst. */
export function bridgeSource(
  venue: MarginVenue,
  payment: MarginPayment,
  reading: PaymentReading,
  lane: HedgeBridge,
  heldAtoms: bigint,
  { gasCost, seconds }: WayTerms,
): CureSource {
  const { gasUnits, id, token } = payment;
  const { feeBps, fixedCostNumeraire, from, maxAtoms, quote, timeSeconds } = lane;
  const kept = feeBps / 10_000;
  const sendable = units(from, heldAtoms < maxAtoms ? heldAtoms : maxAtoms);
  const room = reading.roomAtoms === undefined ? Infinity : units(token, reading.roomAtoms);
  const fixed = Number(fixedCostNumeraire) + gasCost(from.chainId, lane.gasUnits) + gasCost(token.chainId, gasUnits);
  return {
    id: nameOf(laneId(lane), venue, payment),
    change: reading.change,
    available: Math.min((sendable / ABOVE) * (1 - kept), room),
    seconds: seconds + (quote?.timeSeconds.worst ?? timeSeconds),
    cost: (amount) => fixed + ((amount * kept) / (1 - kept)) * reading.price,
    purse: purseOf(from),
    ...inletOf(id, token, reading),
  };
}

/** So much more is sent than the lane's last quote says, for it was for another amount. */
export const ABOVE = 1.002;

export interface ReductionInput {
  readonly contender: Contender;
  readonly others: readonly Contender[];
  readonly terms: Omit<ChoiceTerms, 'deltaUnits'>;
  readonly reading: MarginReading;
  readonly position: MarginPosition;
  readonly limits: MarginLimits;
  readonly seconds: number;
  /** Numeraire a unit of delta that nobody else takes counts as: the most that the policy would pay for it. */
  readonly openCostPerUnit: number;
}

/** What closing costs before anybody was asked: only to know for how much to ask. */
const GUESSED_COST_SHARE = 0.002;

/**
 * Closing a part of the position, at what the venue asks for about as much, with what the same delta costs to hold in the
 * cheapest of the others. Undefined where no part of it helps, or the venue refuses.
 */
export async function reductionSource(input: ReductionInput, signal: AbortSignal): Promise<CureSource | undefined> {
  const { contender, openCostPerUnit, others, position, seconds, terms } = input;
  const available = payableShare(position, terms);
  const guess = Math.min(shareFor(input), available);
  if (guess <= 0) return undefined;
  const part = new Decimal(position.heldUnits).times(guess).toFixed(18);
  const size = Math.abs(Number(part));
  try {
    const held = { ...contender, heldUnits: part };
    const move = await chooseMove(held, others, terms, signal);
    const deltaUnits = new Decimal(part).negated().toFixed();
    const close = move?.close ?? (await chooseInstrument([held], { ...terms, deltaUnits }, signal));
    const { cost } = close.chosen.quote;
    const whole = move === undefined ? close.chosen.score + size * openCostPerUnit : -move.saving;
    return {
      id: REDUCE,
      change: position.reduction(Math.max(0, cost) / (size * terms.spot)),
      available,
      cost: (share) => (whole * share) / guess,
      seconds,
      ...(position.paidWith === undefined ? {} : { purse: purseOf(position.paidWith.token) }),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EvenkeelError) return undefined;
    throw error;
  }
}

/** As much of the position as what the wallet has closes, at the worst price that is agreed to. */
function payableShare(
  { heldUnits, paidWith }: MarginPosition,
  { slippageBps, spot }: Pick<ChoiceTerms, 'slippageBps' | 'spot'>,
): number {
  if (paidWith === undefined) return 1;
  const worst = Math.abs(heldUnits) * spot * (1 + slippageBps / 10_000 + GUESSED_COST_SHARE);
  return worst === 0 ? 0 : Math.min(1, units(paidWith.token, paidWith.atoms) / worst);
}

/** What would be closed if nothing else were done; all of it where even that is not enough. */
function shareFor({ limits: { maxLeverage, minDistance }, position, reading }: ReductionInput): number {
  const wanted = { maxLeverage, minDistance: Math.min(0.95, 1.5 * minDistance) };
  const { least, most } = amountsWithin(reading.account, position.reduction(GUESSED_COST_SHARE), wanted);
  return least <= Math.min(most, 1) ? least : 1;
}

/** What is held of a token, by the survey. */
export function heldOf({ balances }: Pick<Survey, 'balances'>, token: HedgeBridge['from']): bigint {
  return balances.find((each) => sameToken(each.token, token))?.atoms ?? 0n;
}

function units(token: { readonly decimals: number }, atoms: bigint): number {
  return new Decimal(atoms.toString()).shiftedBy(-token.decimals).toNumber();
}
