import type { Chain, Hex, Token } from '@evenkeel/core';
import type { Portfolio } from '@evenkeel/core/rebalancer';
import { EvenkeelError } from '@evenkeel/intents';

/** The configuration and the token's contract disagree on its decimals. Code `TOKEN_DECIMALS_MISMATCH`. */
export class TokenDecimalsMismatchError extends EvenkeelError {
  constructor(field: string, { address, chainId, decimals, symbol }: Token, found: number) {
    const sentence = `${field}: ${symbol} on chain ${chainId} has ${found} decimals, not ${decimals}.`;
    super('TOKEN_DECIMALS_MISMATCH', sentence, {
      field,
      value: decimals,
      hint: `Write ${found} if ${address} is the token that you mean; else correct its address.`,
      details: { chainId, address, found },
    });
  }
}

/** What stands at a token's address does not answer as a token does. Code `TOKEN_UNREADABLE`. */
export class TokenUnreadableError extends EvenkeelError {
  constructor(field: string, { address, chainId, symbol }: Token) {
    super(
      'TOKEN_UNREADABLE',
      `${field}: no token answers at ${address} on chain ${chainId}, where ${symbol} should be.`,
      {
        field,
        value: address,
        hint: 'Check the address and the chain.',
        details: { chainId },
      },
    );
  }
}

/** `decimals()` of ERC-20. */
const DECIMALS: Hex = '0x313ce567';

/**
 * Asks every token of a portfolio for its decimals, one request a chain. A wrong number here would make every amount
 * wrong by powers of ten, so that this comes before anything else.
 *
 * @throws {TokenDecimalsMismatchError} TOKEN_DECIMALS_MISMATCH
 * @throws {TokenUnreadableError} TOKEN_UNREADABLE; RPC_* where the chain cannot be read
 *
 * @example
 * ```ts
 * const { portfolio, ports } = assemble(loadConfig('book.yaml'), surroundings)
 * await checkTokens(portfolio, ports.chains)
 * ```
 */
export async function checkTokens(
  { baseTokens, quoteTokens }: Pick<Portfolio, 'baseTokens' | 'quoteTokens'>,
  chains: readonly Chain[],
  signal?: AbortSignal,
): Promise<void> {
  await Promise.all(
    chains.map(async (chain, index) => {
      const field = (side: 'base' | 'quote') => `chains.${index}.${side}`;
      const wanted = [
        ...baseTokens.map((token) => ({ token, field: field('base') })),
        ...quoteTokens.map((token) => ({ token, field: field('quote') })),
      ].filter(({ token }) => token.chainId === chain.id);
      const { results } = await chain.read(
        wanted.map(({ token }) => ({ to: token.address, data: DECIMALS })),
        signal,
      );
      for (const [at, { field: of, token }] of wanted.entries()) {
        const found = decimalsIn(results[at]?.success === true ? results[at].data : '0x');
        if (found === undefined) throw new TokenUnreadableError(`${of}.address`, token);
        if (found !== token.decimals) throw new TokenDecimalsMismatchError(`${of}.decimals`, token, found);
      }
    }),
  );
}

/** One word that fits into a uint8; anything else is no answer. */
function decimalsIn(data: Hex): number | undefined {
  if (data.length !== 66) return undefined;
  const value = BigInt(data);
  return value <= 255n ? Number(value) : undefined;
}
