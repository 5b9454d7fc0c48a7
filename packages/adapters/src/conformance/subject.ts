import type {
  Address,
  BridgeAdapter,
  Call,
  Chain,
  Hex,
  InstrumentAdapter,
  PositionSource,
  ReadCall,
  ReadResult,
  SolverAdapter,
  SolverRequest,
  StateOverride,
  Token,
  TypedData,
  VenueAdapter,
} from '@evenkeel/core';

/** How long a subject may take before it counts as hanging. */
export interface Patience {
  /** For an answer. */
  readonly timeoutMs: number;
  /** For the end after an abort. */
  readonly abortMs: number;
}

const DEFAULT_PATIENCE: Patience = Object.freeze({ timeoutMs: 10_000, abortMs: 1_000 });

/** One trade or transfer that must work. */
export interface Sample {
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  /** Atoms of `tokenIn`; `account` has to hold them. */
  readonly amountIn: bigint;
}

/** What all kinds of adapters need to be tried. */
export interface CommonSubject {
  /** Every chain that a sample touches, by id. */
  readonly chains: Readonly<Record<number, Chain>>;
  /** Holds the inputs of all samples and some native coin. Nothing is signed for it: its calls are simulated. */
  readonly account: Address;
  readonly samples: readonly Sample[];
  /** Pretended state, where the account's funds are not really there. */
  readonly overrides?: Readonly<Record<Address, StateOverride>>;
  /** Unix seconds by the adapter's own clock. Default: the latest block of the sample's chain. */
  readonly now?: () => number;
  /** Where samples are to arrive. Default: an address that nobody uses. */
  readonly recipient?: Address;
  readonly patience?: Partial<Patience>;
  /**
   * How far what arrives may stay below what an opaque quote said, where its source prices on later state than ours.
   * Hundredths of a percent; default 0.
   */
  readonly quoteToleranceBps?: number;
}

export interface VenueSubject extends CommonSubject {
  readonly adapter: VenueAdapter;
}

export interface BridgeSubject extends CommonSubject {
  readonly adapter: BridgeAdapter;
  /**
   * Really sends the calls from `account` and answers with the hash of the one that starts the transfer. With it, one
   * transfer a sample is followed to its end.
   */
  readonly execute?: (calls: readonly Call[]) => Promise<Hex>;
  /** Lets time pass between two looks at a transfer. Default: 100 ms of real time. */
  readonly wait?: () => Promise<void>;
  /** Looks before a transfer counts as never ending. Default: 200. */
  readonly looks?: number;
}

/** What a lying chain answers: a changed result of each call, or a chain that is changed as a whole. */
export interface PositionLie {
  /** Continues the sentence "doubt when …": `the debt is said to be zero`. */
  readonly name: string;
  readonly tamper?: (call: ReadCall, result: ReadResult) => ReadResult;
  readonly chain?: (chain: Chain) => Chain;
}

export interface PositionSourceSubject {
  readonly source: PositionSource;
  /** Has at least one position. */
  readonly owner: Address;
  /** Has none. */
  readonly stranger: Address;
  /** Makes the same source over a chain that does not answer as it should. With it the source is attacked. */
  readonly over?: { readonly chain: Chain; readonly source: (chain: Chain) => PositionSource };
  /** Contradictions that this source has to see, each of which has to leave something unknown. */
  readonly lies?: readonly PositionLie[];
  readonly patience?: Partial<Patience>;
}

/** keccak256("evenkeel conformance"), last 20 bytes: nobody has its key, and no router takes it for a command. */
const NOBODY: Address = '0x60Bd8612d44BC19F5EfadC85E4e51d9C8a023167';

export function recipientOf(subject: CommonSubject): Address {
  return subject.recipient ?? NOBODY;
}

export function patienceOf(subject: { readonly patience?: Partial<Patience> }): Patience {
  return { ...DEFAULT_PATIENCE, ...subject.patience };
}

export async function nowOf(subject: CommonSubject, chainId: number): Promise<number> {
  return subject.now?.() ?? (await chainOf(subject, chainId).block('latest')).timeSeconds;
}

export function chainOf(subject: CommonSubject, chainId: number): Chain {
  const chain = subject.chains[chainId];
  if (chain === undefined) throw new Error(`the subject has a sample on chain ${chainId}, which is not in chains`);
  return chain;
}

/** A token that does not exist. */
export function unknownToken(chainId: number): Token {
  return { chainId, address: '0x000000000000000000000000000000000000dEaD', symbol: 'NOPE', decimals: 18 };
}

export function isToken(a: Token, b: Token): boolean {
  return a.chainId === b.chainId && a.address.toLowerCase() === b.address.toLowerCase();
}

/** One size of an instrument that can be traded, and closed again. */
export interface InstrumentSample {
  readonly chainId: number;
  readonly instrument: string;
  /** Signed; nothing of it is held before. */
  readonly units: string;
}

/** An instrument is judged by what really happens: its calls are sent, and the account is read before and after. */
export interface InstrumentSubject {
  readonly adapter: InstrumentAdapter;
  /** Every chain that a sample touches, by id. */
  readonly chains: Readonly<Record<number, Chain>>;
  readonly owner: Address;
  /** All that the owner has that a trade may touch: wallet, positions, collateral. */
  readonly sources: readonly PositionSource[];
  readonly samples: readonly InstrumentSample[];
  /** Numeraire for one unit; the market stands there. */
  readonly spot: number;
  /** Sends the calls from the owner; rejects when one fails. */
  readonly execute: (calls: readonly Call[]) => Promise<void>;
  /** Lets time pass, with the market standing where it is. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Back to how everything was at first; called before each sample. */
  readonly reset: () => Promise<void>;
  readonly nowSeconds: () => Promise<number>;
  /** Takes from the account what its trades need: margin out of the vault, money out of the wallet. */
  readonly starve?: () => Promise<void>;
  /**
   * How far values and deltas may be apart, as a share of the trade's notional. Default: 1e-6. Options are valued a block
   * later than they were quoted.
   */
  readonly tolerance?: number;
  readonly patience?: Partial<Patience>;
}

/** A network is judged by what really happens: orders are signed, given to it, and followed on real chains. */
export interface SolverSubject {
  readonly adapter: SolverAdapter;
  /** Every chain that the request touches, by id. */
  readonly chains: Readonly<Record<number, Chain>>;
  /**
   * A request that must get a bid, made anew after each reset: child `index` of one and the same intent, whose signer holds
   * the input, and whose limit leaves room for one order of it but not for a hundred.
   */
  readonly request: (index: number) => Promise<SolverRequest>;
  /** The same of another intent. */
  readonly foreignRequest: () => Promise<SolverRequest>;
  /** Signs as the intents' signer. */
  readonly sign: (data: TypedData) => Promise<Hex>;
  /** Signs as somebody else. */
  readonly forge: (data: TypedData) => Promise<Hex>;
  /** Sends the signer's calls; rejects when one fails. */
  readonly execute: (calls: readonly Call[]) => Promise<void>;
  /** Whether the network's solvers fill what they are given. */
  readonly willing: (fills: boolean) => void;
  /** Lets the network's solvers act until they have nothing more to do. */
  readonly act: () => Promise<void>;
  /** Lets time pass on all chains. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Makes all that has happened final on all chains. */
  readonly finalise: () => Promise<void>;
  /** Back to how everything was at first. */
  readonly reset: () => Promise<void>;
  readonly nowSeconds: () => Promise<number>;
  readonly patience?: Partial<Patience>;
}
