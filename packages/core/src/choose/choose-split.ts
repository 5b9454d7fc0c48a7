import { EvenkeelError } from '@evenkeel/intents';
import { compareHolding, type HoldingComparison } from '../holding/compare-holding.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { askContender, type ChoiceTerms, type Contender, type InstrumentChoice } from './choose-instrument.js';
import { leastSplit, type SplitCosts } from './least-split.js';

export interface SplitTerms extends ChoiceTerms {
  /** In at most so many parts. */
  readonly maxParts: number;
  /** Parts are whole lots, but for what is left of the size. */
  readonly lotUnits: DecimalString;
}

/** One change of delta by several instruments. Frozen. */
export interface InstrumentSplit {
  /** Each quoted for its own size; the largest first. */
  readonly parts: readonly HoldingComparison[];
  /** What they cost less than the cheapest that takes it all: numeraire, gas of every part and uncertainty included. */
  readonly saving: number;
}

/** Sizes that are asked for besides the whole. */
const SHARES: readonly number[] = [0.25, 0.5, 0.75];
/** Each pass asks for the sizes that the one before found. */
const PASSES = 4;

/**
 * Splits a change of delta over several instruments where that costs less to hold than the cheapest alone: sizes at which one
 * more unit costs the same everywhere, as far as gas of a further part does not take away what it saves. Costs between sizes
 * that were asked for are interpolated; what is answered was asked for and is quoted.
 *
 * @param single all that competed for the whole of it
 * @returns undefined where the cheapest alone is best
 * @throws what is no EvenkeelError, and the signal's reason when it aborts
 * @example
 * ```ts
 * const single = await chooseInstrument(contenders, terms, signal)
 * const split = await chooseSplit(contenders, single, { ...terms, maxParts: 2, lotUnits: '0.01' }, signal)
 * ```
 */
export async function chooseSplit(
  contenders: readonly Contender[],
  single: InstrumentChoice,
  terms: SplitTerms,
  signal: AbortSignal,
): Promise<InstrumentSplit | undefined> {
  const whole = new Decimal(terms.deltaUnits);
  const asked = contenders.map((contender) => new Asked(contender, terms));
  for (const each of asked) {
    const known = single.compared.find(({ quote }) => each.isOf(quote));
    if (known !== undefined) each.note(terms.deltaUnits, known);
  }
  const sizes = SHARES.map((share) => inLots(whole.times(share), terms.lotUnits)).filter((size) => !size.isZero());
  await Promise.all(asked.flatMap((each) => sizes.map((size) => each.ask(size.toFixed(), signal))));
  let best: InstrumentSplit | undefined;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const usable = asked.filter(({ samples }) => samples.size > 0);
    const found = leastSplit(
      usable.map((each) => each.costs()),
      { size: whole.abs().toNumber(), maxParts: terms.maxParts },
    );
    if (found === undefined) break;
    const units = exactUnits(found, whole, terms.lotUnits);
    const parts = await Promise.all(usable.map((each, index) => each.ask(units[index]!, signal)));
    await Promise.all(usable.map((each, index) => each.askBeyond(units[index]!, signal)));
    const quoted = parts.filter((part) => part !== undefined);
    const wanted = units.filter((each) => Number(each) !== 0);
    if (quoted.length < 2 || quoted.length < wanted.length) continue;
    const saving = single.chosen.score - quoted.reduce((sum, { score }) => sum + score, 0);
    if (saving > (best?.saving ?? 0)) {
      quoted.sort((a, b) => Math.abs(Number(b.quote.units)) - Math.abs(Number(a.quote.units)));
      best = Object.freeze({ parts: Object.freeze(quoted), saving });
    }
  }
  return best;
}

/** A contender and what it has answered so far, by size. */
class Asked {
  readonly samples = new Map<string, HoldingComparison>();
  readonly #refused = new Set<string>();

  constructor(
    readonly contender: Contender,
    readonly terms: SplitTerms,
  ) {}

  isOf({ adapter, chainId, instrument }: HoldingComparison['quote']): boolean {
    const own = this.contender;
    return own.adapter.id === adapter && own.chainId === chainId && own.instrument === instrument;
  }

  note(units: DecimalString, answer: HoldingComparison): void {
    this.samples.set(units, answer);
  }

  /** Undefined for nothing, and where it refuses. */
  async ask(units: DecimalString, signal: AbortSignal): Promise<HoldingComparison | undefined> {
    if (Number(units) === 0 || this.#refused.has(units)) return undefined;
    const known = this.samples.get(units);
    if (known !== undefined) return known;
    const offer = await askContender(this.contender, { ...this.terms, deltaUnits: units }, signal);
    if ('code' in offer) {
      this.#refused.add(units);
      return undefined;
    }
    try {
      const [answer] = compareHolding([offer], this.terms);
      this.samples.set(units, answer!);
      return answer;
    } catch (error) {
      if (!(error instanceof EvenkeelError)) throw error;
      this.#refused.add(units);
      return undefined;
    }
  }

  /** Where it is given the most that it is known to take, and more was refused: it may take something in between. */
  async askBeyond(units: DecimalString, signal: AbortSignal): Promise<void> {
    const most = Math.max(...[...this.samples.keys()].map((known) => Math.abs(Number(known))));
    const beyond = [...this.#refused].map((refused) => Math.abs(Number(refused))).filter((each) => each > most);
    if (beyond.length === 0 || Math.abs(Number(units)) < most) return;
    const between = inLots(new Decimal(most).plus(Math.min(...beyond)).div(2), this.terms.lotUnits);
    await this.ask((units.startsWith('-') ? between.negated() : between).toFixed(), signal);
  }

  costs(): SplitCosts {
    const answers = [...this.samples.values()];
    return {
      fixed: Math.min(...answers.map(({ cost }) => cost.gas)),
      samples: answers
        .map(({ cost, quote, score }) => ({ size: Math.abs(Number(quote.units)), cost: score - cost.gas }))
        .sort((a, b) => a.size - b.size),
    };
  }
}

function inLots(units: Decimal, lotUnits: DecimalString): Decimal {
  return units.div(lotUnits).integerValue(Decimal.ROUND_HALF_UP).times(lotUnits);
}

/** Whole lots, the largest takes what is left; signed as the whole. */
function exactUnits(sizes: readonly number[], whole: Decimal, lotUnits: DecimalString): readonly DecimalString[] {
  const sign = whole.isNegative() ? -1 : 1;
  const lots = sizes.map((size) => inLots(new Decimal(size).times(sign), lotUnits));
  const largest = sizes.indexOf(Math.max(...sizes));
  const rest = lots.reduce((sum, each, index) => (index === largest ? sum : sum.minus(each)), whole);
  return lots.map((each, index) => (index === largest ? rest : each).toFixed());
}
