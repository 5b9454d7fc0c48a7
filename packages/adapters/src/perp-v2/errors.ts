import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

const details = (reason: string, more: EvenkeelErrorOptions['details'] = {}) => ({ reason, ...more });

/** The margin of the account does not carry the position that it would have. Code `PERP_MARGIN_TOO_LOW`. */
export class PerpMarginTooLowError extends EvenkeelError {
  constructor(adapter: string, reason: string, atoms: bigint) {
    super('PERP_MARGIN_TOO_LOW', `${adapter}: the account's free collateral does not carry a trade of this size.`, {
      field: 'request.input.atoms',
      value: atoms.toString(),
      hint: 'Deposit margin into the vault first, or ask for less.',
      details: details(reason, { adapter }),
    });
  }
}

/** The trade would move the market further than it lets one block or one trade. Code `PERP_PRICE_LIMIT`. */
export class PerpPriceLimitError extends EvenkeelError {
  constructor(adapter: string, reason: string, atoms: bigint) {
    super('PERP_PRICE_LIMIT', `${adapter}: the trade would take the price outside what the market allows at once.`, {
      field: 'request.input.atoms',
      value: atoms.toString(),
      hint: 'Trade in smaller parts, some blocks apart.',
      retryable: true,
      details: details(reason, { adapter }),
    });
  }
}

/** The market has less liquidity than the trade wants. Code `PERP_LIQUIDITY_SHORT`. */
export class PerpLiquidityShortError extends EvenkeelError {
  constructor(adapter: string, atoms: bigint, taken: bigint) {
    super('PERP_LIQUIDITY_SHORT', `${adapter}: the market takes ${taken} of the ${atoms} atoms that were asked for.`, {
      field: 'request.input.atoms',
      value: atoms.toString(),
      hint: 'Ask for less.',
      details: { adapter, taken: taken.toString() },
    });
  }
}

/** The market is closed, paused or otherwise refuses the trade. Code `PERP_TRADE_REFUSED`. */
export class PerpTradeRefusedError extends EvenkeelError {
  constructor(adapter: string, reason: string) {
    super('PERP_TRADE_REFUSED', `${adapter} refuses the trade: ${reason}.`, {
      hint: 'Look the reason up in the error codes of curie-contract; a paused market opens again, a closed one does not.',
      retryable: true,
      details: details(reason, { adapter }),
    });
  }
}

/** An account whose margin hangs on what is not read here. Code `PERP_MARGIN_UNKNOWN`. */
export class PerpMarginUnknownError extends EvenkeelError {
  constructor(reason: string) {
    super('PERP_MARGIN_UNKNOWN', `Perp v2: the margin of the account is not known: ${reason}.`, {
      hint: 'Keep hedges in an account of their own, and list every collateral in the market.',
      details: { reason },
    });
  }
}

/** The vault's cap for all depositors together leaves less than is to be put in. Code `PERP_VAULT_FULL`. */
export class PerpVaultFullError extends EvenkeelError {
  constructor(symbol: string, wanted: string, room: string) {
    super('PERP_VAULT_FULL', `Perp v2: ${wanted} ${symbol} are to be deposited, and the vault takes ${room} more.`, {
      field: 'atoms',
      value: wanted,
      hint: 'Deposit less, reduce the position (planReduction), or hedge with another instrument.',
      retryable: true,
      details: { wanted, room },
    });
  }
}
