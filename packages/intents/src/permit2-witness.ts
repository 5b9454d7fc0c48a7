import { TypedDataEncoder } from 'ethers/hash';
import { deepFreeze } from './freeze.js';
import { check, ownerAddress } from './input.js';
import type { Address, Hex } from './intent.js';
import { signTypedData } from './sign.js';
import type { TypedDataSigner } from './sign.js';
import { parseStandardOrder } from './standard-order.js';
import type { StandardOrder } from './standard-order.js';
import { mutableTypes, typedDataPayload } from './typed-data.js';
import type { TypedDataPayload, TypedDataTypes } from './typed-data.js';

/** Permit2's address on every chain that has it. */
export const PERMIT2_ADDRESS: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3';

const WITNESS_TYPES: TypedDataTypes = deepFreeze({
  Permit2Witness: [
    { name: 'user', type: 'address' },
    { name: 'expires', type: 'uint32' },
    { name: 'inputOracle', type: 'address' },
    { name: 'outputs', type: 'MandateOutput[]' },
  ],
  MandateOutput: [
    { name: 'oracle', type: 'bytes32' },
    { name: 'settler', type: 'bytes32' },
    { name: 'chainId', type: 'uint256' },
    { name: 'token', type: 'bytes32' },
    { name: 'amount', type: 'uint256' },
    { name: 'recipient', type: 'bytes32' },
    { name: 'callbackData', type: 'bytes' },
    { name: 'context', type: 'bytes' },
  ],
});

const PERMIT_TYPES: TypedDataTypes = deepFreeze({
  PermitBatchWitnessTransferFrom: [
    { name: 'permitted', type: 'TokenPermissions[]' },
    { name: 'spender', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
    { name: 'witness', type: 'Permit2Witness' },
  ],
  TokenPermissions: [
    { name: 'token', type: 'address' },
    { name: 'amount', type: 'uint256' },
  ],
  ...WITNESS_TYPES,
});

/** The `witnessTypeString` that Permit2 appends to its own stub: the rest of the type, structs in alphabetical order. */
export const PERMIT2_WITNESS_TYPE_STRING: string =
  'Permit2Witness witness)MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)TokenPermissions(address token,uint256 amount)';

/** First byte of the signature that `openFor` takes, for "signed for Permit2". */
const SIGNATURE_TYPE_PERMIT2 = '00';

/** Who may draw the inputs: the input settler on the origin chain. */
export interface Permit2Options {
  readonly spender: Address;
  /** Where Permit2 is. Default: {@link PERMIT2_ADDRESS}. */
  readonly permit2?: Address;
}

/**
 * Hash of the order's witness struct, as `permitWitnessTransferFrom` takes it.
 *
 * @throws {InvalidInputError} when the order breaks its schema.
 */
export function permit2WitnessHash(order: StandardOrder): Hex {
  return TypedDataEncoder.hashStruct(
    'Permit2Witness',
    mutableTypes(WITNESS_TYPES),
    witness(parseStandardOrder(order)),
  ) as Hex;
}

/**
 * Typed data with which the user lets the settler draw exactly the order's inputs, once, for exactly this order: the
 * permit's nonce is the order's, its deadline the fill deadline. JSON for `eth_signTypedData_v4`.
 *
 * @throws {InvalidInputError} when the order or an address breaks its schema.
 */
export function permit2TypedData(order: StandardOrder, options: Permit2Options): TypedDataPayload {
  const { domain, message } = permitData(parseStandardOrder(order), options);
  return typedDataPayload(domain, PERMIT_TYPES, message);
}

/**
 * Signs an order for Permit2, and prefixes the signature with 0x00 as an OIF input settler's `openFor` wants it.
 * Permit2 itself takes it without the prefix: {@link bareSignature}.
 *
 * @throws {InvalidInputError} when the order breaks its schema.
 * @throws {IntentSigningError} when the signer refuses.
 * @example
 * ```ts
 * const signature = await signStandardOrder(order, { spender: inputSettler }, wallet);
 * await settler.openFor(encodeStandardOrder(order), order.user, signature);
 * ```
 */
export async function signStandardOrder(
  order: StandardOrder,
  options: Permit2Options,
  signer: TypedDataSigner,
): Promise<Hex> {
  const { domain, message } = permitData(parseStandardOrder(order), options);
  const signature = await signTypedData(signer, domain, PERMIT_TYPES, message);
  return `0x${SIGNATURE_TYPE_PERMIT2}${signature.slice(2)}`;
}

/** The signature without the byte that says its type. */
export function bareSignature(signature: Hex): Hex {
  return `0x${signature.slice(4)}`;
}

function permitData(
  order: StandardOrder,
  options: Permit2Options,
): { readonly domain: Readonly<Record<string, unknown>>; readonly message: Readonly<Record<string, unknown>> } {
  return {
    // Permit2's domain has no version field.
    domain: {
      name: 'Permit2',
      chainId: order.originChainId,
      verifyingContract: check(ownerAddress, options.permit2 ?? PERMIT2_ADDRESS, 'permit2'),
    },
    message: {
      permitted: order.inputs,
      spender: check(ownerAddress, options.spender, 'spender'),
      nonce: order.nonce,
      deadline: order.fillDeadline,
      witness: witness(order),
    },
  };
}

function witness({ user, expires, inputOracle, outputs }: StandardOrder): Readonly<Record<string, unknown>> {
  return { user, expires, inputOracle, outputs };
}
