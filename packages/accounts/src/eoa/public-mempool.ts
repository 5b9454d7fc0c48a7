import type { Submission } from '@evenkeel/core';

/** Ordinary transactions by way of a node: visible to everybody, mined by anybody. */
export const publicMempool: Submission = Object.freeze<Submission>({
  usedNonces: async (chain, account, _nonceKey, signal) =>
    BigInt(await chain.transactionCount(account, 'latest', signal)),
  send: async (chain, { raw }, signal) => {
    await chain.sendRawTransaction(raw, signal);
  },
  receipt: (chain, hash, signal) => chain.receipt(hash, signal),
});
