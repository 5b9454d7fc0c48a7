import { AbiCoder, ZeroAddress } from 'ethers';
import type { Address, Hex } from '../world.js';

const INFO = 'tuple(address,address,uint256,uint256,address,bytes)';
const INPUT = 'tuple(address,uint256,uint256)';
const OUTPUTS = 'tuple(address,uint256,uint256,address)[]';
const EXCLUSIVE = `tuple(${INFO},uint256,uint256,address,uint256,${INPUT},${OUTPUTS})`;
const COSIGNED = 'tuple(uint256,uint256,address,uint256,uint256,uint256[])';
const V2 = `tuple(${INFO},address,${INPUT},${OUTPUTS},${COSIGNED},bytes)`;

const coder = AbiCoder.defaultAbiCoder();

type Output = readonly [token: string, start: bigint, end: bigint, recipient: string];
type Info = readonly [reactor: string, swapper: string, nonce: bigint, deadline: bigint, string, string];
type Input = readonly [token: string, start: bigint, end: bigint];
type CosignerData = readonly [
  start: bigint,
  end: bigint,
  filler: string,
  overrideBps: bigint,
  bigint,
  readonly bigint[],
];

/** What a filler has to know of an order. */
export interface SeenDutchOrder {
  readonly swapper: string;
  readonly deadline: number;
  readonly tokenIn: Address;
  readonly amountIn: bigint;
  readonly tokenOut: Address;
  readonly startAmount: bigint;
  readonly endAmount: bigint;
  readonly decayStart: number;
  readonly decayEnd: number;
  readonly exclusiveFiller: string;
  readonly overrideBps: bigint;
}

export type DutchKind = 'exclusive-dutch' | 'v2-dutch';

/** Reads an order with one output; a V2 order has to be cosigned. */
export function decodeDutch(kind: DutchKind, encoded: Hex): SeenDutchOrder {
  if (kind === 'exclusive-dutch') {
    const [[info, start, end, filler, override, input, outputs]] = coder.decode([EXCLUSIVE], encoded) as unknown as [
      readonly [Info, bigint, bigint, string, bigint, Input, readonly Output[]],
    ];
    return seen(info, input, outputs, [start, end, filler, override, 0n, [0n]]);
  }
  const [[info, , input, outputs, data]] = coder.decode([V2], encoded) as unknown as [
    readonly [Info, string, Input, readonly Output[], CosignerData, string],
  ];
  return seen(info, input, outputs, data);
}

function seen(info: Info, input: Input, outputs: readonly Output[], data: CosignerData): SeenDutchOrder {
  const [tokenOut, start, endAmount] = outputs[0]!;
  const raised = data[5][0] ?? 0n;
  return {
    swapper: info[1],
    deadline: Number(info[3]),
    tokenIn: input[0] as Address,
    amountIn: input[1],
    tokenOut: tokenOut as Address,
    startAmount: raised === 0n ? start : raised,
    endAmount,
    decayStart: Number(data[0]),
    decayEnd: Number(data[1]),
    exclusiveFiller: data[2],
    overrideBps: data[3],
  };
}

/** What has to be paid at a time: the linear fall from start to end, as the reactors compute it. */
export function requiredOutput(order: SeenDutchOrder, filler: string, now: number): bigint | 'exclusive' {
  const { decayEnd, decayStart, endAmount, exclusiveFiller, overrideBps, startAmount } = order;
  const fallen =
    now <= decayStart
      ? startAmount
      : now >= decayEnd
        ? endAmount
        : startAmount - ((startAmount - endAmount) * BigInt(now - decayStart)) / BigInt(decayEnd - decayStart);
  const free = exclusiveFiller === ZeroAddress || exclusiveFiller === filler || now > decayStart;
  if (free) return fallen;
  return overrideBps === 0n ? 'exclusive' : (fallen * (10_000n + overrideBps) + 9_999n) / 10_000n;
}

export interface CosignerTerms {
  readonly decayStart: number;
  readonly decayEnd: number;
  readonly exclusiveFiller: string;
  readonly overrideBps: number;
  /** Raises the start of the price; 0 leaves it. */
  readonly outputAmount: bigint;
}

/** The bytes that a cosigner signs after the order's hash. */
export function encodeCosignerData(terms: CosignerTerms): string {
  return coder.encode([COSIGNED], [cosignerTuple(terms)]);
}

/** A V2 order with what its cosigner adds. */
export function encodeCosigned(encoded: Hex, terms: CosignerTerms, cosignature: string): Hex {
  const [[info, cosigner, input, outputs]] = coder.decode([V2], encoded) as unknown as [
    readonly [Info, string, Input, readonly Output[], CosignerData, string],
  ];
  const whole = [[...info], cosigner, [...input], outputs.map((each) => [...each]), cosignerTuple(terms), cosignature];
  return coder.encode([V2], [whole]) as Hex;
}

function cosignerTuple({ decayEnd, decayStart, exclusiveFiller, outputAmount, overrideBps }: CosignerTerms): unknown[] {
  return [decayStart, decayEnd, exclusiveFiller, overrideBps, 0, [outputAmount]];
}
