import { type InFlight, type Journal, sameAddress } from '@evenkeel/core';
import { liveDelegations } from '@evenkeel/core/delegate';
import { ordersInFlight } from '@evenkeel/core/networks';
import { inFlightFrom } from '@evenkeel/core/watch';
import { openTrades } from '@evenkeel/core/workflow';
import type { SignedIntent } from '@evenkeel/intents';
import type { Keeper } from './keeper.js';

/**
 * Marks the portfolios whose programmes, slices to come or nonces a dead process has left behind.
 *
 * @returns intents under way that belong to none of them
 */
export async function findLeftBehind(journal: Journal, keepers: readonly Keeper[]): Promise<readonly SignedIntent[]> {
  const known = await intentsUnderWay(journal);
  for (const keeper of keepers) {
    keeper.now.unfinished ||= known.some((signed) => isOwn(keeper, signed)) || (await hasOpenNonces(journal, keeper));
  }
  return known.filter((signed) => !keepers.some((keeper) => isOwn(keeper, signed)));
}

/** Whether something of the portfolio is under way, or slices of it are still to come. */
export async function hasUnfinished(keeper: Keeper): Promise<boolean> {
  return (await intentsUnderWay(keeper.ports.journal)).some((signed) => isOwn(keeper, signed));
}

async function intentsUnderWay(journal: Journal): Promise<readonly SignedIntent[]> {
  const running = await journal.programmes({ state: 'running' });
  const ids = new Set([
    ...running.map(({ programme }) => programme.intentId),
    ...(await openTrades(journal)).map(({ intentId }) => intentId),
    ...(await liveDelegations(journal)).map(({ intentId }) => intentId),
  ]);
  const intents = await Promise.all([...ids].map((id) => journal.intent(id)));
  // One without an intent was never begun: nothing of it was sent.
  return intents.filter((signed) => signed !== undefined);
}

async function hasOpenNonces(journal: Journal, { ports }: Keeper): Promise<boolean> {
  for (const { id: chainId } of ports.chains) {
    const lane = { chainId, account: ports.account.addressOn(chainId), nonceKey: 0n };
    if ((await journal.openReservations(lane)).length > 0) return true;
  }
  return false;
}

/** Transfers under way, read once for all portfolios. */
export async function transfersUnderWay(journal: Journal): Promise<(keeper: Keeper) => readonly InFlight[]> {
  const open = await journal.transfers({ open: true });
  const intents = await Promise.all(open.map(({ key }) => journal.intent(key.intentId)));
  return (keeper) => {
    // One whose intent is missing may be anybody's: it widens all.
    const own = open.filter((_, i) => intents[i] === undefined || isOwn(keeper, intents[i]));
    return inFlightFrom(keeper.portfolio, own);
  };
}

/** Orders that networks may still fill, read once for all portfolios that ask any. */
export async function ordersUnderWay(
  journal: Journal,
  keepers: readonly Keeper[],
): Promise<(keeper: Keeper) => readonly InFlight[]> {
  const asking = keepers.filter(({ ports }) => ports.networks !== undefined);
  const isQuiet = asking.length === 0 || (await liveDelegations(journal)).length === 0;
  const orders = new Map<Keeper, readonly InFlight[]>();
  for (const keeper of isQuiet ? [] : asking) orders.set(keeper, await ordersInFlight(journal, keeper.portfolio));
  return (keeper) => orders.get(keeper) ?? [];
}

function isOwn({ owner, portfolio }: Keeper, { intent }: SignedIntent): boolean {
  return intent.underlying === portfolio.underlying && sameAddress(intent.signer, owner);
}
