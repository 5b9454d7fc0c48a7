import type { Culprit } from '@evenkeel/core/batch';

export type SettlementVerdict =
  | { readonly sound: true; readonly gasUsed: bigint }
  | { readonly sound: false; readonly error: string; readonly culprits: readonly Culprit[] };

/** A settlement that was played: what is wrong with it, or what gas it took. */
export interface Played {
  readonly error: string | undefined;
  readonly gasUsed: bigint;
}

/** One order of a settlement, as a market with nothing else in it. */
export interface Part<M> {
  readonly orderId: string;
  readonly market: M;
}

/** How a kind of settlement is played on the latest state. */
export interface Trial<M> {
  readonly parts: readonly Part<M>[];
  readonly whole: () => Promise<Played>;
  /** With no order in it: what fails then is nobody's fault. */
  readonly empty: () => Promise<Played>;
  /** What is wrong with these orders alone, where whoever settles is pretended to have all that it must pay out. */
  readonly problemOf: (markets: readonly M[]) => Promise<string | undefined>;
}

/**
 * Plays a settlement, and finds out who spoils it: every order is tried alone; where each is fine alone, orders are added
 * one by one (by halving) until the first that fails beside the others, such as two that spend the same money. No culprit
 * is named when all hold together on pretended funds, or when not even an empty settlement holds.
 */
export async function verdictOf<M>(trial: Trial<M>): Promise<SettlementVerdict> {
  const { parts } = trial;
  const whole = await trial.whole();
  if (whole.error === undefined) return Object.freeze({ sound: true, gasUsed: whole.gasUsed });
  const empty = await trial.empty();
  if (empty.error !== undefined) return Object.freeze({ sound: false, error: empty.error, culprits: [] });
  const alone = await Promise.all(parts.map(({ market }) => trial.problemOf([market])));
  const culprits = parts.flatMap((part, i) => named(part, alone[i]));
  const found = culprits.length > 0 ? culprits : await firstOfMany(trial);
  return Object.freeze({ sound: false, error: whole.error, culprits: Object.freeze(found) });
}

function named({ orderId }: Pick<Part<unknown>, 'orderId'>, problem: string | undefined): readonly Culprit[] {
  return problem === undefined ? [] : [Object.freeze({ orderId, sentence: problem })];
}

/** The first order that fails beside those before it. */
async function firstOfMany<M>({ parts, problemOf }: Trial<M>): Promise<readonly Culprit[]> {
  const problemUpTo = (count: number) => problemOf(parts.slice(0, count).map(({ market }) => market));
  let problem = await problemUpTo(parts.length);
  if (problem === undefined) return [];
  let [sound, failing] = [0, parts.length];
  while (failing - sound > 1) {
    const middle = (sound + failing) >> 1;
    const here = await problemUpTo(middle);
    if (here === undefined) sound = middle;
    else [failing, problem] = [middle, here];
  }
  return named(parts[failing - 1]!, problem);
}
