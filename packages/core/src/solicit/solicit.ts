import type { AsOf } from '../model/as-of.js';
import type { Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { sameToken, type Token, tokenKey } from '../model/token.js';
import type { Clock } from '../ports/ambient.js';
import type { BridgeAdapter, Lane, LaneLimits } from '../ports/bridge.js';
import type { VenueAdapter } from '../ports/venue.js';
import { checkCurve } from './check-curve.js';
import { checkQuote, type Objection, type RefusalCode } from './check-quote.js';
import {
  checkPatience,
  failure,
  lateness,
  type RoundObjection,
  type RoundPatience,
  untilDeadline,
} from './deadline.js';
import { SolicitAbortedError } from './errors.js';
import { plainCopy } from './plain-copy.js';
import { LaneLimitsShape, PoolShape, QuoteShape, shapeProblem } from './shapes.js';

/** What is wanted from the market. */
export interface SolicitRequest {
  /** All tokens that may be traded; venues are asked for pools between any two of one chain. */
  readonly tokens: readonly Token[];
  /** Offers for one exact amount, asked of venues that have no curve. */
  readonly quotes: readonly QuoteRequest[];
  /** Transfers to be priced, asked of every bridge that has the lane; the amount is clipped to the bridge's limits. */
  readonly transfers: readonly QuoteRequest[];
  /** State older than this against the newest block seen on its chain is refused. */
  readonly maxAgeSeconds: number;
  /** Newest block time known of each chain; what adapters say can only make it newer by `maxAgeSeconds`. */
  readonly newestBlockSeconds?: Readonly<Record<number, number>>;
}

export interface SolicitContext extends RoundPatience {
  readonly venues: readonly VenueAdapter[];
  readonly bridges: readonly BridgeAdapter[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One that was left out, and why. */
export interface Refusal {
  readonly adapter: string;
  readonly kind: 'venue' | 'bridge';
  readonly chainId?: number;
  readonly poolId?: string;
  /** `PRICE_OUTLYING`: the market as a whole says otherwise. */
  readonly code: RefusalCode | 'IGNORES_ABORT' | 'PRICE_OUTLYING';
  readonly sentence: string;
}

/** A bridge's offer for one lane with what the lane can carry. */
export interface BridgeOffer {
  readonly adapter: string;
  readonly lane: Lane;
  readonly limits: LaneLimits;
  readonly quote: Quote;
}

/** All that was offered and accepted, and all that was not. Deep copies, frozen. */
export interface Solicitation {
  readonly pools: readonly Pool[];
  readonly quotes: readonly Quote[];
  readonly bridges: readonly BridgeOffer[];
  readonly refusals: readonly Refusal[];
  /** How long each question took to be answered, in milliseconds. */
  readonly answers: readonly { readonly adapter: string; readonly chainId: number; readonly milliseconds: number }[];
}

interface Question {
  readonly adapter: string;
  readonly kind: 'venue' | 'bridge';
  readonly chainId: number;
  /** Asks, checks the answer, and files it. */
  ask(signal: AbortSignal): Promise<void>;
}

interface Findings {
  readonly pools: Pool[];
  readonly quotes: Quote[];
  readonly bridges: BridgeOffer[];
  readonly refusals: Refusal[];
  closed: boolean;
}

/** How far ahead of our own clock a stated block may be. */
const CLOCK_TOLERANCE_SECONDS = 120;

/**
 * Asks all adapters at once. Returns as soon as all have answered, at the latest at the deadline (plus the grace in which
 * stragglers stop): the slowest is never waited for, and one that throws, hangs, ignores its signal, answers nonsense,
 * contradicts its own arithmetic or is stale harms nobody else and is reported. Answers are checked while others are
 * still awaited.
 *
 * @throws InvalidInputError for a deadline that is not positive; SolicitAbortedError when `signal` aborts.
 * @example
 * ```ts
 * const { pools, bridges, refusals } = await solicit(
 *   { tokens, quotes: [], transfers: [], maxAgeSeconds: 60 },
 *   { venues: [uniswapV3], bridges: [], clock, signal: AbortSignal.timeout(5_000), deadlineMs: 1_500, graceMs: 50 },
 * )
 * ```
 */
export async function solicit(request: SolicitRequest, context: SolicitContext): Promise<Solicitation> {
  const { clock, deadlineMs, graceMs, signal } = context;
  checkPatience(context);
  if (signal.aborted) throw new SolicitAbortedError(signal.reason);
  const findings: Findings = { pools: [], quotes: [], bridges: [], refusals: [], closed: false };
  const questions = askable(request, context, findings);
  const stop = new AbortController();
  const started = clock.now();
  const open = new Set(questions);
  const answers: { adapter: string; chainId: number; milliseconds: number }[] = [];

  const runs = questions.map(async (question) => {
    try {
      await question.ask(stop.signal);
      if (!findings.closed) {
        const { adapter, chainId } = question;
        answers.push(Object.freeze({ adapter, chainId, milliseconds: clock.now() - started }));
      }
    } catch (error) {
      if (!findings.closed && !stop.signal.aborted) refuse(findings, question, failure(error));
    } finally {
      open.delete(question);
    }
  });
  const all = Promise.all(runs).then(() => 'answered' as const);

  await untilDeadline(all, clock, deadlineMs, signal, stop);
  const late = [...open];
  if (late.length > 0) {
    stop.abort(new DOMException(`No answer within ${deadlineMs} ms.`, 'TimeoutError'));
    await untilDeadline(all, clock, graceMs, signal, stop);
  }
  findings.closed = true;
  for (const question of late) refuse(findings, question, lateness(open.has(question), deadlineMs));
  return settle(request, findings, answers, clock.now() / 1000);
}

function refuse(
  findings: Findings,
  { adapter, chainId, kind }: Pick<Question, 'adapter' | 'chainId' | 'kind'>,
  { code, sentence }: Objection | RoundObjection,
  poolId?: string,
): void {
  findings.refusals.push(
    Object.freeze({ adapter, kind, chainId, ...(poolId === undefined ? {} : { poolId }), code, sentence }),
  );
}

function askable(request: SolicitRequest, context: SolicitContext, findings: Findings): Question[] {
  const chains = [...new Set(request.tokens.map(({ chainId }) => chainId))];
  const nowSeconds = (): number => context.clock.now() / 1000;
  const questions: Question[] = [];
  for (const venue of context.venues) {
    for (const chainId of chains) {
      if (!venue.capabilities.chains.includes(chainId)) continue;
      if (venue.capabilities.curve) questions.push(askLiquidity(venue, chainId, request, findings));
      else if (venue.capabilities.quote) {
        for (const quoteRequest of request.quotes) {
          if (quoteRequest.input.token.chainId !== chainId) continue;
          questions.push(askQuote(venue, chainId, quoteRequest, findings, nowSeconds));
        }
      }
    }
  }
  for (const bridge of context.bridges) {
    for (const transfer of request.transfers) {
      const lane = bridge.capabilities.lanes.find(
        ({ from, to }) => sameToken(from, transfer.input.token) && sameToken(to, transfer.tokenOut),
      );
      if (lane !== undefined) questions.push(askTransfer(bridge, transfer, findings, nowSeconds));
    }
  }
  return questions;
}

function askLiquidity(venue: VenueAdapter, chainId: number, request: SolicitRequest, findings: Findings): Question {
  const tokens = Object.freeze(request.tokens.filter((token) => token.chainId === chainId));
  const question: Question = {
    adapter: venue.id,
    kind: 'venue',
    chainId,
    ask: async (signal) => {
      if (venue.liquidity === undefined) throw new TypeError('says that it has curves but has no liquidity method');
      const answer: unknown = await venue.liquidity(Object.freeze({ chainId, tokens, signal }));
      if (isOver(findings, signal)) return;
      if (!Array.isArray(answer)) {
        refuse(findings, question, {
          code: 'INVALID_SHAPE',
          sentence: 'It answered something other than a list of pools.',
        });
        return;
      }
      const seen = new Set<string>();
      for (const item of answer as unknown[]) takePool(item, question, tokens, seen, findings);
    },
  };
  return question;
}

function takePool(
  item: unknown,
  question: Question,
  tokens: readonly Token[],
  seen: Set<string>,
  findings: Findings,
): void {
  const copy = copied(item, question, findings);
  if (copy === undefined) return;
  const wrongShape = shapeProblem(PoolShape, copy);
  if (wrongShape !== undefined) {
    refuse(findings, question, { code: 'INVALID_SHAPE', sentence: `A pool is malformed: ${wrongShape}.` });
    return;
  }
  const pool = copy as Pool;
  const objection = checkPool(pool, question, tokens, seen);
  if (objection !== undefined) refuse(findings, question, objection, pool.id);
  else findings.pools.push(pool);
}

function checkPool(pool: Pool, question: Question, tokens: readonly Token[], seen: Set<string>): Objection | undefined {
  if (pool.adapter !== question.adapter) {
    return { code: 'WRONG_ADAPTER', sentence: `It gave a pool in the name of ${pool.adapter}.` };
  }
  const known = pool.tokens.every((token) =>
    tokens.some((asked) => sameToken(asked, token) && asked.decimals === token.decimals),
  );
  if (pool.chainId !== question.chainId || !known || sameToken(pool.tokens[0], pool.tokens[1])) {
    return { code: 'WRONG_TOKENS', sentence: `Pool ${pool.id} is not between two of the tokens that were asked for.` };
  }
  if (seen.has(pool.id)) return { code: 'DUPLICATE', sentence: `Pool ${pool.id} is listed twice.` };
  seen.add(pool.id);
  const wrong = checkCurve(pool.curve);
  return wrong === undefined ? undefined : { code: 'CURVE_INVALID', sentence: `Pool ${pool.id} ${wrong.problem}.` };
}

function askQuote(
  venue: VenueAdapter,
  chainId: number,
  request: QuoteRequest,
  findings: Findings,
  nowSeconds: () => number,
): Question {
  const question: Question = {
    adapter: venue.id,
    kind: 'venue',
    chainId,
    ask: async (signal) => {
      if (venue.quote === undefined) throw new TypeError('says that it quotes but has no quote method');
      const answer: unknown = await venue.quote(frozenRequest(request), signal);
      if (isOver(findings, signal)) return;
      const quote = takeQuote(answer, question, request, findings, nowSeconds());
      if (quote !== undefined) findings.quotes.push(quote);
    },
  };
  return question;
}

function askTransfer(
  bridge: BridgeAdapter,
  request: QuoteRequest,
  findings: Findings,
  nowSeconds: () => number,
): Question {
  const lane = Object.freeze({ from: request.input.token, to: request.tokenOut });
  const question: Question = {
    adapter: bridge.id,
    kind: 'bridge',
    chainId: lane.from.chainId,
    ask: async (signal) => {
      const stated = copied(await bridge.limits(lane, signal), question, findings);
      if (stated === undefined || isOver(findings, signal)) return;
      const wrongShape = shapeProblem(LaneLimitsShape, stated);
      if (wrongShape !== undefined) {
        refuse(findings, question, { code: 'INVALID_SHAPE', sentence: `Its limits are malformed: ${wrongShape}.` });
        return;
      }
      const limits = stated as LaneLimits;
      if (limits.max <= 0n || limits.max < limits.min) {
        const sentence = `It can carry nothing to chain ${lane.to.chainId} now (${limits.reason}).`;
        refuse(findings, question, { code: 'LIMIT_EXCEEDED', sentence });
        return;
      }
      const clipped = clip(request.input.atoms, limits);
      const asked = frozenRequest({ ...request, input: { token: request.input.token, atoms: clipped } });
      const answer: unknown = await bridge.quote(asked, signal);
      if (isOver(findings, signal)) return;
      const quote = takeQuote(answer, question, asked, findings, nowSeconds());
      if (quote !== undefined) findings.bridges.push(Object.freeze({ adapter: bridge.id, lane, limits, quote }));
    },
  };
  return question;
}

/** Whether the round ended while an answer was awaited. */
function isOver(findings: Findings, signal: AbortSignal): boolean {
  return findings.closed || signal.aborted;
}

function clip(atoms: bigint, { max, min }: LaneLimits): bigint {
  if (atoms > max) return max;
  return atoms < min ? min : atoms;
}

function frozenRequest(request: QuoteRequest): QuoteRequest {
  return plainCopy(request) as QuoteRequest;
}

function takeQuote(
  answer: unknown,
  question: Question,
  request: QuoteRequest,
  findings: Findings,
  nowSeconds: number,
): Quote | undefined {
  const copy = copied(answer, question, findings);
  if (copy === undefined) return undefined;
  const wrongShape = shapeProblem(QuoteShape, copy);
  if (wrongShape !== undefined) {
    refuse(findings, question, { code: 'INVALID_SHAPE', sentence: `Its quote is malformed: ${wrongShape}.` });
    return undefined;
  }
  const quote = copy as Quote;
  const objection =
    quote.adapter !== question.adapter || quote.kind !== question.kind
      ? ({ code: 'WRONG_ADAPTER', sentence: `It gave a quote in the name of ${quote.adapter}.` } as const)
      : checkQuote(quote, request, nowSeconds);
  if (objection === undefined) return quote;
  refuse(findings, question, objection);
  return undefined;
}

function copied(answer: unknown, question: Question, findings: Findings): object | undefined {
  let problem = 'it is not an object';
  try {
    const copy = plainCopy(answer);
    if (typeof copy === 'object' && copy !== null) return copy;
  } catch (error) {
    problem = error instanceof Error ? error.message : 'it cannot be read';
  }
  refuse(findings, question, { code: 'INVALID_SHAPE', sentence: `Its answer is not plain data: ${problem}.` });
  return undefined;
}

/** Staleness needs all answers: the newest block that any of them has seen on a chain is the measure. */
function settle(
  request: SolicitRequest,
  findings: Findings,
  answers: Solicitation['answers'],
  nowSeconds: number,
): Solicitation {
  const newest = new Map<number, number>();
  for (const [chain, time] of Object.entries(request.newestBlockSeconds ?? {})) newest.set(Number(chain), time);
  const ceiling = (chainId: number): number => {
    const known = request.newestBlockSeconds?.[chainId];
    return known === undefined ? nowSeconds + CLOCK_TOLERANCE_SECONDS : known + request.maxAgeSeconds;
  };
  const note = (chainId: number, { timeSeconds }: AsOf): void => {
    // A block from the future would make everybody else look stale.
    if (timeSeconds <= ceiling(chainId)) newest.set(chainId, Math.max(newest.get(chainId) ?? 0, timeSeconds));
  };
  for (const pool of findings.pools) note(pool.chainId, pool.asOf);
  for (const quote of findings.quotes) note(quote.input.token.chainId, quote.asOf);
  for (const { quote } of findings.bridges) note(quote.asOf.chainId ?? quote.input.token.chainId, quote.asOf);

  const fresh = (
    who: Pick<Question, 'adapter' | 'chainId' | 'kind'>,
    chainId: number,
    asOf: AsOf,
    id?: string,
  ): boolean => {
    const behind = (newest.get(chainId) ?? asOf.timeSeconds) - asOf.timeSeconds;
    if (asOf.timeSeconds > ceiling(chainId)) {
      refuse(findings, who, { code: 'STALE', sentence: 'It says that its state is from the future.' }, id);
      return false;
    }
    if (behind <= request.maxAgeSeconds) return true;
    const sentence = `Its state is ${Math.round(behind)} s behind the newest block seen on chain ${chainId}.`;
    refuse(findings, who, { code: 'STALE', sentence }, id);
    return false;
  };
  const pools = findings.pools.filter((pool) =>
    fresh({ adapter: pool.adapter, kind: 'venue', chainId: pool.chainId }, pool.chainId, pool.asOf, pool.id),
  );
  const quotes = findings.quotes.filter(({ adapter, asOf, input: { token } }) =>
    fresh({ adapter, kind: 'venue', chainId: token.chainId }, token.chainId, asOf),
  );
  const bridges = findings.bridges.filter(({ adapter, quote: { asOf, input } }) => {
    const { chainId } = input.token;
    return fresh({ adapter, kind: 'bridge', chainId }, asOf.chainId ?? chainId, asOf);
  });
  // The order of arrival must not decide anything later.
  return Object.freeze({
    pools: Object.freeze(pools.sort((a, b) => compareText(poolKey(a), poolKey(b)))),
    quotes: Object.freeze(quotes.sort((a, b) => compareText(quoteKey(a), quoteKey(b)))),
    bridges: Object.freeze(bridges.sort((a, b) => compareText(quoteKey(a.quote), quoteKey(b.quote)))),
    refusals: Object.freeze(findings.refusals.sort((a, b) => compareText(refusalKey(a), refusalKey(b)))),
    answers: Object.freeze(answers),
  });
}

function poolKey({ adapter, chainId, id }: Pool): string {
  return `${chainId}/${adapter}/${id}`;
}

function quoteKey({ adapter, input, output, id }: Quote): string {
  return `${tokenKey(input.token)}/${tokenKey(output.token)}/${adapter}/${id}`;
}

function refusalKey({ adapter, chainId, code, poolId, sentence }: Refusal): string {
  return `${adapter}/${chainId}/${poolId ?? ''}/${code}/${sentence}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
