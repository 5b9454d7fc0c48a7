import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import type { JsonValue } from '../model/curve.js';
import type { WorkflowContext, WorkflowDefinition } from './context.js';
import { WorkflowChangedError } from './errors.js';
import { type IntentOrder, type OrderedLimits, parseOrder } from './orders.js';

// Types, not interfaces: what an engine writes down has to be JSON, which an interface never is.

export type IntentInput = {
  /** Whose delta is brought back; a name that the turns know. */
  readonly portfolio: string;
  /** Trade exactly this instead of what the policy finds best; signed units. */
  readonly deltaChangeUnits?: string;
};

/** What a turn has come to. */
export type IntentTurn =
  /** The next slice is due then. */
  | { readonly state: 'waiting'; readonly untilSeconds: number }
  /** Something is under way that could not be brought to its end now. */
  | { readonly state: 'blocked'; readonly code: string; readonly sentence: string }
  | { readonly state: 'ended'; readonly outcome: string; readonly sentence: string };

const inputSchema: v.GenericSchema<unknown, IntentInput> = v.strictObject({
  portfolio: v.string(),
  deltaChangeUnits: v.exactOptional(v.pipe(v.string(), v.regex(/^-?\d+(?:\.\d+)?$/))),
});
const turnSchema: v.GenericSchema<unknown, IntentTurn> = v.variant('state', [
  v.strictObject({ state: v.literal('waiting'), untilSeconds: v.pipe(v.number(), v.safeInteger()) }),
  v.strictObject({ state: v.literal('blocked'), code: v.string(), sentence: v.string() }),
  v.strictObject({ state: v.literal('ended'), outcome: v.string(), sentence: v.string() }),
]);

/** What is asked of a turn. */
export interface TurnRequest extends Readonly<IntentInput> {
  /** Whether it may decide and sign, where nothing was left behind. */
  readonly mayBegin: boolean;
  /** Everything that orders have changed by now. */
  readonly limits: OrderedLimits;
}

/**
 * The hands of the workflow. A turn takes an intent from wherever it stands, by the outbox and the chains alone, to where
 * something has to be waited for: it may be run again, by another process, after any crash, and does nothing twice.
 */
export interface IntentTurns {
  next(request: TurnRequest, signal: AbortSignal): Promise<IntentTurn>;
  /** Nothing new is begun, and what is under way is brought to its end. */
  cancel(request: TurnRequest, signal: AbortSignal): Promise<IntentTurn>;
}

/** Of waits after turns that could not go on, in milliseconds; the last one again and again. */
const RETRY_MS = [1_000, 2_000, 5_000, 15_000, 60_000] as const;

/**
 * The workflow of an intent: look, decide and sign, then slice after slice at its time, with orders heard in between.
 * Written once, for any engine; what it waits for survives the process, and what it does is kept by the outbox.
 *
 * @example
 * ```ts
 * const engine = await embeddedEngine({ store, workflows: [intentWorkflow(rebalancerTurns(open))], clock })
 * await engine.start('intent', 'treasury/7', { portfolio: 'treasury' })
 * ```
 */
export function intentWorkflow(turns: IntentTurns): WorkflowDefinition {
  return Object.freeze({
    name: 'intent',
    versions: Object.freeze({ 1: (context, input) => carryOut(context, parseInput(input), turns) }),
  } satisfies WorkflowDefinition);
}

async function carryOut(context: WorkflowContext, input: IntentInput, turns: IntentTurns): Promise<JsonValue> {
  let standing: Standing = { cancelled: false, paused: false, limits: {} };
  let failures = 0;
  for (let count = 0; ; count++) {
    const { cancelled, limits } = standing;
    const request: TurnRequest = { ...input, mayBegin: failures === count, limits };
    const name = `${cancelled ? 'cancel' : 'turn'} ${count}`;
    const turn = parseTurn(
      context,
      await context.step(name, (signal) => (cancelled ? turns.cancel(request, signal) : turns.next(request, signal))),
    );
    if (turn.state === 'ended') return turn;
    const isBlocked = turn.state === 'blocked';
    failures = isBlocked ? failures + 1 : 0;
    const retryMs = RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0;
    const untilMs = isBlocked ? (await context.now()) + retryMs : turn.untilSeconds * 1000;
    standing = await hear(context, standing, untilMs);
  }
}

interface Standing {
  readonly cancelled: boolean;
  readonly paused: boolean;
  readonly limits: OrderedLimits;
}

/** Waits for a time, or as long as it is paused, and takes orders meanwhile; a cancellation ends the waiting. */
async function hear(context: WorkflowContext, before: Standing, untilMs: number): Promise<Standing> {
  let standing = before;
  for (;;) {
    const signal = await context.waitSignal(standing.paused ? undefined : untilMs);
    if (signal === undefined) return standing;
    const order = orderOf(signal);
    if (order === undefined) continue;
    standing = after(standing, order);
    if (order.kind === 'cancel') return standing;
  }
}

function after(standing: Standing, order: IntentOrder): Standing {
  switch (order.kind) {
    case 'cancel':
      return { ...standing, cancelled: true, paused: false };
    case 'pause':
      return { ...standing, paused: true };
    case 'resume':
      return { ...standing, paused: false };
    case 'limits':
      return { ...standing, limits: { ...standing.limits, ...order.limits } };
  }
}

/** Undefined for what is no order: whoever could send it past the check must not end an intent by it. */
function orderOf(signal: JsonValue): IntentOrder | undefined {
  try {
    return parseOrder(signal);
  } catch (error) {
    if (error instanceof EvenkeelError) return undefined;
    throw error;
  }
}

function parseInput(input: JsonValue): IntentInput {
  const parsed = v.safeParse(inputSchema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const hint = 'Give { portfolio }, and deltaChangeUnits as a decimal string where it is wanted.';
  throw new InvalidInputError(v.getDotPath(issue) ?? 'input', issue.input, issue.message, hint);
}

function parseTurn({ id }: WorkflowContext, turn: JsonValue): IntentTurn {
  const parsed = v.safeParse(turnSchema, turn);
  if (parsed.success) return parsed.output;
  throw new WorkflowChangedError(id, 0, 'another answer', 'the answer of a turn');
}
