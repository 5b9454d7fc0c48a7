import type { Hex } from '@evenkeel/core';
import { id } from 'ethers';

/**
 * The document that an order commits to by its hash. It names the parent intent and the child, so that the owner's
 * signature does, and so that no two children are the same order.
 */
export function appDataOf(parentId: Hex, index: number): { readonly document: string; readonly hash: Hex } {
  const metadata = { evenkeel: { child: index, intent: parentId } };
  const document = JSON.stringify({ appCode: 'Evenkeel', metadata, version: '1.3.0' });
  return { document, hash: id(document) as Hex };
}
