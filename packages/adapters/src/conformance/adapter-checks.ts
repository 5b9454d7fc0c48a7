import type { Address } from '@evenkeel/core';
import type { Check, Fail, MakeCheck } from './check.js';
import type { CommonSubject } from './subject.js';
import { requireFrozen } from './values.js';

/** What venues and bridges have in common. */
interface Adapter {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly capabilities: object;
  targets(chainId: number): readonly Address[];
}

type Subject = CommonSubject & { readonly adapter: Adapter };

/** Checks of the object itself, before anything is asked of it. */
export function adapterChecks<S extends Subject>(make: MakeCheck<S>, kind: Adapter['kind']): readonly Check[] {
  return [
    make('object-is-frozen', ({ adapter }, fail) => requireFrozen(adapter, 'the adapter', fail)),
    make('identity-is-stable', ({ adapter }, fail) => {
      const hint = 'Write it in the factory: { kind, id, name, … }.';
      if (adapter.kind !== kind) fail(`kind "${kind}"`, `it is ${JSON.stringify(adapter.kind)}`, hint);
      if (typeof adapter.id !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(adapter.id)) {
        fail('an id of small letters, digits and hyphens', `it is ${JSON.stringify(adapter.id)}`, hint);
      }
      if (typeof adapter.name !== 'string' || adapter.name.trim() === '') {
        fail('a name for people', `it is ${JSON.stringify(adapter.name)}`, hint);
      }
    }),
    make('targets-are-named', (subject, fail) => {
      for (const chainId of chainIds(subject)) requireTargets(subject.adapter, chainId, fail);
    }),
  ];
}

function chainIds({ samples }: CommonSubject): readonly number[] {
  return [...new Set(samples.map(({ tokenIn }) => tokenIn.chainId))];
}

function requireTargets(adapter: Adapter, chainId: number, fail: Fail): void {
  const hint = 'Return every contract that your calls go to; the guard lets calls through to no others.';
  const targets: readonly unknown[] = adapter.targets(chainId);
  if (!Array.isArray(targets) || targets.length === 0) {
    fail(`targets(${chainId}) to name at least one contract`, 'it names none', hint);
  }
  const odd: unknown = targets.find((target) => typeof target !== 'string' || !/^0x[0-9a-f]{40}$/i.test(target));
  if (odd !== undefined) fail(`targets(${chainId}) to be addresses`, `one is ${JSON.stringify(odd)}`, hint);
  const again = adapter.targets(chainId);
  if (again.join() !== targets.join()) fail(`targets(${chainId}) to stay the same`, 'a second call differs', hint);
}
