import { Decimal, fromAtoms, toAtoms } from '../model/decimal.js';
import { sameAddress, sameToken, type Token, type TokenAmount } from '../model/token.js';
import type { SolverAdapter, SolverRequest } from '../ports/solver.js';
import type { Delegation } from '../delegate/delegation.js';
import { liveChildren, spentOf } from '../delegate/room.js';
import type { Flow } from '../ports/journal.js';
import type { ContestedSlice } from '../rebalancer/networks-port.js';

/** One question, and who is asked. */
export interface Question {
  readonly request: SolverRequest;
  readonly solvers: readonly SolverAdapter[];
}

export interface QuestionInput {
  readonly slice: ContestedSlice;
  readonly solvers: readonly SolverAdapter[];
  /** Unix seconds after which nothing may be filled. */
  readonly deadline: number;
  readonly delegations: readonly Delegation[];
  readonly flows: readonly Flow[];
}

/**
 * What the networks are asked for: the whole slice from each chain that holds enough for it, paid out there or, by networks
 * that cross chains, on another one. Selling gives exactly the slice; buying gives what our own route would spend, so that
 * what a better price brings is more of the underlying, by less than the slice may cost.
 */
export function questionsFor(input: QuestionInput): readonly Question[] {
  const { deadline, delegations, flows, slice, solvers } = input;
  const { portfolio, signed } = slice;
  const { intent } = signed;
  const sells = slice.slice.deltaUnits.startsWith('-');
  const [givenTokens, takenTokens] = sells
    ? [portfolio.baseTokens, portfolio.quoteTokens]
    : [portfolio.quoteTokens, portfolio.baseTokens];
  const index = delegations.reduce((next, each) => Math.max(next, each.index + 1), 0);
  const spent = spentOf(intent, flows);
  return givenTokens.flatMap((token) => {
    const amount = amountOf(slice, token, sells);
    if (amount === undefined || !isAffordable(input, amount)) return [];
    return takenTokens.flatMap((tokenOut): Question[] => {
      const isHere = tokenOut.chainId === token.chainId;
      const asked = solvers.filter(
        ({ capabilities }) => capabilities.chains.includes(token.chainId) && (isHere || capabilities.crossChain),
      );
      const recipient = intent.spending.find(({ chainId }) => chainId === tokenOut.chainId)?.recipient;
      if (asked.length === 0 || recipient === undefined) return [];
      const request: SolverRequest = {
        intent,
        index,
        side: sells ? 'sell' : 'buy',
        input: amount,
        tokenOut,
        minOutput: leastFor(slice, amount, tokenOut, sells),
        recipient,
        deadline,
        liveChildren: liveChildren(delegations),
        spent,
      };
      return [{ request, solvers: asked }];
    });
  });
}

/** Undefined where there is nothing to give. */
function amountOf({ route, slice }: ContestedSlice, token: Token, sells: boolean): TokenAmount | undefined {
  const units = sells
    ? new Decimal(slice.deltaUnits).abs()
    : route.spent.reduce((sum, each) => sum.plus(fromAtoms(each.token, each.atoms)), new Decimal(0));
  const atoms = toAtoms(token, units.decimalPlaces(token.decimals, Decimal.ROUND_DOWN).toFixed());
  return atoms > 0n ? { token, atoms } : undefined;
}

/** Whether the account holds it, and the intent still lets it be spent. */
function isAffordable({ flows, slice }: QuestionInput, { atoms, token }: TokenAmount): boolean {
  const { signed, survey } = slice;
  const held = survey.balances.find((each) => sameToken(each.token, token))?.atoms ?? 0n;
  const is = (other: { readonly chainId: number; readonly token: string }): boolean =>
    other.chainId === token.chainId && sameAddress(other.token, token.address);
  const most = signed.intent.spending.find(is)?.maxSpend ?? 0n;
  const gone = spentOf(signed.intent, flows).find(is)?.atoms ?? 0n;
  return atoms <= held && atoms <= most - gone;
}

/** What has to arrive, so that the trade costs no more than the intent allows. */
function leastFor(
  { signed, survey }: ContestedSlice,
  { atoms, token }: TokenAmount,
  tokenOut: Token,
  sells: boolean,
): bigint {
  const { price } = survey.reference;
  const given = new Decimal(fromAtoms(token, atoms));
  const worth = sells ? given.times(price) : given.div(price);
  const least = worth.times(10_000 - signed.intent.maxCostBps).div(10_000);
  return toAtoms(tokenOut, least.decimalPlaces(tokenOut.decimals, Decimal.ROUND_UP).toFixed());
}
