import { InvalidInputError } from '@evenkeel/intents';
import type { DeathProof, SolverRequest } from '../ports/solver.js';

/**
 * What is left of a slice once an order for it is provably dead: the request for the next network, or for our own route.
 * Undefined when nothing is left.
 *
 * @throws InvalidInputError for a proof about another token, or of more than could be drawn.
 */
export function requestForRest(request: SolverRequest, proof: DeathProof): SolverRequest | undefined {
  const { index, input, minOutput, spent } = request;
  const { drawn } = proof;
  if (drawn.token.chainId !== input.token.chainId || drawn.atoms > input.atoms || drawn.atoms < 0n) {
    throw new InvalidInputError('proof.drawn', drawn.atoms, 'is no part of the input', 'Give the proof of its order.');
  }
  const left = input.atoms - drawn.atoms;
  if (left === 0n) return undefined;
  const gone = { chainId: input.token.chainId, token: input.token.address, atoms: drawn.atoms };
  return Object.freeze({
    ...request,
    index: index + 1,
    input: { token: input.token, atoms: left },
    // Rounded up: the rest must not be worth less an atom than the whole.
    minOutput: (minOutput * left + input.atoms - 1n) / input.atoms,
    spent: drawn.atoms === 0n ? spent : Object.freeze([...spent, gone]),
  });
}
