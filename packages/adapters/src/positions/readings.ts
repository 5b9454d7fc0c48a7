import type { Address, AsOf, Chain, PositionReading } from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';

export type KnownReading = Extract<PositionReading, { status: 'known' }>;
export type UnknownReading = Extract<PositionReading, { status: 'unknown' }>;

/**
 * What a source says when its chain cannot be read: each position that it saw the last time is unknown now; where it saw
 * none, all of what it reads is one unknown, because there may be some by now.
 *
 * @param last What was read for this owner the last time it could be.
 * @throws Whatever is not a failure of the chain, and the caller's own abort.
 */
export function unreadable(
  error: unknown,
  source: { readonly id: string; readonly name: string; readonly chain: Chain },
  owner: Address,
  last: readonly PositionReading[],
  signal: AbortSignal,
): readonly UnknownReading[] {
  if (signal.aborted || !(error instanceof EvenkeelError)) throw error;
  const reason = error.message;
  const everything: Pick<PositionReading, 'id' | 'label' | 'asOf'> = {
    id: positionId(source.id, owner, 'all'),
    label: `${source.name} of ${owner}`,
    asOf: { source: source.id, timeSeconds: 0, chainId: source.chain.id },
  };
  return (last.length === 0 ? [everything] : last).map(({ id, label, asOf }) => ({
    status: 'unknown',
    id,
    label,
    reason,
    asOf,
  }));
}

/** Unique over sources and owners, the same each time. */
export function positionId(source: string, owner: Address, position: string): string {
  return `${source}:${owner.toLowerCase()}:${position.toLowerCase()}`;
}

/** An unknown reading of a position that was found but cannot be understood. */
export function unknownReading(id: string, label: string, reason: string, asOf: AsOf): UnknownReading {
  return { status: 'unknown', id, label, reason, asOf };
}
