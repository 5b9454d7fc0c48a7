import { type Address } from '@evenkeel/core';
import * as v from 'valibot';
import { toQuantity } from '../rpc/schemas.js';
import { askWallet, type Eip1193Provider } from './provider.js';

/** What a wallet can do on one chain (EIP-5792). */
export interface WalletCapabilities {
  /**
   * Whether several calls happen all or none: `ready` means that the wallet will first ask its user to upgrade the
   * account.
   */
  readonly atomic: 'supported' | 'ready' | 'unsupported';
  /** It takes the URL of an ERC-7677 paymaster service. */
  readonly paymasterService: boolean;
}

const atomicSchema = v.object({ status: v.picklist(['supported', 'ready', 'unsupported']) });
const capabilitySchema = v.object({
  atomic: v.optional(atomicSchema),
  paymasterService: v.optional(v.object({ supported: v.optional(v.boolean(), false) })),
});
const answerSchema = v.record(v.pipe(v.string(), v.regex(/^0x[0-9a-f]+$/i)), v.unknown());

/**
 * Asks a wallet what it can do for an account. What it does not mention, it cannot do.
 *
 * @throws ACCOUNT_WALLET_*, WALLET_GARBAGE, ABORTED
 *
 * @example
 * ```ts
 * const { atomic } = await walletCapabilities(window.ethereum, address, 1)
 * ```
 */
export async function walletCapabilities(
  provider: Eip1193Provider,
  account: Address,
  chainId: number,
  signal?: AbortSignal,
): Promise<WalletCapabilities> {
  const id = toQuantity(chainId);
  const answer = await askWallet(provider, 'wallet_getCapabilities', [account, [id]], answerSchema, signal);
  // `0x0` stands for all chains; what is said of the chain itself goes before it.
  const [everywhere, here] = ['0x0', id].map((key) => parse(answer[key]));
  const atomic = here?.atomic ?? everywhere?.atomic;
  const paymaster = here?.paymasterService ?? everywhere?.paymasterService;
  return Object.freeze({ atomic: atomic?.status ?? 'unsupported', paymasterService: paymaster?.supported ?? false });
}

function parse(entry: unknown): v.InferOutput<typeof capabilitySchema> | undefined {
  const parsed = v.safeParse(capabilitySchema, entry);
  return parsed.success ? parsed.output : undefined;
}
