import { Interface } from 'ethers/abi';
import { concat, toBeHex } from 'ethers/utils';
import { encodePolicy, marketProof, marketTuple, orderTuple, policyTuple, TYPES } from './policy.js';
import type { Address, BandAttestation, BandOrder, BandPolicy, Hex } from './types.js';

const ATTESTATION_TYPE = 'tuple(uint96 low, uint96 high, uint32 sequence, uint32 validUntil, bytes signature)';

const band = new Interface([
  `function grant(${TYPES.policy} policy) returns (bytes32)`,
  'function revoke(bytes32 grantId)',
  'function revokeAll()',
  'function revokeFor(address account, bytes32 grantId, bytes signature)',
  'function revokeAllFor(address account, uint48 issuedUntil, bytes signature)',
  `function attest(address account, ${TYPES.policy} policy, ${TYPES.market} market, bytes32[] proof, ${ATTESTATION_TYPE} attestation)`,
  `function rebalance(${TYPES.policy} policy, ${TYPES.market} market, bytes32[] proof, ${TYPES.order} order, ${ATTESTATION_TYPE}[] attestation)`,
]);
const account = new Interface([
  'function execute(bytes32 mode, bytes executionCalldata)',
  'function installModule(uint256 moduleTypeId, address module, bytes initData)',
  'function uninstallModule(uint256 moduleTypeId, address module, bytes deInitData)',
]);

/** A call without value. */
export interface BandCall {
  readonly to: Address;
  readonly data: Hex;
}

const call = (to: Address, data: string): BandCall => Object.freeze({ to, data: data as Hex });

/** ERC-7579: one call, reverting with it. */
const SINGLE = `0x${'00'.repeat(32)}`;
const BATCH = `0x01${'00'.repeat(31)}`;
const EXECUTOR = 2;
const VALIDATOR = 1;

/**
 * What an account of ERC-7579 calls on itself so that it obeys the module and the policy is granted. Where there is a policy
 * key, storage for its first attestations is filled at once: an operation that brings one along then costs 17,100 gas less.
 */
export function installCalls(self: Address, module: Address, policy: BandPolicy): readonly BandCall[] {
  const install = (type: number, data: Hex): BandCall =>
    call(self, account.encodeFunctionData('installModule', [type, module, data]));
  const attested = BigInt(policy.policyKey) === 0n ? [] : policy.markets.map(({ base }) => toBeHex(base, 32));
  return [install(EXECUTOR, '0x'), install(VALIDATOR, concat([encodePolicy(policy), ...attested]) as Hex)];
}

/** Both types off: every grant ends, and the module is no longer asked. */
export function uninstallCalls(self: Address, module: Address): readonly BandCall[] {
  return [VALIDATOR, EXECUTOR].map((type) =>
    call(self, account.encodeFunctionData('uninstallModule', [type, module, '0x'])),
  );
}

/** One more grant on an account that has the module already. */
export function grantCall(module: Address, policy: BandPolicy): BandCall {
  return call(module, band.encodeFunctionData('grant', [policyTuple(policy)]));
}

/** Ends one grant; called by the account. */
export function revokeCall(module: Address, grantId: Hex): BandCall {
  return call(module, band.encodeFunctionData('revoke', [grantId]));
}

/** Ends all grants of the account that calls. */
export function revokeAllCall(module: Address): BandCall {
  return call(module, band.encodeFunctionData('revokeAll'));
}

/** Ends one grant by the owner's signature; called by anybody. */
export function revokeForCall(module: Address, self: Address, grantId: Hex, signature: Hex): BandCall {
  return call(module, band.encodeFunctionData('revokeFor', [self, grantId, signature]));
}

/** Ends all grants that started until then, by the owner's signature; called by anybody, on every chain. */
export function revokeAllForCall(module: Address, self: Address, issuedUntil: number, signature: Hex): BandCall {
  return call(module, band.encodeFunctionData('revokeAllFor', [self, issuedUntil, signature]));
}

/** Moves the interval of the market at `index`; called by anybody. */
export function attestCall(
  module: Address,
  self: Address,
  policy: BandPolicy,
  index: number,
  attestation: BandAttestation,
): BandCall {
  return call(
    module,
    band.encodeFunctionData('attest', [
      self,
      policyTuple(policy),
      marketTuple(policy.markets[index]!),
      marketProof(policy, index),
      attestation,
    ]),
  );
}

/** The one thing that a session key may have its account do. */
export function rebalanceCall(
  module: Address,
  policy: BandPolicy,
  index: number,
  order: BandOrder,
  attestation?: BandAttestation,
): BandCall {
  return call(
    module,
    band.encodeFunctionData('rebalance', [
      policyTuple(policy),
      marketTuple(policy.markets[index]!),
      marketProof(policy, index),
      orderTuple(order),
      attestation === undefined ? [] : [attestation],
    ]),
  );
}

/** Calldata of `execute` of an ERC-7579 account: one call as it is, several as a batch that reverts as a whole. */
export function executeCalldata(
  calls: readonly { readonly to: Address; readonly data: Hex; readonly valueWei?: bigint }[],
): Hex {
  const [only, second] = calls;
  if (only !== undefined && second === undefined) {
    const packed = concat([only.to, toBeHex(only.valueWei ?? 0n, 32), only.data]);
    return account.encodeFunctionData('execute', [SINGLE, packed]) as Hex;
  }
  const batch = executions.encodeFunctionData('batch', [
    calls.map(({ data, to, valueWei }) => ({ target: to, value: valueWei ?? 0n, data })),
  ]);
  return account.encodeFunctionData('execute', [BATCH, `0x${batch.slice(10)}`]) as Hex;
}

const executions = new Interface(['function batch(tuple(address target, uint256 value, bytes data)[])']);
