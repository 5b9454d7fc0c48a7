import { EvenkeelError } from '@evenkeel/intents';
import { chooseInstrument, type ChoiceTerms, type Contender } from '../choose/choose-instrument.js';
import { chooseMove } from '../choose/choose-move.js';
import type { MoneySource, ReductionChoice } from '../margin/cure.js';
import { MarginUnreachableError } from '../margin/errors.js';
import type { MarginLimits } from '../margin/limits.js';
import type { MarginReading, MarginVenue } from '../margin/margin-venue.js';
import { planReduction } from '../margin/plans.js';
import { Decimal } from '../model/decimal.js';
import { sameToken } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { Survey } from '../rebalancer/survey.js';

export const WALLET = 'wallet';
export const REDUCE = 'reduce';

/** Numeraire for units of gas on a chain. */
export type GasCost = (chainId: number, gasUnits: bigint) => number;

/** Money beside the account. What it could earn elsewhere is not counted: it is the same for money from anywhere. */
export function walletSource(
  { chainId, gasUnits, token }: MarginVenue,
  { roomAtoms, walletAtoms }: MarginReading,
  { gasCost, seconds }: { readonly gasCost: GasCost; readonly seconds: number },
): MoneySource {
  const atoms = roomAtoms !== undefined && roomAtoms < walletAtoms ? roomAtoms : walletAtoms;
  return { id: WALLET, available: units(token, atoms), seconds, cost: () => gasCost(chainId, gasUnits) };
}

/** A name for one lane, unique among those that lead to one account. */
export const laneId = ({ adapter, from }: HedgeBridge): string => `${adapter}:${from.chainId}`;

/** Money on other chains, over each bridge that takes it. Early enough is by the bridge's own worst. */
export function bridgeSource(
  { gasUnits, token }: MarginVenue,
  { roomAtoms }: MarginReading,
  lane: HedgeBridge,
  heldAtoms: bigint,
  { gasCost, seconds }: { readonly gasCost: GasCost; readonly seconds: number },
): MoneySource {
  const { feeBps, fixedCostNumeraire, from, maxAtoms, quote, timeSeconds } = lane;
  const kept = feeBps / 10_000;
  const sendable = units(from, heldAtoms < maxAtoms ? heldAtoms : maxAtoms);
  const room = roomAtoms === undefined ? Infinity : units(token, roomAtoms);
  const fixed = Number(fixedCostNumeraire) + gasCost(from.chainId, lane.gasUnits) + gasCost(token.chainId, gasUnits);
  return {
    id: laneId(lane),
    available: Math.min((sendable / ABOVE) * (1 - kept), room),
    seconds: seconds + (quote?.timeSeconds.worst ?? timeSeconds),
    cost: (amount) => fixed + (amount * kept) / (1 - kept),
  };
}

/** So much more is sent than the lane's last quote says, for it was for another amount. */
export const ABOVE = 1.002;

export interface ReductionInput {
  readonly contender: Contender;
  readonly others: readonly Contender[];
  readonly terms: Omit<ChoiceTerms, 'deltaUnits'>;
  readonly reading: MarginReading;
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
export async function reductionChoice(
  input: ReductionInput,
  signal: AbortSignal,
): Promise<ReductionChoice | undefined> {
  const { contender, limits, openCostPerUnit, others, reading, seconds, terms } = input;
  const guess = shareFor(input, limits);
  if (guess === undefined || guess === 0) return undefined;
  const part = new Decimal(reading.heldUnits).times(guess).toFixed(18);
  const size = Math.abs(Number(part));
  try {
    const held = { ...contender, heldUnits: part };
    const move = await chooseMove(held, others, terms, signal);
    const close =
      move?.close ??
      (await chooseInstrument([held], { ...terms, deltaUnits: new Decimal(part).negated().toFixed() }, signal));
    const { cost } = close.chosen.quote;
    const whole = move === undefined ? close.chosen.score + size * openCostPerUnit : -move.saving;
    return {
      id: REDUCE,
      reduction: reading.reduction(Math.max(0, cost) / (size * terms.spot)),
      cost: (share) => (whole * share) / guess,
      seconds,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EvenkeelError) return undefined;
    throw error;
  }
}

function shareFor({ reading }: ReductionInput, { maxLeverage, minDistance }: MarginLimits): number | undefined {
  const wanted = { maxLeverage, minDistance: Math.min(0.95, 1.5 * minDistance) };
  try {
    return planReduction(reading.account, reading.reduction(GUESSED_COST_SHARE), wanted);
  } catch (error) {
    if (error instanceof MarginUnreachableError) return undefined;
    throw error;
  }
}

/** What is held of a token, by the survey. */
export function heldOf({ balances }: Pick<Survey, 'balances'>, token: HedgeBridge['from']): bigint {
  return balances.find((each) => sameToken(each.token, token))?.atoms ?? 0n;
}

function units(token: { readonly decimals: number }, atoms: bigint): number {
  return new Decimal(atoms.toString()).shiftedBy(-token.decimals).toNumber();
}
