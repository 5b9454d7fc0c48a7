import { EvenkeelError } from '@evenkeel/intents';

/** The engine hands this agent work of a portfolio that its file does not have. Code `ENGINE_PORTFOLIO_UNKNOWN`. */
export class EnginePortfolioUnknownError extends EvenkeelError {
  constructor(portfolio: string) {
    super('ENGINE_PORTFOLIO_UNKNOWN', `A run of portfolio "${portfolio}" came to an agent that does not keep it.`, {
      field: 'portfolios',
      value: portfolio,
      hint: 'Give all agents on one engine the same portfolios.',
      retryable: true,
    });
  }
}
