import type { Address, TestAccount } from '../world.js';
import type { FeedName } from './actors.js';

/** A contract that says what ETH is worth, and how it is told. */
export interface Feed {
  readonly name: FeedName;
  readonly address: Address;
  /** What it says now, in atoms of USDC, and since when. */
  look(): Promise<{ readonly usdcAtomsPerEth: bigint; readonly sinceSeconds: number }>;
  encode(usdcAtomsPerEth: bigint): string;
  /** What has to follow. */
  after?(account: TestAccount): Promise<void>;
}
