import { EvenkeelError, keccak256 } from '@evenkeel/intents';
import { DEPOSIT_TOPIC, TRANSFER_TOPIC } from '../../src/guard/token-calls.js';
import type { Address, Hex, Token } from '../../src/model/token.js';
import type {
  Block,
  Chain,
  LogEntry,
  Receipt,
  SimulatedResult,
  SimulationRequest,
  StateOverride,
} from '../../src/ports/chain.js';
import type { VirtualClock } from './virtual-clock.js';

// A strict chain in memory: accounts with nonces, a mempool with the replacement rule, blocks with hashes and
// snapshots, reorganisations, an EVM's worth of contracts written as functions over one storage. It accepts nothing
// that a node would refuse, so that what passes here has a chance out there.

export class RpcRejected extends EvenkeelError {
  constructor(message: string) {
    super('RPC_REJECTED', message);
  }
}
export class RpcTimeout extends EvenkeelError {
  constructor() {
    super('RPC_TIMEOUT', 'The node did not answer in time.', { retryable: true });
  }
}

export interface Transaction {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly chainId: number;
  readonly from: Address;
  readonly nonce: number;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly maxFee: bigint;
  readonly priority: bigint;
  readonly gasLimit: bigint;
}

interface State {
  readonly native: Map<string, bigint>;
  readonly storage: Map<string, bigint>;
  readonly nonces: Map<string, number>;
}

export interface Frame {
  readonly state: State;
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
  log(entry: LogEntry): void;
}
export type Contract = (frame: Frame) => Hex;

export class Revert extends Error {}

interface Mined {
  readonly block: Block;
  readonly before: State;
  readonly transactions: readonly Transaction[];
  readonly receipts: readonly Receipt[];
}

export interface ModelChain extends Chain {
  readonly contracts: Map<string, Contract>;
  state(): State;
  mine(): void;
  /** Undoes the last blocks; their transactions return to the mempool, or are forgotten. */
  reorganise(depth: number, transactions: 'return' | 'forget'): void;
  /** Every transaction of the canonical chain, with its success. */
  landed(): readonly (Transaction & { readonly success: boolean })[];
  mempool(): readonly Transaction[];
  dropMempool(): void;
  /** What happens to the next deliveries; called for each. */
  onSend: (transaction: Transaction) => 'accept' | 'drop' | 'lose-reply' | 'refuse';
  /** Transactions below it stay in the mempool. */
  minimumFeeWei: bigint;
  baseFeeWei: bigint;
  /** Runs as somebody else, in a block of its own: relayers, whales, adversaries. */
  act(from: Address, to: Address, data: Hex, valueWei?: bigint): Hex;
  fund(holder: Address, token: Token | 'native', atoms: bigint): void;
  balance(holder: Address, token: Token | 'native'): bigint;
}

const lower = (text: string): string => text.toLowerCase();
const pad = (value: bigint | string): string =>
  (typeof value === 'bigint' ? value.toString(16) : value.slice(2).toLowerCase()).padStart(64, '0');
export const word = (value: bigint | string): Hex => `0x${pad(value)}`;
const hashes = new Map<string, Hex>();
export function hashHex(hex: string): Hex {
  const known = hashes.get(hex);
  if (known !== undefined) return known;
  const hash = keccak256(
    Uint8Array.from(hex.replace(/^0x/, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  );
  hashes.set(hex, hash);
  return hash;
}
const utf8 = (text: string): Hex => `0x${Buffer.from(text, 'utf8').toString('hex')}`;

/** Where Solidity keeps `mapping(address => uint256)` at slot 3, and the nested allowances at slot 4. */
const balanceSlot = (holder: string): Hex => hashHex(pad(holder) + pad(3n));
const allowanceSlot = (owner: string, spender: string): Hex =>
  hashHex(pad(spender) + hashHex(pad(owner) + pad(4n)).slice(2));
const at = (address: string, slot: string): string => `${lower(address)}/${lower(slot)}`;
const get = (state: State, address: string, slot: string): bigint => state.storage.get(at(address, slot)) ?? 0n;
const set = (state: State, address: string, slot: string, value: bigint): void =>
  void state.storage.set(at(address, slot), value);

export function argument(data: Hex, index: number): bigint {
  return BigInt(`0x${data.slice(10 + index * 64, 74 + index * 64) || '0'}`);
}
export const addressArgument = (data: Hex, index: number): Address =>
  `0x${argument(data, index).toString(16).padStart(40, '0')}`;

export function moveToken(frame: Frame, token: Address, from: string, to: string, atoms: bigint): void {
  const { state } = frame;
  if (get(state, token, balanceSlot(from)) < atoms) throw new Revert('insufficient balance');
  set(state, token, balanceSlot(from), get(state, token, balanceSlot(from)) - atoms);
  set(state, token, balanceSlot(to), get(state, token, balanceSlot(to)) + atoms);
  frame.log({ address: token, topics: [TRANSFER_TOPIC, word(from), word(to)], data: word(atoms) });
}

/** As `transferFrom` called by a contract: uses the allowance up. */
export function pullToken(frame: Frame, token: Address, from: string, atoms: bigint): void {
  const slot = allowanceSlot(from, frame.to);
  const allowed = get(frame.state, token, slot);
  if (allowed < atoms) throw new Revert('insufficient allowance');
  set(frame.state, token, slot, allowed - atoms);
  moveToken(frame, token, from, frame.to, atoms);
}

export const tokenContract: Contract = (frame) => {
  const { state, data, to, from } = frame;
  switch (data.slice(0, 10)) {
    case '0x70a08231':
      return word(get(state, to, balanceSlot(addressArgument(data, 0))));
    case '0xdd62ed3e':
      return word(get(state, to, allowanceSlot(addressArgument(data, 0), addressArgument(data, 1))));
    case '0x095ea7b3':
      set(state, to, allowanceSlot(from, addressArgument(data, 0)), argument(data, 1));
      return word(1n);
    case '0xa9059cbb':
      moveToken(frame, to, from, addressArgument(data, 0), argument(data, 1));
      return word(1n);
    case '0xd0e30db0':
      set(state, to, balanceSlot(from), get(state, to, balanceSlot(from)) + frame.valueWei);
      frame.log({ address: to, topics: [DEPOSIT_TOPIC, word(from)], data: word(frame.valueWei) });
      return '0x';
    default:
      throw new Revert('unknown function');
  }
};

const clone = (state: State): State => ({
  native: new Map(state.native),
  storage: new Map(state.storage),
  nonces: new Map(state.nonces),
});

const GAS_PER_CALL = 60_000n;

export function modelChain(id: number, clock: VirtualClock, blockSeconds: number): ModelChain {
  let state: State = { native: new Map(), storage: new Map(), nonces: new Map() };
  let generation = 0;
  let requests = 0;
  const contracts = new Map<string, Contract>();
  const pool = new Map<string, Transaction>();
  const genesis: Block = {
    number: 0,
    hash: hashHex(utf8(`genesis ${id}`)),
    parentHash: word(0n),
    timeSeconds: Math.floor(clock.now() / 1000),
    baseFeeWei: 1_000_000_000n,
  };
  const mined: Mined[] = [];
  const head = (): Block => mined[mined.length - 1]?.block ?? genesis;
  const nativeOf = (where: State, holder: string): bigint => where.native.get(lower(holder)) ?? 0n;

  const call = (
    where: State,
    from: Address,
    to: Address,
    data: Hex,
    valueWei: bigint,
    codes: ReadonlyMap<string, Contract> = contracts,
  ): {
    readonly success: boolean;
    readonly data: Hex;
    readonly logs: LogEntry[];
    readonly after: State;
    readonly error?: string;
  } => {
    const after = clone(where);
    const logs: LogEntry[] = [];
    try {
      if (nativeOf(after, from) < valueWei) throw new Revert('insufficient funds');
      after.native.set(lower(from), nativeOf(after, from) - valueWei);
      after.native.set(lower(to), nativeOf(after, to) + valueWei);
      const contract = codes.get(lower(to));
      const frame: Frame = { state: after, from, to, data, valueWei, log: (entry) => void logs.push(entry) };
      return { success: true, data: contract?.(frame) ?? '0x', logs, after };
    } catch (error) {
      if (!(error instanceof Revert)) throw error;
      return { success: false, data: '0x', logs: [], after: where, error: error.message };
    }
  };

  const include = (blockNumber: number, blockHash: Hex, transaction: Transaction, baseFee: bigint): Receipt => {
    const { from, to, data, valueWei } = transaction;
    const result = call(state, from, to, data, valueWei);
    state = result.after === state ? clone(state) : result.after;
    const gasUsed = data === '0x' ? 21_000n : GAS_PER_CALL;
    const tip =
      transaction.priority < transaction.maxFee - baseFee ? transaction.priority : transaction.maxFee - baseFee;
    state.native.set(lower(from), nativeOf(state, from) - gasUsed * (baseFee + tip));
    state.nonces.set(lower(from), transaction.nonce + 1);
    return {
      txHash: transaction.hash,
      blockNumber,
      blockHash,
      success: result.success,
      gasUsed,
      effectiveGasPriceWei: baseFee + tip,
      l1FeeWei: 0n,
      logs: result.logs,
    };
  };

  const chain: ModelChain = {
    id,
    name: `model-${id}`,
    contracts,
    onSend: () => 'accept',
    minimumFeeWei: 0n,
    baseFeeWei: 1_000_000_000n,
    state: () => state,
    mine: () => {
      const before = clone(state);
      const number = head().number + 1;
      const parentHash = head().hash;
      const hash = hashHex(utf8(`${id}/${number}/${generation}/${parentHash}`));
      const transactions: Transaction[] = [];
      const receipts: Receipt[] = [];
      for (;;) {
        const next = [...pool.values()].find(
          (each) =>
            each.nonce === (state.nonces.get(lower(each.from)) ?? 0) &&
            each.maxFee >= chain.baseFeeWei &&
            each.maxFee >= chain.minimumFeeWei,
        );
        if (next === undefined) break;
        pool.delete(`${lower(next.from)}/${next.nonce}`);
        receipts.push(include(number, hash, next, chain.baseFeeWei));
        transactions.push(next);
      }
      const timeSeconds = Math.floor(clock.now() / 1000);
      const block = { number, hash, parentHash, timeSeconds, baseFeeWei: chain.baseFeeWei };
      mined.push({ block, before, transactions, receipts });
    },
    reorganise: (depth, transactions) => {
      generation += 1;
      const undone = mined.splice(Math.max(0, mined.length - depth));
      const [oldest] = undone;
      if (oldest === undefined) return;
      state = clone(oldest.before);
      if (transactions === 'return') {
        for (const each of undone.flatMap((block) => block.transactions))
          pool.set(`${lower(each.from)}/${each.nonce}`, each);
      }
    },
    landed: () =>
      mined.flatMap(({ transactions, receipts }) =>
        transactions.map((transaction, index) => ({ ...transaction, success: receipts[index]!.success })),
      ),
    mempool: () => [...pool.values()],
    dropMempool: () => pool.clear(),
    act: (from, to, data, valueWei = 0n) => {
      const nonce = state.nonces.get(lower(from)) ?? 0;
      chain.fund(from, 'native', 10n ** 18n);
      const raw = utf8(`${id}/${from}/${nonce}/${to}/${data}/${generation}`);
      const transaction: Transaction = {
        hash: hashHex(raw),
        raw,
        chainId: id,
        from,
        nonce,
        to,
        data,
        valueWei,
        maxFee: 10n ** 15n,
        priority: 1n,
        gasLimit: 10n ** 7n,
      };
      pool.set(`${lower(from)}/${nonce}`, transaction);
      chain.mine();
      return transaction.hash;
    },
    fund: (holder, token, atoms) => {
      if (token === 'native') state.native.set(lower(holder), nativeOf(state, holder) + atoms);
      else set(state, token.address, balanceSlot(holder), get(state, token.address, balanceSlot(holder)) + atoms);
    },
    balance: (holder, token) =>
      token === 'native' ? nativeOf(state, holder) : get(state, token.address, balanceSlot(holder)),

    block: async (tag) => {
      requests += 1;
      if (typeof tag !== 'number') return head();
      const found = tag === 0 ? genesis : mined[tag - 1]?.block;
      if (found === undefined) throw new RpcRejected(`block ${tag} is unknown`);
      return found;
    },
    read: async (calls) => {
      requests += 1;
      const from: Address = '0x0000000000000000000000000000000000000000';
      const results = calls.map(({ to, data }) => {
        const { success, data: answer } = call(state, from, to, data, 0n);
        return { success, data: answer };
      });
      return { results, block: head() };
    },
    code: async (address) => (contracts.has(lower(address)) ? '0x01' : '0x'),
    balanceWei: async (address) => nativeOf(state, address),
    simulate: async ({ from, calls, overrides = {} }: SimulationRequest) => {
      requests += 1;
      let scratch = clone(state);
      const codes = new Map(contracts);
      for (const [address, override] of Object.entries(overrides)) applyOverride(scratch, codes, address, override);
      return calls.map(({ to, data, valueWei }): SimulatedResult => {
        const { after, success, data: answer, logs, error } = call(scratch, from, to, data, valueWei, codes);
        scratch = after;
        const gasUsed = data === '0x' ? 21_000n : GAS_PER_CALL;
        return { success, data: answer, gasUsed, logs, ...(error === undefined ? {} : { error }) };
      });
    },
    fees: async () => ({ baseFeeWei: chain.baseFeeWei, priorityFeeWei: 1_000_000_000n }),
    transactionCount: async (address) => state.nonces.get(lower(address)) ?? 0,
    sendRawTransaction: async (raw) => {
      requests += 1;
      const transaction = decodeTransaction(raw);
      const fate = chain.onSend(transaction);
      if (fate === 'refuse') throw new RpcRejected('the node refuses');
      if (fate === 'drop') return transaction.hash;
      accept(transaction);
      if (fate === 'lose-reply') throw new RpcTimeout();
      return transaction.hash;
    },
    receipt: async (txHash) =>
      mined.flatMap((block) => block.receipts).find((receipt) => receipt.txHash === txHash) ?? null,
    logs: async () => [],
    requestCount: () => requests,
  };

  const accept = (transaction: Transaction): void => {
    if (transaction.chainId !== id) throw new RpcRejected('invalid chain id');
    const key = `${lower(transaction.from)}/${transaction.nonce}`;
    const isKnown = mined.some((block) => block.transactions.some((each) => each.hash === transaction.hash));
    const waiting = pool.get(key);
    if (isKnown || waiting?.hash === transaction.hash) return;
    if (transaction.nonce < (state.nonces.get(lower(transaction.from)) ?? 0)) throw new RpcRejected('nonce too low');
    const cost = transaction.gasLimit * transaction.maxFee + transaction.valueWei;
    if (nativeOf(state, transaction.from) < cost) throw new RpcRejected('insufficient funds for gas');
    if (transaction.gasLimit < (transaction.data === '0x' ? 21_000n : GAS_PER_CALL))
      throw new RpcRejected('gas too low');
    const enough = (next: bigint, last: bigint): boolean => next * 10n >= last * 11n;
    if (waiting && !(enough(transaction.maxFee, waiting.maxFee) && enough(transaction.priority, waiting.priority))) {
      throw new RpcRejected('replacement transaction underpriced');
    }
    pool.set(key, transaction);
  };

  clock.onAdvance(() => {
    while (head().timeSeconds + blockSeconds <= Math.floor(clock.now() / 1000)) chain.mine();
  });
  return chain;
}

/** The guard's reader of native balances is the only code that anybody overrides. */
function applyOverride(state: State, codes: Map<string, Contract>, address: string, override: StateOverride): void {
  if (override.balanceWei !== undefined) state.native.set(lower(address), override.balanceWei);
  for (const [slot, value] of Object.entries(override.storage ?? {})) set(state, address, slot, BigInt(value));
  if (override.code !== undefined) {
    if (override.code !== '0x6000353160005260206000f3') throw new Error(`unknown code ${override.code}`);
    codes.set(lower(address), ({ state: where, data }) => word(where.native.get(lower(`0x${data.slice(26)}`)) ?? 0n));
  }
}

export function encodeTransaction(fields: Omit<Transaction, 'hash' | 'raw'> & { readonly salt: number }): {
  raw: Hex;
  hash: Hex;
} {
  const raw = utf8(JSON.stringify(fields, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)));
  return { raw, hash: hashHex(raw) };
}

function decodeTransaction(raw: Hex): Transaction {
  const fields = JSON.parse(Buffer.from(raw.slice(2), 'hex').toString('utf8')) as Record<string, string & number>;
  return {
    hash: hashHex(raw),
    raw,
    chainId: fields.chainId!,
    from: fields.from as unknown as Address,
    nonce: fields.nonce!,
    to: fields.to as unknown as Address,
    data: fields.data as unknown as Hex,
    valueWei: BigInt(fields.valueWei!),
    maxFee: BigInt(fields.maxFee!),
    priority: BigInt(fields.priority!),
    gasLimit: BigInt(fields.gasLimit!),
  };
}
