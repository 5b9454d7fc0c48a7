import type { QuoteRequest } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';

/** What no bridge can do anything with is refused before anybody is asked. @throws {InvalidInputError} naming the field. */
export function checkRequest({ input, slippageBps }: QuoteRequest): void {
  if (input.atoms <= 0n) {
    throw new InvalidInputError('request.input.atoms', input.atoms, 'is not positive', 'Ask for at least one atom.');
  }
  if (!Number.isInteger(slippageBps) || slippageBps < 0 || slippageBps > 10_000) {
    const hint = 'Write whole basis points, 0 to 10,000.';
    throw new InvalidInputError('request.slippageBps', slippageBps, 'is not a tolerance', hint);
  }
}
