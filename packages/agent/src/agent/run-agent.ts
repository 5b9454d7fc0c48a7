import { EvenkeelError } from '@evenkeel/intents';
import type { Agent } from './agent.js';
import { openPace } from './watch/pace.js';
import { findLeftBehind } from './keeping/left-behind.js';

/** A round has not come to its end in its time. Code `ROUND_TOO_LONG`. */
export class RoundTooLongError extends EvenkeelError {
  constructor(limitMs: number) {
    super('ROUND_TOO_LONG', `A look at all portfolios has not ended within ${limitMs / 1000} s.`, {
      hint: 'Check the nodes; if they are well, spread the portfolios over several agents.',
      retryable: true,
    });
  }
}

/** One round may take so long before it is given up and the next one is begun. */
const ROUND_MS = 120_000;

/**
 * Takes up what was left behind, then looks round after round until the signal aborts; then stops in order: nothing new is
 * begun, what runs gets its time, and what has not ended by then is parked in the journal.
 *
 * @returns how many programmes were parked
 * @throws what keeps it from writing down what happens, AGENT_STATE_IO, once all that runs has ended or is parked
 */
export async function runAgent(agent: Agent, signal: AbortSignal): Promise<number> {
  const { alerts, events, worker } = agent;
  const { mode, shutdownSeconds, watch } = agent.config().agent;
  const started = `The agent starts: ${agent.keepers().length} portfolios, mode ${mode}.`;
  events.emit({ kind: 'agent', level: 'info', code: 'AGENT_STARTED', sentence: started, details: { mode } });
  if (mode === 'live') await takeUp(agent);
  const leading = agent.chains().find(({ id }) => watch.kind === 'block' && id === watch.chainId) ?? agent.chains()[0]!;
  const pace = openPace(watch, leading, agent.clock);
  const end = new AbortController();
  const delivering = alerts.deliver(end.signal).catch((error: unknown) => worker.breakOff(error));
  let parked: number;
  try {
    await lookOn(agent, () => pace.next(signal), signal);
  } finally {
    parked = await worker.stop(shutdownSeconds * 1000);
    end.abort();
    await delivering;
  }
  worker.assertUnbroken();
  const rest = parked === 0 ? '.' : `; ${parked} programmes are parked in the journal.`;
  events.emit({
    kind: 'agent',
    level: 'info',
    code: 'AGENT_STOPPED',
    sentence: `The agent has stopped${rest}`,
    details: { parked },
  });
  return parked;
}

async function takeUp({ alerts, events, journal, keepers }: Agent): Promise<void> {
  for (const { id, intent } of await findLeftBehind(journal, keepers())) {
    const sentence = `Intent ${id} of ${intent.signer} is under way, and none of the portfolios owns it.`;
    events.emit({ kind: 'agent', level: 'warn', code: 'INTENT_ORPHANED', sentence });
    alerts.raise({ key: `orphan:${id}`, level: 'critical', code: 'INTENT_ORPHANED', sentence });
  }
}

async function lookOn(agent: Agent, next: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      await next();
      agent.worker.assertUnbroken();
      await oneRound(agent, signal);
    } catch (error) {
      if (isOver()) return;
      if (!(error instanceof RoundTooLongError)) throw error;
      const { code, message: sentence } = error;
      agent.events.emit({ kind: 'agent', level: 'error', code, sentence });
      agent.alerts.raise({ key: 'round', level: 'critical', code, sentence });
    }
  }
}

/** With a signal of its own, so that nothing gathers on the one that lives as long as the agent. */
async function oneRound(agent: Agent, signal: AbortSignal): Promise<void> {
  const own = new AbortController();
  const follow = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => own.abort(new RoundTooLongError(ROUND_MS)), ROUND_MS);
  try {
    await agent.round(own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}
