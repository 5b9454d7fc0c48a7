/** A sum that is added to term by term. */
export interface ExactSum {
  readonly add: (term: number) => void;
  readonly value: () => number;
}

/**
 * The sum to within the last digit of the exact one, whatever the order or size of the terms.
 *
 * Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974).
 */
export function exactSum(): ExactSum {
  let sum = 0;
  let lost = 0;
  return {
    add: (term) => {
      const next = sum + term;
      lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
      sum = next;
    },
    value: () => sum + lost,
  };
}

/** {@link exactSum} of these terms. */
export function sumExactly(terms: readonly number[]): number {
  return sumExactlyOf(terms, (term) => term);
}

/** {@link exactSum} of one number of each item, without a list of them. */
export function sumExactlyOf<T>(items: readonly T[], termOf: (item: T) => number): number {
  const { add, value } = exactSum();
  for (const item of items) add(termOf(item));
  return value();
}
