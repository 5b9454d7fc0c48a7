import type { Address, Hex, TypedData } from '@evenkeel/core';
import { AbiCoder, getAddress, TypedDataEncoder, ZeroAddress } from 'ethers';

interface DutchOrderBase {
  readonly chainId: number;
  readonly permit2: Address;
  readonly reactor: Address;
  /** Whose tokens are sold, and who signs. */
  readonly swapper: Address;
  /** Of Permit2: used up by the fill or by a cancellation. */
  readonly nonce: bigint;
  /** The last Unix second at which it may be filled. */
  readonly deadline: number;
  /** Taken from the swapper, in atoms; exact. */
  readonly input: { readonly token: Address; readonly atoms: bigint };
  /** Paid to the recipient: falls from `startAtoms` to `endAtoms` while the price decays. */
  readonly output: {
    readonly token: Address;
    readonly startAtoms: bigint;
    readonly endAtoms: bigint;
    readonly recipient: Address;
  };
}

/** A Dutch auction whose times, and the one filler that may fill before it begins, are signed by the swapper. */
export interface ExclusiveDutchOrder extends DutchOrderBase {
  readonly kind: 'exclusive-dutch';
  /** Unix seconds. Until then `exclusiveFiller` alone may fill at the start price. */
  readonly decayStart: number;
  readonly decayEnd: number;
  /** The zero address when everybody may fill from the first second. */
  readonly exclusiveFiller: Address;
  /** By how much others must pay more to fill before `decayStart`; 0: they cannot. */
  readonly overrideBps: number;
}

/** A Dutch auction whose times and exclusivity are set by a cosigner, who can make the price only better. */
export interface V2DutchOrder extends DutchOrderBase {
  readonly kind: 'v2-dutch';
  readonly cosigner: Address;
}

export type DutchOrder = ExclusiveDutchOrder | V2DutchOrder;

type Fields = readonly { readonly name: string; readonly type: string }[];

const fields = (list: string): Fields =>
  list.split(', ').map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { name, type };
  });

const SHARED = {
  OrderInfo: fields(
    'address reactor, address swapper, uint256 nonce, uint256 deadline, address additionalValidationContract, bytes additionalValidationData',
  ),
  DutchOutput: fields('address token, uint256 startAmount, uint256 endAmount, address recipient'),
};

/** The witness struct of each kind: what the swapper signs besides the permit. */
const WITNESS = {
  'exclusive-dutch': {
    name: 'ExclusiveDutchOrder',
    types: {
      ExclusiveDutchOrder: fields(
        'OrderInfo info, uint256 decayStartTime, uint256 decayEndTime, address exclusiveFiller, uint256 exclusivityOverrideBps, address inputToken, uint256 inputStartAmount, uint256 inputEndAmount, DutchOutput[] outputs',
      ),
      ...SHARED,
    },
  },
  'v2-dutch': {
    name: 'V2DutchOrder',
    types: {
      V2DutchOrder: fields(
        'OrderInfo info, address cosigner, address baseInputToken, uint256 baseInputStartAmount, uint256 baseInputEndAmount, DutchOutput[] baseOutputs',
      ),
      ...SHARED,
    },
  },
} as const;

const INFO_ABI = 'tuple(address,address,uint256,uint256,address,bytes)';
const INPUT_ABI = 'tuple(address,uint256,uint256)';
const OUTPUTS_ABI = 'tuple(address,uint256,uint256,address)[]';
const EXCLUSIVE_ABI = `tuple(${INFO_ABI},uint256,uint256,address,uint256,${INPUT_ABI},${OUTPUTS_ABI})`;
const COSIGNER_DATA_ABI = 'tuple(uint256,uint256,address,uint256,uint256,uint256[])';
const V2_ABI = `tuple(${INFO_ABI},address,${INPUT_ABI},${OUTPUTS_ABI},${COSIGNER_DATA_ABI},bytes)`;

/**
 * The order's identity: the EIP-712 hash of its struct, under which the reactor reports its fill.
 *
 * @returns 32 bytes
 */
export function dutchOrderHash(order: DutchOrder): Hex {
  const { name, types } = WITNESS[order.kind];
  return TypedDataEncoder.hashStruct(name, mutable(types), witnessOf(order)) as Hex;
}

/**
 * What the swapper signs: Permit2's `PermitWitnessTransferFrom` of exactly the input, for the reactor alone, with the
 * whole order as the witness.
 */
export function dutchOrderTypedData(order: DutchOrder): TypedData {
  const { chainId, deadline, input, nonce, permit2, reactor } = order;
  const { name, types } = WITNESS[order.kind];
  return {
    // Permit2's domain has no version field.
    domain: { name: 'Permit2', chainId, verifyingContract: permit2 },
    types: {
      PermitWitnessTransferFrom: fields(
        `TokenPermissions permitted, address spender, uint256 nonce, uint256 deadline, ${name} witness`,
      ),
      TokenPermissions: fields('address token, uint256 amount'),
      ...types,
    },
    message: {
      permitted: { token: input.token, amount: input.atoms },
      spender: reactor,
      nonce,
      deadline,
      witness: witnessOf(order),
    },
  };
}

/** The order as its reactor takes it; a V2 order still without what its cosigner has to add. */
export function encodeDutchOrder(order: DutchOrder): Hex {
  const { input, output } = order;
  const info = Object.values(infoOf(order));
  const inputs = [input.token, input.atoms, input.atoms];
  const outputs = [[output.token, output.startAtoms, output.endAtoms, output.recipient]];
  const coder = AbiCoder.defaultAbiCoder();
  if (order.kind === 'v2-dutch') {
    const unset = [0, 0, ZeroAddress, 0, 0, [0]];
    return coder.encode([V2_ABI], [[info, order.cosigner, inputs, outputs, unset, '0x']]) as Hex;
  }
  const { decayEnd, decayStart, exclusiveFiller, overrideBps } = order;
  return coder.encode(
    [EXCLUSIVE_ABI],
    [[info, decayStart, decayEnd, exclusiveFiller, overrideBps, inputs, outputs]],
  ) as Hex;
}

/** Whether a cosigned V2 order is the one that was signed: all but the cosigner's part is the same. */
export function isCosigned(order: V2DutchOrder, cosigned: Hex): boolean {
  try {
    const coder = AbiCoder.defaultAbiCoder();
    const [[info, cosigner, input, outputs]] = coder.decode([V2_ABI], cosigned) as unknown as [
      readonly [readonly unknown[], string, readonly unknown[], readonly (readonly unknown[])[]],
    ];
    const signed = [
      [...info],
      cosigner,
      [...input],
      outputs.map((each) => [...each]),
      [0, 0, ZeroAddress, 0, 0, [0]],
      '0x',
    ];
    return coder.encode([V2_ABI], [signed]) === encodeDutchOrder(order);
  } catch {
    return false;
  }
}

function witnessOf(order: DutchOrder): Readonly<Record<string, unknown>> {
  const { input, output } = order;
  const outputs = [
    { token: output.token, startAmount: output.startAtoms, endAmount: output.endAtoms, recipient: output.recipient },
  ];
  const info = infoOf(order);
  if (order.kind === 'v2-dutch') {
    return {
      info,
      cosigner: order.cosigner,
      baseInputToken: input.token,
      baseInputStartAmount: input.atoms,
      baseInputEndAmount: input.atoms,
      baseOutputs: outputs,
    };
  }
  return {
    info,
    decayStartTime: order.decayStart,
    decayEndTime: order.decayEnd,
    exclusiveFiller: order.exclusiveFiller,
    exclusivityOverrideBps: order.overrideBps,
    inputToken: input.token,
    inputStartAmount: input.atoms,
    inputEndAmount: input.atoms,
    outputs,
  };
}

function infoOf({ deadline, nonce, reactor, swapper }: DutchOrder) {
  return {
    reactor: getAddress(reactor),
    swapper: getAddress(swapper),
    nonce,
    deadline,
    additionalValidationContract: ZeroAddress,
    additionalValidationData: '0x',
  };
}

function mutable(types: Readonly<Record<string, Fields>>): Record<string, { name: string; type: string }[]> {
  return Object.fromEntries(Object.entries(types).map(([name, list]) => [name, list.map((field) => ({ ...field }))]));
}
