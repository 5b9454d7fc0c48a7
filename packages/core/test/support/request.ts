import type { ExecuteRequest } from '../../src/execution/execute-programme.js';
import { memoryJournal } from '../../src/execution/memory-journal.js';
import type { Step } from '../../src/model/programme.js';
import type { Address } from '../../src/model/token.js';
import type { Flow } from '../../src/ports/journal.js';
import { NATIVE_ADDRESS, sameAddress } from '../../src/model/token.js';
import { crossChainSteps, programmeOf, signedIntent, usdcOn, wethFor, wethOn, type World } from './world.js';

export async function requestFor(
  on: World,
  { steps, ...extra }: Partial<ExecuteRequest> & { readonly steps?: readonly Step[] } = {},
): Promise<ExecuteRequest> {
  const signed = await signedIntent(on);
  return {
    signedIntent: signed,
    programme: programmeOf(signed, steps ?? crossChainSteps(on.wallet.address as Address)),
    accounts: [on.account],
    chains: [on.a, on.b],
    adapters: [on.venue, on.bridge],
    tokens: on.tokens,
    journal: memoryJournal(),
    clock: on.clock,
    options: { pollMs: 3_000, transferPollMs: 6_000 },
    ...extra,
  };
}

/** What the account holds, per (chain, token), as the chains say. */
export function holdings(on: World): ReadonlyMap<string, bigint> {
  const owner = on.wallet.address as Address;
  const entries = [on.a, on.b].flatMap((chain) => [
    [`${chain.id}/${NATIVE_ADDRESS}`, chain.balance(owner, 'native')] as const,
    [`${chain.id}/${usdcOn(chain.id).address}`, chain.balance(owner, usdcOn(chain.id))] as const,
    [`${chain.id}/${wethOn(chain.id).address}`, chain.balance(owner, wethOn(chain.id))] as const,
  ]);
  return new Map(entries);
}

/** Opening balance + every recorded flow − closing balance, per (chain, token): all zero, or something is missing. */
export function unexplained(
  before: ReadonlyMap<string, bigint>,
  flows: readonly Flow[],
  after: ReadonlyMap<string, bigint>,
): Record<string, bigint> {
  const result: Record<string, bigint> = {};
  for (const [key, opening] of before) {
    const [chainId, token] = key.split('/') as [string, string];
    const moved = flows
      .filter((flow) => flow.chainId === Number(chainId) && sameAddress(flow.token, token))
      .reduce((sum, flow) => sum + flow.atoms, 0n);
    const rest = opening + moved - after.get(key)!;
    if (rest !== 0n) result[key] = rest;
  }
  return result;
}

/** How often each of the programme's calls succeeded on its chain. */
export function landings(on: World, steps: readonly Step[]): Record<string, number> {
  const landed = new Map([on.a, on.b].map((chain) => [chain.id, chain.landed()]));
  return Object.fromEntries(
    steps.flatMap((step) => {
      if (step.kind !== 'calls') return [];
      const [call] = step.calls;
      const times = landed
        .get(step.chainId)!
        .filter((each) => each.data === call!.data && each.to === call!.to && each.success);
      return [[step.id, times.length]];
    }),
  );
}

/** Every step of {@link crossChainSteps} once; the revokes are not needed, for the allowances are used up. */
export const EACH_ONCE = {
  'bridge-approve': 1,
  bridge: 1,
  'near-approve': 1,
  'near-swap': 1,
  'near-revoke': 0,
  'far-approve': 1,
  'far-swap': 1,
  'far-revoke': 0,
};

export const BOUGHT = wethFor(500_000_000n) + wethFor(999_000_000n);
