import type { Hex } from '../model/token.js';

/** Bytes per block of Keccak[c = 512]: what Ethereum calls keccak256. */
const RATE = 136;
const MASK = (1n << 64n) - 1n;

/** Rotation of lane (x, y), and where π moves it, walked in the order of the specification (ρ and π in one turn). */
const ROTATIONS: readonly (readonly [number, bigint])[] = rotations();
const ROUND_CONSTANTS: readonly bigint[] = roundConstants();

/**
 * keccak256 (Bertoni, Daemen, Peeters, Van Assche: The Keccak reference 3.0, 2011; padding 0x01 as in Ethereum).
 *
 * Here for storage slots only, a few dozen hashes a simulation, so it is written to be checked, not to be fast.
 */
export function keccak256(bytes: Uint8Array): Hex {
  const state: bigint[] = new Array<bigint>(25).fill(0n);
  const padded = new Uint8Array(Math.ceil((bytes.length + 1) / RATE) * RATE);
  padded.set(bytes);
  padded[bytes.length] = 0x01;
  padded[padded.length - 1]! |= 0x80;
  for (let offset = 0; offset < padded.length; offset += RATE) {
    for (let lane = 0; lane < RATE / 8; lane++) state[lane]! ^= littleEndian(padded, offset + lane * 8);
    permute(state);
  }
  let digest = '';
  for (let index = 0; index < 32; index++) {
    const byte = (state[index >> 3]! >> BigInt((index & 7) * 8)) & 0xffn;
    digest += byte.toString(16).padStart(2, '0');
  }
  return `0x${digest}`;
}

function permute(state: bigint[]): void {
  for (const constant of ROUND_CONSTANTS) {
    // θ
    const parity = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].reduce((sum, y) => sum ^ state[x + y]!, 0n));
    for (let lane = 0; lane < 25; lane++) {
      state[lane]! ^= parity[(lane + 4) % 5]! ^ rotate(parity[(lane + 1) % 5]!, 1n);
    }
    // ρ and π
    let moved = state[1]!;
    for (const [target, by] of ROTATIONS) {
      const next = state[target]!;
      state[target] = rotate(moved, by);
      moved = next;
    }
    // χ
    for (let row = 0; row < 25; row += 5) {
      const lanes = state.slice(row, row + 5);
      for (let x = 0; x < 5; x++) state[row + x] = lanes[x]! ^ (~lanes[(x + 1) % 5]! & MASK & lanes[(x + 2) % 5]!);
    }
    // ι
    state[0]! ^= constant;
  }
}

function rotations(): readonly (readonly [number, bigint])[] {
  const path: (readonly [number, bigint])[] = [];
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    path.push([x + 5 * y, BigInt((((t + 1) * (t + 2)) / 2) % 64)]);
  }
  return path;
}

/** Bits of ι come from the shift register x⁸ + x⁶ + x⁵ + x⁴ + 1. */
function roundConstants(): readonly bigint[] {
  const constants: bigint[] = [];
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let power = 0; power <= 6; power++) {
      if (register & 1) constant |= 1n << ((1n << BigInt(power)) - 1n);
      register = (register << 1) ^ (register >> 7 ? 0x171 : 0);
    }
    constants.push(constant);
  }
  return constants;
}

function rotate(lane: bigint, by: bigint): bigint {
  return ((lane << by) | (lane >> (64n - by))) & MASK;
}

function littleEndian(bytes: Uint8Array, offset: number): bigint {
  let lane = 0n;
  for (let index = 7; index >= 0; index--) lane = (lane << 8n) | BigInt(bytes[offset + index]!);
  return lane;
}
