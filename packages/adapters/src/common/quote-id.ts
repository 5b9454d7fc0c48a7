import type { JsonValue } from '@evenkeel/core';
import { id } from 'ethers';

/** A quote's identity: what was offered, by whom, when. The same offer has the same id. */
export function quoteId(adapter: string, payload: JsonValue, validUntil: number): string {
  return `${adapter}:${id(JSON.stringify([payload, validUntil])).slice(2, 18)}`;
}
