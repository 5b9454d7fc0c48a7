import {
  type Address,
  type Chain,
  type Hex,
  NATIVE_ADDRESS,
  sameAddress,
  type Token,
  type TypedData,
} from '@evenkeel/core';
import * as v from 'valibot';
import { deepFreeze } from '../common/freeze.js';
import { ContractUnreadableError } from '../common/errors.js';
import { coder, COMMAND, PERMIT_BATCH_TYPE, PERMIT_SINGLE_TYPE, permit2Abi } from './abi.js';
import type { BundlePlan } from './bundle.js';
import type { UniversalRouterChain } from './config.js';
import { RouterPermitMismatchError } from './errors.js';

/** What Permit2 lets the router take of one token. */
export interface PermitDetails {
  readonly token: Address;
  /** Exactly what the bundle draws. */
  readonly amount: bigint;
  /** 0: only in the block in which the permit is used, so that nothing of it outlives the transaction. */
  readonly expiration: 0;
  /** Permit2's counter for (owner, token, spender); a signature for a nonce that is past is void. */
  readonly nonce: number;
}

/** A permit of Permit2's allowance transfers: a single one for one token, a batch for several. */
export interface RouterPermit {
  readonly details: readonly PermitDetails[];
  readonly spender: Address;
  /** Unix seconds: the bundle's deadline. */
  readonly sigDeadline: number;
}

const PERMIT_DETAILS = [
  { name: 'token', type: 'address' },
  { name: 'amount', type: 'uint160' },
  { name: 'expiration', type: 'uint48' },
  { name: 'nonce', type: 'uint48' },
] as const;

/** Tokens of the sender that the router draws through Permit2: all but the native coin, which travels with the call. */
export function permittedTokens(plan: BundlePlan): readonly Token[] {
  return plan.draws.map(({ token }) => token).filter(({ address }) => !sameAddress(address, NATIVE_ADDRESS));
}

/**
 * The permit that the bundle needs; `undefined` when it draws no token.
 *
 * @param nonces Permit2's counters by token address, any letter case: {@link readPermitNonces}.
 * @throws {RouterPermitMismatchError} when a nonce is missing.
 */
export function permitFor(
  plan: BundlePlan,
  config: UniversalRouterChain,
  nonces: ReadonlyMap<string, number>,
): RouterPermit | undefined {
  const byToken = new Map([...nonces].map(([token, nonce]) => [token.toLowerCase(), nonce]));
  const details = permittedTokens(plan).map(({ address }): PermitDetails => {
    const nonce = byToken.get(address.toLowerCase());
    if (nonce === undefined) throw new RouterPermitMismatchError('nonces', address, 'has no nonce for this token');
    const { atoms } = plan.draws.find(({ token }) => sameAddress(token.address, address))!;
    return { token: address, amount: atoms, expiration: 0, nonce };
  });
  if (details.length === 0) return undefined;
  return deepFreeze({ details, spender: config.universalRouter, sigDeadline: plan.bundle.deadline });
}

/** What the sender signs. Permit2's domain has no version. */
export function permitTypedData(permit: RouterPermit, chainId: number, permit2: Address): TypedData {
  const single = permit.details.length === 1;
  const { details, spender, sigDeadline } = permit;
  return deepFreeze<TypedData>({
    domain: { name: 'Permit2', chainId, verifyingContract: permit2 },
    types: {
      [single ? 'PermitSingle' : 'PermitBatch']: [
        { name: 'details', type: single ? 'PermitDetails' : 'PermitDetails[]' },
        { name: 'spender', type: 'address' },
        { name: 'sigDeadline', type: 'uint256' },
      ],
      PermitDetails: PERMIT_DETAILS,
    },
    message: { details: single ? details[0]! : details, spender, sigDeadline },
  });
}

/** The command that hands the signed permit to Permit2, and its input. */
export function permitCommand(permit: RouterPermit, signature: Hex): { readonly command: string; readonly input: Hex } {
  const [first] = permit.details;
  const single = permit.details.length === 1;
  const value = { ...permit, details: single ? first! : permit.details };
  return {
    command: single ? COMMAND.PERMIT2_PERMIT : COMMAND.PERMIT2_PERMIT_BATCH,
    input: coder.encode([single ? PERMIT_SINGLE_TYPE : PERMIT_BATCH_TYPE, 'bytes'], [value, signature]) as Hex,
  };
}

/** A permit that lets the router take more or less than the bundle draws, or somebody else take it, is not used. */
export function assertPermitFits(permit: RouterPermit, plan: BundlePlan, config: UniversalRouterChain): void {
  if (!sameAddress(permit.spender, config.universalRouter)) {
    throw new RouterPermitMismatchError('permit.spender', permit.spender, `is not ${config.universalRouter}`);
  }
  if (permit.sigDeadline !== plan.bundle.deadline) {
    throw new RouterPermitMismatchError('permit.sigDeadline', permit.sigDeadline, 'is not the deadline of the bundle');
  }
  const wanted = permittedTokens(plan);
  if (permit.details.length !== wanted.length) {
    throw new RouterPermitMismatchError(
      'permit.details',
      permit.details.length,
      `does not name ${wanted.length} tokens`,
    );
  }
  for (const { atoms, token } of plan.draws.filter((draw) => wanted.some((each) => each === draw.token))) {
    const found = permit.details.find((each) => sameAddress(each.token, token.address));
    if (found?.amount === atoms) continue;
    throw new RouterPermitMismatchError('permit.details', found?.amount, `is not ${atoms} atoms of ${token.symbol}`);
  }
}

const allowanceSchema = v.object({ nonce: v.pipe(v.bigint(), v.minValue(0n), v.maxValue((1n << 48n) - 1n)) });

/**
 * Permit2's counters of an owner for the router, by token address in lower case; all in one request.
 *
 * @throws {ContractUnreadableError} when Permit2 answers something else.
 */
export async function readPermitNonces(
  chain: Chain,
  config: Pick<UniversalRouterChain, 'permit2' | 'universalRouter'>,
  owner: Address,
  tokens: readonly Token[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const calls = tokens.map(({ address }) => ({
    to: config.permit2,
    data: permit2Abi.encodeFunctionData('allowance', [owner, address, config.universalRouter]) as Hex,
  }));
  if (calls.length === 0) return new Map();
  const { results } = await chain.read(calls, signal);
  return new Map(
    tokens.map(({ address }, index) => [
      address.toLowerCase(),
      nonceOf(results[index]?.data, chain.id, config.permit2),
    ]),
  );
}

function nonceOf(data: Hex | undefined, chainId: number, permit2: Address): number {
  try {
    const fields = permit2Abi.decodeFunctionResult('allowance', data ?? '0x').toObject();
    return Number(v.parse(allowanceSchema, fields).nonce);
  } catch {
    throw new ContractUnreadableError(chainId, permit2, 'allowance');
  }
}
