import { EvenkeelError } from '@evenkeel/intents';

/** A changed file asks for what only a new start can do. Code `AGENT_RESTART_NEEDED`. */
export class AgentRestartNeededError extends EvenkeelError {
  constructor(field: string, value: unknown) {
    super('AGENT_RESTART_NEEDED', `${field} cannot change while the agent runs.`, {
      field,
      value,
      hint: 'Stop the agent and start it again, or take the change back.',
    });
  }
}
