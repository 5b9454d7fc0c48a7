import { AbiCoder } from 'ethers/abi';
import { keccak256 } from 'ethers/crypto';
import { solidityPackedKeccak256 } from 'ethers/hash';
import { concat, toBeHex } from 'ethers/utils';
import * as v from 'valibot';
import { InvalidInputError } from './errors.js';
import { deepFreeze } from './freeze.js';
import { address, bytes, bytes32, chainId, check, integer, list, ownerAddress, record, uint256 } from './input.js';
import type { Address, Hex } from './intent.js';

/** What has to arrive, and who proves it. Open Intents Framework, `MandateOutput`. */
export interface MandateOutput {
  /** Proves the fill to the origin chain; an address left-padded to 32 bytes on EVM chains. */
  readonly oracle: Hex;
  /** Settles the output on its chain. */
  readonly settler: Hex;
  readonly chainId: number;
  readonly token: Hex;
  /** Atoms of the output token. */
  readonly amount: bigint;
  readonly recipient: Hex;
  /** Delivered to the recipient with the output; `0x` for none. */
  readonly callbackData: Hex;
  /** Kind of auction and the like, as the settler defines it; `0x` for a plain limit order. */
  readonly context: Hex;
}

/** One token that the order takes on its origin chain. */
export interface OrderInput {
  readonly token: Address;
  /** Atoms, exact. */
  readonly amount: bigint;
}

/** An order of the Open Intents Framework: fixed inputs on one chain against outputs on any. */
export interface StandardOrder {
  readonly user: Address;
  readonly nonce: bigint;
  readonly originChainId: number;
  /** Unix seconds from which the inputs can be refunded. */
  readonly expires: number;
  /** Unix seconds until which the outputs may be filled. */
  readonly fillDeadline: number;
  readonly inputOracle: Address;
  readonly inputs: readonly OrderInput[];
  readonly outputs: readonly MandateOutput[];
}

const MANDATE_OUTPUT =
  'tuple(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)';
const STANDARD_ORDER = `tuple(address user,uint256 nonce,uint256 originChainId,uint32 expires,uint32 fillDeadline,address inputOracle,uint256[2][] inputs,${MANDATE_OUTPUT}[] outputs)`;

const uint32Seconds = integer(1, 0xffff_ffff, 'Give unix time in whole seconds that fits 32 bits.');
const positive = v.pipe(
  uint256,
  v.check((atoms) => atoms > 0n, 'is not positive\nGive atoms of the token.'),
);

const standardOrderSchema: v.GenericSchema<unknown, StandardOrder> = record({
  user: ownerAddress,
  nonce: uint256,
  originChainId: chainId,
  expires: uint32Seconds,
  fillDeadline: uint32Seconds,
  inputOracle: address,
  inputs: list(record({ token: address, amount: positive })),
  outputs: list(
    record({
      oracle: bytes32,
      settler: bytes32,
      chainId,
      token: bytes32,
      amount: positive,
      recipient: bytes32,
      callbackData: bytes,
      context: bytes,
    }),
  ),
});

/**
 * Validates and normalises an order from outside; the result is frozen. In JSON, amounts are strings of digits.
 *
 * @throws {InvalidInputError} naming the field.
 */
export function parseStandardOrder(input: unknown): StandardOrder {
  const order = check(standardOrderSchema, input, 'order');
  if (order.fillDeadline > order.expires) {
    throw new InvalidInputError(
      'fillDeadline',
      order.fillDeadline,
      'is after expires, so that a fill could go unpaid',
      'Let the order expire after its fill deadline.',
    );
  }
  return deepFreeze(order);
}

/**
 * `abi.encode(order)`: what `open` and `openFor` of an input settler take.
 *
 * @throws {InvalidInputError} when the order breaks its schema.
 */
export function encodeStandardOrder(order: StandardOrder): Hex {
  const { inputs, ...rest } = parseStandardOrder(order);
  return AbiCoder.defaultAbiCoder().encode([STANDARD_ORDER], [{ ...rest, inputs: inputs.map(inputWords) }]) as Hex;
}

/**
 * Reads what {@link encodeStandardOrder} wrote. Only the canonical encoding is accepted, so that an order has one id.
 *
 * @throws {InvalidInputError} for bytes that are no order, or another spelling of one.
 */
export function decodeStandardOrder(encoded: Hex): StandardOrder {
  const order = parseStandardOrder(decodeFields(check(bytes, encoded, 'order')));
  if (encodeStandardOrder(order) !== encoded.toLowerCase()) {
    throw new InvalidInputError('order', encoded, 'is not the canonical encoding', 'Encode it with abi.encode.');
  }
  return order;
}

/**
 * The id under which an input settler keeps the order:
 * `keccak256(encodePacked(chainId, settler, user, nonce, expires, fillDeadline, inputOracle, keccak256(inputs), abi.encode(outputs)))`
 * (oif-contracts, `StandardOrderType.orderIdentifier`).
 *
 * @param inputSettler the settler on the origin chain; the same order has another id in another settler.
 * @throws {InvalidInputError} when the order breaks its schema.
 */
export function standardOrderId(order: StandardOrder, inputSettler: Address): Hex {
  const checked = parseStandardOrder(order);
  const settler = check(ownerAddress, inputSettler, 'inputSettler');
  const words = checked.inputs.flatMap(inputWords).map((word) => toBeHex(word, 32));
  return solidityPackedKeccak256(
    ['uint256', 'address', 'address', 'uint256', 'uint32', 'uint32', 'address', 'bytes32', 'bytes'],
    [
      checked.originChainId,
      settler,
      checked.user,
      checked.nonce,
      checked.expires,
      checked.fillDeadline,
      checked.inputOracle,
      keccak256(concat(words)),
      AbiCoder.defaultAbiCoder().encode([`${MANDATE_OUTPUT}[]`], [checked.outputs]),
    ],
  ) as Hex;
}

/** An EVM address as the 32 bytes that outputs use. */
export function addressToBytes32(value: Address): Hex {
  return `0x${'00'.repeat(12)}${check(address, value, 'address').slice(2).toLowerCase()}`;
}

function inputWords({ token, amount }: OrderInput): readonly [bigint, bigint] {
  return [BigInt(token), amount];
}

function decodeFields(encoded: Hex): unknown {
  try {
    const [order] = AbiCoder.defaultAbiCoder().decode([STANDARD_ORDER], encoded) as unknown as [DecodedOrder];
    return {
      user: order.user,
      nonce: order.nonce,
      originChainId: Number(order.originChainId),
      expires: Number(order.expires),
      fillDeadline: Number(order.fillDeadline),
      inputOracle: order.inputOracle,
      inputs: order.inputs.map(([token, amount]) => ({ token: toBeHex(token, 20), amount })),
      outputs: order.outputs.map((output) => ({
        oracle: output.oracle,
        settler: output.settler,
        chainId: Number(output.chainId),
        token: output.token,
        amount: output.amount,
        recipient: output.recipient,
        callbackData: output.callbackData,
        context: output.context,
      })),
    };
  } catch (cause) {
    throw new InvalidInputError('order', encoded, 'is not an encoded order', 'Give abi.encode(StandardOrder).', {
      cause,
    });
  }
}

/** What the ABI decoder gives for {@link STANDARD_ORDER}. */
interface DecodedOrder {
  readonly user: string;
  readonly nonce: bigint;
  readonly originChainId: bigint;
  readonly expires: bigint;
  readonly fillDeadline: bigint;
  readonly inputOracle: string;
  readonly inputs: readonly (readonly [bigint, bigint])[];
  readonly outputs: readonly (Omit<MandateOutput, 'chainId'> & { readonly chainId: bigint })[];
}
