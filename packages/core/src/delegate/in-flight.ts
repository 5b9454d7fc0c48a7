import type { InFlight } from '../exposure/assemble-exposure.js';
import { sameToken, type Token } from '../model/token.js';
import { type Delegation, isLive } from './delegation.js';

/**
 * Live orders as doubts of the exposure: until one is provably over, its input may be gone and its output there, or not.
 * Each side widens the interval by itself, so that the interval holds whichever way it ends, in part as well.
 *
 * @param deltaPerUnit Delta of one unit of a token: "1" for the underlying's tokens, "0" for cash.
 * @example
 * ```ts
 * const exposure = assembleExposure({ ...input, inFlight: [...transfers, ...delegatedInFlight(delegations, deltaOf)] })
 * ```
 */
export function delegatedInFlight(
  delegations: readonly Delegation[],
  deltaPerUnit: (token: Token) => InFlight['deltaPerUnit'],
): readonly InFlight[] {
  return delegations.filter(isLive).flatMap(({ expectedOutput, index, intentId, order }): InFlight[] => {
    const { adapter, guaranteedOutput, input } = order;
    const id = `${adapter}:${intentId}:${index}`;
    const most = expectedOutput > guaranteedOutput.atoms ? expectedOutput : guaranteedOutput.atoms;
    const sentence = `${adapter} may take up to ${input.atoms} atoms of ${input.token.symbol} for ${guaranteedOutput.atoms} atoms of ${guaranteedOutput.token.symbol} or more`;
    const drawn = { id: `${id}:input`, amount: input, deltaPerUnit: negated(deltaPerUnit(input.token)), sentence };
    const output = { token: guaranteedOutput.token, atoms: most };
    const brought = { id: `${id}:output`, amount: output, deltaPerUnit: deltaPerUnit(output.token), sentence };
    return sameToken(input.token, output.token) ? [drawn] : [drawn, brought];
  });
}

function negated(decimal: InFlight['deltaPerUnit']): InFlight['deltaPerUnit'] {
  if (/^-?0+(\.0+)?$/.test(decimal)) return '0';
  return decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`;
}
