import type { Block, DeathProof } from '@evenkeel/core';
import { deepFreeze } from '../common/freeze.js';
import type { Fate } from './fate.js';

/** What a final block and an order's fate prove together; nothing as long as either may still change. */
export function proofOf(
  chainId: number,
  validTo: number,
  final: Pick<Block, 'number' | 'timeSeconds'>,
  fate: Fate,
): DeathProof | undefined {
  const proof = (reason: DeathProof['reason'], blockNumber: number, sentence: string): DeathProof =>
    deepFreeze({ reason, chainId, blockNumber, sentence, ...fate.fills });
  switch (fate.kind) {
    case 'open':
      return undefined;
    case 'filled': {
      const block = fate.lastFillBlock;
      if (block === undefined || block > final.number) return undefined;
      return proof('filled', block, `The last of it was settled in block ${block}, which is final.`);
    }
    case 'invalidated': {
      const block = fate.invalidatedBlock;
      if (block > final.number) return undefined;
      return proof('cancelled', block, `Its owner cancelled it in block ${block}, which is final.`);
    }
    case 'expired':
      // No settlement after `validTo` can fill it, so that all trades lie before this block, too.
      if (final.timeSeconds <= validTo) return undefined;
      return proof(
        'expired',
        final.number,
        `Final block ${final.number} is past the last second ${validTo} of the order.`,
      );
  }
}
