import { EvenkeelError } from '@evenkeel/intents';

/** A configuration file that cannot be read or is no YAML. Code `CONFIG_UNREADABLE`. */
export class ConfigUnreadableError extends EvenkeelError {
  constructor(file: string, cause: unknown) {
    super('CONFIG_UNREADABLE', `Cannot read the configuration ${file}.`, {
      field: 'config',
      value: file,
      hint: cause instanceof Error ? `${cause.message.split('\n')[0] ?? ''}.` : 'Check the path.',
      cause,
    });
  }
}

/** A chain that is not described, and does not say itself what is on it. Code `UNKNOWN_CHAIN`. */
export class ChainNotDescribedError extends EvenkeelError {
  constructor(field: string, chainId: number, missing: string, known: readonly number[]) {
    super('UNKNOWN_CHAIN', `${field}: there is no description of chain ${chainId}, and it gives no ${missing}.`, {
      field,
      value: chainId,
      hint: `Use one of ${known.join(', ')}, or write the chain's ${missing} into the configuration.`,
      details: { known, missing },
    });
  }
}

/** A symbol that the chain's description does not have. Code `UNKNOWN_TOKEN`. */
export class TokenNotDescribedError extends EvenkeelError {
  constructor(field: string, chainName: string, symbol: string, known: readonly string[]) {
    super(
      'UNKNOWN_TOKEN',
      `${field}: there is no token ${JSON.stringify(symbol)} in the description of ${chainName}.`,
      {
        field,
        value: symbol,
        hint: `Use one of ${known.join(', ')}, or give the token's address, symbol and decimals.`,
        details: { known },
      },
    );
  }
}

/** Gas is paid in a coin whose price nobody has said. Code `NATIVE_PRICE_MISSING`. */
export class NativePriceMissingError extends EvenkeelError {
  constructor(field: string, chainName: string, coin: string, underlying: string) {
    super('NATIVE_PRICE_MISSING', `${field}: gas on ${chainName} is paid in ${coin}, which is not ${underlying}.`, {
      field,
      value: undefined,
      hint: `Give nativePriceUsd, the price of one ${coin}, such as "0.25".`,
      details: { coin },
    });
  }
}
