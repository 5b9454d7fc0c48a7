/**
 * The sum to within the last digit of the exact one, whatever the order or size of the terms.
 *
 * Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974).
 */
export function sumExactly(terms: readonly number[]): number {
  return sumExactlyOf(terms, (term) => term);
}

/** {@link sumExactly} of one number of each item, without a list of them: books are long and summed often. */
export function sumExactlyOf<T>(items: readonly T[], termOf: (item: T) => number): number {
  let sum = 0;
  let lost = 0;
  for (const item of items) {
    const term = termOf(item);
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + lost;
}
