import type { Address, Hex } from '@evenkeel/core';
import { concat, keccak256, toBeHex, toUtf8Bytes } from 'ethers';
import { addressToWord } from '../common/word.js';

/** A validator's checkpoint of one message. */
export interface HyperlaneCheckpoint {
  readonly originDomain: number;
  readonly merkleTreeHook: Address;
  readonly root: Hex;
  /** Index of the message in the tree. */
  readonly index: number;
  readonly messageId: Hex;
}

/**
 * Where proofs of messages come from: the validators publish signed checkpoints (to storage that they announce on
 * chain). `undefined` when there are not enough signatures yet.
 */
export interface HyperlaneProofSource {
  metadata(message: { readonly id: Hex; readonly packed: Hex }, signal: AbortSignal): Promise<Hex | undefined>;
}

/**
 * What a validator signs as an Ethereum personal message (`CheckpointLib.digest`): 32 bytes.
 */
export function checkpointDigest(checkpoint: HyperlaneCheckpoint): Hex {
  const hook = addressToWord(checkpoint.merkleTreeHook);
  const domainHash = keccak256(concat([toBeHex(checkpoint.originDomain, 4), hook, toUtf8Bytes('HYPERLANE')]));
  return keccak256(concat([domainHash, checkpoint.root, toBeHex(checkpoint.index, 4), checkpoint.messageId])) as Hex;
}

/**
 * Metadata for a message-id multisig ISM (`MessageIdMultisigIsmMetadata.sol`): hook, root, index, then the signatures in
 * the order of the ISM's validators, 65 bytes each.
 */
export function multisigMetadata(checkpoint: HyperlaneCheckpoint, signatures: readonly Hex[]): Hex {
  const head = [addressToWord(checkpoint.merkleTreeHook), checkpoint.root, toBeHex(checkpoint.index, 4)];
  return concat([...head, ...signatures]) as Hex;
}
