import type { Address, Hex, TestAccount } from '../world.js';
import type { FeedName } from './actors.js';

/** A contract that says what ETH is worth, and how it is told. */
export interface Feed {
  readonly name: FeedName;
  readonly address: Address;
  /** What it says now, in atoms of USDC, and since when. */
  look(): Promise<{ readonly usdcAtomsPerEth: bigint; readonly sinceSeconds: number }>;
  /** Tells it another price; answers with the transaction, where it takes one. */
  tell(usdcAtomsPerEth: bigint, account: TestAccount): Promise<{ readonly txHash?: Hex }>;
}
