import type { Chain, StateOverride } from '../ports/chain.js';
import { type Address, type Hex, NATIVE_ADDRESS, sameAddress, type Token, type TokenAmount } from '../model/token.js';
import { GuardFundsUnpretendableError, GuardUnreadableError } from './errors.js';
import { keccak256 } from '@evenkeel/intents';
import { decodeUint, encodeBalanceOf } from './token-calls.js';

/** Slots of the balance mapping that are tried: those of nearly all tokens lie below. */
const PLAIN_SLOTS = 32n;
/** ERC-7201 namespace `openzeppelin.storage.ERC20` (OpenZeppelin Contracts Upgradeable 5). */
const OPENZEPPELIN_SLOT = 0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00n;
/** Seed of balance slots in Solady's ERC20. */
const SOLADY_SEED = 0x87a211a2n;
/** Probe values count from here: no balance is ever so by chance, and no flag bit is touched. */
const PROBE = 0x5eed_5eed_0000n;

/**
 * State overrides under which `holder` has more of each token than it has now, or less where the atoms are negative: what
 * a bridge has yet to bring, what a paper trade has taken.
 *
 * A token does not say where it keeps its balances, so it is asked: every likely slot gets a value of its own in one
 * simulated `balanceOf`, and the answer names the slot.
 *
 * @throws GUARD_FUNDS_UNPRETENDABLE when no slot answers.
 */
export async function pretendFunds(
  chain: Chain,
  holder: Address,
  incoming: readonly TokenAmount[],
  signal?: AbortSignal,
): Promise<Readonly<Record<Address, StateOverride>>> {
  const overrides: Record<Address, StateOverride> = {};
  for (const { token, atoms } of summed(incoming)) {
    if (sameAddress(token.address, NATIVE_ADDRESS)) {
      overrides[holder] = { balanceWei: atLeastNothing((await chain.balanceWei(holder, signal)) + atoms) };
      continue;
    }
    const slots = candidateSlots(holder);
    const storage = Object.fromEntries(slots.map((slot, index) => [slot, word(PROBE + BigInt(index))]));
    const data = encodeBalanceOf(holder);
    const probe = { from: holder, calls: [{ to: token.address, data, valueWei: 0n }] };
    const [[pretended], now] = await Promise.all([
      chain.simulate({ ...probe, overrides: { [token.address]: { storage } } }, signal),
      chain.read([{ to: token.address, data }], signal),
    ]);
    const index = Number((decodeUint(pretended?.data ?? '0x') ?? 0n) - PROBE);
    const slot = slots[index];
    if (slot === undefined) throw new GuardFundsUnpretendableError(token);
    const balance = decodeUint(now.results[0]?.data ?? '0x');
    if (balance === undefined) throw new GuardUnreadableError(chain.id, `balanceOf of ${token.symbol}`);
    overrides[token.address] = { storage: { [slot]: word(atLeastNothing(balance + atoms)) } };
  }
  return overrides;
}

function summed(incoming: readonly TokenAmount[]): readonly TokenAmount[] {
  const byToken = new Map<string, { token: Token; atoms: bigint }>();
  for (const { token, atoms } of incoming) {
    const key = token.address.toLowerCase();
    byToken.set(key, { token, atoms: (byToken.get(key)?.atoms ?? 0n) + atoms });
  }
  return [...byToken.values()].filter(({ atoms }) => atoms !== 0n);
}

function candidateSlots(holder: Address): readonly Hex[] {
  const owner = holder.slice(2).toLowerCase();
  const plain = Array.from({ length: Number(PLAIN_SLOTS) }, (_, slot) => BigInt(slot));
  const key = owner.padStart(64, '0');
  return [
    // Solidity: keccak256(key ‖ slot); Vyper: keccak256(slot ‖ key).
    ...[...plain, OPENZEPPELIN_SLOT].map((slot) => hashHex(key + word(slot).slice(2))),
    ...plain.map((slot) => hashHex(word(slot).slice(2) + key)),
    hashHex(owner + SOLADY_SEED.toString(16).padStart(24, '0')),
  ];
}

function hashHex(digits: string): Hex {
  return keccak256(Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}

function atLeastNothing(atoms: bigint): bigint {
  return atoms < 0n ? 0n : atoms;
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`;
}
