import { InvalidInputError } from '@evenkeel/intents';
import { type Address, type Call, type Hex, sameAddress } from '@evenkeel/core';
import type { BandPolicy } from '@evenkeel/contracts';
import { sendCallsRequest, type SendCallsRequest } from '../eip5792/request.js';
import type { Eip1193Provider } from '../eip5792/provider.js';
import { checksummed } from '../checksummed.js';
import { describeGrant, type GrantDescription, type GrantNames } from '../session/describe-grant.js';
import { permissionRequest, type PermissionRequest } from './permission.js';
import {
  assertOnChain,
  prepareUnsigned,
  type UnsignedOperationOffer,
  type WalletOperationOptions,
} from './unsigned-operation.js';

/** One chain's part of what is offered to a wallet. Nothing has been signed or sent. */
export interface WalletOffer {
  readonly chainId: number;
  /** Sentences for the person who is to agree. */
  readonly description: readonly string[];
  /** With a grant: the most that can be lost. */
  readonly grant?: GrantDescription;
  /** (a) For `wallet_sendCalls` (EIP-5792). */
  sendCalls(id: Hex): SendCallsRequest;
  /** (b) For a wallet that is a contract account, or has one: an operation to sign, with what is signed. */
  userOperation(options: WalletOperationOptions, signal?: AbortSignal): Promise<UnsignedOperationOffer>;
  /** (c) For `wallet_requestExecutionPermissions` (ERC-7715); undefined when no grant is offered. */
  readonly permission: PermissionRequest | undefined;
}

export interface WalletOfferRequest {
  readonly account: Address;
  /**
   * What is to happen, of any chains: trades of a programme, or `grantCalls`, `revokeCalls`. Calls of one chain happen all or
   * none, in their order.
   */
  readonly calls: readonly Call[];
  /** The grants among them, at most one a chain: for words, and for a permission request. */
  readonly policies?: readonly BandPolicy[];
  /** The wallet's provider for each chain. Only asked; nothing is sent through it here. */
  readonly providers: Readonly<Record<number, Eip1193Provider>>;
  readonly names?: Readonly<Record<number, GrantNames>>;
}

/**
 * What a wallet is offered for a portfolio: per chain, and at its choice, calls, an unsigned user operation with its typed
 * data and hash, or a permission request; each with words for the person. The wallet keeps its keys and sends by itself.
 *
 * @throws INVALID_INPUT for a chain without provider, and for calls of no chain; GRANT_MALFORMED; WALLET_WRONG_CHAIN when a
 * provider is on another chain; ACCOUNT_WALLET_* and WALLET_GARBAGE for what a provider answers
 *
 * @example
 * ```ts
 * const [offer] = await offerToWallet({ account, calls, policies: [policy], providers: { 8453: window.ethereum } })
 * await window.ethereum.request({ method: 'wallet_sendCalls', params: [offer.sendCalls(id)] })
 * ```
 */
export async function offerToWallet(
  request: WalletOfferRequest,
  signal?: AbortSignal,
): Promise<readonly WalletOffer[]> {
  const account = checksummed('account', request.account, 'Give the address of the account in the wallet.');
  const policies = request.policies ?? [];
  const chainIds = [...new Set([...request.calls, ...policies].map(({ chainId }) => chainId))].sort((a, b) => a - b);
  if (chainIds.length === 0) throw new InvalidInputError('calls', [], 'is empty', 'Give calls, or a policy.');
  for (const chainId of chainIds) {
    if (request.providers[chainId] === undefined) {
      throw new InvalidInputError(`providers.${chainId}`, undefined, 'is missing', 'Give a provider for each chain.');
    }
  }
  // All are looked at before the first is offered: nothing is half granted because the last provider was elsewhere.
  await Promise.all(chainIds.map((chainId) => assertOnChain(request.providers[chainId]!, chainId, signal)));
  return Object.freeze(chainIds.map((chainId) => offerOn(request, account, chainId)));
}

function offerOn(request: WalletOfferRequest, account: Address, chainId: number): WalletOffer {
  const calls = request.calls.filter((call) => call.chainId === chainId);
  const policy = request.policies?.find((each) => each.chainId === chainId);
  const names = request.names?.[chainId] ?? { tokens: [] };
  const grant = policy === undefined ? undefined : describeGrant(policy, names);
  const provider = request.providers[chainId]!;
  return Object.freeze<WalletOffer>({
    chainId,
    description: Object.freeze([
      ...calls.filter(({ to }) => !sameAddress(to, account)).map(({ description }) => sentence(description)),
      ...(grant?.sentences ?? []),
    ]),
    ...(grant && { grant }),
    sendCalls: (id) => sendCallsRequest({ id, chainId, from: account, calls }),
    userOperation: (options, signal) => prepareUnsigned({ account, calls, chainId, provider }, options, signal),
    permission: policy === undefined ? undefined : permissionRequest(account, policy),
  });
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
